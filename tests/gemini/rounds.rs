//! Two turns: what turn 1 returned goes upstream in turn 2.

use serde_json::{Value, json};
use tollgate::dialect::Facts;

use super::recorded::{answer, fixture, translate};
use super::strict::{Schemas, asked, sent, studio, vertex};
use super::support::{events, exchange, folder};

const SKIP: &str = "skip_thought_signature_validator";
const MODELS: [&str; 3] = ["gemini-3-flash-preview", "gemini-2.5-flash", "gemini-flash-latest"];

/// The message that a stream amounts to, put together as OpenAI's SDKs do: objects of lists by their index.
fn message(body: &[u8]) -> Value {
    let mut message = json!({});
    for delta in events(&translate(&[body])).iter().map(|chunk| &chunk["choices"][0]["delta"]) {
        add(&mut message, delta);
    }
    message
}

fn add(whole: &mut Value, piece: &Value) {
    match (&mut *whole, piece) {
        (_, Value::Null) => {}
        (Value::String(text), Value::String(more)) => text.push_str(more),
        (Value::Object(members), Value::Object(more)) => {
            more.iter().for_each(|(name, value)| add(members.entry(name.clone()).or_insert(Value::Null), value));
        }
        (Value::Array(items), Value::Array(more)) => {
            for item in more {
                let place = item["index"].as_u64().map_or(items.len(), |index| index as usize);
                items.resize(items.len().max(place + 1), Value::Null);
                add(&mut items[place], item);
            }
        }
        (_, piece) => *whole = piece.clone(),
    }
}

/// The second turn's request: the message, the results of its calls, and a question.
fn second(message: &Value) -> Value {
    let mut messages = vec![json!({"role": "user", "content": "go"}), message.clone()];
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        messages.push(json!({"role": "tool", "tool_call_id": call["id"], "content": "done"}));
    }
    messages.push(json!({"role": "user", "content": "and?"}));
    json!({"model": "m", "messages": messages})
}

/// Only what OpenAI's own types have.
fn standard(message: &Value) -> Value {
    let mut plain = json!({"role": "assistant", "content": message["content"]});
    if let Some(calls) = message["tool_calls"].as_array() {
        let calls =
            calls.iter().map(|call| json!({"id": call["id"], "type": "function", "function": call["function"]}));
        plain["tool_calls"] = calls.collect();
    }
    plain
}

fn upstream(request: &Value, facts: &Facts<'_>) -> Value {
    let (_, body) = sent(&asked(request), facts).unwrap();
    if let Some(schemas) = Schemas::read() {
        assert_eq!(schemas.faults("GenerateContentRequest", &body, facts.vendor == "vertex"), [""; 0]);
    }
    body["contents"][1]["parts"].clone()
}

/// Parts of turn 1 as Gemini sent them, without thoughts and what only streams have.
fn returned(body: &[u8], is_stream: bool) -> Vec<Value> {
    let chunks = if is_stream { events(body) } else { vec![serde_json::from_slice(body).unwrap()] };
    let candidates = chunks.iter().map(|chunk| chunk["candidates"][0]["content"]["parts"].as_array().cloned());
    candidates.flatten().flatten().filter(|part| part["thought"] != true).collect()
}

const TURNS: [&str; 6] = [
    "pyai.google_streaming_tool_call_thought_signature.1.json",
    "pyai.google_instructions_only_with_tool_calls.1.json",
    "rubyllm.function_calling_thought_signatures_vertexai_gemini-3_1-pro-preview_includes_thought.2.json",
    "rubyllm.function_calling_vertexai_gemini-2_5-flash_can_handle_multiple_tool_calls_in_a_singl.2.json",
    "rig.reasoning_tool_roundtrip.streaming.1.json",
    "rubyllm.function_calling_vertexai_gemini-2_5-flash_can_use_tools_without_parameters_in_multi.4.json",
];

/// Also pitfall 4: a client that returns `extra_content` or `reasoning_details` keeps the signatures.
#[test]
fn signatures_come_back_where_they_were() {
    if folder().is_none() {
        return;
    }
    for name in TURNS {
        let recorded = fixture(name);
        let message = if recorded.is_stream {
            message(&recorded.body)
        } else {
            answer(&recorded.body)["choices"][0]["message"].clone()
        };
        let parts = returned(&recorded.body, recorded.is_stream);
        let calls: Vec<&Value> = parts.iter().filter(|part| part["functionCall"].is_object()).collect();
        let mut details = message.clone();
        details["tool_calls"].as_array_mut().unwrap().iter_mut().for_each(|call| {
            call.as_object_mut().unwrap().remove("extra_content");
        });
        let mut extra = message.clone();
        extra.as_object_mut().unwrap().remove("reasoning_details");
        for (what, message) in [("all", &message), ("details", &details), ("extra_content", &extra)] {
            for facts in MODELS.iter().flat_map(|model| [studio(model), vertex(model)]) {
                let sent = upstream(&second(message), &facts);
                let sent: Vec<&Value> =
                    sent.as_array().unwrap().iter().filter(|part| part["functionCall"].is_object()).collect();
                assert_eq!(sent.len(), calls.len(), "{name}: {what}");
                for (sent, call) in sent.iter().zip(&calls) {
                    assert_eq!(sent["thoughtSignature"], call["thoughtSignature"], "{name}: {what}");
                    for member in ["name", "args"] {
                        assert_eq!(sent["functionCall"][member], call["functionCall"][member], "{name}: {what}");
                    }
                }
            }
        }
    }
}

/// Rules 9 and 11: Gemini 3 gets Google's value with the first call of a step, nobody else gets any.
#[test]
fn rule_9_a_client_of_standard_fields_has_a_second_turn() {
    if folder().is_none() {
        return;
    }
    for name in TURNS {
        let recorded = fixture(name);
        let message = if recorded.is_stream {
            message(&recorded.body)
        } else {
            answer(&recorded.body)["choices"][0]["message"].clone()
        };
        for model in MODELS {
            let parts = upstream(&second(&standard(&message)), &studio(model));
            let calls = parts.as_array().unwrap().iter().filter(|part| part["functionCall"].is_object());
            let signatures: Vec<Option<&str>> = calls.map(|part| part["thoughtSignature"].as_str()).collect();
            let expected = Some(SKIP).filter(|_| model != "gemini-2.5-flash");
            assert_eq!(signatures[0], expected, "{name} to {model}");
            assert!(signatures[1..].iter().all(Option::is_none), "{name} to {model}");
        }
    }
}

/// Rule 7a: an attempt without seals is a first turn's.
#[test]
fn rule_7a_rejected_seals_are_left_out() {
    if folder().is_none() {
        return;
    }
    let recorded = exchange("gemini/streamGenerateContent/pyai.google_streaming_tool_call_thought_signature.1.json");
    let request = second(&message(&recorded.body));
    let facts = Facts { without_seals: true, ..studio("gemini-3-pro-preview") };
    assert_eq!(upstream(&request, &facts)[0]["thoughtSignature"], SKIP);
    let facts = Facts { without_seals: true, ..studio("gemini-2.5-pro") };
    assert!(upstream(&request, &facts)[0].get("thoughtSignature").is_none());
}

/// The signature of a text stays with the text, also when the text that came with it was empty.
#[test]
fn signatures_of_texts_come_back() {
    if folder().is_none() {
        return;
    }
    for name in [
        "google-reasoning-gemini3.chunks.txt",
        "rig.streaming_multimodal_tool_results.streaming_history_preserves_hybrid_tool_result_ima.2.json",
        "rubyllm.with_schema_with_vertexai_gemini-3-flash-preview_allows_removing_schema_mid-conversa.2.json",
        "rubyllm.function_calling_thought_signatures_vertexai_gemini-3_1-pro-preview_includes_thought.3.json",
    ] {
        let recorded = fixture(name);
        let message = if recorded.is_stream {
            message(&recorded.body)
        } else {
            answer(&recorded.body)["choices"][0]["message"].clone()
        };
        let parts = returned(&recorded.body, recorded.is_stream);
        let text: String = parts.iter().filter_map(|part| part["text"].as_str()).collect();
        let signature = parts.iter().find_map(|part| part["thoughtSignature"].as_str()).unwrap();
        let sent = upstream(&second(&message), &studio("gemini-3-flash-preview"));
        assert_eq!(sent, json!([{"text": text, "thoughtSignature": signature}]), "{name}");
    }
}

/// A step after a step: each has its own signature.
#[test]
fn two_steps_of_calls_each_keep_theirs() {
    let call = |id: &str, signature: Option<&str>| {
        let mut call = json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}});
        if let Some(signature) = signature {
            call["extra_content"] = json!({"google": {"thought_signature": signature}});
        }
        call
    };
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": "r"});
    let request = json!({"model": "m", "messages": [{"role": "user", "content": "a"},
        {"role": "assistant", "tool_calls": [call("1", Some("S1")), call("2", None)]}, result("1"), result("2"),
        {"role": "assistant", "tool_calls": [call("3", None)]}, result("3")]});
    let (_, body) = sent(&asked(&request), &vertex("gemini-3-pro-preview")).unwrap();
    let signatures = |turn: usize| {
        body["contents"][turn]["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part["thoughtSignature"].as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(signatures(1), [Some("S1"), None]);
    assert_eq!(signatures(3), [Some(SKIP)]);
    assert!(
        String::from_utf8(sent(&asked(&request), &vertex("gemini-3-pro-preview")).unwrap().0.body)
            .unwrap()
            .contains("{\"a\": 1}")
    );
}
