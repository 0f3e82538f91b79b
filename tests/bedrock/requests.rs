//! Every recorded request of chat completions, sent to models of each family; and paths.

use std::collections::BTreeMap;

use super::recorded::exchanges;
use super::strict::{Model, asked, facts, sent};
use super::support::recordings;
use serde_json::json;

const MODELS: [&str; 10] = [
    "anthropic.claude-3-haiku-20240307-v1:0",
    "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.anthropic.claude-opus-4-8",
    "us.amazon.nova-pro-v1:0",
    "us.amazon.nova-2-lite-v1:0",
    "openai.gpt-oss-120b-1:0",
    "us.meta.llama3-3-70b-instruct-v1:0",
    "mistral.devstral-2-123b",
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/1arbu5hu2sjr",
];

/// What cannot be said to Bedrock, by the field that is named, and how many of the recorded requests have it. `messages`:
/// the assistant speaks first.
const REFUSED: [(&str, usize); 6] = [
    ("logprobs", 5),
    ("messages", 1),
    ("messages.content.image_url", 2),
    ("messages.content.input_audio", 1),
    ("n", 3),
    ("web_search_options", 1),
];

#[test]
fn recorded_requests_are_sent_or_refused() {
    let Some(model) = Model::read() else { return };
    let (mut tried, mut passed) = (0, 0);
    let mut refused = BTreeMap::<String, Vec<String>>::new();
    for recording in recordings().iter().filter(|recording| recording.request.is_object()) {
        let request = asked(&recording.request);
        for name in MODELS {
            tried += 1;
            match sent(&request, &facts(name)) {
                Ok((encoded, body)) => {
                    let faults = model.faults(&body, request.stream);
                    assert_eq!(faults, [""; 0], "{} to {name}: {body}", recording.file);
                    assert_eq!(encoded.path.ends_with("/converse-stream"), request.stream);
                    let again = sent(&request, &facts(name)).unwrap();
                    assert!(again.0 == encoded, "{}: not the same twice", recording.file);
                    passed += 1;
                }
                Err(field) => refused.entry(field).or_default().push(recording.file.clone()),
            }
        }
    }
    for (field, files) in &mut refused {
        files.dedup();
        println!("refused for {field}: {files:#?}");
    }
    println!("bedrock requests: tried {tried}, passed {passed}, refused {}", tried - passed);
    let fields: Vec<(&str, usize)> = refused.iter().map(|(field, files)| (&**field, files.len())).collect();
    assert_eq!(fields, REFUSED);
}

/// The model stands in the path, escaped as AWS's own clients do; some recordings leave colons as they are.
#[test]
fn paths_are_those_of_the_recordings() {
    for exchange in exchanges().iter().filter(|exchange| !exchange.url.is_empty()) {
        let (_, path) = exchange.url.split_once("/model/").unwrap();
        let (name, operation) = path.rsplit_once('/').unwrap();
        let model = name.replace("%3A", ":").replace("%2F", "/");
        let body = json!({"model": "m", "messages": [{"role": "user", "content": "a"}], "stream": operation == "converse-stream"});
        let (encoded, _) = sent(&asked(&body), &facts(&model)).unwrap();
        let escaped = name.replace(':', "%3A");
        assert_eq!(encoded.path, format!("/model/{escaped}/{operation}"), "{}", exchange.file);
    }
    let hostile = json!({"model": "m", "messages": [{"role": "user", "content": "a"}]});
    let (encoded, _) = sent(&asked(&hostile), &facts("../a?b#c%20\u{e9}")).unwrap();
    assert_eq!(encoded.path, "/model/..%2Fa%3Fb%23c%2520%C3%A9/converse");
}
