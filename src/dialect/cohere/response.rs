//! A whole answer.

use super::{error, logprobs, reason, usage};
use crate::chat::json::{Json, Object};
use crate::chat::{Args, Body, Choice, Citation, Finish, Format, Ids, Link, Native, Part, Response, ToolCall};
use crate::dialect::{Failure, unreadable};

/// Reads the body of a 200.
pub fn decode_response(body: &[u8], ids: &Ids) -> Result<Response, Box<Failure>> {
    let object = Object::parse(body).ok_or_else(|| Box::new(unreadable("no JSON object")))?;
    let word = object.string("finish_reason").unwrap_or_default();
    if matches!(&*word, "ERROR" | "TIMEOUT") {
        return Err(Box::new(error::inside(&word, &object)));
    }
    let Some(message) = object.object("message") else {
        let says = object.get("message").is_some() || object.get("error").is_some();
        return Err(Box::new(if says { error::inside("", &object) } else { unreadable("no message") }));
    };
    let parts = parts(&message, ids);
    let has_calls = parts.iter().any(|part| matches!(part.body, Body::Call(_)));
    let reason = if word.is_empty() { crate::chat::Reason::Error } else { reason(&word, has_calls) };
    let choice =
        Choice { parts, finish: Finish::new(reason, word), logprobs: logprobs::read(object.items("logprobs")) };
    Ok(Response {
        id: object.string("id").unwrap_or_default(),
        model: object.string("model").unwrap_or_default(),
        choices: vec![choice],
        usage: object.get("usage").and_then(usage::read),
        native: Vec::new(),
    })
}

/// The plan, what is thought and said, the calls: the order of a stream.
fn parts(message: &Object<'_>, ids: &Ids) -> Vec<Part> {
    let mut parts = Vec::new();
    if let Some(plan) = message.string("tool_plan").filter(|plan| !plan.is_empty()) {
        parts.push(Part::new(Body::Reasoning { text: plan, summary: false }));
    }
    // Which part an item of `content` became.
    let mut places: Vec<Option<usize>> = Vec::new();
    let content = message.get("content");
    if let Some(text) = content.and_then(Json::string).filter(|text| !text.is_empty()) {
        places.push(Some(parts.len()));
        parts.push(Part::text(text));
    }
    for item in message.items("content") {
        let part = content_part(item);
        places.push(part.as_ref().map(|_| parts.len()));
        parts.extend(part);
    }
    for json in message.items("citations") {
        cite(json, &places, &mut parts);
    }
    for json in message.items("tool_calls") {
        let Some(object) = json.object() else { continue };
        let place = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        let id = object.string("id").filter(|id| !id.is_empty()).unwrap_or_else(|| ids.call(0, place));
        let function = object.object("function").unwrap_or_default();
        let args = function.get("arguments").map(|json| json.string().unwrap_or_else(|| json.get().to_owned()));
        parts.push(Part::new(Body::Call(ToolCall {
            id,
            item_id: None,
            name: function.string("name").unwrap_or_default(),
            args: Args::parse(&args.unwrap_or_default()),
            caller: None,
        })));
    }
    parts
}

/// One item of `content`; `None` where it says nothing.
fn content_part(item: Json<'_>) -> Option<Part> {
    let object = item.object()?;
    let said = |name| object.string(name).filter(|text| !text.is_empty());
    match object.text("type").as_deref() {
        Some("text") => said("text").map(Part::text),
        Some("thinking") => said("thinking").map(|text| Part::new(Body::Reasoning { text, summary: false })),
        _ => Some(Part::new(Body::Native(unknown(item)))),
    }
}

/// A block of a type that is not known (rule 4).
pub(super) fn unknown(json: Json<'_>) -> Native {
    Native { format: Format::Cohere, block: json.raw(), link: Link::Alone }
}

/// A citation, unchanged: its sources are documents and results of tools, and its places those of the item of `content`
/// that `content_index` names.
pub(super) fn citation(json: Json<'_>) -> Citation {
    Citation::Native { format: Format::Cohere, raw: json.raw() }
}

/// Puts a citation to its text, or to the first where it names none.
fn cite(json: Json<'_>, places: &[Option<usize>], parts: &mut Vec<Part>) {
    let Some(object) = json.object() else { return };
    let index = object.count("content_index").and_then(|index| usize::try_from(index).ok());
    let named = index.and_then(|index| places.get(index).copied().flatten());
    let is_text = |place: &usize| parts.get(*place).is_some_and(|part| part.as_text().is_some());
    let place = named.filter(is_text).or_else(|| parts.iter().position(|part| part.as_text().is_some()));
    let place = place.unwrap_or_else(|| {
        parts.push(Part::text(""));
        parts.len().saturating_sub(1)
    });
    if let Some(Part { body: Body::Text { citations, .. }, .. }) = parts.get_mut(place) {
        citations.push(citation(json));
    }
}
