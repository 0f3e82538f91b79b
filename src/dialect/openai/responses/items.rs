//! Items of an answer.

use crate::chat::json::{Json, Object};
use crate::chat::{
    Args, Body, Citation, Format, Ids, Link, Media, MediaKind, Native, Part, Raw, Seal, SealKind, Source, ToolCall,
    UrlCitation,
};

/// Between the parts of a summary, which are one text here.
pub(super) const BETWEEN: &str = "\n\n";

/// What an item says; `place` is the number of its first part.
pub(super) fn read(item: Json<'_>, place: u32, ids: &Ids) -> Vec<Part> {
    let Some(object) = item.object() else { return Vec::new() };
    match object.text("type").as_deref() {
        Some("message") => object.items("content").filter_map(content).collect(),
        Some("reasoning") => reasoning(&object).into_iter().collect(),
        Some("function_call" | "custom_tool_call") => vec![Part::new(Body::Call(call(&object, place, ids)))],
        Some("image_generation_call") => image(&object).into_iter().collect(),
        Some(_) => vec![Part::new(Body::Native(native(item, &object)))],
        None => Vec::new(),
    }
}

/// A part of a message's content; `None` where it says nothing.
pub(super) fn content(json: Json<'_>) -> Option<Part> {
    let object = json.object()?;
    if object.text("type")? == "refusal" {
        return object.string("refusal").map(|text| Part::new(Body::Refusal(text)));
    }
    let text = object.string("text")?;
    let citations: Vec<Citation> = object.items("annotations").filter_map(citation).collect();
    let is_said = !text.is_empty() || !citations.is_empty();
    is_said.then(|| Part::new(Body::Text { text, citations }))
}

/// A page, whose places count characters of its text; anything else is carried as it is.
pub(super) fn citation(json: Json<'_>) -> Option<Citation> {
    let object = json.object()?;
    let place = |name| object.count(name).and_then(|place| u32::try_from(place).ok());
    if object.text("type")? != "url_citation" {
        return Some(Citation::Native { format: Format::Responses, raw: json.raw() });
    }
    Some(Citation::Url(Box::new(UrlCitation {
        url: object.string("url")?,
        title: object.string("title"),
        start: place("start_index"),
        end: place("end_index"),
        quote: None,
        format: Format::Responses,
        raw: json.raw(),
    })))
}

/// The text of an item of reasoning, and whether it is a summary.
pub(super) fn thoughts(object: &Object<'_>) -> (String, bool) {
    let texts = |name| -> Vec<String> {
        object.items(name).filter_map(|json| json.object()?.string("text")).filter(|text| !text.is_empty()).collect()
    };
    let summary = texts("summary");
    if summary.is_empty() { (texts("content").concat(), false) } else { (summary.join(BETWEEN), true) }
}

/// The seal of an item of reasoning, where it was asked for.
pub(super) fn seal(object: &Object<'_>) -> Option<Seal> {
    let data = object.string("encrypted_content").filter(|data| !data.is_empty())?;
    Some(Seal { id: object.string("id"), ..Seal::new(Format::Responses, SealKind::Encrypted, data) })
}

fn reasoning(object: &Object<'_>) -> Option<Part> {
    let ((text, summary), seal) = (thoughts(object), seal(object));
    // Nothing but a place in an account's memory.
    if text.is_empty() && seal.is_none() {
        return None;
    }
    Some(Part::new(Body::Reasoning { text, summary }).sealed(seal))
}

/// A call that the client has to run.
pub(super) fn call(object: &Object<'_>, place: u32, ids: &Ids) -> ToolCall {
    let id = object.string("call_id").filter(|id| !id.is_empty()).unwrap_or_else(|| ids.call(0, place));
    let args = match object.text("type").as_deref() {
        Some("custom_tool_call") => Args::Text(object.string("input").unwrap_or_default()),
        _ => Args::parse(&arguments(object)),
    };
    let name = object.string("name").unwrap_or_default();
    ToolCall { id, item_id: object.string("id"), name, args, caller: object.raw("caller") }
}

/// Who called, where it is a program of this API.
pub(super) fn caller(caller: Option<&Raw>) -> Option<&Raw> {
    let is_known = |caller: &&Raw| {
        let kind = caller.json().object().and_then(|caller| caller.string("type"));
        matches!(kind.as_deref(), Some("program" | "direct"))
    };
    caller.filter(is_known)
}

/// The input of a call; some servers send the object itself.
pub(super) fn arguments(object: &Object<'_>) -> String {
    let json = object.get("arguments").or_else(|| object.get("input"));
    json.map(|json| json.string().unwrap_or_else(|| json.get().to_owned())).unwrap_or_default()
}

fn image(object: &Object<'_>) -> Option<Part> {
    let data = object.string("result").filter(|data| !data.is_empty())?;
    let mime = format!("image/{}", object.text("output_format").as_deref().unwrap_or("png"));
    Some(Part::new(Body::Media(Box::new(Media::new(MediaKind::Image, Some(mime), Source::Base64(data))))))
}

/// What the provider ran itself. A program and its output are two items, all others hold both.
pub(super) fn native(item: Json<'_>, object: &Object<'_>) -> Native {
    let id = object.string("call_id");
    let link = match (object.text("type").as_deref(), id) {
        (Some("program"), Some(id)) => Link::Call { id, name: "program".to_owned() },
        (Some("program_output"), Some(call_id)) => Link::Result { call_id },
        _ => Link::Alone,
    };
    Native { format: Format::Responses, block: item.raw(), link }
}
