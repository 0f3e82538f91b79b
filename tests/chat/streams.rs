//! Streams: the same meaning, the same bytes however they are cut, in the order that SDKs need.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate::chat::{Event, Request, gather};
use tollgate::dialect::openai::chat::{Decoder, Encoder};

use super::schema::Schema;
use super::support::{Said, asking, decoded, events, folder, however_cut, ids, piped, recordings, usage};

/// The events of a stream in pieces.
pub fn decode(pieces: &[&[u8]]) -> Vec<Event> {
    decoded(&mut Decoder::new(&ids()), pieces)
}

/// What a client gets of a stream in pieces.
fn translate(pieces: &[&[u8]], request: &Request) -> Vec<u8> {
    let mut encoder = Encoder::new(request, &ids());
    piped(&mut Decoder::new(&ids()), pieces, |events, out| encoder.feed(events, out))
}

#[test]
fn recorded_streams_mean_the_same_on_the_other_side() {
    let Some(schema) = Schema::read("ChatCompletionChunk") else { return };
    let (mut counts, mut failed) = (BTreeMap::<String, usize>::new(), Vec::new());
    for recording in recordings().iter().filter(|recording| recording.status == 200 && recording.is_stream) {
        let file = &recording.file;
        let given = events(&recording.body);
        let whole = however_cut(file, &recording.body, |pieces| translate(pieces, &asking()));
        let chunks = events(&whole);
        if given.iter().any(|event| event["error"].is_object()) {
            let last = chunks.last().unwrap();
            assert!(last["error"]["message"].is_string() && !whole.ends_with(b"[DONE]\n\n"), "{file}: {last}");
            failed.push(file.clone());
            continue;
        }
        assert!(whole.ends_with(b"data: [DONE]\n\n"), "{file}");
        assert_eq!(Said::of_stream(&chunks), Said::for_client(Said::of_stream(&given), false), "{file}");
        assert_eq!(usage(chunks.iter()), usage(given.iter()), "{file}");
        for chunk in &chunks {
            assert_eq!(schema.faults(chunk), [""; 0], "{file}");
        }
        in_order(&chunks, file);
        // Read again, it is the same answer.
        let [mut once, twice] = [&recording.body[..], &whole].map(|body| {
            let mut response = gather(&decode(&[body])).unwrap();
            for choice in &mut response.choices {
                // DeepSeek's list of its reasoning has no place in the schema.
                choice.logprobs = choice.logprobs.as_ref().and_then(|raw| raw.json().object()?.raw("content"));
            }
            response
        });
        once.id = "chatcmpl-01JTEST".to_owned();
        once.native = twice.native.clone();
        if let (Some(once), Some(twice)) = (&mut once.usage, &twice.usage) {
            (once.cost, once.tier) = (twice.cost, twice.tier.clone());
            (once.image_in, once.image_out) = (twice.image_in, twice.image_out);
        }
        assert_eq!(format!("{once:?}").replace("stop", ""), format!("{twice:?}").replace("stop", ""), "{file}");
        *counts.entry(recording.provider.clone()).or_default() += 1;
    }
    println!("streams: {counts:?}; with an error: {failed:?}");
    assert!(counts.len() >= 9 && !failed.is_empty(), "{counts:?}");
}

/// Rules 15 to 18 and 22.
fn in_order(chunks: &[Value], file: &str) {
    let mut begun = BTreeMap::<u64, (u64, bool)>::new();
    for chunk in chunks {
        assert_eq!(chunk["id"], chunks[0]["id"], "{file}");
        assert!(chunk.get("usage").is_some(), "{file}: {chunk}");
        for choice in chunk["choices"].as_array().unwrap() {
            let (calls, is_finished) = begun.entry(choice["index"].as_u64().unwrap()).or_insert_with(|| {
                assert_eq!(choice["delta"], json!({"role": "assistant", "content": ""}), "{file}");
                (0, false)
            });
            assert!(!*is_finished, "{file}: after its finish: {choice}");
            for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
                let index = call["index"].as_u64().unwrap();
                assert_eq!(call.get("id").is_some(), index == *calls, "{file}: {call}");
                assert!(index <= *calls, "{file}: a gap: {call}");
                *calls = (*calls).max(index + 1);
            }
            if choice["finish_reason"].is_string() {
                *is_finished = true;
                assert_eq!(choice["delta"], json!({}), "{file}");
            }
        }
    }
    let places: Vec<usize> = (0..chunks.len()).filter(|i| chunks[*i]["usage"].is_object()).collect();
    assert!(places.is_empty() || places == [chunks.len() - 1], "{file}: usage at {places:?}");
}

#[test]
fn rule_22_usage_is_shown_to_those_who_asked() {
    let stream = b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n";
    for (wanted, has) in [(true, true), (false, false)] {
        let request = Request { usage_wanted: wanted, ..Request::default() };
        let out = String::from_utf8(translate(&[stream], &request)).unwrap();
        assert_eq!(out.contains("\"usage\""), has, "{out}");
    }
}

#[test]
fn rule_2_a_stream_cut_anywhere_ends_in_an_error() {
    for recording in recordings().iter().filter(|recording| recording.status == 200 && recording.is_stream).take(12) {
        let end = recording.body.windows(15).rposition(|bytes| bytes.starts_with(b"\"finish_reason\"")).unwrap_or(0);
        for at in [0, end / 3, end / 2, end.saturating_sub(1)] {
            let out = translate(&[&recording.body[..at]], &Request::default());
            let last = events(&out).pop().unwrap();
            assert_eq!(last["error"]["code"], "stream_cut", "{} at {at}: {last}", recording.file);
            assert!(!String::from_utf8(out).unwrap().contains("[DONE]"));
        }
    }
}

#[test]
fn synthetic_errors_end_a_stream() {
    let Some(folder) = folder() else { return };
    for (file, is_error) in [("openai/200-stream-error-mid.sse", true), ("azure/200-stream-async-filter.sse", false)] {
        let body = std::fs::read(folder.join("synthetic-errors").join(file)).unwrap();
        let out = translate(&[&body], &Request::default());
        assert_eq!(events(&out).last().unwrap()["error"].is_object(), is_error, "{file}");
        assert_eq!(out.ends_with(b"[DONE]\n\n"), !is_error, "{file}");
    }
}
