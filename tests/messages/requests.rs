//! What a request asks for, and what is wrong with one.

use serde_json::{Value, json};
use tollgate::chat::{Body, Message, Output, Owner, Request, Role, Source, ToolChoice, ToolKind};
use tollgate::dialect::anthropic::client::decode_request;
use tollgate::dialect::{Facts, anthropic, bedrock, cohere, gemini, openai};

fn with(more: Value) -> Value {
    let mut body = json!({"model": "acme/m", "max_tokens": 10, "messages": [{"role": "user", "content": "Hi"}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn read(body: &Value) -> Request {
    decode_request(body.to_string().as_bytes()).unwrap()
}

#[test]
fn errors_name_the_field() {
    let said = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    let answered = |content: Value| json!({"messages": [{"role": "assistant", "content": content}]});
    for (more, path, words) in [
        (json!({"model": 1}), "model", "a text is expected"),
        (json!({"model": ""}), "model", "a text is expected"),
        (json!({"messages": "Hi"}), "messages", "a list is expected"),
        (json!({"messages": [1]}), "messages.0", "an object is expected"),
        (json!({"messages": [{"role": "tool", "content": "x"}]}), "messages.0.role", "`user`, `assistant` or `system`"),
        (json!({"messages": [{"role": "user"}]}), "messages.0.content", "a text or a list"),
        (said(json!([{"type": "text", "text": "a"}, 1])), "messages.0.content.1", "an object"),
        (said(json!([{"text": "a"}])), "messages.0.content.0.type", "a text"),
        (said(json!([{"type": "text"}])), "messages.0.content.0.text", "a text"),
        (said(json!([{"type": "image"}])), "messages.0.content.0.source", "an object"),
        (
            said(json!([{"type": "image", "source": {"type": "base64", "media_type": "image/png"}}])),
            "messages.0.content.0.source.data",
            "a text",
        ),
        (
            said(json!([{"type": "tool_use", "id": "a", "name": "b", "input": {}}])),
            "messages.0.content.0",
            "`tool_use` may stand in messages of the assistant only",
        ),
        (said(json!([{"type": "tool_result"}])), "messages.0.content.0.tool_use_id", "a text"),
        (
            said(json!([{"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text"}]}])),
            "messages.0.content.0.content.0.text",
            "a text",
        ),
        (answered(json!([{"type": "tool_result", "tool_use_id": "a"}])), "messages.0.content.0", "of the user only"),
        (
            answered(json!([{"type": "tool_use", "id": "a", "name": "b", "input": "{}"}])),
            "messages.0.content.0.input",
            "an object",
        ),
        (answered(json!([{"type": "thinking", "signature": ""}])), "messages.0.content.0.thinking", "a text"),
        (json!({"system": [{"type": "image"}]}), "system.0.type", "`text`"),
        (json!({"system": 1}), "system", "a text or a list"),
        (json!({"max_tokens": "1"}), "max_tokens", "a count"),
        (json!({"temperature": "1"}), "temperature", "a number"),
        (json!({"stop_sequences": [1]}), "stop_sequences", "a text"),
        (json!({"stream": 1}), "stream", "true or false"),
        (json!({"tools": [{}]}), "tools.0.name", "a text"),
        (json!({"tools": [{"name": "a"}]}), "tools.0.input_schema", "an object"),
        (json!({"tool_choice": "auto"}), "tool_choice", "an object"),
        (json!({"tool_choice": {"type": "required"}}), "tool_choice.type", "`auto`, `any`, `tool` or `none`"),
        (json!({"tool_choice": {"type": "tool"}}), "tool_choice.name", "a text"),
        (json!({"thinking": {"type": "enabled"}}), "thinking.budget_tokens", "a count"),
        (json!({"thinking": {}}), "thinking.type", "a text"),
        (json!({"output_config": {"format": {"type": "text"}}}), "output_config.format.type", "`json_schema`"),
        (json!({"output_config": {"format": {"type": "json_schema"}}}), "output_config.format.schema", "an object"),
        (json!({"output_config": {"effort": 1}}), "output_config.effort", "a text"),
        (json!({"metadata": 1}), "metadata", "an object"),
        (json!({"mcp_servers": {}}), "mcp_servers", "a list"),
        (json!({"providerOptions": 1}), "providerOptions", "an object"),
    ] {
        let error = decode_request(with(more.clone()).to_string().as_bytes()).unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some(path)), "{more}: {error:?}");
        assert!(error.message.starts_with(&format!("`{path}`: ")) && error.message.contains(words), "{error:?}");
    }
    for body in ["", "[]", "{", "null"] {
        let error = decode_request(body.as_bytes()).unwrap_err();
        assert_eq!((error.status, &*error.message), (400, "The body is not a JSON object."), "{body}");
    }
}

/// Results come first, one message for each, then what the user says.
#[test]
fn rule_13_results_are_messages_of_their_own() {
    let result = |id: &str| json!({"type": "tool_result", "tool_use_id": id, "content": "x"});
    let text = json!({"type": "text", "text": "Go"});
    let request = read(&with(json!({"messages": [{"role": "user", "content": [text, result("a"), result("b")]}]})));
    let roles: Vec<Role> = request.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::Tool, Role::Tool, Role::User]);
    let ids = request.messages.iter().flat_map(|message| &message.parts).filter_map(|part| match &part.body {
        Body::Result(result) => Some(result.call_id.as_str()),
        _ => None,
    });
    assert_eq!(ids.collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn wishes_are_in_the_words_of_the_intermediate_form() {
    let tool = json!({"type": "custom", "name": "look", "input_schema": {"type": "object"}});
    let schema = json!({"type": "json_schema", "schema": {"type": "object"}});
    let request = read(&with(json!({"stream": true, "stop_sequences": ["a"], "top_k": 3, "tools": [tool],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": true}, "service_tier": "standard_only",
        "metadata": {"user_id": "u"}, "output_config": {"effort": "high", "format": schema},
        "thinking": {"type": "adaptive"}, "models": ["x"], "providerOptions": {"google": {"a": 1}, "gateway": {"order": []}}})));
    assert!(request.stream && request.stop == ["a"] && request.sampling.top_k == Some(3));
    assert_eq!((request.tool_choice, request.parallel_tool_calls), (Some(ToolChoice::Required), Some(false)));
    assert!(matches!(&request.tools[0].kind, ToolKind::Function { name, strict: None, .. } if name == "look"));
    assert_eq!((request.service_tier.as_deref(), request.user.as_deref()), (Some("default"), Some("u")));
    assert!(matches!(request.output, Output::Schema { strict: None, .. }));
    let reasoning = request.reasoning.unwrap();
    assert_eq!((reasoning.enabled, reasoning.effort.as_deref(), reasoning.exclude), (Some(true), Some("high"), false));
    assert_eq!(request.ext.len(), 1, "{:?}", request.ext);
    assert_eq!((request.ext[0].owner, &*request.ext[0].key), (Owner::Google, "a"));
}

/// A document in blocks is a text for those who have none, unless somebody counts its blocks.
#[test]
fn documents_in_blocks() {
    let source = json!({"type": "content", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]});
    let document = |citations: bool| {
        let block = json!({"type": "document", "source": source, "citations": {"enabled": citations}});
        read(&with(json!({"messages": [{"role": "user", "content": [block]}]}))).messages
    };
    let text = |messages: &[Message]| match &messages[0].parts[0].body {
        Body::Media(media) => Some(media.source.clone()),
        _ => None,
    };
    assert_eq!(text(&document(false)), Some(Source::Text("a\n\nb".into())));
    assert_eq!(text(&document(true)), None);
}

/// Carried, or refused by its field: what others cannot be asked.
#[test]
fn what_others_cannot_be_asked_is_refused_by_its_field() {
    let said = |block: Value| json!({"messages": [{"role": "user", "content": [block]}]});
    let file = json!({"type": "file", "file_id": "file_1"});
    for (more, field) in [
        (json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}), "tools"),
        (json!({"mcp_servers": [{"type": "url", "url": "https://x", "name": "m"}]}), "mcp_servers"),
        (json!({"container": "c_1"}), "container"),
        (json!({"inference_geo": "us"}), "inference_geo"),
        (said(json!({"type": "document", "source": file})), "messages.content.file_id"),
        (said(json!({"type": "image", "source": file})), "messages.content.file_id"),
        (said(json!({"type": "container_upload", "file_id": "file_1"})), "messages.content.file_id"),
        (said(json!({"type": "search_result", "source": "s", "title": "t", "content": []})), "messages.content"),
    ] {
        let request = read(&with(more.clone()));
        let facts = Facts { model: "m", base_path: "/v1", ..Facts::default() };
        let refusals = [
            openai::chat::can_express(&request, &facts),
            openai::responses::can_express(&request, &facts),
            gemini::can_express(&request, &facts),
            bedrock::can_express(&request, &facts),
            cohere::can_express(&request, &facts),
        ];
        for refusal in refusals {
            assert_eq!(refusal.unwrap_err().field, field, "{more}");
        }
        let ours = Facts { model: "claude-sonnet-4-5", base_path: "/v1", ..Facts::default() };
        assert!(anthropic::can_express(&request, &ours).is_ok(), "{more}");
    }
}

/// Tools of coding send names of 140 characters, which OpenAI refuses.
#[test]
fn a_long_user_goes_to_anthropic_alone() {
    let long = "u".repeat(140);
    let request = read(&with(json!({"metadata": {"user_id": long}})));
    let facts = Facts { vendor: "openai", model: "gpt-5", base_path: "/v1", ..Facts::default() };
    let encoded = openai::chat::encode_request(&request, &facts);
    let sent: Value = serde_json::from_slice(&encoded.body).unwrap();
    assert!(sent["user"].is_null() && sent["metadata"].is_null(), "{sent}");
    assert_eq!(encoded.dropped.fields(), ["metadata"]);
}

/// Claude Code names tools where others have no block for it: what its search has found, what came and went.
#[test]
fn references_to_tools_are_words_to_others() {
    let tool = |name: &str| json!({"name": name, "input_schema": {"type": "object"}, "defer_loading": true});
    let changed = |kind: &str, name: &str| json!({"type": kind, "tool": {"type": "tool_reference", "name": name}});
    let request = read(&with(json!({"tools": [tool("Search"), tool("Fetch"), tool("Look")], "messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "Search", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": [
            {"type": "tool_reference", "tool_name": "Fetch"}]}]},
        {"role": "system", "content": [changed("tool_addition", "Look"), changed("tool_removal", "Fetch")]},
    ]})));
    let facts = Facts { vendor: "openai", model: "m", base_path: "/v1", ..Facts::default() };
    for (can_be_asked, encoded) in [
        (openai::chat::can_express(&request, &facts), openai::chat::encode_request(&request, &facts)),
        (openai::responses::can_express(&request, &facts), openai::responses::encode_request(&request, &facts)),
        (gemini::can_express(&request, &facts), gemini::encode_request(&request, &facts)),
        (bedrock::can_express(&request, &facts), bedrock::encode_request(&request, &facts)),
        (cohere::can_express(&request, &facts), cohere::encode_request(&request, &facts)),
    ] {
        assert_eq!(can_be_asked, Ok(()));
        let sent = String::from_utf8(encoded.body).unwrap();
        for words in ["`Fetch` can be called now.", "`Look` can be called from now on.", "`Fetch` cannot be called"] {
            assert_eq!(sent.matches(words).count(), 1, "{words}: {sent}");
        }
        assert!(!sent.contains("tool_reference"), "{sent}");
    }
}
