//! What a client sends back: the answer's parts with their metadata as options, as the SDK makes messages of them.

use serde_json::{Value, json};
use tollgate::chat::{Body, Format, Link, Native, Part, Raw, Request, Response};
use tollgate::config::Dialect;
use tollgate::dialect::{Facts, Spec, spoken};

use super::answers::encoded;
use super::recorded::SPECS;
use super::requests::read;
use super::support::{ids, turns};

/// The messages of an answer. `ai` 5 keeps nothing of a result but its value.
fn messages(answer: &Value) -> Value {
    let mut content = Vec::new();
    for part in answer["content"].as_array().unwrap() {
        let mut back = part.clone();
        let object = back.as_object_mut().unwrap();
        let metadata = object.remove("providerMetadata");
        match part["type"].as_str().unwrap() {
            "source" => continue,
            "text" if part["text"] == "" && metadata.is_none() => continue,
            "tool-call" => {
                let input = part["input"].as_str().unwrap();
                object["input"] = serde_json::from_str(input).unwrap_or_else(|_| json!(input));
            }
            "tool-result" => {
                let kind = if part["isError"] == true { "error-json" } else { "json" };
                let value = object.remove("result").unwrap();
                object.insert("output".to_owned(), json!({"type": kind, "value": value}));
                content.push(back);
                continue;
            }
            _ => {}
        }
        back["providerOptions"] = metadata.unwrap_or(json!({}));
        content.push(back);
    }
    json!({"prompt": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}, {"role": "assistant", "content": content}]})
}

/// What of a part may differ: citations and files' names have no way back, and JSON may be spaced anew.
fn bare(part: &Part) -> Option<String> {
    Some(match &part.body {
        Body::Text { text, .. } | Body::Refusal(text) => {
            if text.is_empty() && part.seal.is_none() {
                return None;
            }
            format!("text {text} {:?}", part.seal.as_ref().map(|seal| &seal.data))
        }
        Body::Reasoning { text, .. } => {
            if text.is_empty() && part.seal.is_none() {
                return None;
            }
            format!(
                "thought {text} {:?}",
                part.seal.as_ref().map(|seal| (&seal.format, seal.kind, &seal.data, &seal.id))
            )
        }
        Body::Call(call) => {
            let seal = part.seal.as_ref().map(|seal| &seal.data);
            // No arguments, as some models say it.
            let is_null = call.args.as_text() == "null";
            let args = if is_null { json!({}) } else { call.args.to_object().value() };
            format!("call {} {} {:?} {seal:?} {:?}", call.id, call.name, args, call.caller.as_ref().map(Raw::value))
        }
        Body::Native(native) => match &native.link {
            Link::Result { .. } => format!("block {}", native.block.value()),
            _ => format!("block {} {:?}", native.block.value(), native.link),
        },
        Body::Media(media) => {
            format!("file {:?} {:?} {:?}", media.mime, media.source, part.seal.as_ref().map(|seal| &seal.data))
        }
        Body::Result(_) => return None,
    })
}

#[test]
fn recorded_answers_come_back_as_they_were() {
    let (mut seen, mut blocks) = (0, 0);
    for exchange in turns().iter().filter(|exchange| !exchange.is_stream) {
        let Ok(response) = spoken::decode_response(exchange.dialect, &exchange.body, &ids()) else { continue };
        for spec in SPECS {
            let answer = encoded(spec, &response, &Request::default());
            let request = read(&messages(&answer));
            let assistant = &request.messages[1];
            let parts = &response.choices[0].parts;
            // Before spec 4 there is no part for a block that is neither a call nor a result of the same answer.
            let is_call = |id: &str| {
                parts.iter().any(|part| matches!(&part.body, Body::Native(Native { link: Link::Call { id: of, .. }, .. }) if of == id))
            };
            let is_lost = |part: &Part| match &part.body {
                Body::Native(native) if spec != Spec::V4 => match &native.link {
                    Link::Result { call_id } => spec == Spec::V2 || !is_call(call_id),
                    Link::Call { .. } => spec == Spec::V2,
                    Link::Alone => true,
                },
                _ => false,
            };
            if parts.iter().any(is_lost) {
                continue;
            }
            let given: Vec<String> = parts.iter().filter_map(bare).collect();
            let returned: Vec<String> = assistant.parts.iter().filter_map(bare).collect();
            assert_eq!(returned, given, "{} {spec:?}", exchange.file);
            seen += 1;
            blocks += parts.iter().filter(|part| matches!(part.body, Body::Native(_))).count();
        }
    }
    println!("returned: {seen}, with {blocks} blocks");
    assert!((seen > 500 && blocks > 20) || super::support::folder().is_none(), "{seen} {blocks}");
}

/// A provider tool under the client's own name, in both directions.
#[test]
fn a_provider_tool_has_the_clients_name() {
    let native = |link, block: Value| {
        Part::new(Body::Native(Native { format: Format::Anthropic, block: Raw::of(&block), link }))
    };
    let call = json!({"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q"}});
    let result = json!({"type": "web_search_tool_result", "tool_use_id": "s1", "content": [{"type": "web_search_result", "url": "https://a"}]});
    let parts = vec![
        native(Link::Call { id: "s1".into(), name: "web_search".into() }, call.clone()),
        native(Link::Result { call_id: "s1".into() }, result.clone()),
        Part::text("found"),
    ];
    let finish = tollgate::chat::Finish::new(tollgate::chat::Reason::Stop, "end_turn");
    let response =
        Response { choices: vec![tollgate::chat::Choice { parts, finish, logprobs: None }], ..Response::default() };
    let tools = json!([{"type": "provider", "id": "anthropic.web_search_20250305", "name": "search", "args": {}}]);
    let asked = read(&json!({"tools": tools, "prompt": [{"role": "user", "content": "hi"}]}));
    for spec in SPECS {
        let answer = encoded(spec, &response, &asked);
        let content = &answer["content"];
        assert_eq!((&content[0]["toolName"], &content[0]["providerExecuted"]), (&json!("search"), &json!(true)));
        assert_eq!(content[0]["input"], r#"{"query":"q"}"#);
        assert_eq!((&content[1]["toolName"], &content[1]["result"]), (&json!("search"), &result["content"]));
        assert_eq!((content[0].get("dynamic"), content[1].get("dynamic")), (None, None));
        let mut body = messages(&answer);
        body["tools"] = tools.clone();
        body["prompt"]
            .as_array_mut()
            .unwrap()
            .push(json!({"role": "user", "content": [{"type": "text", "text": "more"}]}));
        let request = read(&body);
        let facts = Facts { vendor: "anthropic", provider: "p", model: "claude-sonnet-4-5", ..Facts::default() };
        spoken::can_express(Dialect::Anthropic, &request, &facts).unwrap();
        let sent: Value =
            serde_json::from_slice(&spoken::encode_request(Dialect::Anthropic, &request, &facts).body).unwrap();
        assert_eq!(sent["messages"][1]["content"], json!([call, result, {"type": "text", "text": "found"}]));
        assert_eq!(sent["tools"][0]["name"], "web_search");
        // Nobody asked for it: spec 2 has no word for that.
        let answer = encoded(spec, &response, &Request::default());
        let count = answer["content"].as_array().unwrap().len();
        assert_eq!(count, if spec == Spec::V2 { 1 } else { 3 });
        assert_eq!(answer["content"][0].get("dynamic"), (spec != Spec::V2).then_some(&json!(true)));
    }
}

/// A call of the provider's own whose block did not come back goes, and its result with it.
#[test]
fn calls_that_say_nothing_of_their_provider_are_left_out() {
    let request = read(&json!({"prompt": [{"role": "assistant", "content": [
        {"type": "tool-call", "toolCallId": "s1", "toolName": "web_search", "input": {}, "providerExecuted": true},
        {"type": "tool-result", "toolCallId": "s1", "toolName": "web_search", "output": {"type": "json", "value": []}},
        {"type": "text", "text": "found"}]}]}));
    assert_eq!(request.messages.len(), 1);
    assert_eq!(request.messages[0].parts, [Part::text("found")]);
    assert_eq!(request.unmet, ["blocks"]);
}
