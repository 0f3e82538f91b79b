//! Streams of providers: bytes in any chunking, events in their order, and what clients of chat completions and of
//! Anthropic's API get.

use tollgate::chat::{Event, Ids, Request, gather};
use tollgate::config::Dialect;
use tollgate::dialect::openai::chat::{Encoder, encode_response};
use tollgate::dialect::{anthropic, spoken};
use tollgate::stream::event_stream::Splitter;

use super::bytes::{Rng, cuts};
use super::order;

pub fn ids() -> Ids {
    let [seed, model, provider] = ["01JTEST", "sent-model", "acme"].map(str::to_owned);
    Ids { seed, created: 1_700_000_000, model, provider }
}

fn read(dialect: Dialect, pieces: &[&[u8]]) -> Vec<Event> {
    let (mut decoder, mut events) = (spoken::decoder(dialect, &ids()), Vec::new());
    pieces.iter().for_each(|piece| decoder.feed(piece, &mut events));
    decoder.finish(&mut events);
    // Over is over.
    let count = events.len();
    decoder.feed(b"data: {}\n\n", &mut events);
    decoder.finish(&mut events);
    assert_eq!(events.len(), count, "more after the end: {events:?}");
    events
}

fn check(dialect: Dialect, data: &[u8]) {
    let events = read(dialect, &[data]);
    order::events(&events);
    for pieces in cuts(data) {
        let again = read(dialect, &pieces);
        assert!(again == events, "depends on how it is cut: {events:?} and {again:?}");
    }
    let request = Request { usage_wanted: data.len().is_multiple_of(2), stream: true, ..Request::default() };
    let whole = written(&request, &[&events]);
    let is_whole = matches!(events.last(), Some(Event::End));
    order::chunks(&whole, is_whole);
    let at = Rng::of(data).below(events.len());
    assert!(written(&request, &[&events[..at], &events[at..]]) == whole, "depends on how events are given");
    let blocks = messages(&[&events]);
    order::blocks(&blocks, is_whole);
    assert!(messages(&[&events[..at], &events[at..]]) == blocks, "depends on how events are given");
    let sealed = Request { seals_wanted: request.usage_wanted, ..request.clone() };
    super::responses::stream(&sealed, &events);
    if let Ok(response) = gather(&events) {
        order::json(&anthropic::client::encode_response(&response, &Request::default(), &ids(), None));
        order::json(&encode_response(&response, &request, &ids(), None));
    }
}

fn written(request: &Request, given: &[&[Event]]) -> Vec<u8> {
    let (mut encoder, mut out) = (Encoder::new(request, &ids()), Vec::new());
    given.iter().for_each(|events| encoder.feed(events, &mut out));
    out
}

/// What a client of Anthropic's gets.
fn messages(given: &[&[Event]]) -> Vec<u8> {
    let (mut encoder, mut out) = (anthropic::client::Encoder::new(&Request::default(), &ids()), Vec::new());
    given.iter().for_each(|events| encoder.feed(events, &mut out));
    out
}

pub fn openai(data: &[u8]) {
    check(Dialect::OpenAi, data);
}

pub fn responses(data: &[u8]) {
    check(Dialect::Responses, data);
}

pub fn anthropic(data: &[u8]) {
    check(Dialect::Anthropic, data);
}

pub fn gemini(data: &[u8]) {
    check(Dialect::Gemini, data);
}

pub fn cohere(data: &[u8]) {
    check(Dialect::Cohere, data);
}

/// Lines of a word and a payload, each made into a frame: bytes that were only changed would never have a checksum.
pub fn bedrock(data: &[u8]) {
    check(Dialect::Bedrock, &framed(data));
}

/// Frames as they are.
pub fn frames(data: &[u8]) {
    check(Dialect::Bedrock, data);
    let with = |pieces: &[&[u8]]| {
        let mut splitter = Splitter::with_cap(4096);
        let mut found = Vec::new();
        for piece in pieces {
            let mut rest = *piece;
            while let Some(frame) = splitter.next(&mut rest) {
                found.push(frame.map(|frame| {
                    let header =
                        [":event-type", ":exception-type", "x"].map(|name| frame.header(name).map(str::to_owned));
                    (header, frame.payload.to_vec())
                }));
            }
        }
        found
    };
    let whole = with(&[data]);
    for pieces in cuts(data) {
        assert_eq!(with(&pieces), whole, "depends on how it is cut");
    }
    assert!(whole.iter().rev().skip(1).all(Result::is_ok), "frames after a fault");
}

/// The frames of such lines. A word with `!` before it is an exception.
pub fn framed(lines: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let at = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let (word, payload) = (&line[..at], line.get(at + 1..).unwrap_or_default());
        match word.strip_prefix(b"!") {
            Some(word) => frame(&[(b":message-type", b"exception"), (b":exception-type", word)], payload, &mut out),
            None => frame(&[(b":message-type", b"event"), (b":event-type", word)], payload, &mut out),
        }
    }
    out
}

fn frame(headers: &[(&[u8], &[u8])], payload: &[u8], out: &mut Vec<u8>) {
    let mut head = Vec::new();
    for (name, value) in headers {
        let value = &value[..value.len().min(usize::from(u16::MAX))];
        head.push(name.len() as u8);
        head.extend_from_slice(name);
        head.push(7);
        head.extend_from_slice(&(value.len() as u16).to_be_bytes());
        head.extend_from_slice(value);
    }
    let start = out.len();
    out.extend_from_slice(&((16 + head.len() + payload.len()) as u32).to_be_bytes());
    out.extend_from_slice(&(head.len() as u32).to_be_bytes());
    let sum = crc32fast::hash(&out[start..]);
    out.extend_from_slice(&sum.to_be_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(payload);
    let sum = crc32fast::hash(&out[start..]);
    out.extend_from_slice(&sum.to_be_bytes());
}
