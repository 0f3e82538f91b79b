//! Whole answers.

use serde_json::{Value, json};
use tollgate::dialect::anthropic::decode_response;
use tollgate::dialect::openai::chat::encode_response;

use super::recorded::{exchanges, finish, natives, said, shown_signatures, signatures, used};
use super::schema::Schema;
use super::support::{Exchange, Said, asking, ids, usage};

/// What a client of chat completions gets.
pub fn written(body: &[u8]) -> Value {
    let response = decode_response(body, &ids()).unwrap();
    serde_json::from_slice(&encode_response(&response, &asking(), &ids(), None)).unwrap()
}

/// What an answer must mean on the other side.
pub fn check(exchange: &Exchange, schema: &Schema) {
    let file = &exchange.file;
    let given: Value = serde_json::from_slice(&exchange.body).unwrap();
    let written = written(&exchange.body);
    assert_eq!(Said::of_answer(&written), [said(&given)], "{file}");
    assert_eq!(written["choices"][0]["finish_reason"], finish(&given), "{file}");
    assert_eq!(usage([&written].into_iter()), Some(used(&given)), "{file}");
    assert_eq!(written["model"], given["model"], "{file}");
    let message = &written["choices"][0]["message"];
    let blocks = message["provider_specific_fields"]["blocks"].as_array().into_iter().flatten();
    assert!(blocks.map(|entry| entry["block"].clone()).collect::<Vec<_>>() == natives(&given), "{file}: other blocks");
    assert_eq!(shown_signatures([message].into_iter()), signatures(&given), "{file}");
    let ids = |calls: &Value, name: &str| -> Vec<Value> {
        let calls = calls.as_array().into_iter().flatten();
        calls.filter(|call| name.is_empty() || call["type"] == name).map(|call| call["id"].clone()).collect()
    };
    assert_eq!(ids(&message["tool_calls"], ""), ids(&given["content"], "tool_use"), "{file}");
    assert_eq!(schema.faults(&written), [""; 0], "{file}");
}

#[test]
fn recorded_answers_mean_the_same_on_the_other_side() {
    let Some(schema) = Schema::read("ChatCompletion") else { return };
    let (mut tried, mut passed) = (0, 0);
    for exchange in exchanges().iter().filter(|exchange| exchange.status == 200 && !exchange.is_stream) {
        tried += 1;
        check(exchange, &schema);
        passed += 1;
    }
    println!("anthropic answers: tried {tried}, passed {passed}, excluded 0");
    assert!(tried >= 40, "{tried}");
}

#[test]
fn an_answer_in_json_is_text() {
    let call = json!({"type": "tool_use", "id": "t", "name": "tollgate_json_answer", "input": {"a": [1, "ü"]}});
    let body = json!({"id": "m", "type": "message", "role": "assistant", "model": "claude-3-haiku", "content": [call],
        "stop_reason": "tool_use", "usage": {"input_tokens": 1, "output_tokens": 2}});
    let written = written(body.to_string().as_bytes());
    assert_eq!(written["choices"][0]["message"]["content"], r#"{"a":[1,"ü"]}"#);
    assert_eq!(written["choices"][0]["finish_reason"], "stop");
}

#[test]
fn what_is_no_answer_is_a_failure() {
    for body in ["", "[]", "{}", r#"{"content":"x"}"#, r#"{"content":[]}"#, "<html>"] {
        let failure = decode_response(body.as_bytes(), &ids()).unwrap_err();
        assert!(failure.error.message.starts_with("The provider's answer could not be read"), "{body}");
    }
    let body = br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let failure = decode_response(body, &ids()).unwrap_err();
    assert_eq!((failure.error.status, &*failure.error.message), (503, "Overloaded"));
}
