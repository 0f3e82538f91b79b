//! A call as it stands in `tool_calls`, whole or in pieces.

use std::borrow::Cow;

use crate::chat::json::Object;
use crate::chat::{Args, Body, Format, Part, Raw, Seal, SealKind, ToolCall};

/// One object of `tool_calls`.
#[derive(Debug)]
pub(super) struct Wire<'a> {
    pub index: Option<u64>,
    pub id: Option<String>,
    pub name: Option<String>,
    pub input: Cow<'a, str>,
    pub is_custom: bool,
    pub seal: Option<Seal>,
    pub caller: Option<Raw>,
}

impl<'a> Wire<'a> {
    /// Reads it; `None` where there is neither a function nor a custom tool.
    pub fn read(call: &Object<'a>) -> Option<Wire<'a>> {
        let custom = call.object("custom");
        let is_custom = custom.is_some();
        let inner = custom.or_else(|| call.object("function"))?;
        let said = |name| inner.string(name).filter(|text| !text.is_empty());
        let extra = call.object("extra_content");
        let google = extra.as_ref().and_then(|extra| extra.object("google"));
        let signature = google.and_then(|google| google.string("thought_signature"));
        let input = inner.get(if is_custom { "input" } else { "arguments" });
        Some(Wire {
            index: call.count("index"),
            id: call.string("id").filter(|id| !id.is_empty()),
            name: said("name"),
            // Some servers send the object itself.
            input: input.map(|json| json.text().unwrap_or(Cow::Borrowed(json.get()))).unwrap_or_default(),
            is_custom,
            seal: signature.map(|data| Seal::new(Format::Gemini, SealKind::Encrypted, data)),
            caller: extra.and_then(|extra| extra.object("anthropic")?.raw("caller")),
        })
    }

    /// The call as a part; `made` is its id where it has none.
    pub fn part(self, made: String) -> Part {
        let args = if self.is_custom { Args::Text(self.input.into_owned()) } else { Args::parse(&self.input) };
        let id = self.id.unwrap_or(made);
        let name = self.name.unwrap_or_default();
        Part::new(Body::Call(ToolCall { id, item_id: None, name, args, caller: self.caller })).sealed(self.seal)
    }
}
