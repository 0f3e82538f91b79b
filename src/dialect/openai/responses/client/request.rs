//! A client's request.

use super::super::request::SHARED;
use super::{input, tools};
use crate::chat::json::expect::{flag, inner, items, number, small, text, wrong};
use crate::chat::json::{Json, Object};
use crate::chat::{Ext, Message, Output, Owner, Part, Pin, Raw, Reasoning, Request, Role};
use crate::error::Error;

/// Reads a request. Members that are not known are kept for providers of this dialect; those that are known and have
/// another type are a 400 that names them.
pub fn decode_request(body: &[u8]) -> Result<Request, Error> {
    let object = Object::parse(body).ok_or_else(|| Error::bad_body("The body is not a JSON object."))?;
    let mut request = Request::default();
    for (key, json) in object.iter() {
        member(&mut request, key, json)?;
    }
    request.keep_last_ext();
    if request.model.is_empty() {
        return Err(wrong("model", "a text"));
    }
    match object.get("input") {
        Some(json) => input::read(json, &mut request.messages, &mut request.pins)?,
        // What is said then stands at the account.
        None if !request.pins.is_empty() || object.get("prompt").is_some() => {}
        None => return Err(wrong("input", "a text or a list")),
    }
    Ok(request)
}

/// A member that must be there.
pub(super) fn required<'a>(object: &Object<'a>, name: &str, path: &str, expected: &str) -> Result<Json<'a>, Error> {
    object.get(name).ok_or_else(|| wrong(&format!("{path}.{name}"), expected))
}

/// The members that are not in the list, for this dialect alone.
pub(super) fn rest(object: &Object<'_>, known: &[&str]) -> Vec<Ext> {
    let unknown = object.iter().filter(|(key, _)| !known.contains(key));
    unknown.map(|(key, json)| own(key, json.raw(), false)).collect()
}

fn own(key: &str, value: Raw, required: bool) -> Ext {
    Ext { owner: Owner::Responses, key: key.to_owned(), value, required }
}

fn member(request: &mut Request, key: &str, json: Json<'_>) -> Result<(), Error> {
    let sampling = &mut request.sampling;
    match key {
        "model" => request.model = text(json, key)?,
        // Read by the caller, and by the gateway itself. Noise in streams is not made here.
        "input" | "models" | "stream_options" => {}
        "instructions" => {
            let said = text(json, key)?;
            if !said.is_empty() {
                request.messages = vec![Message::new(Role::System, vec![Part::text(&*said)])];
                request.instructions = Some(said);
            }
        }
        "tools" => request.tools = tools::tools(json)?,
        "tool_choice" => tools::choice(json, request)?,
        "parallel_tool_calls" => request.parallel_tool_calls = Some(flag(json, key)?),
        "text" => output(&inner(json, key)?, request)?,
        "reasoning" => reasoning(&inner(json, key)?, request)?,
        "max_output_tokens" => request.max_tokens = Some(small(json, key)?),
        "temperature" => sampling.temperature = Some(number(json, key)?),
        "top_p" => sampling.top_p = Some(number(json, key)?),
        "top_logprobs" => {
            let most = u8::try_from(small(json, key)?).map_err(|_| wrong(key, "a count"))?;
            // None are what is told of the chosen token, which is asked for by `include`.
            if most > 0 {
                request.logprobs = Some(most);
            }
        }
        "include" => include(json, request)?,
        "stream" => request.stream = flag(json, key)?,
        "prompt_cache_key" => request.cache_key = Some(text(json, key)?),
        "service_tier" => request.service_tier = Some(text(json, key)?),
        "user" => request.user = Some(text(json, key)?),
        "metadata" => {
            let word = |json: Json<'_>| json.string().unwrap_or_else(|| json.get().to_owned());
            request.metadata = inner(json, key)?.iter().map(|(key, json)| (key.to_owned(), word(json))).collect();
        }
        "providerOptions" => request.ext.append(&mut Ext::of_options(&inner(json, key)?)),
        "previous_response_id" => pin(request, "previous_response_id", json),
        "conversation" => pin(request, "conversation", json),
        "background" if !flag(json, key)? => {}
        "background" | "prompt" => native(request, key, json, true),
        "truncation" if json.text().as_deref() == Some("disabled") => {}
        _ if SHARED.contains(&key) && key != "verbosity" => shared(request, key, json.raw()),
        _ => native(request, key, json, false),
    }
    Ok(())
}

/// A member for this dialect alone; without one that is required the answer would not be what was asked for.
pub(super) fn native(request: &mut Request, key: &str, json: Json<'_>, required: bool) {
    request.ext.push(own(key, json.raw(), required));
}

fn shared(request: &mut Request, key: &str, value: Raw) {
    request.ext.push(Ext { owner: Owner::OpenAi, key: key.to_owned(), value, required: false });
}

/// State that one account keeps; a conversation may be an object.
fn pin(request: &mut Request, field: &'static str, json: Json<'_>) {
    let id = json.string().unwrap_or_else(|| json.get().to_owned());
    request.pins.push(Pin { owner: Owner::Responses, field, id });
}

/// What is told besides. Seals and log probabilities have their own places, whoever answers.
fn include(json: Json<'_>, request: &mut Request) -> Result<(), Error> {
    let mut others = Vec::new();
    for json in items(json, "include")? {
        match &*text(json, "include")? {
            "reasoning.encrypted_content" => request.seals_wanted = true,
            "message.output_text.logprobs" => request.logprobs = request.logprobs.or(Some(0)),
            other => others.push(serde_json::Value::from(other)),
        }
    }
    if !others.is_empty() {
        request.ext.push(own("include", Raw::of(&others.into()), false));
    }
    Ok(())
}

fn reasoning(object: &Object<'_>, request: &mut Request) -> Result<(), Error> {
    let mut read = Reasoning::default();
    for (key, json) in object.iter() {
        let path = format!("reasoning.{key}");
        match key {
            "effort" => read.effort = Some(text(json, &path)?),
            "summary" => read.summary = Some(text(json, &path)?),
            // Its older name.
            "generate_summary" => read.summary = read.summary.take().or(Some(text(json, &path)?)),
            _ => native(request, &path, json, false),
        }
    }
    if read != Reasoning::default() {
        request.reasoning = Some(read);
    }
    Ok(())
}

fn output(object: &Object<'_>, request: &mut Request) -> Result<(), Error> {
    if let Some(verbosity) = object.raw("verbosity") {
        shared(request, "verbosity", verbosity);
    }
    let Some(json) = object.get("format") else { return Ok(()) };
    let format = inner(json, "text.format")?;
    request.output = match format.text("type").as_deref() {
        Some("text") => Output::Text,
        Some("json_object") => Output::Json,
        Some("json_schema") => Output::Schema {
            name: format.string("name").unwrap_or_else(|| "answer".to_owned()),
            description: format.string("description"),
            schema: required(&format, "schema", "text.format", "an object")?.raw(),
            strict: format.flag("strict"),
        },
        _ => return Err(wrong("text.format.type", "`text`, `json_object` or `json_schema`")),
    };
    Ok(())
}
