//! Tools that the provider ran itself: blocks of its format as calls and results of the SDK, and back.
//!
//! | format | call | result |
//! |---|---|---|
//! | Anthropic | `server_tool_use`, `mcp_tool_use` | `*_tool_result`: its `content` |
//! | Bedrock | `toolUse` | `toolResult`: its `content` |
//! | Gemini | `executableCode`, `toolCall` | `codeExecutionResult`, `toolResponse` |
//! | Responses | one item, `web_search_call` | the same item |
//! | | `program` | `program_output` |
//!
//! A call carries its block beside it (`providerMetadata.<namespace>.block`); a result is made again from its value,
//! because the SDK keeps nothing else of it (ai 5.0.277).

use serde_json::{Map, Value, json};

use super::metadata::{format_of, namespace};
use crate::chat::json::Object;
use crate::chat::{Format, Link, Native, Raw};

/// Items of Responses that hold a call and what it gave.
const ITEMS: [&str; 4] = ["web_search", "file_search", "code_interpreter", "mcp"];

/// What a block is to a client.
#[derive(Debug)]
pub(super) enum Shown {
    Call {
        id: String,
        name: String,
        input: String,
    },
    Result {
        id: String,
        value: Raw,
        is_error: bool,
    },
    Both {
        id: String,
        name: String,
        value: Raw,
    },
    /// Its type.
    Other(String),
}

/// What a block is to a client; `None` for one that has no type.
pub(super) fn shown(native: &Native) -> Option<Shown> {
    let block = native.block.json().object()?;
    match &native.link {
        Link::Call { id, name } => {
            let input = inner(&block, &native.format).map_or_else(|| "{}".to_owned(), |raw| raw.get().to_owned());
            Some(Shown::Call { id: id.clone(), name: name.clone(), input })
        }
        Link::Result { call_id } => {
            let (value, is_error) = outcome(&block, &native.format, &native.block)?;
            Some(Shown::Result { id: call_id.clone(), value, is_error })
        }
        Link::Alone => {
            let kind = block.string("type").or_else(|| Some(block.iter().next()?.0.to_owned()))?;
            let name = kind.strip_suffix("_call").filter(|name| ITEMS.contains(name)).map(str::to_owned);
            Some(match (name, block.string("id")) {
                (Some(name), Some(id)) if native.format == Format::Responses => {
                    Shown::Both { id, name, value: native.block.clone() }
                }
                _ => Shown::Other(kind),
            })
        }
    }
}

fn inner(block: &Object<'_>, format: &Format) -> Option<Raw> {
    match format {
        Format::Bedrock => block.object("toolUse")?.raw("input"),
        Format::Gemini => block.raw("executableCode").or_else(|| block.object("toolCall")?.raw("args")),
        _ => block.raw("input"),
    }
}

fn outcome(block: &Object<'_>, format: &Format, whole: &Raw) -> Option<(Raw, bool)> {
    match format {
        Format::Bedrock => {
            let result = block.object("toolResult")?;
            Some((result.raw("content")?, result.text("status").as_deref() == Some("error")))
        }
        Format::Gemini => {
            let raw = block.raw("codeExecutionResult").or_else(|| block.raw("toolResponse"))?;
            Some((raw, false))
        }
        Format::Responses => Some((whole.clone(), false)),
        _ => {
            let content = block.raw("content")?;
            let kind = content.json().object().and_then(|content| content.string("type"));
            let is_error = kind.is_some_and(|kind| kind.ends_with("_error")) || block.flag("is_error") == Some(true);
            Some((content, is_error))
        }
    }
}

/// A call that came back, as its block: what its provider options hold. An item of Responses that holds both comes back as one.
pub(super) fn call(options: &Object<'_>, id: &str, name: &str) -> Option<Native> {
    options.iter().find_map(|(namespace, json)| {
        let (format, block) = (format_of(namespace)?, json.object()?.raw("block")?);
        let is_item = format == Format::Responses && block.json().object()?.get("call_id").is_none();
        let link = if is_item { Link::Alone } else { Link::Call { id: id.to_owned(), name: name.to_owned() } };
        block.get().starts_with('{').then_some(Native { format, block, link })
    })
}

/// A block that came back by itself: the result of an earlier answer's call, or something else.
pub(super) fn block(options: &Object<'_>) -> Option<Native> {
    let native = call(options, "", "")?;
    let object = native.block.json().object()?;
    let inside = object.object("toolResult").and_then(|result| result.string("toolUseId"));
    let call_id = object.string("tool_use_id").or_else(|| object.string("call_id")).or(inside);
    let link = call_id.map_or(Link::Alone, |call_id| Link::Result { call_id });
    Some(Native { link, format: native.format.clone(), block: native.block.clone() })
}

/// A result that came back, as the block that belongs to its call.
pub(super) fn result(call: &Native, value: &Value, is_error: bool) -> Option<Native> {
    let Link::Call { id, name } = &call.link else { return None };
    let shell = call.block.json().object()?;
    let block = match call.format {
        Format::Bedrock => {
            let mut result = Map::new();
            result.insert("toolUseId".to_owned(), json!(id));
            result.insert("content".to_owned(), value.clone());
            result.insert("status".to_owned(), json!(if is_error { "error" } else { "success" }));
            if let Some(kind) = shell.object("toolUse").and_then(|call| call.string("type")) {
                let kind = if kind == "server_tool_use" { format!("{name}_result") } else { kind };
                result.insert("type".to_owned(), json!(kind));
            }
            json!({"toolResult": result})
        }
        Format::Gemini if shell.get("toolCall").is_some() => json!({"toolResponse": value}),
        Format::Gemini => json!({"codeExecutionResult": value}),
        Format::Anthropic => {
            let kind = match &**name {
                _ if shell.text("type").as_deref() == Some("mcp_tool_use") => "mcp_tool_result".to_owned(),
                name if name.starts_with("tool_search_tool") => "tool_search_tool_result".to_owned(),
                name => format!("{name}_tool_result"),
            };
            json!({"type": kind, "tool_use_id": id, "content": value})
        }
        Format::Responses => value.clone(),
        _ => return None,
    };
    Some(Native { format: call.format.clone(), block: Raw::of(&block), link: Link::Result { call_id: id.clone() } })
}

/// What stands beside a block's call.
pub(super) fn beside(native: &Native) -> (&'static str, &'static str, Raw) {
    (namespace(&native.format), "block", native.block.clone())
}
