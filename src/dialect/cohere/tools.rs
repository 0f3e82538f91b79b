//! Tools, and which of them must be called.

use std::collections::BTreeSet;

use crate::chat::json::ObjectWriter;
use crate::chat::{Output, Owner, Raw, Request, Tool, ToolChoice, ToolKind};
use crate::dialect::{Dropped, Unable};

use super::documents;

/// Whether Cohere has tools like these. The form of an answer cannot be set beside tools or documents
/// (<https://docs.cohere.com/docs/structured-outputs>).
pub(super) fn fits(request: &Request) -> Result<(), Unable> {
    let is_custom = |tool: &Tool| matches!(tool.kind, ToolKind::Custom { .. });
    Unable::when(request.tools.iter().any(is_custom), "tools.custom")?;
    let has_native = request.ext.iter().any(|ext| ext.owner == Owner::Cohere && ext.key == "documents");
    let is_grounded = !sent(request).is_empty() || has_native || documents::cited(request).next().is_some();
    Unable::when(request.output != Output::Text && is_grounded && !is_forced(request), "response_format")
}

/// Whether a call is forced.
pub(super) fn is_forced(request: &Request) -> bool {
    use ToolChoice::{Allowed, Named, Required};
    let is_asked = matches!(&request.tool_choice, Some(Required | Named(_) | Allowed { required: true, .. }));
    is_asked && !sent(request).is_empty()
}

/// The tools that the model may see: Cohere has no way to name one, so the others are not shown.
fn sent(request: &Request) -> Vec<&Tool> {
    let named = |wanted: &dyn Fn(&str) -> bool| {
        let is_wanted = |tool: &&Tool| matches!(&tool.kind, ToolKind::Function { name, .. } if wanted(name));
        request.tools.iter().filter(is_wanted).collect()
    };
    match &request.tool_choice {
        Some(ToolChoice::Named(one)) => named(&|name| name == one),
        Some(ToolChoice::Allowed { names, .. }) => {
            let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
            named(&|name| names.contains(name))
        }
        // With none to call, none has to be there, and the form of the answer can be set.
        Some(ToolChoice::None) if request.output != Output::Text => Vec::new(),
        _ => named(&|_| true),
    }
}

/// Writes `tools`, `strict_tools` and `tool_choice`.
pub(super) fn write(request: &Request, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    dropped.when(request.parallel_tool_calls == Some(false), "parallel_tool_calls");
    let sent = sent(request);
    if sent.is_empty() {
        return;
    }
    let is_strict = |tool: &&Tool| matches!(&tool.kind, ToolKind::Function { strict: Some(true), .. });
    o.list("tools", |l| {
        for tool in &sent {
            let ToolKind::Function { name, description, schema, .. } = &tool.kind else { continue };
            l.object(|o| {
                o.set("type", "function");
                o.object("function", |o| {
                    o.set("name", name);
                    o.maybe("description", description.as_deref());
                    o.raw("parameters", schema);
                });
            });
            dropped.foreign(&tool.ext, Owner::Cohere);
        }
    });
    // It holds for all of them, and each must require something (the same page).
    let can_be = |tool: &&Tool| matches!(&tool.kind, ToolKind::Function { schema, .. } if requires(schema));
    if sent.iter().all(is_strict) && sent.iter().all(can_be) {
        o.set("strict_tools", true);
    } else {
        dropped.when(sent.iter().any(is_strict), "tools.strict");
    }
    if is_forced(request) {
        o.set("tool_choice", "REQUIRED");
    } else if request.tool_choice == Some(ToolChoice::None) {
        o.set("tool_choice", "NONE");
    }
}

fn requires(schema: &Raw) -> bool {
    schema.json().object().is_some_and(|schema| schema.items("required").next().is_some())
}
