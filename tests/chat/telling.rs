//! What the gateway says of itself in an answer: `provider_metadata`, in the first choice alone, and once.

use serde_json::{Value, json};
use tollgate::chat::{Event, Finish, Kind, Raw, Reason, Request, gather};
use tollgate::dialect::openai::chat::{Encoder, encode_response};
use tollgate::error::{Class, Error};
use tollgate::meter::Usage;

use super::support::{events, ids};
use super::writing::{close, finish, open, start, text};

fn words(n: u32) -> Raw {
    Raw::parse(&format!(r#"{{"generationId":"gen_1","n":{n}}}"#)).unwrap()
}

fn ended(usage: Usage, last: Event) -> Vec<Event> {
    vec![start(), open(0, Kind::Text), text(0, "hi"), close(0), finish(Reason::Stop), Event::Usage(usage), last]
}

/// The chunks of a stream; the gateway has something to say, each time more, in the pieces that end it.
fn told(given: &[Event], cut: usize) -> Vec<Value> {
    let request = Request { usage_wanted: true, ..Request::default() };
    let (mut encoder, mut out) = (Encoder::new(&request, &ids()), Vec::new());
    for (piece, n) in given.chunks(cut).zip(0..) {
        if piece.iter().any(|event| matches!(event, Event::Finish { .. } | Event::End)) {
            encoder.tell(if piece.contains(&Event::End) { words(100) } else { words(n) });
        }
        encoder.feed(piece, &mut out);
    }
    events(&out)
}

#[test]
fn rule_20_the_gateway_speaks_once_and_last_before_the_reason() {
    let usage = Usage { input: Some(1), output: Some(2), ..Usage::default() };
    let given = ended(usage, Event::End);
    for cut in 1..=given.len() {
        let chunks = told(&given, cut);
        let deltas: Vec<_> = chunks.iter().filter_map(|chunk| chunk.pointer("/choices/0")).collect();
        let [.., said, reason] = &deltas[..] else { panic!("{chunks:?}") };
        assert_eq!(said["delta"], json!({"provider_metadata": {"gateway": words(100).value()}}), "{cut}");
        assert_eq!((&reason["delta"], &reason["finish_reason"]), (&json!({}), &json!("stop")));
        let count = deltas.iter().filter(|one| one["delta"].get("provider_metadata").is_some()).count();
        assert_eq!((count, &chunks.last().unwrap()["usage"]["total_tokens"]), (1, &json!(3)));
    }
}

#[test]
fn of_several_choices_the_first_has_it() {
    let of = |choice| {
        let finish = Finish::new(Reason::Stop, "");
        [Event::Open { choice, part: 0, kind: Kind::Text }, Event::Finish { choice, finish }]
    };
    let given: Vec<Event> = [start()].into_iter().chain(of(0)).chain(of(1)).chain([Event::End]).collect();
    let chunks = told(&given, given.len());
    let said: Vec<_> =
        chunks.iter().filter(|chunk| chunk.pointer("/choices/0/delta/provider_metadata").is_some()).collect();
    assert_eq!((said.len(), &said[0]["choices"][0]["index"]), (1, &json!(0)));
    let reasons =
        chunks.iter().filter(|chunk| chunk.pointer("/choices/0/finish_reason").is_some_and(|word| !word.is_null()));
    assert_eq!(reasons.count(), 2);

    let response = gather(&given).unwrap();
    let answer = encode_response(&response, &Request::default(), &ids(), Some(&words(1)));
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["choices"][0]["message"]["provider_metadata"], json!({"gateway": words(1).value()}));
    assert!(answer["choices"][1]["message"].get("provider_metadata").is_none());
}

#[test]
fn an_error_after_the_reason_is_all_that_comes() {
    let error = Error::new(Class::Cut, 502, "server_error", "stream_cut", "cut");
    let given = ended(Usage::default(), Event::Error(error));
    for cut in [1, given.len()] {
        let chunks = told(&given, cut);
        assert!(chunks.last().unwrap().get("error").is_some());
        let is_told =
            |chunk: &Value| chunk.to_string().contains("provider_metadata") || chunk.to_string().contains("stop");
        assert!(!chunks.iter().any(is_told), "{chunks:?}");
    }
}

#[test]
fn nothing_waits_where_the_gateway_says_nothing() {
    let (mut encoder, mut out) = (Encoder::new(&Request::default(), &ids()), Vec::new());
    encoder.feed(&ended(Usage::default(), Event::End)[..5], &mut out);
    assert_eq!(events(&out).last().unwrap()["choices"][0]["finish_reason"], "stop");
}
