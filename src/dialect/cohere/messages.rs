//! Messages. System messages stay where they are, and neighbours are not joined: Cohere takes them as they come.

use super::documents;
use crate::chat::json::{ListWriter, ObjectWriter};
use crate::chat::{Body, Media, MediaKind, Message, Owner, Part, Request, Role, Source, ToolCall, ToolResult};
use crate::dialect::Dropped;

/// Writes all of them. Images inside of results have no place there: they follow as a user's message after the last
/// result of the turn (rule 13).
pub(super) fn messages(request: &Request, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    let mut moved: Vec<&Part> = Vec::new();
    for message in &request.messages {
        dropped.when(message.name.is_some(), "messages.name");
        dropped.foreign(&message.ext, Owner::Cohere);
        if message.role != Role::Tool {
            flush(&mut moved, dropped, l);
        }
        match message.role {
            Role::Tool => {
                for part in &message.parts {
                    let Body::Result(result) = &part.body else { continue };
                    moved.extend(result.parts.iter().filter(|part| is_image(part)));
                    l.object(|o| self::result(result, dropped, o));
                }
            }
            Role::Assistant => l.object(|o| assistant(message, dropped, o)),
            Role::System | Role::Developer | Role::User => l.object(|o| {
                o.set("role", if message.role == Role::User { "user" } else { "system" });
                content(&message.parts, dropped, o);
            }),
        }
    }
    flush(&mut moved, dropped, l);
}

fn is_image(part: &Part) -> bool {
    matches!(&part.body, Body::Media(media) if media.kind == MediaKind::Image)
}

fn flush(moved: &mut Vec<&Part>, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    if moved.is_empty() {
        return;
    }
    let parts = std::mem::take(moved);
    l.object(|o| {
        o.set("role", "user");
        o.list("content", |l| parts.iter().for_each(|part| self::part(part, dropped, l)));
    });
}

fn result(result: &ToolResult, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    dropped.when(result.is_error, "messages.is_error");
    o.set("role", "tool");
    o.set("tool_call_id", &result.call_id);
    let mut texts = String::new();
    for part in &result.parts {
        match &part.body {
            Body::Text { text, .. } => texts.push_str(text),
            Body::Media(media) if !documents::is_cited(media) => {
                texts.push_str(&documents::text_of(media).filter(|_| !is_image(part)).unwrap_or_default());
            }
            _ => {}
        }
    }
    o.set("content", texts);
}

/// A text where that says it all, or a list.
fn content(parts: &[Part], dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    match parts {
        [] => o.set("content", ""),
        [Part { body: Body::Text { text, .. }, .. }] => o.set("content", text),
        parts => o.list("content", |l| parts.iter().for_each(|part| self::part(part, dropped, l))),
    }
}

fn part(part: &Part, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    dropped.foreign(&part.ext, Owner::Cohere);
    match &part.body {
        Body::Text { text, .. } | Body::Refusal(text) => self::text(text, l),
        Body::Media(media) if media.kind == MediaKind::Image => image(media, dropped, l),
        Body::Media(media) if !documents::is_cited(media) => {
            if let Some(text) = documents::text_of(media) {
                self::text(&text, l);
            }
        }
        _ => {}
    }
}

fn text(text: &str, l: &mut ListWriter<'_>) {
    l.object(|o| {
        o.set("type", "text");
        o.set("text", text);
    });
}

fn image(media: &Media, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    let url = match &media.source {
        Source::Base64(data) => format!("data:{};base64,{data}", media.mime.as_deref().unwrap_or("image/jpeg")),
        Source::Url(url) => url.clone(),
        Source::Text(_) | Source::FileId { .. } => return,
    };
    let detail = media.detail.as_deref();
    let known = detail.filter(|detail| ["auto", "low", "high"].contains(detail));
    dropped.when(known != detail, "messages.content.image_url.detail");
    l.object(|o| {
        o.set("type", "image_url");
        o.object("image_url", |o| {
            o.set("url", url);
            o.maybe("detail", known);
        });
    });
}

/// Text, calls, and the plan before them. Reasoning has no seal here, so that any that comes without one may stand as
/// the plan; where nothing is called there is no plan, and it stays out (rule 8).
fn assistant(message: &Message, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    let (mut text, mut plan) = (String::new(), String::new());
    let has_calls = message.parts.iter().any(|part| matches!(part.body, Body::Call(_)));
    for part in &message.parts {
        match &part.body {
            Body::Text { text: more, .. } | Body::Refusal(more) => text.push_str(more),
            Body::Reasoning { text: more, .. } if has_calls && part.seal.is_none() => plan.push_str(more),
            Body::Reasoning { .. } => dropped.add("reasoning"),
            Body::Media(_) => dropped.add("messages.images"),
            Body::Native(_) => dropped.add("blocks"),
            Body::Call(_) | Body::Result(_) => {}
        }
    }
    o.set("role", "assistant");
    if !text.is_empty() || !has_calls {
        o.set("content", text);
    }
    o.maybe("tool_plan", Some(plan).filter(|plan| !plan.is_empty()));
    if has_calls {
        o.list("tool_calls", |l| message.parts.iter().for_each(|part| call(part, l)));
    }
}

fn call(part: &Part, l: &mut ListWriter<'_>) {
    let Body::Call(ToolCall { id, name, args, .. }) = &part.body else { return };
    l.object(|o| {
        o.set("id", id);
        o.set("type", "function");
        o.object("function", |o| {
            o.set("name", name);
            o.set("arguments", args.to_object().get());
        });
    });
}
