//! Tools of a request, and which of them must be called.

use super::request::{inner, items, text, wrong};
use crate::chat::json::{Json, Object};
use crate::chat::{Cache, Owner, Raw, Tool, ToolChoice, ToolKind};
use crate::dialect::openai::chat::content;
use crate::error::Error;

pub(super) fn tools(json: Json<'_>) -> Result<Vec<Tool>, Error> {
    items(json, "tools")?.enumerate().map(|(i, json)| tool(json, &format!("tools[{i}]"))).collect()
}

fn tool(json: Json<'_>, path: &str) -> Result<Tool, Error> {
    let object = inner(json, path)?;
    let kind = object.text("type").unwrap_or_default();
    let built_in = || Tool::new(ToolKind::Builtin { owner: owner(&kind, &object), definition: json.raw() });
    let mut tool = match &*kind {
        "function" => {
            let function = object.object("function").ok_or_else(|| wrong(&format!("{path}.function"), "an object"))?;
            let mut tool = Tool::new(self::function(&function, &format!("{path}.function"))?);
            tool.cache = Cache::of(&function);
            tool.ext = content::rest(&function, &["name", "description", "parameters", "strict", "cache_control"]);
            tool
        }
        "custom" => {
            let Some(custom) = object.object("custom") else { return Ok(built_in()) };
            let path = format!("{path}.custom.name");
            Tool::new(ToolKind::Custom {
                name: text(custom.get("name").ok_or_else(|| wrong(&path, "a text"))?, &path)?,
                description: custom.string("description"),
                format: custom.raw("format"),
            })
        }
        _ => return Ok(built_in()),
    };
    tool.cache = tool.cache.or_else(|| Cache::of(&object));
    Ok(tool)
}

fn function(function: &Object<'_>, path: &str) -> Result<ToolKind, Error> {
    let name = format!("{path}.name");
    let schema = function.raw("parameters");
    Ok(ToolKind::Function {
        name: text(function.get("name").ok_or_else(|| wrong(&name, "a text"))?, &name)?,
        description: function.string("description"),
        schema: schema.or_else(|| Raw::parse(r#"{"type":"object","properties":{}}"#)).unwrap_or_else(Raw::empty_object),
        strict: function.flag("strict"),
    })
}

/// The legacy list.
pub(super) fn functions(json: Json<'_>) -> Result<Vec<Tool>, Error> {
    let tool = |(i, json)| {
        let path = format!("functions[{i}]");
        Ok(Tool::new(function(&inner(json, &path)?, &path)?))
    };
    items(json, "functions")?.enumerate().map(tool).collect()
}

/// Whose built-in tool it is: Anthropic's types end in a date, Google's and Bedrock's stand alone as a member.
fn owner(kind: &str, object: &Object<'_>) -> Owner {
    const RESPONSES: [&str; 9] = [
        "web_search",
        "web_search_preview",
        "file_search",
        "code_interpreter",
        "image_generation",
        "mcp",
        "computer_use_preview",
        "local_shell",
        "shell",
    ];
    const GOOGLE: [&str; 8] = [
        "google_search",
        "googleSearch",
        "google_search_retrieval",
        "googleSearchRetrieval",
        "code_execution",
        "codeExecution",
        "url_context",
        "urlContext",
    ];
    let is_dated = kind
        .rsplit_once('_')
        .is_some_and(|(name, date)| !name.is_empty() && date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()));
    if is_dated || kind == "mcp_toolset" {
        Owner::Anthropic
    } else if GOOGLE.iter().any(|name| *name == kind || (kind.is_empty() && object.get(name).is_some())) {
        Owner::Google
    } else if kind.is_empty() && object.get("systemTool").is_some() {
        Owner::Bedrock
    } else if RESPONSES.contains(&kind) {
        Owner::Responses
    } else {
        Owner::OpenAi
    }
}

/// `tool_choice`.
pub(super) fn choice(json: Json<'_>) -> Result<ToolChoice, Error> {
    const KEY: &str = "tool_choice";
    if let Some(word) = json.text() {
        return match &*word {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            // Mistral's word.
            "required" | "any" => Ok(ToolChoice::Required),
            _ => Err(wrong(KEY, "`auto`, `none`, `required` or an object")),
        };
    }
    let object = inner(json, KEY)?;
    let named = |name: &str| object.object(name).and_then(|inner| inner.string("name"));
    if let Some(name) = named("function").or_else(|| named("custom")) {
        return Ok(ToolChoice::Named(name));
    }
    let allowed = object.object("allowed_tools").ok_or_else(|| wrong(KEY, "a function, or `allowed_tools`,"))?;
    let name = |json: Json<'_>| {
        let tool = json.object()?;
        ["function", "custom"].iter().find_map(|kind| tool.object(kind)?.string("name"))
    };
    Ok(ToolChoice::Allowed {
        names: allowed.items("tools").filter_map(name).collect(),
        required: allowed.text("mode").as_deref() == Some("required"),
    })
}

/// `function_call`.
pub(super) fn legacy_choice(json: Json<'_>) -> Result<ToolChoice, Error> {
    match json.object() {
        Some(object) => {
            object.string("name").map(ToolChoice::Named).ok_or_else(|| wrong("function_call.name", "a text"))
        }
        None => choice(json),
    }
}
