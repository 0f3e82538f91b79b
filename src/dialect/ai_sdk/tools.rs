//! Tools of a request, and which of them must be called.

use super::names::named;
use super::options::{cache, own, snake, snake_deep};
use crate::chat::json::expect::{inner, items, text, wrong};
use crate::chat::json::{Json, Object};
use crate::chat::{Ext, Owner, Raw, Tool, ToolChoice, ToolKind};
use crate::error::Error;
use serde_json::{Map, Value, json};

pub(super) fn tools(json: Json<'_>) -> Result<Vec<Tool>, Error> {
    items(json, "tools")?.enumerate().map(|(i, json)| tool(json, &format!("tools[{i}]"))).collect()
}

fn tool(json: Json<'_>, path: &str) -> Result<Tool, Error> {
    let object = inner(json, path)?;
    let at = format!("{path}.name");
    let name = text(object.get("name").ok_or_else(|| wrong(&at, "a text"))?, &at)?;
    match object.text("type").as_deref() {
        Some("function") => Ok(function(&object, name)),
        Some("provider" | "provider-defined") => {
            let at = format!("{path}.id");
            let id = text(object.get("id").ok_or_else(|| wrong(&at, "a text"))?, &at)?;
            let args = object.get("args").map(Json::value);
            builtin(&id, &name, args.unwrap_or_default()).ok_or_else(|| unknown(&id))
        }
        _ => Err(wrong(&format!("{path}.type"), "`function` or `provider`")),
    }
}

fn function(object: &Object<'_>, name: String) -> Tool {
    let options = object.object("providerOptions").unwrap_or_default();
    let mut ext: Vec<Ext> = own(&options, "anthropic").filter(|ext| ext.key != "cache_control").collect();
    let examples: Vec<Value> =
        object.items("inputExamples").filter_map(|json| Some(json.object()?.get("input")?.value())).collect();
    if !examples.is_empty() {
        let value = Raw::of(&Value::Array(examples));
        ext.push(Ext { owner: Owner::Anthropic, key: "input_examples".to_owned(), value, required: false });
    }
    let schema = object.raw("inputSchema").or_else(|| Raw::parse(r#"{"type":"object","properties":{}}"#));
    let kind = ToolKind::Function {
        name,
        description: object.string("description"),
        schema: schema.unwrap_or_else(Raw::empty_object),
        strict: object.flag("strict"),
    };
    Tool { kind, cache: cache(&options), ext }
}

/// A tool whose definition its owner has: `anthropic.web_search_20250305`.
fn builtin(id: &str, name: &str, args: Value) -> Option<Tool> {
    let (provider, kind) = id.split_once('.')?;
    let args = if let Value::Object(args) = args { args } else { Map::new() };
    let owner = match provider {
        "anthropic" => Owner::Anthropic,
        "openai" | "azure" | "xai" => Owner::Responses,
        "google" | "vertex" => Owner::Google,
        "groq" => Owner::OpenAi,
        _ => return None,
    };
    if id == "openai.custom" {
        let word = |key: &str| args.get(key).and_then(Value::as_str).map(str::to_owned);
        let format = args.get("format").map(Raw::of);
        return Some(Tool::new(ToolKind::Custom { name: name.to_owned(), description: word("description"), format }));
    }
    let mut definition = Map::from_iter([("type".to_owned(), json!(kind))]);
    let args = args.into_iter().filter(|(_, value)| !value.is_null());
    definition.extend(args.map(|(key, value)| match owner {
        Owner::Google => (key, value),
        _ => (snake(&key), snake_deep(value)),
    }));
    match owner {
        Owner::Anthropic => anthropic(kind, &mut definition),
        Owner::Responses => responses(kind, &mut definition),
        _ => {}
    }
    Some(named(owner, Raw::of(&Value::Object(definition)), name))
}

/// Anthropic gives every tool a fixed name beside its dated type.
fn anthropic(kind: &str, definition: &mut Map<String, Value>) {
    let plain = kind.rsplit_once('_').map_or(kind, |(name, _)| name);
    let name = match (plain, kind) {
        ("text_editor", "text_editor_20241022" | "text_editor_20250124") => "str_replace_editor",
        ("text_editor", _) => "str_replace_based_edit_tool",
        ("tool_search_regex", _) => "tool_search_tool_regex",
        ("tool_search_bm25", _) => "tool_search_tool_bm25",
        _ => plain,
    };
    definition.insert("name".to_owned(), json!(name));
    if let Some(search) = kind.strip_prefix("tool_search_") {
        definition.insert("type".to_owned(), json!(format!("tool_search_tool_{search}")));
    }
}

fn responses(kind: &str, definition: &mut Map<String, Value>) {
    if kind == "file_search"
        && let Some(ranking) = definition.remove("ranking")
    {
        definition.insert("ranking_options".to_owned(), ranking);
    }
    if kind == "code_interpreter" {
        let container = match definition.remove("container") {
            Some(Value::String(id)) => Value::String(id),
            Some(Value::Object(mut files)) => {
                files.insert("type".to_owned(), json!("auto"));
                Value::Object(files)
            }
            _ => json!({"type": "auto"}),
        };
        definition.insert("container".to_owned(), container);
    }
}

/// The SDK's service runs some tools itself; others are of a provider whose definition is not known here.
fn unknown(id: &str) -> Error {
    let message = format!("The tool `{}` is not served here.", crate::error::printable(id));
    Error::unsupported_parameter("tools", message)
}

/// `toolChoice`.
pub(super) fn choice(json: Json<'_>) -> Result<ToolChoice, Error> {
    const KEY: &str = "toolChoice";
    let object = inner(json, KEY)?;
    match object.text("type").as_deref() {
        Some("auto") => Ok(ToolChoice::Auto),
        Some("none") => Ok(ToolChoice::None),
        Some("required") => Ok(ToolChoice::Required),
        Some("tool") => {
            let name = object.string("toolName");
            name.map(ToolChoice::Named).ok_or_else(|| wrong("toolChoice.toolName", "a text"))
        }
        _ => Err(wrong("toolChoice.type", "`auto`, `none`, `required` or `tool`")),
    }
}
