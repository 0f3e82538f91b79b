//! A request.

use super::{content, input, tools};
use crate::chat::json::{Json, ObjectWriter, object};
use crate::chat::{Body, Ext, Format, Message, Modality, Output, Owner, Raw, Reasoning, Request, Role};
use crate::dialect::{Dropped, Encoded, Facts, Unable, parts, refuses_foreign};

/// Least of `max_output_tokens`.
const LEAST_OUTPUT: u32 = 16;

/// Members that are ours alone, whatever an extension says.
const OURS: [&str; 19] = [
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "reasoning",
    "max_output_tokens",
    "temperature",
    "top_p",
    "top_logprobs",
    "include",
    "store",
    "stream",
    "stream_options",
    "prompt_cache_key",
    "previous_response_id",
    "conversation",
];

/// Members of chat completions that are the same here.
pub(super) const SHARED: [&str; 5] =
    ["safety_identifier", "prompt_cache_retention", "prompt_cache_options", "moderation", "verbosity"];

/// Whether Responses can take the request.
pub fn can_express(request: &Request, _facts: &Facts<'_>) -> Result<(), Unable> {
    refuses_foreign(request, Owner::Responses)?;
    Unable::when(request.choices > 1, "n")?;
    Unable::when(!request.stop.is_empty(), "stop")?;
    Unable::when(request.modalities.iter().any(|modality| *modality != Modality::Text), "modalities")?;
    let asked = request.messages.iter().filter(|message| message.role != Role::Assistant);
    for part in asked.flat_map(|message| parts(&message.parts)) {
        if let Body::Media(media) = &part.body {
            content::fits(media)?;
        }
    }
    Ok(())
}

/// Writes the request. Nothing is kept at the provider unless the client says so in its own terms.
pub fn encode_request(request: &Request, facts: &Facts<'_>) -> Encoded {
    let mut dropped = Dropped::default();
    let mut body = Vec::new();
    object(&mut body, |o| {
        o.set("model", facts.model);
        o.list("input", |l| input::items(request, facts, &mut dropped, l));
        tools::write(request, &mut dropped, o);
        text(request, o);
        reasoning(request, &mut dropped, o);
        let most = request.max_tokens.map(|most| most.max(LEAST_OUTPUT));
        dropped.when(most != request.max_tokens, "max_tokens");
        o.maybe("max_output_tokens", most);
        sampling(request, &mut dropped, o);
        include(request, facts, o);
        o.set("store", native(request, "store").and_then(|raw| raw.json().flag()).unwrap_or(false));
        for pin in request.pins.iter().filter(|pin| matches!(pin.field, "previous_response_id" | "conversation")) {
            match Raw::parse(&pin.id).filter(|raw| raw.get().starts_with('{')) {
                Some(raw) => o.raw(pin.field, &raw),
                None => o.set(pin.field, &pin.id),
            }
        }
        account(request, &mut dropped, o);
        if request.stream {
            o.set("stream", true);
            // Noise against eavesdroppers, of the same length as the answer.
            if facts.vendor == "openai" && !facts.no_stream_options {
                o.object("stream_options", |o| o.set("include_obfuscation", false));
            }
        }
        extensions(request, &mut dropped, o);
    });
    Encoded { path: path(facts), headers: Vec::new(), body, dropped }
}

/// The base's path and the operation's; Azure's older form has its version in the query.
fn path(facts: &Facts<'_>) -> String {
    let base = facts.base_path;
    match facts.api_version {
        Some(version) => format!("{base}/responses?api-version={version}"),
        None => format!("{base}/responses"),
    }
}

/// What the client says in this API's own terms.
pub(super) fn native<'a>(request: &'a Request, key: &str) -> Option<&'a Raw> {
    request.ext.iter().rfind(|ext| ext.owner == Owner::Responses && ext.key == key).map(|ext| &ext.value)
}

/// A member of chat completions that has a place here.
pub(super) fn shared<'a>(request: &'a Request, key: &str) -> Option<&'a Raw> {
    request.ext.iter().rfind(|ext| is_shared(ext) && ext.key == key).map(|ext| &ext.value)
}

fn is_shared(ext: &Ext) -> bool {
    ext.owner == Owner::OpenAi && SHARED.contains(&&*ext.key)
}

fn text(request: &Request, o: &mut ObjectWriter<'_>) {
    let verbosity = shared(request, "verbosity");
    if request.output == Output::Text && verbosity.is_none() {
        return;
    }
    o.object("text", |o| {
        if request.output != Output::Text {
            o.object("format", |o| format(&request.output, o));
        }
        o.maybe_raw("verbosity", verbosity);
    });
}

/// Writes the members of `text.format`.
pub(super) fn format(output: &Output, o: &mut ObjectWriter<'_>) {
    match output {
        Output::Text => o.set("type", "text"),
        Output::Json => o.set("type", "json_object"),
        Output::Schema { name, description, schema, strict } => {
            o.set("type", "json_schema");
            o.set("name", name);
            o.maybe("description", description.as_deref());
            o.raw("schema", schema);
            o.maybe("strict", *strict);
        }
    }
}

/// What a client of this API says of reasoning beside effort and summary.
const OF_REASONING: &str = "reasoning.";

fn reasoning(request: &Request, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    let none = Reasoning::default();
    let reasoning = request.reasoning_for(Owner::Responses).unwrap_or(&none);
    // A model without reasoning refuses the word `none`; it is sent where the client said it.
    let asked = reasoning.effort.as_deref();
    let effort = asked.or_else(|| reasoning.effort_word().filter(|_| !reasoning.is_off()));
    dropped.when(effort.is_none() && reasoning.is_off(), "reasoning");
    let summary = reasoning.summary.as_deref();
    let more = request.ext.iter().filter(|ext| ext.owner == Owner::Responses);
    let more: Vec<(&str, &Raw)> =
        more.filter_map(|ext| Some((ext.key.strip_prefix(OF_REASONING)?, &ext.value))).collect();
    if effort.is_some() || summary.is_some() || !more.is_empty() {
        o.object("reasoning", |o| {
            o.maybe("effort", effort);
            o.maybe("summary", summary);
            more.iter().for_each(|(key, value)| o.raw(key, value));
        });
    }
}

fn sampling(request: &Request, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    let sampling = &request.sampling;
    o.maybe("temperature", sampling.temperature);
    o.maybe("top_p", sampling.top_p);
    o.maybe("top_logprobs", request.logprobs.filter(|alternatives| *alternatives > 0));
    dropped.when(sampling.top_k.is_some(), "top_k");
    dropped.when(sampling.frequency_penalty.is_some(), "frequency_penalty");
    dropped.when(sampling.presence_penalty.is_some(), "presence_penalty");
    dropped.when(sampling.seed.is_some(), "seed");
    dropped.when(sampling.logit_bias.is_some(), "logit_bias");
}

/// What comes back only when asked for: log probabilities, and reasoning that nobody but its provider can read, without
/// which the next turn would begin anew.
fn include(request: &Request, facts: &Facts<'_>, o: &mut ObjectWriter<'_>) {
    let asked = native(request, "include").and_then(|raw| raw.json().items()).into_iter().flatten();
    let mut words: Vec<String> = asked.filter_map(Json::string).collect();
    let mut add = |is_wanted: bool, word: &str| {
        if is_wanted && !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    };
    add(request.logprobs.is_some(), "message.output_text.logprobs");
    add(request.seals_wanted || reasons(request, facts.model), "reasoning.encrypted_content");
    if !words.is_empty() {
        o.set("include", words);
    }
}

/// Whether the model is one that reasons; others refuse to encrypt what they do not have. Deployments may have any
/// name, so that a request that asks for reasoning, or holds some, counts too.
fn reasons(request: &Request, model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
    let begins = |names: &[&str]| names.iter().any(|known| name.starts_with(known));
    let is_on = request.reasoning_for(Owner::Responses).is_some_and(|reasoning| !reasoning.is_off());
    let is_sealed = |message: &Message| {
        message.parts.iter().any(|part| part.seal.as_ref().is_some_and(|seal| seal.format == Format::Responses))
    };
    let is_known =
        begins(&["o1", "o3", "o4", "gpt-5", "gpt-6", "codex", "computer-use", "gpt-oss", "grok-4", "grok-5"])
            && !name.contains("-chat")
            && !name.contains("non-reasoning");
    is_known || is_on || request.messages.iter().any(is_sealed)
}

/// What is about the client's account, not about the answer.
fn account(request: &Request, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    o.maybe("prompt_cache_key", request.cache_key.as_deref());
    o.maybe("service_tier", request.service_tier.as_deref());
    o.maybe("user", request.user.as_deref());
    if !request.metadata.is_empty() {
        o.object("metadata", |o| request.metadata.iter().for_each(|(key, value)| o.set(key, value)));
    }
    let of_message =
        |message: &Message| message.cache.is_some() || parts(&message.parts).any(|part| part.cache.is_some());
    let of_tools = request.tools.iter().any(|tool| tool.cache.is_some());
    dropped.when(request.cache.is_some() || of_tools || request.messages.iter().any(of_message), "cache_control");
}

fn extensions(request: &Request, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    for ext in &request.ext {
        let is_ours = ext.owner == Owner::Responses && !OURS.contains(&&*ext.key) && !ext.key.starts_with(OF_REASONING);
        if is_ours || (is_shared(ext) && ext.key != "verbosity") {
            o.raw(&ext.key, &ext.value);
        } else if !is_shared(ext) {
            dropped.foreign(std::slice::from_ref(ext), Owner::Responses);
        }
    }
}
