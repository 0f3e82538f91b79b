//! Each feature of a request, one by one: what goes upstream, what is reported as lost, what is refused.

use serde_json::{Value, json};
use tollgate::chat::{Ext, Owner, Pin, Raw, Request};
use tollgate::dialect::Facts;

use super::strict::{Params, asked, facts, sent};

/// A request of one user's message, with more members.
fn with(more: Value) -> Request {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    asked(&body)
}

fn of_messages(messages: Value) -> Request {
    with(json!({"messages": messages}))
}

fn user(part: Value) -> Request {
    of_messages(json!([{"role": "user", "content": [{"type": "text", "text": "see"}, part]}]))
}

/// What must stand at some places of the body (`null`: nothing), and what is reported.
#[track_caller]
fn goes_to(facts: &Facts<'_>, request: &Request, places: &[(&str, Value)], dropped: &[&str]) {
    let Some(params) = Params::read() else { return };
    let (encoded, body) = sent(request, facts).unwrap_or_else(|field| panic!("refused for {field}"));
    assert_eq!(params.faults(&body), [""; 0], "{body}");
    for (place, expected) in places {
        assert_eq!(body.pointer(place).unwrap_or(&Value::Null), expected, "{place} of {body}");
    }
    assert_eq!(encoded.dropped.fields(), dropped, "{body}");
}

#[track_caller]
fn goes(request: &Request, places: &[(&str, Value)], dropped: &[&str]) {
    goes_to(&facts("openai", "gpt-4.1"), request, places, dropped);
}

#[track_caller]
fn refused(request: &Request, field: &str) {
    assert_eq!(sent(request, &facts("openai", "gpt-4.1")).err().as_deref(), Some(field));
}

#[test]
fn roles_and_their_order_stay() {
    let messages = json!([{"role": "system", "content": "a"}, {"role": "user", "content": "b"},
        {"role": "developer", "content": "c"}, {"role": "assistant", "content": "d"}, {"role": "user", "content": ""}]);
    goes(
        &of_messages(messages.clone()),
        &[("/input", messages), ("/store", json!(false)), ("/instructions", Value::Null)],
        &[],
    );
    goes(&of_messages(json!([{"role": "user", "name": "Ann", "content": "a"}])), &[], &["messages.name"]);
}

#[test]
fn images_and_documents_go_in() {
    let image = |url: &str, detail: Value| json!({"type": "image_url", "image_url": {"url": url, "detail": detail}});
    let expected = |url: &str, detail: &str| json!({"type": "input_image", "detail": detail, "image_url": url});
    for url in ["data:image/png;base64,AAAA", "https://a.test/b.png"] {
        goes(&user(image(url, json!("low"))), &[("/input/0/content/1", expected(url, "low"))], &[]);
        goes(&user(image(url, Value::Null)), &[("/input/0/content/1", expected(url, "auto"))], &[]);
    }
    let file = |data: &str| json!({"type": "file", "file": {"file_data": data, "filename": "a.pdf"}});
    let inline =
        json!({"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0x"});
    goes(&user(file("data:application/pdf;base64,JVBERi0x")), &[("/input/0/content/1", inline)], &[]);
    let far = json!({"type": "input_file", "file_url": "https://a.test/a.pdf"});
    goes(&user(file("https://a.test/a.pdf")), &[("/input/0/content/1", far)], &[]);
    refused(&user(image("gs://bucket/a.png", Value::Null)), "messages.content.image_url");
    refused(
        &user(json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}})),
        "messages.content.input_audio",
    );
    refused(
        &user(json!({"type": "video_url", "video_url": {"url": "https://a.test/b.mp4"}})),
        "messages.content.video_url",
    );
}

#[test]
fn tools_are_flat_and_strict_only_when_said() {
    let schema = json!({"type": "object", "properties": {}});
    let tool = |strict: Value| json!({"type": "function", "function": {"name": "f", "description": "d", "parameters": schema, "strict": strict}});
    for (said, expected) in [(Value::Null, false), (json!(false), false), (json!(true), true)] {
        let flat =
            json!({"type": "function", "name": "f", "description": "d", "parameters": schema, "strict": expected});
        goes(&with(json!({"tools": [tool(said)]})), &[("/tools/0", flat)], &[]);
    }
    let named = json!({"type": "function", "function": {"name": "f"}});
    let allowed = json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [named]}});
    let flat = json!({"type": "function", "name": "f"});
    for (choice, expected) in [
        (json!("auto"), json!("auto")),
        (json!("required"), json!("required")),
        (json!("none"), json!("none")),
        (named, flat.clone()),
        (allowed, json!({"type": "allowed_tools", "mode": "required", "tools": [flat]})),
    ] {
        let request = with(json!({"tools": [tool(Value::Null)], "tool_choice": choice, "parallel_tool_calls": false}));
        goes(&request, &[("/tool_choice", expected), ("/parallel_tool_calls", json!(false))], &[]);
    }
    goes(&with(json!({"tools": [{"type": "web_search"}]})), &[("/tools/0", json!({"type": "web_search"}))], &[]);
    refused(&with(json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]})), "tools");
}

#[test]
fn results_hold_images_and_texts() {
    let long = "x".repeat(70);
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}});
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}});
    let request = of_messages(json!([
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "let me see", "tool_calls": [call("a"), call(&long)]},
        {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "see"}, image]},
        {"role": "tool", "tool_call_id": long, "content": "two", "is_error": true},
    ]));
    let output = json!([{"type": "input_text", "text": "see"}, {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,AAAA"}]);
    let places = [
        ("/input/1", json!({"role": "assistant", "content": "let me see"})),
        ("/input/2", json!({"type": "function_call", "call_id": "a", "name": "f", "arguments": "{\"a\":1}"})),
        ("/input/4", json!({"type": "function_call_output", "call_id": "a", "output": output})),
        ("/input/5/output", json!("two")),
    ];
    goes(&request, &places, &["messages.is_error"]);
    let body = sent(&request, &facts("openai", "gpt-4.1")).unwrap().1;
    assert_eq!(body["input"][3]["call_id"], body["input"][5]["call_id"], "rule 3");
    assert!(body["input"][3]["call_id"].as_str().unwrap().len() <= 64);
}

#[test]
fn forms_of_the_answer_and_reasoning() {
    let schema = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "description": "d", "schema": schema, "strict": true}});
    let flat = json!({"type": "json_schema", "name": "n", "description": "d", "schema": schema, "strict": true});
    goes(
        &with(json!({"response_format": format, "verbosity": "low"})),
        &[("/text/format", flat), ("/text/verbosity", json!("low"))],
        &[],
    );
    goes(
        &with(json!({"response_format": {"type": "json_object"}})),
        &[("/text/format/type", json!("json_object"))],
        &[],
    );
    for (asked, reasoning, dropped) in [
        (json!({"reasoning_effort": "minimal"}), json!({"effort": "minimal"}), vec![]),
        (json!({"reasoning_effort": "none"}), json!({"effort": "none"}), vec![]),
        (
            json!({"reasoning": {"max_tokens": 9000, "summary": "auto"}}),
            json!({"effort": "medium", "summary": "auto"}),
            vec![],
        ),
        (json!({"reasoning": {"exclude": true}}), Value::Null, vec![]),
        (json!({"thinking": {"type": "disabled"}}), Value::Null, vec!["reasoning"]),
    ] {
        goes(&with(asked), &[("/reasoning", reasoning)], &dropped);
    }
}

#[test]
fn what_is_encrypted_is_asked_of_models_that_reason() {
    let encrypted = json!(["reasoning.encrypted_content"]);
    for (vendor, model, more, expected) in [
        ("openai", "gpt-5", json!({}), encrypted.clone()),
        ("openai", "o4-mini", json!({}), encrypted.clone()),
        ("xai", "grok-4.3", json!({}), encrypted.clone()),
        ("openai", "gpt-4o", json!({}), Value::Null),
        ("openai", "gpt-5-chat-latest", json!({}), Value::Null),
        ("xai", "grok-4-1-fast-non-reasoning", json!({}), Value::Null),
        ("azure", "our-deployment", json!({}), Value::Null),
        ("azure", "our-deployment", json!({"reasoning_effort": "low"}), encrypted),
        ("openai", "gpt-4o", json!({"logprobs": true, "top_logprobs": 2}), json!(["message.output_text.logprobs"])),
    ] {
        goes_to(&facts(vendor, model), &with(more.clone()), &[("/include", expected)], &[]);
    }
}

#[test]
fn what_else_goes_is_lost_or_is_refused() {
    goes(&with(json!({"max_tokens": 90, "max_completion_tokens": 70})), &[("/max_output_tokens", json!(70))], &[]);
    goes(&with(json!({"max_tokens": 1})), &[("/max_output_tokens", json!(16))], &["max_tokens"]);
    goes(
        &with(json!({"temperature": 0.5, "top_p": 0.9})),
        &[("/temperature", json!(0.5)), ("/top_p", json!(0.9))],
        &[],
    );
    let lost = json!({"top_k": 1, "frequency_penalty": 1, "presence_penalty": 1, "seed": 1, "logit_bias": {"1": 1}, "prediction": {}, "store": true});
    goes(
        &with(lost),
        &[],
        &["top_k", "frequency_penalty", "presence_penalty", "seed", "logit_bias", "prediction", "store"],
    );
    let account = json!({"user": "u", "metadata": {"a": "b"}, "service_tier": "flex", "prompt_cache_key": "k", "safety_identifier": "s"});
    let places = [
        ("/user", json!("u")),
        ("/metadata/a", json!("b")),
        ("/service_tier", json!("flex")),
        ("/prompt_cache_key", json!("k")),
        ("/safety_identifier", json!("s")),
    ];
    goes(&with(account), &places, &[]);
    goes(&with(json!({"cache_control": {"type": "ephemeral"}})), &[], &["cache_control"]);
    let stream = with(json!({"stream": true, "stream_options": {"include_usage": true}}));
    goes(&stream, &[("/stream", json!(true)), ("/stream_options", json!({"include_obfuscation": false}))], &[]);
    goes_to(&facts("xai", "grok-4.3"), &stream, &[("/stream_options", Value::Null)], &[]);
    refused(&with(json!({"n": 2})), "n");
    refused(&with(json!({"stop": "END"})), "stop");
    refused(&with(json!({"modalities": ["text", "audio"]})), "modalities");
    refused(&with(json!({"web_search_options": {}})), "web_search_options");
}

#[test]
fn what_the_account_keeps_goes_to_the_account() {
    goes(
        &with(json!({"previous_response_id": "resp_1"})),
        &[("/previous_response_id", json!("resp_1")), ("/store", json!(false))],
        &[],
    );
    goes(&with(json!({"conversation": {"id": "conv_1"}})), &[("/conversation/id", json!("conv_1"))], &[]);
    let ext = |key: &str, value: Value| Ext {
        owner: Owner::Responses,
        key: key.into(),
        value: Raw::of(&value),
        required: true,
    };
    let own = vec![
        ext("store", json!(true)),
        ext("truncation", json!("auto")),
        ext("max_tool_calls", json!(3)),
        ext("include", json!(["web_search_call.results"])),
        ext("model", json!("x")),
    ];
    let places = [
        ("/store", json!(true)),
        ("/truncation", json!("auto")),
        ("/max_tool_calls", json!(3)),
        ("/include", json!(["web_search_call.results"])),
        ("/model", json!("gpt-4.1")),
    ];
    goes(&Request { ext: own, ..with(json!({})) }, &places, &[]);
    let pins = vec![Pin { owner: Owner::Anthropic, field: "container", id: "c".into() }];
    refused(&Request { pins, ..with(json!({})) }, "container");
}

#[test]
fn azures_older_path_has_its_version() {
    let (encoded, _) = sent(
        &with(json!({})),
        &Facts { api_version: Some("2025-04-01-preview"), base_path: "/openai", ..facts("azure", "d") },
    )
    .unwrap();
    assert_eq!(encoded.path, "/openai/responses?api-version=2025-04-01-preview");
}
