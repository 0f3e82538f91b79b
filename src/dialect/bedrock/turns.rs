//! A conversation as Bedrock wants it: the roles alternate, nothing is blank, and the results of a turn's calls come first
//! in the next one, in the order of the calls (docs/dialects.md, rules 4, 8, 13 and 14).

use std::collections::BTreeSet;

use super::model::Model;
use super::native;
use crate::chat::{Body, Cache, Link, Part, Request, Role, SealKind};
use crate::dialect::turns::{CallIds, Item, Turn, What, hint_at_end, join, pair};
use crate::dialect::{Dropped, Facts, Unable};

/// The turns of a request, or the id that has no other half. System messages are not in them.
pub(super) fn turns<'a>(
    request: &'a Request,
    facts: &Facts<'_>,
    dropped: &mut Dropped,
) -> Result<Vec<Turn<'a>>, Unable> {
    let mut reader = Reader {
        model: Model::of(facts.model),
        without_seals: facts.without_seals,
        ids: CallIds::default(),
        pairs: native_pairs(request),
        dropped,
    };
    let model = reader.model;
    let mut turns: Vec<Turn<'a>> = Vec::new();
    for message in &request.messages {
        let is_assistant = match message.role {
            Role::System | Role::Developer => continue,
            Role::Assistant => true,
            Role::User | Role::Tool => false,
        };
        reader.dropped.when(message.name.is_some(), "messages.name");
        let read = |part| Some(Item { cache: hint(part), what: reader.what(part, is_assistant)?, part });
        let mut items: Vec<Item<'a>> = message.parts.iter().filter_map(read).collect();
        if let Some(item) = items.iter_mut().rfind(|item| item.what.takes_hints()) {
            item.cache = item.cache.or(message.cache.as_ref());
        }
        join(&mut turns, is_assistant, items);
    }
    match turns.first() {
        Some(turn) if !turn.is_assistant => {}
        // Bedrock begins with the user.
        _ => return Err(Unable::field("messages")),
    }
    pair(&mut turns)?;
    let is_prefill = turns.last().is_some_and(|turn| turn.is_assistant);
    Unable::when(is_prefill && model.claude().is_some_and(|claude| !claude.takes_beginnings()), "messages")?;
    hint_at_end(request.cache.as_ref(), &mut turns);
    Ok(turns)
}

/// A part's hint, or the last one inside of it.
fn hint(part: &Part) -> Option<&Cache> {
    let inside = if let Body::Result(result) = &part.body { &result.parts[..] } else { &[] };
    part.cache.as_ref().or_else(|| inside.iter().rev().find_map(|part| part.cache.as_ref()))
}

/// What is known while parts are read.
#[derive(Debug)]
struct Reader<'a, 'd> {
    model: Model,
    without_seals: bool,
    ids: CallIds<'a>,
    /// Ids of the built-in tools' calls that have a result.
    pairs: BTreeSet<String>,
    dropped: &'d mut Dropped,
}

impl<'a> Reader<'a, '_> {
    fn what(&mut self, part: &'a Part, is_assistant: bool) -> Option<What<'a>> {
        match &part.body {
            Body::Text { text, .. } | Body::Refusal(text) => (!text.trim().is_empty()).then_some(What::Text(text)),
            Body::Reasoning { text, .. } => {
                let seal = part.seal.as_ref().filter(|seal| {
                    let is_known = matches!(seal.kind, SealKind::Signature | SealKind::Redacted);
                    is_assistant && is_known && seal.format == self.model.seals() && !self.without_seals
                });
                self.dropped.when(seal.is_none(), "reasoning");
                seal.map(|seal| What::Thinking(text, seal))
            }
            Body::Media(_) if is_assistant => {
                self.dropped.add("messages.images");
                None
            }
            Body::Media(media) => Some(What::Media(media)),
            Body::Native(native) => {
                let is_ours = is_assistant && native::may_return(native);
                self.dropped.when(!is_ours, "blocks");
                // Call and result go together.
                let is_whole = match &native.link {
                    Link::Call { id, .. } | Link::Result { call_id: id } => self.pairs.contains(id),
                    Link::Alone => true,
                };
                (is_ours && is_whole).then_some(What::Native(native))
            }
            Body::Call(call) if is_assistant => {
                let model = self.model;
                Some(What::Call(call, self.ids.next(&call.id, |byte| model.takes_in_ids(byte), 64)))
            }
            Body::Result(result) if !is_assistant => Some(What::Result(result, String::new())),
            Body::Call(_) | Body::Result(_) => None,
        }
    }
}

/// The ids under which built-in tools' calls and results both stand in the history.
fn native_pairs(request: &Request) -> BTreeSet<String> {
    let said = request.messages.iter().filter(|message| message.role == Role::Assistant);
    let (mut calls, mut results) = (BTreeSet::new(), BTreeSet::new());
    for part in said.flat_map(|message| &message.parts) {
        let Body::Native(native) = &part.body else { continue };
        match &native.link {
            Link::Call { id, .. } if native::may_return(native) => calls.insert(id.clone()),
            Link::Result { call_id } if native::may_return(native) => results.insert(call_id.clone()),
            _ => false,
        };
    }
    calls.intersection(&results).cloned().collect()
}
