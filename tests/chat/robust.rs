//! Bytes that nobody meant: decoders neither panic nor forget how a stream must end.

use tollgate::chat::{Event, Request};
use tollgate::dialect::openai::chat::{Encoder, decode_request, decode_response};

use super::streams::decode;
use super::support::{ids, recordings};

/// A body with a few bytes changed, doubled or gone; which ones, only the seed decides.
fn spoilt(body: &[u8], seed: &mut u64) -> Vec<u8> {
    let mut body = body.to_vec();
    for _ in 0..4 {
        if body.is_empty() {
            break;
        }
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (*seed >> 33) as usize % body.len().max(1);
        match (*seed >> 20) % 4 {
            0 => body[at] ^= 1 << ((*seed >> 10) % 8),
            1 => drop(body.remove(at)),
            2 => body.insert(at, b"\"{}[]:,\\\n"[(*seed >> 8) as usize % 9]),
            _ => body.truncate(at.max(1)),
        }
    }
    body
}

#[test]
fn spoilt_bodies_are_read_or_refused() {
    let (mut seed, mut whole, mut failed) = (7, 0, 0);
    for recording in recordings().iter().filter(|recording| recording.body.len() < 100_000) {
        let request = serde_json::to_vec(&recording.request).unwrap();
        for _ in 0..8 {
            let _ = decode_request(&spoilt(&request, &mut seed));
            let body = spoilt(&recording.body, &mut seed);
            let _ = decode_response(&body, &ids());
            let events = decode(&[&body]);
            let ends = events.iter().filter(|event| matches!(event, Event::End | Event::Error(_))).count();
            assert_eq!(ends, 1, "{}", recording.file);
            let mut out = Vec::new();
            Encoder::new(&Request::default(), &ids()).feed(&events, &mut out);
            let is_whole = matches!(events.last(), Some(Event::End));
            assert_eq!(out.ends_with(b"data: [DONE]\n\n"), is_whole, "{}", recording.file);
            if is_whole { whole += 1 } else { failed += 1 }
        }
    }
    println!("spoilt streams: {whole} whole, {failed} failed");
}
