//! A whole answer.

use super::{items, usage};
use crate::chat::json::{Json, Object, object};
use crate::chat::{Body, Choice, Ext, Finish, Ids, Owner, Part, Raw, Reason, Response};
use crate::dialect::openai::{StreamError, stream_failure};
use crate::dialect::{Failure, unreadable};

/// Members that are told on, in `provider_specific_fields`.
const NATIVE: [&str; 2] = ["content_filters", "moderation"];

/// Reads the body of a 200.
pub fn decode_response(body: &[u8], ids: &Ids) -> Result<Response, Box<Failure>> {
    let object = Object::parse(body).ok_or_else(|| Box::new(unreadable("no JSON object")))?;
    if let Some(error) = object.get("error").and_then(|error| StreamError::of_value(error.get())) {
        return Err(Box::new(stream_failure(&error, None)));
    }
    let status = object.string("status").unwrap_or_default();
    if matches!(&*status, "failed" | "cancelled") {
        return Err(Box::new(stream_failure(&StreamError::default(), None)));
    }
    if object.get("output").is_none() {
        return Err(Box::new(unreadable("no output")));
    }
    let mut parts: Vec<Part> = Vec::new();
    for item in object.items("output") {
        let place = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        parts.append(&mut items::read(item, place, ids));
    }
    let has_calls = parts.iter().any(|part| matches!(part.body, Body::Call(_)));
    let choice = Choice { parts, finish: finish(&object, has_calls), logprobs: logprobs(&object) };
    Ok(Response {
        id: object.string("id").unwrap_or_default(),
        model: object.string("model").unwrap_or_default(),
        choices: vec![choice],
        usage: usage::read(&object),
        native: natives(&object),
    })
}

/// Why it ends: the status, or what it is incomplete for.
pub(super) fn finish(response: &Object<'_>, has_calls: bool) -> Finish {
    let status = response.string("status").unwrap_or_default();
    let detail = response.object("incomplete_details").and_then(|details| details.string("reason"));
    match (&*status, detail) {
        (_, Some(word)) => {
            let reason = match &*word {
                "max_output_tokens" | "max_tokens" => Reason::Length,
                "content_filter" => Reason::Filter,
                _ => Reason::Error,
            };
            Finish::new(reason, word)
        }
        ("incomplete", None) => Finish::new(Reason::Length, status),
        _ if has_calls => Finish::new(Reason::Calls, status),
        _ => Finish::new(Reason::Stop, status),
    }
}

/// What is told on beside the output; an empty list says nothing.
pub(super) fn natives(response: &Object<'_>) -> Vec<Ext> {
    let told = NATIVE.iter().filter_map(|name| {
        let value = response.raw(name).filter(|raw| raw.get() != "[]")?;
        Some(Ext { owner: Owner::Responses, key: (*name).to_owned(), value, required: false })
    });
    told.collect()
}

fn logprobs(response: &Object<'_>) -> Option<Raw> {
    let messages = response.items("output").filter_map(Json::object);
    let contents = messages.flat_map(|message| message.items("content").filter_map(Json::object));
    listed(contents.flat_map(|content| content.items("logprobs")))
}

/// Entries in OpenAI's shape; `None` where there is none.
pub(super) fn listed<'a>(entries: impl Iterator<Item = Json<'a>>) -> Option<Raw> {
    let mut entries = entries.peekable();
    entries.peek()?;
    let mut out = Vec::new();
    object(&mut out, |o| o.list("content", |l| entries.for_each(|entry| l.raw(&entry.raw()))));
    Raw::parse(std::str::from_utf8(&out).ok()?)
}
