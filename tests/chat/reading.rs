//! Streams as providers send them: rules 2 to 14 of section 4 of docs/dialects.md.

use serde_json::{Value, json};
use tollgate::chat::{Body, Event, Format, Kind, Part, Reason, Response, SealKind, gather};
use tollgate::dialect::openai::chat::decode_response;
use tollgate::error::Class;

use super::streams::decode;
use super::support::{folder, ids};

/// A stream of these chunks.
fn stream(chunks: &[Value]) -> Vec<u8> {
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect::<String>().into_bytes()
}

fn delta(delta: Value) -> Value {
    json!({"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

fn finish(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

fn read(chunks: &[Value]) -> Response {
    gather(&decode(&[&stream(chunks)])).unwrap()
}

fn parts(chunks: &[Value]) -> Vec<Part> {
    read(chunks).choices.remove(0).parts
}

/// Name, id and arguments of the calls.
fn calls(chunks: &[Value]) -> Vec<(String, String, String)> {
    let calls = parts(chunks).into_iter().filter_map(|part| match part.body {
        Body::Call(call) => Some((call.name, call.id, call.args.as_text().to_owned())),
        _ => None,
    });
    calls.collect()
}

#[test]
fn rule_3_the_finish_is_the_end_and_done_alone_is_not() {
    let text = delta(json!({"content": "a"}));
    for (chunks, done, is_whole) in [
        (vec![text.clone(), finish("stop")], "", true),
        (vec![text.clone(), finish("stop")], "data: [DONE]\n\n", true),
        (vec![text.clone()], "data: [DONE]\n\n", false),
        (vec![text], "", false),
        (vec![], "data: [DONE]\n\n", false),
        (vec![json!({"choices": [{"index": 0, "delta": {}, "finish_reason": ""}]})], "", false),
    ] {
        let mut body = stream(&chunks);
        body.extend_from_slice(done.as_bytes());
        let events = decode(&[&body]);
        match events.last() {
            Some(Event::End) => assert!(is_whole, "{chunks:?}"),
            Some(Event::Error(error)) => assert_eq!((error.class, is_whole), (Class::Cut, false), "{chunks:?}"),
            other => panic!("{other:?}"),
        }
        let ends = events.iter().filter(|event| matches!(event, Event::End | Event::Error(_))).count();
        assert_eq!(ends, 1);
    }
}

#[test]
fn rule_4_what_is_not_known_is_skipped() {
    let body = [
        b": comment\n\ndata: not json\n\ndata: [1]\n\nevent: ping\ndata: {}\n\n".to_vec(),
        stream(&[
            json!({"new": {"deep": [1]}, "choices": [{"index": 0, "delta": {"content": "a", "new": 1}, "new": 2}]}),
            finish("stop"),
        ]),
    ];
    let response = gather(&decode(&[&body.concat()])).unwrap();
    assert_eq!(response.choices[0].parts, [Part::text("a")]);
}

#[test]
fn rule_6_after_the_finish_only_usage_counts() {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}});
    let late = delta(json!({"content": "late"}));
    let response = read(&[delta(json!({"content": "a"})), finish("stop"), late, finish("length"), usage]);
    assert_eq!(response.choices[0].parts, [Part::text("a")]);
    assert_eq!(response.choices[0].finish.reason, Reason::Stop);
    assert_eq!(response.usage.unwrap().output, Some(2));
}

#[test]
fn rule_9_all_that_is_legal() {
    let chunks = [
        json!({"id": "", "model": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}),
        json!({"choices": [{"index": 0}]}),
        json!({"choices": [{"index": 0, "delta": null}]}),
        delta(json!({"role": "assistant", "content": null, "tool_calls": null})),
        delta(
            json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "a"}]}),
        ),
        delta(json!({"content": "b", "refusal": null})),
        finish("stop"),
    ];
    let response = read(&chunks);
    let thought = Part::new(Body::Reasoning { text: "hm".into(), summary: false });
    assert_eq!(response.choices[0].parts, [thought, Part::text("ab")]);
    assert_eq!(response.native[0].key, "prompt_filter_results");
}

#[test]
fn rule_10_calls_by_index_by_id_or_as_they_come() {
    let call = |call: Value| delta(json!({"tool_calls": [call]}));
    let begin = |index: Value, id: &str, args: &str| json!({"index": index, "id": id, "function": {"name": "f", "arguments": args}});
    let more = |index: Value, args: &str| json!({"index": index, "function": {"arguments": args}});
    let made = ids().call(0, 0);
    for (name, chunks, expected) in [
        (
            "by index, interleaved, ids repeated",
            vec![
                begin(json!(0), "a", ""),
                begin(json!(1), "b", "{\"x\""),
                begin(json!(0), "a", "{\"y\""),
                more(json!(1), ":1}"),
                more(json!(0), ":2}"),
            ],
            vec![("a", "{\"y\":2}"), ("b", "{\"x\":1}")],
        ),
        (
            "without index, by id",
            vec![begin(Value::Null, "a", "{"), json!({"function": {"arguments": "}"}}), begin(Value::Null, "b", "{}")],
            vec![("a", "{}"), ("b", "{}")],
        ),
        ("no id at all", vec![begin(json!(0), "", "{}")], vec![(&*made, "{}")]),
        ("no arguments", vec![begin(json!(0), "a", "")], vec![("a", "{}")]),
        (
            "arguments before the name",
            vec![json!({"index": 0, "id": "a", "function": {"arguments": "{\"z\":"}}), begin(json!(0), "", "1}")],
            vec![("a", "{\"z\":1}")],
        ),
        (
            "arguments as an object",
            vec![json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": {"o": 1}}})],
            vec![("a", "{\"o\":1}")],
        ),
    ] {
        let mut chunks: Vec<Value> = chunks.into_iter().map(call).collect();
        chunks.push(finish("tool_calls"));
        let read: Vec<_> = calls(&chunks).into_iter().map(|(_, id, args)| (id, args)).collect();
        let expected: Vec<_> = expected.into_iter().map(|(id, args)| (id.to_owned(), args.to_owned())).collect();
        assert_eq!(read, expected, "{name}");
    }
}

#[test]
fn rule_11_usage_in_two_places_counts_once() {
    let counts = json!({"prompt_tokens": 3, "completion_tokens": 4});
    let mut last = finish("stop");
    last["usage"] = counts.clone();
    last["x_groq"] = json!({"usage": counts});
    let usage = read(&[delta(json!({"content": "a"})), last]).usage.unwrap();
    assert_eq!((usage.input, usage.output), (Some(3), Some(4)));
    let mut groq = finish("stop");
    groq["x_groq"] = json!({"usage": counts});
    assert_eq!(read(&[groq]).usage.unwrap().input, Some(3));
}

#[test]
fn rule_12_a_message_beside_the_delta_is_not_read() {
    let mut chunk = delta(json!({"content": "b"}));
    chunk["choices"][0]["message"] = json!({"role": "assistant", "content": "ab"});
    assert_eq!(parts(&[delta(json!({"content": "a"})), chunk, finish("stop")]), [Part::text("ab")]);
}

#[test]
fn rule_13_calls_make_the_finish_and_errors_end() {
    let call = delta(json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}]}));
    assert_eq!(read(&[call, finish("stop")]).choices[0].finish.reason, Reason::Calls);
    for prefix in ["", "event: error\n"] {
        let error = json!({"error": {"message": "Busy.", "type": "overloaded_error", "code": null}});
        let body = format!("{prefix}data: {error}\n\ndata: [DONE]\n\n");
        let events = decode(&[&stream(&[delta(json!({"content": "a"}))]), body.as_bytes()]);
        let Some(Event::Error(error)) = events.last() else { panic!("{events:?}") };
        assert_eq!((error.class, &*error.message), (Class::Overloaded, "Busy."));
    }
}

#[test]
fn rule_14_case_20_choices_interleave() {
    let Some(folder) = folder() else { return };
    let name = "openai/chat-completions/otel.chat_completion_multiple_choices_streaming.sse";
    let events = decode(&[&std::fs::read(folder.join(name)).unwrap()]);
    let finishes = events.iter().filter(|event| matches!(event, Event::Finish { .. })).count();
    let reports = events.iter().filter(|event| matches!(event, Event::Usage(_))).count();
    let response = gather(&events).unwrap();
    assert_eq!((finishes, reports, response.choices.len()), (2, 1, 2));
    assert!(response.choices.iter().all(|choice| choice.parts[0].as_text().is_some_and(|text| text.len() > 20)));
    assert!(matches!(events.last(), Some(Event::End)));
}

#[test]
fn case_17_an_error_after_a_200_keeps_its_status_and_what_came_before() {
    let Some(folder) = folder() else { return };
    let name = "groq/chat-completions/pyai.tool_use_failed_error_streaming.1.sse";
    let events = decode(&[&std::fs::read(folder.join(name)).unwrap()]);
    let Some(Event::Error(error)) = events.last() else { panic!("{events:?}") };
    assert_eq!((error.status, error.class), (400, Class::BadRequest));
    assert!(events.iter().any(|event| matches!(event, Event::Open { kind: Kind::Reasoning { .. }, .. })));
}

#[test]
fn case_18_perplexity_says_each_word_once() {
    let Some(folder) = folder() else { return };
    let events = decode(&[&std::fs::read(
        folder.join("perplexity/chat-completions/rig.streaming.streaming_smoke.sse"),
    )
    .unwrap()]);
    let reports: Vec<_> =
        events.iter().filter_map(|event| if let Event::Usage(usage) = event { Some(usage) } else { None }).collect();
    let response = gather(&events).unwrap();
    assert!(reports.len() > 1);
    assert_eq!(response.usage.as_ref().unwrap().output, reports.last().unwrap().output);
    assert!(response.usage.unwrap().cost.is_some(), "in USD, by the provider");
    let natives: Vec<_> = response.native.iter().map(|ext| &*ext.key).collect();
    assert_eq!(natives, ["citations", "search_results"]);
}

#[test]
fn details_come_with_their_seals() {
    let detail = |entry: Value| delta(json!({"reasoning": entry["text"], "reasoning_details": [entry]}));
    let chunks = [
        detail(json!({"type": "reasoning.text", "index": 0, "format": "anthropic-claude-v1", "text": "th"})),
        detail(json!({"type": "reasoning.text", "index": 0, "text": "ink"})),
        detail(json!({"type": "reasoning.text", "index": 0, "signature": "s"})),
        detail(
            json!({"type": "reasoning.text", "index": 1, "format": "anthropic-claude-v1", "text": "more", "signature": "t"}),
        ),
        detail(
            json!({"type": "reasoning.encrypted", "index": 2, "format": "google-gemini-v1", "id": "a", "data": "g"}),
        ),
        delta(json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}]})),
        finish("tool_calls"),
    ];
    let parts = parts(&chunks);
    let seals: Vec<_> = parts
        .iter()
        .map(|part| part.seal.as_ref().map(|seal| (&seal.format, seal.kind, &*seal.data)).unwrap())
        .collect();
    assert_eq!(seals[0], (&Format::Anthropic, SealKind::Signature, "s"));
    assert_eq!(seals[1], (&Format::Anthropic, SealKind::Signature, "t"));
    assert_eq!(seals[2], (&Format::Gemini, SealKind::Encrypted, "g"));
    assert_eq!(parts[0].body, Body::Reasoning { text: "think".into(), summary: false });
    assert!(matches!(parts[2].body, Body::Call(_)));
}

#[test]
fn an_event_larger_than_what_is_held_ends_the_stream() {
    let body = format!("data: {}\n\n", "x".repeat(2 << 20));
    let events = decode(&[body.as_bytes()]);
    assert!(matches!(&events[..], [Event::Error(error)] if error.class == Class::ProviderFault), "{}", events.len());
}

#[test]
fn the_seals_of_a_whole_answer_find_their_calls() {
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let seal = |id: Value, data: &str| json!({"type": "reasoning.encrypted", "format": "google-gemini-v1", "id": id, "data": data});
    let details = json!([seal(json!("b"), "of b"), seal(Value::Null, "of the text"), seal(json!("c"), "of nobody")]);
    let message = json!({"content": "hi", "tool_calls": [call("a"), call("b")], "reasoning_details": details});
    let body = json!({"choices": [{"message": message, "finish_reason": "tool_calls"}]}).to_string();
    let parts = decode_response(body.as_bytes(), &ids()).unwrap().choices.remove(0).parts;
    let seals: Vec<Option<&str>> = parts.iter().map(|part| part.seal.as_ref().map(|seal| &*seal.data)).collect();
    assert_eq!(seals, [Some("of the text"), None, Some("of b")]);
}
