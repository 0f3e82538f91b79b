//! Every recorded request of chat completions, sent to models of each generation.

use std::collections::BTreeMap;

use super::strict::{Params, asked, facts, on_vertex, sent};
use super::support::recordings;

const MODELS: [&str; 6] = [
    "claude-3-5-haiku-20241022",
    "claude-sonnet-4-20250514",
    "claude-sonnet-4-5",
    "claude-opus-4-6",
    "claude-opus-5",
    "claude-fable-5-1",
];

/// What cannot be said to Anthropic, by the field that is named.
/// How many of the recorded ones have it; `image_url` are URLs, to Vertex.
const REFUSED: [(&str, usize); 5] = [
    ("logprobs", 5),
    ("messages.content.image_url", 2),
    ("messages.content.input_audio", 1),
    ("n", 3),
    ("web_search_options", 1),
];

#[test]
fn recorded_requests_are_sent_or_refused() {
    let Some(params) = Params::read() else { return };
    let (mut tried, mut passed) = (0, 0);
    let mut refused = BTreeMap::<String, Vec<String>>::new();
    for recording in recordings().iter().filter(|recording| recording.request.is_object()) {
        let request = asked(&recording.request);
        for (model, is_vertex) in MODELS.iter().flat_map(|model| [(*model, false), (*model, true)]) {
            tried += 1;
            let facts = if is_vertex { on_vertex(model) } else { facts(model) };
            match sent(&request, &facts) {
                Ok((encoded, body)) => {
                    let faults = params.faults(&encoded.body, is_vertex);
                    assert_eq!(faults, [""; 0], "{} to {model}: {body}", recording.file);
                    assert_eq!(body["stream"].as_bool().unwrap_or(false), request.stream);
                    let again = sent(&request, &facts).unwrap();
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
    println!("anthropic requests: tried {tried}, passed {passed}, refused {}", tried - passed);
    let fields: Vec<(&str, usize)> = refused.iter().map(|(field, files)| (&**field, files.len())).collect();
    assert_eq!(fields, REFUSED);
}
