//! Blocks that only Bedrock understands: built-in tools' calls and results, and what is not known here.

use crate::chat::json::Object;
use crate::chat::{Format, Link, Native, Raw};

/// The members of the service model's content block that may come back in a history.
const RETURNED: [&str; 4] = ["toolUse", "toolResult", "citationsContent", "searchResult"];

/// A block of an answer.
pub(super) fn block(raw: Raw) -> Native {
    let link = link(&raw).unwrap_or(Link::Alone);
    Native { format: Format::Bedrock, block: raw, link }
}

fn link(raw: &Raw) -> Option<Link> {
    let object = raw.json().object()?;
    if let Some(call) = object.object("toolUse") {
        return Some(Link::Call { id: call.string("toolUseId")?, name: call.string("name").unwrap_or_default() });
    }
    Some(Link::Result { call_id: object.object("toolResult")?.string("toolUseId")? })
}

/// Whether a block of a history can go back; what is not known would be a 400 for the whole conversation.
pub(super) fn may_return(native: &Native) -> bool {
    let Some(object) = native.block.json().object() else { return false };
    let is_known = object.iter().all(|(name, json)| RETURNED.contains(&name) && json.object().is_some());
    native.format == Format::Bedrock && is_known && object.iter().count() == 1
}

/// Whether a call is a built-in tool's.
pub(super) fn is_builtin(call: &Object<'_>) -> bool {
    call.text("type").is_some_and(|kind| kind == "server_tool_use")
}
