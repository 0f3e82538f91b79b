//! Every recorded answer and stream of every provider, as a client of Anthropic's gets it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate::chat::{Body, Event, Format, Request, gather};
use tollgate::dialect::anthropic::client::encode_response;
use tollgate::dialect::spoken;

use super::anthropic::message_of;
use super::reading::{Schemas, check_order, events, expected, said};
use super::recorded::gateway;
use super::support::{cuts, ids, turns};

/// How many were tried and are right, by provider.
#[derive(Default)]
struct Counts(BTreeMap<String, (usize, usize)>);

impl Counts {
    fn tried(&mut self, provider: &str) {
        self.0.entry(provider.to_owned()).or_default().0 += 1;
    }

    fn passed(&mut self, provider: &str) {
        self.0.entry(provider.to_owned()).or_default().1 += 1;
    }

    /// Says them, and that all are right.
    fn tell(&self, what: &str) {
        for (provider, (tried, passed)) in &self.0 {
            println!("{what}: {provider}: {passed} of {tried}");
            assert_eq!(tried, passed, "{what}: {provider}");
        }
        assert!(super::support::folder().is_none() || self.0.len() > 15, "{} providers", self.0.len());
    }
}

#[test]
fn every_recorded_answer_is_a_message_that_says_the_same() {
    let Some(schemas) = Schemas::read("*Message") else { return };
    let mut counts = Counts::default();
    for exchange in turns().iter().filter(|exchange| !exchange.is_stream) {
        let file = &exchange.file;
        let Ok(response) = spoken::decode_response(exchange.dialect, &exchange.body, &exchange.ids()) else {
            // Errors in a 200; another test reads them.
            assert!(file.contains("error"), "{file}");
            continue;
        };
        counts.tried(&exchange.provider);
        let body = encode_response(&response, &Request::default(), &exchange.ids(), Some(&gateway()));
        let message: Value = serde_json::from_slice(&body).unwrap();
        assert!(schemas.fit(&message), "{file}: {:?}", schemas.faults(&message));
        assert_eq!(said(&message), expected(&response), "{file}");
        assert_eq!((&message["id"], &message["role"]), (&json!("msg_01JTEST"), &json!("assistant")));
        assert_eq!(message["provider_metadata"], json!({"gateway": gateway().value()}));
        let again = encode_response(&response, &Request::default(), &exchange.ids(), None);
        let again: Value = serde_json::from_slice(&again).unwrap();
        assert!(again["provider_metadata"].is_null(), "{file}: nothing was told");
        counts.passed(&exchange.provider);
    }
    counts.tell("answers");
}

#[test]
fn line_1_and_26_every_recorded_stream_is_one_that_says_the_same_however_it_is_cut() {
    let Some(schemas) = Schemas::read("*RawMessageStreamEvent") else { return };
    let (mut counts, mut broken) = (Counts::default(), 0);
    for exchange in turns().iter().filter(|exchange| exchange.is_stream) {
        let file = &exchange.file;
        counts.tried(&exchange.provider);
        let told = exchange.events(&[&exchange.body]);
        let body = exchange.translate(&[&exchange.body]);
        for pieces in cuts(&exchange.body) {
            assert!(exchange.translate(&pieces) == body, "{file}: the cut shows");
        }
        let ends_well = check_order(&body, file);
        assert_eq!(ends_well, told.last() == Some(&Event::End), "{file}");
        for (_, event) in events(&body).iter().filter(|(name, _)| name != "error") {
            assert!(schemas.fit(event), "{file}: {event} {:?}", schemas.faults(event));
        }
        if ends_well {
            let response = gather(&told).unwrap();
            let message = message_of(&body);
            assert_eq!(said(&message), expected(&response), "{file}");
            let delta = &events(&body).into_iter().rev().nth(1).unwrap().1;
            assert_eq!(delta["provider_metadata"], json!({"gateway": gateway().value()}), "{file}");
        } else {
            broken += 1;
        }
        counts.passed(&exchange.provider);
    }
    counts.tell("streams");
    println!("streams that break off: {broken}");
}

/// A stream that is not whole is none, wherever it breaks.
#[test]
fn line_2_and_34_a_stream_that_breaks_off_ends_in_an_error() {
    let mut tried = 0;
    for exchange in turns().iter().filter(|exchange| exchange.is_stream) {
        let whole = exchange.events(&[&exchange.body]);
        if whole.last() != Some(&Event::End) {
            continue;
        }
        for part in 1..20 {
            let half = exchange.body.get(..exchange.body.len() * part / 20).unwrap();
            let told = exchange.events(&[half]);
            let body = exchange.translate(&[half]);
            let ends_well = check_order(&body, &exchange.file);
            assert_eq!(ends_well, told.last() == Some(&Event::End), "{}", exchange.file);
            if !ends_well {
                let (name, error) = events(&body).pop().unwrap();
                assert_eq!((&*name, &error["error"]["type"]), ("error", &json!("api_error")), "{}", exchange.file);
                tried += 1;
            }
        }
    }
    println!("broken off: {tried}");
    assert!(super::support::folder().is_none() || tried > 1500, "{tried}");
}

/// A stream of Anthropic's own, translated back, is the same message to its client.
#[test]
fn rounds_of_anthropics_own_streams_and_answers() {
    let (mut streams, mut answers) = (0, 0);
    let anthropics = turns().into_iter().filter(|exchange| exchange.provider.ends_with("anthropic"));
    for exchange in anthropics {
        let file = &exchange.file;
        let (sent, told) = if exchange.is_stream {
            let told = message_of(&exchange.translate(&[&exchange.body]));
            streams += 1;
            (message_of(&exchange.body), told)
        } else {
            let response = spoken::decode_response(exchange.dialect, &exchange.body, &ids()).unwrap();
            let told = encode_response(&response, &Request::default(), &ids(), None);
            answers += 1;
            (serde_json::from_slice(&exchange.body).unwrap(), serde_json::from_slice(&told).unwrap())
        };
        if sent["content"].is_null() {
            // An error is all there was.
            assert!(told["content"].is_null(), "{file}");
            continue;
        }
        assert!(told["content"].is_array(), "{file}: {told}");
        let (sent, told) = (plain(sent), plain(told));
        let mut found = Vec::new();
        super::support::differences(&sent, &told, "", &mut found);
        assert_eq!(found, [""; 0], "{file}");
    }
    println!("rounds: {streams} streams, {answers} answers");
    assert!(super::support::folder().is_none() || (streams > 25 && answers > 35), "{streams} {answers}");
}

/// A message without what is ours to choose, or says nothing: the id, nulls, empty texts, `caller: direct`, and members
/// of usage that count nothing in tokens.
fn plain(mut message: Value) -> Value {
    let object = message.as_object_mut().unwrap();
    for name in ["id", "provider_metadata"] {
        object.remove(name);
    }
    let usage = object.entry("usage").or_insert(json!({"input_tokens": 0, "output_tokens": 0}));
    let usage = usage.as_object_mut().unwrap();
    for name in ["inference_geo", "iterations", "speed"] {
        usage.remove(name);
    }
    // The schema wants both counts of runs.
    if let Some(runs) = usage.get_mut("server_tool_use").and_then(Value::as_object_mut) {
        runs.retain(|_, count| count != 0);
    }
    let blocks = object["content"].as_array_mut().unwrap();
    blocks.retain(|block| !(block["type"] == "text" && block["text"] == ""));
    for block in blocks.iter_mut() {
        if block["type"] == "tool_use" && block["caller"]["type"] == "direct" {
            block.as_object_mut().unwrap().remove("caller");
        }
        if block["citations"].as_array().is_some_and(Vec::is_empty) {
            block.as_object_mut().unwrap().remove("citations");
        }
    }
    without_nulls(message)
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            kept.map(|(name, value)| (name, without_nulls(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// What Anthropic's format has no block for stands beside the message, and is not lost in silence.
#[test]
fn what_has_no_block_stands_beside_the_message() {
    let mut seen = [0; 3];
    for exchange in turns().iter().filter(|exchange| !exchange.is_stream) {
        let Ok(response) = spoken::decode_response(exchange.dialect, &exchange.body, &exchange.ids()) else { continue };
        let body = encode_response(&response, &Request::default(), &exchange.ids(), None);
        let message: Value = serde_json::from_slice(&body).unwrap();
        let fields = &message["provider_specific_fields"];
        let parts = &response.choices[0].parts;
        let blocks: Vec<Value> = parts
            .iter()
            .filter_map(|part| match &part.body {
                Body::Native(native) if native.format != Format::Anthropic => Some(native.block.value()),
                _ => None,
            })
            .collect();
        let told: Vec<Value> =
            fields["blocks"].as_array().into_iter().flatten().map(|entry| entry["block"].clone()).collect();
        assert_eq!(told, blocks, "{}", exchange.file);
        seen[0] += told.len();
        let images = parts.iter().filter(|part| matches!(part.body, Body::Media(_))).count();
        assert_eq!(fields["images"].as_array().map_or(0, Vec::len), images, "{}", exchange.file);
        seen[1] += images;
        for native in response.native.iter().filter(|ext| !["citations", "blocks"].contains(&&*ext.key)) {
            let value = if fields[&native.key].is_null() { &message[&native.key] } else { &fields[&native.key] };
            assert_eq!(value, &native.value.value(), "{}", exchange.file);
            seen[2] += 1;
        }
    }
    println!("beside messages: {seen:?}");
    assert!(super::support::folder().is_none() || seen[0] > 0 && seen[2] > 0, "{seen:?}");
}
