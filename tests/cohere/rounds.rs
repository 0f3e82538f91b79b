//! Two turns: what the first one said is in what the second one sends, however little of it the client keeps.

use serde_json::{Value, json};

use super::recorded::{exchanges, translate, written};
use super::strict::{asked, faults, sent};
use super::support::events;

/// A client's next request: the answer goes back, then a result for each call.
fn second(message: &Value) -> Value {
    let mut messages = vec![json!({"role": "user", "content": "q"}), message.clone()];
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        messages.push(json!({"role": "tool", "tool_call_id": call["id"], "content": "r"}));
    }
    messages.push(json!({"role": "user", "content": "go on"}));
    json!({"model": "m", "messages": messages})
}

/// What the standard knows of a message.
fn standard(message: &Value) -> Value {
    let mut kept = json!({"role": "assistant", "content": message["content"]});
    if message["tool_calls"].is_array() {
        kept["tool_calls"] = message["tool_calls"].clone();
    }
    kept
}

fn check(file: &str, message: &Value) {
    for (is_whole, kept) in [(true, message.clone()), (false, standard(message))] {
        let (encoded, body) = sent(&asked(&second(&kept))).unwrap();
        assert_eq!(faults(&body), [""; 0], "{file}");
        let sent = &body["messages"][1];
        let calls = message["tool_calls"].as_array();
        assert_eq!(sent["tool_calls"].as_array(), calls, "{file}");
        assert_eq!(
            sent["content"].as_str().unwrap_or_default(),
            message["content"].as_str().unwrap_or_default(),
            "{file}"
        );
        let thoughts = message["reasoning_content"].as_str().filter(|_| is_whole);
        // The plan of calls goes back; other thoughts stay out, and are reported (rule 8).
        assert_eq!(sent["tool_plan"].as_str(), thoughts.filter(|_| calls.is_some()), "{file}");
        let is_lost = thoughts.is_some() && calls.is_none();
        assert_eq!(encoded.dropped.fields().iter().any(|field| field == "reasoning"), is_lost, "{file}");
        for (i, call) in calls.into_iter().flatten().enumerate() {
            assert_eq!(body["messages"][2 + i]["tool_call_id"], call["id"], "{file}");
        }
    }
}

/// The message that chunks amount to.
fn message(chunks: &[Value]) -> Value {
    let mut message = json!({"role": "assistant"});
    for delta in chunks.iter().filter_map(|chunk| chunk.pointer("/choices/0/delta")) {
        for name in ["content", "reasoning_content"] {
            if let Some(piece) = delta[name].as_str() {
                message[name] = json!(message[name].as_str().unwrap_or_default().to_owned() + piece);
            }
        }
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let index = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
            if message["tool_calls"].is_null() {
                message["tool_calls"] = json!([]);
            }
            let calls = message["tool_calls"].as_array_mut().unwrap();
            if index == calls.len() {
                calls.push(json!({"id": call["id"], "type": "function", "function": {"name": call["function"]["name"], "arguments": ""}}));
            }
            let arguments = calls[index]["function"]["arguments"].as_str().unwrap().to_owned();
            calls[index]["function"]["arguments"] = json!(arguments + call["function"]["arguments"].as_str().unwrap());
        }
    }
    message
}

#[test]
fn what_was_said_goes_back_in_the_next_turn() {
    let (mut count, mut with_calls) = (0, 0);
    for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
        let file = &exchange.file;
        let message = if exchange.is_stream {
            let chunks = events(&translate(&[&exchange.body]));
            if chunks.last().unwrap()["error"].is_object() {
                continue;
            }
            message(&chunks)
        } else {
            written(&exchange.body)["choices"][0]["message"].clone()
        };
        check(file, &message);
        count += 1;
        with_calls += usize::from(message["tool_calls"].is_array());
    }
    println!("cohere rounds: tried {count}, passed {count}, with calls {with_calls}");
}
