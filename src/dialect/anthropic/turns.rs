//! A conversation as Anthropic wants it: the roles alternate, nothing is empty, and the results of a turn's calls come
//! first in the next one, in the order of the calls (docs/dialects.md, rules 4, 8, 13 and 14).

use std::collections::BTreeSet;

use crate::chat::{Body, Format, Link, Native, Part, Request, Role, SealKind};
use crate::dialect::turns::{CallIds, Item, Turn, What, join, pair};
use crate::dialect::{Dropped, Facts, Unable};

/// The turns of a request, or the id that has no other half. System messages are not in them.
pub(super) fn turns<'a>(
    request: &'a Request,
    facts: &Facts<'_>,
    dropped: &mut Dropped,
) -> Result<Vec<Turn<'a>>, Unable> {
    let mut turns: Vec<Turn<'a>> = Vec::new();
    let (mut ids, mut native_calls) = (CallIds::default(), BTreeSet::new());
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
        drop_halves(&mut native_calls, &mut items);
        if let Some(item) = items.iter_mut().rfind(|item| item.what.takes_hints()) {
            item.cache = item.cache.or(message.cache.as_ref());
        }
        join(&mut turns, is_assistant, items);
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
    ids: &mut CallIds<'a>,
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
            let takes = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
            Some(What::Call(call, ids.next(&call.id, takes, usize::MAX)))
        }
        Body::Result(result) if !is_assistant => Some(What::Result(result, String::new())),
        Body::Call(_) | Body::Result(_) => None,
    }
}

/// Takes away results of built-in tools whose calls the client did not send back.
fn drop_halves<'a>(calls: &mut BTreeSet<&'a str>, items: &mut Vec<Item<'a>>) {
    for item in &*items {
        if let What::Native(Native { link: Link::Call { id, .. }, .. }) = item.what {
            calls.insert(id);
        }
    }
    items.retain(|item| match item.what {
        What::Native(Native { link: Link::Result { call_id }, .. }) => calls.contains(call_id.as_str()),
        _ => true,
    });
}
