//! Streams.

use serde_json::{Value, json};
use tollgate::chat::gather;
use tollgate::dialect::anthropic::decode_response;

use super::recorded::{
    decode, exchanges, finish, message_of, natives, said, shown_signatures, signatures, translate, used,
};
use super::schema::Schema;
use super::support::{Exchange, Said, cuts, events, folder, however_cut, ids, usage};

/// What a stream must mean on the other side, however it is cut.
pub fn check(exchange: &Exchange, schema: &Schema) {
    let file = &exchange.file;
    let given = message_of(&exchange.body);
    let whole = however_cut(file, &exchange.body, translate);
    assert!(whole.ends_with(b"data: [DONE]\n\n"), "{file}");
    let chunks = events(&whole);
    assert_eq!(Said::of_stream(&chunks), [said(&given)], "{file}");
    let word = chunks.iter().find_map(|chunk| chunk["choices"][0]["finish_reason"].as_str());
    assert_eq!(word, Some(finish(&given)), "{file}");
    assert_eq!(usage(chunks.iter()), Some(used(&given)), "{file}");
    let deltas = || chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]);
    let blocks =
        deltas().flat_map(|delta| delta["provider_specific_fields"]["blocks"].as_array().into_iter().flatten());
    assert!(blocks.map(|entry| entry["block"].clone()).collect::<Vec<_>>() == natives(&given), "{file}: other blocks");
    assert_eq!(shown_signatures(deltas()), signatures(&given), "{file}");
    chunks.iter().for_each(|chunk| assert_eq!(schema.faults(chunk), [""; 0], "{file}"));
    in_order(&chunks, file);
    // It is the same answer as one that is no stream.
    let mut streamed = gather(&decode(&[&exchange.body])).unwrap();
    let mut at_once = decode_response(given.to_string().as_bytes(), &ids()).unwrap();
    for answer in [&mut streamed, &mut at_once] {
        answer.usage.as_mut().unwrap().server_tools.sort();
    }
    assert_eq!(streamed.usage, at_once.usage, "{file}");
    assert_eq!(streamed.choices[0].finish.reason, at_once.choices[0].finish.reason, "{file}");
    assert_eq!(streamed.choices[0].finish.stop_sequence, at_once.choices[0].finish.stop_sequence, "{file}");
    assert_eq!((streamed.id, streamed.model), (at_once.id, at_once.model), "{file}");
    assert_eq!(streamed.choices[0].parts.len(), at_once.choices[0].parts.len(), "{file}");
}

/// Rules 15 to 18, 21 and 22.
fn in_order(chunks: &[Value], file: &str) {
    assert_eq!(chunks[0]["choices"][0]["delta"], json!({"role": "assistant", "content": ""}), "{file}");
    let (mut calls, mut details, mut ends) = (0, 0, 0);
    for chunk in chunks {
        assert_eq!((&chunk["id"], &chunk["model"]), (&chunks[0]["id"], &chunks[0]["model"]), "{file}");
        let choice = &chunk["choices"][0];
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let index = call["index"].as_u64().unwrap();
            assert_eq!(call.get("id").is_some(), index == calls, "{file}: {call}");
            calls = calls.max(index + 1);
        }
        for entry in choice["delta"]["reasoning_details"].as_array().into_iter().flatten() {
            let index = entry["index"].as_u64().unwrap();
            assert!(index <= details, "{file}: a gap: {entry}");
            assert_eq!(entry.get("format").is_some(), index == details, "{file}: {entry}");
            details = details.max(index + 1);
        }
        if choice["finish_reason"].is_string() {
            ends += 1;
            assert_eq!(choice["delta"], json!({}), "{file}");
        }
    }
    assert_eq!(ends, 1, "{file}");
    let places: Vec<usize> = (0..chunks.len()).filter(|i| chunks[*i]["usage"].is_object()).collect();
    assert_eq!(places, [chunks.len() - 1], "{file}");
}

#[test]
fn recorded_streams_mean_the_same_on_the_other_side() {
    let Some(schema) = Schema::read("ChatCompletionChunk") else { return };
    let (mut tried, mut passed) = (0, 0);
    for exchange in exchanges().iter().filter(|exchange| exchange.status == 200 && exchange.is_stream) {
        tried += 1;
        check(exchange, &schema);
        passed += 1;
    }
    println!("anthropic streams: tried {tried}, passed {passed}, excluded 0");
    assert!(tried >= 28, "{tried}");
}

#[test]
fn rule_2_a_stream_cut_anywhere_ends_in_an_error() {
    for exchange in exchanges().iter().filter(|exchange| exchange.is_stream) {
        let end = exchange.body.windows(14).rposition(|bytes| bytes == b"\"message_stop\"").unwrap();
        for at in [0, end / 5, end / 3, end / 2, end] {
            let out = translate(&[&exchange.body[..at]]);
            let last = events(&out).pop().unwrap();
            assert_eq!(last["error"]["code"], "stream_cut", "{} at {at}: {last}", exchange.file);
            assert!(
                !String::from_utf8_lossy(&out).contains("[DONE]")
                    && !String::from_utf8_lossy(&out).contains("finish_reason\":\"")
            );
        }
    }
}

/// Case 21 and trap 8.
#[test]
fn synthetic_errors_end_a_stream() {
    let Some(folder) = folder() else { return };
    for (file, code, text, input) in [
        ("200-stream-error-first", "overloaded", "", None),
        ("200-stream-error-mid", "overloaded", "Hello", Some(25)),
        ("200-stream-truncated", "stream_cut", "Hello", Some(25)),
    ] {
        let body = std::fs::read(folder.join(format!("synthetic-errors/anthropic/{file}.sse"))).unwrap();
        for pieces in cuts(&body) {
            let out = translate(&pieces);
            let chunks = events(&out);
            let last = chunks.last().unwrap();
            assert_eq!(last["error"]["code"], code, "{file}");
            assert!(!out.ends_with(b"[DONE]\n\n"), "{file}");
            let said: String =
                chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
            assert_eq!(said, text, "{file}");
        }
        // What was used until then is known.
        let mut reported = decode(&[&body]).into_iter().filter_map(|event| match event {
            tollgate::chat::Event::Usage(usage) => usage.input,
            _ => None,
        });
        assert_eq!(reported.next_back(), input, "{file}");
    }
}
