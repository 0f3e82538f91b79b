//! `system` and `messages` of a request.

use super::blocks::{self, Side};
use super::seals;
use crate::chat::json::expect::{inner, items, text, wrong};
use crate::chat::json::{Json, Object};
use crate::chat::{Body, Message, Part, Pin, Role};
use crate::error::Error;

/// Reads both, the system first; ids of files at one account go to the pins.
pub(super) fn messages(object: &Object<'_>, pins: &mut Vec<Pin>) -> Result<Vec<Message>, Error> {
    let mut read = Vec::new();
    if let Some(system) = object.get("system") {
        read.push(Message::new(Role::System, content(system, "system", Side::System, pins)?));
    }
    let list = object.get("messages").ok_or_else(|| wrong("messages", "a list"))?;
    for (i, json) in items(list, "messages")?.enumerate() {
        let path = format!("messages.{i}");
        let message = inner(json, &path)?;
        let (role_at, content_at) = (format!("{path}.role"), format!("{path}.content"));
        let role = text(message.get("role").ok_or_else(|| wrong(&role_at, "a text"))?, &role_at)?;
        let json = message.get("content").ok_or_else(|| wrong(&content_at, "a text or a list"))?;
        let mut parts = |side| content(json, &content_at, side, pins);
        match &*role {
            "user" => user(parts(Side::User)?, &mut read),
            "assistant" => read.push(Message::new(Role::Assistant, seals::settle(parts(Side::Assistant)?))),
            "system" => read.push(Message::new(Role::System, parts(Side::System)?)),
            _ => return Err(wrong(&role_at, "`user`, `assistant` or `system`")),
        }
    }
    Ok(read)
}

/// A text or a list of blocks.
pub(super) fn content(json: Json<'_>, path: &str, side: Side, pins: &mut Vec<Pin>) -> Result<Vec<Part>, Error> {
    if let Some(text) = json.string() {
        return Ok(Some(text).filter(|text| !text.is_empty()).map(Part::text).into_iter().collect());
    }
    let blocks = json.items().ok_or_else(|| wrong(path, "a text or a list"))?;
    blocks.enumerate().map(|(i, json)| blocks::read(json, &format!("{path}.{i}"), side, pins)).collect()
}

/// What a user says after the results of its tools, which come first in every dialect.
fn user(parts: Vec<Part>, read: &mut Vec<Message>) {
    let (results, said): (Vec<Part>, Vec<Part>) =
        parts.into_iter().partition(|part| matches!(part.body, Body::Result(_)));
    let is_said = !said.is_empty() || results.is_empty();
    read.extend(results.into_iter().map(|result| Message::new(Role::Tool, vec![result])));
    if is_said {
        read.push(Message::new(Role::User, said));
    }
}
