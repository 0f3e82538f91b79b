//! What can be asked: written in each format, read by it, and looked for in what every dialect of providers makes of it.

use serde_json::{Value, json};
use tollgate::chat::Request;
use tollgate::config::{Dialect, PRESETS};
use tollgate::dialect::{Facts, Spec, spoken};
use tollgate::operation::Operation;

use super::PIXEL;
use super::clients::{Cell, Format, Row};

pub const ROWS: &[Row] = &[
    ("text, system prompts, several turns", |format| asked(format, "Be brief.", text)),
    ("tools, parallel calls, their results", |format| asked(format, "42 degrees", tools)),
    ("a tool must be called", |format| asked(format, "look", required)),
    ("images, base64", |format| asked(format, PIXEL, |format| media(format, "image/png", PIXEL))),
    ("images by https URL", |format| asked(format, CAT, |format| media(format, "image/png", CAT))),
    ("PDF", |format| asked(format, PAPER, |format| media(format, "application/pdf", PAPER))),
    ("images in results of tools", |format| asked(format, PIXEL, picture)),
    ("JSON schema output", |format| asked(format, "capital", schema)),
    ("thinking, by effort", |format| asked(format, "", effort)),
    ("stop sequences", |format| asked(format, "HALT", stop)),
    ("marks for prompt caches", |format| asked(format, "", cache)),
    ("fallback across APIs, each attempt from the request as it came", |format| Cell::Is(falls_back(format))),
];

const CAT: &str = "https://example.com/cat.png";
const PAPER: &str = "JVBERi0=";

/// A provider of each dialect, and a model that can do what its dialect can.
const TARGETS: [(&str, Option<Dialect>, &str); 8] = [
    ("openai", None, "gpt-5"),
    ("openai", Some(Dialect::Responses), "gpt-5"),
    ("anthropic", None, "claude-sonnet-4-5"),
    ("google", None, "gemini-3-pro"),
    ("vertex", None, "gemini-3-pro"),
    ("vertex-anthropic", None, "claude-sonnet-4-5"),
    ("bedrock", None, "anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("cohere", None, "command-a-03-2025"),
];

/// The place of Anthropic among them.
pub const ANTHROPIC: usize = 2;

/// What a target is sent; `None` where it cannot be asked, or something is lost.
pub fn sent(request: &Request, target: usize) -> Option<String> {
    let (vendor, dialect, model) = TARGETS[target];
    let preset = PRESETS.iter().find(|preset| preset.name == vendor).unwrap();
    let dialect = dialect.unwrap_or(preset.dialect);
    let place = preset.base_url.contains("{location}").then_some("somewhere");
    let facts = Facts { vendor, provider: vendor, model, project: place, location: place, ..Facts::default() };
    spoken::can_express(dialect, request, &facts).ok()?;
    let encoded = spoken::encode_request(dialect, request, &facts);
    encoded.dropped.fields().is_empty().then(|| String::from_utf8(encoded.body).unwrap())
}

/// At how many of them a request arrives with nothing lost, and `mark` in it.
fn asked(format: &Format, mark: &str, body: fn(&Format) -> Option<Value>) -> Cell {
    let Some(body) = body(format) else { return Cell::Absent };
    let request = read(format, body);
    let arrives = |target: &usize| sent(&request, *target).is_some_and(|sent| sent.contains(mark));
    Cell::Of((0..TARGETS.len()).filter(arrives).count(), TARGETS.len())
}

pub fn read(format: &Format, mut body: Value) -> Request {
    if format.spec().is_none() {
        body["model"] = json!("acme/m");
    }
    if format.operation == Operation::Messages {
        body["max_tokens"] = json!(9000);
    }
    format.voice(false).decode_request(body.to_string().as_bytes()).unwrap()
}

/// What another attempt saw does not show in the next.
fn falls_back(format: &Format) -> bool {
    let request = read(format, tools(format).unwrap());
    let first: Vec<_> = (0..TARGETS.len()).map(|target| sent(&request, target)).collect();
    let again: Vec<_> = (0..TARGETS.len()).rev().map(|target| sent(&request, target)).collect();
    first.iter().all(Option::is_some) && first.iter().eq(again.iter().rev())
}

/// The messages of a format under the name that it has for them.
pub fn messages(format: &Format, messages: Value) -> Value {
    match format.operation {
        Operation::Responses => json!({"input": messages}),
        Operation::LanguageModel => json!({"prompt": messages}),
        _ => json!({"messages": messages}),
    }
}

pub fn said(format: &Format, text: &str) -> Value {
    if format.spec().is_some() { json!([{"type": "text", "text": text}]) } else { json!(text) }
}

fn text(format: &Format) -> Option<Value> {
    let turn = |role, text| json!({"role": role, "content": said(format, text)});
    let mut talk = vec![turn("user", "Hi"), turn("assistant", "Yes?"), turn("user", "Go")];
    match format.operation {
        Operation::LanguageModel => talk.insert(0, json!({"role": "system", "content": "Be brief."})),
        Operation::ChatCompletions => talk.insert(0, turn("system", "Be brief.")),
        _ => {}
    }
    let mut body = messages(format, json!(talk));
    match format.operation {
        Operation::Messages => body["system"] = json!("Be brief."),
        Operation::Responses => body["instructions"] = json!("Be brief."),
        _ => {}
    }
    Some(body)
}

/// A question, with other members.
fn with(format: &Format, members: &Value) -> Option<Value> {
    let mut body = messages(format, json!([{"role": "user", "content": said(format, "Hi")}]));
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    Some(body)
}

fn tool(format: &Format) -> Value {
    let schema = json!({"type": "object", "properties": {}});
    match format.operation {
        Operation::Messages => json!({"name": "look", "input_schema": schema}),
        Operation::Responses => json!({"type": "function", "name": "look", "parameters": schema}),
        Operation::LanguageModel => json!({"type": "function", "name": "look", "inputSchema": schema}),
        _ => json!({"type": "function", "function": {"name": "look", "parameters": schema}}),
    }
}

/// Two calls at once, and what they gave.
fn tools(format: &Format) -> Option<Value> {
    Some(results(format, [given(format, "42 degrees"), given(format, "noon")]))
}

/// What a tool says.
fn given(format: &Format, text: &str) -> Value {
    if format.spec().is_some() { json!({"type": "text", "value": text}) } else { json!(text) }
}

fn results(format: &Format, given: [Value; 2]) -> Value {
    let ids = ["call_1", "call_2"];
    let calls = |call: fn(&str) -> Value| ids.map(call).to_vec();
    let both = |result: fn(&str, &Value) -> Value| vec![result(ids[0], &given[0]), result(ids[1], &given[1])];
    let mut talk = vec![json!({"role": "user", "content": said(format, "Hi")})];
    match format.operation {
        Operation::Messages => {
            let calls = calls(|id| json!({"type": "tool_use", "id": id, "name": "look", "input": {}}));
            let results = both(|id, given| json!({"type": "tool_result", "tool_use_id": id, "content": given}));
            talk.push(json!({"role": "assistant", "content": calls}));
            talk.push(json!({"role": "user", "content": results}));
        }
        Operation::Responses => {
            talk.extend(calls(|id| json!({"type": "function_call", "call_id": id, "name": "look", "arguments": "{}"})));
            talk.extend(both(|id, given| json!({"type": "function_call_output", "call_id": id, "output": given})));
        }
        Operation::LanguageModel => {
            let calls = calls(|id| json!({"type": "tool-call", "toolCallId": id, "toolName": "look", "input": {}}));
            let results =
                both(|id, given| json!({"type": "tool-result", "toolCallId": id, "toolName": "look", "output": given}));
            talk.push(json!({"role": "assistant", "content": calls}));
            talk.push(json!({"role": "tool", "content": results}));
        }
        _ => {
            let function =
                |id: &str| json!({"id": id, "type": "function", "function": {"name": "look", "arguments": "{}"}});
            talk.push(json!({"role": "assistant", "tool_calls": calls(function)}));
            talk.extend(both(|id, given| json!({"role": "tool", "tool_call_id": id, "content": given})));
        }
    }
    let mut body = messages(format, json!(talk));
    body["tools"] = json!([tool(format)]);
    body
}

fn required(format: &Format) -> Option<Value> {
    let (name, choice) = match format.operation {
        Operation::Messages => ("tool_choice", json!({"type": "any"})),
        Operation::LanguageModel => ("toolChoice", json!({"type": "required"})),
        _ => ("tool_choice", json!("required")),
    };
    let mut members = json!({"tools": [tool(format)]});
    members[name] = choice;
    with(format, &members)
}

/// A file of a user's, by its data or its URL.
fn media(format: &Format, mime: &str, data: &str) -> Option<Value> {
    let is_url = data.contains("://");
    let url = if is_url { data.to_owned() } else { format!("data:{mime};base64,{data}") };
    let is_image = mime.starts_with("image");
    let part = match format.operation {
        Operation::Messages => {
            let whole = json!({"type": "base64", "media_type": mime, "data": data});
            let source = if is_url { json!({"type": "url", "url": data}) } else { whole };
            json!({"type": if is_image { "image" } else { "document" }, "source": source})
        }
        Operation::Responses if is_image => json!({"type": "input_image", "image_url": url}),
        Operation::Responses => json!({"type": "input_file", "filename": "a.pdf", "file_data": url}),
        Operation::LanguageModel => {
            let data = match format.spec() {
                Some(Spec::V4) if is_url => json!({"type": "url", "url": data}),
                Some(Spec::V4) => json!({"type": "data", "data": data}),
                _ => json!(url),
            };
            json!({"type": "file", "mediaType": mime, "data": data})
        }
        _ if is_image => json!({"type": "image_url", "image_url": {"url": url}}),
        _ => json!({"type": "file", "file": {"filename": "a.pdf", "file_data": url}}),
    };
    let kind = if format.operation == Operation::Responses { "input_text" } else { "text" };
    Some(messages(format, json!([{"role": "user", "content": [{"type": kind, "text": "?"}, part]}])))
}

fn picture(format: &Format) -> Option<Value> {
    let url = format!("data:image/png;base64,{PIXEL}");
    let image = match format.operation {
        Operation::Messages => {
            json!([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}])
        }
        Operation::Responses => json!([{"type": "input_image", "image_url": url}]),
        Operation::LanguageModel => {
            let part = match format.spec() {
                Some(Spec::V2) => json!({"type": "media", "data": PIXEL, "mediaType": "image/png"}),
                Some(Spec::V3) => json!({"type": "image-data", "data": PIXEL, "mediaType": "image/png"}),
                _ => json!({"type": "file", "data": {"type": "data", "data": PIXEL}, "mediaType": "image/png"}),
            };
            json!({"type": "content", "value": [part]})
        }
        _ => json!([{"type": "image_url", "image_url": {"url": url}}]),
    };
    Some(results(format, [image, given(format, "noon")]))
}

fn schema(format: &Format) -> Option<Value> {
    let schema = json!({"type": "object", "properties": {"capital": {"type": "string"}}, "required": ["capital"],
        "additionalProperties": false});
    let named = json!({"name": "a", "schema": schema});
    let members = match format.operation {
        Operation::Messages => json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}}),
        Operation::Responses => json!({"text": {"format": {"type": "json_schema", "name": "a", "schema": schema}}}),
        Operation::LanguageModel => json!({"responseFormat": {"type": "json", "schema": schema}}),
        _ => json!({"response_format": {"type": "json_schema", "json_schema": named}}),
    };
    with(format, &members)
}

fn effort(format: &Format) -> Option<Value> {
    let members = match format.operation {
        Operation::Messages => json!({"output_config": {"effort": "high"}}),
        Operation::Responses => json!({"reasoning": {"effort": "high"}}),
        // Before version 7 only the options of each provider said it.
        Operation::LanguageModel if format.spec() != Some(Spec::V4) => return None,
        Operation::LanguageModel => json!({"reasoning": "high"}),
        _ => json!({"reasoning_effort": "high"}),
    };
    with(format, &members)
}

fn stop(format: &Format) -> Option<Value> {
    let members = match format.operation {
        Operation::Messages => json!({"stop_sequences": ["HALT"]}),
        Operation::LanguageModel => json!({"stopSequences": ["HALT"]}),
        Operation::Responses => return None,
        _ => json!({"stop": ["HALT"]}),
    };
    with(format, &members)
}

fn cache(format: &Format) -> Option<Value> {
    let mark = json!({"type": "ephemeral"});
    let part = match format.operation {
        Operation::Responses => return None,
        Operation::LanguageModel => {
            json!({"type": "text", "text": "Hi", "providerOptions": {"anthropic": {"cacheControl": mark}}})
        }
        _ => json!({"type": "text", "text": "Hi", "cache_control": mark}),
    };
    Some(messages(format, json!([{"role": "user", "content": [part]}])))
}
