//! Recorded exchanges of Anthropic, and an independent reading of them.

use serde_json::{Value, json};
use tollgate::chat::Event;
use tollgate::dialect::anthropic::Decoder;

use super::support::{Exchange, Said, chunked, decoded, events, fixtures, ids, recorded};

/// All of them, those of another project's fixtures last.
pub fn exchanges() -> Vec<Exchange> {
    let mut read = recorded(|entry| entry["provider"] == "anthropic" && entry["endpoint"] == "messages");
    read.extend(fixtures(&["anthropic"]));
    read
}

/// The fixture of that name.
pub fn fixture(name: &str) -> Exchange {
    exchanges().into_iter().find(|exchange| exchange.file.ends_with(name)).unwrap()
}

/// The events of a stream in pieces.
pub fn decode(pieces: &[&[u8]]) -> Vec<Event> {
    decoded(&mut Decoder::new(&ids()), pieces)
}

/// What a client of chat completions gets of a stream in pieces.
pub fn translate(pieces: &[&[u8]]) -> Vec<u8> {
    chunked(&mut Decoder::new(&ids()), pieces, &ids())
}

/// The message that a stream amounts to, put together as Anthropic's SDKs do.
pub fn message_of(body: &[u8]) -> Value {
    let mut message = Value::Null;
    let mut inputs: Vec<String> = Vec::new();
    for event in events(body) {
        let index = event["index"].as_u64().unwrap_or(0) as usize;
        match event["type"].as_str().unwrap_or_default() {
            "message_start" if message.is_null() => message = event["message"].clone(),
            "content_block_start" => {
                message["content"].as_array_mut().unwrap().push(event["content_block"].clone());
                inputs.resize(index + 1, String::new());
            }
            "content_block_delta" => {
                let (block, delta) = (&mut message["content"][index], &event["delta"]);
                let mut add = |name: &str| {
                    let text = block[name].as_str().unwrap_or_default().to_owned() + delta[name].as_str().unwrap();
                    block[name] = json!(text);
                };
                match delta["type"].as_str().unwrap() {
                    "text_delta" => add("text"),
                    "thinking_delta" => add("thinking"),
                    "signature_delta" => block["signature"] = delta["signature"].clone(),
                    "input_json_delta" => inputs[index] += delta["partial_json"].as_str().unwrap(),
                    "citations_delta" => {
                        let mut citations = block["citations"].as_array().cloned().unwrap_or_default();
                        citations.push(delta["citation"].clone());
                        block["citations"] = json!(citations);
                    }
                    _ => {}
                }
            }
            "message_delta" => {
                for from in [
                    &event["delta"],
                    &json!({"usage": event["usage"]}),
                    &json!({"context_management": event["context_management"]}),
                ] {
                    for (name, value) in from.as_object().unwrap() {
                        match (name.as_str(), value) {
                            (_, Value::Null) => {}
                            ("usage", Value::Object(counts)) => {
                                counts.iter().for_each(|(name, count)| message["usage"][name] = count.clone());
                            }
                            _ => message[name] = value.clone(),
                        }
                    }
                }
            }
            _ => {}
        }
    }
    for (index, input) in inputs.iter().enumerate().filter(|(_, input)| !input.is_empty()) {
        message["content"][index]["input"] = serde_json::from_str(input).unwrap_or(json!(input));
    }
    message
}

/// Why a message ends, in the words of chat completions.
pub fn finish(message: &Value) -> &'static str {
    match message["stop_reason"].as_str().unwrap() {
        "max_tokens" | "model_context_window_exceeded" => "length",
        "tool_use" => "tool_calls",
        "refusal" => "content_filter",
        _ => "stop",
    }
}

/// What a message says, in the words of chat completions.
pub fn said(message: &Value) -> Said {
    let blocks = message["content"].as_array().unwrap();
    let of = |kind: &'static str| blocks.iter().filter(move |block| block["type"] == kind);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pages = of("text").flat_map(|block| block["citations"].as_array().into_iter().flatten());
    let pages = pages.filter(|page| page["type"] == "web_search_result_location");
    let calls: Vec<_> = of("tool_use").map(|block| (text(&block["name"]), block["input"].clone())).collect();
    let word = text(&message["stop_reason"]);
    Said {
        text: of("text").map(|block| text(&block["text"])).collect(),
        thoughts: of("thinking").map(|block| text(&block["thinking"])).collect(),
        refusal: if word == "refusal" { text(&message["stop_details"]["explanation"]) } else { String::new() },
        calls,
        // With calls too: those that a program made have their results already.
        finish: finish(message).to_owned(),
        pages: pages.map(|page| text(&page["url"])).collect(),
    }
}

/// What a message's usage is in the words of chat completions: input, cached, output, reasoning.
pub fn used(message: &Value) -> [Option<u64>; 4] {
    let count = |name: &str| message.pointer(&format!("/usage/{name}")).and_then(Value::as_u64);
    let (read, written) = (count("cache_read_input_tokens"), count("cache_creation_input_tokens"));
    let input = count("input_tokens").map(|input| input + read.unwrap_or(0) + written.unwrap_or(0));
    [input, read, count("output_tokens"), count("output_tokens_details/thinking_tokens")]
}

/// The blocks that only Anthropic understands.
pub fn natives(message: &Value) -> Vec<Value> {
    const KNOWN: [&str; 4] = ["text", "thinking", "redacted_thinking", "tool_use"];
    let blocks = message["content"].as_array().unwrap().iter();
    blocks.filter(|block| !KNOWN.contains(&block["type"].as_str().unwrap())).cloned().collect()
}

/// The signatures, in order.
pub fn signatures(message: &Value) -> Vec<String> {
    let blocks = message["content"].as_array().unwrap().iter();
    let proofs = blocks.filter_map(|block| match block["type"].as_str().unwrap() {
        "thinking" => block["signature"].as_str(),
        "redacted_thinking" => block["data"].as_str(),
        _ => None,
    });
    proofs.filter(|proof| !proof.is_empty()).map(str::to_owned).collect()
}

/// The same, of a client's messages or deltas.
pub fn shown_signatures<'a>(messages: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let entries = messages.flat_map(|message| message["reasoning_details"].as_array().into_iter().flatten());
    let proof = |entry: &Value| entry["signature"].as_str().or(entry["data"].as_str()).map(str::to_owned);
    entries.filter_map(proof).collect()
}
