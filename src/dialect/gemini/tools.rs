//! `tools` and `toolConfig` of a request.

use super::model::is_vertex;
use super::schema::fitted;
use crate::chat::json::{ListWriter, ObjectWriter};
use crate::chat::{Owner, Raw, Request, Tool, ToolChoice, ToolKind};
use crate::dialect::{Dropped, Facts};

/// Writes both.
pub(super) fn tools(request: &Request, facts: &Facts<'_>, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    if request.tools.is_empty() {
        return;
    }
    let is_function = |tool: &&Tool| matches!(tool.kind, ToolKind::Function { .. });
    let functions: Vec<&Tool> = request.tools.iter().filter(is_function).collect();
    o.list("tools", |l| {
        if !functions.is_empty() {
            l.object(|o| {
                o.list("functionDeclarations", |l| functions.iter().for_each(|tool| function(tool, dropped, l)));
            });
        }
        for tool in &request.tools {
            if let ToolKind::Builtin { owner: Owner::Google, definition } = &tool.kind {
                builtin(definition, l);
            }
        }
    });
    let retrieval = request.ext.iter().find(|ext| ext.owner == Owner::Google && ext.key == "retrievalConfig");
    let choice = request.tool_choice.as_ref().filter(|_| !functions.is_empty());
    // AI Studio wants to be told that its own tools may run beside functions, and shows then what they did (seen in
    // recorded requests).
    let is_mixed = !functions.is_empty() && functions.len() < request.tools.len() && !is_vertex(facts);
    if choice.is_some() || retrieval.is_some() || is_mixed {
        o.object("toolConfig", |o| {
            if let Some(choice) = choice {
                o.object("functionCallingConfig", |o| self::choice(choice, is_mixed, o));
            }
            o.maybe_raw("retrievalConfig", retrieval.map(|ext| &ext.value));
            o.maybe("includeServerSideToolInvocations", is_mixed.then_some(true));
        });
    }
    dropped.when(request.parallel_tool_calls == Some(false), "parallel_tool_calls");
}

fn function(tool: &Tool, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    let ToolKind::Function { name, description, schema, strict } = &tool.kind else { return };
    dropped.when(*strict == Some(true), "tools.function.strict");
    l.object(|o| {
        o.set("name", name);
        o.set("description", description.as_deref().unwrap_or_default());
        o.raw("parametersJsonSchema", &fitted(schema, true));
        for ext in tool.ext.iter().filter(|ext| ext.owner == Owner::Google) {
            o.raw(&ext.key, &ext.value);
        }
    });
}

/// `{"googleSearch":{...}}` as it came, or `{"type":"google_search",...}` turned into it.
fn builtin(definition: &Raw, l: &mut ListWriter<'_>) {
    let object = definition.json().object().unwrap_or_default();
    let Some(kind) = object.text("type") else { return l.raw(definition) };
    l.object(|o| {
        let rest = object.iter().filter(|(name, _)| *name != "type");
        match object.get(&kind) {
            Some(inner) => o.raw(&camel(&kind), &inner.raw()),
            None => o.object(&camel(&kind), |o| rest.for_each(|(name, json)| o.raw(name, &json.raw()))),
        }
    });
}

fn camel(snake: &str) -> String {
    let mut words = snake.split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

fn choice(choice: &ToolChoice, is_mixed: bool, o: &mut ObjectWriter<'_>) {
    let (mode, names): (_, &[String]) = match choice {
        // Which is then not allowed.
        ToolChoice::Auto if is_mixed => ("VALIDATED", &[]),
        ToolChoice::Auto => ("AUTO", &[]),
        ToolChoice::Required => ("ANY", &[]),
        ToolChoice::None => ("NONE", &[]),
        ToolChoice::Named(name) => ("ANY", std::slice::from_ref(name)),
        ToolChoice::Allowed { names, required: true } => ("ANY", names),
        // Names go with `ANY` and `VALIDATED` only; the latter leaves the model free to answer with text.
        ToolChoice::Allowed { names, required: false } => ("VALIDATED", names),
    };
    o.set("mode", mode);
    if !names.is_empty() {
        o.set("allowedFunctionNames", names);
    }
}
