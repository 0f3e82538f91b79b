//! Bedrock's recordings, and an independent reading of what they say.

use serde_json::{Value, json};
use tollgate::chat::{Event, Ids};
use tollgate::dialect::bedrock::Decoder;

use super::support::{Exchange, Said, chunked, decoded, fixtures, ids, is_converse, recorded};

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
    let mut read = recorded(|entry| entry["provider"] == "bedrock");
    read.extend(fixtures(&["amazon-bedrock"]).into_iter().map(|fixture| Exchange {
        endpoint: if is_converse(&fixture) { "converse" } else { "rerank" }.to_owned(),
        ..fixture
    }));
    read
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
    decoded(&mut Decoder::new(ids), pieces)
}

/// What a client that wants usage gets of a stream in pieces.
pub fn translate(pieces: &[&[u8]], ids: &Ids) -> Vec<u8> {
    chunked(&mut Decoder::new(ids), pieces, ids)
}
