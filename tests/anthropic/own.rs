//! What only clients of Anthropic's own dialect can say: built by hand.

use serde_json::{Value, json};
use tollgate::chat::{
    Args, Body, Cache, Citation, Ext, Format, Link, Media, MediaKind, Message, Native, Owner, Part, Pin, Raw, Request,
    Role, Source, Tool, ToolCall, ToolKind, ToolResult,
};

use super::strict::{Params, facts, on_vertex, sent};

fn raw(value: &Value) -> Raw {
    Raw::parse(&value.to_string()).unwrap()
}

fn native(value: &Value, link: Link) -> Part {
    Part::new(Body::Native(Native { format: Format::Anthropic, block: raw(value), link }))
}

fn request(messages: Vec<Message>) -> Request {
    let first = Message::new(Role::User, vec![Part::text("go")]);
    Request { messages: std::iter::once(first).chain(messages).collect(), ..Request::default() }
}

fn body(request: &Request) -> (Vec<(&'static str, String)>, Value) {
    let (encoded, body) = sent(request, &facts("claude-sonnet-4-5")).unwrap();
    if let Some(params) = Params::read() {
        assert_eq!(params.faults(&encoded.body, false), [""; 0], "{body}");
    }
    (encoded.headers, body)
}

#[test]
fn blocks_of_built_in_tools_go_or_stay_together() {
    let call = json!({"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q"}});
    let result = |id: &str| json!({"type": "web_search_tool_result", "tool_use_id": id, "content": []});
    let link = |id: &str| Link::Result { call_id: id.to_owned() };
    let called = Link::Call { id: "s1".into(), name: "web_search".into() };
    let parts = vec![native(&call, called), native(&result("s1"), link("s1")), native(&result("s2"), link("s2"))];
    let user = Message::new(Role::User, vec![Part::text("and?")]);
    let (_, body) = body(&request(vec![Message::new(Role::Assistant, parts), user]));
    assert_eq!(body["messages"][1]["content"], json!([call, result("s1")]));
    let foreign = Native { format: Format::Gemini, block: Raw::empty_object(), link: Link::Alone };
    let parts = vec![Part::new(Body::Native(foreign)), Part::text("x")];
    let history = request(vec![Message::new(Role::Assistant, parts.clone()), Message::new(Role::User, parts)]);
    assert_eq!(sent(&history, &facts("c")).err().as_deref(), Some("messages.content"));
    let mut history = history;
    history.messages.pop();
    let (encoded, _) = sent(&history, &facts("claude-3-haiku")).unwrap();
    assert_eq!(encoded.dropped.fields(), ["blocks"]);
}

#[test]
fn a_turn_that_paused_goes_on() {
    let call = json!({"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}});
    let part = native(&call, Link::Call { id: "s1".into(), name: "web_search".into() });
    let paused = request(vec![Message::new(Role::Assistant, vec![part])]);
    assert!(sent(&paused, &facts("claude-opus-5")).is_ok());
}

#[test]
fn citations_come_back_without_what_requests_may_not_say() {
    let place = json!({"type": "char_location", "cited_text": "c", "document_index": 0, "document_title": null,
        "start_char_index": 0, "end_char_index": 1});
    let mut answered = place.clone();
    answered["file_id"] = json!(null);
    let citations = vec![Citation::Native { format: Format::Anthropic, raw: raw(&answered) }];
    let part = Part::new(Body::Text { text: "t".into(), citations });
    let user = Message::new(Role::User, vec![Part::text("and?")]);
    let (_, body) = body(&request(vec![Message::new(Role::Assistant, vec![part]), user]));
    assert_eq!(body["messages"][1]["content"][0]["citations"], json!([place]));
}

#[test]
fn results_hold_text_media_search_results_and_hints() {
    let call =
        ToolCall { id: "c".into(), item_id: None, name: "f".into(), args: Args::Text("half".into()), caller: None };
    let found =
        json!({"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "x"}]});
    let mut text = Part::text("one");
    text.cache = Some(Cache { ttl: Some("never".into()) });
    let pdf = Media::new(MediaKind::Document, Some("application/pdf".into()), Source::Base64("JVBERi0=".into()));
    let parts = vec![text, native(&found, Link::Alone), Part::new(Body::Media(Box::new(pdf)))];
    let result = ToolResult { call_id: "c".into(), name: None, parts, is_error: true };
    let (_, body) = body(&request(vec![
        Message::new(Role::Assistant, vec![Part::new(Body::Call(call))]),
        Message::new(Role::Tool, vec![Part::new(Body::Result(result))]),
    ]));
    assert_eq!(body["messages"][1]["content"][0]["input"], json!({"input": "half"}));
    let block = &body["messages"][2]["content"][0];
    assert_eq!((&block["cache_control"], &block["is_error"]), (&json!({"type": "ephemeral"}), &json!(true)));
    let kinds: Vec<&Value> = block["content"].as_array().unwrap().iter().map(|part| &part["type"]).collect();
    assert_eq!(kinds, ["text", "search_result", "document"]);
}

#[test]
fn what_lives_at_an_account_stays_there() {
    let source = Source::FileId { owner: Owner::Anthropic, id: "file_1".into() };
    let file = Part::new(Body::Media(Box::new(Media::new(MediaKind::Image, None, source))));
    let mut request = request(vec![Message::new(Role::User, vec![file])]);
    request.pins.push(Pin { owner: Owner::Anthropic, field: "container", id: "container_1".into() });
    let (headers, body) = body(&request);
    assert_eq!(body["messages"][0]["content"][1]["source"], json!({"type": "file", "file_id": "file_1"}));
    assert_eq!(body["container"], "container_1");
    assert_eq!(headers[1], ("anthropic-beta", "files-api-2025-04-14".to_owned()));
    assert_eq!(sent(&request, &on_vertex("claude-sonnet-4-5")).err().as_deref(), Some("messages.content.file_id"));
}

#[test]
fn features_in_beta_ask_for_it() {
    let tool = |kind: &str| {
        Tool::new(ToolKind::Builtin { owner: Owner::Anthropic, definition: raw(&json!({"type": kind, "name": "t"})) })
    };
    let ext = |key: &str| Ext { owner: Owner::Anthropic, key: key.into(), value: raw(&json!({})), required: true };
    for (tools, ext, beta) in [
        (vec![tool("computer_20250124")], vec![], Some("computer-use-2025-01-24")),
        (vec![tool("mcp_toolset")], vec![ext("mcp_servers")], Some("mcp-client-2025-11-20")),
        (vec![], vec![ext("context_management")], Some("context-management-2025-06-27")),
        (vec![tool("web_search_20250305")], vec![ext("inference_geo")], None),
    ] {
        let request = Request { tools, ext, ..request(Vec::new()) };
        for facts in [facts("claude-sonnet-4-5"), on_vertex("claude-sonnet-4-5")] {
            let (encoded, _) = sent(&request, &facts).unwrap();
            let found =
                encoded.headers.iter().find(|(name, _)| *name == "anthropic-beta").map(|(_, value)| value.as_str());
            assert_eq!(found, beta);
        }
    }
}
