//! What histories hold: reasoning and seals, built-in tools, media, legacy calls.

use serde_json::{Value, json};
use tollgate::chat::{Body, Format, Link, MediaKind, Owner, Part, Role, SealKind, Source, ToolChoice};

use super::asked::{decode, request};

fn assistant(message: Value) -> Vec<Part> {
    let mut message = message;
    message["role"] = json!("assistant");
    decode(&request(json!({"messages": [message]}))).messages.remove(0).parts
}

fn user(part: Value) -> Part {
    decode(&request(json!({"messages": [{"role": "user", "content": [part]}]}))).messages.remove(0).parts.remove(0)
}

#[test]
fn reasoning_in_history_comes_from_the_first_place_that_has_it() {
    let sealed =
        json!([{"type": "reasoning.text", "index": 0, "format": "anthropic-claude-v1", "text": "a", "signature": "s"}]);
    let blocks =
        json!([{"type": "thinking", "thinking": "b", "signature": "t"}, {"type": "redacted_thinking", "data": "r"}]);
    let content =
        json!([{"type": "thinking", "thinking": [{"type": "text", "text": "c"}]}, {"type": "text", "text": "x"}]);
    let mut message =
        json!({"reasoning_details": sealed, "thinking_blocks": blocks, "content": content, "reasoning": "d"});
    let mut seen = Vec::new();
    for gone in ["reasoning_details", "thinking_blocks", "content", "reasoning"] {
        let parts = assistant(message.clone());
        let reasoning = parts.iter().filter_map(|part| match &part.body {
            Body::Reasoning { text, .. } => {
                Some((text.clone(), part.seal.as_ref().map(|seal| (seal.kind, seal.data.clone()))))
            }
            _ => None,
        });
        seen.push(reasoning.collect::<Vec<_>>());
        message.as_object_mut().unwrap().remove(gone);
    }
    let seal = |kind, data: &str| Some((kind, data.to_owned()));
    assert_eq!(seen[0], [("a".to_owned(), seal(SealKind::Signature, "s"))]);
    assert_eq!(
        seen[1],
        [("b".to_owned(), seal(SealKind::Signature, "t")), (String::new(), seal(SealKind::Redacted, "r"))]
    );
    assert_eq!(seen[2], [("c".to_owned(), None)]);
    assert_eq!(seen[3], [("d".to_owned(), None)]);
}

#[test]
fn details_in_pieces_are_one_and_formats_stay() {
    let parts = assistant(json!({"content": "", "reasoning_details": [
        {"type": "reasoning.text", "index": 0, "format": "anthropic-claude-v1", "text": "th"},
        {"type": "reasoning.text", "index": 0, "text": "ink"},
        {"type": "reasoning.text", "index": 0, "signature": "sig"},
        {"type": "reasoning.summary", "index": 1, "format": "openai-responses-v1", "id": "rs_1", "summary": "sum"},
        {"type": "reasoning.encrypted", "index": 2, "format": "openai-responses-v1", "id": "rs_1", "data": "tg1.openai-responses-v1.azure.gAAA"},
        {"type": "reasoning.encrypted", "index": 3, "format": "xai-responses-v1", "data": "zz"},
    ]}));
    let read: Vec<_> = parts.iter().map(|part| (&part.body, part.seal.as_ref().unwrap())).collect();
    assert_eq!(read.len(), 3);
    assert_eq!(*read[0].0, Body::Reasoning { text: "think".into(), summary: false });
    assert_eq!((&read[0].1.format, &*read[0].1.data), (&Format::Anthropic, "sig"));
    assert_eq!(*read[1].0, Body::Reasoning { text: "sum".into(), summary: true });
    let seal = read[1].1;
    assert_eq!(
        (&seal.format, seal.id.as_deref(), seal.origin.as_deref(), &*seal.data),
        (&Format::Responses, Some("rs_1"), Some("azure"), "gAAA")
    );
    assert_eq!(read[2].1.format, Format::Other("xai-responses-v1".into()));
}

#[test]
fn geminis_seals_find_their_call_or_their_text() {
    let call = json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}});
    let detail = |id: Value, data: &str| json!({"type": "reasoning.encrypted", "format": "google-gemini-v1", "id": id, "data": data});
    let mut with_extra = call.clone();
    with_extra["extra_content"] = json!({"google": {"thought_signature": "x"}});
    for (message, on_call, on_text) in [
        (json!({"content": "a", "tool_calls": [with_extra]}), Some("x"), None),
        (
            json!({"content": "a", "tool_calls": [call], "reasoning_details": [detail(json!("c1"), "y")]}),
            Some("y"),
            None,
        ),
        (
            json!({"content": "a", "tool_calls": [call], "reasoning_details": [detail(Value::Null, "z")]}),
            None,
            Some("z"),
        ),
        (
            json!({"content": null, "tool_calls": [call], "reasoning_details": [detail(Value::Null, "z")]}),
            None,
            Some("z"),
        ),
    ] {
        let parts = assistant(message.clone());
        let seal = |wanted: fn(&Body) -> bool| {
            let part = parts.iter().find(|part| wanted(&part.body));
            part.and_then(|part| part.seal.as_ref()).map(|seal| seal.data.as_str())
        };
        assert_eq!(seal(|body| matches!(body, Body::Call(_))), on_call, "{message}");
        assert_eq!(seal(|body| matches!(body, Body::Text { .. })), on_text, "{message}");
        let Body::Call(call) = &parts.last().unwrap().body else { panic!("{message}: the call comes last") };
        assert_eq!(call.args.as_text(), "{}", "no arguments are an empty object");
    }
}

#[test]
fn blocks_of_built_in_tools_come_back_whole() {
    let block = json!({"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"q": 1.0}});
    let result = json!({"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": []});
    let parts = assistant(json!({"content": "found", "provider_specific_fields": {"blocks": [
        {"format": "anthropic-claude-v1", "call_id": "srv_1", "name": "web_search", "block": block},
        {"format": "anthropic-claude-v1", "call_id": "srv_1", "block": result},
        {"format": "openai-chat", "block": {"type": "anything"}},
    ]}}));
    let natives =
        parts.iter().filter_map(|part| if let Body::Native(native) = &part.body { Some(native) } else { None });
    let natives: Vec<_> = natives.collect();
    assert_eq!(natives.len(), 2, "nobody sends blocks in our own name");
    assert_eq!(natives[0].link, Link::Call { id: "srv_1".into(), name: "web_search".into() });
    assert_eq!(natives[1].link, Link::Result { call_id: "srv_1".into() });
    assert_eq!((natives[0].block.value(), natives[1].block.value()), (block, result));
}

#[test]
fn media_is_read() {
    let media = |part: Value| match user(part.clone()).body {
        Body::Media(media) => *media,
        other => panic!("{part}: {other:?}"),
    };
    let image =
        media(json!({"type": "image_url", "image_url": {"url": "data:image/PNG;base64,AAAA", "detail": "low"}}));
    assert_eq!(
        (image.mime.as_deref(), image.source, image.detail.as_deref()),
        (Some("image/png"), Source::Base64("AAAA".into()), Some("low"))
    );
    let far = media(json!({"type": "image_url", "image_url": "https://a.test/b.png"}));
    assert_eq!((far.mime, far.source), (None, Source::Url("https://a.test/b.png".into())));
    let sound = media(json!({"type": "input_audio", "input_audio": {"data": "BBBB", "format": "mp3"}}));
    assert_eq!((sound.kind, sound.mime.as_deref()), (MediaKind::Audio, Some("audio/mpeg")));
    let file =
        media(json!({"type": "file", "file": {"file_data": "data:application/pdf;base64,CCCC", "filename": "a.pdf"},
        "title": "T", "context": "C", "citations": {"enabled": true}, "cache_control": {"type": "ephemeral"}}));
    assert_eq!(
        (file.kind, file.name.as_deref(), file.title.as_deref()),
        (MediaKind::Document, Some("a.pdf"), Some("T"))
    );
    assert_eq!((file.context.as_deref(), file.citations), (Some("C"), true));
    let bare = media(json!({"type": "file", "file": {"file_data": "DDDD"}}));
    assert_eq!((bare.mime, bare.source), (None, Source::Base64("DDDD".into())));
    let body =
        request(json!({"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}]}));
    let pins = decode(&body).pins;
    assert_eq!((pins[0].owner, pins[0].field, &*pins[0].id), (Owner::OpenAi, "messages.content.file_id", "file-1"));
    let hint = user(
        json!({"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}, "prompt_cache_breakpoint": {}}),
    );
    assert!(hint.cache.is_some());
    assert_eq!(hint.ext[0].key, "prompt_cache_breakpoint");
    assert!(matches!(user(json!({"type": "hologram", "x": 1})).body, Body::Native(_)), "carried, not refused");
}

#[test]
fn legacy_functions_are_tools_and_their_results_find_their_call() {
    let body = json!({"model": "m", "functions": [{"name": "f", "parameters": {}}], "function_call": {"name": "f"}, "messages": [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{\"a\":1}"}},
        {"role": "function", "name": "f", "content": "r"},
    ]});
    let read = decode(&body);
    assert!(read.legacy_functions);
    assert_eq!((read.tools.len(), read.tool_choice.clone()), (1, Some(ToolChoice::Named("f".into()))));
    let Body::Call(call) = &read.messages[1].parts[0].body else { panic!() };
    let Body::Result(result) = &read.messages[2].parts[0].body else { panic!() };
    assert_eq!((read.messages[2].role, &result.call_id), (Role::Tool, &call.id));
    assert!(!call.id.is_empty());
}
