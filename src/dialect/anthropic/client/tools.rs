//! Tools of a request, and which of them must be called.

use crate::chat::json::Json;
use crate::chat::json::expect::{flag, inner, items, text, wrong};
use crate::chat::{Cache, Ext, Owner, Request, Tool, ToolChoice, ToolKind};
use crate::error::Error;

/// `tools`.
pub(super) fn tools(json: Json<'_>) -> Result<Vec<Tool>, Error> {
    items(json, "tools")?.enumerate().map(|(i, json)| tool(json, &format!("tools.{i}"))).collect()
}

/// A tool of the client's own has no type, or `custom`; any other type is Anthropic's, whoever runs it.
fn tool(json: Json<'_>, path: &str) -> Result<Tool, Error> {
    let object = inner(json, path)?;
    let kind = object.get("type").map(|kind| text(kind, &format!("{path}.type"))).transpose()?;
    if kind.is_some_and(|kind| kind != "custom") {
        return Ok(Tool::new(ToolKind::Builtin { owner: Owner::Anthropic, definition: json.raw() }));
    }
    let member = |name: &str, expected| {
        let path = format!("{path}.{name}");
        object.get(name).ok_or_else(|| wrong(&path, expected)).map(|json| (json, path))
    };
    let (name, name_at) = member("name", "a text")?;
    let (schema, schema_at) = member("input_schema", "an object")?;
    inner(schema, &schema_at)?;
    let mut tool = Tool::new(ToolKind::Function {
        name: text(name, &name_at)?,
        description: object.string("description"),
        schema: schema.raw(),
        strict: object.get("strict").map(|json| flag(json, &format!("{path}.strict"))).transpose()?,
    });
    tool.cache = Cache::of(&object);
    let known = ["type", "name", "description", "input_schema", "strict", "cache_control"];
    tool.ext = Ext::rest(&object, Owner::Anthropic, &known);
    Ok(tool)
}

/// `tool_choice`, and whether one turn may hold several calls.
pub(super) fn choice(json: Json<'_>, request: &mut Request) -> Result<(), Error> {
    const KEY: &str = "tool_choice";
    let object = inner(json, KEY)?;
    request.tool_choice = Some(match object.text("type").as_deref() {
        Some("auto") => ToolChoice::Auto,
        Some("any") => ToolChoice::Required,
        Some("none") => ToolChoice::None,
        Some("tool") => {
            let path = "tool_choice.name";
            ToolChoice::Named(text(object.get("name").ok_or_else(|| wrong(path, "a text"))?, path)?)
        }
        _ => return Err(wrong("tool_choice.type", "`auto`, `any`, `tool` or `none`")),
    });
    if let Some(is_single) = object.get("disable_parallel_tool_use") {
        let is_single = flag(is_single, "tool_choice.disable_parallel_tool_use")?;
        request.parallel_tool_calls = is_single.then_some(false);
    }
    Ok(())
}
