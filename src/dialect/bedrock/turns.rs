//! A conversation as Bedrock wants it: the roles alternate, nothing is blank, and the results of a turn's calls come first
//! in the next one, in the order of the calls (docs/dialects.md, rules 4, 8, 13 and 14).

use std::borrow::Cow;

use super::model::Model;
use super::native;
use crate::chat::{
    Body, Cache, Link, Media, Message, Native, Part, Request, Role, Seal, SealKind, ToolCall, ToolResult, fit_id,
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
    let model = Model::of(facts.model);
    let mut turns: Vec<Turn<'a>> = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    for message in &request.messages {
        let is_assistant = match message.role {
            Role::System | Role::Developer => continue,
            Role::Assistant => true,
            Role::User | Role::Tool => false,
        };
        dropped.when(message.name.is_some(), "messages.name");
        let read = |part| Some((part, what(part, message, model, facts.without_seals, &mut ids, dropped)?));
        let read = message.parts.iter().filter_map(read);
        let mut items: Vec<Item<'a>> = read.map(|(part, what)| Item { cache: hint(part), what, part }).collect();
        drop_halves(&turns, &mut items);
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

fn what<'a>(
    part: &'a Part,
    message: &Message,
    model: Model,
    without_seals: bool,
    ids: &mut Vec<&'a str>,
    dropped: &mut Dropped,
) -> Option<What<'a>> {
    let is_assistant = message.role == Role::Assistant;
    match &part.body {
        Body::Text { text, .. } | Body::Refusal(text) => (!text.trim().is_empty()).then_some(What::Text(text)),
        Body::Reasoning { text, .. } => {
            let seal = part.seal.as_ref().filter(|seal| {
                let is_known = matches!(seal.kind, SealKind::Signature | SealKind::Redacted);
                is_assistant && is_known && seal.format == model.seals() && !without_seals
            });
            dropped.when(seal.is_none(), "reasoning");
            seal.map(|seal| What::Thinking(text, seal))
        }
        Body::Media(_) if is_assistant => {
            dropped.add("messages.images");
            None
        }
        Body::Media(media) => Some(What::Media(media)),
        Body::Native(native) => {
            let is_ours = is_assistant && native::may_return(native);
            dropped.when(!is_ours, "blocks");
            is_ours.then_some(What::Native(native))
        }
        Body::Call(call) if is_assistant => {
            let before = ids.iter().filter(|id| **id == call.id).count();
            ids.push(&call.id);
            Some(What::Call(call, sent(&call.id, before, model)))
        }
        Body::Result(result) if !is_assistant => Some(What::Result(result, String::new())),
        Body::Call(_) | Body::Result(_) => None,
    }
}

/// A call's id as Bedrock takes it, at most 64 letters, and no two alike.
fn sent(id: &str, before: usize, model: Model) -> String {
    let id = if before == 0 { Cow::Borrowed(id) } else { Cow::Owned(format!("{id}#{before}")) };
    fit_id(&id, |byte| model.takes_in_ids(byte), 64, "call_")
}

/// Takes away results of built-in tools whose calls the client did not send back, and calls without results.
fn drop_halves<'a>(turns: &[Turn<'a>], items: &mut Vec<Item<'a>>) {
    let link = |item: &Item<'a>| if let What::Native(native) = item.what { Some(native.link.clone()) } else { None };
    if !items.iter().any(|item| link(item).is_some_and(|link| link != Link::Alone)) {
        return;
    }
    let links: Vec<Link> = turns.iter().flat_map(|turn| &turn.items).chain(items.iter()).filter_map(link).collect();
    let has_call = |wanted: &str| links.iter().any(|link| matches!(link, Link::Call { id, .. } if id == wanted));
    let has_result =
        |wanted: &str| links.iter().any(|link| matches!(link, Link::Result { call_id } if call_id == wanted));
    items.retain(|item| match link(item) {
        Some(Link::Result { call_id }) => has_call(&call_id),
        Some(Link::Call { id, .. }) => has_result(&id),
        _ => true,
    });
}

/// Brings results to their calls: first in the turn, in the order of the calls.
fn pair(turns: &mut [Turn<'_>]) -> Result<(), Unable> {
    let mut calls: Vec<(String, String)> = Vec::new();
    for turn in turns {
        if turn.is_assistant {
            let call = |item: &Item<'_>| match &item.what {
                What::Call(call, sent) => Some((call.id.clone(), sent.clone())),
                _ => None,
            };
            calls = turn.items.iter().filter_map(call).collect();
            continue;
        }
        let mut rest = std::mem::take(&mut turn.items);
        for (id, sent) in calls.drain(..) {
            let is_mine = |item: &Item<'_>| matches!(&item.what, What::Result(result, _) if result.call_id == id);
            let mine = rest.iter().position(is_mine).ok_or_else(|| unpaired(&id))?;
            let mut item = rest.remove(mine);
            if let What::Result(_, id) = &mut item.what {
                *id = sent;
            }
            turn.items.push(item);
        }
        let alone = rest.iter().find_map(|item| match &item.what {
            What::Result(result, _) => Some(&result.call_id),
            _ => None,
        });
        if let Some(id) = alone {
            return Err(unpaired(id));
        }
        turn.items.append(&mut rest);
    }
    calls.first().map_or(Ok(()), |(id, _)| Err(unpaired(id)))
}

/// A call without a result, or a result without a call (rule 14).
fn unpaired(id: &str) -> Unable {
    Unable { field: Cow::Owned(format!("messages.tool_call_id: {}", printable(id))) }
}
