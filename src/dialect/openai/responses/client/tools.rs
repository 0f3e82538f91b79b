//! Tools of a request, and which of them must be called.

use super::request::{native, required, rest};
use crate::chat::json::expect::{inner, items, text, wrong};
use crate::chat::json::{Json, Object, object};
use crate::chat::{Owner, Raw, Request, Tool, ToolChoice, ToolKind};
use crate::error::Error;

pub(super) fn tools(json: Json<'_>) -> Result<Vec<Tool>, Error> {
    items(json, "tools")?.enumerate().map(|(i, json)| tool(json, &format!("tools[{i}]"))).collect()
}

fn tool(json: Json<'_>, path: &str) -> Result<Tool, Error> {
    let tool = inner(json, path)?;
    let kind = text(required(&tool, "type", path, "a text")?, &format!("{path}.type"))?;
    let name = || text(required(&tool, "name", path, "a text")?, &format!("{path}.name"));
    Ok(match &*kind {
        "function" => {
            let schema = tool.raw("parameters").or_else(|| Raw::parse(r#"{"type":"object","properties":{}}"#));
            let mut read = Tool::new(ToolKind::Function {
                name: name()?,
                description: tool.string("description"),
                schema: schema.unwrap_or_else(Raw::empty_object),
                strict: tool.flag("strict"),
            });
            let known = ["type", "name", "description", "parameters", "strict"];
            read.ext = rest(&tool, &known);
            read
        }
        "custom" => Tool::new(ToolKind::Custom {
            name: name()?,
            description: tool.string("description"),
            format: tool.get("format").map(format),
        }),
        _ => Tool::new(ToolKind::Builtin { owner: Owner::Responses, definition: json.raw() }),
    })
}

/// A grammar stands flat here, and inside of a member at chat completions.
fn format(json: Json<'_>) -> Raw {
    let Some(format) = json.object().filter(|format| format.text("type").as_deref() == Some("grammar")) else {
        return json.raw();
    };
    let mut out = Vec::new();
    object(&mut out, |o| {
        o.set("type", "grammar");
        o.object("grammar", |o| {
            format.iter().filter(|(name, _)| *name != "type").for_each(|(name, json)| o.raw(name, &json.raw()));
        });
    });
    std::str::from_utf8(&out).ok().and_then(Raw::parse).unwrap_or_else(|| json.raw())
}

/// The tool of the client's that an entry names.
fn named(object: &Object<'_>) -> Option<String> {
    matches!(object.text("type").as_deref(), Some("function" | "custom")).then(|| object.string("name"))?
}

/// Reads `tool_choice`; a choice of the provider's own tools is of this dialect alone.
pub(super) fn choice(json: Json<'_>, request: &mut Request) -> Result<(), Error> {
    const KEY: &str = "tool_choice";
    if let Some(word) = json.text() {
        request.tool_choice = Some(match &*word {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            "required" => ToolChoice::Required,
            _ => return Err(wrong(KEY, "`auto`, `none`, `required` or an object")),
        });
        return Ok(());
    }
    let object = inner(json, KEY)?;
    let kind = text(required(&object, "type", KEY, "a text")?, "tool_choice.type")?;
    match &*kind {
        "function" | "custom" => {
            let name = text(required(&object, "name", KEY, "a text")?, "tool_choice.name")?;
            request.tool_choice = Some(ToolChoice::Named(name));
        }
        "allowed_tools" => {
            let tools = required(&object, "tools", KEY, "a list")?;
            let names: Vec<Option<String>> =
                items(tools, "tool_choice.tools")?.map(|json| named(&json.object()?)).collect();
            if names.iter().any(Option::is_none) {
                native(request, KEY, json, true);
                return Ok(());
            }
            let required = object.text("mode").as_deref() == Some("required");
            request.tool_choice = Some(ToolChoice::Allowed { names: names.into_iter().flatten().collect(), required });
        }
        _ => native(request, KEY, json, true),
    }
    Ok(())
}
