//! Whole answers and streams.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate::chat::{Body, gather};
use tollgate::dialect::openai::responses::decode_response;

use super::recorded::{decode, exchanges, found, given, message, natives, said, seals, translate, used, written};
use super::schema::Schema;
use super::support::{Exchange, Said, events, however_cut, ids, usage};

/// Blocks of a message, and its seals with the provider's name.
fn beside(message: &Value) -> (Vec<Value>, Vec<String>) {
    let blocks = message["provider_specific_fields"]["blocks"].as_array().into_iter().flatten();
    let details = message["reasoning_details"].as_array().into_iter().flatten();
    let seals = details.filter_map(|entry| entry["data"].as_str()?.strip_prefix("tg1.openai-responses-v1.acme."));
    (blocks.map(|entry| entry["block"].clone()).collect(), seals.map(str::to_owned).collect())
}

fn check(exchange: &Exchange, answer: &Schema, chunk: &Schema) {
    let (file, given) = (&exchange.file, given(exchange).unwrap());
    let (message, model) = if exchange.is_stream {
        let whole = however_cut(file, &exchange.body, translate);
        assert!(whole.ends_with(b"data: [DONE]\n\n"), "{file}");
        let chunks = events(&whole);
        assert_eq!(Said::of_stream(&chunks), [said(&given)], "{file}");
        assert_eq!(usage(chunks.iter()), Some(used(&given)), "{file}");
        for one in &chunks {
            assert_eq!(chunk.faults(one), [""; 0], "{file}");
        }
        // The stream amounts to the answer that its last event holds.
        let mut gathered = gather(&decode(&[&exchange.body])).unwrap();
        let mut whole = decode_response(&serde_json::to_vec(&given).unwrap(), &ids()).unwrap();
        for response in [&mut gathered, &mut whole] {
            (response.id, response.native) = (String::new(), Vec::new());
            for part in &mut response.choices[0].parts {
                match &mut part.body {
                    Body::Call(call) => (call.item_id, call.caller) = (None, None),
                    Body::Native(native) => native.block = tollgate::chat::Raw::of(&native.block.value()),
                    _ => {}
                }
                // Ids that change in every event are of no use.
                part.seal.iter_mut().for_each(|seal| seal.id = None);
            }
        }
        assert_eq!(gathered, whole, "{file}");
        (message(&chunks), chunks[0]["model"].clone())
    } else {
        let written = written(&exchange.body);
        assert_eq!(Said::of_answer(&written), [said(&given)], "{file}");
        assert_eq!(usage([&written].into_iter()), Some(used(&given)), "{file}");
        assert_eq!(answer.faults(&written), [""; 0], "{file}");
        (written["choices"][0]["message"].clone(), written["model"].clone())
    };
    assert_eq!(model, given["model"], "{file}");
    assert_eq!(beside(&message), (natives(&given), seals(&given)), "{file}");
    let mine = message["tool_calls"].as_array().into_iter().flatten().map(|call| &call["id"]);
    let theirs = given["output"].as_array().unwrap().iter().filter(|item| item["type"] == "function_call");
    assert!(mine.eq(theirs.map(|call| &call["call_id"])), "{file}");
}

/// Streams without a terminal event, with the reason; all others are checked.
const EXCLUDED: [(&str, &str); 2] = [
    ("openai-error.1.chunks.txt", "a stream that fails; see `a_stream_that_fails_ends_in_the_error`"),
    ("parallel-tool-call-wrapper.1.chunks.txt", "its first and last events are no JSON; see `events_that_are_no_json`"),
];

#[test]
fn recorded_answers_mean_the_same_on_the_other_side() {
    let (Some(answer), Some(chunk)) = (Schema::read("ChatCompletion"), Schema::read("ChatCompletionChunk")) else {
        return;
    };
    let mut counts = BTreeMap::<(String, bool), (usize, usize)>::new();
    for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
        let (tried, passed) = counts.entry((exchange.provider.clone(), exchange.is_stream)).or_default();
        *tried += 1;
        if EXCLUDED.iter().any(|(name, _)| exchange.file.ends_with(name)) {
            continue;
        }
        check(exchange, &answer, &chunk);
        *passed += 1;
    }
    for ((provider, is_stream), (tried, passed)) in &counts {
        println!("responses of {provider}, stream {is_stream}: tried {tried}, passed {passed}");
    }
    println!("excluded: {EXCLUDED:#?}");
    let (tried, passed) = counts.values().fold((0, 0), |(tried, passed), more| (tried + more.0, passed + more.1));
    assert_eq!(tried, passed + EXCLUDED.len());
    assert!(passed >= 25, "{passed}");
}

#[test]
fn a_stream_that_fails_ends_in_the_error() {
    let Some(failing) = found("openai-error.1.chunks.txt") else { return };
    let out = translate(&[&failing.body]);
    let last = events(&out).pop().unwrap();
    assert_eq!(
        (&last["error"]["type"], &last["error"]["code"]),
        (&json!("insufficient_quota"), &json!("insufficient_quota"))
    );
    assert!(last["error"]["message"].as_str().unwrap().starts_with("You exceeded your current quota"));
    assert!(!out.ends_with(b"[DONE]\n\n"));
    // The same where only the last event says it.
    let failed = json!({"type": "response.failed", "response": {"status": "failed",
        "error": {"code": "rate_limit_exceeded", "message": "Rate limit reached. Please try again in 3s."}}});
    let chunks = events(&translate(&[format!("data: {failed}\n\n").as_bytes()]));
    assert_eq!(chunks.last().unwrap()["error"]["code"], "rate_limit_exceeded");
}

#[test]
fn events_that_are_no_json_spoil_nothing_beside_them() {
    let Some(broken) = found("parallel-tool-call-wrapper.1.chunks.txt") else { return };
    let chunks = events(&translate(&[&broken.body]));
    let said = &Said::of_stream(&chunks)[0];
    assert_eq!((said.calls.len(), &*said.calls[0].0), (1, "parallel"));
    assert!(said.calls[0].1["tool_uses"].is_array(), "{said:?}");
    assert_eq!(chunks.last().unwrap()["error"]["code"], "stream_cut");
}

#[test]
fn case_19_line_35_ids_that_change_in_every_event() {
    let Some(rotating) = found("github-copilot-id-rotation.1.chunks.txt") else { return };
    let parts = gather(&decode(&[&rotating.body])).unwrap().choices.remove(0).parts;
    let [first, second] = &parts[..] else { panic!("{parts:?}") };
    assert_eq!(first.body, Body::Reasoning { text: "**Counting character occurrences**".into(), summary: true });
    assert!(second.as_text().unwrap().starts_with("There are **3** letter"), "{second:?}");
}

#[test]
fn line_36_what_deltas_did_not_deliver_comes_from_what_is_done() {
    let added = |item: Value| json!({"type": "response.output_item.added", "output_index": 0, "item": item});
    let done = |item: Value| json!({"type": "response.output_item.done", "output_index": 0, "item": item});
    let at = |kind: &str, name: &str, value: &str| json!({"type": kind, "output_index": 0, "content_index": 0, "summary_index": 0, name: value});
    let bare =
        |args: &str| json!({"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": args});
    let said =
        |text: &str| json!({"type": "message", "content": [{"type": "output_text", "text": text, "annotations": []}]});
    let thought = |text: &str| json!({"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": text}], "encrypted_content": "E"});
    let args = "response.function_call_arguments";
    let (text, summary) = ("response.output_text", "response.reasoning_summary_text");
    let delta = |kind: &str, piece: &str| at(&format!("{kind}.delta"), "delta", piece);
    let full = r#"{"a":"é"}"#;
    for (case, given, expected) in [
        ("one delta", vec![added(bare("")), delta(args, full), done(bare(full))], full),
        ("only done", vec![added(bare("")), at(&format!("{args}.done"), "arguments", full), done(bare(full))], full),
        ("only the item", vec![added(bare("")), done(bare(full))], full),
        ("half", vec![added(bare("")), delta(args, r#"{"a":"#), done(bare(full))], full),
        ("at once", vec![added(bare(full)), done(bare(full))], full),
        ("without a beginning", vec![done(bare(full))], full),
        ("text, one delta", vec![added(said("")), delta(text, "héllo"), done(said("héllo"))], "héllo"),
        ("text, half", vec![added(said("")), delta(text, "hé"), done(said("héllo"))], "héllo"),
        (
            "text, only done",
            vec![added(said("")), at(&format!("{text}.done"), "text", "héllo"), done(said("héllo"))],
            "héllo",
        ),
        ("text, without a beginning", vec![delta(text, "hé"), delta(text, "llo")], "héllo"),
        ("thought, half", vec![added(thought("")), delta(summary, "hé"), done(thought("héllo"))], "héllo"),
        ("thought, only the item", vec![added(json!({"type": "reasoning"})), done(thought("héllo"))], "héllo"),
        ("nothing but the end", vec![], "héllo"),
    ] {
        let output = if given.is_empty() { json!([said("héllo")]) } else { json!([]) };
        let end = json!({"type": "response.completed", "response": {"status": "completed", "output": output}});
        let stream: String = given.iter().chain([&end]).map(|event| format!("data: {event}\n\n")).collect();
        let parts = gather(&decode(&[stream.as_bytes()])).unwrap().choices.remove(0).parts;
        let [part] = &parts[..] else { panic!("{case}: {parts:?}") };
        let found = match &part.body {
            Body::Call(call) => call.args.as_text(),
            Body::Text { text, .. } | Body::Reasoning { text, .. } => text,
            other => panic!("{case}: {other:?}"),
        };
        assert_eq!(found, expected, "{case}");
        assert_eq!(part.seal.is_some(), case.starts_with("thought"), "{case}");
    }
}

#[test]
fn statuses_and_what_they_are_incomplete_for() {
    for (status, reason, expected) in [
        ("completed", Value::Null, "stop"),
        ("incomplete", json!({"reason": "max_output_tokens"}), "length"),
        ("incomplete", json!({"reason": "content_filter"}), "content_filter"),
        ("incomplete", Value::Null, "length"),
    ] {
        let body = json!({"status": status, "incomplete_details": reason, "output": [], "error": null});
        assert_eq!(written(body.to_string().as_bytes())["choices"][0]["finish_reason"], expected);
        let event = json!({"type": format!("response.{status}"), "response": body});
        let chunks = events(&translate(&[format!("data: {event}\n\n").as_bytes()]));
        assert_eq!(Said::of_stream(&chunks)[0].finish, expected);
    }
    for (body, message) in [
        (json!({"error": {"code": "server_error", "message": "oops"}, "status": "failed"}), "oops"),
        (json!({"status": "failed"}), "The provider reported an error in its stream."),
        (json!({}), "The provider's answer could not be read: no output."),
        (json!([]), "The provider's answer could not be read: no JSON object."),
    ] {
        assert_eq!(decode_response(body.to_string().as_bytes(), &ids()).unwrap_err().error.message, message);
    }
}

#[test]
fn free_text_images_and_log_probabilities() {
    let logprob = json!({"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []});
    let content = json!([{"type": "output_text", "text": "a", "annotations": [], "logprobs": [logprob]}]);
    let body = json!({"status": "completed", "output": [
        {"type": "custom_tool_call", "id": "ctc", "call_id": "c", "name": "free", "input": "x = 1"},
        {"type": "image_generation_call", "id": "ig", "result": "AAAA", "output_format": "webp", "status": "completed"},
        {"type": "message", "content": content},
    ]});
    let choice = &written(body.to_string().as_bytes())["choices"][0];
    assert_eq!(choice["message"]["images"][0]["image_url"]["url"], "data:image/webp;base64,AAAA");
    assert_eq!(choice["message"]["tool_calls"][0]["function"]["arguments"], "x = 1");
    assert_eq!(choice["logprobs"]["content"], json!([logprob]));
    let delta = json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "a", "logprobs": [logprob]});
    let chunks = events(&translate(&[format!("data: {delta}\n\n").as_bytes()]));
    assert!(chunks.iter().any(|chunk| chunk["choices"][0]["logprobs"]["content"] == json!([logprob])));
}

#[test]
fn rule_2_a_stream_cut_anywhere_ends_in_an_error() {
    for exchange in exchanges().iter().filter(|exchange| exchange.is_stream && given(exchange).is_some()) {
        let end = exchange.body.windows(20).rposition(|bytes| bytes.starts_with(b"\"response.completed")).unwrap();
        for at in [0, end / 3, end / 2, end.saturating_sub(8)] {
            let out = translate(&[&exchange.body[..at]]);
            let last = events(&out).pop().unwrap();
            assert_eq!(last["error"]["code"], "stream_cut", "{} at {at}: {last}", exchange.file);
            assert!(!out.ends_with(b"[DONE]\n\n"), "{}", exchange.file);
        }
    }
}
