//! Streams: the same meaning, the same bytes however they are cut.

use std::collections::BTreeMap;

use serde_json::Value;
use tollgate::chat::{Event, Request, gather};
use tollgate::dialect::Spec;

use super::order::in_order;
use super::recorded::{SPECS, Said, decode, translate, written};
use super::shape;
use super::support::{Turn, cuts, events, turns};

/// What a stream says.
pub fn said(parts: &[Value], spec: Spec) -> Said {
    let mut said = Said::default();
    for part in parts {
        match part["type"].as_str().unwrap() {
            "text-delta" => said.text += part["delta"].as_str().unwrap(),
            "reasoning-delta" => said.thoughts += part["delta"].as_str().unwrap(),
            "finish" => said.end(part, spec),
            _ => said.part(part),
        }
    }
    said
}

fn streams() -> impl Iterator<Item = Turn> {
    turns().into_iter().filter(|turn| turn.is_stream)
}

#[test]
fn recorded_streams_say_the_same_however_they_are_cut() {
    let (mut counts, mut failed) = (BTreeMap::<String, usize>::new(), Vec::new());
    for Turn { file, dialect, body, .. } in streams() {
        let meant = decode(dialect, &[&body]);
        for spec in SPECS {
            let whole = translate(dialect, spec, &[&body], &Request::default());
            // How events are divided has nothing to do with the spec.
            for pieces in cuts(&body).into_iter().filter(|_| spec == Spec::V4) {
                assert!(translate(dialect, spec, &pieces, &Request::default()) == whole, "{file}: how it is cut");
            }
            let parts = events(&whole);
            in_order(&parts, &file);
            assert_eq!(shape::of_stream(&parts, spec), [""; 0], "{file} {spec:?}");
            let Ok(response) = gather(&meant) else {
                failed.extend((spec == Spec::V2).then(|| file.clone()));
                assert_eq!(parts[parts.len() - 2]["type"], "error", "{file}");
                assert_eq!(said(&parts, spec).finish, "error", "{file}");
                continue;
            };
            assert_eq!(said(&parts, spec), first(&response, spec), "{file} {spec:?}");
            assert_eq!(parts.last().unwrap()["providerMetadata"]["gateway"]["cost"], "0.1");
        }
        *counts.entry(format!("{dialect:?}")).or_default() += 1;
    }
    println!("streams: {counts:?}; with an error: {failed:?}");
    assert!(counts.is_empty() || counts.len() == 7, "{counts:?}");
}

/// The SDK has one answer to a request.
fn first(response: &tollgate::chat::Response, spec: Spec) -> Said {
    let mut one = response.clone();
    one.choices.truncate(1);
    Said::of(&one, spec)
}

#[test]
fn rule_2_a_stream_cut_anywhere_ends_in_an_error_and_a_finish() {
    let mut seen = 0;
    for Turn { file, dialect, body, .. } in streams().step_by(5) {
        if gather(&decode(dialect, &[&body])).is_err() {
            continue;
        }
        for at in [0, body.len() / 4, body.len() / 2] {
            let events_of = decode(dialect, &[&body[..at]]);
            if !matches!(events_of.last(), Some(Event::Error(_))) {
                continue;
            }
            seen += 1;
            for spec in SPECS {
                let parts = events(&written(spec, &events_of));
                in_order(&parts, &file);
                let [error, finish] = &parts[parts.len() - 2..] else { panic!("{file} at {at}") };
                assert_eq!(error["type"], "error", "{file} at {at}: {error}");
                assert!(error["error"]["statusCode"].is_u64() && error["error"]["message"].is_string());
                assert_eq!(finish["type"], "finish");
                let word = if spec == Spec::V2 { &finish["finishReason"] } else { &finish["finishReason"]["unified"] };
                assert_eq!(word, "error");
            }
        }
    }
    assert!(seen > 20 || super::support::folder().is_none(), "{seen}");
}
