//! A request for Cohere's chat.

use super::messages::messages;
use super::{documents, tools};
use crate::chat::json::{ObjectWriter, object};
use crate::chat::{Body, Message, Modality, Output, Owner, Reasoning, Request, Role};
use crate::dialect::{Dropped, Encoded, Facts, Unable, parts, refuses_foreign};

/// <https://docs.cohere.com/reference/chat>
const MOST_STOPS: usize = 5;
/// The same page.
const P: (f64, f64) = (0.01, 0.99);
/// The same page.
const MOST_K: u32 = 500;
/// <https://docs.cohere.com/docs/temperature>
const TEMPERATURE: (f64, f64) = (0.0, 1.0);
/// The first page again.
const PENALTY: (f64, f64) = (0.0, 1.0);

/// Cohere's own members that a client may set, and that nothing here sets.
const NATIVE: [&str; 5] = ["documents", "citation_options", "safety_mode", "priority", "raw_prompting"];

/// Whether Cohere can take the request.
pub fn can_express(request: &Request, _facts: &Facts<'_>) -> Result<(), Unable> {
    refuses_foreign(request, Owner::Cohere)?;
    Unable::when(request.choices > 1, "n")?;
    Unable::when(request.logprobs.is_some_and(|alternatives| alternatives > 0), "top_logprobs")?;
    Unable::when(request.modalities.iter().any(|modality| *modality != Modality::Text), "modalities")?;
    Unable::when(request.stop.len() > MOST_STOPS, "stop")?;
    tools::fits(request)?;
    let told = |message: &&Message| matches!(message.role, Role::System | Role::Developer);
    let is_media = |message: &Message| message.parts.iter().any(|part| matches!(part.body, Body::Media(_)));
    Unable::when(request.messages.iter().filter(told).any(is_media), "messages.content")?;
    let asked = request.messages.iter().filter(|message| message.role != Role::Assistant);
    for part in asked.flat_map(|message| parts(&message.parts)) {
        if let Body::Media(media) = &part.body {
            documents::fits(media)?;
        }
    }
    Ok(())
}

/// Writes the request.
pub fn encode_request(request: &Request, facts: &Facts<'_>) -> Encoded {
    let mut dropped = Dropped::default();
    let mut body = Vec::new();
    object(&mut body, |o| {
        o.set("model", facts.model);
        o.list("messages", |l| messages(request, &mut dropped, l));
        tools::write(request, &mut dropped, o);
        let has_documents = native(request, "documents").is_some();
        if !has_documents {
            documents::write(request, o);
        }
        output(request, o);
        match (native(request, "thinking"), &request.reasoning) {
            (Some(raw), _) => thinking_of(raw, o),
            (None, Some(reasoning)) => thinking(reasoning, &mut dropped, o),
            (None, None) => {}
        }
        o.maybe("max_tokens", request.max_tokens);
        if !request.stop.is_empty() {
            o.set("stop_sequences", &request.stop);
        }
        sampling(request, &mut dropped, o);
        if request.logprobs.is_some() {
            o.set("logprobs", true);
        }
        if request.stream {
            o.set("stream", true);
        }
        for key in NATIVE {
            if let Some(raw) = native(request, key) {
                o.raw(key, raw);
            }
        }
    });
    account(request, &mut dropped);
    dropped.foreign(&request.ext, Owner::Cohere);
    Encoded { path: format!("{}/chat", facts.base_path), headers: Vec::new(), body, dropped }
}

/// What the client says in Cohere's own terms.
fn native<'a>(request: &'a Request, key: &str) -> Option<&'a crate::chat::Raw> {
    request.ext.iter().rfind(|ext| ext.owner == Owner::Cohere && ext.key == key).map(|ext| &ext.value)
}

/// A schema's name and description have no place; it is always held to. Where a call is forced it is calls that are
/// wanted.
fn output(request: &Request, o: &mut ObjectWriter<'_>) {
    if request.output == Output::Text || tools::is_forced(request) {
        return;
    }
    o.object("response_format", |o| {
        o.set("type", "json_object");
        if let Output::Schema { schema, .. } = &request.output {
            o.raw("json_schema", schema);
        }
    });
}

/// In the spelling of the AI SDK or in Cohere's.
fn thinking_of(raw: &crate::chat::Raw, o: &mut ObjectWriter<'_>) {
    let Some(asked) = raw.json().object() else { return };
    o.object("thinking", |o| {
        o.set("type", asked.text("type").as_deref().unwrap_or("enabled"));
        o.maybe("token_budget", asked.count("token_budget").or_else(|| asked.count("tokenBudget")));
    });
}

/// Efforts from `high` on think as long as they need, which is what it does without a budget
/// (<https://docs.cohere.com/docs/reasoning>).
fn thinking(reasoning: &Reasoning, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    dropped.when(reasoning.summary.is_some(), "reasoning.summary");
    let effort = reasoning.effort.as_deref();
    if reasoning.is_off() {
        o.object("thinking", |o| o.set("type", "disabled"));
    } else if reasoning.enabled.is_some() || effort.is_some() || reasoning.budget.is_some() {
        let is_most = reasoning.budget.is_none() && matches!(effort, Some("high" | "xhigh" | "max"));
        o.object("thinking", |o| {
            o.set("type", "enabled");
            o.maybe("token_budget", reasoning.budget_tokens().filter(|_| !is_most));
        });
    }
}

fn sampling(request: &Request, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    let sampling = &request.sampling;
    let mut within = |asked: Option<f64>, (least, most): (f64, f64), field: &'static str| {
        let kept = asked.map(|asked| asked.clamp(least, most));
        dropped.when(kept != asked, field);
        kept
    };
    o.maybe("temperature", within(sampling.temperature, TEMPERATURE, "temperature"));
    o.maybe("p", within(sampling.top_p, P, "top_p"));
    o.maybe("frequency_penalty", within(sampling.frequency_penalty, PENALTY, "frequency_penalty"));
    o.maybe("presence_penalty", within(sampling.presence_penalty, PENALTY, "presence_penalty"));
    let k = sampling.top_k.map(|k| k.min(MOST_K));
    dropped.when(k != sampling.top_k, "top_k");
    o.maybe("k", k);
    let seed = sampling.seed.filter(|seed| *seed >= 0);
    dropped.when(seed != sampling.seed, "seed");
    o.maybe("seed", seed);
    dropped.when(sampling.logit_bias.is_some(), "logit_bias");
}

/// What is about the client's account, for which there is no place.
fn account(request: &Request, dropped: &mut Dropped) {
    dropped.when(request.cache_key.is_some(), "prompt_cache_key");
    dropped.when(request.service_tier.is_some(), "service_tier");
    dropped.when(request.user.is_some(), "user");
    dropped.when(!request.metadata.is_empty(), "metadata");
    let of_message =
        |message: &Message| message.cache.is_some() || parts(&message.parts).any(|part| part.cache.is_some());
    let of_tools = request.tools.iter().any(|tool| tool.cache.is_some());
    dropped.when(request.cache.is_some() || of_tools || request.messages.iter().any(of_message), "cache_control");
}
