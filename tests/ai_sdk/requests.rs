//! Requests, as the SDK sends them.

use serde_json::{Value, json};
use tollgate::chat::{
    Args, Body, Format, MediaKind, Message, Modality, Output, Owner, Part, Raw, Request, Role, Seal, SealKind, Source,
    ToolChoice, ToolKind,
};
use tollgate::dialect::Spec;
use tollgate::dialect::ai_sdk::decode_request;

use super::recorded::SPECS;

pub fn read(body: &Value) -> Request {
    decode_request(Spec::V4, body.to_string().as_bytes(), "a/b", false).unwrap()
}

pub fn user(content: Value) -> Value {
    json!({"prompt": [{"role": "user", "content": content}]})
}

/// A body with members beside a prompt.
pub fn with(members: Value) -> Value {
    let mut body = user(json!([{"type": "text", "text": "hi"}]));
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

/// The bodies that were captured of AI SDK 5 and 7.
#[test]
fn captured_requests_are_read() {
    let body = br#"{"prompt":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"providerOptions":{"gateway":{"order":["x"],"user":"u1","tags":["t"]}},"headers":{"http-referer":"u","user-agent":"ai/5.0.277","x-title":"t"}}"#;
    let request = decode_request(Spec::V2, body, "a/b", true).unwrap();
    let expected = Request {
        model: "a/b".into(),
        stream: true,
        messages: vec![Message::new(Role::User, vec![Part::text("hi")])],
        ..Request::default()
    };
    assert_eq!(request, expected);

    let body = json!({"tools": [{"type": "function", "name": "t", "inputSchema": {"type": "object"}, "description": "d"}],
        "toolChoice": {"type": "auto"}, "headers": {"user-agent": "ai/7.0.173"},
        "prompt": [{"role": "user", "content": [{"type": "text", "text": "hi"},
            {"type": "file", "mediaType": "application/pdf", "data": {"type": "data", "data": "AQID"}},
            {"type": "file", "mediaType": "image/png", "data": {"type": "url", "url": "https://example.com/a.png"}}]}]});
    let request = read(&body);
    assert_eq!(request.tool_choice, Some(ToolChoice::Auto));
    let sources: Vec<_> = media(&request).map(|media| (media.kind, media.mime.clone(), media.source.clone())).collect();
    let url = Source::Url("https://example.com/a.png".into());
    let expected = [
        (MediaKind::Document, Some("application/pdf".into()), Source::Base64("AQID".into())),
        (MediaKind::Image, Some("image/png".into()), url),
    ];
    assert_eq!(sources, expected);
    // Its service would run the tool itself.
    let mut foreign = body.clone();
    foreign["tools"] =
        json!([{"type": "provider", "name": "ps", "id": "gateway.perplexity_search", "args": {"maxResults": 3}}]);
    let error = decode_request(Spec::V4, foreign.to_string().as_bytes(), "a/b", false).unwrap_err();
    assert_eq!(
        (error.status, error.code.as_deref(), error.param.as_deref()),
        (400, Some("unsupported_parameter"), Some("tools"))
    );
    assert_eq!(error.message, "The tool `gateway.perplexity_search` is not served here.");
}

fn media(request: &Request) -> impl Iterator<Item = &tollgate::chat::Media> {
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    parts.filter_map(|part| if let Body::Media(media) = &part.body { Some(&**media) } else { None })
}

#[test]
fn files_are_read_in_all_their_forms() {
    let base64 = |data: &str| Source::Base64(data.into());
    let openai = Source::FileId { owner: Owner::Responses, id: "file-1".into() };
    for (mime, data, kind, expected_mime, source) in [
        ("image/png", json!("data:image/png;base64,AQID"), MediaKind::Image, Some("image/png"), base64("AQID")),
        ("image/*", json!("data:image/gif;base64,AQID"), MediaKind::Image, Some("image/gif"), base64("AQID")),
        ("image/*", json!("AQID"), MediaKind::Image, None, base64("AQID")),
        ("image", json!({"type": "data", "data": "AQID"}), MediaKind::Image, None, base64("AQID")),
        ("audio/wav", json!("AQ/D+w=="), MediaKind::Audio, Some("audio/wav"), base64("AQ/D+w==")),
        (
            "image/jpeg",
            json!("https://a/b.jpg"),
            MediaKind::Image,
            Some("image/jpeg"),
            Source::Url("https://a/b.jpg".into()),
        ),
        (
            "application/pdf",
            json!({"type": "url", "url": "gs://a/b"}),
            MediaKind::Document,
            Some("application/pdf"),
            Source::Url("gs://a/b".into()),
        ),
        (
            "text/plain",
            json!({"type": "text", "text": "T"}),
            MediaKind::Document,
            Some("text/plain"),
            Source::Text("T".into()),
        ),
        (
            "application/pdf",
            json!({"type": "reference", "reference": {"nobody": "x", "openai": "file-1"}}),
            MediaKind::Document,
            Some("application/pdf"),
            openai.clone(),
        ),
    ] {
        let request = read(&user(json!([{"type": "file", "mediaType": mime, "data": data, "filename": "f"}])));
        let media = media(&request).next().unwrap();
        assert_eq!((media.kind, media.mime.as_deref(), &media.source), (kind, expected_mime, &source), "{data}");
        assert_eq!(media.name.as_deref(), Some("f"));
        assert_eq!(request.pins.len(), usize::from(source == openai));
    }
    for data in
        [json!(7), json!({"type": "reference", "reference": {"nobody": "x"}}), json!({"type": "x"}), Value::Null]
    {
        let body = user(json!([{"type": "file", "mediaType": "a/b", "data": data}]));
        let error = decode_request(Spec::V4, body.to_string().as_bytes(), "a/b", false).unwrap_err();
        assert_eq!(error.param.as_deref(), Some("prompt[0].content[0].data"));
    }
    let options = json!({"anthropic": {"title": "T", "context": "C", "citations": {"enabled": true}}, "openai": {"imageDetail": "low"}});
    let request = read(&user(
        json!([{"type": "file", "mediaType": "application/pdf", "data": "AQID", "providerOptions": options}]),
    ));
    let media = media(&request).next().unwrap();
    assert_eq!((media.title.as_deref(), media.context.as_deref(), media.citations), (Some("T"), Some("C"), true));
    assert_eq!(media.detail.as_deref(), Some("low"));
}

#[test]
fn settings_are_read_by_every_spec() {
    let body = with(json!({"maxOutputTokens": 7, "temperature": 0.5, "topP": 0.9, "topK": 3, "presencePenalty": 0.1,
        "frequencyPenalty": 0.2, "seed": -1, "stopSequences": ["a", "b"], "includeRawChunks": true,
        "responseFormat": {"type": "json", "schema": {"type": "object"}, "name": "n", "description": "d"}}));
    for spec in SPECS {
        let request = decode_request(spec, body.to_string().as_bytes(), "a/b", false).unwrap();
        let sampling = &request.sampling;
        assert_eq!(
            (request.max_tokens, sampling.temperature, sampling.top_p, sampling.top_k),
            (Some(7), Some(0.5), Some(0.9), Some(3))
        );
        assert_eq!(
            (sampling.presence_penalty, sampling.frequency_penalty, sampling.seed),
            (Some(0.1), Some(0.2), Some(-1))
        );
        assert_eq!(
            (&request.stop[..], &request.unmet[..]),
            (&["a".to_owned(), "b".to_owned()][..], &["includeRawChunks"][..])
        );
        let Output::Schema { name, description, schema, strict } = &request.output else { panic!() };
        assert_eq!(
            (&**name, description.as_deref(), schema.get(), *strict),
            ("n", Some("d"), r#"{"type":"object"}"#, None)
        );
    }
    assert_eq!(read(&with(json!({"responseFormat": {"type": "json"}}))).output, Output::Json);
    assert_eq!(read(&with(json!({"responseFormat": {"type": "text"}}))).output, Output::Text);
    let effort = |word: &str| read(&with(json!({"reasoning": word}))).reasoning.and_then(|reasoning| reasoning.effort);
    assert_eq!((effort("high").as_deref(), effort("provider-default")), (Some("high"), None));
    for (members, param) in [
        (json!({"maxOutputTokens": "x"}), "maxOutputTokens"),
        (json!({"temperature": "x"}), "temperature"),
        (json!({"stopSequences": 7}), "stopSequences"),
        (json!({"seed": 0.5}), "seed"),
        (json!({"responseFormat": {"type": "xml"}}), "responseFormat.type"),
        (json!({"tools": [{"type": "function"}]}), "tools[0].name"),
        (json!({"tools": [{"type": "x", "name": "n"}]}), "tools[0].type"),
        (json!({"toolChoice": {"type": "x"}}), "toolChoice.type"),
        (json!({"toolChoice": {"type": "tool"}}), "toolChoice.toolName"),
        (json!({"prompt": 7}), "prompt"),
        (json!({"prompt": [{"role": "x", "content": []}]}), "prompt[0].role"),
        (json!({"prompt": [{"role": "user", "content": [{"type": "x"}]}]}), "prompt[0].content[0].type"),
        (json!({"prompt": [{"role": "user", "content": [{"type": "text"}]}]}), "prompt[0].content[0].text"),
        (json!({"providerOptions": 7}), "providerOptions"),
    ] {
        let error = decode_request(Spec::V4, with(members.clone()).to_string().as_bytes(), "a/b", false).unwrap_err();
        assert_eq!(error.param.as_deref(), Some(param), "{members}");
    }
    let error = decode_request(Spec::V4, with(json!({})).to_string().as_bytes(), "", false).unwrap_err();
    assert_eq!(error.param.as_deref(), Some("ai-language-model-id"));
}

#[test]
fn tools_are_functions_or_their_owners_own() {
    let function = json!({"type": "function", "name": "f", "inputSchema": {"type": "object"}, "strict": true,
        "inputExamples": [{"input": {"a": 1}}],
        "providerOptions": {"anthropic": {"cacheControl": {"type": "ephemeral", "ttl": "1h"}, "deferLoading": true}}});
    let request = read(&with(json!({"tools": [function], "toolChoice": {"type": "tool", "toolName": "f"}})));
    let tool = &request.tools[0];
    assert!(matches!(&tool.kind, ToolKind::Function { name, strict: Some(true), .. } if name == "f"));
    assert_eq!(tool.cache.as_ref().unwrap().ttl.as_deref(), Some("1h"));
    let ext: Vec<_> = tool.ext.iter().map(|ext| (&*ext.key, ext.value.get())).collect();
    assert_eq!(ext, [("defer_loading", "true"), ("input_examples", r#"[{"a":1}]"#)]);
    assert_eq!(request.tool_choice, Some(ToolChoice::Named("f".into())));
    // Spec 4 says it without any tool.
    assert_eq!(read(&with(json!({"toolChoice": {"type": "auto"}}))).tool_choice, None);
    for (id, args, owner, expected) in [
        (
            "anthropic.web_search_20250305",
            json!({"maxUses": 3, "userLocation": {"type": "approximate"}}),
            Owner::Anthropic,
            json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 3, "user_location": {"type": "approximate"}}),
        ),
        (
            "anthropic.text_editor_20250124",
            json!({}),
            Owner::Anthropic,
            json!({"type": "text_editor_20250124", "name": "str_replace_editor"}),
        ),
        (
            "anthropic.text_editor_20250728",
            json!({"maxCharacters": 9}),
            Owner::Anthropic,
            json!({"type": "text_editor_20250728", "name": "str_replace_based_edit_tool", "max_characters": 9}),
        ),
        (
            "anthropic.tool_search_regex_20251119",
            json!({}),
            Owner::Anthropic,
            json!({"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"}),
        ),
        (
            "openai.web_search",
            json!({"searchContextSize": "low", "filters": {"allowedDomains": ["a"]}}),
            Owner::Responses,
            json!({"type": "web_search", "search_context_size": "low", "filters": {"allowed_domains": ["a"]}}),
        ),
        (
            "openai.code_interpreter",
            json!({}),
            Owner::Responses,
            json!({"type": "code_interpreter", "container": {"type": "auto"}}),
        ),
        (
            "openai.code_interpreter",
            json!({"container": {"fileIds": ["f"]}}),
            Owner::Responses,
            json!({"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["f"]}}),
        ),
        (
            "openai.file_search",
            json!({"vectorStoreIds": ["v"], "ranking": {"scoreThreshold": 0.5}}),
            Owner::Responses,
            json!({"type": "file_search", "vector_store_ids": ["v"], "ranking_options": {"score_threshold": 0.5}}),
        ),
        (
            "google.google_search",
            json!({"timeRangeFilter": {}}),
            Owner::Google,
            json!({"type": "google_search", "timeRangeFilter": {}}),
        ),
    ] {
        for kind in ["provider", "provider-defined"] {
            let request = read(&with(json!({"tools": [{"type": kind, "id": id, "name": "mine", "args": args}]})));
            let ToolKind::Builtin { owner: found, definition } = &request.tools[0].kind else { panic!("{id}") };
            assert_eq!((*found, definition.value()), (owner, expected.clone()), "{id}");
        }
    }
    let custom = json!({"type": "provider", "id": "openai.custom", "name": "c", "args": {"description": "d", "format": {"type": "text"}}});
    let history = json!([{"role": "assistant", "content": [{"type": "tool-call", "toolCallId": "1", "toolName": "c", "input": "free {"}]}]);
    let request = read(&json!({"tools": [custom], "prompt": history}));
    assert!(matches!(&request.tools[0].kind, ToolKind::Custom { name, format: Some(_), .. } if name == "c"));
    let Body::Call(call) = &request.messages[0].parts[0].body else { panic!() };
    assert_eq!(call.args, Args::Text("free {".into()));
}

#[test]
fn a_history_is_read_with_its_results_and_seals() {
    let output = |output: Value| json!({"type": "tool-result", "toolCallId": "c", "toolName": "f", "output": output});
    let body = json!({"prompt": [
        {"role": "system", "content": "be", "providerOptions": {"anthropic": {"cacheControl": {"type": "ephemeral"}}}},
        {"role": "assistant", "content": [
            {"type": "reasoning", "text": "hm", "providerOptions": {"anthropic": {"signature": "Eq=="}}},
            {"type": "reasoning", "text": "", "providerOptions": {"bedrock": {"redactedData": "R"}}},
            {"type": "text", "text": "a", "providerOptions": {"google": {"thoughtSignature": "G"}, "bedrock": {"cachePoint": {"type": "default"}}}},
            {"type": "tool-call", "toolCallId": "c", "toolName": "f", "input": {"b": 1, "a": [2]}, "providerOptions": {"vertex": {"thoughtSignature": "V"}}},
            {"type": "tool-call", "toolCallId": "d", "toolName": "f", "input": "{\"half\":"}]},
        {"role": "tool", "content": [output(json!({"type": "text", "value": "t"})), output(json!({"type": "error-json", "value": {"e": 1}})),
            {"type": "tool-approval-response", "approvalId": "x", "approved": true}]},
        {"role": "tool", "content": [output(json!({"type": "execution-denied"})), output(json!({"type": "content", "value": [
            {"type": "text", "text": "T"}, {"type": "media", "data": "AQID", "mediaType": "image/png"},
            {"type": "file-data", "data": "AQID", "mediaType": "application/pdf", "filename": "f"}, {"type": "image-url", "url": "https://a/b"},
            {"type": "file-id", "fileId": {"anthropic": "file_1"}}, {"type": "file", "data": {"type": "text", "text": "X"}, "mediaType": "text/plain"},
            {"type": "custom"}]}))]}]});
    let request = read(&body);
    let roles: Vec<Role> = request.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::System, Role::Assistant, Role::Tool, Role::Tool, Role::Tool, Role::Tool]);
    assert!(request.messages[0].cache.is_some());
    let parts = &request.messages[1].parts;
    let seal = |part: &Part| part.seal.clone().map(|seal| (seal.format, seal.kind, seal.data));
    assert_eq!(seal(&parts[0]), Some((Format::Anthropic, SealKind::Signature, "Eq==".into())));
    assert_eq!(seal(&parts[1]), Some((Format::Bedrock, SealKind::Redacted, "R".into())));
    assert_eq!(seal(&parts[2]), Some((Format::Gemini, SealKind::Encrypted, "G".into())));
    assert!(parts[2].cache.is_some());
    assert_eq!(seal(&parts[3]), Some((Format::Gemini, SealKind::Encrypted, "V".into())));
    let args = |part: &Part| if let Body::Call(call) = &part.body { call.args.clone() } else { panic!() };
    assert_eq!(args(&parts[3]), Args::Json(Raw::parse(r#"{"a":[2],"b":1}"#).unwrap()));
    assert_eq!(args(&parts[4]), Args::Text("{\"half\":".into()));
    let results: Vec<_> = request.messages[2..]
        .iter()
        .map(|message| if let Body::Result(result) = &message.parts[0].body { result } else { panic!() })
        .collect();
    let texts: Vec<_> = results.iter().map(|result| (result.is_error, result.parts[0].as_text().unwrap())).collect();
    assert_eq!(texts, [(false, "t"), (true, r#"{"e":1}"#), (false, "Tool execution denied."), (false, "T")]);
    assert_eq!((results[3].parts.len(), request.pins.len()), (6, 1));
}

#[test]
fn rules_6_and_44_a_seal_of_responses_comes_back_with_its_provider() {
    let reasoning = |text: &str| {
        json!({"type": "reasoning", "text": text, "providerOptions":
            {"openai": {"itemId": "rs_1", "reasoningEncryptedContent": "tg1.openai-responses-v1.azure-eu.gAAA"}}})
    };
    let request = read(&json!({"prompt": [{"role": "assistant", "content": [reasoning("a"), reasoning("b")]}]}));
    let seal = Seal {
        id: Some("rs_1".into()),
        origin: Some("azure-eu".into()),
        ..Seal::new(Format::Responses, SealKind::Encrypted, "gAAA")
    };
    // Two summaries of one item are sent as one.
    let part = Part::new(Body::Reasoning { text: "a\n\nb".into(), summary: true }).sealed(Some(seal));
    assert_eq!(request.messages[0].parts, [part]);
}

#[test]
fn options_go_to_the_place_that_the_intermediate_form_has_or_to_their_owner() {
    let request = read(&with(json!({"reasoning": "low", "responseFormat": {"type": "json", "schema": {}},
    "providerOptions": {
        "openai": {"reasoningEffort": "high", "reasoningSummary": "auto", "parallelToolCalls": false, "user": "u",
            "serviceTier": "flex", "promptCacheKey": "k", "textVerbosity": "low", "strictJsonSchema": true, "store": false,
            "maxToolCalls": 2, "logprobs": 3, "metadata": {"camelCase": "v"}, "previousResponseId": "resp_1", "instructions": "I"},
        "anthropic": {"thinking": {"type": "enabled", "budgetTokens": 2048}, "cacheControl": {"type": "ephemeral", "ttl": "1h"},
            "mcpServers": [{"authorizationToken": "t"}], "anthropicBeta": ["b"]},
        "google": {"thinkingConfig": {"thinkingBudget": 5}, "safetySettings": [], "cachedContent": "cc", "responseModalities": ["TEXT", "IMAGE"]},
        "bedrock": {"reasoningConfig": {"type": "enabled"}, "guardrailConfig": {}, "additionalModelRequestFields": {"a_b": 1}},
        "xai": {"searchParameters": {"maxSearchResults": 3}, "reasoningEffort": "low"},
        "gateway": {"order": ["x"]}, "nobody": {"x": 1}}})));
    let of = |owner| request.reasoning_for(owner).unwrap();
    assert_eq!(
        (of(Owner::Responses).effort.as_deref(), of(Owner::Responses).summary.as_deref()),
        (Some("high"), Some("auto"))
    );
    // The last of those who speak chat completions.
    assert_eq!(of(Owner::OpenAi).effort.as_deref(), Some("low"));
    assert_eq!((of(Owner::Anthropic).budget, of(Owner::Anthropic).enabled), (Some(2048), Some(true)));
    assert_eq!((of(Owner::Cohere).effort.as_deref(), of(Owner::Cohere).budget), (Some("low"), None));
    assert_eq!((request.parallel_tool_calls, request.user.as_deref()), (Some(false), Some("u")));
    assert_eq!((request.service_tier.as_deref(), request.cache_key.as_deref()), (Some("flex"), Some("k")));
    assert_eq!((request.logprobs, request.cache.as_ref().unwrap().ttl.as_deref()), (Some(3), Some("1h")));
    assert!(matches!(request.output, Output::Schema { strict: Some(true), .. }));
    assert_eq!(request.metadata, [("camelCase".to_owned(), "v".to_owned())]);
    assert_eq!(request.modalities, [Modality::Text, Modality::Image]);
    assert_eq!(request.messages[0], Message::new(Role::System, vec![Part::text("I")]));
    let mut pins: Vec<_> = request.pins.iter().map(|pin| (pin.field, &*pin.id)).collect();
    pins.sort_unstable();
    assert_eq!(pins, [("cachedContent", "cc"), ("previous_response_id", "resp_1")]);
    let mut ext: Vec<String> =
        request.ext.iter().map(|ext| format!("{:?} {} {}", ext.owner, ext.key, ext.value.get())).collect();
    ext.sort_unstable();
    assert_eq!(
        ext,
        [
            r#"Anthropic betas ["b"]"#,
            r#"Anthropic mcp_servers [{"authorization_token":"t"}]"#,
            r#"Bedrock additionalModelRequestFields {"a_b":1}"#,
            "Bedrock guardrailConfig {}",
            r#"Bedrock reasoningConfig {"type":"enabled"}"#,
            "Google safetySettings []",
            r#"Google thinkingConfig {"thinkingBudget":5}"#,
            r#"OpenAi search_parameters {"max_search_results":3}"#,
            r#"OpenAi verbosity "low""#,
            "Responses max_tool_calls 2",
            "Responses store false",
        ]
    );
}
