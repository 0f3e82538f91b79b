//! The odd cases, by their numbers in docs/dialects.md, section 6.

use serde_json::{Value, json};

use super::answers::written;
use super::recorded::{decode, fixture, translate};
use super::support::{Said, events, exchange, folder, usage};
use tollgate::chat::Event;

fn chunks(body: &[u8]) -> Vec<Value> {
    let out = translate(&[body]);
    assert!(out.ends_with(b"data: [DONE]\n\n"));
    events(&out)
}

#[test]
fn case_5_web_searches_are_no_calls_and_pages_point_at_the_text() {
    if folder().is_none() {
        return;
    }
    let body = exchange("anthropic/messages/pyai.anthropic_model_web_search_tool_stream.json").body;
    let chunks = chunks(&body);
    let said = Said::of_stream(&chunks).remove(0);
    assert_eq!((said.calls.len(), &*said.finish), (0, "stop"));
    assert_eq!(usage(chunks.iter()), Some([Some(22_397), Some(0), Some(637), None]));
    // Each citation covers the text of its own block.
    let mut blocks: Vec<(String, usize)> = Vec::new();
    for event in events(&body) {
        match event["delta"]["type"].as_str().or(event["content_block"]["type"].as_str()) {
            Some("text") => blocks.push((String::new(), 0)),
            Some("text_delta") => blocks.last_mut().unwrap().0 += event["delta"]["text"].as_str().unwrap(),
            Some("citations_delta") => blocks.last_mut().unwrap().1 += 1,
            _ => {}
        }
    }
    let cited: Vec<String> = blocks.iter().flat_map(|(text, count)| vec![text.clone(); *count]).collect();
    let lists = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["annotations"].as_array());
    let pages: Vec<&Value> = lists.flatten().map(|entry| &entry["url_citation"]).collect();
    let letters: Vec<char> = said.text.chars().collect();
    let shown: Vec<String> = pages
        .iter()
        .map(|page| [&page["start_index"], &page["end_index"]].map(|place| place.as_u64().unwrap() as usize))
        .map(|[start, end]| letters[start..end].iter().collect())
        .collect();
    assert_eq!(shown, cited);
    assert!(!shown.is_empty());
    let mut searches = decode(&[&body]).into_iter().filter_map(|event| match event {
        Event::Usage(usage) => usage.server_tools.into_iter().find(|(name, _)| name == "web_search"),
        _ => None,
    });
    assert_eq!(searches.next_back(), Some(("web_search".to_owned(), 2)));
}

#[test]
fn case_6_and_rule_5_a_message_that_starts_twice() {
    if folder().is_none() {
        return;
    }
    let chunks = chunks(&fixture("duplicate-message-start.chunks.txt").body);
    let roles = chunks.iter().filter(|chunk| chunk["choices"][0]["delta"]["role"].is_string()).count();
    assert_eq!(roles, 1);
    assert_eq!(usage(chunks.iter()), Some([Some(17), None, Some(227), None]));
}

#[test]
fn case_7_a_refusal_is_an_answer() {
    if folder().is_none() {
        return;
    }
    let streamed = Said::of_stream(&chunks(&fixture("anthropic-refusal.chunks.txt").body)).remove(0);
    let at_once = Said::of_answer(&written(&fixture("anthropic-refusal.json").body)).remove(0);
    for said in [streamed, at_once] {
        assert_eq!((&*said.finish, &*said.text), ("content_filter", ""));
        assert!(said.refusal.starts_with("This request triggered"), "{}", said.refusal);
    }
}

#[test]
fn case_8_another_model_took_over() {
    if folder().is_none() {
        return;
    }
    let chunks = chunks(&fixture("anthropic-fallback.chunks.txt").body);
    let said = Said::of_stream(&chunks).remove(0);
    assert_eq!(said.text, "The printing press was invented by Johannes Gutenberg around 1440.");
    assert_eq!(usage(chunks.iter()), Some([Some(412), Some(0), Some(264), None]));
    let blocks = chunks.iter().find_map(|chunk| chunk.pointer("/choices/0/delta/provider_specific_fields/blocks"));
    assert_eq!(blocks.unwrap()[0]["block"]["type"], "fallback");
    assert_eq!(blocks.unwrap()[0]["format"], "anthropic-claude-v1");
}

/// Rules 24 and 25, and servers that speak the dialect badly.
#[test]
fn streams_that_are_not_as_they_should_be() {
    let data = |events: &[Value]| -> Vec<u8> {
        events.iter().flat_map(|event| format!("data: {event}\n\n").into_bytes()).collect()
    };
    let start = json!({"type": "message_start", "message": {"id": "m", "model": "c", "content": [], "usage": {"input_tokens": 3, "output_tokens": 1}}});
    let text = |index: u32, text: &str| json!({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}});
    let end = |word: &str, output: u32| json!({"type": "message_delta", "delta": {"stop_reason": word}, "usage": {"output_tokens": output}});
    let stop = json!({"type": "message_stop"});
    let call = json!({"type": "tool_use", "id": "", "name": "f", "input": {"a": 1}});
    let called = json!({"type": "content_block_start", "index": 4, "content_block": call});
    let compaction = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "compaction"}});
    let compacted =
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "compaction_delta", "content": "sum"}});
    let closed = json!({"type": "content_block_stop", "index": 0});
    for (what, stream, text, calls, finish) in [
        (
            "no start of a block",
            data(&[start.clone(), text(0, "hi"), end("end_turn", 2), stop.clone()]),
            "hi",
            json!([]),
            "stop",
        ),
        ("no start at all", data(&[text(0, "hi"), end("end_turn", 2), stop.clone()]), "hi", json!([]), "stop"),
        (
            "two ends",
            data(&[start.clone(), text(0, "hi"), end("end_turn", 1), end("max_tokens", 2), stop.clone()]),
            "hi",
            json!([]),
            "length",
        ),
        (
            "a whole call, left open",
            data(&[start.clone(), called, end("tool_use", 2), stop.clone()]),
            "",
            json!([{"a": 1}]),
            "tool_calls",
        ),
        (
            "a block that is carried whole",
            data(&[start.clone(), compaction, compacted, closed, text(1, "x"), end("end_turn", 2), stop.clone()]),
            "x",
            json!([]),
            "stop",
        ),
        (
            "after the end",
            data(&[start, text(0, "a"), end("end_turn", 1), stop, text(0, "b"), end("refusal", 2)]),
            "a",
            json!([]),
            "stop",
        ),
    ] {
        let chunks = chunks(&stream);
        let said = Said::of_stream(&chunks).remove(0);
        let inputs: Vec<Value> = said.calls.into_iter().map(|(_, input)| input).collect();
        assert_eq!((&*said.text, json!(inputs), &*said.finish), (text, calls, finish), "{what}");
        assert_eq!(usage(chunks.iter()).unwrap()[2], Some(2), "{what}: rule 6");
        if let Some(block) =
            chunks.iter().find_map(|chunk| chunk.pointer("/choices/0/delta/provider_specific_fields/blocks/0/block"))
        {
            assert_eq!(*block, json!({"type": "compaction", "content": "sum"}), "{what}");
        }
    }
}

/// Rule 6: nothing but usage comes after the terminal event.
#[test]
fn rule_6_after_the_end_only_usage_counts() {
    let data = [
        json!({"type": "message_start", "message": {"id": "m", "model": "c", "content": [], "usage": {"output_tokens": 1}}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
        json!({"type": "message_stop"}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "x"}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "refusal"}, "usage": {"output_tokens": 9}}),
        json!({"type": "error", "error": {"type": "api_error", "message": "late"}}),
    ];
    let body: String = data.iter().map(|event| format!("data: {event}\n\n")).collect();
    let events = decode(&[body.as_bytes()]);
    let names: Vec<&str> = events
        .iter()
        .map(|event| match event {
            Event::Start { .. } => "start",
            Event::Usage(_) => "usage",
            Event::Finish { .. } => "finish",
            Event::End => "end",
            _ => "other",
        })
        .collect();
    assert_eq!(names, ["start", "usage", "finish", "usage", "end"]);
}

/// Calls whose input comes in pieces, at once, or in both ways; and the call that stands for an answer in JSON.
#[test]
fn inputs_come_once() {
    for (name, start, pieces, input) in [
        ("f", json!({}), &["{\"a\"", ":1}"][..], r#"{"a":1}"#),
        ("f", json!({"a": 1}), &[][..], r#"{"a":1}"#),
        ("f", json!({"a": 0}), &["", "{\"a\":1}"][..], r#"{"a":1}"#),
        ("f", json!({}), &[""][..], "{}"),
        ("tollgate_json_answer", json!({}), &["{\"a\"", ":1}"][..], r#"{"a":1}"#),
        ("tollgate_json_answer", json!({"a": 1}), &[][..], r#"{"a":1}"#),
    ] {
        let block = json!({"type": "tool_use", "id": "t", "name": name, "input": start});
        let mut data = vec![json!({"type": "content_block_start", "index": 0, "content_block": block})];
        data.extend(pieces.iter().map(|piece| {
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": piece}})
        }));
        data.push(json!({"type": "content_block_stop", "index": 0}));
        data.push(
            json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}}),
        );
        data.push(json!({"type": "message_stop"}));
        let body: String = data.iter().map(|event| format!("data: {event}\n\n")).collect();
        let said = Said::of_stream(&chunks(body.as_bytes())).remove(0);
        if name == "f" {
            let expected = serde_json::from_str(input).unwrap();
            assert_eq!(
                (said.calls, &*said.finish),
                (vec![("f".to_owned(), expected)], "tool_calls"),
                "{start} {pieces:?}"
            );
        } else {
            assert_eq!((&*said.text, &*said.finish, said.calls.len()), (input, "stop", 0), "{start} {pieces:?}");
        }
    }
}

#[test]
fn rule_8_what_is_held_has_a_limit() {
    let start = r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"n","input":{}}}"#;
    let piece = format!(
        r#"data: {{"type":"content_block_delta","index":0,"delta":{{"type":"input_json_delta","partial_json":"{}"}}}}"#,
        "x".repeat(60_000)
    );
    let stream = [start.to_owned(), "\n\n".to_owned(), format!("{piece}\n\n").repeat(30)].concat();
    let Some(Event::Error(error)) = decode(&[stream.as_bytes()]).pop() else { panic!("no error") };
    assert_eq!(error.message, "The provider sent an event that is larger than what is held.");
}
