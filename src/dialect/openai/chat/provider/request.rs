//! A request for an OpenAI-compatible provider.

use std::collections::BTreeSet;

use super::messages::messages;
use super::vendor::{Effort, Vendor};
use crate::chat::json::{ListWriter, Object, ObjectWriter, object};
use crate::chat::{
    Body, Ext, Media, MediaKind, Modality, Output, Owner, Reasoning, Request, Role, Source, Tool, ToolChoice, ToolKind,
};
use crate::dialect::openai::path::path;
use crate::dialect::{Dropped, Encoded, Facts, Unable, parts, refuses_foreign};

/// Whether a vendor of this dialect can take the request.
pub fn can_express(request: &Request, facts: &Facts<'_>) -> Result<(), Unable> {
    let vendor = Vendor(facts.vendor);
    refuses_foreign(request, Owner::OpenAi)?;
    let has_images = request.modalities.contains(&Modality::Image);
    Unable::when(has_images && !vendor.is_openrouter(), "modalities")?;
    Unable::when(vendor.is_mistral() && request.logprobs.is_some(), "logprobs")?;
    let asked = request.messages.iter().filter(|message| message.role != Role::Assistant);
    for part in asked.flat_map(|message| parts(&message.parts)) {
        if let Body::Media(media) = &part.body {
            media_fits(media, vendor)?;
        }
    }
    Ok(())
}

/// Extensions go last, and only under names that the request itself has not taken: providers read the last of two, and a
/// second `model` would be one that nobody has allowed.
fn extensions(ext: &[Ext], dropped: &mut Dropped, body: &mut Vec<u8>) {
    const OURS: [&str; 4] = ["model", "messages", "stream", "stream_options"];
    let mut ours = ext.iter().filter(|ext| ext.owner == Owner::OpenAi).peekable();
    if ours.peek().is_none() {
        return;
    }
    let mut taken: BTreeSet<String> = OURS.map(str::to_owned).into();
    taken.extend(Object::parse(body).unwrap_or_default().all().map(|(name, _)| name.to_owned()));
    let mut more = Vec::new();
    object(&mut more, |o| {
        for ext in ours {
            match taken.insert(ext.key.clone()) {
                true => o.raw(&ext.key, &ext.value),
                false => dropped.word(&ext.key),
            }
        }
    });
    if let Some(members) = more.strip_prefix(b"{").filter(|members| members.len() > 1) {
        body.pop();
        body.push(b',');
        body.extend_from_slice(members);
    }
}

fn media_fits(media: &Media, vendor: Vendor<'_>) -> Result<(), Unable> {
    let is_url = matches!(media.source, Source::Url(_));
    match media.kind {
        MediaKind::Image => Unable::when(matches!(media.source, Source::FileId { .. }), "messages.content.image_url"),
        MediaKind::Audio => Unable::when(is_url, "messages.content.input_audio"),
        MediaKind::Document => Unable::when(is_url && !vendor.is_openrouter(), "messages.content.file"),
        MediaKind::Video => Unable::when(!vendor.is_openrouter(), "messages.content.video_url"),
    }
}

/// Writes the request.
pub fn encode_request(request: &Request, facts: &Facts<'_>) -> Encoded {
    let vendor = Vendor(facts.vendor);
    let mut dropped = Dropped::default();
    let mut body = Vec::new();
    object(&mut body, |o| {
        o.set("model", facts.model);
        o.list("messages", |l| messages(request, facts, &mut dropped, l));
        tools(request, o);
        output(&request.output, o);
        if let Some(reasoning) = request.reasoning_for(Owner::OpenAi) {
            self::reasoning(reasoning, vendor, &mut dropped, o);
        }
        let most = if vendor.is_openai() { "max_completion_tokens" } else { "max_tokens" };
        o.maybe(most, request.max_tokens);
        if !request.stop.is_empty() {
            o.set("stop", &request.stop);
        }
        sampling(request, vendor, &mut dropped, o);
        if !request.modalities.is_empty() {
            o.list("modalities", |l| request.modalities.iter().for_each(|modality| l.push(word(*modality))));
        }
        account(request, vendor, &mut dropped, o);
        if request.stream {
            o.set("stream", true);
            if !facts.no_stream_options {
                o.object("stream_options", |o| o.set("include_usage", true));
            }
        }
    });
    extensions(&request.ext, &mut dropped, &mut body);
    dropped.foreign(&request.ext, Owner::OpenAi);
    Encoded { path: path(facts, "chat/completions"), headers: Vec::new(), body, dropped }
}

fn word(modality: Modality) -> &'static str {
    match modality {
        Modality::Text => "text",
        Modality::Image => "image",
        Modality::Audio => "audio",
    }
}

fn tools(request: &Request, o: &mut ObjectWriter<'_>) {
    if !request.tools.is_empty() {
        o.list("tools", |l| request.tools.iter().for_each(|tool| self::tool(tool, l)));
    }
    match &request.tool_choice {
        None => {}
        Some(ToolChoice::Auto) => o.set("tool_choice", "auto"),
        Some(ToolChoice::Required) => o.set("tool_choice", "required"),
        Some(ToolChoice::None) => o.set("tool_choice", "none"),
        Some(ToolChoice::Named(name)) => o.object("tool_choice", |o| named(&request.custom_tools(), name, o)),
        Some(ToolChoice::Allowed { names, required }) => o.object("tool_choice", |o| {
            o.set("type", "allowed_tools");
            o.object("allowed_tools", |o| {
                o.set("mode", if *required { "required" } else { "auto" });
                let customs = request.custom_tools();
                o.list("tools", |l| names.iter().for_each(|name| l.object(|o| named(&customs, name, o))));
            });
        }),
    }
    o.maybe("parallel_tool_calls", request.parallel_tool_calls);
}

fn named(customs: &BTreeSet<&str>, name: &str, o: &mut ObjectWriter<'_>) {
    let kind = if customs.contains(name) { "custom" } else { "function" };
    o.set("type", kind);
    o.object(kind, |o| o.set("name", name));
}

fn tool(tool: &Tool, l: &mut ListWriter<'_>) {
    match &tool.kind {
        ToolKind::Function { name, description, schema, strict } => l.object(|o| {
            o.set("type", "function");
            o.object("function", |o| {
                o.set("name", name);
                o.maybe("description", description.as_deref());
                o.raw("parameters", schema);
                o.maybe("strict", *strict);
                for ext in tool.ext.iter().filter(|ext| ext.owner == Owner::OpenAi) {
                    o.raw(&ext.key, &ext.value);
                }
            });
        }),
        ToolKind::Custom { name, description, format } => l.object(|o| {
            o.set("type", "custom");
            o.object("custom", |o| {
                o.set("name", name);
                o.maybe("description", description.as_deref());
                o.maybe_raw("format", format.as_ref());
            });
        }),
        ToolKind::Builtin { owner: Owner::OpenAi, definition } => l.raw(definition),
        ToolKind::Builtin { .. } => {}
    }
}

fn output(output: &Output, o: &mut ObjectWriter<'_>) {
    match output {
        Output::Text => {}
        Output::Json => o.object("response_format", |o| o.set("type", "json_object")),
        Output::Schema { name, description, schema, strict } => o.object("response_format", |o| {
            o.set("type", "json_schema");
            o.object("json_schema", |o| {
                o.set("name", name);
                o.maybe("description", description.as_deref());
                o.raw("schema", schema);
                o.maybe("strict", *strict);
            });
        }),
    }
}

fn reasoning(reasoning: &Reasoning, vendor: Vendor<'_>, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    match vendor.effort() {
        Effort::Object => o.object("reasoning", |o| {
            o.maybe("enabled", reasoning.enabled);
            o.maybe("effort", reasoning.effort.as_deref());
            o.maybe("max_tokens", reasoning.budget);
            o.maybe("summary", reasoning.summary.as_deref());
            o.maybe("exclude", reasoning.exclude.then_some(true));
        }),
        Effort::Thinking => {
            let is_on = reasoning.enabled.or(reasoning.budget.map(|budget| budget > 0));
            if let Some(is_on) = is_on {
                o.object("thinking", |o| {
                    o.set("type", if is_on { "enabled" } else { "disabled" });
                    o.maybe("budget_tokens", reasoning.budget.filter(|_| is_on));
                });
            }
            o.maybe("reasoning_effort", reasoning.effort.as_deref());
            dropped.when(reasoning.summary.is_some(), "reasoning.summary");
        }
        Effort::Word => {
            // A model without reasoning refuses the word `none`; it is sent where the client said it.
            let asked = reasoning.effort.as_deref();
            let effort = asked.or_else(|| reasoning.effort_word().filter(|_| !reasoning.is_off()));
            o.maybe("reasoning_effort", effort);
            dropped.when(effort.is_none() && reasoning.is_off(), "reasoning");
            dropped.when(reasoning.summary.is_some(), "reasoning.summary");
        }
    }
}

fn sampling(request: &Request, vendor: Vendor<'_>, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    let sampling = &request.sampling;
    o.maybe("temperature", sampling.temperature);
    o.maybe("top_p", sampling.top_p);
    if vendor.is_openai() || vendor.is_mistral() {
        dropped.when(sampling.top_k.is_some(), "top_k");
    } else {
        o.maybe("top_k", sampling.top_k);
    }
    o.maybe("frequency_penalty", sampling.frequency_penalty);
    o.maybe("presence_penalty", sampling.presence_penalty);
    o.maybe(if vendor.is_mistral() { "random_seed" } else { "seed" }, sampling.seed);
    if vendor.is_mistral() {
        dropped.when(sampling.logit_bias.is_some(), "logit_bias");
    } else {
        o.maybe_raw("logit_bias", sampling.logit_bias.as_ref());
    }
    o.maybe("n", Some(request.choices).filter(|choices| *choices > 1));
    if let Some(alternatives) = request.logprobs {
        o.set("logprobs", true);
        o.maybe("top_logprobs", Some(alternatives).filter(|alternatives| *alternatives > 0));
    }
}

/// What is about the client's account, not about the answer.
fn account(request: &Request, vendor: Vendor<'_>, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    o.maybe("prompt_cache_key", request.cache_key.as_deref());
    if vendor.is_mistral() {
        dropped.when(request.service_tier.is_some(), "service_tier");
        dropped.when(request.user.is_some(), "user");
        dropped.when(!request.metadata.is_empty(), "metadata");
    } else {
        o.maybe("service_tier", request.service_tier.as_deref());
        o.maybe("user", request.user.as_deref());
        if !request.metadata.is_empty() {
            o.object("metadata", |o| request.metadata.iter().for_each(|(key, value)| o.set(key, value)));
        }
    }
    let of_tools = request.tools.iter().any(|tool| tool.cache.is_some());
    let of_messages = request
        .messages
        .iter()
        .any(|message| message.cache.is_some() || parts(&message.parts).any(|part| part.cache.is_some()));
    dropped.when(request.cache.is_some() || of_tools || of_messages, "cache_control");
}
