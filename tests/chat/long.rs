//! Work grows with what is read, not with its square: no request and no answer stops a worker that has other streams.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tollgate::chat::{Event, Request};
use tollgate::config::Dialect;
use tollgate::dialect::openai::chat::{Encoder, decode_request, decode_response, encode_response};
use tollgate::dialect::openai::responses;
use tollgate::dialect::{Facts, spoken};

use super::support::ids;

/// Of everything.
const MANY: usize = 20_000;
/// A debug build takes a tenth of it; what grows with the square takes many times more.
const SOON: Duration = Duration::from_secs(15);

fn list(make: impl Fn(usize) -> Value) -> Value {
    (0..MANY).map(make).collect()
}

fn soon<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = act();
    let took = begun.elapsed();
    assert!(took < SOON, "{what} took {took:?}");
    println!("{what}: {took:?}");
    done
}

fn read(body: &Value) -> Request {
    let body = body.to_string();
    soon("reading", || decode_request(body.as_bytes()).unwrap())
}

/// A history of calls, two of each id, with their results in the wrong order and seals for each.
fn history() -> Vec<Value> {
    let call = |i: usize| json!({"id": format!("call_{}", i / 2), "type": "function", "function": {"name": format!("f{i}"), "arguments": "not JSON"}});
    let seal = |i: usize| json!({"type": "reasoning.encrypted", "id": format!("call_{}", MANY - i), "format": "google-gemini-v1", "data": "x"});
    let calls = json!({"role": "assistant", "content": "a", "tool_calls": list(call), "reasoning_details": list(seal)});
    let result = |i: usize| json!({"role": "tool", "tool_call_id": format!("call_{}", i / 2), "content": "r"});
    let mut messages = vec![json!({"role": "user", "content": "go"}), calls];
    messages.extend((0..MANY).rev().map(result));
    messages
}

fn facts<'a>() -> Facts<'a> {
    Facts { base_path: "/v1", ..Facts::default() }
}

#[test]
fn histories_tools_and_members_of_any_number() {
    let mut body = json!({"model": "m", "messages": history()});
    let function = |i: usize| json!({"type": "function", "function": {"name": format!("f{i}"), "parameters": {}}});
    body["tools"] = list(function);
    let allowed = |i: usize| json!({"type": "function", "function": {"name": format!("f{}", MANY - i)}});
    body["tool_choice"] = json!({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": list(allowed)}});
    (0..MANY).for_each(|i| body[format!("unknown_{i}")] = json!(1));
    body["providerOptions"] = json!({"anthropic": {"betas": list(|i| json!(format!("beta-{i}")))}});
    let request = read(&body);
    for (dialect, model) in [
        (Dialect::OpenAi, "m"),
        (Dialect::Anthropic, "claude-sonnet-4-5"),
        (Dialect::Gemini, "gemini-3-pro"),
        (Dialect::Gemini, "gemini-2.5-flash"),
        (Dialect::Bedrock, "anthropic.claude-sonnet-4-5-v1:0"),
        (Dialect::Cohere, "command-a"),
    ] {
        let facts = Facts { model, ..facts() };
        soon(model, || spoken::can_express(dialect, &request, &facts).unwrap());
        let encoded = soon(model, || spoken::encode_request(dialect, &request, &facts));
        let words = String::from_utf8(encoded.body).unwrap();
        assert!(words.matches("\"f19999\"").count() >= 2, "{model}");
        assert!(encoded.dropped.fields().len() <= 64, "{model}");
    }
    let encoded = soon("responses", || responses::encode_request(&request, &facts()));
    assert!(encoded.dropped.fields().len() <= 64);
}

#[test]
fn free_text_tools_and_legacy_functions_of_any_number() {
    let custom = |i: usize| json!({"type": "custom", "custom": {"name": format!("f{i}")}});
    let mut body = json!({"model": "m", "messages": history(), "tools": list(custom)});
    let more = body["messages"].as_array_mut().unwrap();
    more.extend((0..MANY).map(|i| json!({"role": "function", "name": format!("g{i}"), "content": "r"})));
    let request = read(&body);
    for encoded in [
        soon("chat", || spoken::encode_request(Dialect::OpenAi, &request, &facts())),
        soon("responses", || responses::encode_request(&request, &facts())),
    ] {
        assert!(String::from_utf8(encoded.body).unwrap().contains("f19999"));
    }
    let call = |i: usize| json!({"id": "c", "type": "custom", "custom": {"name": format!("f{i}"), "input": "x"}});
    let message = json!({"role": "assistant", "tool_calls": list(call)});
    let answer = json!({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}).to_string();
    let response = soon("an answer", || decode_response(answer.as_bytes(), &ids()).unwrap());
    let written = soon("writing it", || encode_response(&response, &request, &ids(), None));
    assert!(String::from_utf8(written).unwrap().contains(r#""custom":{"name":"f19999""#));
}

/// Events that each look at all that is held.
#[test]
fn streams_that_hold_much() {
    let block = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
    let cite = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": {"type": "x"}}});
    let text = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}});
    let native = json!({"type": "content_block_start", "index": 1, "content_block": {"type": "compaction"}});
    let mut keys = json!({"type": "compaction_delta"});
    (0..MANY).for_each(|i| keys[format!("k{i}")] = json!("v"));
    let grow = json!({"type": "content_block_delta", "index": 1, "delta": keys});
    let mut anthropic = vec![block];
    anthropic.extend(std::iter::repeat_n(cite, MANY));
    anthropic.extend(std::iter::repeat_n(text, MANY));
    anthropic.extend([native, grow]);
    anthropic.extend((0..2).map(|index| json!({"type": "content_block_stop", "index": index})));
    anthropic.push(json!({"type": "message_stop"}));
    let support =
        |i: usize| json!({"segment": {"startIndex": i, "endIndex": i + 1, "text": "z"}, "groundingChunkIndices": [0]});
    let chunk = json!({"web": {"uri": "https://a.b"}});
    let grounding = json!({"groundingChunks": [chunk], "groundingSupports": list(support)});
    let content = json!({"parts": [{"text": "a".repeat(100_000)}]});
    let gemini = json!({"candidates": [{"content": content, "finishReason": "STOP", "groundingMetadata": grounding}]});
    for (dialect, events) in [(Dialect::Anthropic, anthropic), (Dialect::Gemini, vec![gemini])] {
        let body: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
        let (mut decoder, mut encoder) = (spoken::decoder(dialect, &ids()), Encoder::new(&Request::default(), &ids()));
        let (mut events, mut out) = (Vec::new(), Vec::new());
        soon("a stream", || {
            decoder.feed(body.as_bytes(), &mut events);
            decoder.finish(&mut events);
            encoder.feed(&events, &mut out);
        });
        assert_eq!(events.last(), Some(&Event::End), "{dialect:?}");
    }
}
