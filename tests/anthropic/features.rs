//! Each feature of a request, one by one: what goes upstream, what is reported as lost, what is refused.

use serde_json::{Value, json};
use tollgate::chat::Request;

use super::strict::{Params, asked, facts, on_vertex, sent};

pub const OLD: &str = "claude-3-5-haiku-20241022";
pub const BUDGET: &str = "claude-sonnet-4-5";

/// A request of one user's message, with more members.
pub fn with(more: Value) -> Request {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    asked(&body)
}

pub fn of_messages(messages: Value) -> Request {
    with(json!({"messages": messages}))
}

pub fn user(part: Value) -> Request {
    of_messages(json!([{"role": "user", "content": [{"type": "text", "text": "see"}, part]}]))
}

pub fn tool(name: &str) -> Value {
    json!({"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}})
}

/// What must stand at some places of the body (`null`: nothing), and what is reported.
pub fn goes(what: &str, request: &Request, model: &str, places: &[(&str, Value)], dropped: &[&str]) {
    let Some(params) = Params::read() else { return };
    for is_vertex in [false, true] {
        let facts = if is_vertex { on_vertex(model) } else { facts(model) };
        let (encoded, body) = sent(request, &facts).unwrap_or_else(|field| panic!("{what}: refused for {field}"));
        assert_eq!(params.faults(&encoded.body, is_vertex), [""; 0], "{what} to {model}: {body}");
        for (place, expected) in places {
            let found = body.pointer(place).cloned().unwrap_or(Value::Null);
            assert_eq!(found, *expected, "{what} to {model}: {place} of {body}");
        }
        assert_eq!(encoded.dropped.fields(), dropped, "{what} to {model}");
    }
}

pub fn refused(what: &str, request: &Request, field: &str) {
    assert_eq!(sent(request, &facts(BUDGET)).err().as_deref(), Some(field), "{what}");
}

#[test]
fn texts_and_roles() {
    let system = json!([{"role": "system", "content": "a"}, {"role": "developer", "content": "b"}, {"role": "user", "content": "c"}]);
    let all = json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]);
    let one = json!([{"role": "user", "content": [{"type": "text", "text": "c"}]}]);
    goes("system and developer", &of_messages(system), BUDGET, &[("/system", all), ("/messages", one)], &[]);
    let late =
        json!([{"role": "user", "content": "a"}, {"role": "system", "content": "b"}, {"role": "user", "content": "c"}]);
    let merged = json!([{"type": "text", "text": "a"}, {"type": "text", "text": "c"}]);
    let places = [("/system/0/text", json!("b")), ("/messages/0/content", merged), ("/messages/1", Value::Null)];
    goes(
        "rule 15: a late system message; rule 13: neighbours are one",
        &of_messages(late),
        BUDGET,
        &places,
        &["messages.position"],
    );
    let turns = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c", "name": "bob"}]);
    goes(
        "turns",
        &of_messages(turns),
        BUDGET,
        &[("/messages/1/role", json!("assistant")), ("/messages/2/content/0/text", json!("c"))],
        &["messages.name"],
    );
    let empty = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": " "}, {"role": "user", "content": ""}, {"role": "user", "content": "b"}]);
    goes(
        "nothing is empty",
        &of_messages(empty),
        BUDGET,
        &[("/messages/0/content/1/text", json!("b")), ("/messages/1", Value::Null)],
        &[],
    );
    let prefill = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "Sure: "}]);
    goes(
        "the beginning of an answer",
        &of_messages(prefill.clone()),
        BUDGET,
        &[("/messages/1/content/0/text", json!("Sure:"))],
        &[],
    );
    let refusal = json!([{"role": "user", "content": "a"}, {"role": "assistant", "refusal": "no", "content": null}, {"role": "user", "content": "b"}]);
    goes("an earlier refusal", &of_messages(refusal), BUDGET, &[("/messages/1/content/0/text", json!("no"))], &[]);
    let field = sent(&of_messages(prefill), &facts("claude-opus-4-6")).err();
    assert_eq!(field.as_deref(), Some("messages"), "the beginning of an answer where that is a 400");
    refused("nobody asks", &of_messages(json!([{"role": "system", "content": "a"}])), "messages");
}

#[test]
fn media() {
    let image = |url: &str| user(json!({"type": "image_url", "image_url": {"url": url, "detail": "low"}}));
    let source = json!({"type": "base64", "media_type": "image/png", "data": "iVBORw0="});
    goes(
        "an image",
        &image("data:image/png;base64,iVBORw0="),
        BUDGET,
        &[("/messages/0/content/1/source", source)],
        &[],
    );
    let url = image("https://example.com/a.png");
    let (_, body) = sent(&url, &facts(BUDGET)).unwrap();
    assert_eq!(
        body["messages"][0]["content"][1],
        json!({"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}})
    );
    assert_eq!(sent(&url, &on_vertex(BUDGET)).err().as_deref(), Some("messages.content.image_url"));
    let file = |data: &str| {
        user(
            json!({"type": "file", "file": {"file_data": data, "filename": "a.pdf"}, "context": "c", "citations": {"enabled": true}}),
        )
    };
    let document = json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
        "title": "a.pdf", "context": "c", "citations": {"enabled": true}});
    goes("a PDF", &file("data:application/pdf;base64,JVBERi0="), BUDGET, &[("/messages/0/content/1", document)], &[]);
    let text = json!({"type": "text", "media_type": "text/plain", "data": "grüße"});
    goes(
        "a text",
        &file("data:text/plain;base64,Z3LDvMOfZQ=="),
        BUDGET,
        &[("/messages/0/content/1/source", text)],
        &[],
    );
    refused("a table", &file("data:application/vnd.ms-excel;base64,AAAA"), "messages.content.file");
    refused("a bitmap", &image("data:image/bmp;base64,AAAA"), "messages.content.image_url");
    refused(
        "sound",
        &user(json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}})),
        "messages.content.input_audio",
    );
    refused(
        "a film",
        &user(json!({"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}})),
        "messages.content.video_url",
    );
    refused(
        "a file of an account",
        &user(json!({"type": "file", "file": {"file_id": "file-1"}})),
        "messages.content.file_id",
    );
}

#[test]
fn tools_and_choices() {
    let tools = json!([{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"properties": {"a": {"type": "integer", "minimum": 1}}}}}]);
    let f = json!([{"name": "f", "description": "d", "input_schema": {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}}}]);
    goes("a tool", &with(json!({"tools": tools})), BUDGET, &[("/tools", f), ("/tool_choice", Value::Null)], &[]);
    for (choice, parallel, expected) in [
        (json!("auto"), None, json!({"type": "auto"})),
        (json!("required"), None, json!({"type": "any"})),
        (json!("none"), Some(false), json!({"type": "none"})),
        (json!({"type": "function", "function": {"name": "f"}}), None, json!({"type": "tool", "name": "f"})),
        (json!("required"), Some(false), json!({"type": "any", "disable_parallel_tool_use": true})),
        (Value::Null, Some(false), json!({"type": "auto", "disable_parallel_tool_use": true})),
        (Value::Null, Some(true), Value::Null),
    ] {
        let what = format!("tool_choice {choice} {parallel:?}");
        let mut more = json!({"tools": [tool("f"), tool("g")], "parallel_tool_calls": parallel});
        if !choice.is_null() {
            more["tool_choice"] = choice;
        }
        more.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        goes(&what, &with(more), BUDGET, &[("/tool_choice", expected)], &[]);
    }
    let allowed = json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "g"}}]}});
    let some = with(json!({"tools": [tool("f"), tool("g")], "tool_choice": allowed}));
    goes(
        "some of the tools",
        &some,
        BUDGET,
        &[("/tools/0/name", json!("g")), ("/tools/1", Value::Null), ("/tool_choice/type", json!("any"))],
        &[],
    );
    goes("a choice of nothing", &with(json!({"tool_choice": "auto"})), BUDGET, &[("/tool_choice", Value::Null)], &[]);
    let legacy = with(json!({"functions": [{"name": "f"}], "function_call": {"name": "f"}}));
    goes(
        "legacy functions",
        &legacy,
        BUDGET,
        &[("/tools/0/input_schema/type", json!("object")), ("/tool_choice/name", json!("f"))],
        &[],
    );
    let search = json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 3});
    goes("a built-in tool", &with(json!({"tools": [search]})), BUDGET, &[("/tools/0", search)], &[]);
    refused("another's built-in tool", &with(json!({"tools": [{"type": "web_search_preview"}]})), "tools");
    refused(
        "a tool for free text",
        &with(json!({"tools": [{"type": "custom", "custom": {"name": "c"}}]})),
        "tools.custom",
    );
    refused("another's web search", &with(json!({"web_search_options": {}})), "web_search_options");
    let mut strict = tool("s");
    strict["function"]["strict"] = json!(true);
    let closed = json!({"type": "object", "properties": {}, "additionalProperties": false});
    goes(
        "a strict tool",
        &with(json!({"tools": [strict]})),
        BUDGET,
        &[("/tools/0/strict", json!(true)), ("/tools/0/input_schema", closed)],
        &[],
    );
    goes(
        "a strict tool for an old model",
        &with(json!({"tools": [strict]})),
        OLD,
        &[("/tools/0/strict", Value::Null)],
        &["tools.function.strict"],
    );
    let many = with(json!({"tools": vec![strict; 21]}));
    goes(
        "more strict tools than 20",
        &many,
        BUDGET,
        &[("/tools/19/strict", json!(true)), ("/tools/20/strict", Value::Null)],
        &["tools.function.strict"],
    );
}

#[test]
fn calls_and_results() {
    let call = |id: &str, name: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{\"a\":1}"}});
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0="}});
    // Case 24: two calls, the first result with an image; the results come in another order.
    let history = json!([{"role": "user", "content": "go"}, {"role": "assistant", "tool_calls": [call("x:1", "f"), call("y", "g")]},
        {"role": "tool", "tool_call_id": "y", "content": "two"},
        {"role": "tool", "tool_call_id": "x:1", "content": [{"type": "text", "text": "one"}, image]},
        {"role": "user", "content": "and?"}]);
    let request = of_messages(history);
    let (_, body) = sent(&request, &facts(BUDGET)).unwrap();
    let id = body["messages"][1]["content"][0]["id"].clone();
    assert!(id.as_str().unwrap().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "rule 3: {id}");
    let one = json!({"type": "tool_result", "tool_use_id": id, "content": [{"type": "text", "text": "one"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0="}}]});
    let two = json!({"type": "tool_result", "tool_use_id": "y", "content": "two"});
    let then = json!({"type": "text", "text": "and?"});
    goes(
        "case 24, rule 13 and trap 6",
        &request,
        BUDGET,
        &[("/messages/2/content", json!([one, two, then])), ("/messages/1/content/1/input", json!({"a": 1}))],
        &[],
    );
    let mixed = json!([{"role": "user", "content": "go"}, {"role": "assistant", "tool_calls": [call("a", "f"), call("b", "g")]},
        {"role": "user", "content": "1"}, {"role": "tool", "tool_call_id": "b", "content": "B"}, {"role": "user", "content": "2"},
        {"role": "tool", "tool_call_id": "a", "content": "A"}, {"role": "user", "content": "3"}]);
    let (_, body) = sent(&of_messages(mixed), &facts(BUDGET)).unwrap();
    let content = body["messages"][2]["content"].as_array().unwrap().iter();
    let order: Vec<&Value> = content.map(|block| block.get("text").unwrap_or(&block["content"])).collect();
    assert_eq!(order, ["A", "B", "1", "2", "3"], "rule 13");
    let twice = json!([{"role": "user", "content": "go"}, {"role": "assistant", "tool_calls": [call("c", "f")]}, {"role": "tool", "tool_call_id": "c", "content": "1"},
        {"role": "assistant", "tool_calls": [call("c", "f")]}, {"role": "tool", "tool_call_id": "c", "content": "", "is_error": true}]);
    let (_, body) = sent(&of_messages(twice), &facts(BUDGET)).unwrap();
    let ids: Vec<&Value> = [1, 2, 3, 4]
        .iter()
        .map(|i| &body["messages"][*i]["content"][0])
        .map(|block| block.get("id").unwrap_or(&block["tool_use_id"]))
        .collect();
    assert!(ids[0] == ids[1] && ids[2] == ids[3] && ids[0] != ids[2], "rule 4: {ids:?}");
    assert_eq!(body["messages"][4]["content"][0]["is_error"], true);
    let bare = json!([{"role": "user", "content": "go"}, {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]}, {"role": "tool", "tool_call_id": "c", "content": ""}]);
    goes(
        "trap 9: no arguments",
        &of_messages(bare),
        BUDGET,
        &[("/messages/1/content/0/input", json!({})), ("/messages/2/content/0/content", Value::Null)],
        &[],
    );
    for (what, history, id) in [
        (
            "no result",
            json!([{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call("c1", "f")]}, {"role": "user", "content": "b"}]),
            "c1",
        ),
        (
            "no result at the end",
            json!([{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call("c2", "f")]}]),
            "c2",
        ),
        (
            "no call",
            json!([{"role": "user", "content": "a"}, {"role": "tool", "tool_call_id": "c3", "content": "r"}]),
            "c3",
        ),
        (
            "one of two",
            json!([{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call("c", "f"), call("c4", "f")]}, {"role": "tool", "tool_call_id": "c", "content": "r"}]),
            "c4",
        ),
    ] {
        refused(&format!("rule 14: {what}"), &of_messages(history), &format!("messages.tool_call_id: {id}"));
    }
}
