//! A request for `Converse` or `ConverseStream`.

use super::media;
use super::messages::{self, Hints};
use super::model::Model;
use super::options::Options;
use super::thinking::{Around, Thinking, thinking};
use super::tools::{self, Tools};
use super::turns::turns;
use crate::chat::json::{ObjectWriter, object};
use crate::chat::{Body, Message, Modality, Owner, Raw, Request, Role, ToolKind};
use crate::dialect::{Dropped, Encoded, Facts, Unable, refuses_foreign};
use serde_json::json;

/// Most entries of `requestMetadata`.
const MOST_METADATA: usize = 16;

/// Whether Bedrock can take the request.
pub fn can_express(request: &Request, facts: &Facts<'_>) -> Result<(), Unable> {
    refuses_foreign(request, Owner::Bedrock)?;
    Unable::when(request.choices > 1, "n")?;
    Unable::when(request.logprobs.is_some(), "logprobs")?;
    Unable::when(request.modalities.iter().any(|modality| *modality != Modality::Text), "modalities")?;
    let is_custom = |kind: &ToolKind| matches!(kind, ToolKind::Custom { .. });
    Unable::when(request.tools.iter().any(|tool| is_custom(&tool.kind)), "tools.custom")?;
    let calls = request.messages.iter().flat_map(|message| &message.parts).filter_map(|part| match &part.body {
        Body::Call(call) => Some(call.name.as_str()),
        _ => None,
    });
    let mut names = request.tools.iter().filter_map(tools::name).chain(calls);
    Unable::when(names.any(|name| !tools::is_legal(name)), "tools.function.name")?;
    messages::media_of(request).try_for_each(media::fits)?;
    let is_media = |message: &Message| message.parts.iter().any(|part| matches!(part.body, Body::Media(_)));
    let mut told = request.messages.iter().filter(|message| matches!(message.role, Role::System | Role::Developer));
    Unable::when(told.any(is_media), "messages.content")?;
    turns(request, facts, &mut Dropped::default()).map(|_| ())
}

/// Writes the request.
pub fn encode_request(request: &Request, facts: &Facts<'_>) -> Encoded {
    let (model, mut dropped, options) = (Model::of(facts.model), Dropped::default(), Options(request));
    let turns = turns(request, facts, &mut dropped).unwrap_or_default();
    let system = messages::system(request, &mut dropped);
    let tools = Tools::of(request, &turns, model, &mut dropped);
    let most = facts.max_output.filter(|most| *most > 0);
    let max_tokens = max_tokens(request, most, &mut dropped);
    let around = Around { turns: &turns, max_tokens, most, is_forced: tools.is_forced() };
    let mut thinking = thinking(options.reasoning().as_ref(), model, around, &mut dropped);
    let of_system = system.iter().filter(|(_, cache)| cache.is_some()).count();
    let count = tools.count_hints() + of_system + messages::count_hints(&turns);
    let mut hints = Hints::new(count, model, &mut dropped);
    let mut body = Vec::new();
    object(&mut body, |o| {
        // In the order of the prompt, which is the order of the hints.
        tools.write(&mut hints, &mut dropped, o);
        if !system.is_empty() {
            o.list("system", |l| {
                for (text, cache) in &system {
                    l.object(|o| o.set("text", text));
                    hints.write(*cache, l);
                }
            });
        }
        o.list("messages", |l| messages::write(&turns, &mut hints, &mut dropped, l));
        inference(request, model, &thinking, max_tokens, &mut dropped, o);
        let mut fields = std::mem::take(&mut thinking.fields);
        fields.extend(top_k(request, model, thinking.is_on, &mut dropped));
        fields.extend(tools.is_single.then(|| single(tools.is_forced())));
        options.write_fields(fields, o);
        if !options.has("outputConfig") {
            tools::output(&request.output, model, &mut dropped, o);
        }
        account(request, options, &mut dropped, o);
        options.write(&mut dropped, o);
    });
    dropped.foreign(&request.ext, Owner::Bedrock);
    let accept = if request.stream { "application/vnd.amazon.eventstream" } else { "application/json" };
    Encoded { path: path(request, facts), headers: vec![("accept", accept.to_owned())], body, dropped }
}

/// One call at a time, in Claude's own terms. With a tool choice of Bedrock's its kind must not be said again
/// (<https://github.com/BerriAI/litellm/issues/36536>).
fn single(has_choice: bool) -> (&'static str, Raw) {
    let choice = match has_choice {
        true => json!({"disable_parallel_tool_use": true}),
        false => json!({"type": "auto", "disable_parallel_tool_use": true}),
    };
    ("tool_choice", Raw::of(&choice))
}

fn path(request: &Request, facts: &Facts<'_>) -> String {
    let operation = if request.stream { "converse-stream" } else { "converse" };
    format!("{}/model/{}/{operation}", facts.base_path, escaped(facts.model))
}

/// A model's name as one segment of a path: `:` and `/` (of ARNs) are escaped too.
pub(super) fn escaped(model: &str) -> String {
    let mut escaped = String::with_capacity(model.len());
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// Not more than the model has.
fn max_tokens(request: &Request, most: Option<u64>, dropped: &mut Dropped) -> Option<u64> {
    let asked = request.max_tokens.map(u64::from).filter(|asked| *asked > 0)?;
    dropped.when(most.is_some_and(|most| asked > most), "max_tokens");
    Some(most.map_or(asked, |most| asked.min(most)))
}

/// `inferenceConfig`. Temperatures go to 1; Claude takes one of two or nothing since 4.1 and 4.7, and thinking none.
fn inference(
    request: &Request,
    model: Model,
    thinking: &Thinking,
    max_tokens: Option<u64>,
    dropped: &mut Dropped,
    o: &mut ObjectWriter<'_>,
) {
    let sampling = &request.sampling;
    let claude = model.claude();
    let has_none = thinking.is_on || claude.is_some_and(|claude| !claude.has_sampling());
    let temperature = sampling.temperature.map(|asked| asked.clamp(0.0, 1.0)).filter(|_| !has_none);
    // 1 is what it is anyway.
    dropped
        .when(temperature != sampling.temperature && !(has_none && sampling.temperature == Some(1.0)), "temperature");
    let is_one_too_many = temperature.is_some() && claude.is_some_and(|claude| !claude.takes_both());
    let top_p = sampling.top_p.filter(|_| !has_none && !is_one_too_many);
    dropped.when(top_p != sampling.top_p && sampling.top_p != Some(1.0), "top_p");
    let is_said = |text: &&String| !text.is_empty() && (claude.is_none() || !text.trim().is_empty());
    let stop: Vec<&String> = request.stop.iter().filter(is_said).collect();
    dropped.when(stop.len() < request.stop.len(), "stop");
    dropped.when(sampling.frequency_penalty.is_some(), "frequency_penalty");
    dropped.when(sampling.presence_penalty.is_some(), "presence_penalty");
    dropped.when(sampling.seed.is_some(), "seed");
    dropped.when(sampling.logit_bias.is_some(), "logit_bias");
    let max_tokens = max_tokens.or(thinking.max_tokens);
    if max_tokens.is_none() && temperature.is_none() && top_p.is_none() && stop.is_empty() {
        return;
    }
    o.object("inferenceConfig", |o| {
        o.maybe("maxTokens", max_tokens);
        o.maybe("temperature", temperature);
        o.maybe("topP", top_p);
        if !stop.is_empty() {
            o.set("stopSequences", stop);
        }
    });
}

/// Has another name with each vendor (Nova's was seen).
fn top_k(request: &Request, model: Model, thinks: bool, dropped: &mut Dropped) -> Option<(&'static str, Raw)> {
    let most = request.sampling.top_k?;
    let field = match model {
        Model::Claude(claude) if claude.has_sampling() && !thinks => Some(("top_k", json!(most))),
        Model::Nova(_) => Some(("inferenceConfig", json!({"topK": most}))),
        Model::Mistral => Some(("top_k", json!(most))),
        _ => None,
    };
    dropped.when(field.is_none(), "top_k");
    field.map(|(name, value)| (name, Raw::of(&value)))
}

/// What is about the client's account, not about the answer.
fn account(request: &Request, options: Options<'_>, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    dropped.when(request.user.is_some(), "user");
    dropped.when(request.cache_key.is_some(), "prompt_cache_key");
    if !options.has("serviceTier")
        && let Some(tier) = request.service_tier.as_deref().filter(|tier| *tier != "auto")
    {
        let is_known = ["priority", "default", "flex", "reserved"].contains(&tier);
        dropped.when(!is_known, "service_tier");
        if is_known {
            o.object("serviceTier", |o| o.set("type", tier));
        }
    }
    if !options.has("requestMetadata") {
        let fits = request.metadata.iter().filter(|(key, value)| !key.is_empty() && is_plain(key) && is_plain(value));
        let fits: Vec<_> = fits.take(MOST_METADATA).collect();
        dropped.when(fits.len() < request.metadata.len(), "metadata");
        if !fits.is_empty() {
            o.object("requestMetadata", |o| fits.iter().for_each(|(key, value)| o.set(key, value)));
        }
    }
}

/// What `requestMetadata` may hold.
fn is_plain(text: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || b.is_ascii_whitespace() || b":_@$#=/+,-.".contains(&b);
    text.len() <= 256 && text.bytes().all(is_letter)
}
