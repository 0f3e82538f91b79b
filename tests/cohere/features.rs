//! Each feature of a request, one by one: what goes upstream, what is reported as lost, what is refused.

use serde_json::{Value, json};
use tollgate::chat::{
    Body, Format, Link, Media, MediaKind, Message, Native, Owner, Part, Pin, Raw, Request, Role, Source, Tool, ToolKind,
};

use super::strict::{asked, faults, sent};

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

fn tool(name: &str, strict: bool, required: &[&str]) -> Value {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": required});
    let mut function = json!({"name": name, "description": "d", "parameters": schema});
    if strict {
        function["strict"] = json!(true);
    }
    json!({"type": "function", "function": function})
}

/// What must stand at some places of the body (`null`: nothing), and what is reported.
#[track_caller]
fn goes(request: &Request, places: &[(&str, Value)], dropped: &[&str]) {
    let (encoded, body) = sent(request).unwrap_or_else(|field| panic!("refused for {field}"));
    assert_eq!(faults(&body), [""; 0], "{body}");
    for (place, expected) in places {
        assert_eq!(body.pointer(place).unwrap_or(&Value::Null), expected, "{place} of {body}");
    }
    assert_eq!(encoded.dropped.fields(), dropped, "{body}");
}

#[track_caller]
fn refused(request: &Request, field: &str) {
    assert_eq!(sent(request).err().as_deref(), Some(field));
}

#[test]
fn roles_and_their_order_stay() {
    let messages = json!([{"role": "system", "content": "a"}, {"role": "user", "content": "b"},
        {"role": "developer", "content": "c"}, {"role": "user", "content": "d"}, {"role": "user", "content": "e"}]);
    let roles = json!([{"role": "system", "content": "a"}, {"role": "user", "content": "b"},
        {"role": "system", "content": "c"}, {"role": "user", "content": "d"}, {"role": "user", "content": "e"}]);
    goes(&of_messages(messages), &[("/messages", roles), ("/model", json!("command-a-03-2025"))], &[]);
    let named = json!([{"role": "user", "name": "Ann", "content": "a"}]);
    goes(&of_messages(named), &[("/messages/0", json!({"role": "user", "content": "a"}))], &["messages.name"]);
}

#[test]
fn images_go_in_and_other_media_does_not() {
    let url = |url: &str| json!({"type": "image_url", "image_url": {"url": url, "detail": "high"}});
    for place in ["data:image/png;base64,AAAA", "https://a.test/b.png"] {
        goes(&user(url(place)), &[("/messages/0/content/1", url(place))], &[]);
    }
    refused(&user(url("gs://bucket/a.png")), "messages.content.image_url");
    let audio = json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}});
    refused(&user(audio), "messages.content.input_audio");
    refused(
        &user(json!({"type": "video_url", "video_url": {"url": "https://a.test/b.mp4"}})),
        "messages.content.video_url",
    );
    let odd = json!({"type": "image_url", "image_url": {"url": "https://a.test/b.png", "detail": "original"}});
    goes(
        &user(odd),
        &[("/messages/0/content/1/image_url/detail", Value::Null)],
        &["messages.content.image_url.detail"],
    );
}

#[test]
fn documents_are_text() {
    let file = |data: &str| json!({"type": "file", "file": {"file_data": data, "filename": "a.txt"}});
    let text = |text: &str| json!({"type": "text", "text": text});
    goes(&user(file("data:text/plain;base64,Z3LDvMOfZQ==")), &[("/messages/0/content/1", text("grüße"))], &[]);
    refused(&user(file("data:application/pdf;base64,JVBERi0x")), "messages.content.file");
    refused(&user(file("https://a.test/a.pdf")), "messages.content.file");
    refused(&user(json!({"type": "file", "file": {"file_id": "file-1"}})), "messages.content.file_id");
    let mut cited = file("data:text/plain;base64,Z3LDvMOfZQ==");
    cited["citations"] = json!({"enabled": true});
    let documents = json!([{"id": "doc:0", "data": {"title": "a.txt", "text": "grüße"}}]);
    goes(&user(cited.clone()), &[("/documents", documents), ("/messages/0/content", json!([text("see")]))], &[]);
    let mut both = user(cited);
    both.output = tollgate::chat::Output::Json;
    refused(&both, "response_format");
}

#[test]
fn tools_and_which_must_be_called() {
    let tools = json!([tool("f", false, &[]), tool("g", false, &[])]);
    let named = json!({"type": "function", "function": {"name": "g"}});
    let allowed = |mode: &str| json!({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": [{"type": "function", "function": {"name": "g"}}]}});
    for (choice, word, count, first) in [
        (Value::Null, Value::Null, 2, "f"),
        (json!("auto"), Value::Null, 2, "f"),
        (json!("required"), json!("REQUIRED"), 2, "f"),
        (json!("none"), json!("NONE"), 2, "f"),
        (named, json!("REQUIRED"), 1, "g"),
        (allowed("auto"), Value::Null, 1, "g"),
        (allowed("required"), json!("REQUIRED"), 1, "g"),
    ] {
        let request = with(json!({"tools": tools, "tool_choice": choice}));
        let places = [
            ("/tool_choice", word),
            ("/tools/0/function/name", json!(first)),
            (&*format!("/tools/{count}"), Value::Null),
        ];
        goes(&request, &places, &[]);
    }
    goes(&with(json!({"tools": tools, "parallel_tool_calls": false})), &[], &["parallel_tool_calls"]);
    goes(&with(json!({"tools": tools, "parallel_tool_calls": true})), &[], &[]);
    let custom = json!({"type": "custom", "custom": {"name": "c"}});
    refused(&with(json!({"tools": [custom]})), "tools.custom");
    refused(&with(json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]})), "tools");
    goes(
        &with(json!({"tools": [{"type": "function", "function": {"name": "f"}}]})),
        &[("/tools/0/function/parameters/type", json!("object"))],
        &[],
    );
}

#[test]
fn strict_tools_are_all_strict() {
    for (tools, strict, dropped) in [
        (json!([tool("f", true, &["a"]), tool("g", true, &["a"])]), json!(true), vec![]),
        (json!([tool("f", true, &["a"]), tool("g", false, &["a"])]), Value::Null, vec!["tools.strict"]),
        (json!([tool("f", true, &[])]), Value::Null, vec!["tools.strict"]),
        (json!([tool("f", false, &[])]), Value::Null, vec![]),
    ] {
        goes(&with(json!({"tools": tools})), &[("/strict_tools", strict)], &dropped);
    }
}

#[test]
fn forms_of_the_answer() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": true}});
    let expected = json!({"type": "json_object", "json_schema": schema});
    goes(&with(json!({"response_format": format})), &[("/response_format", expected.clone())], &[]);
    goes(
        &with(json!({"response_format": {"type": "json_object"}})),
        &[("/response_format", json!({"type": "json_object"}))],
        &[],
    );
    goes(&with(json!({"response_format": {"type": "text"}})), &[("/response_format", Value::Null)], &[]);
    let tools = json!([tool("f", false, &[])]);
    refused(&with(json!({"response_format": format, "tools": tools})), "response_format");
    // A call is wanted, and the form is of no use; or none is, and the tools are not.
    let forced = with(json!({"response_format": format, "tools": tools, "tool_choice": "required"}));
    goes(&forced, &[("/response_format", Value::Null), ("/tool_choice", json!("REQUIRED"))], &[]);
    let none = with(json!({"response_format": format, "tools": tools, "tool_choice": "none"}));
    goes(&none, &[("/response_format", expected), ("/tools", Value::Null), ("/tool_choice", Value::Null)], &[]);
}

#[test]
fn reasoning_has_a_switch_and_a_budget() {
    let on = |budget: Value| {
        if budget.is_null() { json!({"type": "enabled"}) } else { json!({"type": "enabled", "token_budget": budget}) }
    };
    for (asked, thinking, dropped) in [
        (json!({"reasoning_effort": "none"}), json!({"type": "disabled"}), vec![]),
        (json!({"reasoning_effort": "low"}), on(json!(1024)), vec![]),
        (json!({"reasoning_effort": "medium"}), on(json!(8192)), vec![]),
        (json!({"reasoning_effort": "high"}), on(Value::Null), vec![]),
        (json!({"reasoning": {"max_tokens": 500}}), on(json!(500)), vec![]),
        (json!({"reasoning": {"enabled": true, "summary": "auto"}}), on(Value::Null), vec!["reasoning.summary"]),
        (json!({"reasoning": {"exclude": true}}), Value::Null, vec![]),
        (json!({"thinking": {"type": "disabled"}}), json!({"type": "disabled"}), vec![]),
        (
            json!({"providerOptions": {"cohere": {"thinking": {"type": "enabled", "tokenBudget": 7}}}}),
            on(json!(7)),
            vec![],
        ),
    ] {
        goes(&with(asked), &[("/thinking", thinking)], &dropped);
    }
}

#[test]
fn sampling_stays_in_its_ranges() {
    let within = json!({"temperature": 0.3, "top_p": 0.5, "top_k": 40, "frequency_penalty": 0.1, "presence_penalty": 1, "seed": 7});
    let places = [
        ("/temperature", json!(0.3)),
        ("/p", json!(0.5)),
        ("/k", json!(40)),
        ("/frequency_penalty", json!(0.1)),
        ("/seed", json!(7)),
    ];
    goes(&with(within), &places, &[]);
    let beyond = json!({"temperature": 1.5, "top_p": 1, "top_k": 501, "frequency_penalty": -0.5, "presence_penalty": 2, "seed": -1, "logit_bias": {"1": 2}});
    let places = [
        ("/temperature", json!(1.0)),
        ("/p", json!(0.99)),
        ("/k", json!(500)),
        ("/frequency_penalty", json!(0.0)),
        ("/presence_penalty", json!(1.0)),
        ("/seed", Value::Null),
    ];
    let lost = ["temperature", "top_p", "frequency_penalty", "presence_penalty", "top_k", "seed", "logit_bias"];
    goes(&with(beyond), &places, &lost);
}

#[test]
fn what_else_goes_is_lost_or_is_refused() {
    goes(&with(json!({"max_tokens": 9, "max_completion_tokens": 7})), &[("/max_tokens", json!(7))], &[]);
    goes(&with(json!({"stop": "END"})), &[("/stop_sequences", json!(["END"]))], &[]);
    goes(&with(json!({"logprobs": true})), &[("/logprobs", json!(true))], &[]);
    goes(
        &with(json!({"stream": true, "stream_options": {"include_usage": true}})),
        &[("/stream", json!(true)), ("/stream_options", Value::Null)],
        &[],
    );
    goes(&with(json!({"n": 1, "modalities": ["text"]})), &[], &[]);
    let account = json!({"user": "u", "metadata": {"a": "b"}, "service_tier": "flex", "prompt_cache_key": "k", "cache_control": {"type": "ephemeral"}, "store": true});
    goes(&with(account), &[], &["prompt_cache_key", "service_tier", "user", "metadata", "cache_control", "store"]);
    let own = json!({"providerOptions": {"cohere": {"safety_mode": "STRICT", "citation_options": {"mode": "FAST"}}, "bedrock": {"x": 1}}});
    goes(&with(own), &[("/safety_mode", json!("STRICT")), ("/citation_options/mode", json!("FAST"))], &["x"]);
    refused(&with(json!({"n": 2})), "n");
    refused(&with(json!({"logprobs": true, "top_logprobs": 2})), "top_logprobs");
    refused(&with(json!({"modalities": ["text", "audio"]})), "modalities");
    refused(&with(json!({"web_search_options": {}})), "web_search_options");
    refused(&with(json!({"previous_response_id": "resp_1"})), "previous_response_id");
    refused(&with(json!({"stop": ["1", "2", "3", "4", "5", "6"]})), "stop");
    let pins = vec![Pin { owner: Owner::Anthropic, field: "container", id: "c".into() }];
    refused(&Request { pins, ..with(json!({})) }, "container");
    let builtin = ToolKind::Builtin { owner: Owner::Google, definition: Raw::empty_object() };
    refused(&Request { tools: vec![Tool::new(builtin)], ..with(json!({})) }, "tools");
}

#[test]
fn history_of_other_dialects() {
    let part = |body| Part::new(body);
    let media = Media::new(MediaKind::Image, None, Source::Base64("AAAA".into()));
    let native = Native { format: Format::Anthropic, block: Raw::empty_object(), link: Link::Alone };
    let parts = vec![
        part(Body::Reasoning { text: "thought".into(), summary: false }),
        Part::text("said"),
        part(Body::Refusal(" no".into())),
        part(Body::Media(Box::new(media))),
        part(Body::Native(native)),
    ];
    let mut request = with(json!({}));
    request.messages.push(Message::new(Role::Assistant, parts));
    let expected = json!({"role": "assistant", "content": "said no"});
    goes(&request, &[("/messages/1", expected)], &["reasoning", "messages.images", "blocks"]);
}

#[test]
fn case_24_rule_13_images_of_results_follow_after_the_last_result() {
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}});
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let request = of_messages(json!([
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": null, "tool_calls": [call("a"), call("b")]},
        {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "see"}, image]},
        {"role": "tool", "tool_call_id": "b", "content": "two", "is_error": true},
        {"role": "user", "content": "go on"},
    ]));
    let places = [
        ("/messages/2", json!({"role": "tool", "tool_call_id": "a", "content": "see"})),
        ("/messages/3/content", json!("two")),
        ("/messages/4", json!({"role": "user", "content": [image]})),
        ("/messages/5/content", json!("go on")),
    ];
    goes(&request, &places, &["messages.is_error"]);
}
