//! Recordings changed in ways that must not matter, or that must show on the other side; and any bytes.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};
use tollgate::chat::Event;
use tollgate::dialect::ResponseHead;
use tollgate::dialect::gemini::{
    can_embed, can_express, decode_embeddings, decode_response, encode_embeddings, encode_request, failure,
};
use tollgate::dialect::openai::chat::decode_request;
use tollgate::dialect::openai::embeddings;

use super::answers::in_order;
use super::reading::{said, shown, usage as counted};
use super::recorded::{answer, decode, exchanges, translate};
use super::schema::Schema;
use super::spoilt::{changed, changes};
use super::strict::{studio, vertex};
use super::support::{Exchange, Said, cuts, events, ids, recordings, usage};

/// Other names of tools, text of many bytes.
fn rename(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(rename),
        Value::Object(members) => {
            if let Some(Value::String(name)) = members.get_mut("functionCall").and_then(|call| call.get_mut("name")) {
                *name = format!("{name}-ü_9");
            }
            for name in ["text", "stringValue"] {
                if let Some(Value::String(text)) = members.get_mut(name)
                    && !text.is_empty()
                {
                    *text = format!("{text}\u{1f389}\u{301}\"\\\u{2028}日本");
                }
            }
            members.values_mut().for_each(rename);
        }
        _ => {}
    }
}

/// Members that nobody knows, in every object that is not the client's own or carried whole.
fn extend(value: &mut Value) {
    const CARRIED: [&str; 6] =
        ["args", "groundingMetadata", "urlContextMetadata", "executableCode", "codeExecutionResult", "safetyRatings"];
    match value {
        Value::Array(items) => items.iter_mut().for_each(extend),
        Value::Object(members) => {
            members
                .iter_mut()
                .filter(|(name, _)| !CARRIED.contains(&name.as_str()))
                .for_each(|(_, value)| extend(value));
            members.insert("aNewMember".to_owned(), json!({"error": [{"index": 7}]}));
        }
        _ => {}
    }
}

/// Names of Google's enumerations and empty members that say nothing.
fn empty(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(empty),
        Value::Object(members) => {
            members.values_mut().for_each(empty);
            if members.contains_key("content") {
                members.entry("finishReason").or_insert(json!("FINISH_REASON_UNSPECIFIED"));
                members.insert(
                    "groundingMetadata".to_owned(),
                    members.get("groundingMetadata").cloned().unwrap_or(Value::Null),
                );
            }
        }
        _ => {}
    }
}

/// The other way round, where no signature stands alone.
fn reverse(answer: &mut Value) {
    for candidate in answer["candidates"].as_array_mut().into_iter().flatten() {
        if let Some(parts) =
            candidate["content"]["parts"].as_array_mut().filter(|parts| parts.iter().all(|part| part["text"] != ""))
        {
            parts.reverse();
            candidate["groundingMetadata"] = Value::Null;
        }
    }
}

type Change = fn(&mut Value);

fn stream(events: &[Value]) -> Vec<u8> {
    let mut out = String::from(": a comment\r\n\r\n");
    for event in events {
        out += &format!(
            "data:{event}\r\nid: 1\r\n\r\nevent: new\ndata: {{\"aNewEvent\":1}}\n\ndata: not json\n\ndata: {{\"candidates\":[7,null]}}\n\n"
        );
    }
    out.into_bytes()
}

#[test]
fn changed_recordings_mean_what_they_say() {
    let (Some(whole), Some(chunk)) = (Schema::read("ChatCompletion"), Schema::read("ChatCompletionChunk")) else {
        return;
    };
    let changes: [(&str, Change); 5] = [
        ("names and texts", rename),
        ("members", extend),
        ("events", |_| {}),
        ("empty members", empty),
        ("order", reverse),
    ];
    for (what, change) in changes {
        let (mut tried, mut passed) = (0, 0);
        for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
            let is_answers_only = what == "order";
            if exchange.is_stream && is_answers_only {
                continue;
            }
            tried += 1;
            let file = format!("{}: {what}", exchange.file);
            if exchange.is_stream {
                let mut given = events(&exchange.body);
                given.iter_mut().for_each(change);
                let body = stream(&given);
                let out = translate(&[&body]);
                for pieces in cuts(&body) {
                    assert!(translate(&pieces) == out, "{file}: depends on how it is cut");
                }
                let chunks = events(&out);
                assert!(out.ends_with(b"data: [DONE]\n\n"), "{file}");
                assert_eq!(Said::of_stream(&chunks), said(&given), "{file}");
                assert_eq!(usage(chunks.iter()), shown(counted(&given)), "{file}");
                chunks.iter().for_each(|value| assert_eq!(chunk.faults(value), [""; 0], "{file}"));
                in_order(&chunks, &file);
            } else {
                let mut given: Value = serde_json::from_slice(&exchange.body).unwrap();
                change(&mut given);
                let written = answer(given.to_string().as_bytes());
                let given = [given];
                assert_eq!(Said::of_answer(&written), said(&given), "{file}");
                assert_eq!(usage([&written].into_iter()), shown(counted(&given)), "{file}");
                assert_eq!(whole.faults(&written), [""; 0], "{file}");
            }
            passed += 1;
        }
        println!("gemini mutations, {what}: tried {tried}, passed {passed}, excluded 0");
    }
}

/// Read once, not for every case.
static EXCHANGES: LazyLock<Vec<Exchange>> = LazyLock::new(exchanges);
static RECORDINGS: LazyLock<Vec<Exchange>> = LazyLock::new(recordings);

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read((which, places, cut, cuts) in changes()) {
        if EXCHANGES.is_empty() {
            return Ok(());
        }
        let exchange = &EXCHANGES[which % EXCHANGES.len()];
        let body = changed(&exchange.body, &places, cut, cuts);
        let _ = decode_response(&body, &ids());
        let _ = decode_embeddings(&body);
        let _ = failure(&ResponseHead { status: 400, ..ResponseHead::default() }, &body);
        let list = serde_json::to_vec(&events(&exchange.body)).unwrap();
        for body in [body, changed(&list, &places, cut, cuts)] {
            let events = decode(&[&body]);
            let ends = events.iter().filter(|event| matches!(event, Event::End | Event::Error(_))).count();
            prop_assert_eq!(ends, 1);
            prop_assert!(matches!(events.last(), Some(Event::End | Event::Error(_))));
            let pieces: Vec<&[u8]> = body.chunks(1 + cut % 40).collect();
            prop_assert!(decode(&pieces) == events);
            in_sequence(&events)?;
            let _ = translate(&pieces);
        }
    }

    #[test]
    fn any_requests_are_written((which, places, cut, _) in changes()) {
        if RECORDINGS.is_empty() {
            return Ok(());
        }
        let recording = &RECORDINGS[which % RECORDINGS.len()];
        let body = serde_json::to_vec(&recording.request).unwrap();
        let body = changed(&body, &places, cut, false);
        for facts in [studio("gemini-2.5-flash"), vertex("gemini-3-pro")] {
            if let Ok(request) = decode_request(&body) {
                let _ = can_express(&request, &facts);
                let encoded = encode_request(&request, &facts);
                prop_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&encoded.body).is_ok());
            }
            if let Ok(request) = embeddings::decode_request(&body) {
                let _ = can_embed(&request, &facts);
                let _ = encode_embeddings(&request, &facts);
            }
        }
    }
}

/// Parts are opened once, written while open, and closed before their choice ends.
fn in_sequence(events: &[Event]) -> Result<(), TestCaseError> {
    let (mut open, mut known, mut finished) =
        (std::collections::BTreeSet::new(), std::collections::BTreeSet::new(), Vec::new());
    for (place, event) in events.iter().enumerate() {
        match event {
            Event::Start { .. } => prop_assert_eq!(place, 0),
            Event::Open { choice, part, .. } => {
                prop_assert!(known.insert((*choice, *part)) && !finished.contains(choice));
                open.insert((*choice, *part));
            }
            Event::Whole { choice, part, .. } => {
                prop_assert!(known.insert((*choice, *part)) && !finished.contains(choice))
            }
            Event::Text { choice, part, piece } | Event::Args { choice, part, piece } => {
                prop_assert!(open.contains(&(*choice, *part)) && !piece.is_empty());
            }
            Event::Seal { choice, part, .. } | Event::Cite { choice, part, .. } => {
                prop_assert!(known.contains(&(*choice, *part)))
            }
            Event::Close { choice, part } => prop_assert!(open.remove(&(*choice, *part))),
            Event::Finish { choice, .. } => {
                prop_assert!(!open.iter().any(|(of, _)| of == choice) && !finished.contains(choice));
                finished.push(*choice);
            }
            _ => {}
        }
    }
    Ok(())
}
