//! A request for Gemini.

use super::contents::contents;
use super::media::is_fetched;
use super::model::{Model, is_vertex, path};
use super::schema::fitted;
use super::thinking::thinking;
use super::tools::tools;
use crate::chat::json::{ObjectWriter, object};
use crate::chat::{Body, MediaKind, Modality, Output, Owner, Request, Role, Source, ToolChoice, ToolKind};
use crate::dialect::{Dropped, Encoded, Facts, Unable, parts, refuses_foreign};

/// Most answers of one request (<https://ai.google.dev/api/generate-content>).
const MOST_CHOICES: u32 = 8;
/// Most stop sequences.
const MOST_STOPS: usize = 5;

/// Whether Gemini can take the request.
pub fn can_express(request: &Request, facts: &Facts<'_>) -> Result<(), Unable> {
    refuses_foreign(request, Owner::Google)?;
    Unable::when(request.modalities.contains(&Modality::Audio), "modalities")?;
    Unable::when(request.choices > MOST_CHOICES, "n")?;
    Unable::when(request.stop.len() > MOST_STOPS, "stop")?;
    Unable::when(request.tools.iter().any(|tool| matches!(tool.kind, ToolKind::Custom { .. })), "tools.custom")?;
    // Models before 3: "Function calling with a response mime type: 'application/json' is unsupported", also for tools
    // of Google's (https://github.com/googleapis/python-genai/issues/867, seen 2026-11-22).
    let may_call = !request.tools.is_empty() && request.tool_choice != Some(ToolChoice::None);
    let is_json = request.output != Output::Text;
    Unable::when(may_call && is_json && !Model(facts.model).is_third(), "response_format")?;
    // And "Tool use with function calling is unsupported" there.
    let is_function = |kind: &ToolKind| matches!(kind, ToolKind::Function { .. });
    let functions = request.tools.iter().filter(|tool| is_function(&tool.kind)).count();
    let is_mixed = functions > 0 && functions < request.tools.len();
    Unable::when(is_mixed && !Model(facts.model).is_third(), "tools")?;
    let asked = request.messages.iter().filter(|message| message.role != Role::Assistant);
    for part in asked.flat_map(|message| parts(&message.parts)) {
        if let Body::Media(media) = &part.body
            && !is_fetched(media, facts)
        {
            return Err(Unable::field(match media.kind {
                MediaKind::Image => "messages.content.image_url",
                MediaKind::Audio => "messages.content.input_audio",
                MediaKind::Video => "messages.content.video_url",
                MediaKind::Document => "messages.content.file",
            }));
        }
    }
    let of_system = |role| matches!(role, Role::System | Role::Developer);
    let mut said = request.messages.iter().filter(|message| of_system(message.role)).flat_map(|m| parts(&m.parts));
    let is_media =
        said.any(|part| matches!(&part.body, Body::Media(media) if !matches!(media.source, Source::Text(_))));
    Unable::when(is_media, "messages.content")
}

/// What the request itself says; it is not said twice.
const OURS: [&str; 7] = ["model", "stream", "contents", "systemInstruction", "generationConfig", "tools", "toolConfig"];

/// Writes the request.
pub fn encode_request(request: &Request, facts: &Facts<'_>) -> Encoded {
    let mut dropped = Dropped::default();
    let mut body = Vec::new();
    object(&mut body, |o| {
        contents(request, facts, &mut dropped, o);
        tools(request, facts, &mut dropped, o);
        o.object("generationConfig", |o| generation(request, facts, &mut dropped, o));
        labels(request, facts, &mut dropped, o);
        let ours = request.ext.iter().filter(|ext| ext.owner == Owner::Google && OURS.contains(&&*ext.key));
        ours.for_each(|ext| dropped.word(&ext.key));
        for ext in request.ext.iter().filter(|ext| place(ext.owner, &ext.key) == Place::Top) {
            o.raw(&ext.key, &ext.value);
        }
        // The account's own cache, where it is pinned.
        if let Some(pin) = request.pins.iter().find(|pin| pin.owner == Owner::Google && pin.field == "cachedContent")
            && !has(request, "cachedContent")
        {
            o.set("cachedContent", &pin.id);
        }
    });
    let mut headers = Vec::new();
    let tier = request.service_tier.as_deref();
    match tier.filter(|_| is_vertex(facts)) {
        // <https://cloud.google.com/vertex-ai/generative-ai/docs/flex-paygo>
        Some(tier @ ("flex" | "priority")) => {
            headers.push(("x-vertex-ai-llm-shared-request-type", tier.to_owned()));
        }
        _ => dropped.when(tier.is_some_and(|tier| tier != "auto" && tier != "default"), "service_tier"),
    }
    lost(request, &mut dropped);
    let method = if request.stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
    Encoded { path: path(facts, method), headers, body, dropped }
}

/// Where an extension stands.
#[derive(PartialEq, Eq)]
enum Place {
    Top,
    Generation,
    /// Read elsewhere, or another's.
    Nowhere,
}

fn place(owner: Owner, key: &str) -> Place {
    const GENERATION: [&str; 10] = [
        "thinkingConfig",
        "responseModalities",
        "mediaResolution",
        "imageConfig",
        "speechConfig",
        "audioTimestamp",
        "routingConfig",
        "enableEnhancedCivicAnswers",
        "enableAffectiveDialog",
        "responseLogprobs",
    ];
    match key {
        _ if owner != Owner::Google => Place::Nowhere,
        "retrievalConfig" | "structuredOutputs" => Place::Nowhere,
        key if OURS.contains(&key) => Place::Nowhere,
        key if GENERATION.contains(&key) => Place::Generation,
        _ => Place::Top,
    }
}

fn has(request: &Request, key: &str) -> bool {
    request.ext.iter().any(|ext| ext.owner == Owner::Google && ext.key == key)
}

fn generation(request: &Request, facts: &Facts<'_>, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    let sampling = &request.sampling;
    let temperature = sampling.temperature.map(|value| value.min(2.0));
    dropped.when(temperature != sampling.temperature, "temperature");
    o.maybe("temperature", temperature);
    o.maybe("topP", sampling.top_p);
    o.maybe("topK", sampling.top_k);
    // Models that know no penalties refuse even the default.
    let penalty = |value: Option<f64>| value.filter(|value| *value != 0.0);
    o.maybe("presencePenalty", penalty(sampling.presence_penalty));
    o.maybe("frequencyPenalty", penalty(sampling.frequency_penalty));
    let seed = sampling.seed.and_then(|seed| i32::try_from(seed).ok());
    dropped.when(sampling.seed.is_some() && seed.is_none(), "seed");
    o.maybe("seed", seed);
    o.maybe("maxOutputTokens", request.max_tokens.map(|most| most.min(i32::MAX as u32)));
    if !request.stop.is_empty() {
        o.set("stopSequences", &request.stop);
    }
    o.maybe("candidateCount", Some(request.choices).filter(|choices| *choices > 1));
    if let Some(alternatives) = request.logprobs {
        o.set("responseLogprobs", true);
        o.maybe("logprobs", Some(alternatives).filter(|alternatives| *alternatives > 0));
    }
    match &request.output {
        Output::Text => {}
        Output::Json => o.set("responseMimeType", "application/json"),
        Output::Schema { schema, .. } => {
            o.set("responseMimeType", "application/json");
            o.raw("responseJsonSchema", &fitted(schema, false));
        }
    }
    if request.modalities.contains(&Modality::Image) && !has(request, "responseModalities") {
        o.set("responseModalities", ["TEXT", "IMAGE"]);
    }
    if let Some(reasoning) = request.reasoning.as_ref().filter(|_| !has(request, "thinkingConfig")) {
        thinking(reasoning, facts.model, dropped, o);
    }
    for ext in request.ext.iter().filter(|ext| place(ext.owner, &ext.key) == Place::Generation) {
        let is_ours = ext.key == "responseLogprobs" && request.logprobs.is_some();
        if !is_ours {
            o.raw(&ext.key, &ext.value);
        }
    }
}

/// The client's words as Vertex's labels, where they have their letters
/// (<https://cloud.google.com/resource-manager/docs/labels-overview>).
fn labels(request: &Request, facts: &Facts<'_>, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    let is_word = |text: &str| {
        text.len() <= 63
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
    };
    let fits = |(key, value): &&(String, String)| {
        key.starts_with(|first: char| first.is_ascii_lowercase()) && is_word(key) && is_word(value)
    };
    let takes = is_vertex(facts) && !has(request, "labels");
    let kept: Vec<&(String, String)> = request.metadata.iter().filter(|pair| takes && fits(pair)).collect();
    dropped.when(kept.len() < request.metadata.len(), "metadata");
    if !kept.is_empty() {
        o.object("labels", |o| kept.iter().for_each(|(key, value)| o.set(key, value)));
    }
}

/// What has no place there.
fn lost(request: &Request, dropped: &mut Dropped) {
    dropped.when(request.sampling.logit_bias.is_some(), "logit_bias");
    dropped.when(request.user.is_some(), "user");
    dropped.when(request.cache_key.is_some(), "prompt_cache_key");
    let of_tools = request.tools.iter().any(|tool| tool.cache.is_some());
    let of_messages = request
        .messages
        .iter()
        .any(|message| message.cache.is_some() || parts(&message.parts).any(|part| part.cache.is_some()));
    dropped.when(request.cache.is_some() || of_tools || of_messages, "cache_control");
    dropped.foreign(&request.ext, Owner::Google);
}
