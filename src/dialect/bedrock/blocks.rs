//! What a block of an answer says.

use super::media::image_type;
use super::model::Model;
use super::{ANSWER, native};
use crate::chat::json::{Json, Object};
use crate::chat::{
    Args, Body, Citation, Finish, Format, Ids, Media, MediaKind, Part, Reason, Seal, SealKind, Source, ToolCall,
    UrlCitation,
};

/// Reads a content block of a whole answer; `number` is its place.
pub(super) fn read(json: Json<'_>, number: u32, ids: &Ids) -> Option<Part> {
    let object = json.object()?;
    if let Some(text) = object.string("text") {
        return Some(Part::text(text)).filter(|part| part.as_text() != Some(""));
    }
    if let Some(reasoning) = object.object("reasoningContent") {
        return Some(thought(&reasoning, Model::of(&ids.model).seals()));
    }
    if let Some(call) = object.object("toolUse").filter(|call| !native::is_builtin(call)) {
        let args = call.get("input").map_or_else(|| Args::parse(""), args);
        let name = call.string("name").unwrap_or_default();
        if name == ANSWER {
            return Some(Part::text(args.as_text()));
        }
        let id = call.string("toolUseId").filter(|id| !id.is_empty()).unwrap_or_else(|| ids.call(0, number));
        return Some(Part::new(Body::Call(ToolCall { id, item_id: None, name, args, caller: None })));
    }
    if let Some(cited) = object.object("citationsContent") {
        let text = cited.items("content").filter_map(|item| item.object()?.string("text")).collect();
        let citations = cited.items("citations").map(citation).collect();
        return Some(Part::new(Body::Text { text, citations }));
    }
    if let Some(image) = object.object("image").as_ref().and_then(image) {
        return Some(Part::new(Body::Media(Box::new(image))));
    }
    Some(Part::new(Body::Native(native::block(json.raw()))))
}

/// An object; some fixtures have it as text.
fn args(json: Json<'_>) -> Args {
    json.text().map_or_else(|| Args::Json(json.raw()), |text| Args::parse(&text))
}

fn thought(reasoning: &Object<'_>, format: Format) -> Part {
    let seal = |kind, data| Seal::new(format.clone(), kind, data);
    if let Some(data) = reasoning.string("redactedContent") {
        let body = Body::Reasoning { text: String::new(), summary: false };
        return Part::new(body).sealed(Some(seal(SealKind::Redacted, data)));
    }
    let inner = reasoning.object("reasoningText").unwrap_or_default();
    let text = inner.string("text").unwrap_or_default();
    let signature = inner.string("signature").filter(|signature| !signature.is_empty());
    let seal = signature.map(|data| seal(SealKind::Signature, data));
    Part::new(Body::Reasoning { text, summary: false }).sealed(seal)
}

/// A page, or a place in what the client sent. Unlike the text's, the places of documents are not those of the answer.
pub(super) fn citation(json: Json<'_>) -> Citation {
    let page = || {
        let object = json.object()?;
        let url = object.object("location")?.object("web")?.string("url")?;
        let quote: String = object.items("sourceContent").filter_map(|item| item.object()?.string("text")).collect();
        let (title, quote) = (object.string("title"), Some(quote).filter(|quote| !quote.is_empty()));
        let (format, raw) = (Format::Bedrock, json.raw());
        Some(Citation::Url(Box::new(UrlCitation { url, title, start: None, end: None, quote, format, raw })))
    };
    page().unwrap_or_else(|| Citation::Native { format: Format::Bedrock, raw: json.raw() })
}

fn image(image: &Object<'_>) -> Option<Media> {
    let data = image.object("source")?.string("bytes")?;
    let mime = image.text("format").map(|format| image_type(&format));
    Some(Media::new(MediaKind::Image, mime, Source::Base64(data)))
}

/// Why an answer ends. Calls are the client's own; those of built-in tools are not (rule 49).
pub(super) fn finish(word: String, has_calls: bool, fields: Option<&Object<'_>>) -> Finish {
    let reason = match &*word {
        "max_tokens" | "model_context_window_exceeded" => Reason::Length,
        "guardrail_intervened" | "content_filtered" => Reason::Filter,
        "refusal" => Reason::Refusal,
        "malformed_model_output" | "malformed_tool_use" | "" => Reason::Error,
        _ if has_calls => Reason::Calls,
        _ => Reason::Stop,
    };
    // Told to those who ask with `additionalModelResponseFieldPaths`.
    let delta = fields.and_then(|fields| fields.object("delta"));
    let stop_sequence = [delta.as_ref(), fields].into_iter().flatten().find_map(|at| at.string("stop_sequence"));
    Finish { stop_sequence, ..Finish::new(reason, word) }
}
