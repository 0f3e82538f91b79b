//! Requests.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate::dialect::Facts;
use tollgate::dialect::openai::chat::{can_express, decode_request, encode_request};

use super::support::{differences, recordings};

/// One spelling for what has several.
fn plain(mut body: Value) -> Value {
    let object = body.as_object_mut().unwrap();
    object.retain(|_, value| !value.is_null());
    for gone in ["models", "provider", "stream_options"] {
        object.remove(gone);
    }
    for (name, default) in
        [("stream", json!(false)), ("n", json!(1)), ("logprobs", json!(false)), ("top_logprobs", json!(0))]
    {
        if object.get(name) == Some(&default) {
            object.remove(name);
        }
    }
    let renamed = [("max_completion_tokens", "max_tokens"), ("random_seed", "seed"), ("function_call", "tool_choice")];
    for (name, usual) in renamed {
        if let Some(value) = object.remove(name) {
            object.insert(usual.to_owned(), value);
        }
    }
    if let Some(Value::Array(functions)) = object.remove("functions") {
        let tools = functions.into_iter().map(|function| json!({"type": "function", "function": function}));
        object.insert("tools".to_owned(), tools.collect());
    }
    if let Some(stop) = object.get_mut("stop").filter(|stop| stop.is_string()) {
        *stop = json!([stop]);
    }
    if let Some(format) = object.get("response_format")
        && *format == json!({"type": "text"})
    {
        object.remove("response_format");
    }
    object.get_mut("messages").unwrap().as_array_mut().unwrap().iter_mut().for_each(message);
    numbers(&mut body);
    body
}

fn message(message: &mut Value) {
    let object = message.as_object_mut().unwrap();
    object.retain(|_, value| !value.is_null());
    // Reasoning is told in two members.
    if object.contains_key("reasoning_details") {
        object.remove("reasoning");
    }
    for entry in object.get_mut("reasoning_details").and_then(Value::as_array_mut).into_iter().flatten() {
        entry.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    }
    if object.get("tool_calls") == Some(&json!([])) {
        object.remove("tool_calls");
    }
    match object.get("content") {
        Some(Value::Array(items)) if items.iter().all(is_text) => {
            let text: String = items.iter().filter_map(|item| item["text"].as_str()).collect();
            object.insert("content".to_owned(), json!(text));
        }
        Some(Value::String(text)) if text.is_empty() => drop(object.remove("content")),
        _ => {}
    }
    for call in object.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
        let arguments = call["function"]["arguments"].as_str().unwrap();
        call["function"]["arguments"] = serde_json::from_str(arguments).unwrap_or(json!({}));
    }
}

fn without_ids(body: &mut Value) {
    if body["tool_choice"] == "any" {
        body["tool_choice"] = json!("required");
    }
    for message in body["messages"].as_array_mut().unwrap() {
        message.as_object_mut().unwrap().remove("tool_call_id");
        for call in message.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
            call.as_object_mut().unwrap().remove("id");
        }
    }
}

fn is_text(item: &Value) -> bool {
    item["type"] == "text" && item.as_object().unwrap().len() == 2
}

/// `0` and `0.0` are one number.
fn numbers(value: &mut Value) {
    match value {
        Value::Number(number) => *value = json!(number.as_f64()),
        Value::Array(items) => items.iter_mut().for_each(numbers),
        Value::Object(members) => members.values_mut().for_each(numbers),
        _ => {}
    }
}

#[test]
fn recorded_requests_mean_the_same_on_the_other_side() {
    let (mut counts, mut faults, mut refused) = (BTreeMap::<String, usize>::new(), Vec::new(), Vec::new());
    for recording in recordings() {
        let file = &recording.file;
        if !recording.request.is_object() {
            continue;
        }
        let body = serde_json::to_vec(&recording.request).unwrap();
        let request = decode_request(&body).unwrap_or_else(|error| panic!("{file}: {error:?}"));
        let facts = Facts {
            vendor: &recording.provider,
            model: &request.model,
            base_path: "/v1",
            no_stream_options: recording.provider == "mistral",
            ..Facts::default()
        };
        if let Err(unable) = can_express(&request, &facts) {
            assert!(recording.status != 200, "{file}: {unable:?}, but the provider took it");
            refused.push(format!("{file}: {}", unable.field));
            continue;
        }
        let encoded = encode_request(&request, &facts);
        let written: Value = serde_json::from_slice(&encoded.body).unwrap();
        let [mut written, mut given] = [written, recording.request.clone()].map(plain);
        if recording.provider == "mistral" {
            // Its recordings have ids that it would not take, and a word of its own.
            [&mut written, &mut given].into_iter().for_each(without_ids);
        }
        let mut found = Vec::new();
        differences(&written, &given, "", &mut found);
        found.extend(encoded.dropped.fields().iter().map(|field| format!("dropped {field}")));
        faults.extend(found.into_iter().map(|difference| format!("{file}{difference}")));
        assert_eq!(encoded.path, "/v1/chat/completions");
        *counts.entry(recording.provider.clone()).or_default() += 1;
    }
    assert_eq!(faults, [""; 0]);
    println!("requests: {counts:?}; refused, as by the provider: {refused:?}");
    assert!(counts.is_empty() || counts.len() >= 8, "{counts:?}");
}
