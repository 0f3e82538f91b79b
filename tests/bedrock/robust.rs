//! Any bytes: nothing panics, every stream ends once, and cutting changes nothing.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Value;
use tollgate::chat::Event;
use tollgate::dialect::ResponseHead;
use tollgate::dialect::bedrock::{can_express, decode_embeddings, decode_response, encode_request, failure};
use tollgate::dialect::openai::chat::decode_request;

use super::recorded::{decode, events_of, exchanges, translate};
use super::spoilt::{changed, changes};
use super::strict::facts;
use super::support::{Exchange, frame, ids, recordings};

/// Read once, not for every case.
static EXCHANGES: LazyLock<Vec<Exchange>> = LazyLock::new(exchanges);
static RECORDINGS: LazyLock<Vec<Exchange>> = LazyLock::new(recordings);

/// A stream whose payloads are changed and whose sums are right.
fn spoilt(body: &[u8], places: &[(usize, u8)]) -> Vec<u8> {
    let events = events_of(body);
    let one = |(i, (name, payload)): (usize, &(String, Value))| {
        let mine: Vec<_> = places.iter().filter(|(place, _)| place % events.len() == i).copied().collect();
        let payload = changed(payload.to_string().as_bytes(), &mine, 0, false);
        frame(&[(":event-type", name.as_str()), (":message-type", "event")], &payload)
    };
    events.iter().enumerate().flat_map(one).collect()
}

fn ends_once(body: &[u8], cut: usize) {
    let events = decode(&[body], &ids());
    let ends = events.iter().filter(|event| matches!(event, Event::End | Event::Error(_))).count();
    assert_eq!(ends, 1);
    assert!(matches!(events.last(), Some(Event::End | Event::Error(_))));
    let pieces: Vec<&[u8]> = body.chunks(1 + cut % 40).collect();
    assert!(decode(&pieces, &ids()) == events);
    let _ = translate(&pieces, &ids());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_and_streams((which, places, cut, cuts) in changes()) {
        if EXCHANGES.is_empty() {
            return Ok(());
        }
        let exchange = &EXCHANGES[which % EXCHANGES.len()];
        let body = changed(&exchange.body, &places, cut, cuts);
        let _ = decode_response(&body, &ids());
        let _ = decode_embeddings(&body);
        let _ = failure(&ResponseHead { status: 400, ..ResponseHead::default() }, &body);
        ends_once(&body, cut);
        if exchange.is_stream {
            ends_once(&spoilt(&exchange.body, &places), cut);
        }
    }

    #[test]
    fn requests((which, places, cut, _) in changes()) {
        if RECORDINGS.is_empty() {
            return Ok(());
        }
        let recording = &RECORDINGS[which % RECORDINGS.len()];
        let body = serde_json::to_vec(&recording.request).unwrap();
        let Ok(request) = decode_request(&changed(&body, &places, cut, false)) else { return Ok(()) };
        for model in ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.amazon.nova-2-lite-v1:0"] {
            let _ = can_express(&request, &facts(model));
            let encoded = encode_request(&request, &facts(model));
            prop_assert!(serde_json::from_slice::<Value>(&encoded.body).is_ok());
        }
    }
}
