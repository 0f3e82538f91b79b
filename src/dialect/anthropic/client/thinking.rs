//! `thinking`, `output_config` and `output_format`: how much the model thinks, and the form of its answer.

use super::request::ours;
use crate::chat::json::expect::{inner, small, text, wrong};
use crate::chat::json::{Json, Object};
use crate::chat::{Output, Raw, Reasoning, Request};
use crate::error::Error;

/// Reads all three.
pub(super) fn read(object: &Object<'_>, request: &mut Request) -> Result<(), Error> {
    if let Some(json) = object.get("thinking") {
        thinking(json, request)?;
    }
    // The older name of `output_config.format`.
    if let Some(json) = object.get("output_format") {
        request.output = format(json, "output_format")?;
    }
    let Some(json) = object.get("output_config") else { return Ok(()) };
    let config = inner(json, "output_config")?;
    if let Some(json) = config.get("format") {
        request.output = format(json, "output_config.format")?;
    }
    let effort = config.get("effort").map(|json| text(json, "output_config.effort")).transpose()?;
    let is_off = request.reasoning.as_ref().is_some_and(Reasoning::is_off);
    // An effort without thinking has no other place.
    if (is_off && effort.is_some()) || config.iter().any(|(key, _)| !["format", "effort"].contains(&key)) {
        request.ext.push(ours("output_config", json, false));
    }
    if let Some(effort) = effort.filter(|_| !is_off) {
        request.reasoning.get_or_insert_default().effort = Some(effort);
    }
    Ok(())
}

/// Ways of thinking that are not known are for Anthropic alone.
fn thinking(json: Json<'_>, request: &mut Request) -> Result<(), Error> {
    let object = inner(json, "thinking")?;
    let exclude = object.text("display").as_deref() == Some("omitted");
    let on = Reasoning { enabled: Some(true), exclude, ..Reasoning::default() };
    request.reasoning = Some(match object.text("type").as_deref() {
        Some("enabled") => {
            let path = "thinking.budget_tokens";
            let budget = small(object.get("budget_tokens").ok_or_else(|| wrong(path, "a count"))?, path)?;
            Reasoning { budget: Some(budget), ..on }
        }
        Some("adaptive") => on,
        Some("disabled") => Reasoning { enabled: Some(false), ..Reasoning::default() },
        Some(_) => {
            request.ext.push(ours("thinking", json, false));
            return Ok(());
        }
        None => return Err(wrong("thinking.type", "a text")),
    });
    Ok(())
}

/// The schema is told without OpenAI's `strict`, which refuses schemas that Anthropic takes.
fn format(json: Json<'_>, path: &str) -> Result<Output, Error> {
    let format = inner(json, path)?;
    if format.text("type").as_deref() != Some("json_schema") {
        return Err(wrong(&format!("{path}.type"), "`json_schema`"));
    }
    let schema = inner(format.get("schema").ok_or_else(|| wrong(&format!("{path}.schema"), "an object"))?, path);
    schema.map_err(|_| wrong(&format!("{path}.schema"), "an object"))?;
    Ok(Output::Schema {
        name: format.string("name").unwrap_or_else(|| "answer".to_owned()),
        description: None,
        schema: format.raw("schema").unwrap_or_else(Raw::empty_object),
        strict: None,
    })
}
