//! `providerOptions.<namespace>`: what a client says to one provider alone, in the SDK's names for it.
//!
//! What the intermediate form has a place for goes there; what is left is for the dialect of its namespace, in that
//! dialect's names. `gateway` is read elsewhere, and what nobody here serves is nobody's.

use serde_json::{Map, Value};

use crate::chat::json::{Json, Object};
use crate::chat::{Body, Cache, Ext, Message, Modality, Output, Owner, Part, Pin, Raw, Reasoning, Request, Role};

/// Reads the options of a request.
pub(super) fn read(namespaces: &Object<'_>, request: &mut Request) {
    for (name, json) in namespaces.iter() {
        let Some(options) = json.object() else { continue };
        for (key, json) in options.iter() {
            match name {
                "openai" | "azure" => openai(key, json, request),
                "anthropic" => anthropic(key, json, request),
                "google" | "vertex" => google(key, json, request),
                "bedrock" => request.ext.push(ext(Owner::Bedrock, key.to_owned(), json.raw())),
                "cohere" => request.ext.push(translated(Owner::Cohere, key, json)),
                name if VENDORS.contains(&name) => vendor(key, json, request),
                _ => {}
            }
        }
    }
}

/// Those who speak chat completions, by their names in the SDK.
const VENDORS: [&str; 14] = [
    "groq",
    "xai",
    "mistral",
    "deepseek",
    "openrouter",
    "perplexity",
    "cerebras",
    "fireworks",
    "togetherai",
    "deepinfra",
    "moonshotai",
    "alibaba",
    "baseten",
    "openaiCompatible",
];

fn ext(owner: Owner, key: String, value: Raw) -> Ext {
    Ext { owner, key, value, required: false }
}

/// An option in the names of an API that writes them with underscores.
fn translated(owner: Owner, key: &str, json: Json<'_>) -> Ext {
    ext(owner, snake(key), Raw::of(&snake_deep(json.value())))
}

/// The options of one namespace as extensions of its owner.
pub(super) fn own<'a>(namespaces: &'a Object<'_>, name: &str) -> impl Iterator<Item = Ext> + use<'a> {
    let owner = Owner::of_options(name);
    let options = namespaces.object(name).unwrap_or_default();
    let read: Vec<Ext> =
        owner.map(|owner| options.iter().map(|(key, json)| translated(owner, key, json)).collect()).unwrap_or_default();
    read.into_iter()
}

/// `maxToolCalls` as `max_tool_calls`; what has underscores already stays.
pub(super) fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len().saturating_add(4));
    for (place, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && place > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// The same for all names inside.
pub(super) fn snake_deep(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: Map<String, Value> =
                members.into_iter().map(|(name, value)| (snake(&name), snake_deep(value))).collect();
            Value::Object(members)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(snake_deep).collect()),
        value => value,
    }
}

/// The cache hint of a message, a part or a tool.
pub(super) fn cache(namespaces: &Object<'_>) -> Option<Cache> {
    let anthropic = namespaces.object("anthropic").unwrap_or_default();
    let bedrock = namespaces.object("bedrock").unwrap_or_default();
    let hint = anthropic.object("cacheControl").or_else(|| anthropic.object("cache_control"));
    let hint = hint.or_else(|| bedrock.object("cachePoint"))?;
    Some(Cache { ttl: hint.string("ttl") })
}

/// What is said of thinking to one dialect alone.
fn reasoning(request: &mut Request, owner: Owner) -> &mut Reasoning {
    let known = request.own_reasoning.iter().position(|(whose, _)| *whose == owner);
    let place = known.unwrap_or(request.own_reasoning.len());
    if known.is_none() {
        // What is said to all holds where this does not say otherwise.
        request.own_reasoning.push((owner, request.reasoning.clone().unwrap_or_default()));
    }
    match request.own_reasoning.get_mut(place) {
        Some((_, reasoning)) => reasoning,
        None => request.reasoning.get_or_insert_default(),
    }
}

fn effort(request: &mut Request, owners: &[Owner], json: Json<'_>) {
    for owner in owners {
        let reasoning = reasoning(request, *owner);
        reasoning.effort = json.string().or(reasoning.effort.take());
    }
}

fn openai(key: &str, json: Json<'_>, request: &mut Request) {
    const BOTH: [Owner; 2] = [Owner::OpenAi, Owner::Responses];
    let as_word = |json: Json<'_>| json.string().unwrap_or_else(|| json.get().to_owned());
    match key {
        "reasoningEffort" => effort(request, &BOTH, json),
        "reasoningSummary" => BOTH.iter().for_each(|owner| reasoning(request, *owner).summary = json.string()),
        "textVerbosity" => request.ext.push(ext(Owner::OpenAi, "verbosity".to_owned(), json.raw())),
        "strictJsonSchema" => {
            if let Output::Schema { strict, .. } = &mut request.output {
                *strict = json.flag();
            }
        }
        "logitBias" => request.sampling.logit_bias = json.object().and_then(|o| o.iter().next().map(|_| json.raw())),
        "logprobs" | "topLogprobs" => {
            let count = json.count().and_then(|count| u8::try_from(count).ok());
            request.logprobs = count.or((json.flag() == Some(true)).then_some(0)).or(request.logprobs);
        }
        "maxCompletionTokens" => {
            request.max_tokens = json.count().and_then(|count| u32::try_from(count).ok()).or(request.max_tokens);
        }
        "metadata" => {
            let words = json.object().unwrap_or_default();
            request.metadata = words.iter().map(|(key, json)| (key.to_owned(), as_word(json))).collect();
        }
        "previousResponseId" => pin(Owner::Responses, "previous_response_id", as_word(json), request),
        "conversation" => pin(Owner::Responses, "conversation", as_word(json), request),
        "instructions" => {
            if let Some(text) = json.string() {
                request.messages.insert(0, Message::new(Role::System, vec![Part::text(text)]));
            }
        }
        "prediction" | "safetyIdentifier" | "promptCacheRetention" => {
            request.ext.push(translated(Owner::OpenAi, key, json));
        }
        // How the SDK's own package writes its requests.
        "forceReasoning" | "systemMessageMode" | "structuredOutputs" | "passThroughUnsupportedFiles" => {}
        _ if shared(key, json, request) => {}
        _ => request.ext.push(translated(Owner::Responses, key, json)),
    }
}

fn pin(owner: Owner, field: &'static str, id: String, request: &mut Request) {
    request.pins.push(Pin { owner, field, id });
}

/// What OpenAI and the vendors of its dialect have in common, and the intermediate form has a place for.
fn shared(key: &str, json: Json<'_>, request: &mut Request) -> bool {
    match key {
        "parallelToolCalls" => request.parallel_tool_calls = json.flag(),
        "user" => request.user = json.string(),
        "serviceTier" => request.service_tier = json.string(),
        "promptCacheKey" => request.cache_key = json.string(),
        _ => return false,
    }
    true
}

fn vendor(key: &str, json: Json<'_>, request: &mut Request) {
    match key {
        "reasoningEffort" => effort(request, &[Owner::OpenAi], json),
        "thinking" => thinking(json, Owner::OpenAi, request),
        "structuredOutputs" | "strictJsonSchema" => {}
        _ if shared(key, json, request) => {}
        _ => request.ext.push(translated(Owner::OpenAi, key, json)),
    }
}

/// `{type, budgetTokens}`
fn thinking(json: Json<'_>, owner: Owner, request: &mut Request) {
    let Some(object) = json.object() else { return };
    let reasoning = reasoning(request, owner);
    reasoning.enabled = object.text("type").map(|kind| kind != "disabled").or(reasoning.enabled);
    let budget = object.count("budgetTokens").and_then(|budget| u32::try_from(budget).ok());
    reasoning.budget = budget.or(reasoning.budget);
    reasoning.exclude = object.text("display").as_deref() == Some("omitted") || reasoning.exclude;
}

fn anthropic(key: &str, json: Json<'_>, request: &mut Request) {
    match key {
        "thinking" => thinking(json, Owner::Anthropic, request),
        "effort" => effort(request, &[Owner::Anthropic], json),
        "cacheControl" => request.cache = json.object().map(|hint| Cache { ttl: hint.string("ttl") }),
        "disableParallelToolUse" => request.parallel_tool_calls = json.flag().map(|is_single| !is_single),
        "anthropicBeta" => request.ext.push(ext(Owner::Anthropic, "betas".to_owned(), json.raw())),
        "container" if json.string().is_some() => {
            pin(Owner::Anthropic, "container", json.string().unwrap_or_default(), request);
        }
        "sendReasoning" if json.flag() == Some(false) => {
            for message in &mut request.messages {
                message.parts.retain(|part| !matches!(part.body, Body::Reasoning { .. }));
            }
        }
        // How the SDK's own package writes its requests.
        "sendReasoning" | "structuredOutputMode" | "toolStreaming" => {}
        _ => request.ext.push(translated(Owner::Anthropic, key, json)),
    }
}

fn google(key: &str, json: Json<'_>, request: &mut Request) {
    match key {
        "responseModalities" => {
            let word = |json: Json<'_>| match json.text()?.to_ascii_uppercase().as_str() {
                "TEXT" => Some(Modality::Text),
                "IMAGE" => Some(Modality::Image),
                "AUDIO" => Some(Modality::Audio),
                _ => None,
            };
            request.modalities = json.items().into_iter().flatten().filter_map(word).collect();
        }
        "cachedContent" => {
            if let Some(id) = json.string() {
                pin(Owner::Google, "cachedContent", id, request);
            }
        }
        "logprobs" => {
            request.logprobs = json.count().and_then(|count| u8::try_from(count).ok()).or(request.logprobs);
        }
        "structuredOutputs" | "streamFunctionCallArguments" | "threshold" => {}
        _ => request.ext.push(ext(Owner::Google, key.to_owned(), json.raw())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_get_underscores() {
        for (name, expected) in
            [("maxToolCalls", "max_tool_calls"), ("store", "store"), ("a_b", "a_b"), ("URL", "u_r_l")]
        {
            assert_eq!(snake(name), expected);
        }
        let value = serde_json::json!({"mcpServers": [{"authorizationToken": "aB"}]});
        assert_eq!(snake_deep(value), serde_json::json!({"mcp_servers": [{"authorization_token": "aB"}]}));
    }
}
