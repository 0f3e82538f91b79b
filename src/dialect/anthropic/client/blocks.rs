//! Blocks of a request's messages.

use super::{media, messages, references};
use crate::chat::json::expect::{flag, inner, text, wrong};
use crate::chat::json::{Json, Object};
use crate::chat::{
    Args, Body, Cache, Citation, Ext, Format, Media, Owner, Part, Pin, Seal, SealKind, Source, ToolCall, ToolResult,
};
use crate::dialect::anthropic::blocks::{caller, citation, native};
use crate::error::Error;

/// Where a block stands: not every one may stand everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    System,
    User,
    Assistant,
    /// Inside of a tool's result.
    Result,
}

/// Reads one block. What is not known is Anthropic's own, and is carried as it is.
pub(super) fn read(json: Json<'_>, path: &str, side: Side, pins: &mut Vec<Pin>) -> Result<Part, Error> {
    let object = inner(json, path)?;
    let member = |name: &str| {
        let path = format!("{path}.{name}");
        text(object.get(name).ok_or_else(|| wrong(&path, "a text"))?, &path)
    };
    let kind = member("type")?;
    check(&kind, side, path)?;
    let (body, seal, known): (_, _, &[&str]) = match &*kind {
        "text" => (Body::Text { text: member("text")?, citations: citations(&object) }, None, &["text", "citations"]),
        "thinking" => {
            let seal = object.string("signature").and_then(|data| sealed(SealKind::Signature, data));
            (Body::Reasoning { text: member("thinking")?, summary: false }, seal, &["thinking", "signature"])
        }
        "redacted_thinking" => {
            let seal = sealed(SealKind::Redacted, member("data")?);
            (Body::Reasoning { text: String::new(), summary: false }, seal, &["data"])
        }
        "tool_use" => {
            let input_at = format!("{path}.input");
            let input = object.get("input").ok_or_else(|| wrong(&input_at, "an object"))?;
            inner(input, &input_at)?;
            let (id, name, args) = (member("id")?, member("name")?, Args::Json(input.raw()));
            let call = ToolCall { id, item_id: None, name, args, caller: caller(&object) };
            (Body::Call(call), None, &["id", "name", "input", "caller"])
        }
        "tool_result" => (result(&object, path, pins)?, None, &["tool_use_id", "content", "is_error"]),
        "tool_reference" if side == Side::Result => return Ok(references::found(&object, json)),
        "tool_addition" | "tool_removal" if side == Side::System => {
            return Ok(references::changed(&object, kind == "tool_addition"));
        }
        "image" => match media::image(&object, path)? {
            Some(media) => (pinned(media, pins), None, &["source"]),
            None => return Ok(whole(json)),
        },
        "document" => match media::document(&object, path)? {
            Some(media) => (pinned(media, pins), None, &["source", "title", "context", "citations"]),
            None => return Ok(whole(json)),
        },
        _ => {
            // Such as the file of a `container_upload`.
            pins.extend(object.string("file_id").map(file));
            return Ok(whole(json));
        }
    };
    let known: Vec<&str> = known.iter().copied().chain(["type", "cache_control"]).collect();
    let ext = Ext::rest(&object, Owner::Anthropic, &known);
    Ok(Part { body, seal, cache: Cache::of(&object), ext })
}

/// What a block may not be where it stands.
fn check(kind: &str, side: Side, path: &str) -> Result<(), Error> {
    let whose = match (kind, side) {
        ("text", _) | ("tool_addition" | "tool_removal", Side::System) => return Ok(()),
        (_, Side::System) => return Err(wrong(&format!("{path}.type"), "`text`")),
        ("tool_use" | "thinking" | "redacted_thinking", Side::User) => "assistant",
        ("tool_result", Side::Assistant) => "user",
        ("tool_use" | "tool_result" | "thinking" | "redacted_thinking", Side::Result) => "user or assistant",
        _ => return Ok(()),
    };
    let message = format!("`{path}`: `{kind}` may stand in messages of the {whose} only.");
    Err(Error::bad_body(message).at(path))
}

fn whole(json: Json<'_>) -> Part {
    Part::new(Body::Native(native(json.raw())))
}

/// A proof, as it was when it left its provider; none is empty.
fn sealed(kind: SealKind, data: String) -> Option<Seal> {
    (!data.is_empty()).then(|| Seal::new(Format::Anthropic, kind, data).arrived())
}

/// What a text was based on, but for what was never Anthropic's (see `citation`).
fn citations(object: &Object<'_>) -> Vec<Citation> {
    let is_foreign = |json: &Json<'_>| {
        json.object().and_then(|object| object.string("encrypted_index")).is_some_and(|index| index.is_empty())
    };
    object.items("citations").filter(|json| !is_foreign(json)).filter_map(citation).collect()
}

fn result(object: &Object<'_>, path: &str, pins: &mut Vec<Pin>) -> Result<Body, Error> {
    let id_at = format!("{path}.tool_use_id");
    let call_id = text(object.get("tool_use_id").ok_or_else(|| wrong(&id_at, "a text"))?, &id_at)?;
    let is_error = object.get("is_error").map(|json| flag(json, &format!("{path}.is_error"))).transpose()?;
    let parts = match object.get("content") {
        Some(json) => messages::content(json, &format!("{path}.content"), Side::Result, pins)?,
        None => Vec::new(),
    };
    Ok(Body::Result(ToolResult { call_id, name: None, parts, is_error: is_error.unwrap_or(false) }))
}

/// Files are one account's.
fn pinned(media: Media, pins: &mut Vec<Pin>) -> Body {
    if let Source::FileId { id, .. } = &media.source {
        pins.push(file(id.clone()));
    }
    Body::Media(Box::new(media))
}

fn file(id: String) -> Pin {
    Pin { owner: Owner::Anthropic, field: "messages.content.file_id", id }
}
