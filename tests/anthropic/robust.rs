//! Any bytes: nothing panics, every stream ends once, and cutting changes nothing.

use std::sync::LazyLock;

use proptest::prelude::*;
use tollgate::chat::Event;
use tollgate::dialect::ResponseHead;
use tollgate::dialect::anthropic::{can_express, decode_response, encode_request, failure};
use tollgate::dialect::openai::chat::decode_request;

use super::recorded::{decode, exchanges, translate};
use super::spoilt::{changed, changes};
use super::strict::{facts, on_vertex};
use super::support::{Exchange, ids, recordings};

/// Read once, not for every case.
static EXCHANGES: LazyLock<Vec<Exchange>> = LazyLock::new(exchanges);
static RECORDINGS: LazyLock<Vec<Exchange>> = LazyLock::new(recordings);

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
        let _ = failure(&ResponseHead { status: 400, ..ResponseHead::default() }, &body);
        let events = decode(&[&body]);
        let ends = events.iter().filter(|event| matches!(event, Event::End | Event::Error(_))).count();
        prop_assert_eq!(ends, 1);
        prop_assert!(matches!(events.last(), Some(Event::End | Event::Error(_))));
        let pieces: Vec<&[u8]> = body.chunks(1 + cut % 40).collect();
        prop_assert!(decode(&pieces) == events);
        let _ = translate(&pieces);
    }

    #[test]
    fn requests((which, places, cut, _) in changes()) {
        if RECORDINGS.is_empty() {
            return Ok(());
        }
        let recording = &RECORDINGS[which % RECORDINGS.len()];
        let body = serde_json::to_vec(&recording.request).unwrap();
        let Ok(request) = decode_request(&changed(&body, &places, cut, false)) else { return Ok(()) };
        for facts in [facts("claude-sonnet-4-5"), on_vertex("claude-3-haiku")] {
            let _ = can_express(&request, &facts);
            let encoded = encode_request(&request, &facts);
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&encoded.body).is_ok());
        }
    }
}
