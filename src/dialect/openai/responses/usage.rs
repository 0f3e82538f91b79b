//! The `usage` object.

use crate::chat::json::{Json, Object};
use crate::dialect::openai::{hosted, usage};
use crate::meter::Usage;

/// The usage of a response, with the tier that served it and the tools that ran; `None` when there is no count in it.
pub(super) fn read(response: &Object<'_>) -> Option<Usage> {
    let read = usage::usage(response.get("usage")?.get().as_bytes());
    let searches = || response.object("tool_usage")?.object("web_search")?.count("num_requests");
    read.has_counts().then(|| {
        let items = response.items("output").filter_map(Json::object);
        let types: Vec<_> = items.filter_map(|item| item.text("type")).collect();
        let server_tools = hosted::runs(types.iter().map(|kind| &**kind), searches());
        Usage { tier: response.string("service_tier"), server_tools, ..read }
    })
}
