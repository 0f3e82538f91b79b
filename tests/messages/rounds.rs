//! What a client asks for, read and written again for Anthropic: the same request.

use serde_json::{Value, json};
use tollgate::dialect::anthropic::client::decode_request;
use tollgate::dialect::anthropic::{can_express, encode_request};
use tollgate::dialect::{Encoded, Facts};

use super::support::{Exchange, differences, folder, recorded};

/// The request as Anthropic gets it.
pub fn round(body: &Value) -> Encoded {
    let request = decode_request(body.to_string().as_bytes()).unwrap();
    let model = body["model"].as_str().unwrap();
    let facts = Facts { vendor: "anthropic", provider: "acme", model, base_path: "/v1", ..Facts::default() };
    can_express(&request, &facts).unwrap();
    encode_request(&request, &facts)
}

/// A request as it means: texts are lists of blocks, what is said by default is not said, old names are new ones.
pub fn meaning(body: &Value) -> Value {
    let mut body = without_nulls(body.clone());
    let object = body.as_object_mut().unwrap();
    if let Some(format) = object.remove("output_format") {
        object.entry("output_config").or_insert(json!({}))["format"] = format;
    }
    if object.get("temperature").and_then(Value::as_f64) == Some(1.0) {
        object.remove("temperature");
    }
    if object.get("stream") == Some(&json!(false)) {
        object.remove("stream");
    }
    if let Some(thinking) = object.get_mut("thinking").and_then(Value::as_object_mut)
        && thinking.get("display") == Some(&json!("summarized"))
    {
        thinking.remove("display");
    }
    if let Some(system) = object.get_mut("system") {
        *system = blocks(system);
    }
    for message in object["messages"].as_array_mut().unwrap() {
        message["content"] = blocks(&message["content"]);
    }
    for tool in object.get_mut("tools").and_then(Value::as_array_mut).into_iter().flatten() {
        if tool["strict"] == json!(false) || tool["type"] == json!("custom") {
            let tool = tool.as_object_mut().unwrap();
            tool.retain(|name, value| name != "strict" && value != &json!("custom"));
        }
    }
    body
}

fn blocks(content: &Value) -> Value {
    let block = |block: &Value| {
        let mut block = block.clone();
        let members = block.as_object_mut().unwrap();
        members.retain(|name, value| {
            let is_said_anyway = (name == "is_error" && value == &json!(false))
                || (name == "caller" && value["type"] == json!("direct"))
                || (name == "citations" && (value == &json!([]) || value["enabled"] == json!(false)))
                || (name == "content" && value == &json!(""));
            !is_said_anyway
        });
        if members.get("type") == Some(&json!("tool_result"))
            && let Some(content) = members.get_mut("content")
        {
            *content = blocks(content);
        }
        block
    };
    match content {
        Value::String(text) => json!([{"type": "text", "text": text}]),
        content => content.as_array().unwrap().iter().map(block).collect(),
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            kept.map(|(name, value)| (name, without_nulls(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// Where the request that Anthropic gets differs in meaning.
pub fn changes(body: &Value) -> Vec<String> {
    let encoded = round(body);
    let sent: Value = serde_json::from_slice(&encoded.body).unwrap();
    let mut found = Vec::new();
    differences(&meaning(&sent), &meaning(body), "", &mut found);
    found
}

/// Where the provider's side changes a request on purpose, whoever asks: newer models think by effort, not by budget.
const ON_PURPOSE: [&str; 3] =
    ["/thinking/budget_tokens: null", "/thinking/type: \"adaptive\"", "/output_config: {\"effort\""];

#[test]
fn every_recorded_request_is_the_same_request() {
    let (mut tried, mut wrong) = (0, Vec::new());
    let is_wanted = |entry: &Value| entry["provider"] == "anthropic" && entry["endpoint"] == "messages";
    for Exchange { file, request, .. } in recorded(|entry| is_wanted(entry) && entry["status"] == 200) {
        tried += 1;
        let is_known = |change: &String| ON_PURPOSE.iter().any(|known| change.contains(known));
        let found: Vec<String> = changes(&request).into_iter().filter(|change| !is_known(change)).collect();
        if !found.is_empty() {
            wrong.push(format!("{file}: {found:#?}"));
        }
    }
    println!("requests: {tried}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 50 || folder().is_none(), "{tried}");
}

fn asking(more: Value) -> Value {
    let mut body = json!({"model": "claude-sonnet-4-5", "max_tokens": 4096,
        "messages": [{"role": "user", "content": "Hi"}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn said(content: Value) -> Value {
    json!({"messages": [{"role": "user", "content": content}]})
}

fn answered(content: Value, result: Value) -> Value {
    json!({"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": content},
        {"role": "user", "content": result}]})
}

/// Every member and block that has a meaning for Anthropic.
fn matrix() -> Vec<Value> {
    let cached = json!({"type": "ephemeral", "ttl": "1h"});
    let source = json!({"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="});
    let pdf = json!({"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="});
    let call = |id: &str| json!({"type": "tool_use", "id": id, "name": "look", "input": {"b": 1, "a": [2.50, null]}});
    let result = |id: &str, content: Value| json!({"type": "tool_result", "tool_use_id": id, "content": content});
    let tool = json!({"name": "look", "description": "Looks.", "input_schema": {"type": "object", "properties":
        {"a": {"type": "integer"}}, "required": ["a"]}});
    let mut strict = tool.clone();
    strict["strict"] = json!(true);
    strict["input_schema"]["additionalProperties"] = json!(false);
    let mut odd = tool.clone();
    odd["cache_control"] = cached.clone();
    odd["defer_loading"] = json!(true);
    odd["input_examples"] = json!([{"a": 1}]);
    let search = json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 2, "cache_control": cached});
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": false});
    let searched =
        json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}});
    let found = json!({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"type":
        "web_search_result", "url": "https://example.com", "title": "E", "encrypted_content": "abc", "page_age": "1d"}]});
    let cited = json!({"type": "web_search_result_location", "url": "https://example.com", "title": "E",
        "encrypted_index": "xyz", "cited_text": "c"});
    let place = json!({"type": "char_location", "cited_text": "c", "document_index": 0, "document_title": "T",
        "start_char_index": 0, "end_char_index": 1});
    let thought = json!({"type": "thinking", "thinking": "Hm.", "signature": "Eq=="});
    let hidden = json!({"type": "redacted_thinking", "data": "Em=="});
    let page = json!({"type": "search_result", "source": "https://example.com", "title": "E", "content": [{"type":
        "text", "text": "t"}], "citations": {"enabled": true}});
    vec![
        json!({"system": "Be brief."}),
        json!({"system": [{"type": "text", "text": "a"}, {"type": "text", "text": "b", "cache_control": cached}]}),
        json!({"temperature": 0.5, "top_k": 5, "stop_sequences": ["END", "\n\nHuman:"], "stream": true}),
        json!({"top_p": 0.9, "metadata": {"user_id": "u-1"}, "service_tier": "standard_only"}),
        json!({"metadata": {"user_id": "u".repeat(140)}, "service_tier": "auto", "cache_control": cached}),
        json!({"tools": [tool, strict], "tool_choice": {"type": "auto"}}),
        json!({"tools": [tool], "tool_choice": {"type": "any", "disable_parallel_tool_use": true}}),
        json!({"tools": [odd], "tool_choice": {"type": "tool", "name": "look"}}),
        json!({"tools": [tool], "tool_choice": {"type": "none"}}),
        json!({"tools": [search, {"type": "bash_20250124", "name": "bash"}]}),
        json!({"thinking": {"type": "enabled", "budget_tokens": 2048}}),
        json!({"thinking": {"type": "enabled", "budget_tokens": 2048, "display": "omitted"}}),
        json!({"model": "claude-sonnet-5", "thinking": {"type": "disabled"}}),
        json!({"model": "claude-opus-4-7", "thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}),
        json!({"model": "claude-opus-4-7", "thinking": {"type": "adaptive", "display": "omitted"}}),
        json!({"model": "claude-sonnet-5", "thinking": {"type": "disabled"}, "output_config": {"effort": "low"}}),
        json!({"model": "claude-sonnet-5", "thinking": {"type": "between_tools"}}),
        json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}}),
        json!({"output_config": {"format": {"type": "json_schema", "schema": schema}, "task_budget": {"total": 9}}}),
        json!({"output_format": {"type": "json_schema", "schema": schema}}),
        json!({"container": "container_1"}),
        json!({"container": {"id": "container_1", "skills": [{"type": "anthropic", "skill_id": "pptx"}]}}),
        json!({"mcp_servers": [{"type": "url", "url": "https://example.com/mcp", "name": "m"}],
            "tools": [{"type": "mcp_toolset", "mcp_server_name": "m"}]}),
        json!({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}, "inference_geo": "us",
            "speed": "fast", "something_new": [1]}),
        said(
            json!([{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}, {"type": "text", "text": "b"}]),
        ),
        said(json!([{"type": "image", "source": source, "cache_control": cached}])),
        said(json!([{"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}])),
        said(json!([{"type": "image", "source": {"type": "file", "file_id": "file_1"}}])),
        said(
            json!([{"type": "document", "source": pdf, "title": "T", "context": "c", "citations": {"enabled": true}}]),
        ),
        said(json!([{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "d"}}])),
        said(json!([{"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}}])),
        said(json!([{"type": "document", "source": {"type": "file", "file_id": "file_1"}, "title": "T"}])),
        said(json!([{"type": "document", "citations": {"enabled": true}, "source": {"type": "content", "content":
            [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}}])),
        said(
            json!([{"type": "document", "source": {"type": "content", "content": [{"type": "image", "source": source}]}}]),
        ),
        said(json!([page, {"type": "container_upload", "file_id": "file_1"}, {"type": "something_new", "x": [1]}])),
        answered(
            json!([call("toolu_1"), call("toolu_2")]),
            json!([
                result("toolu_1", json!("one")),
                result("toolu_2", json!([{"type": "text", "text": "two"}, {"type": "image", "source": source}]))
            ]),
        ),
        answered(
            json!([{"type": "text", "text": "I look."}, call("toolu_1")]),
            json!([{"type": "tool_result", "tool_use_id": "toolu_1", "is_error": true, "content": "no",
                "cache_control": cached}, {"type": "text", "text": "Go on."}]),
        ),
        answered(json!([call("toolu_1")]), json!([{"type": "tool_result", "tool_use_id": "toolu_1"}])),
        answered(
            json!([call("toolu_1")]),
            json!([result(
                "toolu_1",
                json!([page, {"type": "tool_reference",
            "tool_name": "look"}, {"type": "document", "source": pdf}])
            )]),
        ),
        answered(json!([thought, hidden, call("toolu_1")]), json!([result("toolu_1", json!("one"))])),
        answered(
            json!([searched, found, {"type": "text", "text": "It is.", "citations": [cited, place]}]),
            json!("More"),
        ),
        json!({"messages": [{"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Hi"}]}),
    ]
}

#[test]
fn every_member_and_block_comes_through_to_anthropic() {
    let mut wrong = Vec::new();
    for more in matrix() {
        let found = changes(&asking(more.clone()));
        if !found.is_empty() {
            wrong.push(format!("{more}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A test of this page's own eyes.
#[test]
fn a_change_would_be_seen() {
    for more in matrix() {
        let body = asking(more);
        let sent: Value = serde_json::from_slice(&round(&body).body).unwrap();
        for name in meaning(&body).as_object().unwrap().keys() {
            let mut spoilt = sent.clone();
            spoilt[name] = json!([{"content": "spoilt"}]);
            let mut found = Vec::new();
            differences(&meaning(&spoilt), &meaning(&body), "", &mut found);
            assert!(!found.is_empty(), "{name} of {body}");
        }
    }
}
