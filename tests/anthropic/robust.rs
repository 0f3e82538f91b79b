//! Any bytes: nothing panics, every stream ends once, and cutting changes nothing.

use proptest::prelude::*;
use tollgate::chat::Event;
use tollgate::dialect::ResponseHead;
use tollgate::dialect::anthropic::{can_express, decode_response, encode_request, failure};
use tollgate::dialect::openai::chat::decode_request;

use super::recorded::{decode, exchanges, translate};
use super::strict::{facts, on_vertex};
use super::support::{ids, recordings};

/// Where bytes are changed, what for, and where the rest is cut off.
fn changes() -> impl Strategy<Value = (usize, Vec<(usize, u8)>, usize, bool)> {
    (any::<usize>(), prop::collection::vec((any::<usize>(), any::<u8>()), 0..12), any::<usize>(), any::<bool>())
}

fn changed(body: &[u8], changes: &[(usize, u8)], cut: usize, cuts: bool) -> Vec<u8> {
    let mut body = body.to_vec();
    for (place, byte) in changes.iter().filter(|_| !body.is_empty()).copied().collect::<Vec<_>>() {
        let place = place % body.len();
        // Half of them stay JSON more often than not.
        body[place] = if byte & 1 == 0 { b"\"{}[],:0a\\n"[usize::from(byte >> 1) % 11] } else { byte };
    }
    if cuts && !body.is_empty() {
        body.truncate(cut % body.len());
    }
    body
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_and_streams((which, places, cut, cuts) in changes()) {
        let exchanges = exchanges();
        if exchanges.is_empty() {
            return Ok(());
        }
        let exchange = &exchanges[which % exchanges.len()];
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
        let recordings = recordings();
        if recordings.is_empty() {
            return Ok(());
        }
        let recording = &recordings[which % recordings.len()];
        let body = serde_json::to_vec(&recording.request).unwrap();
        let Ok(request) = decode_request(&changed(&body, &places, cut, false)) else { return Ok(()) };
        for facts in [facts("claude-sonnet-4-5"), on_vertex("claude-3-haiku")] {
            let _ = can_express(&request, &facts);
            let encoded = encode_request(&request, &facts);
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&encoded.body).is_ok());
        }
    }
}
