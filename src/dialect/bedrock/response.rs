//! A whole answer.

use super::{blocks, usage};
use crate::chat::json::Object;
use crate::chat::{Body, Choice, Ext, Ids, Owner, Part, Response};
use crate::dialect::{Failure, unreadable};

/// Members that are told on, in `provider_specific_fields`.
pub(super) const NATIVE: [&str; 3] = ["trace", "performanceConfig", "additionalModelResponseFields"];

/// Reads the body of a 200.
pub fn decode_response(body: &[u8], ids: &Ids) -> Result<Response, Box<Failure>> {
    let object = Object::parse(body).ok_or_else(|| Box::new(unreadable("no JSON object")))?;
    let message = object.object("output").and_then(|output| output.object("message"));
    let message = message.ok_or_else(|| Box::new(unreadable("no message")))?;
    let blocks = message.items("content").zip(0..);
    let parts: Vec<Part> = blocks.filter_map(|(json, number)| blocks::read(json, number, ids)).collect();
    let has_calls = parts.iter().any(|part| matches!(part.body, Body::Call(_)));
    let fields = object.object("additionalModelResponseFields");
    let finish = blocks::finish(object.string("stopReason").unwrap_or_default(), has_calls, fields.as_ref());
    Ok(Response {
        id: String::new(),
        model: String::new(),
        choices: vec![Choice { parts, finish, logprobs: None }],
        usage: usage::read(&object),
        native: NATIVE.iter().filter_map(|name| native(&object, name)).collect(),
    })
}

/// A member that is told on.
pub(super) fn native(object: &Object<'_>, name: &str) -> Option<Ext> {
    let value = object.raw(name)?;
    Some(Ext { owner: Owner::Bedrock, key: name.to_owned(), value, required: false })
}
