//! A whole answer.

use super::usage::Reported;
use super::{blocks, error};
use crate::chat::json::Object;
use crate::chat::{Body, Choice, Ext, Ids, Owner, Part, Response};
use crate::dialect::{Failure, unreadable};

/// What stands beside the answer and is told on.
pub(super) const NATIVE: [&str; 2] = ["container", "context_management"];

/// Reads the body of a 200.
pub fn decode_response(body: &[u8], ids: &Ids) -> Result<Response, Box<Failure>> {
    let object = Object::parse(body).ok_or_else(|| Box::new(unreadable("it is not a JSON object")))?;
    if object.get("error").is_some() {
        return Err(Box::new(error::inside(&object)));
    }
    let content =
        object.get("content").filter(|_| object.get("usage").is_some() || object.get("stop_reason").is_some());
    let items = content.and_then(|content| content.items()).ok_or_else(|| Box::new(unreadable("no content")))?;
    let mut parts: Vec<Part> = Vec::new();
    for item in items {
        let place = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        parts.extend(blocks::read(item, place, ids));
    }
    let mut ending = blocks::Ending::default();
    ending.add(&object);
    ending.has_calls = parts.iter().any(|part| matches!(part.body, Body::Call(_)));
    parts.extend(ending.explanation().map(|text| Part::new(Body::Refusal(text))));
    let mut reported = Reported::default();
    if let Some(usage) = object.get("usage") {
        reported.add(usage);
    }
    Ok(Response {
        id: object.string("id").unwrap_or_default(),
        model: object.string("model").unwrap_or_default(),
        choices: vec![Choice { parts, finish: ending.finish(), logprobs: None }],
        usage: reported.usage(),
        native: NATIVE.iter().filter_map(|name| native(&object, name)).collect(),
    })
}

/// A member that is told on.
pub(super) fn native(object: &Object<'_>, name: &str) -> Option<Ext> {
    Some(Ext { owner: Owner::Anthropic, key: name.to_owned(), value: object.raw(name)?, required: false })
}
