//! A call's options.

use super::names::Names;
use super::{options, prompt, tools};
use crate::chat::json::expect::{inner, items, number, small, text, wrong};
use crate::chat::json::{Json, Object};
use crate::chat::{Output, Reasoning, Request};
use crate::dialect::Spec;
use crate::error::Error;

/// Reads a request. Unlike chat completions, members that are not known are nobody's: the SDK has `providerOptions`.
pub fn decode_request(_spec: Spec, body: &[u8], model: &str, stream: bool) -> Result<Request, Error> {
    let object = Object::parse(body).ok_or_else(|| Error::bad_body("The body is not a JSON object."))?;
    let mut request = Request { model: model.to_owned(), stream, ..Request::default() };
    for (key, json) in object.iter() {
        member(&mut request, key, json)?;
    }
    // Spec 4 says `auto` even where there is nothing to choose from.
    request.tool_choice = request.tool_choice.filter(|_| !request.tools.is_empty());
    let names = Names::of(&request);
    prompt::read(object.get("prompt").ok_or_else(|| wrong("prompt", "a list"))?, &names, &mut request)?;
    if let Some(namespaces) = object.get("providerOptions") {
        options::read(&inner(namespaces, "providerOptions")?, &mut request);
    }
    request.keep_last_ext();
    if model.is_empty() {
        return Err(wrong("ai-language-model-id", "a text"));
    }
    Ok(request)
}

fn member(request: &mut Request, key: &str, json: Json<'_>) -> Result<(), Error> {
    let sampling = &mut request.sampling;
    match key {
        "maxOutputTokens" => request.max_tokens = Some(small(json, key)?),
        "temperature" => sampling.temperature = Some(number(json, key)?),
        "topP" => sampling.top_p = Some(number(json, key)?),
        "topK" => sampling.top_k = Some(small(json, key)?),
        "presencePenalty" => sampling.presence_penalty = Some(number(json, key)?),
        "frequencyPenalty" => sampling.frequency_penalty = Some(number(json, key)?),
        "seed" => sampling.seed = Some(json.integer().ok_or_else(|| wrong(key, "a whole number"))?),
        "stopSequences" => request.stop = items(json, key)?.map(|stop| text(stop, key)).collect::<Result<_, _>>()?,
        "responseFormat" => request.output = output(json)?,
        "tools" => request.tools = tools::tools(json)?,
        "toolChoice" => request.tool_choice = Some(tools::choice(json)?),
        "reasoning" => request.reasoning = reasoning(&text(json, key)?),
        // What a provider really said is not what its client would understand.
        "includeRawChunks" if json.flag() == Some(true) => request.unmet.push("includeRawChunks"),
        _ => {}
    }
    Ok(())
}

/// The word of spec 4; `provider-default` is to say nothing.
fn reasoning(word: &str) -> Option<Reasoning> {
    (word != "provider-default").then(|| Reasoning { effort: Some(word.to_owned()), ..Reasoning::default() })
}

fn output(json: Json<'_>) -> Result<Output, Error> {
    const KEY: &str = "responseFormat";
    let format = inner(json, KEY)?;
    match format.text("type").as_deref() {
        Some("text") => Ok(Output::Text),
        Some("json") => Ok(format.raw("schema").map_or(Output::Json, |schema| Output::Schema {
            name: format.string("name").unwrap_or_else(|| "response".to_owned()),
            description: format.string("description"),
            schema,
            strict: None,
        })),
        _ => Err(wrong("responseFormat.type", "`text` or `json`")),
    }
}
