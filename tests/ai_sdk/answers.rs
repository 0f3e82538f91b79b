//! Whole answers.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate::chat::{Choice, Ext, Finish, Owner, Part, Reason, Request, Response};
use tollgate::dialect::ai_sdk::encode_response;
use tollgate::dialect::{Dropped, Spec, spoken};

use super::recorded::{SPECS, Said, gateway};
use super::shape;
use super::support::{ids, turns};

pub fn encoded(spec: Spec, response: &Response, request: &Request) -> Value {
    let body = encode_response(spec, response, request, &ids(), &Dropped::default(), Some(&gateway()));
    serde_json::from_slice(&body).unwrap()
}

fn said(answer: &Value, spec: Spec) -> Said {
    let mut said = Said::default();
    for part in answer["content"].as_array().unwrap() {
        match part["type"].as_str().unwrap() {
            "text" => said.text += part["text"].as_str().unwrap(),
            "reasoning" => said.thoughts += part["text"].as_str().unwrap(),
            _ => said.part(part),
        }
    }
    said.end(answer, spec);
    said
}

#[test]
fn recorded_answers_say_the_same() {
    let mut counts = BTreeMap::<String, usize>::new();
    for exchange in turns().iter().filter(|exchange| !exchange.is_stream) {
        let Ok(response) = spoken::decode_response(exchange.dialect, &exchange.body, &ids()) else { continue };
        for spec in SPECS {
            let answer = encoded(spec, &response, &Request::default());
            assert_eq!(said(&answer, spec), Said::of(&response, spec), "{} {spec:?}", exchange.file);
            assert_eq!(shape::of_answer(&answer, spec), [""; 0], "{} {spec:?}", exchange.file);
            assert_eq!(answer["providerMetadata"]["gateway"]["cost"], "0.1");
        }
        *counts.entry(format!("{:?}", exchange.dialect)).or_default() += 1;
    }
    println!("answers: {counts:?}");
    assert!(counts.is_empty() || counts.len() == 7, "{counts:?}");
}

#[test]
fn line_54_a_plain_answer_in_each_spec() {
    let finish = Finish::new(Reason::Stop, "end_turn");
    let usage = tollgate::meter::Usage { input: Some(1), output: Some(2), ..Default::default() };
    let response = Response {
        model: "m-1".into(),
        choices: vec![Choice { parts: vec![Part::text("hi")], finish, logprobs: None }],
        usage: Some(usage),
        ..Response::default()
    };
    let rest = json!({"content": [{"type": "text", "text": "hi"}], "warnings": [],
        "response": {"id": "gen_01JTEST", "modelId": "m-1", "timestamp": "2023-11-14T22:13:20.000Z"}});
    for (spec, finish, usage) in [
        (Spec::V2, json!("stop"), json!({"inputTokens": 1, "outputTokens": 2, "totalTokens": 3})),
        (
            Spec::V3,
            json!({"unified": "stop", "raw": "end_turn"}),
            json!({"inputTokens": {"total": 1}, "outputTokens": {"total": 2}}),
        ),
        (
            Spec::V4,
            json!({"unified": "stop", "raw": "end_turn"}),
            json!({"inputTokens": {"total": 1}, "outputTokens": {"total": 2}}),
        ),
    ] {
        let mut expected = rest.clone();
        expected["finishReason"] = finish;
        expected["usage"] = usage;
        expected["providerMetadata"] = json!({"gateway": gateway().value()});
        assert_eq!(encoded(spec, &response, &Request::default()), expected);
        // Nobody told: the generation is known in any case.
        let body = encode_response(spec, &response, &Request::default(), &ids(), &Dropped::default(), None);
        let answer: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(answer["providerMetadata"], json!({"gateway": {"generationId": "gen_01JTEST"}}));
    }
}

#[test]
fn what_was_dropped_is_a_warning_in_the_sdks_names() {
    let mut dropped = Dropped::default();
    ["seed", "top_k", "blocks", "safetySettings"].iter().for_each(|field| dropped.add(field));
    // Said to Google alone: no loss where somebody else answers.
    let (key, value) = ("safetySettings".to_owned(), tollgate::chat::Raw::empty_object());
    let ext = vec![Ext { owner: Owner::Google, key, value, required: false }];
    let request = Request { unmet: vec!["includeRawChunks", "blocks"], ext, ..Request::default() };
    for (spec, kind, member) in [
        (Spec::V2, "unsupported-setting", "setting"),
        (Spec::V3, "unsupported", "feature"),
        (Spec::V4, "unsupported", "feature"),
    ] {
        let body = encode_response(spec, &Response::default(), &request, &ids(), &dropped, None);
        let answer: Value = serde_json::from_slice(&body).unwrap();
        let expected: Vec<Value> = ["seed", "topK", "blocks", "includeRawChunks"]
            .iter()
            .map(|name| json!({"type": kind, member: name}))
            .collect();
        assert_eq!(answer["warnings"], json!(expected));
    }
}
