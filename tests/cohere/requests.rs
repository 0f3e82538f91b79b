//! Every recorded request of chat completions.

use std::collections::BTreeMap;

use super::strict::{asked, faults, sent};
use super::support::recordings;

/// What cannot be said to Cohere, by the field that is named, and how many of the recorded requests say it.
const REFUSED: [(&str, usize); 6] = [
    ("messages.content.file", 4),
    ("messages.content.input_audio", 1),
    ("n", 3),
    ("response_format", 7),
    ("top_logprobs", 1),
    ("web_search_options", 1),
];

#[test]
fn recorded_requests_are_sent_or_refused() {
    let (mut tried, mut passed) = (0, 0);
    let mut refused = BTreeMap::<String, Vec<String>>::new();
    for recording in recordings().iter().filter(|recording| recording.request.is_object()) {
        let request = asked(&recording.request);
        tried += 1;
        match sent(&request) {
            Ok((encoded, body)) => {
                assert_eq!(faults(&body), [""; 0], "{}: {body}", recording.file);
                assert_eq!(body["stream"].as_bool().unwrap_or(false), request.stream);
                assert_eq!(encoded.path, "/v2/chat");
                assert!(sent(&request).unwrap().0 == encoded, "{}: not the same twice", recording.file);
                passed += 1;
            }
            Err(field) => refused.entry(field).or_default().push(recording.file.clone()),
        }
    }
    for (field, files) in &refused {
        println!("refused for {field}: {files:#?}");
    }
    println!("cohere requests: tried {tried}, passed {passed}, refused {}", tried - passed);
    let fields: Vec<(&str, usize)> = refused.iter().map(|(field, files)| (&**field, files.len())).collect();
    assert!(tried == 0 || fields == REFUSED, "{fields:?}");
}
