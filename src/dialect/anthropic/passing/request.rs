//! The edits that a request needs for a provider of Anthropic's API; nothing to edit, nothing is rewritten.

use super::known::Known;
use crate::chat::json::Object;
use crate::config::Dialect;
use crate::dialect::anthropic::error;
use crate::dialect::anthropic::request::{VERSION, VERTEX_VERSION, vertex_path};
use crate::dialect::openai::renamed_json;
use crate::dialect::{Edits, Encoded, Facts, Failure};
use crate::http::Headers;
use crate::operation::Operation;
use crate::route::{Ask, Body, Target};
use crate::stream::json::Member;
use crate::stream::splice::{Edit, Splice, edit_object};

/// The member that says the version at Vertex.
const VERSION_MEMBER: &str = "anthropic_version";
const BETA: &str = "anthropic-beta";

/// What has to change in the client's request; `head` is its own, as the client sent it.
pub fn encode(ask: &Ask, target: &Target, head: &Headers) -> Edits {
    let dialect = target.provider.preset.dialect;
    let Known { betas, unknown, dropped } = Known::of(ask, dialect, head);
    let body = Splice::new(body(ask, target, unknown));
    Edits { path: path(ask, target), headers: headers(dialect, head, &betas), body, dropped }
}

fn counts(ask: &Ask) -> bool {
    ask.operation == Operation::CountTokens
}

/// The base's path and the operation's. On Vertex the model and whether it streams stand in it; the counter is a model
/// of its own (Anthropic's Python SDK 2.12.0, `lib/vertex`).
fn path(ask: &Ask, target: &Target) -> String {
    let facts = Facts::of(&target.provider, &target.model.model, &target.sent);
    let (model, verb) = match (counts(ask), ask.stream) {
        (true, _) => ("count-tokens", "rawPredict"),
        (false, true) => (facts.model, "streamRawPredict"),
        (false, false) => (facts.model, "rawPredict"),
    };
    vertex_path(&facts, model, verb).unwrap_or_else(|| format!("{}{}", facts.base_path, ask.path))
}

/// The version is the client's own; Vertex has it in the body.
fn headers(dialect: Dialect, head: &Headers, betas: &[String]) -> Vec<(&'static str, String)> {
    let version = match dialect {
        Dialect::VertexAnthropic => String::new(),
        _ => head.text("anthropic-version").filter(|version| !version.is_empty()).unwrap_or(VERSION).to_owned(),
    };
    vec![("anthropic-version", version), (BETA, betas.join(","))]
}

fn body(ask: &Ask, target: &Target, unknown: Vec<Member>) -> Vec<Edit> {
    let Body::Json { object, models, ours, own, .. } = &ask.body else { return Vec::new() };
    let mut gone = [ours.clone(), unknown].concat();
    if target.provider.preset.dialect != Dialect::VertexAnthropic {
        let mut edits = renamed_json(ask, target, models);
        edits.extend(edit_object(*object, &gone, b""));
        return edits;
    }
    let mut edits = Vec::new();
    gone.extend(own.iter().filter(|(name, _)| *name == VERSION_MEMBER).map(|(_, member)| member.clone()));
    match counts(ask) {
        true => edits.extend(renamed_json(ask, target, models)),
        false => gone.extend_from_slice(models),
    }
    edits.extend(edit_object(*object, &gone, format!("\"{VERSION_MEMBER}\":\"{VERTEX_VERSION}\"").as_bytes()));
    edits
}

/// Headers of a request that was written anew: the client's betas go where they are known, and its version nowhere else.
pub fn carry_headers(ask: &Ask, dialect: Dialect, head: &Headers, encoded: &mut Encoded) {
    let Known { mut betas, dropped, .. } = Known::of(ask, dialect, head);
    let asked = encoded.headers.iter().filter(|(name, _)| *name == BETA).flat_map(|(_, value)| value.split(','));
    for beta in asked.filter(|beta| !betas.iter().any(|have| have == beta)).collect::<Vec<_>>() {
        betas.push(beta.to_owned());
    }
    encoded.headers.retain(|(name, _)| *name != BETA);
    if !encoded.headers.iter().any(|(name, _)| *name == "anthropic-version") {
        encoded.headers.push(("anthropic-version", String::new()));
    }
    encoded.headers.push((BETA, betas.join(",")));
    dropped.fields().iter().for_each(|field| encoded.dropped.word(field));
}

/// The error that stands where an answer should be; `None` when the body is not whole, or has an answer too.
pub fn refusal(body: &[u8]) -> Option<Failure> {
    let object = Object::parse(body)?;
    let is_answer = object.get("content").is_some() || object.get("input_tokens").is_some();
    let has_error = object.get("error").is_some_and(|error| !error.is_null());
    (has_error && !is_answer).then(|| error::inside(&object))
}

#[cfg(test)]
mod tests;
