//! A whole answer for a client.

use std::collections::BTreeSet;

use super::super::{details, reason, usage};
use super::extras::Extras;
use crate::chat::json::{ListWriter, ObjectWriter, object};
use crate::chat::{
    Args, Body, Choice, Ids, Media, MediaKind, Part, Raw, Request, Response, SealKind, Source, ToolCall,
};

/// Tiers that the answer's schema knows.
const TIERS: [&str; 5] = ["auto", "default", "flex", "scale", "priority"];

/// Writes the body of a 200. `gateway` is what the gateway says of itself, in the first choice.
pub fn encode_response(response: &Response, request: &Request, ids: &Ids, gateway: Option<&Raw>) -> Vec<u8> {
    let mut out = Vec::new();
    object(&mut out, |o| {
        o.set("id", ids.answer("chatcmpl-"));
        o.set("object", "chat.completion");
        o.set("created", ids.created);
        o.set("model", ids.model(&response.model));
        o.list("choices", |l| {
            for (index, choice) in response.choices.iter().enumerate() {
                let mut extras = Extras::default();
                if index == 0 {
                    response.native.iter().for_each(|ext| extras.native(ext));
                    gateway.into_iter().for_each(|gateway| extras.tell(gateway.clone()));
                }
                l.object(|o| self::choice(choice, index, extras, request, ids, o));
            }
        });
        if let Some(usage) = response.usage.as_ref().filter(|usage| usage.has_counts()) {
            o.object("usage", |o| usage::write(usage, o));
            o.maybe("service_tier", usage.tier.as_deref().filter(|tier| TIERS.contains(tier)));
        }
    });
    out
}

fn choice(choice: &Choice, index: usize, extras: Extras, request: &Request, ids: &Ids, o: &mut ObjectWriter<'_>) {
    o.set("index", index);
    o.object("message", |o| message(&choice.parts, extras, request, ids, o));
    match &choice.logprobs {
        Some(logprobs) => o.object("logprobs", |o| self::logprobs(logprobs, o)),
        None => o.set("logprobs", None::<bool>),
    }
    o.set("finish_reason", reason::write(choice.finish.reason, request.legacy_functions));
}

fn message(parts: &[Part], mut extras: Extras, request: &Request, ids: &Ids, o: &mut ObjectWriter<'_>) {
    let shows_reasoning = !request.reasoning.as_ref().is_some_and(|reasoning| reasoning.exclude);
    let (mut content, mut refusal, mut thoughts, mut chars) = (None::<String>, None::<String>, String::new(), 0u32);
    for part in parts {
        match &part.body {
            Body::Text { text, citations } => {
                let start = chars;
                chars = chars.saturating_add(count(text));
                citations.iter().for_each(|citation| extras.cite(citation, start, chars));
                content.get_or_insert_default().push_str(text);
            }
            Body::Refusal(text) => refusal.get_or_insert_default().push_str(text),
            Body::Reasoning { text, .. } if shows_reasoning => thoughts.push_str(text),
            Body::Native(native) => extras.block(native),
            _ => {}
        }
    }
    let calls: Vec<(&Part, &ToolCall)> = parts.iter().filter_map(|part| Some((part, as_call(part)?))).collect();
    let is_said_otherwise = !calls.is_empty() || refusal.is_some();
    o.set("role", "assistant");
    o.set("content", content.or((!is_said_otherwise).then(String::new)));
    o.set("refusal", refusal);
    if !thoughts.is_empty() {
        o.set("reasoning_content", &thoughts);
        o.set("reasoning", &thoughts);
    }
    if shows_reasoning && parts.iter().any(has_details) {
        let mut next = 0;
        o.list("reasoning_details", |l| {
            parts.iter().for_each(|part| details::write(part, &ids.provider, &mut next, l))
        });
    }
    match calls.first() {
        Some((_, call)) if request.legacy_functions => o.object("function_call", |o| {
            o.set("name", &call.name);
            o.set("arguments", call.args.as_text());
        }),
        Some(_) => o.list("tool_calls", |l| {
            let is_text = |(_, call): &(&Part, &ToolCall)| matches!(call.args, Args::Text(_));
            let customs = if calls.iter().any(is_text) { request.custom_tools() } else { BTreeSet::new() };
            for (part, call) in &calls {
                l.object(|o| self::call(part, call, &customs, o));
            }
        }),
        None => {}
    }
    let images: Vec<&Media> = parts.iter().filter_map(as_image).collect();
    if !images.is_empty() {
        o.list("images", |l| images.iter().zip(0u32..).for_each(|(media, index)| image(media, index, l)));
    }
    extras.write(o);
}

/// The two lists that the schema knows; DeepSeek adds one of its reasoning.
pub(super) fn logprobs(raw: &Raw, o: &mut ObjectWriter<'_>) {
    let object = raw.json().object().unwrap_or_default();
    for name in ["content", "refusal"] {
        match object.raw(name) {
            Some(list) => o.raw(name, &list),
            None => o.set(name, None::<bool>),
        }
    }
}

pub(super) fn count(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

fn as_call(part: &Part) -> Option<&ToolCall> {
    if let Body::Call(call) = &part.body { Some(call) } else { None }
}

/// An image, the only media that an answer has a place for.
pub(super) fn as_image(part: &Part) -> Option<&Media> {
    if let Body::Media(media) = &part.body {
        Some(&**media).filter(|media| media.kind == MediaKind::Image)
    } else {
        None
    }
}

fn has_details(part: &Part) -> bool {
    part.seal
        .as_ref()
        .is_some_and(|seal| matches!(part.body, Body::Reasoning { .. }) || details::belongs_elsewhere(seal))
}

/// `{"type":"image_url","image_url":{"url":...},"index":...}`
pub(in crate::dialect) fn image(media: &Media, index: u32, l: &mut ListWriter<'_>) {
    let url = match &media.source {
        Source::Base64(data) => format!("data:{};base64,{data}", media.mime.as_deref().unwrap_or("image/png")),
        Source::Url(url) => url.clone(),
        Source::Text(_) | Source::FileId { .. } => return,
    };
    l.object(|o| {
        o.set("type", "image_url");
        o.object("image_url", |o| o.set("url", url));
        o.set("index", index);
    });
}

fn call(part: &Part, call: &ToolCall, customs: &BTreeSet<&str>, o: &mut ObjectWriter<'_>) {
    o.set("id", &call.id);
    match &call.args {
        Args::Text(input) if customs.contains(call.name.as_str()) => {
            o.set("type", "custom");
            o.object("custom", |o| {
                o.set("name", &call.name);
                o.set("input", input);
            });
        }
        args => {
            o.set("type", "function");
            o.object("function", |o| {
                o.set("name", &call.name);
                o.set("arguments", args.as_text());
            });
        }
    }
    extra_content(part.seal.as_ref(), call.caller.as_ref(), o);
}

/// `extra_content` of a call: Google's signature, Anthropic's caller.
pub(super) fn extra_content(
    seal: Option<&crate::chat::Seal>,
    caller: Option<&crate::chat::Raw>,
    o: &mut ObjectWriter<'_>,
) {
    let google = seal.filter(|seal| details::belongs_elsewhere(seal) && seal.kind == SealKind::Encrypted);
    if google.is_none() && caller.is_none() {
        return;
    }
    o.object("extra_content", |o| {
        if let Some(seal) = google {
            o.object("google", |o| o.set("thought_signature", &seal.data));
        }
        if let Some(caller) = caller {
            o.object("anthropic", |o| o.raw("caller", caller));
        }
    });
}
