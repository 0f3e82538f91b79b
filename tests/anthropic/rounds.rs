//! Two turns: what goes upstream in the second is what came in the first, signatures intact (rules 6 to 10).

use serde_json::{Map, Value, json};
use tollgate::dialect::Facts;

use super::answers::written;
use super::recorded::{exchanges, message_of, translate};
use super::strict::{Params, asked, facts, sent};
use super::support::{Exchange, events};

/// The message that a client puts together from a stream, as OpenAI's SDKs do.
fn gathered(chunks: &[Value]) -> Value {
    let mut message = json!({"role": "assistant", "content": ""});
    for delta in chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"].as_object()) {
        for (name, value) in delta {
            match value {
                Value::Array(items) => items.iter().for_each(|item| put(&mut message[name], item)),
                Value::String(text) if name != "role" => {
                    message[name] = json!(message[name].as_str().unwrap_or_default().to_owned() + text);
                }
                value => message[name] = value.clone(),
            }
        }
    }
    message
}

/// Adds an item of a list, or a piece of one, by its index.
fn put(list: &mut Value, item: &Value) {
    if list.is_null() {
        *list = json!([]);
    }
    let list = list.as_array_mut().unwrap();
    let known = list.iter_mut().find(|known| item["index"].is_u64() && known["index"] == item["index"]);
    match known {
        Some(known) => add(known.as_object_mut().unwrap(), item.as_object().unwrap()),
        None => list.push(item.clone()),
    }
}

fn add(known: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (name, value) in more.iter().filter(|(name, _)| !["index", "type"].contains(&name.as_str())) {
        match (known.get_mut(name), value) {
            (Some(Value::Object(known)), Value::Object(more)) => add(known, more),
            (Some(Value::String(known)), Value::String(more)) => known.push_str(more),
            _ => drop(known.insert(name.clone(), value.clone())),
        }
    }
}

/// The first turn of an exchange: Anthropic's message, and the client's.
fn first(exchange: &Exchange) -> (Value, Value) {
    if exchange.is_stream {
        return (message_of(&exchange.body), gathered(&events(&translate(&[&exchange.body]))));
    }
    let given = serde_json::from_slice(&exchange.body).unwrap();
    (given, written(&exchange.body)["choices"][0]["message"].clone())
}

/// The client's second request.
fn second(message: &Value, more: Value) -> Value {
    let mut messages = vec![json!({"role": "user", "content": "go"}), message.clone()];
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        messages.push(json!({"role": "tool", "tool_call_id": call["id"], "content": "done"}));
    }
    if messages.len() == 2 {
        messages.push(json!({"role": "user", "content": "and?"}));
    }
    let mut body = json!({"model": "m", "messages": messages, "reasoning_effort": "low", "max_tokens": 9000});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn of(message: &Value, kinds: &[&str]) -> Vec<Value> {
    let blocks = message["content"].as_array().unwrap().iter();
    blocks.filter(|block| kinds.contains(&block["type"].as_str().unwrap())).cloned().collect()
}

/// What must come back of a block: not that a call was the model's own.
fn bare(mut blocks: Vec<Value>) -> Vec<Value> {
    for block in &mut blocks {
        let object = block.as_object_mut().unwrap();
        if object.get("caller") == Some(&json!({"type": "direct"})) && object["type"] == "tool_use" {
            object.remove("caller");
        }
    }
    blocks
}

#[test]
fn what_came_goes_back() {
    let Some(params) = Params::read() else { return };
    let (mut tried, mut sealed, mut parallel) = (0, 0, 0);
    for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
        let file = &exchange.file;
        let (given, message) = first(exchange);
        let (encoded, body) = sent(&asked(&second(&message, json!({}))), &facts("claude-sonnet-4-5")).unwrap();
        // An answer of nothing is not sent back.
        let Some(returned) = body["messages"].as_array().unwrap().iter().find(|message| message["role"] == "assistant")
        else {
            assert!(
                given["content"] == json!([]) || of(&given, &["text"]).iter().all(|block| block["text"] == ""),
                "{file}"
            );
            continue;
        };
        tried += 1;
        let thoughts: Vec<Value> = of(&given, &["thinking", "redacted_thinking"]);
        assert_eq!(of(returned, &["thinking", "redacted_thinking"]), thoughts, "{file}");
        assert_eq!(of(returned, &["tool_use"]), bare(of(&given, &["tool_use"])), "{file}");
        let text = |message: &Value| -> String {
            of(message, &["text"]).iter().map(|block| block["text"].as_str().unwrap()).collect()
        };
        let refused = given["stop_reason"] == "refusal";
        assert!(refused || text(returned).trim_end() == text(&given).trim_end(), "{file}");
        assert_eq!(super::recorded::natives(returned), super::recorded::natives(&given), "{file}");
        // What is in beta is not in the schema.
        if !["compaction", "fallback"].iter().any(|kind| !of(&given, &[kind]).is_empty()) {
            assert_eq!(params.faults(&encoded.body, false), [""; 0], "{file}: {body}");
        }
        let lacks = thoughts.is_empty() && !of(&given, &["tool_use"]).is_empty();
        let lost: &[&str] = if lacks { &["reasoning"] } else { &[] };
        assert_eq!(encoded.dropped.fields(), lost, "{file}");
        assert_eq!(body["thinking"].is_object(), !lacks, "{file}: rule 10");
        sealed += usize::from(!thoughts.is_empty());
        parallel += usize::from(of(&given, &["tool_use"]).len() > 1);
    }
    println!("anthropic rounds: tried {tried}, passed {tried}; with thinking {sealed}, with parallel calls {parallel}");
    assert!(tried >= 65 && sealed >= 8 && parallel >= 4, "{tried} {sealed} {parallel}");
}

/// The members that every client knows.
fn standard(message: &Value) -> Value {
    let known = ["role", "content", "tool_calls"].iter().map(|name| ((*name).to_owned(), message[name].clone()));
    let mut kept: Map<String, Value> = known.filter(|(_, value)| !value.is_null()).collect();
    for call in kept.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
        call.as_object_mut().unwrap().retain(|name, _| ["id", "type", "function"].contains(&name.as_str()));
    }
    Value::Object(kept)
}

#[test]
fn rule_10_a_client_of_standard_fields_has_a_second_turn() {
    let Some(params) = Params::read() else { return };
    for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
        let (given, message) = first(exchange);
        if of(&given, &["tool_use"]).is_empty() {
            continue;
        }
        let request = asked(&second(&standard(&message), json!({})));
        let (encoded, body) = sent(&request, &facts("claude-sonnet-4-5")).unwrap();
        assert_eq!(params.faults(&encoded.body, false), [""; 0], "{}", exchange.file);
        assert_eq!(body["thinking"], Value::Null, "{}", exchange.file);
        assert_eq!(encoded.dropped.fields(), ["reasoning"], "{}", exchange.file);
        // Adaptive thinking asks for no block.
        let (encoded, body) = sent(&request, &facts("claude-opus-4-7")).unwrap();
        assert_eq!(
            (&body["thinking"]["type"], encoded.dropped.fields().len()),
            (&json!("adaptive"), 0),
            "{}",
            exchange.file
        );
    }
}

#[test]
fn rules_7a_and_8_without_seals_there_is_no_thinking() {
    for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
        let (given, message) = first(exchange);
        if of(&given, &["thinking"]).is_empty() {
            continue;
        }
        let request = asked(&second(&message, json!({})));
        let facts = Facts { without_seals: true, ..facts("claude-sonnet-4-5") };
        let (encoded, body) = sent(&request, &facts).unwrap();
        assert!(!body.to_string().contains("\"signature\""), "{}", exchange.file);
        assert_eq!(encoded.dropped.fields(), ["reasoning"], "{}", exchange.file);
        let has_calls = !of(&given, &["tool_use"]).is_empty();
        assert_eq!(body["thinking"].is_object(), !has_calls, "{}", exchange.file);
    }
}

/// Case 22: another's reasoning does not come here, and its calls do.
#[test]
fn rule_6_seals_of_others_stay_away() {
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}, "extra_content": {"google": {"thought_signature": "GGG"}}});
    for (format, kind) in [
        ("google-gemini-v1", "reasoning.encrypted"),
        ("openai-responses-v1", "reasoning.encrypted"),
        ("amazon-bedrock-v1", "reasoning.text"),
        ("unknown", "reasoning.text"),
    ] {
        let entry =
            json!({"type": kind, "index": 0, "format": format, "text": "I think", "signature": "SSS", "data": "DDD"});
        let message = json!({"role": "assistant", "content": "", "tool_calls": [call], "reasoning_details": [entry]});
        let (_, body) = sent(&asked(&second(&message, json!({}))), &facts("claude-sonnet-4-5")).unwrap();
        let text = body.to_string();
        assert!(!["SSS", "DDD", "GGG", "I think"].iter().any(|secret| text.contains(secret)), "{format}: {text}");
        assert!(body["thinking"].is_null());
    }
}

/// The turn that goes on may have several steps: its first thinking stands for all.
#[test]
fn rule_10_counts_from_the_last_question() {
    let call = |id: &str| json!([{"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": "r"});
    let thought = json!([{"type": "reasoning.text", "format": "anthropic-claude-v1", "text": "t", "signature": "s"}]);
    let user = json!({"role": "user", "content": "q"});
    let with = json!({"role": "assistant", "content": "", "tool_calls": call("a"), "reasoning_details": thought});
    let without = json!({"role": "assistant", "content": "", "tool_calls": call("b")});
    let said = json!({"role": "assistant", "content": "done"});
    for (what, messages, is_on) in [
        ("two steps", json!([user, with, result("a"), without, result("b")]), true),
        ("two steps, the first bare", json!([user, without, result("b"), with, result("a")]), false),
        ("a bare turn long ago", json!([user, without, result("b"), said, user]), true),
        ("a bare turn that was left", json!([user, without, result("b"), user]), false),
    ] {
        let body = json!({"model": "m", "messages": messages, "reasoning_effort": "low"});
        let (_, body) = sent(&asked(&body), &facts("claude-sonnet-4-5")).unwrap();
        assert_eq!(body["thinking"].is_object(), is_on, "{what}");
    }
}

/// Thoughts that nobody may read, between others, come back as they were.
#[test]
fn redacted_thinking_goes_there_and_back() {
    let content = json!([{"type": "thinking", "thinking": "a", "signature": "S1=="}, {"type": "redacted_thinking", "data": "R1+/="},
        {"type": "thinking", "thinking": "", "signature": "S2=="}, {"type": "redacted_thinking", "data": "R2"},
        {"type": "text", "text": "t"}, {"type": "tool_use", "id": "c", "name": "f", "input": {}}]);
    let body = json!({"id": "m", "type": "message", "model": "c", "content": content, "stop_reason": "tool_use",
        "usage": {"input_tokens": 1, "output_tokens": 1}});
    let mut events = vec![
        json!({"type": "message_start", "message": {"id": "m", "model": "c", "content": [], "usage": {"input_tokens": 1}}}),
    ];
    for (index, block) in content.as_array().unwrap().iter().enumerate() {
        let mut start = block.clone();
        start.as_object_mut().unwrap().remove("signature");
        let signature = block.get("signature");
        events.push(json!({"type": "content_block_start", "index": index, "content_block": start}));
        events.extend(signature.map(|signature| json!({"type": "content_block_delta", "index": index, "delta": {"type": "signature_delta", "signature": signature}})));
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 1}}));
    events.push(json!({"type": "message_stop"}));
    let stream: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    for (is_stream, body) in [(false, body.to_string()), (true, stream)] {
        let exchange = Exchange { status: 200, is_stream, body: body.into_bytes(), ..Exchange::default() };
        let (_, message) = first(&exchange);
        let (_, body) = sent(&asked(&second(&message, json!({}))), &facts("claude-sonnet-4-5")).unwrap();
        assert_eq!(body["messages"][1]["content"], content, "stream: {is_stream}");
    }
}
