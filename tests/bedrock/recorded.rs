//! Bedrock's recordings, its frames, and an independent reading of what they say.

use serde_json::{Value, json};
use tollgate::chat::{Event, Ids, Request};
use tollgate::dialect::bedrock::Decoder;
use tollgate::dialect::openai::chat::Encoder;

use super::support::{Said, folder, ids};

/// One exchange; those of another project have no request.
#[derive(Clone)]
pub struct Exchange {
    pub file: String,
    pub endpoint: String,
    pub model: String,
    pub status: u16,
    pub headers: Value,
    pub is_stream: bool,
    pub body: Vec<u8>,
    pub url: String,
}

impl Exchange {
    pub fn ids(&self) -> Ids {
        Ids { model: self.model.clone(), ..ids() }
    }
}

/// Everything recorded of Converse and its streams, with its errors, and another project's fixtures.
pub fn exchanges() -> Vec<Exchange> {
    all().into_iter().filter(|exchange| exchange.endpoint.starts_with("converse")).collect()
}

/// Every endpoint.
pub fn all() -> Vec<Exchange> {
    let Some(folder) = folder() else { return Vec::new() };
    let index = std::fs::read_to_string(folder.join("index.jsonl")).unwrap();
    let entries = index.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut read: Vec<Exchange> = entries
        .filter(|entry| entry["provider"] == "bedrock")
        .map(|entry| Exchange {
            endpoint: entry["endpoint"].as_str().unwrap().to_owned(),
            model: entry["model"].as_str().unwrap().to_owned(),
            ..exchange(entry["file"].as_str().unwrap())
        })
        .collect();
    let fixtures = std::fs::read_dir(folder.join("vercel/amazon-bedrock")).unwrap();
    let mut paths: Vec<_> = fixtures.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let is_stream = path.extension().unwrap() == "txt";
        let events = || text.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap());
        let events = if is_stream { events().map(named).collect() } else { Vec::new() };
        let is_answer = text.contains("\"output\"");
        read.push(Exchange {
            file: format!("vercel/amazon-bedrock/{}", path.file_name().unwrap().to_str().unwrap()),
            endpoint: if is_stream || is_answer { "converse".into() } else { "rerank".into() },
            model: "anthropic.claude-3-haiku-20240307-v1:0".into(),
            status: 200,
            headers: json!({}),
            is_stream,
            body: if is_stream { frames(&events) } else { text.into_bytes() },
            url: String::new(),
        });
    }
    read
}

/// `{"messageStop":{...}}`, as fixtures have it.
fn named(event: Value) -> (String, Value) {
    let (name, payload) = event.as_object().unwrap().iter().next().unwrap();
    (name.clone(), payload.clone())
}

/// One file of recordings or of synthetic errors.
pub fn exchange(file: &str) -> Exchange {
    let path = folder().unwrap().join(file);
    let exchange: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let response = &exchange["response"];
    let body = match (response["body_file"].as_str(), response["body_text"].as_str()) {
        (Some(name), _) => std::fs::read(path.with_file_name(name)).unwrap(),
        (None, Some(text)) => text.as_bytes().to_vec(),
        (None, None) => serde_json::to_vec(&response["body"]).unwrap(),
    };
    Exchange {
        file: file.to_owned(),
        endpoint: String::new(),
        model: String::new(),
        status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
        headers: response["headers"].clone(),
        is_stream: response["body_file"].is_string(),
        body,
        url: exchange["request"]["url"].as_str().unwrap_or_default().to_owned(),
    }
}

/// One frame, with its headers.
pub fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap());
        head.extend(name.as_bytes());
        head.push(7);
        head.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        head.extend(value.as_bytes());
    }
    let length = |n: usize| u32::try_from(n).unwrap().to_be_bytes();
    let mut out = length(16 + head.len() + payload.len()).to_vec();
    out.extend(length(head.len()));
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out.extend(head);
    out.extend(payload);
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out
}

/// A stream of events.
pub fn frames(events: &[(String, Value)]) -> Vec<u8> {
    let one = |(name, payload): &(String, Value)| {
        let headers =
            [(":event-type", name.as_str()), (":content-type", "application/json"), (":message-type", "event")];
        frame(&headers, payload.to_string().as_bytes())
    };
    events.iter().flat_map(one).collect()
}

/// The events of a stream: the names by a search in the headers, the payloads by their lengths.
pub fn events_of(mut body: &[u8]) -> Vec<(String, Value)> {
    let mut events = Vec::new();
    while body.len() >= 16 {
        let word = |at: usize| u32::from_be_bytes(body[at..at + 4].try_into().unwrap()) as usize;
        let (length, headers) = (word(0), word(4));
        let head = String::from_utf8_lossy(&body[12..12 + headers]).into_owned();
        let names =
            ["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"];
        let name = names.iter().find(|name| head.contains(*name)).unwrap_or(&"other");
        let payload = serde_json::from_slice(&body[12 + headers..length - 4]).unwrap_or(Value::Null);
        events.push(((*name).to_owned(), payload));
        body = &body[length..];
    }
    events
}

/// The answer that a stream amounts to, in Bedrock's shape.
pub fn answer_of(body: &[u8]) -> Value {
    let mut blocks: Vec<(u64, Value)> = Vec::new();
    let mut answer = json!({});
    for (name, event) in events_of(body) {
        match &*name {
            "contentBlockStart" | "contentBlockDelta" => {
                let index = event["contentBlockIndex"].as_u64().unwrap();
                if !blocks.iter().any(|(known, _)| *known == index) {
                    blocks.push((index, json!({})));
                }
                let block = &mut blocks.iter_mut().find(|(known, _)| *known == index).unwrap().1;
                let (start, delta) = (&event["start"], &event["delta"]);
                for kind in ["toolUse", "toolResult"] {
                    if start[kind].is_object() {
                        block[kind] = start[kind].clone();
                    }
                }
                for (place, piece) in [
                    (&["text"][..], &delta["text"]),
                    (&["toolUse", "input"], &delta["toolUse"]["input"]),
                    (&["reasoningContent", "reasoningText", "text"], &delta["reasoningContent"]["text"]),
                    (&["reasoningContent", "reasoningText", "signature"], &delta["reasoningContent"]["signature"]),
                    (&["reasoningContent", "redactedContent"], &delta["reasoningContent"]["redactedContent"]),
                ] {
                    if let Some(piece) = piece.as_str() {
                        let at = place.iter().fold(&mut *block, |at, name| &mut at[*name]);
                        *at = json!(at.as_str().unwrap_or_default().to_owned() + piece);
                    }
                }
                for item in delta["toolResult"].as_array().into_iter().flatten() {
                    let list = &mut block["toolResult"]["content"];
                    let mut items = list.as_array().cloned().unwrap_or_default();
                    items.push(item.clone());
                    *list = json!(items);
                }
                if delta["citation"].is_object() {
                    let mut list = block["citations"].as_array().cloned().unwrap_or_default();
                    list.push(delta["citation"].clone());
                    block["citations"] = json!(list);
                }
            }
            "messageStop" => answer["stopReason"] = event["stopReason"].clone(),
            "metadata" => {
                answer["usage"] = event["usage"].clone();
                answer["trace"] = event["trace"].clone();
            }
            _ => {}
        }
    }
    blocks.sort_by_key(|(index, _)| *index);
    let mut content: Vec<Value> =
        blocks.into_iter().map(|(_, block)| block).filter(|block| *block != json!({})).collect();
    for block in &mut content {
        if let Some(input) = block.pointer_mut("/toolUse/input") {
            *input = serde_json::from_str(input.as_str().unwrap()).unwrap_or(json!({}));
        }
        if let Some(citations) = block.as_object_mut().unwrap().remove("citations") {
            *block = json!({"citationsContent": {"content": [{"text": block["text"]}], "citations": citations}});
        }
    }
    answer["output"] = json!({"message": {"role": "assistant", "content": content}});
    answer
}

/// An exchange's answer in Bedrock's shape.
pub fn given(exchange: &Exchange) -> Value {
    match exchange.is_stream {
        true => answer_of(&exchange.body),
        false => serde_json::from_slice(&exchange.body).unwrap(),
    }
}

/// The blocks of an answer.
pub fn blocks(answer: &Value) -> &Vec<Value> {
    answer["output"]["message"]["content"].as_array().unwrap()
}

/// What an answer says, read name by name.
pub fn said(answer: &Value) -> Said {
    let mut said = Said::default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for block in blocks(answer) {
        said.text += &text(&block["text"]);
        for piece in block["citationsContent"]["content"].as_array().into_iter().flatten() {
            said.text += &text(&piece["text"]);
        }
        said.thoughts += &text(&block["reasoningContent"]["reasoningText"]["text"]);
        let call = &block["toolUse"];
        if call.is_object() && call["type"] != "server_tool_use" {
            said.calls.push((text(&call["name"]), call["input"].clone()));
        }
    }
    said.finish = match answer["stopReason"].as_str().unwrap() {
        "max_tokens" | "model_context_window_exceeded" => "length",
        "guardrail_intervened" | "content_filtered" => "content_filter",
        _ if !said.calls.is_empty() => "tool_calls",
        _ => "stop",
    }
    .to_owned();
    said
}

/// Input, cached, output, reasoning of a usage object; the cache is beside the input.
pub fn counts(usage: &Value) -> Option<[Option<u64>; 4]> {
    let count = |name: &str| usage[name].as_u64();
    let beside = count("cacheReadInputTokens").unwrap_or(0) + count("cacheWriteInputTokens").unwrap_or(0);
    let input = count("inputTokens").map(|input| input + beside);
    usage.is_object().then_some([input, count("cacheReadInputTokens"), count("outputTokens"), None])
}

/// The events of a stream in pieces.
pub fn decode(pieces: &[&[u8]], ids: &Ids) -> Vec<Event> {
    let (mut decoder, mut events) = (Decoder::new(ids), Vec::new());
    for piece in pieces {
        decoder.feed(piece, &mut events);
    }
    decoder.finish(&mut events);
    events
}

/// What a client that wants usage gets of a stream in pieces.
pub fn translate(pieces: &[&[u8]], ids: &Ids) -> Vec<u8> {
    let request = Request { usage_wanted: true, ..Request::default() };
    let (mut decoder, mut encoder) = (Decoder::new(ids), Encoder::new(&request, ids));
    let (mut events, mut out) = (Vec::new(), Vec::new());
    for piece in pieces {
        decoder.feed(piece, &mut events);
        encoder.feed(&events, &mut out);
        events.clear();
    }
    decoder.finish(&mut events);
    encoder.feed(&events, &mut out);
    out
}
