//! Recordings changed in ways that must not matter, and bytes that nobody meant.

use proptest::prelude::*;
use serde_json::{Value, json};
use tollgate::chat::Event;
use tollgate::dialect::ResponseHead;
use tollgate::dialect::cohere::{decode_embeddings, decode_response, failure};

use super::recorded::{decode, exchanges, given, said, translate, used, written};
use super::support::{Exchange, Said, events, however_cut, ids, usage};

/// Adds members nobody knows, makes texts longer than their bytes, and renames the tools.
fn changed(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match (name.as_str(), &*member) {
                    ("text" | "thinking" | "tool_plan", Value::String(text)) if !text.is_empty() => {
                        *member = json!(format!("{text}ü🦀"));
                    }
                    ("name", Value::String(name)) => *member = json!(format!("{name}_2")),
                    _ => changed(member),
                }
            }
            members.insert("unknown_member".to_owned(), json!({"type": "tool-call-start", "n": [null]}));
        }
        Value::Array(items) => items.iter_mut().for_each(changed),
        _ => {}
    }
}

fn mutated(exchange: &Exchange) -> Exchange {
    let body = if exchange.is_stream {
        let mut out = b": a comment\n\nevent: ping\n\n".to_vec();
        for mut event in events(&exchange.body) {
            changed(&mut event);
            let more = json!({"type": "debug", "prompt": "x"});
            out.extend_from_slice(format!("data: {event}\r\n\r\nevent: debug\ndata: {more}\n\n").as_bytes());
        }
        out
    } else {
        let mut body = serde_json::from_slice(&exchange.body).unwrap();
        changed(&mut body);
        serde_json::to_vec(&body).unwrap()
    };
    Exchange { body, ..exchange.clone() }
}

#[test]
fn changes_that_do_not_matter_do_not() {
    let mut count = 0;
    for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
        let mutated = mutated(exchange);
        let (file, given) = (&mutated.file, given(&mutated));
        if given["finish_reason"] == "ERROR" {
            continue;
        }
        if mutated.is_stream {
            let whole = however_cut(file, &mutated.body, translate);
            let chunks = events(&whole);
            assert_eq!(Said::of_stream(&chunks), [said(&given)], "{file}");
            assert_eq!(usage(chunks.iter()), Some(used(&given)), "{file}");
        } else {
            let written = written(&mutated.body);
            assert_eq!(Said::of_answer(&written), [said(&given)], "{file}");
            assert_eq!(usage([&written].into_iter()), Some(used(&given)), "{file}");
        }
        count += 1;
    }
    println!("cohere mutations: tried {count}, passed {count}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spoilt_bodies_are_read_or_refused(pick in any::<prop::sample::Index>(), at in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let exchanges = exchanges();
        if exchanges.is_empty() {
            return Ok(());
        }
        let exchange = pick.get(&exchanges);
        let mut body = exchange.body.clone();
        for (place, byte) in at {
            let place = place.index(body.len());
            match byte % 4 {
                0 => body[place] = byte,
                1 => drop(body.remove(place)),
                2 => body.insert(place, b"\"{}[]:,\\\n"[usize::from(byte) % 9]),
                _ => body.truncate(place.max(1)),
            }
            if body.is_empty() {
                body.push(byte);
            }
        }
        let _ = (decode_response(&body, &ids()), decode_embeddings(&body));
        let _ = failure(&ResponseHead { status: 400, ..ResponseHead::default() }, &body);
        let ends = decode(&[&body]);
        prop_assert_eq!(ends.iter().filter(|event| matches!(event, Event::End | Event::Error(_))).count(), 1);
        prop_assert!(matches!(ends.last(), Some(Event::End | Event::Error(_))));
    }
}
