//! Every recorded request of chat completions.

use std::collections::BTreeMap;

use super::strict::{Params, asked, facts, sent};
use super::support::recordings;

/// What cannot be said to Responses, by the field that is named, and how many of the recorded requests say it.
const REFUSED: [(&str, usize); 4] =
    [("messages.content.input_audio", 1), ("n", 3), ("stop", 5), ("web_search_options", 1)];

#[test]
fn recorded_requests_are_sent_or_refused() {
    let Some(params) = Params::read() else { return };
    let (mut tried, mut passed) = (0, 0);
    let mut refused = BTreeMap::<String, Vec<String>>::new();
    for recording in recordings().iter().filter(|recording| recording.request.is_object()) {
        let request = asked(&recording.request);
        tried += 1;
        match sent(&request, &facts("openai", "gpt-5")) {
            Ok((encoded, body)) => {
                assert_eq!(params.faults(&body), [""; 0], "{}: {body}", recording.file);
                assert_eq!((encoded.path.as_str(), &body["store"]), ("/v1/responses", &false.into()));
                let again = sent(&request, &facts("openai", "gpt-5")).unwrap();
                assert!(again.0 == encoded, "{}: not the same twice", recording.file);
                passed += 1;
            }
            Err(field) => refused.entry(field).or_default().push(recording.file.clone()),
        }
    }
    for (field, files) in &refused {
        println!("refused for {field}: {files:#?}");
    }
    println!("responses requests: tried {tried}, passed {passed}, refused {}", tried - passed);
    let fields: Vec<(&str, usize)> = refused.iter().map(|(field, files)| (&**field, files.len())).collect();
    assert_eq!(fields, REFUSED);
}
