//! A whole answer of an OpenAI-compatible provider.

use super::super::content;
use super::super::details::{Details, Elsewhere};
use super::super::{reason, usage};
use super::calls;
use crate::chat::json::{Json, Object};
use crate::chat::{
    Args, Body, Choice, Citation, Ext, Finish, Format, Ids, Media, MediaKind, Owner, Part, Reason, Response, ToolCall,
    UrlCitation,
};
use crate::dialect::openai::{StreamError, stream_failure};
use crate::dialect::{Failure, unreadable};

/// Top-level members that are told on, in `provider_specific_fields`.
pub(super) const NATIVE: [&str; 4] = ["citations", "search_results", "prompt_filter_results", "moderation"];

/// Reads the body of a 200.
pub fn decode_response(body: &[u8], ids: &Ids) -> Result<Response, Box<Failure>> {
    let object = Object::parse(body).ok_or_else(|| Box::new(unreadable("no JSON object")))?;
    if let Some(error) = object.get("error").and_then(|error| StreamError::of_value(error.get())) {
        return Err(Box::new(stream_failure(&error, None)));
    }
    let mut choices: Vec<(u64, Choice)> = Vec::new();
    for json in object.items("choices") {
        let Some(choice) = json.object() else { continue };
        let index = choice.count("index").unwrap_or(choices.len() as u64);
        choices.push((index, self::choice(&choice, u32::try_from(index).unwrap_or(u32::MAX), ids)));
    }
    if choices.is_empty() {
        return Err(Box::new(unreadable("no choices")));
    }
    choices.sort_by_key(|(index, _)| *index);
    let mut usage = object.get("usage").and_then(usage::read);
    if let (Some(usage), Some(tier)) = (&mut usage, object.string("service_tier")) {
        usage.tier = Some(tier);
    }
    Ok(Response {
        id: object.string("id").unwrap_or_default(),
        model: object.string("model").unwrap_or_default(),
        choices: choices.into_iter().map(|(_, choice)| choice).collect(),
        usage,
        native: NATIVE.iter().filter_map(|name| native(&object, name)).collect(),
    })
}

/// A member that is told on; an empty list says nothing.
pub(super) fn native(object: &Object<'_>, name: &str) -> Option<Ext> {
    let value = object.raw(name).filter(|raw| raw.get() != "[]")?;
    Some(Ext { owner: Owner::OpenAi, key: name.to_owned(), value, required: false })
}

fn choice(choice: &Object<'_>, index: u32, ids: &Ids) -> Choice {
    let message = choice.object("message").unwrap_or_default();
    let (mut parts, mut elsewhere) = parts(&message);
    let first = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    let made = (first..).map(|part| ids.call(index, part));
    for (json, made) in message.items("tool_calls").zip(made) {
        let Some(call) = json.object().and_then(|call| calls::Wire::read(&call)) else { continue };
        parts.push(call.part(made));
    }
    elsewhere.seal_calls(&mut parts);
    if let Some(function) = message.object("function_call") {
        let name = function.string("name").unwrap_or_default();
        let args = Args::parse(&function.text("arguments").unwrap_or_default());
        let call = ToolCall { id: ids.call(index, first), item_id: None, name, args, caller: None };
        parts.push(Part::new(Body::Call(call)));
    }
    let has_calls = parts.iter().any(|part| matches!(part.body, Body::Call(_)));
    let word = choice.string("finish_reason").unwrap_or_default();
    let reason = if word.is_empty() { Reason::Error } else { reason::read(&word, has_calls) };
    Choice { parts, finish: Finish::new(reason, word), logprobs: choice.raw("logprobs") }
}

/// Everything of a message but its calls: reasoning, text, refusal, images; and the seals that are the calls'.
fn parts(message: &Object<'_>) -> (Vec<Part>, Elsewhere) {
    let content = message.get("content").and_then(content::read).unwrap_or_default();
    let details = Details::read(message.items("reasoning_details"));
    let mut parts = details.parts;
    if parts.is_empty() {
        parts = content.reasoning;
    }
    if parts.is_empty() {
        let bare = ["reasoning_content", "reasoning"].iter().find_map(|name| message.string(name));
        let bare = bare.filter(|text| !text.is_empty());
        parts.extend(bare.map(|text| Part::new(Body::Reasoning { text, summary: false })));
    }
    parts.extend(content.parts.into_iter().filter(|part| !matches!(part.body, Body::Native(_))));
    let mut elsewhere = details.elsewhere;
    let mut annotations = message.items("annotations").filter_map(annotation).peekable();
    if annotations.peek().is_some() && !parts.iter().any(|part| part.as_text().is_some()) {
        parts.push(Part::text(""));
    }
    for part in &mut parts {
        if let Body::Text { citations, .. } = &mut part.body {
            citations.extend(annotations.by_ref());
            part.seal = elsewhere.of_text.pop();
        }
    }
    if let Some(refusal) = message.string("refusal").filter(|text| !text.is_empty()) {
        parts.push(Part::new(Body::Refusal(refusal)));
    }
    parts.extend(message.items("images").filter_map(image));
    (parts, elsewhere)
}

/// An image of an answer: `{"type":"image_url","image_url":{"url":"data:..."}}`.
pub(super) fn image(json: Json<'_>) -> Option<Part> {
    let url = json.object()?.object("image_url")?.string("url")?;
    Some(Part::new(Body::Media(Box::new(Media::at_url(MediaKind::Image, &url)))))
}

/// `{"type":"url_citation","url_citation":{...}}`.
pub(super) fn annotation(json: Json<'_>) -> Option<Citation> {
    let page = json.object()?.object("url_citation")?;
    let place = |name| page.count(name).and_then(|place| u32::try_from(place).ok());
    Some(Citation::Url(Box::new(UrlCitation {
        url: page.string("url")?,
        title: page.string("title"),
        start: place("start_index"),
        end: place("end_index"),
        quote: page.string("content"),
        format: Format::openai_chat(),
        raw: json.raw(),
    })))
}
