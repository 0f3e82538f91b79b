//! Recorded exchanges of Cohere, and an independent reading of them.

use serde_json::{Value, json};
use tollgate::chat::Event;
use tollgate::dialect::cohere::{Decoder, decode_response};
use tollgate::dialect::openai::chat::encode_response;

use super::support::{Exchange, Said, asking, chunked, decoded, events, fixtures, ids, is_chat_of_cohere, recorded};

/// All of an endpoint.
pub fn of_endpoint(endpoint: &str) -> Vec<Exchange> {
    recorded(|entry| entry["provider"] == "cohere" && entry["endpoint"] == endpoint)
}

/// All of chat, those of another project's fixtures last.
pub fn exchanges() -> Vec<Exchange> {
    let mut read = of_endpoint("v2-chat");
    read.extend(fixtures(&["cohere"]).into_iter().filter(is_chat_of_cohere));
    read
}

/// The events of a stream in pieces.
pub fn decode(pieces: &[&[u8]]) -> Vec<Event> {
    decoded(&mut Decoder::new(&ids()), pieces)
}

/// What a client of chat completions gets of a stream in pieces.
pub fn translate(pieces: &[&[u8]]) -> Vec<u8> {
    chunked(&mut Decoder::new(&ids()), pieces, &ids())
}

/// What a client of chat completions gets of an answer.
pub fn written(body: &[u8]) -> Value {
    let response = decode_response(body, &ids()).unwrap();
    serde_json::from_slice(&encode_response(&response, &asking(), &ids(), None)).unwrap()
}

/// A stream as the answer that it amounts to, read name by name.
pub fn joined(events: &[Value]) -> Value {
    let (mut plan, mut content, mut calls) = (String::new(), Vec::<Value>::new(), Vec::<Value>::new());
    let (mut citations, mut end) = (Vec::new(), Value::Null);
    for event in events {
        let message = &event["delta"]["message"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let add = |to: &mut Value, more: &Value| *to = json!(text(to) + &text(more));
        match event["type"].as_str().unwrap() {
            "tool-plan-delta" => plan += &text(&message["tool_plan"]),
            "content-start" => content.push(message["content"].clone()),
            "content-delta" => {
                let last = content.last_mut().unwrap();
                for name in ["text", "thinking"].into_iter().filter(|name| message["content"][name].is_string()) {
                    add(&mut last[name], &message["content"][name]);
                }
            }
            "tool-call-start" => calls.push(message["tool_calls"].clone()),
            "tool-call-delta" => {
                let arguments = &message["tool_calls"]["function"]["arguments"];
                add(&mut calls.last_mut().unwrap()["function"]["arguments"], arguments);
            }
            "citation-start" => citations.push(message["citations"].clone()),
            "message-end" => end = event["delta"].clone(),
            _ => {}
        }
    }
    let message = json!({"tool_plan": plan, "content": content, "tool_calls": calls, "citations": citations});
    json!({"message": message, "finish_reason": end["finish_reason"], "usage": end["usage"]})
}

/// The answer or the joined stream of an exchange.
pub fn given(exchange: &Exchange) -> Value {
    if exchange.is_stream { joined(&events(&exchange.body)) } else { serde_json::from_slice(&exchange.body).unwrap() }
}

/// What it says, in the words of chat completions.
pub fn said(given: &Value) -> Said {
    let message = &given["message"];
    let all = |name: &str| -> String {
        let items = message["content"].as_array().into_iter().flatten();
        items.filter_map(|item| item[name].as_str()).collect()
    };
    let calls = message["tool_calls"].as_array().into_iter().flatten().map(|call| {
        let text = call["function"]["arguments"].as_str().unwrap();
        let args = if text.is_empty() { json!({}) } else { serde_json::from_str(text).unwrap() };
        (call["function"]["name"].as_str().unwrap().to_owned(), args)
    });
    let finish = match given["finish_reason"].as_str().unwrap() {
        "COMPLETE" | "STOP_SEQUENCE" => "stop",
        "MAX_TOKENS" => "length",
        "TOOL_CALL" => "tool_calls",
        other => panic!("{other}"),
    };
    Said {
        text: all("text"),
        thoughts: message["tool_plan"].as_str().unwrap_or_default().to_owned() + &all("thinking"),
        calls: calls.collect(),
        finish: finish.to_owned(),
        ..Said::default()
    }
}

/// Input, cached, output, reasoning: what the model saw, and not what was billed.
pub fn used(given: &Value) -> [Option<u64>; 4] {
    let usage = &given["usage"];
    let tokens = &usage["tokens"];
    [&tokens["input_tokens"], &usage["cached_tokens"], &tokens["output_tokens"], &tokens["reasoning_tokens"]]
        .map(Value::as_u64)
}
