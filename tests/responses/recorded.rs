//! Recorded exchanges of Responses, and an independent reading of them.

use serde_json::{Value, json};
use tollgate::chat::Event;
use tollgate::dialect::openai::chat::encode_response;
use tollgate::dialect::openai::responses::{Decoder, decode_response};

use super::support::{Exchange, Said, asking, chunked, decoded, events, fixtures, ids, recorded};

/// All of them, those of another project's fixtures last.
pub fn exchanges() -> Vec<Exchange> {
    let mut read = recorded(|entry| entry["endpoint"] == "responses");
    read.extend(fixtures(&["azure", "openai"]).into_iter().filter(|fixture| {
        fixture.says(if fixture.is_stream { r#""response.created""# } else { r#""object": "response""# })
    }));
    read
}

/// The exchange whose file ends so.
pub fn found(name: &str) -> Option<Exchange> {
    exchanges().into_iter().find(|exchange| exchange.file.ends_with(name))
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

/// The answer, or what the stream's terminal event says that it was; `None` where there is none.
pub fn given(exchange: &Exchange) -> Option<Value> {
    if !exchange.is_stream {
        return serde_json::from_slice(&exchange.body).ok();
    }
    let events = events(&exchange.body);
    let last = events.iter().rfind(|event| event["response"]["output"].is_array())?;
    let is_terminal = ["response.completed", "response.incomplete"].iter().any(|kind| last["type"] == *kind);
    let mut response = last["response"].clone();
    // What is encrypted is so anew in the last event; what counts came with the item.
    for event in events.iter().filter(|event| event["item"].is_object()) {
        let index = usize::try_from(event["output_index"].as_u64().unwrap()).unwrap();
        for name in ["encrypted_content", "fingerprint"] {
            if event["item"][name].is_string() {
                response["output"][index][name] = event["item"][name].clone();
            }
        }
    }
    is_terminal.then_some(response)
}

fn items<'a>(given: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    given["output"].as_array().unwrap().iter().filter(move |item| item["type"] == kind)
}

/// Texts of a list, by the member that holds them.
fn texts(list: &Value, kind: &str, member: &str) -> Vec<String> {
    let items = list.as_array().into_iter().flatten().filter(|item| item["type"] == kind);
    items.map(|item| item[member].as_str().unwrap().to_owned()).collect()
}

/// What it says, in the words of chat completions.
pub fn said(given: &Value) -> Said {
    let contents = |kind: &str, member: &str| -> String {
        items(given, "message").flat_map(|item| texts(&item["content"], kind, member)).collect()
    };
    let thoughts = items(given, "reasoning").map(|item| {
        let summary = texts(&item["summary"], "summary_text", "text").join("\n\n");
        if summary.is_empty() { texts(&item["content"], "reasoning_text", "text").concat() } else { summary }
    });
    let calls = items(given, "function_call").map(|call| {
        let args = serde_json::from_str(call["arguments"].as_str().unwrap()).unwrap();
        (call["name"].as_str().unwrap().to_owned(), args)
    });
    let calls: Vec<(String, Value)> = calls.collect();
    let annotations =
        items(given, "message").flat_map(|item| item["content"].as_array().unwrap()).flat_map(|content| {
            content["annotations"].as_array().into_iter().flatten().filter(|page| page["type"] == "url_citation")
        });
    let finish = match given["incomplete_details"]["reason"].as_str() {
        Some("max_output_tokens") => "length",
        Some("content_filter") => "content_filter",
        Some(other) => panic!("{other}"),
        None if calls.is_empty() => "stop",
        None => "tool_calls",
    };
    Said {
        text: contents("output_text", "text"),
        thoughts: thoughts.collect(),
        refusal: contents("refusal", "refusal"),
        calls,
        finish: finish.to_owned(),
        pages: annotations.map(|page| page["url"].as_str().unwrap().to_owned()).collect(),
    }
}

/// Input, cached, output, reasoning.
pub fn used(given: &Value) -> [Option<u64>; 4] {
    let usage = &given["usage"];
    let places = [
        "/input_tokens",
        "/input_tokens_details/cached_tokens",
        "/output_tokens",
        "/output_tokens_details/reasoning_tokens",
    ];
    places.map(|place| usage.pointer(place).and_then(Value::as_u64))
}

/// What stands in no other place: items that the provider ran itself.
pub fn natives(given: &Value) -> Vec<Value> {
    let told = ["message", "reasoning", "function_call", "custom_tool_call", "image_generation_call"];
    let output = given["output"].as_array().unwrap().iter();
    output.filter(|item| told.iter().all(|kind| item["type"] != *kind)).cloned().collect()
}

/// Encrypted reasoning, in order.
pub fn seals(given: &Value) -> Vec<String> {
    items(given, "reasoning").filter_map(|item| Some(item["encrypted_content"].as_str()?.to_owned())).collect()
}

/// The message that chunks amount to: texts are joined, lists go by their index.
pub fn message(chunks: &[Value]) -> Value {
    let mut message = json!({"role": "assistant"});
    for delta in chunks.iter().filter_map(|chunk| chunk.pointer("/choices/0/delta")) {
        join(&mut message, delta);
    }
    message
}

fn join(have: &mut Value, more: &Value) {
    for (name, value) in more.as_object().unwrap() {
        match (&mut have[name.as_str()], value) {
            (_, Value::Null) => {}
            (Value::String(text), Value::String(more)) if name != "role" => text.push_str(more),
            (Value::Array(list), Value::Array(more)) => {
                for item in more {
                    match list.iter_mut().find(|known| known["index"] == item["index"] && item["index"].is_u64()) {
                        Some(known) => join(known, item),
                        None => list.push(item.clone()),
                    }
                }
            }
            (Value::Object(_), Value::Object(_)) => join(&mut have[name.as_str()], value),
            (place, value) => *place = value.clone(),
        }
    }
}
