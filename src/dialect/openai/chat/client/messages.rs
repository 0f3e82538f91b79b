//! Messages of a request.

use std::collections::BTreeMap;

use super::extras::read_blocks;
use super::request::{inner, items, text, wrong};
use crate::chat::json::{Json, Object};
use crate::chat::{
    Args, Body, Cache, Format, Media, MediaKind, Message, Owner, Part, Pin, Role, Seal, SealKind, Source, ToolCall,
    ToolResult, fit_id,
};
use crate::dialect::openai::chat::content::{self, Content};
use crate::dialect::openai::chat::details::{Details, belongs_elsewhere};
use crate::error::Error;

/// Members that are read, for every role.
const KNOWN: [&str; 16] = [
    "role",
    "content",
    "name",
    "cache_control",
    "refusal",
    "tool_calls",
    "function_call",
    "tool_call_id",
    "is_error",
    "reasoning_details",
    "thinking_blocks",
    "reasoning_content",
    "reasoning",
    "provider_specific_fields",
    "annotations",
    "images",
];

/// Reads the list; ids of files and sounds at one account go to the pins.
pub(super) fn messages(json: Json<'_>, pins: &mut Vec<Pin>) -> Result<Vec<Message>, Error> {
    let mut read: Vec<Message> = Vec::new();
    let mut legacy = Legacy::default();
    for (i, json) in items(json, "messages")?.enumerate() {
        let path = format!("messages[{i}]");
        let object = inner(json, &path)?;
        let role = text(object.get("role").ok_or_else(|| wrong(&format!("{path}.role"), "a text"))?, &path)?;
        let parts_at = format!("{path}.content");
        let content = match object.get("content") {
            Some(json) => content::read(json).ok_or_else(|| wrong(&parts_at, "a text or a list"))?,
            None => Content::default(),
        };
        let (role, parts) = match &*role {
            "system" => (Role::System, content.parts),
            "developer" => (Role::Developer, content.parts),
            "user" => (Role::User, content.parts),
            "assistant" => (Role::Assistant, assistant(&object, content, &path)?),
            "tool" => (Role::Tool, vec![result(&object, content, object.string("tool_call_id").unwrap_or_default())]),
            "function" => {
                let id = legacy.id(&read, &object.string("name").unwrap_or_default());
                (Role::Tool, vec![result(&object, content, id)])
            }
            _ => return Err(wrong(&format!("{path}.role"), "system, developer, user, assistant or tool")),
        };
        pin(&parts, &object, pins);
        let mut message = Message::new(role, parts);
        message.cache = Cache::of(&object);
        message.name = object.string("name").filter(|_| role != Role::Tool);
        message.ext = content::rest(&object, &KNOWN);
        read.push(message);
    }
    Ok(read)
}

/// What exists at one account only.
fn pin(parts: &[Part], message: &Object<'_>, pins: &mut Vec<Pin>) {
    for part in crate::dialect::parts(parts) {
        if let Body::Media(media) = &part.body
            && let Source::FileId { owner, id } = &media.source
        {
            pins.push(Pin { owner: *owner, field: "messages.content.file_id", id: id.clone() });
        }
    }
    if let Some(id) = message.object("audio").and_then(|audio| audio.string("id")) {
        pins.push(Pin { owner: Owner::OpenAi, field: "messages.audio", id });
    }
}

fn result(object: &Object<'_>, content: Content, call_id: String) -> Part {
    let is_error = object.flag("is_error").unwrap_or(false);
    Part::new(Body::Result(ToolResult { call_id, name: object.string("name"), parts: content.parts, is_error }))
}

/// The calls of legacy functions, whose results name the function and no id.
#[derive(Debug, Default)]
struct Legacy {
    /// The id of the last call of each name, of so many messages.
    ids: BTreeMap<String, String>,
    read: usize,
}

impl Legacy {
    /// The id of the nearest earlier call of a function.
    fn id(&mut self, read: &[Message], name: &str) -> String {
        for part in read.iter().skip(self.read).flat_map(|message| &message.parts) {
            if let Body::Call(call) = &part.body {
                self.ids.insert(call.name.clone(), call.id.clone());
            }
        }
        self.read = read.len();
        self.ids.get(name).cloned().unwrap_or_default()
    }
}

/// Reasoning, the provider's own blocks, text, refusal, images, calls: the order in which models speak.
fn assistant(object: &Object<'_>, content: Content, path: &str) -> Result<Vec<Part>, Error> {
    let details = Details::read(object.items("reasoning_details"));
    let mut seals = details.elsewhere;
    let mut parts = reasoning(object, details.parts, content.reasoning);
    let blocks = object.object("provider_specific_fields").map(|fields| read_blocks(&fields)).unwrap_or_default();
    parts.extend(blocks.into_iter().map(|native| Part::new(Body::Native(native))));
    let texts = parts.len();
    parts.extend(content.parts);
    if let Some(refusal) = object.string("refusal").filter(|refusal| !refusal.is_empty()) {
        parts.push(Part::new(Body::Refusal(refusal)));
    }
    parts.extend(object.items("images").filter_map(image));
    let calls = parts.len();
    calls_of(object, path, &mut parts)?;
    seals.seal_calls(parts.get_mut(calls..).unwrap_or_default());
    // What proves no call proves text, of which there may be none.
    let mut seals = seals.of_text.into_iter();
    let texts = parts.get_mut(texts..calls).unwrap_or_default();
    for part in texts.iter_mut().rev().filter(|part| part.as_text().is_some() && part.seal.is_none()) {
        part.seal = seals.next();
    }
    parts.splice(calls..calls, seals.map(|seal| Part::text("").sealed(Some(seal))));
    Ok(parts)
}

/// The first place that says something.
fn reasoning(object: &Object<'_>, details: Vec<Part>, inside: Vec<Part>) -> Vec<Part> {
    if !details.is_empty() {
        return details;
    }
    let blocks = object.items("thinking_blocks").filter_map(|json| content::thinking(&json.object()?));
    let blocks: Vec<Part> = blocks.collect();
    if !blocks.is_empty() {
        return blocks;
    }
    if !inside.is_empty() {
        return inside;
    }
    let bare = ["reasoning_content", "reasoning"].iter().find_map(|name| object.string(name));
    let bare = bare.filter(|text| !text.is_empty());
    bare.map(|text| Part::new(Body::Reasoning { text, summary: false })).into_iter().collect()
}

fn calls_of(object: &Object<'_>, path: &str, parts: &mut Vec<Part>) -> Result<(), Error> {
    if let Some(json) = object.get("tool_calls") {
        let path = format!("{path}.tool_calls");
        for (i, json) in items(json, &path)?.enumerate() {
            let path = format!("{path}[{i}]");
            parts.push(call(&inner(json, &path)?, &path)?);
        }
    }
    if let Some(function) = object.object("function_call") {
        let path = format!("{path}.function_call");
        let name = text(function.get("name").ok_or_else(|| wrong(&path, "an object with a name"))?, &path)?;
        let args = Args::parse(&function.text("arguments").unwrap_or_default());
        let id = made(&path);
        parts.push(Part::new(Body::Call(ToolCall { id, item_id: None, name, args, caller: None })));
    }
    Ok(())
}

/// An id for a call that has none, by its place.
fn made(path: &str) -> String {
    fit_id(path, |b| b.is_ascii_alphanumeric(), 40, "call_")
}

fn call(object: &Object<'_>, path: &str) -> Result<Part, Error> {
    let custom = object.object("custom");
    let is_custom = custom.is_some();
    let inner = custom.or_else(|| object.object("function"));
    let inner = inner.ok_or_else(|| wrong(&format!("{path}.function"), "an object"))?;
    let name = text(inner.get("name").ok_or_else(|| wrong(&format!("{path}.function.name"), "a text"))?, path)?;
    let input = inner.get(if is_custom { "input" } else { "arguments" });
    // Some clients send the object itself.
    let input = input.map(|json| json.string().unwrap_or_else(|| json.get().to_owned())).unwrap_or_default();
    let args = if is_custom { Args::Text(input) } else { Args::parse(&input) };
    let id = object.string("id").filter(|id| !id.is_empty()).unwrap_or_else(|| made(path));
    let extra = object.object("extra_content").unwrap_or_default();
    let signature = extra.object("google").and_then(|google| google.string("thought_signature"));
    let seal = signature.map(|data| Seal::new(Format::Gemini, SealKind::Encrypted, data));
    let caller = extra.object("anthropic").and_then(|anthropic| anthropic.raw("caller"));
    debug_assert!(seal.as_ref().is_none_or(belongs_elsewhere));
    Ok(Part::new(Body::Call(ToolCall { id, item_id: None, name, args, caller })).sealed(seal))
}

/// An image that an earlier answer held.
fn image(json: Json<'_>) -> Option<Part> {
    let url = json.object()?.object("image_url")?.string("url")?;
    let media = Media::at_url(MediaKind::Image, &url);
    Some(Part::new(Body::Media(Box::new(media))))
}
