//! Tools, and which of them must be called.

use std::collections::BTreeSet;

use super::request::native;
use crate::chat::json::{ListWriter, ObjectWriter};
use crate::chat::{Owner, Raw, Request, Tool, ToolChoice, ToolKind};
use crate::dialect::Dropped;

/// Writes `tools`, `tool_choice` and `parallel_tool_calls`.
pub(super) fn write(request: &Request, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    if !request.tools.is_empty() {
        o.list("tools", |l| list(&request.tools, dropped, l));
    }
    choice(request, o);
    o.maybe("parallel_tool_calls", request.parallel_tool_calls);
}

/// Writes the tools themselves.
pub(super) fn list(tools: &[Tool], dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    tools.iter().for_each(|tool| self::tool(tool, dropped, l));
}

/// Writes `tool_choice`; that of a built-in tool is said in this API's own terms.
pub(super) fn choice(request: &Request, o: &mut ObjectWriter<'_>) {
    match &request.tool_choice {
        None => o.maybe_raw("tool_choice", native(request, "tool_choice")),
        Some(ToolChoice::Auto) => o.set("tool_choice", "auto"),
        Some(ToolChoice::Required) => o.set("tool_choice", "required"),
        Some(ToolChoice::None) => o.set("tool_choice", "none"),
        Some(ToolChoice::Named(name)) => o.object("tool_choice", |o| named(&request.custom_tools(), name, o)),
        Some(ToolChoice::Allowed { names, required }) => o.object("tool_choice", |o| {
            o.set("type", "allowed_tools");
            o.set("mode", if *required { "required" } else { "auto" });
            let customs = request.custom_tools();
            o.list("tools", |l| names.iter().for_each(|name| l.object(|o| named(&customs, name, o))));
        }),
    }
}

fn named(customs: &BTreeSet<&str>, name: &str, o: &mut ObjectWriter<'_>) {
    o.set("type", if customs.contains(name) { "custom" } else { "function" });
    o.set("name", name);
}

fn tool(tool: &Tool, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    dropped.foreign(&tool.ext, Owner::Responses);
    match &tool.kind {
        ToolKind::Function { name, description, schema, strict } => l.object(|o| {
            o.set("type", "function");
            o.set("name", name);
            o.maybe("description", description.as_deref());
            o.raw("parameters", schema);
            // Left out, it is true here; in every other dialect it is false.
            o.set("strict", strict.unwrap_or(false));
            for ext in tool.ext.iter().filter(|ext| ext.owner == Owner::Responses) {
                o.raw(&ext.key, &ext.value);
            }
        }),
        ToolKind::Custom { name, description, format } => l.object(|o| {
            o.set("type", "custom");
            o.set("name", name);
            o.maybe("description", description.as_deref());
            if let Some(format) = format {
                self::format(format, o);
            }
        }),
        ToolKind::Builtin { owner: Owner::Responses, definition } => l.raw(definition),
        ToolKind::Builtin { .. } => {}
    }
}

/// A grammar stands inside of a member at chat completions, and flat here.
fn format(format: &Raw, o: &mut ObjectWriter<'_>) {
    match format.json().object().and_then(|format| format.object("grammar")) {
        Some(grammar) => o.object("format", |o| {
            o.set("type", "grammar");
            grammar.iter().for_each(|(name, json)| o.raw(name, &json.raw()));
        }),
        None => o.raw("format", format),
    }
}
