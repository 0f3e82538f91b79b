//! A conversation as Anthropic wants it: the roles alternate, nothing is empty, and the results of a turn's calls come
//! first in the next one, in the order of the calls (docs/dialects.md, rules 4, 8, 13 and 14).

use std::borrow::Cow;

use crate::chat::{
    Body, Cache, Format, Link, Media, Native, Part, Request, Role, Seal, SealKind, ToolCall, ToolResult, fit_id,
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
    /// Whether a cache hint may stand at it.
    pub fn takes_hints(&self) -> bool {
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

    /// Whether it is an answer for the model to go on with; what a built-in tool paused is none.
    pub fn is_beginning(&self) -> bool {
        self.is_assistant && !matches!(self.items.last(), Some(Item { what: What::Native(_), .. }))
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
    let mut turns: Vec<Turn<'a>> = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    for message in &request.messages {
        let is_assistant = match message.role {
            Role::System | Role::Developer => continue,
            Role::Assistant => true,
            Role::User | Role::Tool => false,
        };
        dropped.when(message.name.is_some(), "messages.name");
        let mut items: Vec<Item<'a>> = Vec::new();
        for part in &message.parts {
            if let Some(what) = what(part, message.role, facts, &mut ids, dropped) {
                items.push(Item { what, part, cache: part.cache.as_ref() });
            }
        }
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
    // An assistant may speak first: https://github.com/anthropics/anthropic-sdk-typescript/issues/622 (seen 2026-11-22).
    Unable::when(turns.is_empty(), "messages")?;
    pair(&mut turns)?;
    Ok(turns)
}

fn what<'a>(
    part: &'a Part,
    role: Role,
    facts: &Facts<'_>,
    ids: &mut Vec<&'a str>,
    dropped: &mut Dropped,
) -> Option<What<'a>> {
    let is_assistant = role == Role::Assistant;
    match &part.body {
        Body::Text { text, .. } | Body::Refusal(text) => (!text.trim().is_empty()).then_some(What::Text(text)),
        Body::Reasoning { text, .. } => {
            let seal = part.seal.as_ref().filter(|seal| {
                let is_known = matches!(seal.kind, SealKind::Signature | SealKind::Redacted);
                is_assistant && is_known && seal.format == Format::Anthropic && !facts.without_seals
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
            let is_ours = native.format == Format::Anthropic;
            dropped.when(!is_ours, "blocks");
            is_ours.then_some(What::Native(native))
        }
        Body::Call(call) if is_assistant => {
            let before = ids.iter().filter(|id| **id == call.id).count();
            ids.push(&call.id);
            Some(What::Call(call, sent(&call.id, before)))
        }
        Body::Result(result) if !is_assistant => Some(What::Result(result, String::new())),
        Body::Call(_) | Body::Result(_) => None,
    }
}

/// A call's id as Anthropic takes it: `[A-Za-z0-9_-]+`, and no two alike.
fn sent(id: &str, before: usize) -> String {
    let id = if before == 0 { Cow::Borrowed(id) } else { Cow::Owned(format!("{id}#{before}")) };
    fit_id(&id, |b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-', usize::MAX, "call_")
}

/// Takes away results of built-in tools whose calls the client did not send back.
fn drop_halves<'a>(turns: &[Turn<'a>], items: &mut Vec<Item<'a>>) {
    let call = |item: &Item<'a>| match &item.what {
        What::Native(Native { link: Link::Call { id, .. }, .. }) => Some(id.clone()),
        _ => None,
    };
    let is_half = |item: &Item<'a>| matches!(&item.what, What::Native(Native { link: Link::Result { .. }, .. }));
    if !items.iter().any(is_half) {
        return;
    }
    let before = turns.iter().flat_map(|turn| &turn.items);
    let calls: Vec<String> = before.chain(items.iter()).filter_map(call).collect();
    items.retain(|item| match &item.what {
        What::Native(Native { link: Link::Result { call_id }, .. }) => calls.contains(call_id),
        _ => true,
    });
}

/// Brings results to their calls: first in the turn, in the order of the calls.
fn pair(turns: &mut [Turn<'_>]) -> Result<(), Unable> {
    let mut calls: Vec<(String, String)> = Vec::new();
    for turn in turns {
        if turn.is_assistant {
            calls = turn
                .items
                .iter()
                .filter_map(|item| match &item.what {
                    What::Call(call, sent) => Some((call.id.clone(), sent.clone())),
                    _ => None,
                })
                .collect();
            continue;
        }
        let mut rest = std::mem::take(&mut turn.items);
        for (id, sent) in calls.drain(..) {
            let mine =
                rest.iter().position(|item| matches!(&item.what, What::Result(result, _) if result.call_id == id));
            let mut item = mine.map(|place| rest.remove(place)).ok_or_else(|| unpaired(&id))?;
            if let What::Result(_, id) = &mut item.what {
                *id = sent;
            }
            turn.items.push(item);
        }
        if let Some(item) =
            rest.iter().find_map(|item| if let What::Result(result, _) = &item.what { Some(result) } else { None })
        {
            return Err(unpaired(&item.call_id));
        }
        turn.items.append(&mut rest);
    }
    match calls.first() {
        Some((id, _)) => Err(unpaired(id)),
        None => Ok(()),
    }
}

/// A call without a result, or a result without a call (rule 14).
fn unpaired(id: &str) -> Unable {
    Unable { field: Cow::Owned(format!("messages.tool_call_id: {}", printable(id))) }
}
