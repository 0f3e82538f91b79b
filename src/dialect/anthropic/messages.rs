//! Blocks of `system` and `messages`.

use super::blocks::WHOLE;
use super::media;
use crate::chat::json::{ListWriter, ObjectWriter};
use crate::chat::{Body, Cache, Citation, Ext, Format, Media, Owner, Part, Request, Role, SealKind, ToolResult};
use crate::dialect::Dropped;
use crate::dialect::turns::{Item, Turn, What};

/// Most cache hints of a request.
const MOST_HINTS: usize = 4;

/// Cache hints on their way out. Of too many the first ones go: the later ones cover more.
#[derive(Debug)]
pub(super) struct Hints {
    skip: usize,
}

impl Hints {
    /// For a request with so many of them.
    pub fn new(count: usize, dropped: &mut Dropped) -> Hints {
        dropped.when(count > MOST_HINTS, "cache_control");
        Hints { skip: count.saturating_sub(MOST_HINTS) }
    }

    /// `cache_control`, if there is a hint.
    pub fn write(&mut self, cache: Option<&Cache>, o: &mut ObjectWriter<'_>) {
        let Some(cache) = cache else { return };
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        o.object("cache_control", |o| {
            o.set("type", "ephemeral");
            o.maybe("ttl", cache.ttl.as_deref().filter(|ttl| ["5m", "1h"].contains(ttl)));
        });
    }
}

/// The texts of system and developer messages in order, with their hints (rule 15).
pub(super) fn system<'a>(request: &'a Request, dropped: &mut Dropped) -> Vec<(&'a str, Option<&'a Cache>)> {
    let mut texts = Vec::new();
    let mut has_begun = false;
    for message in &request.messages {
        if !matches!(message.role, Role::System | Role::Developer) {
            has_begun = true;
            continue;
        }
        dropped.when(has_begun, "messages.position");
        dropped.when(message.name.is_some(), "messages.name");
        let before = texts.len();
        for part in &message.parts {
            if let Some(text) = part.as_text().filter(|text| !text.trim().is_empty()) {
                texts.push((text, part.cache.as_ref()));
            }
        }
        if let Some((_, cache)) = texts.get_mut(before..).and_then(<[_]>::last_mut) {
            *cache = cache.or(message.cache.as_ref());
        }
    }
    texts
}

/// Writes the conversation.
pub(super) fn write(turns: &[Turn<'_>], hints: &mut Hints, l: &mut ListWriter<'_>) {
    for (i, turn) in turns.iter().enumerate() {
        let is_prefill = turn.is_assistant && i + 1 == turns.len();
        l.object(|o| {
            o.set("role", if turn.is_assistant { "assistant" } else { "user" });
            o.list("content", |l| {
                for (j, item) in turn.items.iter().enumerate() {
                    // What the answer begins with may not end in white space.
                    let trims = is_prefill && j + 1 == turn.items.len();
                    block(item, trims, hints, l);
                }
            });
        });
    }
}

fn block(item: &Item<'_>, trims: bool, hints: &mut Hints, l: &mut ListWriter<'_>) {
    if let What::Native(native) = &item.what {
        return l.raw(&native.block);
    }
    l.object(|o| {
        match &item.what {
            What::Text(text) => {
                o.set("type", "text");
                o.set("text", if trims { text.trim_end() } else { text });
                citations(item.part, o);
            }
            What::Thinking(text, seal) if seal.kind == SealKind::Signature => {
                o.set("type", "thinking");
                o.set("thinking", text);
                o.set("signature", &seal.data);
            }
            What::Thinking(_, seal) => {
                o.set("type", "redacted_thinking");
                o.set("data", &seal.data);
            }
            What::Media(media) => media::write(media, o),
            What::Call(call, id) => {
                o.set("type", "tool_use");
                o.set("id", id);
                o.set("name", &call.name);
                o.raw("input", &call.args.to_object());
                o.maybe_raw("caller", call.caller.as_ref());
            }
            What::Result(result, id) => self::result(result, id, o),
            What::Native(_) => {}
        }
        ours(&item.part.ext, o);
        let inside = if let What::Result(result, _) = &item.what { &result.parts[..] } else { &[] };
        let inside = inside.iter().rev().find_map(|part| part.cache.as_ref());
        hints.write(item.cache.or(inside), o);
    });
}

fn ours(ext: &[Ext], o: &mut ObjectWriter<'_>) {
    for ext in ext.iter().filter(|ext| ext.owner == Owner::Anthropic) {
        o.raw(&ext.key, &ext.value);
    }
}

/// A result: text, media, and what only Anthropic understands, such as search results.
fn result(result: &ToolResult, id: &str, o: &mut ObjectWriter<'_>) {
    o.set("type", "tool_result");
    o.set("tool_use_id", id);
    let parts: Vec<&Part> = result.parts.iter().filter(|part| says(part)).collect();
    match &parts[..] {
        [] => {}
        [part @ Part { body: Body::Text { text, .. }, .. }] if whole(part).is_none() => o.set("content", text),
        parts => o.list("content", |l| parts.iter().for_each(|part| inside(part, l))),
    }
    o.maybe("is_error", result.is_error.then_some(true));
}

fn says(part: &Part) -> bool {
    match &part.body {
        Body::Text { text, .. } | Body::Refusal(text) => !text.trim().is_empty(),
        Body::Media(_) => true,
        Body::Native(native) => native.format == Format::Anthropic,
        _ => false,
    }
}

fn whole(part: &Part) -> Option<&Ext> {
    part.ext.iter().find(|ext| ext.owner == Owner::Anthropic && ext.key == WHOLE)
}

fn inside(part: &Part, l: &mut ListWriter<'_>) {
    if let Some(block) = whole(part) {
        return l.raw(&block.value);
    }
    match &part.body {
        Body::Text { text, .. } | Body::Refusal(text) => l.object(|o| {
            o.set("type", "text");
            o.set("text", text);
        }),
        Body::Media(media) => l.object(|o| media::write(media, o)),
        Body::Native(native) => l.raw(&native.block),
        _ => {}
    }
}

/// What a text of an earlier answer was based on.
fn citations(part: &Part, o: &mut ObjectWriter<'_>) {
    let Body::Text { citations, .. } = &part.body else { return };
    let raw = |citation: &Citation| match citation {
        Citation::Url(page) if page.format == Format::Anthropic => Some(page.raw.clone()),
        Citation::Native { format: Format::Anthropic, raw } => Some(raw.clone()),
        _ => None,
    };
    let ours: Vec<_> = citations.iter().filter_map(raw).collect();
    if ours.is_empty() {
        return;
    }
    o.list("citations", |l| {
        for raw in &ours {
            let Some(object) = raw.json().object() else { continue };
            // Answers say of which file; requests may not.
            l.object(|o| {
                for (key, json) in object.all().filter(|(key, _)| *key != "file_id") {
                    o.raw(key, &json.raw());
                }
            });
        }
    });
}

/// How many hints there are in the conversation.
pub(super) fn count_hints(turns: &[Turn<'_>]) -> usize {
    let inside = |item: &Item<'_>| match &item.what {
        What::Result(result, _) => result.parts.iter().any(|part| part.cache.is_some()),
        _ => false,
    };
    let has = |item: &&Item<'_>| item.cache.is_some() || inside(item);
    turns.iter().flat_map(|turn| &turn.items).filter(has).count()
}

/// The media of all but the assistant.
pub(super) fn media_of(request: &Request) -> impl Iterator<Item = &Media> {
    let asked = request.messages.iter().filter(|message| message.role != Role::Assistant);
    asked.flat_map(|message| crate::dialect::parts(&message.parts)).filter_map(|part| match &part.body {
        Body::Media(media) => Some(&**media),
        _ => None,
    })
}
