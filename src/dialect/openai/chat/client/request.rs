//! A client's request.

use super::messages::messages;
use super::tools;
use crate::chat::json::expect::{flag, number, small};
pub(super) use crate::chat::json::expect::{inner, items, text, wrong};
use crate::chat::json::{Json, Object};
use crate::chat::{Cache, Ext, Modality, Output, Owner, Pin, Reasoning, Request};
use crate::error::Error;

/// Reads a request. Members that are not known are kept for providers of this dialect; those that are known and have
/// another type are a 400 that names them.
pub fn decode_request(body: &[u8]) -> Result<Request, Error> {
    let object = Object::parse(body).ok_or_else(|| Error::bad_body("The body is not a JSON object."))?;
    let mut request = Request { cache: Cache::of(&object), ..Request::default() };
    for (key, json) in object.iter() {
        member(&mut request, key, json)?;
    }
    request.keep_last_ext();
    // `max_completion_tokens` wins over `max_tokens`, wherever they stand.
    if let Some(most) = object.get("max_completion_tokens") {
        request.max_tokens = Some(small(most, "max_completion_tokens")?);
    }
    if object.flag("logprobs") != Some(true) {
        request.logprobs = None;
    } else if request.logprobs.is_none() {
        request.logprobs = Some(0);
    }
    request.messages = messages(object.get("messages").ok_or_else(|| wrong("messages", "a list"))?, &mut request.pins)?;
    if request.model.is_empty() {
        return Err(wrong("model", "a text"));
    }
    Ok(request)
}

fn member(request: &mut Request, key: &str, json: Json<'_>) -> Result<(), Error> {
    let sampling = &mut request.sampling;
    match key {
        "model" => request.model = text(json, key)?,
        // Read by the caller, and what the gateway itself reads.
        "messages" | "cache_control" | "max_completion_tokens" | "logprobs" | "models" | "provider" => {}
        "tools" => request.tools.append(&mut tools::tools(json)?),
        "functions" => {
            request.legacy_functions = true;
            request.tools.append(&mut tools::functions(json)?);
        }
        "tool_choice" => request.tool_choice = Some(tools::choice(json)?),
        "function_call" => request.tool_choice = Some(tools::legacy_choice(json)?),
        "parallel_tool_calls" => request.parallel_tool_calls = Some(flag(json, key)?),
        "response_format" => request.output = output(json)?,
        "reasoning_effort" => reasoning(request).effort = Some(text(json, key)?),
        "reasoning" => openrouter(&inner(json, key)?, reasoning(request)),
        "thinking" => thinking(&inner(json, key)?, reasoning(request)),
        "max_tokens" => request.max_tokens = Some(small(json, key)?),
        "stop" => {
            request.stop = match json.string() {
                Some(one) => vec![one],
                None => items(json, key)?.map(|stop| text(stop, key)).collect::<Result<_, _>>()?,
            }
        }
        "temperature" => sampling.temperature = Some(number(json, key)?),
        "top_p" => sampling.top_p = Some(number(json, key)?),
        "top_k" => sampling.top_k = Some(small(json, key)?),
        "frequency_penalty" => sampling.frequency_penalty = Some(number(json, key)?),
        "presence_penalty" => sampling.presence_penalty = Some(number(json, key)?),
        "seed" => sampling.seed = Some(json.integer().ok_or_else(|| wrong(key, "a whole number"))?),
        "logit_bias" => sampling.logit_bias = inner(json, key)?.iter().next().map(|_| json.raw()),
        "n" => request.choices = small(json, key)?.max(1),
        "top_logprobs" => request.logprobs = Some(u8::try_from(small(json, key)?).map_err(|_| wrong(key, "a count"))?),
        "modalities" => request.modalities = items(json, key)?.map(modality).collect::<Result<_, _>>()?,
        "stream" => request.stream = flag(json, key)?,
        "stream_options" => request.usage_wanted = inner(json, key)?.flag("include_usage") == Some(true),
        "prompt_cache_key" => request.cache_key = Some(text(json, key)?),
        "service_tier" => request.service_tier = Some(text(json, key)?),
        "user" => request.user = Some(text(json, key)?),
        "metadata" => {
            let words = inner(json, key)?;
            let word = |json: Json<'_>| json.string().unwrap_or_else(|| json.get().to_owned());
            request.metadata = words.iter().map(|(key, json)| (key.to_owned(), word(json))).collect();
        }
        "providerOptions" => request.ext.extend(Ext::of_options(&inner(json, key)?)),
        "previous_response_id" | "conversation" => {
            let field = if key == "conversation" { "conversation" } else { "previous_response_id" };
            let id = json.string().unwrap_or_else(|| json.get().to_owned());
            request.pins.push(Pin { owner: Owner::Responses, field, id });
        }
        "background" if json.flag() == Some(false) => {}
        _ => {
            // Without these the answer would not be what was asked for.
            let required = matches!(key, "web_search_options" | "audio" | "background" | "prompt");
            request.ext.push(Ext { owner: Owner::OpenAi, key: key.to_owned(), value: json.raw(), required });
        }
    }
    Ok(())
}

fn reasoning(request: &mut Request) -> &mut Reasoning {
    request.reasoning.get_or_insert_default()
}

/// OpenRouter's object.
fn openrouter(object: &Object<'_>, reasoning: &mut Reasoning) {
    reasoning.enabled = object.flag("enabled").or(reasoning.enabled);
    reasoning.effort = object.string("effort").or(reasoning.effort.take());
    reasoning.budget = budget(object, "max_tokens").or(reasoning.budget);
    reasoning.summary = object.string("summary").or(reasoning.summary.take());
    reasoning.exclude = object.flag("exclude").unwrap_or(reasoning.exclude);
}

/// Anthropic's object, which DeepSeek and others have too.
fn thinking(object: &Object<'_>, reasoning: &mut Reasoning) {
    reasoning.enabled = match object.text("type").as_deref() {
        Some("disabled") => Some(false),
        Some(_) => Some(true),
        None => reasoning.enabled,
    };
    reasoning.budget = budget(object, "budget_tokens").or(reasoning.budget);
}

fn budget(object: &Object<'_>, name: &str) -> Option<u32> {
    object.count(name).and_then(|budget| u32::try_from(budget).ok())
}

fn output(json: Json<'_>) -> Result<Output, Error> {
    const KEY: &str = "response_format";
    let format = inner(json, KEY)?;
    Ok(match format.text("type").as_deref() {
        Some("text") => Output::Text,
        Some("json_object") => Output::Json,
        // Vercel's older form, where the members of `json_schema` stand beside the type.
        Some("json") if format.get("schema").is_some() => schema(&format),
        Some("json") => Output::Json,
        Some("json_schema") => {
            let path = "response_format.json_schema";
            schema(&format.object("json_schema").ok_or_else(|| wrong(path, "an object"))?)
        }
        _ => return Err(wrong("response_format.type", "`text`, `json_object` or `json_schema`")),
    })
}

fn schema(object: &Object<'_>) -> Output {
    Output::Schema {
        name: object.string("name").unwrap_or_else(|| "answer".to_owned()),
        description: object.string("description"),
        schema: object.raw("schema").unwrap_or_else(crate::chat::Raw::empty_object),
        strict: object.flag("strict"),
    }
}

fn modality(json: Json<'_>) -> Result<Modality, Error> {
    match json.text().as_deref() {
        Some("text") => Ok(Modality::Text),
        Some("audio") => Ok(Modality::Audio),
        Some("image") => Ok(Modality::Image),
        _ => Err(wrong("modalities", "`text`, `image` or `audio`")),
    }
}
