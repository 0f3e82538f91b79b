//! Every recorded request of chat completions, sent to models of each generation.

use std::collections::BTreeMap;

use super::strict::{Schemas, asked, sent, studio, vertex};
use super::support::recordings;

const MODELS: [&str; 5] =
    ["gemini-2.0-flash", "gemini-2.5-flash", "gemini-3-flash-preview", "gemini-3-pro-preview", "gemini-flash-latest"];

/// What cannot be said to Gemini, by the field that is named, and how many of the recorded requests have it;
/// `response_format` stands beside tools, for models before 3; `image_url` are URLs, for models before 2.5 at AI Studio.
const REFUSED: [(&str, usize); 3] =
    [("messages.content.image_url", 2), ("response_format", 7), ("web_search_options", 1)];

#[test]
fn recorded_requests_are_sent_or_refused() {
    let Some(schemas) = Schemas::read() else { return };
    let (mut tried, mut passed) = (0, 0);
    let mut refused = BTreeMap::<String, Vec<String>>::new();
    for recording in recordings().iter().filter(|recording| recording.request.is_object()) {
        let request = asked(&recording.request);
        for (model, is_vertex) in MODELS.iter().flat_map(|model| [(*model, false), (*model, true)]) {
            tried += 1;
            let facts = if is_vertex { vertex(model) } else { studio(model) };
            match sent(&request, &facts) {
                Ok((encoded, body)) => {
                    let faults = schemas.faults("GenerateContentRequest", &body, is_vertex);
                    assert_eq!(faults, [""; 0], "{} to {model}: {body}", recording.file);
                    assert_eq!(encoded.path.ends_with(":streamGenerateContent?alt=sse"), request.stream);
                    turns(&body, &recording.file);
                    let again = sent(&request, &facts).unwrap();
                    assert!(again.0 == encoded, "{}: not the same twice", recording.file);
                    passed += 1;
                }
                Err(field) => refused.entry(field).or_default().push(recording.file.clone()),
            }
        }
    }
    for (field, files) in &mut refused {
        files.sort();
        files.dedup();
        println!("refused for {field}: {files:#?}");
    }
    println!("gemini requests: tried {tried}, passed {passed}, refused {}", tried - passed);
    let fields: Vec<(&str, usize)> = refused.iter().map(|(field, files)| (&**field, files.len())).collect();
    assert_eq!(fields, REFUSED);
}

/// Rule 13: roles alternate, every turn says something, results come first.
fn turns(body: &serde_json::Value, file: &str) {
    let contents = body["contents"].as_array().unwrap();
    assert!(!contents.is_empty(), "{file}");
    for (one, next) in contents.iter().zip(&contents[1..]) {
        assert_ne!(one["role"], next["role"], "{file}");
    }
    for content in contents {
        let parts = content["parts"].as_array().unwrap();
        assert!(!parts.is_empty(), "{file}");
        let results: Vec<bool> = parts.iter().map(|part| part["functionResponse"].is_object()).collect();
        assert!(results.is_sorted_by(|one, next| one >= next), "{file}: {results:?}");
    }
}
