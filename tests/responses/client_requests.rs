//! What clients of Responses ask for: every recorded request, and each member by itself.

use serde_json::{Value, json};
use tollgate::chat::{
    Args, Body, Format, MediaKind, Output, Owner, Raw, Request, Role, Seal, SealKind, Source, ToolChoice, ToolKind,
};
use tollgate::dialect::anthropic;
use tollgate::dialect::openai::{chat, responses};

use super::strict::{Params, facts, sent};
use super::support::{Exchange, differences, recorded};

pub fn read(body: &Value) -> Request {
    responses::decode_request(body.to_string().as_bytes()).unwrap_or_else(|error| panic!("{body}: {error:?}"))
}

fn asked(more: Value) -> Value {
    let mut body = json!({"model": "m", "input": "Hi"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Says the same in one way: lists of one text are the text, and ids that prove nothing go.
fn plain(mut body: Value) -> Value {
    if let Some(text) = body["input"].as_str() {
        body["input"] = json!([{"role": "user", "content": text}]);
    }
    let mut input: Vec<Value> = body["input"].as_array().unwrap().iter().cloned().map(item).collect();
    if let Some(said) = body.as_object_mut().unwrap().remove("instructions") {
        input.insert(0, json!({"role": "system", "content": said}));
    }
    body["input"] = input.into();
    for tool in body["tools"].as_array_mut().into_iter().flatten().filter(|tool| tool["type"] == "function") {
        tool["strict"] = json!(tool["strict"] == true);
    }
    if let Some(reasoning) = body["reasoning"].as_object_mut() {
        reasoning.retain(|_, value| !value.is_null());
    }
    // What we add of our own: nothing is kept, reasoning comes back, no noise in streams.
    let object = body.as_object_mut().unwrap();
    object.remove("stream_options");
    object.retain(|name, value| {
        let is_ours = (name == "include" && *value == json!(["reasoning.encrypted_content"]))
            || (name == "store" && *value == json!(false))
            || (name == "stream" && *value == json!(false));
        !is_ours && !value.is_null()
    });
    body
}

fn item(mut item: Value) -> Value {
    let has_proof = item["type"] == "reasoning" || item["type"] == "web_search_call";
    let object = item.as_object_mut().unwrap();
    if !has_proof {
        object.remove("id");
        object.remove("status");
    }
    if object.get("type").is_some_and(|kind| kind == "message") {
        object.remove("type");
    }
    if let Some(list) = object.get("content").and_then(Value::as_array)
        && list.iter().all(|part| part["text"].is_string())
    {
        let text: String = list.iter().map(|part| part["text"].as_str().unwrap()).collect();
        object.insert("content".into(), text.into());
    }
    item
}

#[test]
fn recorded_requests_come_out_as_they_went_in() {
    let Some(params) = Params::read() else { return };
    let mut count = 0;
    for Exchange { file, request: given, .. } in recorded(|entry| entry["endpoint"] == "responses") {
        let given = &given;
        let request = read(given);
        let model = given["model"].as_str().unwrap();
        let (encoded, body) = sent(&request, &facts("openai", model)).unwrap_or_else(|field| panic!("{file}: {field}"));
        assert_eq!(encoded.dropped.fields(), [""; 0], "{file}");
        let mut found = Vec::new();
        differences(&plain(body.clone()), &plain(given.clone()), "", &mut found);
        assert_eq!(found, [""; 0], "{file}");
        assert_eq!(params.faults(&body), [""; 0], "{file}: {body}");
        count += 1;
    }
    println!("requests of responses: tried {count}, passed {count}");
    assert!(count >= 18, "{count}");
}

#[test]
fn members_are_read() {
    let request = read(&asked(json!({
        "instructions": "Be brief.", "parallel_tool_calls": false, "reasoning": {"effort": "low", "summary": "auto"},
        "max_output_tokens": 50, "temperature": 0.5, "top_p": 0.9, "top_logprobs": 3,
        "include": ["reasoning.encrypted_content", "message.output_text.logprobs", "web_search_call.action.sources"],
        "metadata": {"a": "b"}, "user": "u", "prompt_cache_key": "k", "service_tier": "flex", "stream": true,
        "store": true, "truncation": "auto", "max_tool_calls": 2, "safety_identifier": "s", "odd": {"x": 1.50},
        "models": ["a"], "stream_options": {"include_obfuscation": true},
        "providerOptions": {"anthropic": {"x": 1}, "gateway": {"order": []}},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": true}, "verbosity": "low"},
    })));
    assert_eq!((request.messages[0].role, request.messages[1].role), (Role::System, Role::User));
    assert_eq!(request.messages[0].parts[0].as_text(), Some("Be brief."));
    let reasoning = request.reasoning.as_ref().unwrap();
    assert_eq!((reasoning.effort.as_deref(), reasoning.summary.as_deref()), (Some("low"), Some("auto")));
    assert_eq!((request.max_tokens, request.parallel_tool_calls, request.stream), (Some(50), Some(false), true));
    assert_eq!((request.sampling.temperature, request.sampling.top_p), (Some(0.5), Some(0.9)));
    assert_eq!((request.logprobs, request.seals_wanted), (Some(3), true));
    assert_eq!((request.cache_key.as_deref(), request.service_tier.as_deref()), (Some("k"), Some("flex")));
    assert_eq!((request.user.as_deref(), &request.metadata[..]), (Some("u"), &[("a".into(), "b".into())][..]));
    assert!(matches!(&request.output, Output::Schema { name, strict: Some(true), .. } if name == "n"));
    let ext: Vec<(Owner, &str, &str)> =
        request.ext.iter().map(|ext| (ext.owner, ext.key.as_str(), ext.value.get())).collect();
    let own = Owner::Responses;
    for expected in [
        (own, "include", r#"["web_search_call.action.sources"]"#),
        (own, "store", "true"),
        (own, "truncation", r#""auto""#),
        (own, "max_tool_calls", "2"),
        (own, "odd", r#"{"x":1.5}"#),
        (Owner::OpenAi, "safety_identifier", r#""s""#),
        (Owner::OpenAi, "verbosity", r#""low""#),
        (Owner::Anthropic, "x", "1"),
    ] {
        assert!(ext.contains(&expected), "{expected:?} in {ext:?}");
    }
    assert_eq!(ext.len(), 8, "{ext:?}");
}

#[test]
fn what_is_lost_elsewhere_is_told_and_what_is_not_is_not() {
    let lost = |more: Value| {
        let facts = facts("anthropic", "claude-sonnet-4-5");
        let request = read(&asked(more));
        anthropic::can_express(&request, &facts).unwrap();
        anthropic::encode_request(&request, &facts).dropped.fields().to_vec()
    };
    for (more, expected) in [
        (json!({}), None),
        (json!({"store": false, "truncation": "disabled", "background": false}), None),
        (json!({"include": ["reasoning.encrypted_content"], "stream_options": {"include_obfuscation": false}}), None),
        (json!({"store": true}), Some("store")),
        (json!({"truncation": "auto"}), Some("truncation")),
        (json!({"include": ["file_search_call.results"]}), Some("include")),
        (json!({"text": {"verbosity": "low"}}), Some("verbosity")),
        (json!({"reasoning": {"context": "auto"}}), Some("reasoning.context")),
    ] {
        assert_eq!(lost(more.clone()), expected.into_iter().collect::<Vec<_>>(), "{more}");
    }
}

#[test]
fn what_others_cannot_is_refused_by_its_name() {
    let items = |item: Value| json!({"input": [item]});
    for (more, field) in [
        (json!({"previous_response_id": "resp_1"}), "previous_response_id"),
        (json!({"conversation": {"id": "conv_1"}}), "conversation"),
        (json!({"background": true}), "background"),
        (json!({"prompt": {"id": "pmpt_1"}}), "prompt"),
        (json!({"tools": [{"type": "web_search"}]}), "tools"),
        (json!({"tools": [{"type": "web_search"}], "tool_choice": {"type": "web_search"}}), "tool_choice"),
        (items(json!({"type": "item_reference", "id": "msg_1"})), "input.item_reference"),
        (items(json!({"id": "msg_1"})), "input.item_reference"),
        (items(json!({"type": "computer_call_output", "call_id": "c", "output": {}})), "messages.content"),
        (items(json!({"type": "compaction", "encrypted_content": "x"})), "messages.content"),
        (
            items(json!({"role": "user", "content": [{"type": "input_file", "file_id": "file_1"}]})),
            "input.content.file_id",
        ),
        (items(json!({"role": "user", "content": [{"type": "new_thing"}]})), "messages.content"),
    ] {
        let body = asked(more);
        let request = read(&body);
        for refused in [
            anthropic::can_express(&request, &facts("anthropic", "claude-sonnet-4-5")),
            chat::can_express(&request, &facts("openai", "gpt-5")),
        ] {
            assert_eq!(refused.unwrap_err().field, field, "{body}");
        }
        // To its own it goes as it came.
        let (_, mine) = sent(&request, &facts("openai", "gpt-4.1")).unwrap();
        let mut found = Vec::new();
        differences(
            &plain(mine),
            &plain({
                let mut body = body.clone();
                body["model"] = json!("gpt-4.1");
                body
            }),
            "",
            &mut found,
        );
        assert_eq!(found, [""; 0], "{body}");
    }
}

#[test]
fn turns_are_messages() {
    let call = |id: &str| json!({"type": "function_call", "call_id": id, "name": "f", "arguments": "{\"a\":1}"});
    let result = |id: &str, output: Value| json!({"type": "function_call_output", "call_id": id, "output": output});
    let image = json!([{"type": "input_text", "text": "see"}, {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]);
    let request = read(&json!({"model": "m", "tools": [{"type": "custom", "name": "free"}], "input": [
        {"role": "developer", "content": "d"},
        {"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "q"},
            {"type": "input_image", "image_url": "https://x/a.png", "detail": "low"},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
            {"type": "input_file", "file_url": "https://x/b.pdf"},
            {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}]},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}], "encrypted_content": "gAAA"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "t", "annotations": []}, {"type": "refusal", "refusal": "no"}]},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "x"}},
        call("c1"), call("c2"),
        result("c1", json!("r")), result("c2", image),
        {"type": "custom_tool_call", "call_id": "c3", "name": "free", "input": "x = 1"},
        {"type": "custom_tool_call_output", "call_id": "c3", "output": "2"},
        {"role": "assistant", "content": "one"}, {"role": "assistant", "content": "two"},
    ]}));
    let roles: Vec<(Role, usize)> =
        request.messages.iter().map(|message| (message.role, message.parts.len())).collect();
    use Role::{Assistant, Developer, Tool, User};
    assert_eq!(
        roles,
        [
            (Developer, 1),
            (User, 5),
            (Assistant, 6),
            (Tool, 1),
            (Tool, 1),
            (Assistant, 1),
            (Tool, 1),
            (Assistant, 1),
            (Assistant, 1)
        ]
    );
    let kinds = request.messages[1].parts.iter().filter_map(|part| match &part.body {
        Body::Media(media) => Some((media.kind, matches!(media.source, Source::Base64(_)), media.name.as_deref())),
        _ => None,
    });
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [
            (MediaKind::Image, false, None),
            (MediaKind::Document, true, Some("a.pdf")),
            (MediaKind::Document, false, None),
            (MediaKind::Audio, true, None)
        ]
    );
    let said = &request.messages[2].parts;
    assert_eq!(said[0].body, Body::Reasoning { text: "a\n\nb".into(), summary: true });
    let seal = Seal { id: Some("rs_1".into()), ..Seal::new(Format::Responses, SealKind::Encrypted, "gAAA") };
    assert_eq!((said[0].seal.as_ref(), said[1].as_text()), (Some(&seal), Some("t")));
    assert_eq!(said[2].body, Body::Refusal("no".into()));
    assert!(matches!(&said[3].body, Body::Native(native) if native.format == Format::Responses));
    assert!(
        matches!(&said[4].body, Body::Call(call) if call.id == "c1" && call.args == Args::Json(Raw::parse("{\"a\":1}").unwrap()))
    );
    let Body::Result(result) = &request.messages[4].parts[0].body else { panic!() };
    assert_eq!((result.call_id.as_str(), result.parts.len()), ("c2", 2));
    assert!(matches!(&request.messages[5].parts[0].body, Body::Call(call) if call.args == Args::Text("x = 1".into())));
}

#[test]
fn tools_and_choices() {
    let grammar = json!({"type": "grammar", "syntax": "lark", "definition": "start: X"});
    let tools = json!([
        {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": true, "defer_loading": true},
        {"type": "function", "name": "g"},
        {"type": "custom", "name": "free", "format": grammar},
        {"type": "web_search", "filters": {"allowed_domains": ["x"]}},
    ]);
    let request = read(&asked(json!({"tools": tools})));
    assert!(matches!(&request.tools[0].kind, ToolKind::Function { strict: Some(true), .. }));
    assert!(
        matches!(&request.tools[1].kind, ToolKind::Function { strict: None, schema, .. } if schema.get().contains("properties"))
    );
    let ToolKind::Custom { format: Some(format), .. } = &request.tools[2].kind else { panic!() };
    assert_eq!(format.value(), json!({"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: X"}}));
    let (_, body) = sent(&request, &facts("openai", "gpt-4.1")).unwrap();
    assert_eq!((&body["tools"][0], &body["tools"][3]), (&tools[0], &tools[3]));
    assert_eq!(body["tools"][2], tools[2]);
    let named = |name: &str| ToolChoice::Named(name.into());
    let functions = json!([{"type": "function", "name": "f"}, {"type": "custom", "name": "free"}]);
    let names = || vec!["f".to_owned(), "free".to_owned()];
    for (choice, expected) in [
        (json!("auto"), Some(ToolChoice::Auto)),
        (json!("none"), Some(ToolChoice::None)),
        (json!("required"), Some(ToolChoice::Required)),
        (json!({"type": "function", "name": "f"}), Some(named("f"))),
        (json!({"type": "custom", "name": "free"}), Some(named("free"))),
        (
            json!({"type": "allowed_tools", "mode": "required", "tools": functions}),
            Some(ToolChoice::Allowed { names: names(), required: true }),
        ),
        (json!({"type": "web_search"}), None),
        (json!({"type": "mcp", "server_label": "x"}), None),
        (json!({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "web_search"}]}), None),
    ] {
        let request = read(&asked(json!({"tools": tools, "tool_choice": choice})));
        assert_eq!(request.tool_choice, expected, "{choice}");
        // It goes to its own as it came, and the answer repeats it.
        let (_, body) = sent(&request, &facts("openai", "gpt-4.1")).unwrap();
        assert_eq!(body["tool_choice"], choice);
    }
}

#[test]
fn errors_name_the_member() {
    for (body, param, message) in [
        (json!([]), None, "The body is not a JSON object."),
        (json!({"input": "x"}), Some("model"), "`model`: a text is expected."),
        (json!({"model": "m"}), Some("input"), "`input`: a text or a list is expected."),
        (json!({"model": "m", "input": 5}), Some("input"), "`input`: a list is expected."),
        (json!({"model": "m", "input": ["x"]}), Some("input[0]"), "`input[0]`: an object is expected."),
        (
            json!({"model": "m", "input": [{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}]}),
            Some("input[1].role"),
            "`input[1].role`: system, developer, user or assistant is expected.",
        ),
        (
            json!({"model": "m", "input": [{"role": "user", "content": [{"type": "input_image"}]}]}),
            Some("input[0].content[0].image_url"),
            "`input[0].content[0].image_url`: a text is expected.",
        ),
        (
            json!({"model": "m", "input": [{"type": "function_call", "name": "f", "arguments": "{}"}]}),
            Some("input[0].call_id"),
            "`input[0].call_id`: a text is expected.",
        ),
        (
            json!({"model": "m", "input": [{"type": "function_call_output", "call_id": "c"}]}),
            Some("input[0].output"),
            "`input[0].output`: a text or a list is expected.",
        ),
        (asked(json!({"temperature": "hot"})), Some("temperature"), "`temperature`: a number is expected."),
        (
            asked(json!({"tools": [{"type": "function"}]})),
            Some("tools[0].name"),
            "`tools[0].name`: a text is expected.",
        ),
        (
            asked(json!({"tool_choice": {"type": "function"}})),
            Some("tool_choice.name"),
            "`tool_choice.name`: a text is expected.",
        ),
        (
            asked(json!({"text": {"format": {"type": "json_schema"}}})),
            Some("text.format.schema"),
            "`text.format.schema`: an object is expected.",
        ),
        (
            asked(json!({"reasoning": {"effort": 3}})),
            Some("reasoning.effort"),
            "`reasoning.effort`: a text is expected.",
        ),
        (asked(json!({"instructions": ["x"]})), Some("instructions"), "`instructions`: a text is expected."),
        (asked(json!({"background": "yes"})), Some("background"), "`background`: true or false is expected."),
    ] {
        let error = responses::decode_request(body.to_string().as_bytes()).unwrap_err();
        assert_eq!((error.status, error.code.as_deref()), (400, Some("invalid_body")), "{body}");
        assert_eq!((error.param.as_deref(), &*error.message), (param, message), "{body}");
    }
    // Nothing needs to be said where the account knows it.
    for more in [json!({"previous_response_id": "resp_1"}), json!({"prompt": {"id": "p"}})] {
        let mut body = more;
        body["model"] = json!("m");
        assert!(read(&body).messages.is_empty());
    }
}
