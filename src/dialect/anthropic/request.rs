//! A request for Anthropic's API or for Vertex.

use std::collections::BTreeSet;

use super::media;
use super::messages::{self, Hints};
use super::thinking::{Thinking, thinking};
use super::tools::{self, Tools};
use super::turns::turns;
use crate::chat::json::{Json, ObjectWriter, object};
use crate::chat::{Body, Message, Modality, Output, Owner, Request, Role, Source, ToolKind};
use crate::dialect::claude::Claude;
use crate::dialect::turns::{Turn, hint_at_end};
use crate::dialect::{Dropped, Encoded, Facts, Unable, refuses_foreign};

/// <https://platform.claude.com/docs/en/api/versioning>
pub(super) const VERSION: &str = "2023-06-01";
/// <https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude>
pub(super) const VERTEX_VERSION: &str = "vertex-2023-10-16";

/// Members that are ours alone, whatever an extension says.
const OURS: [&str; 15] = [
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "max_tokens",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "cache_control",
    "anthropic_version",
    "anthropic_beta",
    "betas",
];

/// Features that are not there without a header, by what asks for them: a member of the request or a built-in tool's type.
const BETAS: [(&str, &str); 6] = [
    ("mcp_servers", "mcp-client-2025-11-20"),
    ("mcp_toolset", "mcp-client-2025-11-20"),
    ("context_management", "context-management-2025-06-27"),
    ("computer_20250124", "computer-use-2025-01-24"),
    ("computer_20251124", "computer-use-2025-11-24"),
    ("file", "files-api-2025-04-14"),
];

/// Whether Anthropic can take the request.
pub fn can_express(request: &Request, facts: &Facts<'_>) -> Result<(), Unable> {
    refuses_foreign(request, Owner::Anthropic)?;
    Unable::when(request.choices > 1, "n")?;
    Unable::when(request.logprobs.is_some(), "logprobs")?;
    Unable::when(request.modalities.iter().any(|modality| *modality != Modality::Text), "modalities")?;
    let is_custom = |kind: &ToolKind| matches!(kind, ToolKind::Custom { .. });
    Unable::when(request.tools.iter().any(|tool| is_custom(&tool.kind)), "tools.custom")?;
    for media in messages::media_of(request) {
        media::fits(media, is_vertex(facts))?;
    }
    let is_media = |message: &Message| message.parts.iter().any(|part| matches!(part.body, Body::Media(_)));
    let mut told = request.messages.iter().filter(|message| matches!(message.role, Role::System | Role::Developer));
    Unable::when(told.any(is_media), "messages.content")?;
    let turns = turns(request, facts, &mut Dropped::default())?;
    let has_beginning = turns.last().is_some_and(Turn::is_beginning);
    Unable::when(has_beginning && !Claude::of(facts.model).takes_beginnings(), "messages")
}

fn is_vertex(facts: &Facts<'_>) -> bool {
    facts.project.is_some()
}

/// Writes the request.
pub fn encode_request(request: &Request, facts: &Facts<'_>) -> Encoded {
    let (model, mut dropped) = (Claude::of(facts.model), Dropped::default());
    let is_vertex = is_vertex(facts);
    let mut turns = turns(request, facts, &mut dropped).unwrap_or_default();
    if is_vertex && request.cache.is_some() {
        hint_at_end(request.cache.as_ref(), &mut turns);
    }
    let system = messages::system(request, &mut dropped);
    let tools = Tools::of(request, model, &mut dropped);
    let max_tokens = max_tokens(request, facts, model, &mut dropped);
    let thinking = thinking(request, model, &turns, max_tokens, tools.is_forced(), &mut dropped);
    let of_all = request.cache.as_ref().filter(|_| !is_vertex);
    let of_system = system.iter().filter(|(_, cache)| cache.is_some()).count();
    let count = of_system + tools.count_hints() + messages::count_hints(&turns) + usize::from(of_all.is_some());
    let mut hints = Hints::new(count, &mut dropped);
    let mut body = Vec::new();
    object(&mut body, |o| {
        if is_vertex {
            o.set("anthropic_version", VERTEX_VERSION);
        } else {
            o.set("model", facts.model);
        }
        o.set("max_tokens", max_tokens);
        // In the order of the prompt, which is the order of the hints.
        tools.write(&mut hints, &mut dropped, o);
        if !system.is_empty() {
            o.list("system", |l| {
                for (text, cache) in &system {
                    l.object(|o| {
                        o.set("type", "text");
                        o.set("text", text);
                        hints.write(*cache, o);
                    });
                }
            });
        }
        o.list("messages", |l| messages::write(&turns, &mut hints, l));
        hints.write(of_all, o);
        if !has(request, "thinking") {
            thinking.write(o);
        }
        output(request, model, thinking, &mut dropped, o);
        sampling(request, model, thinking, &mut dropped, o);
        stop(request, &mut dropped, o);
        account(request, is_vertex, &mut dropped, o);
        if request.stream {
            o.set("stream", true);
        }
        for ext in &request.ext {
            if ext.owner == Owner::Anthropic && !OURS.contains(&&*ext.key) {
                o.raw(&ext.key, &ext.value);
            }
        }
    });
    dropped.foreign(&request.ext, Owner::Anthropic);
    Encoded { path: path(request, facts), headers: headers(request, &tools, is_vertex), body, dropped }
}

/// Whether the client says it in Anthropic's own terms.
fn has(request: &Request, key: &str) -> bool {
    request.ext.iter().any(|ext| ext.owner == Owner::Anthropic && ext.key == key)
}

/// Anthropic wants it said (trap 12), and not more than the model has.
fn max_tokens(request: &Request, facts: &Facts<'_>, model: Claude, dropped: &mut Dropped) -> u64 {
    let most = facts.max_output.filter(|most| *most > 0);
    match (request.max_tokens.map(u64::from), most) {
        (None, most) => most.unwrap_or_else(|| model.max_output()),
        (Some(asked), Some(most)) if asked > most => {
            dropped.add("max_tokens");
            most
        }
        (Some(asked), _) => asked,
    }
}

fn output(request: &Request, model: Claude, thinking: Thinking<'_>, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    let effort = thinking.effort();
    let has_format = matches!(request.output, Output::Schema { .. }) && model.has_schemas();
    if has(request, "output_config") || (effort.is_none() && !has_format) {
        return;
    }
    o.object("output_config", |o| {
        o.maybe("effort", effort);
        tools::format(&request.output, model, dropped, o);
    });
}

/// Temperatures go to 1; newer models take one of two or nothing, and thinking none of them.
fn sampling(request: &Request, model: Claude, thinking: Thinking<'_>, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    let sampling = &request.sampling;
    if model.has_sampling() && !thinking.is_on() {
        let temperature = sampling.temperature.map(|asked| asked.clamp(0.0, 1.0));
        dropped.when(temperature != sampling.temperature, "temperature");
        o.maybe("temperature", temperature);
        let is_one_too_many = temperature.is_some() && sampling.top_p.is_some() && !model.takes_both();
        dropped.when(is_one_too_many, "top_p");
        o.maybe("top_p", sampling.top_p.filter(|_| !is_one_too_many));
        o.maybe("top_k", sampling.top_k);
    } else {
        // 1 is what it is anyway.
        dropped.when(sampling.temperature.is_some_and(|asked| asked != 1.0), "temperature");
        dropped.when(sampling.top_p.is_some_and(|asked| asked != 1.0), "top_p");
        dropped.when(sampling.top_k.is_some(), "top_k");
    }
    dropped.when(sampling.frequency_penalty.is_some(), "frequency_penalty");
    dropped.when(sampling.presence_penalty.is_some(), "presence_penalty");
    dropped.when(sampling.seed.is_some(), "seed");
    dropped.when(sampling.logit_bias.is_some(), "logit_bias");
}

fn stop(request: &Request, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    let texts: Vec<&String> = request.stop.iter().filter(|text| !text.trim().is_empty()).collect();
    dropped.when(texts.len() < request.stop.len(), "stop");
    if !texts.is_empty() {
        o.set("stop_sequences", texts);
    }
}

/// What is about the client's account, not about the answer.
fn account(request: &Request, is_vertex: bool, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    let named = request.metadata.iter().find(|(key, _)| key == "user_id").map(|(_, value)| value);
    let user = request.user.as_ref().or(named).filter(|user| (1..=256).contains(&user.chars().count()));
    if !has(request, "metadata")
        && let Some(user) = user
    {
        o.object("metadata", |o| o.set("user_id", user));
    }
    dropped.when(request.user.is_some() && user.is_none(), "user");
    dropped.when(request.metadata.iter().any(|(key, _)| key != "user_id"), "metadata");
    if !has(request, "service_tier") {
        let tier = request.service_tier.as_deref().map(|tier| match tier {
            "auto" => Some("auto"),
            "default" | "standard" | "standard_only" => Some("standard_only"),
            _ => None,
        });
        // Vertex has no tiers of this kind.
        let tier = tier.map(|tier| tier.filter(|_| !is_vertex));
        dropped.when(tier == Some(None), "service_tier");
        o.maybe("service_tier", tier.flatten());
    }
    if let Some(pin) = request.pins.iter().find(|pin| pin.field == "container" && !has(request, "container")) {
        o.set("container", &pin.id);
    }
    dropped.when(request.cache_key.is_some(), "prompt_cache_key");
}

/// The base's path and the operation's. On Vertex the model and whether it streams stand in it.
fn path(request: &Request, facts: &Facts<'_>) -> String {
    let verb = if request.stream { "streamRawPredict" } else { "rawPredict" };
    vertex_path(facts, facts.model, verb).unwrap_or_else(|| format!("{}/messages", facts.base_path))
}

/// The path of a model at Vertex; `None` elsewhere.
pub(super) fn vertex_path(facts: &Facts<'_>, model: &str, verb: &str) -> Option<String> {
    let (base, model) = (facts.base_path, segment(model));
    let (project, location) = (segment(facts.project?), segment(facts.location.unwrap_or("global")));
    Some(format!("{base}/projects/{project}/locations/{location}/publishers/anthropic/models/{model}:{verb}"))
}

/// One segment of a path; `@` and `:` stand in names of models and projects.
fn segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'@' | b':') {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

fn headers(request: &Request, tools: &Tools<'_>, is_vertex: bool) -> Vec<(&'static str, String)> {
    let mut betas: Vec<String> = Vec::new();
    for ext in request.ext.iter().filter(|ext| ext.owner == Owner::Anthropic) {
        if matches!(&*ext.key, "betas" | "anthropic_beta") {
            let words = ext.value.json().items().into_iter().flatten().filter_map(Json::string);
            let one = ext.value.json().string();
            betas.extend(
                words
                    .chain(one)
                    .flat_map(|word| word.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>()),
            );
        }
    }
    betas.retain(|word| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    });
    let mut asks: Vec<String> =
        request.ext.iter().filter(|ext| ext.owner == Owner::Anthropic).map(|ext| ext.key.clone()).collect();
    asks.extend(tools.builtins().filter_map(|definition| definition.json().object()?.string("type")));
    if messages::media_of(request).any(|media| matches!(media.source, Source::FileId { .. })) {
        asks.push("file".to_owned());
    }
    betas.extend(
        BETAS.iter().filter(|(what, _)| asks.iter().any(|ask| ask == what)).map(|(_, beta)| (*beta).to_owned()),
    );
    let mut seen = BTreeSet::new();
    betas.retain(|beta| seen.insert(beta.clone()));
    let version = (!is_vertex).then(|| ("anthropic-version", VERSION.to_owned()));
    let beta = (!betas.is_empty()).then(|| ("anthropic-beta", betas.join(",")));
    version.into_iter().chain(beta).collect()
}
