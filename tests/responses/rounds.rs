//! Two turns: what the first one said is in what the second one sends.

use serde_json::{Value, json};
use tollgate::chat::{Args, Body, Message, Part, Raw, Request, Role, ToolCall};
use tollgate::dialect::Facts;

use super::recorded::{exchanges, given, message, said, seals, translate, written};
use super::strict::{Params, asked, facts, sent};
use super::support::{events, exchange, folder};

/// A client's next request: the answer goes back, then a result for each call.
fn second(message: &Value) -> Value {
    let mut messages = vec![json!({"role": "user", "content": "q"}), message.clone()];
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        messages.push(json!({"role": "tool", "tool_call_id": call["id"], "content": "r"}));
    }
    messages.push(json!({"role": "user", "content": "go on"}));
    json!({"model": "m", "messages": messages})
}

fn of_kind<'a>(body: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    body["input"].as_array().unwrap().iter().filter(move |item| item["type"] == kind)
}

fn check(file: &str, given: &Value, message: &Value, params: &Params) {
    let facts = facts("openai", "gpt-5");
    let calls: Vec<&Value> = message["tool_calls"].as_array().into_iter().flatten().map(|call| &call["id"]).collect();
    let has_more = !said(given).text.is_empty() || !calls.is_empty();
    for (case, is_sealed, kept, facts) in [
        ("whole", true, message.clone(), facts),
        ("whole, to another provider", false, message.clone(), Facts { provider: "other", ..facts }),
        ("whole, after a rejection", false, message.clone(), Facts { without_seals: true, ..facts }),
        (
            "standard",
            false,
            json!({"role": "assistant", "content": message["content"], "tool_calls": message["tool_calls"]}),
            facts,
        ),
    ] {
        let (encoded, body) = sent(&asked(&second(&kept)), &facts).unwrap();
        assert_eq!(params.faults(&body), [""; 0], "{file}, {case}: {body}");
        let sealed: Vec<String> =
            of_kind(&body, "reasoning").map(|item| item["encrypted_content"].as_str().unwrap().to_owned()).collect();
        assert_eq!(sealed, if is_sealed && has_more { seals(given) } else { Vec::new() }, "{file}, {case}");
        let is_lost = case.starts_with("whole,") && kept.get("reasoning_details").is_some();
        assert!(!is_lost || encoded.dropped.fields().iter().any(|field| field == "reasoning"), "{file}, {case}");
        let sent: Vec<&Value> = of_kind(&body, "function_call").map(|call| &call["call_id"]).collect();
        assert_eq!(sent, calls, "{file}, {case}");
        let results: Vec<&Value> = of_kind(&body, "function_call_output").map(|item| &item["call_id"]).collect();
        assert_eq!(results, calls, "{file}, {case}");
        let texts: String = body["input"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| item["role"] == "assistant")
            .map(|item| item["content"].as_str().unwrap())
            .collect();
        assert_eq!(texts, said(given).text, "{file}, {case}");
        if is_sealed && has_more {
            // Summaries go with their seals.
            let summaries: String =
                of_kind(&body, "reasoning").filter_map(|item| item.pointer("/summary/0/text")?.as_str()).collect();
            let is_told = !sealed.is_empty() && message["reasoning_details"].to_string().contains("reasoning.summary");
            assert_eq!(summaries, if is_told { said(given).thoughts } else { String::new() }, "{file}");
        }
    }
}

#[test]
fn what_was_said_goes_back_in_the_next_turn() {
    let Some(params) = Params::read() else { return };
    let (mut count, mut sealed) = (0, 0);
    for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
        let Some(given) = given(exchange) else { continue };
        // A refusal is text of another kind.
        if !said(&given).refusal.is_empty() {
            continue;
        }
        let message = if exchange.is_stream {
            message(&events(&translate(&[&exchange.body])))
        } else {
            written(&exchange.body)["choices"][0]["message"].clone()
        };
        check(&exchange.file, &given, &message, &params);
        count += 1;
        sealed += usize::from(!seals(&given).is_empty());
    }
    println!("responses rounds: tried {count}, passed {count}, with seals {sealed}");
    assert!(sealed >= 8, "{sealed}");
}

#[test]
fn case_23_another_account_gets_neither_reasoning_nor_item_ids() {
    const FILE: &str = "azure/responses/rubyllm.responses_protocol_dialects_with_azure_gpt-5-nano_chats_on_the_openai_v1_responses_e.2.json";
    if folder().is_none() {
        return;
    }
    let message = written(&exchange(FILE).body)["choices"][0]["message"].clone();
    let mut request = asked(&second(&message));
    let args = Args::Json(Raw::empty_object());
    let call = ToolCall { id: "c".into(), item_id: Some("fc_1".into()), name: "f".into(), args, caller: None };
    request.messages[1].parts.push(Part::new(Body::Call(call)));
    let bodies =
        ["acme", "openai"].map(|provider| sent(&request, &Facts { provider, ..facts("openai", "gpt-5") }).unwrap().1);
    let count = |body: &Value| {
        (of_kind(body, "reasoning").count(), body.to_string().contains("fc_1"), body.to_string().contains("rs_"))
    };
    assert_eq!((count(&bodies[0]), count(&bodies[1])), ((1, true, true), (0, false, false)));
}

#[test]
fn reasoning_that_nothing_follows_stays_out() {
    let Some(params) = Params::read() else { return };
    let detail = json!({"type": "reasoning.encrypted", "index": 0, "format": "openai-responses-v1", "id": "rs_1", "data": "gAAA"});
    let body = second(&json!({"role": "assistant", "content": null, "reasoning_details": [detail]}));
    let (encoded, body) = sent(&asked(&body), &facts("openai", "gpt-5")).unwrap();
    assert_eq!((params.faults(&body), of_kind(&body, "reasoning").count()), (vec![], 0));
    assert_eq!(encoded.dropped.fields(), ["reasoning"]);
}

#[test]
fn programs_and_their_calls_go_back_together() {
    let Some(params) = Params::read() else { return };
    let Some(found) = super::recorded::found("programmatic-tool-calling.1.json") else { return };
    let message = written(&found.body)["choices"][0]["message"].clone();
    let (_, body) = sent(&asked(&second(&message)), &facts("openai", "gpt-5.6-sol")).unwrap();
    assert_eq!(params.faults(&body), [""; 0], "{body}");
    let kinds: Vec<&str> = body["input"].as_array().unwrap().iter().filter_map(|item| item["type"].as_str()).collect();
    assert_eq!(kinds, ["reasoning", "program", "function_call", "function_call_output"]);
    let caller = json!({"type": "program", "caller_id": "call_O2IvSLQcJ0bwIvJZ2ovGV69M"});
    assert_eq!((&body["input"][3]["caller"], &body["input"][4]["caller"]), (&caller, &caller));
}

#[test]
fn free_text_goes_back_as_free_text() {
    let Some(params) = Params::read() else { return };
    let custom = json!({"type": "custom", "custom": {"name": "free", "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: X"}}}});
    let mut request: Request =
        asked(&json!({"model": "m", "messages": [{"role": "user", "content": "q"}], "tools": [custom]}));
    let call =
        ToolCall { id: "c".into(), item_id: None, name: "free".into(), args: Args::Text("x = 1".into()), caller: None };
    request.messages.push(Message::new(Role::Assistant, vec![Part::new(Body::Call(call))]));
    let result =
        tollgate::chat::ToolResult { call_id: "c".into(), name: None, parts: vec![Part::text("2")], is_error: false };
    request.messages.push(Message::new(Role::Tool, vec![Part::new(Body::Result(result))]));
    let (_, body) = sent(&request, &facts("openai", "gpt-5")).unwrap();
    assert_eq!(params.faults(&body), [""; 0], "{body}");
    assert_eq!(body["tools"][0]["format"], json!({"type": "grammar", "syntax": "lark", "definition": "start: X"}));
    assert_eq!(body["input"][1], json!({"type": "custom_tool_call", "call_id": "c", "name": "free", "input": "x = 1"}));
    assert_eq!(body["input"][2], json!({"type": "custom_tool_call_output", "call_id": "c", "output": "2"}));
}

#[test]
fn a_long_history_costs_what_it_is_long() {
    let thought = |i: usize| json!({"type": "thinking", "thinking": format!("thought {i}")});
    let call =
        |i: usize| json!({"id": format!("c{i}"), "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let mut messages =
        vec![json!({"role": "assistant", "thinking_blocks": (0..20_000).map(thought).collect::<Vec<_>>(),
        "tool_calls": (0..20_000).map(call).collect::<Vec<_>>()})];
    messages.extend((0..20_000).map(|i| json!({"role": "tool", "tool_call_id": format!("lost {i}"), "content": "r"})));
    let request = asked(&json!({"model": "m", "messages": messages}));
    let begun = std::time::Instant::now();
    let (encoded, body) = sent(&request, &facts("openai", "gpt-5")).unwrap();
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    assert_eq!(
        (body["input"].as_array().unwrap().len(), encoded.dropped.fields()),
        (40_000, &["reasoning".into()][..])
    );
}
