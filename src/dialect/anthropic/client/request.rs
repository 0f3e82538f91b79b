//! A client's request.

use super::messages::messages;
use super::{thinking, tools};
use crate::chat::json::expect::{flag, inner, items, number, small, text, wrong};
use crate::chat::json::{Json, Object};
use crate::chat::{Cache, Ext, Owner, Pin, Request};
use crate::error::Error;

/// Users with longer names stay at providers of this dialect: OpenAI takes 64 characters, and tools send more.
const LONGEST_USER: usize = 64;

/// Reads a request. Members that are not known are kept for providers of this dialect; those that are known and have
/// another type are a 400 that names them.
pub fn decode_request(body: &[u8]) -> Result<Request, Error> {
    let object = Object::parse(body).ok_or_else(|| Error::bad_body("The body is not a JSON object."))?;
    let mut request = Request { cache: Cache::of(&object), ..Request::default() };
    for (key, json) in object.iter() {
        member(&mut request, key, json)?;
    }
    thinking::read(&object, &mut request)?;
    request.keep_last_ext();
    request.messages = messages(&object, &mut request.pins)?;
    if request.model.is_empty() {
        return Err(wrong("model", "a text"));
    }
    Ok(request)
}

/// What only this dialect has. `required`: without it the answer would not be what was asked for.
pub(super) fn ours(key: &str, json: Json<'_>, required: bool) -> Ext {
    Ext { owner: Owner::Anthropic, key: key.to_owned(), value: json.raw(), required }
}

fn member(request: &mut Request, key: &str, json: Json<'_>) -> Result<(), Error> {
    let sampling = &mut request.sampling;
    match key {
        "model" => request.model = text(json, key)?,
        // Read by the caller, what the gateway itself reads, and what is a provider's own matter.
        "messages" | "system" | "cache_control" | "thinking" | "output_config" | "output_format" => {}
        "models" | "anthropic_version" => {}
        "max_tokens" => request.max_tokens = Some(small(json, key)?),
        "stop_sequences" => {
            request.stop = items(json, key)?.map(|stop| text(stop, key)).collect::<Result<_, _>>()?;
        }
        "temperature" => sampling.temperature = Some(number(json, key)?),
        "top_p" => sampling.top_p = Some(number(json, key)?),
        "top_k" => sampling.top_k = Some(small(json, key)?),
        "stream" => request.stream = flag(json, key)?,
        "tools" => request.tools = tools::tools(json)?,
        "tool_choice" => tools::choice(json, request)?,
        "metadata" => metadata(request, json)?,
        "service_tier" => {
            let word = text(json, key)?;
            request.service_tier = Some(if word == "standard_only" { "default".to_owned() } else { word });
        }
        "container" => container(request, json)?,
        "providerOptions" => request.ext.extend(Ext::of_options(&inner(json, key)?)),
        "mcp_servers" => {
            let is_asked = items(json, key)?.next().is_some();
            request.ext.push(ours(key, json, is_asked));
        }
        _ => request.ext.push(ours(key, json, key == "inference_geo")),
    }
    Ok(())
}

/// The client's own user.
fn metadata(request: &mut Request, json: Json<'_>) -> Result<(), Error> {
    for (key, member) in inner(json, "metadata")?.iter() {
        let word = member.string().unwrap_or_else(|| member.get().to_owned());
        match key {
            "user_id" if word.chars().count() <= LONGEST_USER => request.user = Some(word),
            "user_id" => request.ext.push(ours("metadata", json, false)),
            _ => request.metadata.push((key.to_owned(), word)),
        }
    }
    Ok(())
}

/// A container is one account's; skills are only Anthropic's.
fn container(request: &mut Request, json: Json<'_>) -> Result<(), Error> {
    let id = match json.string() {
        Some(id) => Some(id),
        None => {
            let members = inner(json, "container")?;
            if members.iter().any(|(key, _)| key != "id") {
                request.ext.push(ours("container", json, true));
            }
            members.string("id")
        }
    };
    request.pins.extend(id.map(|id| Pin { owner: Owner::Anthropic, field: "container", id }));
    Ok(())
}
