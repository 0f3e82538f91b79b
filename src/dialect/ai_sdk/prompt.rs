//! The conversation of a request.

use std::collections::BTreeMap;

use super::names::Names;
use super::options::cache;
use super::{file, metadata, native};
use crate::chat::json::expect::{inner, items, text, wrong};
use crate::chat::json::{Json, Object};
use crate::chat::{
    Args, Body, Format, Media, Message, Native, Part, Pin, Raw, Request, Role, Source, ToolCall, ToolResult,
};
use crate::error::Error;

/// Reads the list into a request; ids of files at one account go to its pins.
pub(super) fn read(json: Json<'_>, names: &Names, request: &mut Request) -> Result<(), Error> {
    let mut prompt = Prompt { names, customs: Vec::new(), natives: BTreeMap::new(), lost: false };
    prompt.customs = request.custom_tools().into_iter().map(str::to_owned).collect();
    let mut messages = Vec::new();
    for (i, json) in items(json, "prompt")?.enumerate() {
        prompt.message(json, &format!("prompt[{i}]"), &mut messages)?;
    }
    for part in messages.iter().flat_map(|message: &Message| crate::dialect::parts(&message.parts)) {
        if let Body::Media(media) = &part.body
            && let Source::FileId { owner, id } = &media.source
        {
            request.pins.push(Pin { owner: *owner, field: "messages.content.file_id", id: id.clone() });
        }
    }
    if prompt.lost {
        request.unmet.push("blocks");
    }
    request.messages = messages;
    Ok(())
}

struct Prompt<'n> {
    names: &'n Names,
    /// Names of the tools that take free text.
    customs: Vec<String>,
    /// What the provider called itself, by its id; `None` where nothing says what it was.
    natives: BTreeMap<String, Option<Native>>,
    /// Such a call went.
    lost: bool,
}

impl Prompt<'_> {
    fn message(&mut self, json: Json<'_>, path: &str, out: &mut Vec<Message>) -> Result<(), Error> {
        let object = inner(json, path)?;
        let at = format!("{path}.role");
        let role = text(object.get("role").ok_or_else(|| wrong(&at, "a text"))?, &at)?;
        let role = match &*role {
            "system" => Role::System,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "tool" => Role::Tool,
            _ => return Err(wrong(&at, "system, user, assistant or tool")),
        };
        let at = format!("{path}.content");
        let content = object.get("content").ok_or_else(|| wrong(&at, "a text or a list"))?;
        let cache = cache(&object.object("providerOptions").unwrap_or_default());
        let (mut parts, mut results) = (Vec::new(), Vec::new());
        match content.string() {
            Some(text) => parts.push(Part::text(text)),
            None => {
                for (i, json) in items(content, &at)?.enumerate() {
                    self.part(json, role, &format!("{at}[{i}]"), &mut parts, &mut results)?;
                }
            }
        }
        if role != Role::Tool && (results.is_empty() || !parts.is_empty()) {
            out.push(Message { cache: cache.clone(), ..Message::new(role, parts) });
        }
        let last = results.len();
        // One message for each result, the hint after the last.
        out.extend(results.into_iter().zip(1..).map(|(result, number)| Message {
            cache: cache.clone().filter(|_| role == Role::Tool && number == last),
            ..Message::new(Role::Tool, vec![result])
        }));
        Ok(())
    }

    fn part(
        &mut self,
        json: Json<'_>,
        role: Role,
        path: &str,
        parts: &mut Vec<Part>,
        results: &mut Vec<Part>,
    ) -> Result<(), Error> {
        let object = inner(json, path)?;
        let options = object.object("providerOptions").unwrap_or_default();
        let needed = |name: &str| {
            let at = format!("{path}.{name}");
            text(object.get(name).ok_or_else(|| wrong(&at, "a text"))?, &at)
        };
        let dress = |body: Body| Part { cache: cache(&options), ..Part::new(body).sealed(metadata::seal(&options)) };
        match (object.text("type").as_deref(), role) {
            (Some("text"), _) => parts.push(dress(Part::text(needed("text")?).body)),
            (Some("file"), Role::User | Role::Assistant) => {
                let media = file::read(&object, &options).ok_or_else(|| wrong(&format!("{path}.data"), "a file"))?;
                parts.push(dress(Body::Media(Box::new(media))));
            }
            (Some("reasoning"), Role::Assistant) => reasoning(needed("text")?, &options, parts),
            (Some("tool-call"), Role::Assistant) => {
                let (id, name) = (needed("toolCallId")?, needed("toolName")?);
                let name = self.names.native(&name).to_owned();
                if object.flag("providerExecuted") == Some(true) {
                    self.native(&options, id, &name, parts);
                } else {
                    let args = self.args(&name, object.get("input"));
                    let caller = options.object("anthropic").and_then(|anthropic| anthropic.raw("caller"));
                    parts.push(dress(Body::Call(ToolCall { id, item_id: None, name, args, caller })));
                }
            }
            (Some("tool-result"), Role::Assistant | Role::Tool) => {
                let id = needed("toolCallId")?;
                let output = object.object("output").unwrap_or_default();
                match self.natives.get(&id) {
                    Some(known) => parts.extend(known.as_ref().and_then(|call| {
                        let value = output.get("value").map(Json::value)?;
                        let block = native::result(call, &value, is_error(&output))?;
                        Some(Part::new(Body::Native(block)))
                    })),
                    None => {
                        let name = self.names.native(&needed("toolName")?).to_owned();
                        let (parts, is_error) = (content(&output), is_error(&output));
                        let result = ToolResult { call_id: id, name: Some(name), parts, is_error };
                        results.push(Part { cache: cache(&options), ..Part::new(Body::Result(result)) });
                    }
                }
            }
            // A block of one provider alone.
            (Some("custom"), Role::Assistant) => match native::block(&options) {
                Some(block) => parts.push(Part::new(Body::Native(block))),
                None => self.lost = true,
            },
            // What an earlier answer held beside its text, and approvals, of which the result tells.
            (_, Role::Assistant | Role::Tool) => {}
            _ => return Err(wrong(&format!("{path}.type"), "`text` or `file`")),
        }
        Ok(())
    }

    fn native(&mut self, options: &Object<'_>, id: String, name: &str, parts: &mut Vec<Part>) {
        let block = native::call(options, &id, name);
        self.lost |= block.is_none();
        parts.extend(block.clone().map(|block| Part::new(Body::Native(block))));
        self.natives.insert(id, block);
    }

    /// The SDK keeps what it could not read as a text.
    fn args(&self, name: &str, input: Option<Json<'_>>) -> Args {
        match input.map(|json| (json, json.string())) {
            None => Args::parse(""),
            Some((_, Some(text))) if self.customs.iter().any(|custom| custom == name) => Args::Text(text),
            Some((_, Some(text))) => Args::parse(&text),
            Some((json, None)) => Args::Json(json.raw()),
        }
    }
}

/// Parts of one item of Responses are one here: their seal is sent once.
fn reasoning(text: String, options: &Object<'_>, parts: &mut Vec<Part>) {
    let seal = metadata::seal(options);
    if let Some(seal) = seal.as_ref().filter(|seal| seal.format == Format::Responses && seal.id.is_some())
        && let Some(Part { body: Body::Reasoning { text: before, .. }, seal: Some(known), .. }) = parts.last_mut()
        && known.id == seal.id
    {
        before.push_str("\n\n");
        before.push_str(&text);
        return;
    }
    let summary = seal.as_ref().is_some_and(|seal| seal.format == Format::Responses);
    parts.push(Part::new(Body::Reasoning { text, summary }).sealed(seal));
}

fn is_error(output: &Object<'_>) -> bool {
    output.text("type").is_some_and(|kind| kind.starts_with("error-"))
}

/// What a tool gave.
fn content(output: &Object<'_>) -> Vec<Part> {
    let text = |json: Json<'_>| json.string().unwrap_or_else(|| json.get().to_owned());
    match output.text("type").as_deref() {
        Some("content") => output.items("value").filter_map(item).collect(),
        Some("execution-denied") => {
            vec![Part::text(output.string("reason").unwrap_or_else(|| "Tool execution denied.".to_owned()))]
        }
        Some("json" | "error-json") => {
            vec![Part::text(output.raw("value").map_or_else(|| "null".to_owned(), |raw: Raw| raw.get().to_owned()))]
        }
        _ => output.get("value").map(text).map(Part::text).into_iter().collect(),
    }
}

fn item(json: Json<'_>) -> Option<Part> {
    let object = json.object()?;
    let options = object.object("providerOptions").unwrap_or_default();
    let body = match &*object.text("type")? {
        "text" => Part::text(object.string("text")?).body,
        "custom" => return None,
        _ => {
            let media: Media = file::read_result(&object)?;
            Body::Media(Box::new(media))
        }
    };
    Some(Part { cache: cache(&options), ..Part::new(body) })
}
