//! Messages for an OpenAI-compatible provider.

use std::collections::BTreeSet;

use super::vendor::{Thoughts, Vendor};
use crate::chat::json::{ListWriter, ObjectWriter};
use crate::chat::{
    Args, Body, Format, Media, MediaKind, Message, Native, Owner, Part, Request, Role, Source, ToolCall, ToolResult,
};
use crate::dialect::openai::chat::details;
use crate::dialect::{Dropped, Facts};

/// Writes all of them. Media inside of results has no place there: it follows as a user's message after the last result
/// of the turn (rule 13).
pub(super) fn messages(request: &Request, facts: &Facts<'_>, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    let (vendor, customs) = (Vendor(facts.vendor), request.custom_tools());
    let mut moved: Vec<&Part> = Vec::new();
    for message in &request.messages {
        if message.role != Role::Tool {
            flush(&mut moved, l);
        }
        match message.role {
            Role::Tool => {
                for part in &message.parts {
                    if let Body::Result(result) = &part.body {
                        moved.extend(result.parts.iter().filter(|part| matches!(part.body, Body::Media(_))));
                        l.object(|o| self::result(result, message, vendor, dropped, o));
                    }
                }
            }
            Role::Assistant => l.object(|o| assistant(message, &customs, facts, dropped, o)),
            Role::System | Role::Developer | Role::User => l.object(|o| {
                o.set("role", role(message.role, vendor));
                content(&message.parts, dropped, o);
                tail(message, o);
            }),
        }
    }
    flush(&mut moved, l);
}

fn role(role: Role, vendor: Vendor<'_>) -> &'static str {
    match role {
        Role::User => "user",
        Role::Developer if vendor.is_openai() || vendor.is_openrouter() => "developer",
        _ => "system",
    }
}

/// The members after the content.
fn tail(message: &Message, o: &mut ObjectWriter<'_>) {
    o.maybe("name", message.name.as_deref());
    for ext in message.ext.iter().filter(|ext| ext.owner == Owner::OpenAi) {
        o.raw(&ext.key, &ext.value);
    }
}

fn flush(moved: &mut Vec<&Part>, l: &mut ListWriter<'_>) {
    if moved.is_empty() {
        return;
    }
    let parts = std::mem::take(moved);
    l.object(|o| {
        o.set("role", "user");
        o.list("content", |l| parts.iter().for_each(|part| self::part(part, &mut Dropped::default(), l)));
    });
}

fn result(result: &ToolResult, message: &Message, vendor: Vendor<'_>, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    dropped.when(result.is_error, "messages.is_error");
    o.set("role", "tool");
    o.set("tool_call_id", vendor.call_id(&result.call_id));
    o.set("content", texts(&result.parts));
    tail(message, o);
}

/// All text, joined.
fn texts(parts: &[Part]) -> String {
    parts.iter().filter_map(Part::as_text).collect()
}

/// A text where that says it all, or a list.
fn content(parts: &[Part], dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    match parts {
        [] => o.set("content", ""),
        [Part { body: Body::Text { text, .. }, ext, .. }] if ext.is_empty() => o.set("content", text),
        parts => o.list("content", |l| parts.iter().for_each(|part| self::part(part, dropped, l))),
    }
}

fn part(part: &Part, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    match &part.body {
        Body::Text { text, .. } | Body::Refusal(text) => l.object(|o| {
            o.set("type", "text");
            o.set("text", text);
            for ext in part.ext.iter().filter(|ext| ext.owner == Owner::OpenAi) {
                o.raw(&ext.key, &ext.value);
            }
        }),
        Body::Media(media) => self::media(media, dropped, l),
        Body::Native(Native { format, block, .. }) if *format == Format::openai_chat() => l.raw(block),
        _ => {}
    }
}

fn media(media: &Media, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    if let Source::Text(text) = &media.source {
        return l.object(|o| {
            o.set("type", "text");
            o.set("text", text);
        });
    }
    let inline = |usual: &str| match &media.source {
        Source::Base64(data) => format!("data:{};base64,{data}", media.mime.as_deref().unwrap_or(usual)),
        Source::Url(url) => url.clone(),
        Source::Text(_) | Source::FileId { .. } => String::new(),
    };
    match media.kind {
        MediaKind::Image => l.object(|o| {
            o.set("type", "image_url");
            o.object("image_url", |o| {
                o.set("url", inline("image/jpeg"));
                o.maybe("detail", media.detail.as_deref());
            });
        }),
        MediaKind::Video => l.object(|o| {
            o.set("type", "video_url");
            o.object("video_url", |o| o.set("url", inline("video/mp4")));
        }),
        MediaKind::Audio => l.object(|o| {
            let Source::Base64(data) = &media.source else { return };
            let format = media.mime.as_deref().and_then(|mime| mime.split('/').nth(1)).unwrap_or("wav");
            o.set("type", "input_audio");
            o.object("input_audio", |o| {
                o.set("data", data);
                o.set(
                    "format",
                    match format {
                        "mpeg" => "mp3",
                        "x-wav" | "wave" => "wav",
                        other => other,
                    },
                );
            });
        }),
        MediaKind::Document => {
            dropped.when(
                media.title.is_some() || media.context.is_some() || media.citations,
                "messages.content.citations",
            );
            l.object(|o| {
                o.set("type", "file");
                o.object("file", |o| match &media.source {
                    Source::FileId { id, .. } => o.set("file_id", id),
                    Source::Base64(data) if media.mime.is_none() => file(data.clone(), media, o),
                    _ => file(inline("application/pdf"), media, o),
                });
            });
        }
    }
}

fn file(data: String, media: &Media, o: &mut ObjectWriter<'_>) {
    o.set("file_data", data);
    // OpenAI refuses a file without a name.
    o.set("filename", media.name.as_deref().unwrap_or("document.pdf"));
}

fn assistant(
    message: &Message,
    customs: &BTreeSet<&str>,
    facts: &Facts<'_>,
    dropped: &mut Dropped,
    o: &mut ObjectWriter<'_>,
) {
    let vendor = Vendor(facts.vendor);
    let parts = &message.parts;
    let is = |wanted: fn(&Body) -> bool| parts.iter().any(|part| wanted(&part.body));
    dropped.when(is(|body| matches!(body, Body::Native(_))), "blocks");
    dropped.when(is(|body| matches!(body, Body::Media(_))), "messages.images");
    o.set("role", "assistant");
    let text = texts(parts);
    let calls: Vec<&ToolCall> = parts.iter().filter_map(as_call).collect();
    let refusal: Option<String> =
        parts.iter().filter_map(as_refusal).map(str::to_owned).reduce(|all, more| all + &more);
    let thoughts: String = parts.iter().filter_map(as_thought).collect();
    let where_to =
        if is(|body| matches!(body, Body::Reasoning { .. })) { vendor.thoughts() } else { Thoughts::Nowhere };
    if where_to == Thoughts::Part && !thoughts.is_empty() {
        o.list("content", |l| {
            l.object(|o| {
                o.set("type", "thinking");
                o.list("thinking", |l| {
                    l.object(|o| {
                        o.set("type", "text");
                        o.set("text", &thoughts);
                    });
                });
            });
            if !text.is_empty() {
                l.object(|o| {
                    o.set("type", "text");
                    o.set("text", &text);
                });
            }
        });
    } else {
        let is_said_otherwise = !calls.is_empty() || refusal.is_some();
        o.set("content", Some(text).filter(|text| !text.is_empty() || !is_said_otherwise));
    }
    o.maybe("refusal", refusal);
    match where_to {
        Thoughts::Member => o.set("reasoning_content", &thoughts),
        Thoughts::Details => self::details(parts, facts, &thoughts, o),
        Thoughts::Part => {}
        Thoughts::Nowhere => {
            dropped.when(!thoughts.is_empty() || parts.iter().any(|part| part.seal.is_some()), "reasoning")
        }
    }
    if !calls.is_empty() {
        o.list("tool_calls", |l| calls.iter().for_each(|call| l.object(|o| self::call(call, customs, vendor, o))));
    }
    tail(message, o);
}

/// OpenRouter gives seals to whom they belong.
fn details(parts: &[Part], facts: &Facts<'_>, thoughts: &str, o: &mut ObjectWriter<'_>) {
    if facts.without_seals || parts.iter().all(|part| part.seal.is_none()) {
        return o.set("reasoning", thoughts);
    }
    let mut next = 0;
    o.list("reasoning_details", |l| parts.iter().for_each(|part| details::write(part, "", &mut next, l)));
}

fn as_call(part: &Part) -> Option<&ToolCall> {
    if let Body::Call(call) = &part.body { Some(call) } else { None }
}

fn as_refusal(part: &Part) -> Option<&str> {
    if let Body::Refusal(text) = &part.body { Some(text) } else { None }
}

fn as_thought(part: &Part) -> Option<&str> {
    if let Body::Reasoning { text, .. } = &part.body { Some(text) } else { None }
}

fn call(call: &ToolCall, customs: &BTreeSet<&str>, vendor: Vendor<'_>, o: &mut ObjectWriter<'_>) {
    let is_custom = matches!(call.args, Args::Text(_)) && customs.contains(call.name.as_str());
    let (kind, input) = if is_custom { ("custom", "input") } else { ("function", "arguments") };
    o.set("id", vendor.call_id(&call.id));
    o.set("type", kind);
    o.object(kind, |o| {
        o.set("name", &call.name);
        o.set(input, call.args.as_text());
    });
}
