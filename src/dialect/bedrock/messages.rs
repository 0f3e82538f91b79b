//! Blocks of `system` and `messages`.

use super::document::Names;
use super::media;
use super::model::{Caches, Model};
use crate::chat::json::{ListWriter, ObjectWriter};
use crate::chat::{Body, Cache, Citation, Format, Media, MediaKind, Part, Raw, Request, Role, SealKind, ToolResult};
use crate::dialect::Dropped;
use crate::dialect::turns::{Item, Turn, What};

/// Most cache points of a request.
const MOST_HINTS: usize = 4;
/// What stands beside a document that came alone, which Bedrock refuses.
const BESIDE: &str = "See the attached document.";

/// Cache hints on their way out, as cache points. Of too many the first ones go: the later ones cover more.
#[derive(Debug)]
pub(super) struct Hints {
    skip: usize,
    model: Model,
}

impl Hints {
    /// For a request with so many of them.
    pub fn new(count: usize, model: Model, dropped: &mut Dropped) -> Hints {
        let is_nowhere = model.caches() == Caches::Nowhere;
        dropped.when(count > if is_nowhere { 0 } else { MOST_HINTS }, "cache_control");
        Hints { skip: if is_nowhere { count } else { count.saturating_sub(MOST_HINTS) }, model }
    }

    /// A cache point, if there is a hint.
    pub fn write(&mut self, cache: Option<&Cache>, l: &mut ListWriter<'_>) {
        let Some(cache) = cache else { return };
        if self.skip > 0 {
            self.skip = self.skip.saturating_sub(1);
            return;
        }
        let ttl = cache.ttl.as_deref().filter(|ttl| self.model.has_ttl() && ["5m", "1h"].contains(ttl));
        l.object(|o| {
            o.object("cachePoint", |o| {
                o.set("type", "default");
                o.maybe("ttl", ttl);
            });
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

/// How many hints there are in the conversation.
pub(super) fn count_hints(turns: &[Turn<'_>]) -> usize {
    turns.iter().flat_map(|turn| &turn.items).filter(|item| item.cache.is_some()).count()
}

/// What the user and tools show. An assistant's own images do not go back.
pub(super) fn media_of(request: &Request) -> impl Iterator<Item = &Media> {
    let asked = request.messages.iter().filter(|message| message.role != Role::Assistant);
    asked.flat_map(|message| crate::dialect::parts(&message.parts)).filter_map(|part| match &part.body {
        Body::Media(media) => Some(&**media),
        _ => None,
    })
}

/// Writes the conversation.
pub(super) fn write(turns: &[Turn<'_>], hints: &mut Hints, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    let mut names = Names::default();
    for (i, turn) in turns.iter().enumerate() {
        let is_prefill = turn.is_assistant && i.saturating_add(1) == turns.len();
        l.object(|o| {
            o.set("role", if turn.is_assistant { "assistant" } else { "user" });
            o.list("content", |l| {
                for (j, item) in turn.items.iter().enumerate() {
                    // What the answer begins with may not end in white space.
                    let trims = is_prefill && j.saturating_add(1) == turn.items.len();
                    block(item, trims, hints.model, &mut names, dropped, l);
                    hints.write(item.cache, l);
                }
                if lacks_text(turn) {
                    l.object(|o| o.set("text", BESIDE));
                }
            });
        });
    }
}

fn lacks_text(turn: &Turn<'_>) -> bool {
    let is_document = |what: &What<'_>| matches!(what, What::Media(media) if media.kind == MediaKind::Document);
    let is_text = |what: &What<'_>| matches!(what, What::Text(_));
    let has = |is: &dyn Fn(&What<'_>) -> bool| turn.items.iter().any(|item| is(&item.what));
    has(&is_document) && !has(&is_text)
}

fn block(item: &Item<'_>, trims: bool, model: Model, names: &mut Names, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    match &item.what {
        What::Native(native) => l.raw(&native.block),
        What::Text(text) => {
            let text = if trims { text.trim_end() } else { text };
            let citations = citations(item.part);
            l.object(|o| if citations.is_empty() { o.set("text", text) } else { cited(text, &citations, o) });
        }
        What::Thinking(text, seal) => l.object(|o| {
            o.object("reasoningContent", |o| match seal.kind {
                SealKind::Signature => o.object("reasoningText", |o| {
                    o.set("text", text);
                    o.set("signature", &seal.data);
                }),
                _ => o.set("redactedContent", &seal.data),
            });
        }),
        What::Media(media) => l.object(|o| media::write(media, names, o)),
        What::Call(call, id) => l.object(|o| {
            o.object("toolUse", |o| {
                o.set("toolUseId", id);
                o.set("name", &call.name);
                o.raw("input", &call.args.to_object());
            });
        }),
        What::Result(result, id) => l.object(|o| {
            o.object("toolResult", |o| self::result(result, id, model, names, dropped, o));
        }),
    }
}

/// A result: text and media. An empty list is accepted (<https://github.com/NousResearch/hermes-agent/issues/55092>, measured
/// there on Claude Sonnet 4.5).
fn result(
    result: &ToolResult,
    id: &str,
    model: Model,
    names: &mut Names,
    dropped: &mut Dropped,
    o: &mut ObjectWriter<'_>,
) {
    o.set("toolUseId", id);
    o.list("content", |l| {
        for part in &result.parts {
            match &part.body {
                Body::Text { text, .. } | Body::Refusal(text) if !text.trim().is_empty() => {
                    l.object(|o| o.set("text", text));
                }
                Body::Media(media) => l.object(|o| media::write(media, names, o)),
                _ => {}
            }
        }
    });
    if result.is_error && model.has_status() {
        o.set("status", "error");
    }
    dropped.when(result.is_error && !model.has_status(), "messages.is_error");
}

/// What a text of an earlier answer was based on.
fn citations(part: &Part) -> Vec<&Raw> {
    let Body::Text { citations, .. } = &part.body else { return Vec::new() };
    let parts = citations.iter().map(|citation| match citation {
        Citation::Url(page) => (&page.format, &page.raw),
        Citation::Native { format, raw } => (format, raw),
    });
    parts.filter(|(format, _)| **format == Format::Bedrock).map(|(_, raw)| raw).collect()
}

fn cited(text: &str, citations: &[&Raw], o: &mut ObjectWriter<'_>) {
    o.object("citationsContent", |o| {
        o.list("content", |l| l.object(|o| o.set("text", text)));
        o.list("citations", |l| citations.iter().for_each(|raw| l.raw(raw)));
    });
}
