//! Blocks that speak of tools which are declared elsewhere in the request. Claude Code sends them by itself: what its tool
//! search has found, and which tools came and went. Others than Anthropic are told so in words.
//! <https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-search-tool> (seen 2026-11-22)

use crate::chat::json::{Json, Object};
use crate::chat::{Ext, Owner, Part};
use crate::dialect::anthropic::blocks::WHOLE;

/// A tool that a search has found, in the search's result.
pub(super) fn found(object: &Object<'_>, json: Json<'_>) -> Part {
    let own = Ext { owner: Owner::Anthropic, key: WHOLE.to_owned(), value: json.raw(), required: false };
    Part { ext: vec![own], ..told(object.string("tool_name"), "can be called now") }
}

/// A tool that came or went in the middle of a conversation, in a message of the system.
pub(super) fn changed(object: &Object<'_>, has_come: bool) -> Part {
    let name = object.object("tool").and_then(|tool| tool.string("name"));
    told(name, if has_come { "can be called from now on" } else { "cannot be called any more" })
}

fn told(name: Option<String>, what: &str) -> Part {
    Part::text(name.map(|name| format!("The tool `{name}` {what}.")).unwrap_or_default())
}
