//! What clients may ask for in this dialect: every row of section 1 of docs/dialects.md that concerns it.

use serde_json::{Value, json};
use tollgate::chat::{Modality, Output, Owner, Reasoning, Request, ToolChoice, ToolKind};
use tollgate::dialect::openai::chat::{can_express, decode_request, encode_request};
use tollgate::dialect::{Encoded, Facts};

/// A request of one message, with more members.
pub fn request(more: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

pub fn decode(body: &Value) -> Request {
    decode_request(&serde_json::to_vec(body).unwrap()).unwrap_or_else(|error| panic!("{body}: {error:?}"))
}

/// What goes to a vendor.
fn encode(body: &Value, vendor: &str) -> (Encoded, Value) {
    let encoded = encode_request(&decode(body), &Facts { vendor, model: "sent", ..Facts::default() });
    let value = serde_json::from_slice(&encoded.body).unwrap();
    (encoded, value)
}

#[test]
fn members_are_read() {
    let body = request(json!({
        "max_completion_tokens": 7, "max_tokens": 9, "temperature": 0.5, "top_p": 1, "top_k": 3, "seed": -4,
        "frequency_penalty": 0.1, "presence_penalty": 0.2, "logit_bias": {"50256": -100}, "n": 2, "logprobs": true,
        "stop": "END", "modalities": ["text", "audio"], "stream": true, "stream_options": {"include_usage": true},
        "parallel_tool_calls": false, "prompt_cache_key": "k", "service_tier": "flex", "user": "u",
        "metadata": {"a": "b"}, "cache_control": {"type": "ephemeral", "ttl": "1h"}, "new_member": [1.50],
        "web_search_options": {}, "seed_": null,
    }));
    let read = decode(&body);
    assert_eq!((read.max_tokens, read.choices, read.logprobs), (Some(7), 2, Some(0)));
    assert_eq!((read.sampling.temperature, read.sampling.top_k, read.sampling.seed), (Some(0.5), Some(3), Some(-4)));
    assert_eq!(read.sampling.logit_bias.unwrap().get(), r#"{"50256":-100}"#);
    assert_eq!((&*read.stop[0], read.stream, read.usage_wanted), ("END", true, true));
    assert_eq!(read.modalities, [Modality::Text, Modality::Audio]);
    assert_eq!(read.cache.unwrap().ttl.as_deref(), Some("1h"));
    assert_eq!(read.metadata, [("a".to_owned(), "b".to_owned())]);
    let ext: Vec<_> = read.ext.iter().map(|ext| (&*ext.key, ext.value.get(), ext.required)).collect();
    assert_eq!(ext, [("new_member", "[1.5]", false), ("web_search_options", "{}", true)]);
    assert_eq!(decode(&request(json!({"logprobs": true, "top_logprobs": 5}))).logprobs, Some(5));
    assert_eq!(decode(&request(json!({"logit_bias": {}}))).sampling.logit_bias, None);
}

#[test]
fn what_vercels_clients_say_in_their_own_way() {
    let output = |format: Value| decode(&request(json!({"response_format": format}))).output;
    let schema = json!({"type": "object", "z": 1});
    let named = output(json!({"type": "json", "schema": schema, "name": "n", "description": "d"}));
    let told = json!({"type": "json_schema", "json_schema": {"schema": schema, "name": "n", "description": "d"}});
    assert!(matches!(&named, Output::Schema { name, .. } if name == "n"));
    assert_eq!((named, output(json!({"type": "json"}))), (output(told), Output::Json));

    let part = |file: Value| {
        let messages = json!([{"role": "user", "content": [{"type": "file", "file": file}]}]);
        let (_, sent) = encode(&request(json!({"messages": messages})), "openai");
        sent["messages"][0]["content"][0]["file"].clone()
    };
    let file = part(json!({"data": "AAAA", "media_type": "application/pdf", "filename": "a.pdf"}));
    assert_eq!(file, part(json!({"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"})));
    assert_eq!(file["file_data"], "data:application/pdf;base64,AAAA");
}

#[test]
fn reasoning_is_asked_for_in_three_ways() {
    let reasoning = |value: Value| decode(&request(value)).reasoning.unwrap();
    let none = Reasoning::default();
    for (asked, expected) in [
        (json!({"reasoning_effort": "low"}), Reasoning { effort: Some("low".into()), ..none.clone() }),
        (json!({"reasoning": {"max_tokens": 2000}}), Reasoning { budget: Some(2000), ..none.clone() }),
        (
            json!({"reasoning": {"effort": "high", "exclude": true}}),
            Reasoning { effort: Some("high".into()), exclude: true, ..none.clone() },
        ),
        (json!({"thinking": {"type": "disabled"}}), Reasoning { enabled: Some(false), ..none.clone() }),
        (
            json!({"thinking": {"type": "enabled", "budget_tokens": 1024}}),
            Reasoning { enabled: Some(true), budget: Some(1024), ..none },
        ),
    ] {
        assert_eq!(reasoning(asked.clone()), expected, "{asked}");
    }
}

#[test]
fn tools_are_read_by_whom_they_belong_to() {
    let schema = json!({"type": "object", "properties": {"z": {}, "a": {}}});
    let kinds = |tools: Value| decode(&request(json!({"tools": tools}))).tools;
    let tools = kinds(
        json!([{"type": "function", "function": {"name": "f", "parameters": schema, "strict": true}, "cache_control": {}}]),
    );
    assert!(tools[0].cache.is_some());
    let ToolKind::Function { name, strict, .. } = &tools[0].kind else { panic!() };
    assert_eq!((&**name, *strict), ("f", Some(true)));
    for (definition, owner) in [
        (json!({"type": "web_search_20250305", "name": "web_search"}), Owner::Anthropic),
        (json!({"type": "computer_20250124"}), Owner::Anthropic),
        (json!({"google_search": {}}), Owner::Google),
        (json!({"type": "code_interpreter", "container": {}}), Owner::Responses),
        (json!({"type": "builtin_function", "function": {"name": "$web_search"}}), Owner::OpenAi),
    ] {
        let read = kinds(json!([definition])).remove(0).kind;
        let ToolKind::Builtin { owner: found, definition: kept } = &read else { panic!("{definition}") };
        assert_eq!((*found, kept.value()), (owner, definition));
    }
    for (choice, expected) in [
        (json!("any"), ToolChoice::Required),
        (json!("none"), ToolChoice::None),
        (json!({"type": "function", "function": {"name": "f"}}), ToolChoice::Named("f".into())),
        (
            json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "f"}}]}}),
            ToolChoice::Allowed { names: vec!["f".into()], required: true },
        ),
    ] {
        assert_eq!(decode(&request(json!({"tool_choice": choice}))).tool_choice, Some(expected), "{choice}");
    }
}

#[test]
fn a_schema_keeps_its_bytes() {
    let body = br#"{"model":"m","messages":[],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"z":1.50,  "a":{}},"strict":true}}}"#;
    let read = decode_request(body).unwrap();
    let Output::Schema { schema, .. } = &read.output else { panic!() };
    assert_eq!(schema.get(), r#"{"z":1.50,  "a":{}}"#);
    let encoded = encode_request(&read, &Facts::default());
    assert!(String::from_utf8(encoded.body).unwrap().contains(r#""schema":{"z":1.50,  "a":{}}"#));
}

#[test]
fn options_of_another_dialect_are_kept_for_it_alone() {
    let body = request(
        json!({"providerOptions": {"gateway": {"only": ["a"]}, "bedrock": {"guardrailConfig": {"id": 1}}, "x": {"y": 1}}}),
    );
    let read = decode(&body);
    assert_eq!(read.ext.len(), 1);
    assert_eq!((read.ext[0].owner, &*read.ext[0].key), (Owner::Bedrock, "guardrailConfig"));
    let (encoded, value) = encode(&body, "openai");
    assert!(value.get("guardrailConfig").is_none() && value.get("providerOptions").is_none());
    assert_eq!(encoded.dropped.fields(), ["guardrailConfig"]);
}

#[test]
fn what_is_wrong_is_named() {
    for (body, param) in [
        (json!({"messages": []}), "model"),
        (json!({"model": "m"}), "messages"),
        (json!({"model": "m", "messages": [{"role": "robot"}]}), "messages[0].role"),
        (json!({"model": "m", "messages": [{"role": "user", "content": 7}]}), "messages[0].content"),
        (request(json!({"temperature": "hot"})), "temperature"),
        (request(json!({"n": -1})), "n"),
        (request(json!({"tools": [{"type": "function", "function": {}}]})), "tools[0].function.name"),
        (request(json!({"response_format": {"type": "xml"}})), "response_format.type"),
    ] {
        let error = decode_request(&serde_json::to_vec(&body).unwrap()).unwrap_err();
        assert_eq!(
            (error.status, error.code.as_deref(), error.param.as_deref()),
            (400, Some("invalid_body"), Some(param)),
            "{body}"
        );
    }
    assert_eq!(decode_request(b"[]").unwrap_err().status, 400);
}

#[test]
fn case_24_images_of_results_follow_after_the_last_result() {
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}});
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let body = request(json!({"messages": [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": null, "tool_calls": [call("a"), call("b")]},
        {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "see"}, image]},
        {"role": "tool", "tool_call_id": "b", "content": "two"},
        {"role": "user", "content": "go on"},
    ]}));
    let (_, value) = encode(&body, "openai");
    let roles: Vec<_> =
        value["messages"].as_array().unwrap().iter().map(|message| message["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant", "tool", "tool", "user", "user"]);
    assert_eq!(value["messages"][2]["content"], "see");
    assert_eq!(value["messages"][4]["content"], json!([image]));
}

#[test]
fn rule_8_reasoning_goes_back_to_those_who_ask_for_it() {
    let body = request(json!({"messages": [{"role": "assistant", "content": "x", "reasoning_content": "thought"}]}));
    for (vendor, place, dropped) in [
        ("deepseek", "/messages/0/reasoning_content", false),
        ("mistral", "/messages/0/content/0/thinking/0/text", false),
        ("openrouter", "/messages/0/reasoning", false),
        ("openai", "", true),
    ] {
        let (encoded, value) = encode(&body, vendor);
        let found = value.pointer(place).filter(|_| !place.is_empty());
        assert_eq!(found.is_some_and(|found| found == "thought"), !dropped, "{vendor}: {value}");
        assert_eq!(value.to_string().contains("thought"), !dropped, "{vendor}");
        assert_eq!(encoded.dropped.fields().iter().any(|field| field == "reasoning"), dropped, "{vendor}");
    }
}

#[test]
fn rule_3_call_ids_fit_the_vendor_and_stay_together() {
    let long = "x".repeat(64);
    let body = request(json!({"messages": [
        {"role": "assistant", "tool_calls": [{"id": long, "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": long, "content": "r"},
    ]}));
    for (vendor, most) in [("openai", 40), ("mistral", 9)] {
        let (_, value) = encode(&body, vendor);
        let id = value["messages"][0]["tool_calls"][0]["id"].as_str().unwrap();
        assert!(id.len() <= most, "{vendor}: {id}");
        assert_eq!(value["messages"][1]["tool_call_id"], id, "{vendor}");
    }
}

#[test]
fn what_a_vendor_cannot_take_is_refused_by_its_field_or_dropped_and_told() {
    let part = |part: Value| request(json!({"messages": [{"role": "user", "content": [part]}]}));
    let far = json!({"type": "file", "file": {"file_data": "https://a.test/b.pdf"}});
    for (body, vendor, refused, dropped) in [
        (request(json!({"tools": [{"type": "web_search_20250305"}]})), "openai", Some("tools"), vec![]),
        (request(json!({"previous_response_id": "resp_1"})), "openai", Some("previous_response_id"), vec![]),
        (request(json!({"modalities": ["image"]})), "openai", Some("modalities"), vec![]),
        (request(json!({"modalities": ["audio"]})), "openai", None, vec![]),
        (part(far.clone()), "openai", Some("messages.content.file"), vec![]),
        (part(far), "openrouter", None, vec![]),
        (request(json!({"top_k": 4, "cache_control": {}})), "openai", None, vec!["top_k", "cache_control"]),
        (request(json!({"user": "u", "logit_bias": {"1": 1}})), "mistral", None, vec!["logit_bias", "user"]),
        (request(json!({"thinking": {"type": "disabled"}})), "openai", None, vec!["reasoning"]),
    ] {
        let facts = Facts { vendor, ..Facts::default() };
        let unable = can_express(&decode(&body), &facts).err().map(|unable| unable.field);
        assert_eq!(unable.as_deref(), refused, "{vendor}: {body}");
        assert_eq!(encode(&body, vendor).0.dropped.fields(), dropped, "{vendor}: {body}");
    }
}

#[test]
fn azures_older_path_names_the_deployment() {
    let facts = Facts {
        vendor: "azure",
        model: "gpt 5/x",
        base_path: "/openai",
        api_version: Some("2025-04-01"),
        ..Facts::default()
    };
    let encoded = encode_request(&decode(&request(json!({}))), &facts);
    assert_eq!(encoded.path, "/openai/deployments/gpt%205%2Fx/chat/completions?api-version=2025-04-01");
}

#[test]
fn of_members_with_one_name_the_last_counts() {
    let body = r#"{"model":"m","messages":[],"x":1,"x":2,"y":3,"providerOptions":{"openai":{"y":4},"google":{"y":5}}}"#;
    let ext = decode_request(body.as_bytes()).unwrap().ext;
    let said: Vec<_> = ext.iter().map(|ext| (ext.owner, &*ext.key, ext.value.get())).collect();
    let (chat, google) = (Owner::OpenAi, Owner::Google);
    // Which comes first in the body is up to the client.
    for expected in [(chat, "x", "2"), (google, "y", "5")] {
        assert!(said.contains(&expected), "{said:?}");
    }
    assert_eq!(said.iter().filter(|(owner, key, _)| (*owner, *key) == (chat, "y")).count(), 1, "{said:?}");
}
