//! Two turns: what goes upstream in the second is what came in the first, signatures intact (rules 6 to 10).

use serde_json::{Map, Value, json};
use tollgate::dialect::Facts;

use super::answers::written;
use super::recorded::{blocks, exchanges, given, translate};
use super::strict::{Model, asked, facts, sent};
use super::support::{Exchange, events, frames};

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const ADAPTIVE: &str = "us.anthropic.claude-opus-4-8";
const NOVA: &str = "us.amazon.nova-2-lite-v1:0";

/// The message that a client puts together from a stream, as OpenAI's SDKs do.
fn gathered(chunks: &[Value]) -> Value {
    let mut message = json!({"role": "assistant", "content": ""});
    for delta in chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"].as_object()) {
        for (name, value) in delta {
            match value {
                Value::Array(items) => items.iter().for_each(|item| put(&mut message[name], item)),
                Value::String(text) if name != "role" => {
                    message[name] = json!(message[name].as_str().unwrap_or_default().to_owned() + text);
                }
                value => message[name] = value.clone(),
            }
        }
    }
    message
}

/// Adds an item of a list, or a piece of one, by its index.
fn put(list: &mut Value, item: &Value) {
    if list.is_null() {
        *list = json!([]);
    }
    let list = list.as_array_mut().unwrap();
    let known = list.iter_mut().find(|known| item["index"].is_u64() && known["index"] == item["index"]);
    match known {
        Some(known) => add(known.as_object_mut().unwrap(), item.as_object().unwrap()),
        None => list.push(item.clone()),
    }
}

fn add(known: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (name, value) in more.iter().filter(|(name, _)| !["index", "type"].contains(&name.as_str())) {
        match (known.get_mut(name), value) {
            (Some(Value::Object(known)), Value::Object(more)) => add(known, more),
            (Some(Value::String(known)), Value::String(more)) => known.push_str(more),
            _ => drop(known.insert(name.clone(), value.clone())),
        }
    }
}

/// The client's message of the first turn.
fn first(exchange: &Exchange) -> Value {
    match exchange.is_stream {
        true => gathered(&events(&translate(&[&exchange.body], &exchange.ids()))),
        false => written(exchange)["choices"][0]["message"].clone(),
    }
}

/// The client's second request.
fn second(message: &Value) -> Value {
    let mut messages = vec![json!({"role": "user", "content": "go"}), message.clone()];
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        messages.push(json!({"role": "tool", "tool_call_id": call["id"], "content": "done"}));
    }
    if messages.len() == 2 {
        messages.push(json!({"role": "user", "content": "and?"}));
    }
    json!({"model": "m", "messages": messages, "reasoning_effort": "low", "max_tokens": 9000})
}

fn of<'a>(blocks: &'a [Value], kinds: &[&str]) -> Vec<&'a Value> {
    blocks.iter().filter(|block| kinds.iter().any(|kind| block[*kind].is_object())).collect()
}

fn text(blocks: &[Value]) -> String {
    let inner = |block: &Value| block["citationsContent"]["content"][0]["text"].as_str().map(str::to_owned);
    blocks.iter().filter_map(|block| block["text"].as_str().map(str::to_owned).or_else(|| inner(block))).collect()
}

/// What must come back of a block: not the word that a call is the client's.
fn bare(block: &Value) -> Value {
    let mut block = block.clone();
    if block["toolUse"]["type"] == "tool_use" {
        block["toolUse"].as_object_mut().unwrap().remove("type");
    }
    block
}

#[test]
fn what_came_goes_back() {
    let Some(model) = Model::read() else { return };
    let (mut tried, mut sealed, mut parallel, mut builtin) = (0, 0, 0, 0);
    for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
        let (file, answer) = (&exchange.file, given(exchange));
        let given = blocks(&answer);
        // To a model of the family that answered.
        let name = if exchange.model.contains("claude") || exchange.model == "arn" { CLAUDE } else { NOVA };
        let (encoded, body) = sent(&asked(&second(&first(exchange))), &facts(name)).unwrap();
        let returned = body["messages"][1]["content"].as_array().unwrap();
        let signed: Vec<&Value> = of(given, &["reasoningContent"]);
        let signed: Vec<&Value> = signed
            .into_iter()
            .filter(|block| block["reasoningContent"]["reasoningText"]["signature"].is_string())
            .collect();
        assert_eq!(of(returned, &["reasoningContent"]), signed, "{file}");
        let mut blocks: Vec<Value> = of(given, &["toolUse", "toolResult"]).into_iter().map(bare).collect();
        // The client's own calls come last with it.
        blocks.sort_by_key(|block| block["toolUse"].is_object() && block["toolUse"]["type"] != "server_tool_use");
        assert_eq!(of(returned, &["toolUse", "toolResult"]), blocks.iter().collect::<Vec<_>>(), "{file}");
        assert_eq!(text(returned).trim_end(), text(given).trim_end(), "{file}");
        assert_eq!(model.faults(&body, false), [""; 0], "{file}: {body}");
        let calls = of(given, &["toolUse"]).iter().filter(|call| call["toolUse"]["type"] != "server_tool_use").count();
        // Rule 10; rule 8: reasoning without a signature is left out and told.
        let lacks = name == CLAUDE && calls > 0 && signed.is_empty();
        let is_unsigned = signed.len() < of(given, &["reasoningContent"]).len();
        let lost: &[&str] = if lacks || is_unsigned { &["reasoning"] } else { &[] };
        assert_eq!(encoded.dropped.fields(), lost, "{file}");
        let field = &body["additionalModelRequestFields"][if name == CLAUDE { "thinking" } else { "reasoningConfig" }];
        assert_eq!(field.is_object(), !lacks, "{file}");
        tried += 1;
        sealed += usize::from(!signed.is_empty());
        parallel += usize::from(calls > 1);
        builtin += usize::from(!of(given, &["toolResult"]).is_empty());
    }
    println!(
        "bedrock rounds: tried {tried}, passed {tried}; with thinking {sealed}, with parallel calls {parallel}, with built-in tools {builtin}"
    );
    assert!(tried >= 45 && sealed >= 3 && parallel >= 4 && builtin >= 3, "{tried} {sealed} {parallel} {builtin}");
}

/// The members that every client knows.
fn standard(message: &Value) -> Value {
    let known = ["role", "content", "tool_calls"].iter().map(|name| ((*name).to_owned(), message[name].clone()));
    let mut kept: Map<String, Value> = known.filter(|(_, value)| !value.is_null()).collect();
    for call in kept.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
        call.as_object_mut().unwrap().retain(|name, _| ["id", "type", "function"].contains(&name.as_str()));
    }
    Value::Object(kept)
}

#[test]
fn rule_10_a_client_of_standard_fields_has_a_second_turn() {
    let Some(model) = Model::read() else { return };
    for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
        let message = first(exchange);
        if !message["tool_calls"].is_array() {
            continue;
        }
        let request = asked(&second(&standard(&message)));
        let (encoded, body) = sent(&request, &facts(CLAUDE)).unwrap();
        assert_eq!(model.faults(&body, false), [""; 0], "{}", exchange.file);
        assert_eq!(body["additionalModelRequestFields"], Value::Null, "{}", exchange.file);
        assert_eq!(encoded.dropped.fields(), ["reasoning"], "{}", exchange.file);
        // Rule 16: calls without tools.
        let tools = &body["toolConfig"]["tools"][0]["toolSpec"];
        assert_eq!(
            (&tools["name"], &tools["inputSchema"]["json"]),
            (&message["tool_calls"][0]["function"]["name"], &json!({"type": "object"}))
        );
        // Adaptive thinking asks for no block.
        let (encoded, body) = sent(&request, &facts(ADAPTIVE)).unwrap();
        assert_eq!(body["additionalModelRequestFields"]["thinking"]["type"], "adaptive", "{}", exchange.file);
        assert_eq!(encoded.dropped.fields().len(), 0, "{}", exchange.file);
    }
}

#[test]
fn rules_7a_and_8_without_seals_there_is_no_thinking() {
    for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
        let message = first(exchange);
        if !message["reasoning_details"].to_string().contains("signature") {
            continue;
        }
        let facts = Facts { without_seals: true, ..facts(CLAUDE) };
        let (encoded, body) = sent(&asked(&second(&message)), &facts).unwrap();
        assert!(!body.to_string().contains("\"signature\""), "{}", exchange.file);
        assert_eq!(encoded.dropped.fields(), ["reasoning"], "{}", exchange.file);
    }
}

/// Case 22: Claude's own reasoning, from Anthropic, comes to Claude here; another's does not, and its calls do.
#[test]
fn case_22_and_rule_6_seals_go_where_they_are_accepted() {
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}, "extra_content": {"google": {"thought_signature": "GGG"}}});
    for (format, kind, model, is_carried) in [
        ("anthropic-claude-v1", "reasoning.text", CLAUDE, true),
        ("anthropic-claude-v1", "reasoning.text", NOVA, false),
        ("amazon-bedrock-v1", "reasoning.text", NOVA, true),
        ("amazon-bedrock-v1", "reasoning.text", CLAUDE, false),
        ("google-gemini-v1", "reasoning.encrypted", CLAUDE, false),
        ("openai-responses-v1", "reasoning.encrypted", CLAUDE, false),
        ("unknown", "reasoning.text", CLAUDE, false),
    ] {
        let entry = json!({"type": kind, "index": 0, "format": format, "text": "I think", "signature": "SSS"});
        let message = json!({"role": "assistant", "content": "", "tool_calls": [call], "reasoning_details": [entry]});
        let (_, body) = sent(&asked(&second(&message)), &facts(model)).unwrap();
        let thought = json!({"reasoningContent": {"reasoningText": {"text": "I think", "signature": "SSS"}}});
        let sent = &body["messages"][1]["content"];
        assert_eq!(sent[0] == thought, is_carried, "{format} to {model}: {sent}");
        assert!(is_carried || !["SSS", "I think"].iter().any(|words| body.to_string().contains(words)), "{format}");
        assert!(!body.to_string().contains("GGG"));
        assert_eq!(sent[usize::from(is_carried)]["toolUse"]["name"], "f", "{format}");
    }
}

/// The history of a recorded turn of Anthropic's own API, sent on to Claude here.
#[test]
fn case_22_a_turn_of_anthropics_goes_on_here() {
    let Some(folder) = super::support::folder() else { return };
    let path = folder.join("anthropic/messages/dd.anthropic_completion_thinking_tools.json");
    let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let answer = &recorded["response"]["body"];
    let ids = super::support::ids();
    let response = tollgate::dialect::anthropic::decode_response(answer.to_string().as_bytes(), &ids).unwrap();
    let request = tollgate::chat::Request::default();
    let body = tollgate::dialect::openai::chat::encode_response(&response, &request, &ids, None);
    let message = serde_json::from_slice::<Value>(&body).unwrap()["choices"][0]["message"].clone();
    let (_, body) = sent(&asked(&second(&message)), &facts(CLAUDE)).unwrap();
    let thought = &answer["content"].as_array().unwrap().iter().find(|block| block["type"] == "thinking").unwrap();
    let expected = json!({"text": thought["thinking"], "signature": thought["signature"]});
    assert_eq!(body["messages"][1]["content"][0]["reasoningContent"]["reasoningText"], expected);
    assert!(body["additionalModelRequestFields"]["thinking"].is_object());
}

/// The turn that goes on may have several steps: its first thinking stands for all.
#[test]
fn rule_10_counts_from_the_last_question() {
    let call = |id: &str| json!([{"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": "r"});
    let thought = json!([{"type": "reasoning.text", "format": "anthropic-claude-v1", "text": "t", "signature": "s"}]);
    let user = json!({"role": "user", "content": "q"});
    let with = json!({"role": "assistant", "content": "", "tool_calls": call("a"), "reasoning_details": thought});
    let without = json!({"role": "assistant", "content": "", "tool_calls": call("b")});
    let said = json!({"role": "assistant", "content": "done"});
    for (what, messages, is_on) in [
        ("two steps", json!([user, with, result("a"), without, result("b")]), true),
        ("two steps, the first bare", json!([user, without, result("b"), with, result("a")]), false),
        ("a bare turn long ago", json!([user, without, result("b"), said, user]), true),
        ("a bare turn that was left", json!([user, without, result("b"), user]), false),
    ] {
        let body = json!({"model": "m", "messages": messages, "reasoning_effort": "low"});
        let (_, body) = sent(&asked(&body), &facts(CLAUDE)).unwrap();
        assert_eq!(body["additionalModelRequestFields"]["thinking"].is_object(), is_on, "{what}");
    }
}

/// Thoughts that nobody may read, between others, come back as they were, before two calls.
#[test]
fn redacted_thinking_goes_there_and_back() {
    let reasoning = |text: &str, signature: &str| json!({"reasoningContent": {"reasoningText": {"text": text, "signature": signature}}});
    let redacted = |data: &str| json!({"reasoningContent": {"redactedContent": data}});
    let call = |id: &str| json!({"toolUse": {"toolUseId": id, "name": "f", "input": {}}});
    let content = json!([reasoning("a", "S1=="), redacted("UjE="), reasoning("", "S2=="), redacted("UjI="), {"text": "t"}, call("c"), call("d")]);
    let body = json!({"output": {"message": {"role": "assistant", "content": content}}, "stopReason": "tool_use"});
    let mut events = Vec::new();
    for (index, block) in content.as_array().unwrap().iter().enumerate() {
        let mut push = |name: &str, mut payload: Value| {
            payload["contentBlockIndex"] = json!(index);
            events.push((name.to_owned(), payload));
        };
        let inner = &block["reasoningContent"]["reasoningText"];
        for (name, value) in [
            ("text", &inner["text"]),
            ("signature", &inner["signature"]),
            ("redactedContent", &block["reasoningContent"]["redactedContent"]),
        ] {
            if value.is_string() {
                push("contentBlockDelta", json!({"delta": {"reasoningContent": {name: value}}}));
            }
        }
        if block["text"].is_string() {
            push("contentBlockDelta", json!({"delta": {"text": block["text"]}}));
        }
        if block["toolUse"].is_object() {
            push("contentBlockStart", json!({"start": block}));
        }
        push("contentBlockStop", json!({}));
    }
    events.push(("messageStop".to_owned(), json!({"stopReason": "tool_use"})));
    for (is_stream, body) in [(false, body.to_string().into_bytes()), (true, frames(&events))] {
        let exchange = Exchange { model: CLAUDE.to_owned(), status: 200, is_stream, body, ..Exchange::default() };
        let (_, body) = sent(&asked(&second(&first(&exchange))), &facts(CLAUDE)).unwrap();
        assert_eq!(body["messages"][1]["content"], content, "stream: {is_stream}");
    }
}
