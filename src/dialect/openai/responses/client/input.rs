//! The items of a request, as messages.

use super::super::items;
use super::content;
use super::request::{required, rest};
use super::seals::{self, Place};
use crate::chat::json::expect::{self, inner, text, wrong};
use crate::chat::json::{Json, Object};
use crate::chat::{Body, Format, Ids, Link, Message, Native, Owner, Part, Pin, Role, Seal, ToolResult};
use crate::error::Error;

/// Items that the provider made while it ran its own tools: history, of which others need not know.
const RUN: [&str; 14] = [
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "computer_call",
    "local_shell_call",
    "shell_call",
    "apply_patch_call",
    "mcp_call",
    "mcp_list_tools",
    "mcp_approval_request",
    "tool_search_call",
    "tool_search_output",
    "program",
    "program_output",
];

/// Members of a call that are read.
const CALL: [&str; 8] = ["type", "id", "call_id", "name", "arguments", "input", "caller", "status"];

/// Reads a text or a list of items after the messages that are there; ids that exist at one account only go to the pins.
pub(super) fn read(json: Json<'_>, messages: &mut Vec<Message>, pins: &mut Vec<Pin>) -> Result<(), Error> {
    if let Some(text) = json.string() {
        messages.push(Message::new(Role::User, vec![Part::text(text)]));
        return Ok(());
    }
    let mut input = Input { first: messages.len(), messages, pins, places: Vec::new(), next: None };
    for (i, json) in expect::items(json, "input")?.enumerate() {
        let path = format!("input[{i}]");
        let place = input.item(json, &inner(json, &path)?, &path)?;
        input.places.push(place);
    }
    Ok(())
}

struct Input<'r> {
    messages: &'r mut Vec<Message>,
    pins: &'r mut Vec<Pin>,
    /// Messages before this one are no items.
    first: usize,
    /// Where the last part of each item stands: its message and its place there.
    places: Vec<Option<(usize, usize)>>,
    /// What proves the item to come.
    next: Option<Seal>,
}

impl Input<'_> {
    fn item(&mut self, json: Json<'_>, object: &Object<'_>, path: &str) -> Result<Option<(usize, usize)>, Error> {
        let kind = object.text("type");
        let kind = kind.as_deref().unwrap_or(if object.get("role").is_some() { "message" } else { "item_reference" });
        Ok(match kind {
            "message" => self.message(object, path)?,
            "reasoning" => self.reasoning(object),
            "function_call" | "custom_tool_call" => {
                for name in ["call_id", "name"] {
                    text(required(object, name, path, "a text")?, &format!("{path}.{name}"))?;
                }
                let mut part = Part::new(Body::Call(items::call(object, 0, &Ids::default())));
                part.ext = rest(object, &CALL);
                self.assistant(part)
            }
            "function_call_output" | "custom_tool_call_output" => self.result(object, path)?,
            "image_generation_call" => {
                items::read(json, 0, &Ids::default()).pop().and_then(|part| self.assistant(part))
            }
            "item_reference" => {
                let id = text(required(object, "id", path, "a text")?, &format!("{path}.id"))?;
                self.pins.push(Pin { owner: Owner::Responses, field: "input.item_reference", id });
                self.users(json)
            }
            _ if RUN.contains(&kind) => self.assistant(Part::new(Body::Native(items::native(json, object)))),
            _ => self.users(json),
        })
    }

    fn message(&mut self, object: &Object<'_>, path: &str) -> Result<Option<(usize, usize)>, Error> {
        let at = format!("{path}.role");
        let role = text(required(object, "role", path, "a text")?, &at)?;
        let role = match &*role {
            "system" => Role::System,
            "developer" => Role::Developer,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            _ => return Err(wrong(&at, "system, developer, user or assistant")),
        };
        let at = format!("{path}.content");
        let content = required(object, "content", path, "a text or a list")?;
        let mut parts = content::parts(content, &at, self.pins)?;
        if role != Role::Assistant {
            return Ok(self.push(Message::new(role, parts)));
        }
        for part in &mut parts {
            part.ext.extend(rest(object, &["type", "id", "role", "content", "status"]));
        }
        let is_said = |part: &Part| matches!(part.body, Body::Text { .. } | Body::Refusal(_));
        // Two messages in a row stay two.
        if self.speaking().is_none_or(|message| message.parts.last().is_some_and(is_said)) {
            self.push(Message::new(role, Vec::new()));
        }
        Ok(parts.into_iter().fold(None, |_, part| self.assistant(part)))
    }

    fn reasoning(&mut self, object: &Object<'_>) -> Option<(usize, usize)> {
        let (text, is_summary) = items::thoughts(object);
        let (seal, place) = items::seal(object).map(seals::read).unzip();
        match place {
            Some(Place::Next) => self.next = seal,
            Some(Place::Back(count)) => {
                let at = self.places.len().checked_sub(count).and_then(|at| *self.places.get(at)?);
                let part = at.and_then(|(message, part)| self.messages.get_mut(message)?.parts.get_mut(part));
                if let Some(part) = part {
                    part.seal = part.seal.take().or(seal.map(|seal| Seal { id: None, ..seal }));
                }
            }
            Some(Place::Own) | None if text.is_empty() && seal.is_none() => {}
            // What proves no call proves text, of which there may be none.
            Some(Place::Own) if text.is_empty() && seal.as_ref().is_some_and(|seal| seal.format == Format::Gemini) => {
                return self.assistant(Part::text("").sealed(seal.map(|seal| Seal { id: None, ..seal })));
            }
            Some(Place::Own) | None => {
                let is_ours = seal.as_ref().is_none_or(|seal| seal.format == Format::Responses);
                let body = Body::Reasoning { text, summary: is_summary && is_ours };
                return self.assistant(Part::new(body).sealed(seal));
            }
        }
        None
    }

    fn result(&mut self, object: &Object<'_>, path: &str) -> Result<Option<(usize, usize)>, Error> {
        let call_id = text(required(object, "call_id", path, "a text")?, &format!("{path}.call_id"))?;
        let output = required(object, "output", path, "a text or a list")?;
        let parts = content::parts(output, &format!("{path}.output"), self.pins)?;
        let result = ToolResult { call_id, name: object.string("name"), parts, is_error: false };
        Ok(self.push(Message::new(Role::Tool, vec![Part::new(Body::Result(result))])))
    }

    /// What the client made for a tool of the provider's, and what nobody knows: others refuse it.
    fn users(&mut self, json: Json<'_>) -> Option<(usize, usize)> {
        let native = Native { format: Format::Responses, block: json.raw(), link: Link::Alone };
        self.push(Message::new(Role::Tool, vec![Part::new(Body::Native(native))]))
    }

    /// The assistant's message that is going on.
    fn speaking(&mut self) -> Option<&mut Message> {
        let is_item = self.messages.len() > self.first;
        self.messages.last_mut().filter(|message| is_item && message.role == Role::Assistant)
    }

    /// Adds to what the assistant says: items in a row are one message.
    fn assistant(&mut self, mut part: Part) -> Option<(usize, usize)> {
        let proof = self.next.take().map(|seal| Seal { id: None, ..seal });
        part.seal = part.seal.take().or(proof);
        if self.speaking().is_none() {
            self.messages.push(Message::new(Role::Assistant, Vec::new()));
        }
        let message = self.speaking()?;
        message.parts.push(part);
        let part = message.parts.len().checked_sub(1)?;
        Some((self.messages.len().checked_sub(1)?, part))
    }

    fn push(&mut self, message: Message) -> Option<(usize, usize)> {
        let part = message.parts.len().checked_sub(1);
        self.messages.push(message);
        Some((self.messages.len().checked_sub(1)?, part?))
    }
}
