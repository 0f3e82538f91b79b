//! Recorded answers, whole and streamed: the same meaning on the other side.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate::chat::gather;
use tollgate::dialect::gemini::decode_response;

use super::reading::{said, shown, signatures, usage as counted};
use super::recorded::{answer, decode, exchanges, translate};
use super::schema::Schema;
use super::support::{Exchange, Said, cuts, events, however_cut, ids, usage};

/// What a client can see of the signatures.
fn seen(message: &Value) -> Vec<String> {
    let details = message["reasoning_details"].as_array().into_iter().flatten();
    let blocks = message["provider_specific_fields"]["blocks"].as_array().into_iter().flatten();
    let blocks = blocks.map(|block| &block["block"]["thoughtSignature"]);
    details.map(|entry| &entry["data"]).chain(blocks).filter_map(|data| data.as_str().map(str::to_owned)).collect()
}

/// Why choices end, in the very words that clients see.
fn ends<'a>(choices: impl Iterator<Item = &'a Value>) -> Vec<&'a str> {
    choices.filter_map(|choice| choice["finish_reason"].as_str()).collect()
}

/// What is excluded, and why.
const EXCLUDED: [(&str, &str); 0] = [];

fn successes(is_stream: bool) -> Vec<Exchange> {
    let all = exchanges().into_iter().filter(|exchange| exchange.status == 200 && exchange.is_stream == is_stream);
    all.filter(|exchange| EXCLUDED.iter().all(|(file, _)| !exchange.file.ends_with(file))).collect()
}

#[test]
fn recorded_answers_mean_the_same_on_the_other_side() {
    let Some(schema) = Schema::read("ChatCompletion") else { return };
    let mut counts = BTreeMap::<String, usize>::new();
    for exchange in successes(false) {
        let file = &exchange.file;
        let given: Vec<Value> = vec![serde_json::from_slice(&exchange.body).unwrap()];
        let written = answer(&exchange.body);
        assert_eq!(Said::of_answer(&written), said(&given), "{file}");
        assert_eq!(usage([&written].into_iter()), shown(counted(&given)), "{file}");
        let finishes: Vec<String> = said(&given).into_iter().map(|choice| choice.finish).collect();
        assert_eq!(ends(written["choices"].as_array().unwrap().iter()), finishes, "{file}");
        assert_eq!(schema.faults(&written), [""; 0], "{file}");
        assert_eq!(written["model"], given[0].get("modelVersion").unwrap_or(&json!("sent-model")).clone(), "{file}");
        let choices = written["choices"].as_array().unwrap().iter();
        let mut seen: Vec<String> = choices.flat_map(|choice| seen(&choice["message"])).collect();
        let mut sealed = signatures(&given);
        seen.sort();
        sealed.sort();
        assert_eq!(seen, sealed, "{file}");
        *counts.entry(exchange.provider.clone()).or_default() += 1;
    }
    println!("answers: {counts:?}");
    assert!(counts.len() >= 3, "{counts:?}");
}

#[test]
fn recorded_streams_mean_the_same_on_the_other_side() {
    let Some(schema) = Schema::read("ChatCompletionChunk") else { return };
    let mut counts = BTreeMap::<String, usize>::new();
    for exchange in successes(true) {
        let file = &exchange.file;
        let given = events(&exchange.body);
        let whole = however_cut(file, &exchange.body, translate);
        let chunks = events(&whole);
        assert!(whole.ends_with(b"data: [DONE]\n\n"), "{file}: {}", String::from_utf8_lossy(&whole));
        assert_eq!(Said::of_stream(&chunks), said(&given), "{file}");
        assert_eq!(usage(chunks.iter()), shown(counted(&given)), "{file}");
        let finishes: Vec<String> = said(&given).into_iter().map(|choice| choice.finish).collect();
        assert_eq!(ends(chunks.iter().flat_map(|chunk| chunk["choices"].as_array().unwrap())), finishes, "{file}");
        chunks.iter().for_each(|chunk| assert_eq!(schema.faults(chunk), [""; 0], "{file}"));
        let deltas = chunks.iter().flat_map(|chunk| chunk["choices"].as_array().unwrap());
        let mut seen: Vec<String> = deltas.flat_map(|choice| seen(&choice["delta"])).collect();
        let mut sealed = signatures(&given);
        seen.sort();
        sealed.sort();
        assert_eq!(seen, sealed, "{file}");
        in_order(&chunks, file);
        // Without `alt=sse` it is a list, and the same.
        let list = serde_json::to_vec(&given).unwrap();
        for pieces in cuts(&list) {
            assert!(translate(&pieces) == translate(&[&list]), "{file}: a list in pieces");
        }
        assert_eq!(gather(&decode(&[&list])).unwrap(), decode_response(&list, &ids()).unwrap(), "{file}");
        assert_eq!(Said::of_stream(&events(&translate(&[&list]))), said(&given), "{file}");
        *counts.entry(exchange.provider.clone()).or_default() += 1;
    }
    println!("streams: {counts:?}");
    assert!(counts.len() >= 3, "{counts:?}");
}

/// Rules 15 to 18 and 22.
pub fn in_order(chunks: &[Value], file: &str) {
    let mut begun = BTreeMap::<u64, (u64, u64, bool)>::new();
    for choice in chunks.iter().flat_map(|chunk| chunk["choices"].as_array().unwrap()) {
        let (calls, details, is_finished) = begun.entry(choice["index"].as_u64().unwrap()).or_insert_with(|| {
            assert_eq!(choice["delta"], json!({"role": "assistant", "content": ""}), "{file}");
            (0, 0, false)
        });
        assert!(!*is_finished, "{file}: after its finish: {choice}");
        for (list, next) in [("tool_calls", calls), ("reasoning_details", details)] {
            for entry in choice["delta"][list].as_array().into_iter().flatten() {
                let index = entry["index"].as_u64().unwrap();
                assert!(index <= *next, "{file}: a gap: {entry}");
                let is_first = list == "tool_calls" && entry.get("id").is_some();
                assert!(list != "tool_calls" || is_first == (index == *next), "{file}: {entry}");
                *next = (*next).max(index + 1);
            }
        }
        assert!(choice["delta"]["content"] != "" || choice["delta"]["role"].is_string(), "{file}: empty text");
        *is_finished = choice["finish_reason"].is_string();
    }
    let places: Vec<usize> = (0..chunks.len()).filter(|i| chunks[*i]["usage"].is_object()).collect();
    assert!(places.is_empty() || places == [chunks.len() - 1], "{file}: usage at {places:?}");
}

/// Every exchange is tried, or excluded with its reason.
#[test]
fn the_table_of_what_was_tried() {
    let mut table = BTreeMap::<(String, bool), [usize; 2]>::new();
    for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
        let row = table.entry((exchange.provider.clone(), exchange.is_stream)).or_default();
        row[0] += 1;
        row[1] += usize::from(EXCLUDED.iter().any(|(file, _)| exchange.file.ends_with(file)));
    }
    for ((provider, is_stream), [tried, excluded]) in table {
        println!("{provider} {}: {tried} tried, {excluded} excluded", if is_stream { "streams" } else { "answers" });
    }
}

#[test]
fn rule_2_a_stream_cut_anywhere_ends_in_an_error() {
    for exchange in successes(true) {
        let end = exchange.body.windows(14).position(|bytes| bytes == b"\"finishReason\"").unwrap();
        for at in [0, end / 3, end / 2, end.saturating_sub(1)] {
            let out = translate(&[&exchange.body[..at]]);
            let last = events(&out).pop().unwrap();
            assert_eq!(last["error"]["code"], "stream_cut", "{} at {at}: {last}", exchange.file);
            assert!(!String::from_utf8(out).unwrap().contains("[DONE]"));
        }
    }
}
