//! A conversation as Bedrock wants it: the roles alternate, nothing is blank, and the results of a turn's calls come first
//! in the next one, in the order of the calls (docs/dialects.md, rules 4, 8, 13 and 14).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::model::Model;
use super::native;
use crate::chat::{
    Body, Cache, Link, Media, Native, Part, Request, Role, Seal, SealKind, ToolCall, ToolResult, fit_id,
};
use crate::dialect::{Dropped, Facts, Unable};
use crate::error::printable;

/// What one side says until the other speaks.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub is_assistant: bool,
    pub items: Vec<Item<'a>>,
}

/// One block.
#[derive(Debug)]
pub(super) struct Item<'a> {
    pub what: What<'a>,
    pub part: &'a Part,
    pub cache: Option<&'a Cache>,
}

/// What a block says. Ids are those that are sent.
#[derive(Debug)]
pub(super) enum What<'a> {
    Text(&'a str),
    Thinking(&'a str, &'a Seal),
    Media(&'a Media),
    Native(&'a Native),
    Call(&'a ToolCall, String),
    Result(&'a ToolResult, String),
}

impl What<'_> {
    /// Whether a cache point may follow it.
    fn takes_hints(&self) -> bool {
        !matches!(self, What::Thinking(..) | What::Native(_))
    }
}

impl Turn<'_> {
    /// Whether there is more in it than results.
    pub fn speaks(&self) -> bool {
        self.items.iter().any(|item| !matches!(item.what, What::Result(..)))
    }

    pub fn has_calls(&self) -> bool {
        self.items.iter().any(|item| matches!(item.what, What::Call(..)))
    }

    pub fn begins_with_thinking(&self) -> bool {
        matches!(self.items.first(), Some(Item { what: What::Thinking(..), .. }))
    }
}

/// The turns of a request, or the id that has no other half. System messages are not in them.
pub(super) fn turns<'a>(
    request: &'a Request,
    facts: &Facts<'_>,
    dropped: &mut Dropped,
) -> Result<Vec<Turn<'a>>, Unable> {
    let mut reader = Reader {
        model: Model::of(facts.model),
        without_seals: facts.without_seals,
        ids: BTreeMap::new(),
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
        match turns.last_mut() {
            _ if items.is_empty() => {}
            Some(turn) if turn.is_assistant == is_assistant => turn.items.append(&mut items),
            _ => turns.push(Turn { is_assistant, items }),
        }
    }
    match turns.first() {
        Some(turn) if !turn.is_assistant => {}
        // Bedrock begins with the user.
        _ => return Err(Unable::field("messages")),
    }
    pair(&mut turns)?;
    let is_prefill = turns.last().is_some_and(|turn| turn.is_assistant);
    Unable::when(is_prefill && model.claude().is_some_and(|claude| !claude.takes_prefill()), "messages")?;
    hint_at_end(request.cache.as_ref(), &mut turns);
    Ok(turns)
}

/// A part's hint, or the last one inside of it.
fn hint(part: &Part) -> Option<&Cache> {
    let inside = if let Body::Result(result) = &part.body { &result.parts[..] } else { &[] };
    part.cache.as_ref().or_else(|| inside.iter().rev().find_map(|part| part.cache.as_ref()))
}

/// The hint of a request as a whole.
fn hint_at_end<'a>(cache: Option<&'a Cache>, turns: &mut [Turn<'a>]) {
    let mut items = turns.iter_mut().rev().flat_map(|turn| turn.items.iter_mut().rev());
    if let Some(item) = items.find(|item| item.what.takes_hints()) {
        item.cache = item.cache.or(cache);
    }
}

/// What is known while parts are read.
#[derive(Debug)]
struct Reader<'a, 'd> {
    model: Model,
    without_seals: bool,
    /// How often each call's id was there.
    ids: BTreeMap<&'a str, usize>,
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
                let count = self.ids.entry(&call.id).or_default();
                let before = std::mem::replace(count, count.saturating_add(1));
                Some(What::Call(call, sent(&call.id, before, self.model)))
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

/// A call's id as Bedrock takes it, at most 64 letters, and no two alike.
fn sent(id: &str, before: usize, model: Model) -> String {
    let id = if before == 0 { Cow::Borrowed(id) } else { Cow::Owned(format!("{id}#{before}")) };
    fit_id(&id, |byte| model.takes_in_ids(byte), 64, "call_")
}

/// Brings results to their calls: first in the turn, in the order of the calls.
fn pair<'a>(turns: &mut [Turn<'a>]) -> Result<(), Unable> {
    let mut calls: Vec<(&'a str, String)> = Vec::new();
    for turn in turns {
        if turn.is_assistant {
            let call = |item: &Item<'a>| match &item.what {
                What::Call(call, sent) => Some((call.id.as_str(), sent.clone())),
                _ => None,
            };
            calls = turn.items.iter().filter_map(call).collect();
            continue;
        }
        let mut rest: Vec<Option<Item<'a>>> = std::mem::take(&mut turn.items).into_iter().map(Some).collect();
        let mut results: BTreeMap<&'a str, VecDeque<usize>> = BTreeMap::new();
        for (place, item) in rest.iter().enumerate() {
            if let Some(Item { what: What::Result(result, _), .. }) = item {
                results.entry(&result.call_id).or_default().push_back(place);
            }
        }
        for (id, sent) in calls.drain(..) {
            let place = results.get_mut(id).and_then(VecDeque::pop_front).ok_or_else(|| unpaired(id))?;
            let mut mine = rest.get_mut(place).and_then(Option::take);
            if let Some(Item { what: What::Result(_, id), .. }) = &mut mine {
                *id = sent;
            }
            turn.items.extend(mine);
        }
        if let Some((id, _)) = results.iter().find(|(_, places)| !places.is_empty()) {
            return Err(unpaired(id));
        }
        turn.items.extend(rest.into_iter().flatten());
    }
    calls.first().map_or(Ok(()), |(id, _)| Err(unpaired(id)))
}

/// A call without a result, or a result without a call (rule 14).
fn unpaired(id: &str) -> Unable {
    Unable { field: Cow::Owned(format!("messages.tool_call_id: {}", printable(id))) }
}
