//! The nasty cases of docs/dialects.md, section 6, and the traps that peers fell into, as far as they are Bedrock's.

use serde_json::{Value, json};
use tollgate::chat::{Body, Event, Finish, Ids, Kind, Link, Reason, SealKind};
use tollgate::dialect::bedrock::decode_response;

use super::recorded::{decode, exchanges, translate};
use super::support::{Exchange, events, folder, frames, ids};

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

fn recorded(end: &str) -> Option<Exchange> {
    folder()?;
    Some(exchanges().into_iter().find(|exchange| exchange.file.ends_with(end)).unwrap())
}

fn chunks(exchange: &Exchange) -> Vec<Value> {
    events(&translate(&[&exchange.body], &exchange.ids()))
}

fn delta<'a>(chunks: &'a [Value], name: &str) -> Vec<&'a Value> {
    chunks.iter().map(|chunk| &chunk["choices"][0]["delta"][name]).filter(|value| !value.is_null()).collect()
}

fn text(chunks: &[Value]) -> String {
    delta(chunks, "content").iter().map(|piece| piece.as_str().unwrap()).collect()
}

fn finish(chunks: &[Value]) -> &str {
    chunks.iter().find_map(|chunk| chunk["choices"][0]["finish_reason"].as_str()).unwrap()
}

fn event(name: &str, payload: Value) -> (String, Value) {
    (name.to_owned(), payload)
}

fn claude() -> Ids {
    Ids { model: CLAUDE.to_owned(), ..ids() }
}

fn of(events: &[(String, Value)]) -> Vec<Event> {
    decode(&[&frames(events)], &claude())
}

#[test]
fn case_1_built_in_tools_are_no_calls() {
    let Some(exchange) = recorded("pyai.bedrock_model_code_execution_tool_stream.json") else { return };
    let chunks = chunks(&exchange);
    let calls: Vec<&Value> =
        delta(&chunks, "tool_calls").into_iter().flat_map(|list| list.as_array().unwrap()).collect();
    assert_eq!((&calls[0]["index"], &calls[0]["function"]["name"]), (&json!(0), &json!("final_result")));
    assert!(calls.iter().all(|call| call["index"] == 0));
    let fields = delta(&chunks, "provider_specific_fields");
    let blocks = fields[0]["blocks"].as_array().unwrap();
    assert_eq!(
        (&blocks[0]["name"], &blocks[0]["format"]),
        (&json!("nova_code_interpreter"), &json!("amazon-bedrock-v1"))
    );
    assert_eq!(blocks[0]["block"]["toolUse"]["input"], json!({"snippet": "1234 * 5678"}));
    assert_eq!((&blocks[1]["call_id"], blocks.len()), (&blocks[0]["call_id"], 2));
    assert_eq!(finish(&chunks), "tool_calls");
}

#[test]
fn case_2_the_citation_follows_its_text() {
    let Some(exchange) = recorded("rubyllm.citations_with_bedrock_claude-haiku-4-5_streams_citations.json") else {
        return;
    };
    let events = decode(&[&exchange.body], &exchange.ids());
    let words: Vec<&str> = events
        .iter()
        .map(|event| match event {
            Event::Open { .. } => "open",
            Event::Text { .. } => "text",
            Event::Cite { .. } => "cite",
            Event::Close { .. } => "close",
            _ => "",
        })
        .filter(|word| !word.is_empty())
        .collect();
    assert_eq!(words, ["open", "text", "text", "text", "cite", "close"]);
}

#[test]
fn case_3_a_guardrail_ends_an_answer_and_its_text_stays() {
    let Some(exchange) = recorded("ollmetry.nova_converse_stream_with_events_with_content.json") else { return };
    let chunks = chunks(&exchange);
    assert!(text(&chunks).starts_with("{ADDRESS} is the capital"));
    assert_eq!(finish(&chunks), "content_filter");
    assert_eq!(chunks.last().unwrap()["usage"]["total_tokens"], 72);
    assert!(delta(&chunks, "provider_specific_fields")[0]["trace"]["guardrail"].is_object());
}

#[test]
fn case_4_no_arguments_and_usage_before_the_end() {
    let Some(exchange) = recorded("amazon-bedrock-tool-no-args.chunks.txt") else { return };
    let chunks = chunks(&exchange);
    let arguments: String =
        delta(&chunks, "tool_calls").iter().map(|list| list[0]["function"]["arguments"].as_str().unwrap()).collect();
    assert_eq!(arguments, "{}");
    let usage = &chunks.last().unwrap()["usage"];
    assert_eq!((&usage["prompt_tokens"], &usage["completion_tokens"]), (&json!(100), &json!(25)));
    assert!(translate(&[&exchange.body], &exchange.ids()).ends_with(b"[DONE]\n\n"));
}

#[test]
fn rule_12_reasoning_cut_before_its_signature_has_no_seal() {
    let thought = |reasoning: Value| {
        event("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"reasoningContent": reasoning}}))
    };
    let cut = of(&[thought(json!({"text": "hm"})), thought(json!({"signature": "S1"}))]);
    assert!(!cut.iter().any(|event| matches!(event, Event::Seal { .. })), "{cut:?}");
    assert!(matches!(cut.last(), Some(Event::Error(_))));
}

/// A signature in pieces is one seal; what nobody may read is another part.
#[test]
fn seals_are_whole_and_once_per_part() {
    let thought = |reasoning: Value| {
        event("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"reasoningContent": reasoning}}))
    };
    let stop = || event("contentBlockStop", json!({"contentBlockIndex": 0}));
    let events = of(&[
        thought(json!({"text": "hm"})),
        thought(json!({"signature": "S1"})),
        thought(json!({"signature": "S2=="})),
        stop(),
        thought(json!({"redactedContent": "UjE="})),
        stop(),
        event("messageStop", json!({"stopReason": "end_turn"})),
    ]);
    let seals: Vec<(u32, SealKind, &str)> = events
        .iter()
        .filter_map(|event| match event {
            Event::Seal { part, seal, .. } => Some((*part, seal.kind, &*seal.data)),
            _ => None,
        })
        .collect();
    assert_eq!(seals, [(0, SealKind::Signature, "S1S2=="), (1, SealKind::Redacted, "UjE=")]);
    assert_eq!(events.last(), Some(&Event::End));
}

/// Rules 6 and 48, trap 7: the finish waits for usage, in either order; without usage it waits for the end of input.
#[test]
fn rule_48_the_finish_waits_for_usage() {
    let text = || event("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"text": "a"}}));
    let stop = || event("messageStop", json!({"stopReason": "end_turn"}));
    let usage = || event("metadata", json!({"usage": {"inputTokens": 1, "outputTokens": 2}}));
    let late = || event("contentBlockDelta", json!({"contentBlockIndex": 3, "delta": {"text": "no"}}));
    for (events, has_usage) in [
        (vec![text(), stop(), usage()], true),
        (vec![text(), usage(), stop()], true),
        (vec![text(), stop(), late(), stop(), usage()], true),
        (vec![text(), stop()], false),
    ] {
        let words: Vec<&str> = of(&events)
            .iter()
            .map(|event| match event {
                Event::Start { .. } => "start",
                Event::Open { .. } => "open",
                Event::Text { .. } => "text",
                Event::Close { .. } => "close",
                Event::Usage(_) => "usage",
                Event::Finish { .. } => "finish",
                Event::End => "end",
                other => panic!("{other:?}"),
            })
            .filter(|word| *word != "usage")
            .collect();
        assert_eq!(words, ["start", "open", "text", "close", "finish", "end"]);
        assert_eq!(of(&events).iter().any(|event| matches!(event, Event::Usage(_))), has_usage);
    }
    // Damage after the end spoils nothing.
    let mut body = frames(&[text(), stop()]);
    body.extend([0; 20]);
    assert_eq!(decode(&[&body], &claude()).last(), Some(&Event::End));
}

/// Rule 4: a block that nobody knows is told as it began; deltas and events that nobody knows are passed over.
#[test]
fn rule_4_what_is_not_known_spoils_nothing() {
    let events = of(&[
        event("contentBlockStart", json!({"contentBlockIndex": 0, "start": {"hologram": {"depth": 3}}})),
        event("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"hologram": {"more": 1}}})),
        event("contentBlockStop", json!({"contentBlockIndex": 0})),
        event("contentBlockStop", json!({"contentBlockIndex": 9})),
        event("contentBlockDelta", json!({"contentBlockIndex": 1, "delta": {"text": 7}})),
        event("contentBlockDelta", json!({"contentBlockIndex": 1})),
        event("messageStop", json!({"stopReason": "a_new_reason"})),
    ]);
    let block = events.iter().find_map(|event| match event {
        Event::Whole { body: Body::Native(native), .. } => Some(native),
        _ => None,
    });
    let block = block.unwrap();
    assert_eq!((block.block.value(), &block.link), (json!({"hologram": {"depth": 3}}), &Link::Alone));
    let finish =
        events.iter().find_map(|event| if let Event::Finish { finish, .. } = event { Some(finish) } else { None });
    assert_eq!(finish, Some(&Finish::new(Reason::Stop, "a_new_reason")));
}

/// A stream may hold back 1 MiB, not more (rule 8).
#[test]
fn rule_8_what_is_held_is_bounded() {
    let start = event(
        "contentBlockStart",
        json!({"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "a", "name": "x", "type": "server_tool_use"}}}),
    );
    let piece = event(
        "contentBlockDelta",
        json!({"contentBlockIndex": 0, "delta": {"toolUse": {"input": "x".repeat(200_000)}}}),
    );
    let mut body = frames(&[start]);
    for _ in 0..6 {
        body.extend(frames(std::slice::from_ref(&piece)));
    }
    let events = decode(&[&body], &claude());
    assert!(
        matches!(events.last(), Some(Event::Error(error)) if error.message.contains("larger")),
        "{:?}",
        events.last()
    );
}

#[test]
fn every_stop_reason_has_a_word() {
    for (word, expected) in [
        ("end_turn", "stop"),
        ("tool_use", "stop"),
        ("max_tokens", "length"),
        ("stop_sequence", "stop"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("malformed_model_output", "stop"),
        ("malformed_tool_use", "stop"),
        ("model_context_window_exceeded", "length"),
    ] {
        let body = frames(&[
            event("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"text": "a"}})),
            event("messageStop", json!({"stopReason": word})),
        ]);
        assert_eq!(finish(&events(&translate(&[&body], &claude()))), expected, "{word}");
    }
}

/// What the client asked to see of the model's own answer, and the text at which it stopped.
#[test]
fn additional_fields_are_told() {
    let fields = json!({"delta": {"stop_sequence": "END"}});
    let body = json!({"output": {"message": {"content": [{"text": "a"}]}}, "stopReason": "stop_sequence",
        "additionalModelResponseFields": fields, "performanceConfig": {"latency": "optimized"}});
    let whole = decode_response(body.to_string().as_bytes(), &claude()).unwrap();
    let events = of(&[
        event("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"text": "a"}})),
        event("messageStop", json!({"stopReason": "stop_sequence", "additionalModelResponseFields": fields})),
        event("metadata", json!({"performanceConfig": {"latency": "optimized"}})),
    ]);
    let streamed = tollgate::chat::gather(&events).unwrap();
    for response in [whole, streamed] {
        assert_eq!(response.choices[0].finish.stop_sequence.as_deref(), Some("END"));
        let mut told: Vec<&str> = response.native.iter().map(|ext| &*ext.key).collect();
        told.sort_unstable();
        assert_eq!(told, ["additionalModelResponseFields", "performanceConfig"]);
        assert_eq!(response.usage, None);
    }
}

/// Where a model cannot be held to JSON in another way, it calls a tool, and that is the text.
#[test]
fn the_tool_that_stands_for_an_answer_is_text() {
    let call = json!({"toolUseId": "t", "name": "tollgate_json_answer"});
    let whole = json!({"output": {"message": {"content": [{"toolUse": {"toolUseId": "t", "name": "tollgate_json_answer", "input": {"a": 1}}}]}}, "stopReason": "tool_use"});
    let events = of(&[
        event("contentBlockStart", json!({"contentBlockIndex": 0, "start": {"toolUse": call}})),
        event("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{\"a\""}}})),
        event("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"toolUse": {"input": ":1}"}}})),
        event("contentBlockStop", json!({"contentBlockIndex": 0})),
        event("messageStop", json!({"stopReason": "tool_use"})),
    ]);
    for response in
        [decode_response(whole.to_string().as_bytes(), &claude()).unwrap(), tollgate::chat::gather(&events).unwrap()]
    {
        assert_eq!(response.choices[0].parts[0].as_text(), Some("{\"a\":1}"));
        assert_eq!(response.choices[0].finish.reason, Reason::Stop);
    }
}

/// Images of an answer, and calls without an id.
#[test]
fn images_and_nameless_calls() {
    let events = of(&[
        event("contentBlockStart", json!({"contentBlockIndex": 0, "start": {"image": {"format": "png"}}})),
        event(
            "contentBlockDelta",
            json!({"contentBlockIndex": 0, "delta": {"image": {"source": {"bytes": "iVBORw0K"}}}}),
        ),
        event("contentBlockStop", json!({"contentBlockIndex": 0})),
        event(
            "contentBlockStart",
            json!({"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "", "name": "f"}}}),
        ),
        event("contentBlockStop", json!({"contentBlockIndex": 1})),
        event("messageStop", json!({"stopReason": "end_turn"})),
    ]);
    let whole = json!({"output": {"message": {"content": [{"image": {"format": "png", "source": {"bytes": "iVBORw0K"}}},
        {"toolUse": {"toolUseId": "", "name": "f", "input": {}}}]}}, "stopReason": "end_turn"});
    let whole = decode_response(whole.to_string().as_bytes(), &claude()).unwrap();
    let streamed = tollgate::chat::gather(&events).unwrap();
    assert_eq!(whole.choices, streamed.choices);
    assert!(
        matches!(&whole.choices[0].parts[0].body, Body::Media(media) if media.mime.as_deref() == Some("image/png"))
    );
    assert!(matches!(&whole.choices[0].parts[1].body, Body::Call(call) if call.id == claude().call(0, 1)));
    assert_eq!(whole.choices[0].finish.reason, Reason::Calls);
    assert!(events.iter().any(|event| matches!(event, Event::Open { kind: Kind::Call { .. }, .. })));
}
