//! Clients of Responses: what they ask for, and the streams that they get.

use std::collections::BTreeMap;

use serde_json::Value;
use tollgate::chat::{Event, Request};
use tollgate::dialect::openai::{self, responses};
use tollgate::dialect::{anthropic, bedrock, cohere, gemini};

use super::streams::ids;
use super::{order, requests};

/// A request, what every dialect of providers makes of it, and what is repeated of it in an answer.
pub fn request(data: &[u8]) {
    let request = match responses::decode_request(data) {
        Ok(request) => request,
        Err(error) => return requests::refused(&error),
    };
    requests::asked(
        &request,
        responses::can_express,
        responses::encode_request,
        &[("openai", "gpt-5"), ("azure", requests::ODD)],
    );
    requests::asked(&request, openai::chat::can_express, openai::chat::encode_request, &[("mistral", "m")]);
    requests::asked(&request, anthropic::can_express, anthropic::encode_request, &[("anthropic", "claude-sonnet-4-5")]);
    requests::asked(&request, gemini::can_express, gemini::encode_request, &[("google", "gemini-3-pro")]);
    requests::asked(&request, bedrock::can_express, bedrock::encode_request, &[("bedrock", "amazon.nova-pro-v1:0")]);
    requests::asked(&request, cohere::can_express, cohere::encode_request, &[("cohere", "command-a-03-2025")]);
    stream(&request, &[Event::End]);
}

/// A stream of events: in order, numbered, each item done once, and all of them in the last event.
pub fn stream(request: &Request, events: &[Event]) {
    let with = |given: &[&[Event]]| {
        let (mut encoder, mut out) = (responses::Encoder::new(request, &ids()), Vec::new());
        given.iter().for_each(|events| encoder.feed(events, &mut out));
        out
    };
    let whole = with(&[events]);
    let each: Vec<&[Event]> = events.chunks(1).collect();
    assert!(with(&each) == whole, "depends on how events are given");
    let text = std::str::from_utf8(&whole).expect("no UTF-8");
    let mut open: BTreeMap<u64, Value> = BTreeMap::new();
    let mut last = Value::Null;
    for (number, event) in text.split_terminator("\n\n").enumerate() {
        let (name, data) = event.split_once('\n').expect("two lines");
        let data = data.strip_prefix("data: ").expect("no data");
        assert!(!data.contains(['\n', '\r']), "more than a line: {event}");
        order::json(data.as_bytes());
        // Nested too deep for a tree.
        let Ok(event) = serde_json::from_str::<Value>(data) else { return };
        assert_eq!(name, format!("event: {}", event["type"].as_str().expect("a type")));
        assert_eq!(event["sequence_number"], number);
        assert!(!last["response"]["status"].is_string() || last["response"]["status"] == "in_progress", "{text}");
        let index = event["output_index"].as_u64();
        match (name, index) {
            ("event: response.output_item.added", Some(index)) => {
                assert_eq!(index, open.len() as u64, "{text}");
                open.insert(index, Value::Null);
            }
            ("event: response.output_item.done", Some(index)) => {
                let before = open.insert(index, event["item"].clone());
                assert_eq!(before, Some(Value::Null), "{text}");
            }
            (_, Some(index)) => assert_eq!(open.get(&index), Some(&Value::Null), "{text}"),
            _ => {}
        }
        last = event;
    }
    let done: Vec<&Value> = open.values().filter(|item| !item.is_null()).collect();
    let output: Vec<&Value> = last["response"]["output"].as_array().expect("an output").iter().collect();
    assert_eq!(output, done, "{text}");
    assert!(last["type"] == "response.failed" || done.len() == open.len(), "{text}");
}
