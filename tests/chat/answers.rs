//! Whole answers.

use std::collections::BTreeMap;

use serde_json::Value;
use tollgate::chat::Request;
use tollgate::dialect::openai::chat::{decode_response, encode_response};

use super::schema::Schema;
use super::support::{Said, ids, recordings, usage};

#[test]
fn recorded_answers_mean_the_same_on_the_other_side() {
    let Some(schema) = Schema::read("ChatCompletion") else { return };
    let mut counts = BTreeMap::<String, usize>::new();
    for recording in recordings().iter().filter(|recording| recording.status == 200 && !recording.is_stream) {
        let file = &recording.file;
        let given: Value = serde_json::from_slice(&recording.body).unwrap();
        let response = decode_response(&recording.body, &ids()).unwrap_or_else(|error| panic!("{file}: {error:?}"));
        let request = Request { legacy_functions: recording.request["functions"].is_array(), ..Request::default() };
        let written: Value = serde_json::from_slice(&encode_response(&response, &request, &ids(), None)).unwrap();
        let told = Said::for_client(Said::of_answer(&given), request.legacy_functions);
        assert_eq!(Said::of_answer(&written), told, "{file}");
        assert_eq!(usage([&written].into_iter()), usage([&given].into_iter()), "{file}");
        assert_eq!(written["model"], given["model"], "{file}");
        assert_eq!((&written["id"], &written["created"]), (&"chatcmpl-01JTEST".into(), &1_700_000_000.into()));
        for (written, given) in written["choices"].as_array().unwrap().iter().zip(given["choices"].as_array().unwrap())
        {
            for list in ["content", "refusal"] {
                assert_eq!(written["logprobs"][list], given["logprobs"][list], "{file}");
            }
        }
        assert_eq!(schema.faults(&written), [""; 0], "{file}");
        *counts.entry(recording.provider.clone()).or_default() += 1;
    }
    println!("answers: {counts:?}");
    assert!(counts.len() >= 10, "{counts:?}");
}
