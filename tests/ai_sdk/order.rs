//! The order that the SDK needs, read as its `streamText` does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tollgate::chat::{
    Body, Event, Finish, Format, Ids, Kind, Media, MediaKind, Raw, Reason, Request, Seal, SealKind, Source,
};
use tollgate::dialect::ai_sdk::Encoder;
use tollgate::dialect::{Dropped, Spec, cut};

use super::recorded::{SPECS, written};
use super::support::{events, ids};

/// Lines 51 to 53; what a part carried before is carried by all that comes later.
pub fn in_order(parts: &[Value], file: &str) {
    let kind = |part: &Value| part["type"].as_str().unwrap().to_owned();
    assert_eq!(kind(&parts[0]), "stream-start", "{file}");
    assert_eq!(kind(&parts[1]), "response-metadata", "{file}");
    assert_eq!(kind(parts.last().unwrap()), "finish", "{file}");
    let (mut open, mut used) = (BTreeMap::<String, Value>::new(), BTreeSet::new());
    let mut inputs = BTreeMap::<String, (String, bool)>::new();
    let mut told = 0;
    for part in &parts[2..] {
        let kind = kind(part);
        let id = part["id"].as_str().unwrap_or_default();
        let metadata = part.get("providerMetadata").cloned();
        if kind != "finish" && part["providerMetadata"]["gateway"]["generationId"].is_string() {
            told +=
                usize::from(kind.ends_with("-delta") || kind.ends_with("-start") || kind == "source" || kind == "file");
        }
        match kind.split_once('-') {
            Some(("text" | "reasoning", "start")) => {
                assert!(used.insert(id.to_owned()), "{file}: used again: {part}");
                open.insert(id.to_owned(), metadata.unwrap_or_default());
            }
            Some(("text" | "reasoning", what)) => {
                let before = open.get_mut(id).unwrap_or_else(|| panic!("{file}: not found: {part}"));
                if let Some(later) = metadata {
                    repeats(before, &later, file);
                    *before = later;
                }
                assert!(what != "delta" || part["delta"] != "", "{file}: empty: {part}");
                if what == "end" {
                    open.remove(id);
                }
            }
            Some(("tool", "input-start")) => {
                assert!(inputs.insert(id.to_owned(), (String::new(), false)).is_none(), "{file}: {part}");
            }
            Some(("tool", "input-delta")) => {
                let input = inputs.get_mut(id).unwrap();
                assert!(!input.1, "{file}: after its end: {part}");
                input.0 += part["delta"].as_str().unwrap();
            }
            Some(("tool", "input-end")) => inputs.get_mut(id).unwrap().1 = true,
            Some(("tool", "call")) => {
                let (input, has_ended) = inputs.get(part["toolCallId"].as_str().unwrap()).unwrap();
                let whole = part["input"].as_str().unwrap();
                assert!(*has_ended, "{file}: {part}");
                let is_same = whole == input
                    || (input.trim().is_empty() && whole == "{}")
                    || serde_json::from_str::<Value>(whole).ok() == Some(json!(input));
                assert!(is_same, "{file}: {input} is {whole}");
            }
            Some(("tool", "result")) => assert!(inputs.contains_key(part["toolCallId"].as_str().unwrap()), "{file}"),
            _ => {}
        }
    }
    assert!(open.is_empty(), "{file}: open at the end: {open:?}");
    assert!(told <= 1, "{file}: the generation was told {told} times");
}

fn repeats(before: &Value, later: &Value, file: &str) {
    for (namespace, members) in before.as_object().into_iter().flatten() {
        assert_eq!(&later[namespace], members, "{file}");
    }
}

fn start() -> Event {
    Event::Start { id: "up".into(), model: "m-1".into() }
}

fn text(piece: &str) -> [Event; 3] {
    [
        Event::Open { choice: 0, part: 0, kind: Kind::Text },
        Event::Text { choice: 0, part: 0, piece: piece.into() },
        Event::Close { choice: 0, part: 0 },
    ]
}

fn finish(reason: Reason, raw: &str) -> [Event; 2] {
    [Event::Finish { choice: 0, finish: Finish::new(reason, raw) }, Event::End]
}

fn call(id: &str, seal: Option<Seal>) -> Event {
    let kind = Kind::Call { id: id.into(), item_id: None, name: "look".into(), custom: false, caller: None, seal };
    Event::Open { choice: 0, part: 1, kind }
}

#[test]
fn lines_51_and_54_a_plain_stream_in_each_spec() {
    let all = [vec![start()], text("hi").to_vec(), finish(Reason::Stop, "end").to_vec()].concat();
    let head = json!({"type": "response-metadata", "id": "gen_01JTEST", "modelId": "m-1", "timestamp": "2023-11-14T22:13:20.000Z"});
    let told = json!({"gateway": {"generationId": "gen_01JTEST"}});
    for spec in SPECS {
        let (reason, usage) = match spec {
            Spec::V2 => (json!("stop"), json!({})),
            _ => (json!({"unified": "stop", "raw": "end"}), json!({"inputTokens": {}, "outputTokens": {}})),
        };
        let expected = [
            json!({"type": "stream-start", "warnings": []}),
            head.clone(),
            json!({"type": "text-start", "id": "0"}),
            json!({"type": "text-delta", "id": "0", "delta": "hi", "providerMetadata": told}),
            json!({"type": "text-end", "id": "0"}),
            json!({"type": "finish", "finishReason": reason, "usage": usage, "providerMetadata": told}),
        ];
        assert_eq!(events(&written(spec, &all)), expected);
    }
}

#[test]
fn line_51_after_an_error_comes_a_finish_and_nothing_else() {
    let some = [vec![start()], text("so far")[..2].to_vec(), vec![Event::Error(cut()), Event::End]].concat();
    for spec in SPECS {
        let parts = events(&written(spec, &some));
        let kinds: Vec<&str> = parts.iter().map(|part| part["type"].as_str().unwrap()).collect();
        let expected = ["stream-start", "response-metadata", "text-start", "text-delta", "text-end", "error", "finish"];
        assert_eq!(kinds, expected);
        let message = "The provider's stream ended before its answer was complete.";
        let error = json!({"message": message, "type": "internal_server_error", "statusCode": 502});
        assert_eq!(parts[5]["error"], error);
    }
    // An error is all there is.
    let kinds: Vec<Value> =
        events(&written(Spec::V4, &[Event::Error(cut())])).iter().map(|part| part["type"].clone()).collect();
    assert_eq!(kinds, ["stream-start", "response-metadata", "error", "finish"]);
}

#[test]
fn line_51_a_call_that_an_error_follows_is_not_made() {
    let args = Event::Args { choice: 0, part: 1, piece: "{\"a\":".into() };
    let some = [start(), call("c", None), args, Event::Close { choice: 0, part: 1 }, Event::Error(cut())];
    let parts = events(&written(Spec::V3, &some));
    assert!(!parts.iter().any(|part| part["type"] == "tool-call"), "{parts:?}");
    in_order(&parts, "");
}

#[test]
fn line_52_parts_may_overlap_and_every_metadata_says_everything() {
    let seal = Seal::new(Format::Anthropic, SealKind::Signature, "Eq==");
    let open = |part, kind| Event::Open { choice: 0, part, kind };
    let piece = |part, piece: &str| Event::Text { choice: 0, part, piece: piece.into() };
    let some = [
        start(),
        open(0, Kind::Reasoning { summary: false, format: None }),
        piece(0, "hm"),
        open(1, Kind::Text),
        piece(1, "a"),
        Event::Seal { choice: 0, part: 0, seal },
        Event::Close { choice: 0, part: 0 },
        piece(1, "b"),
        Event::Close { choice: 0, part: 1 },
        // Neither text nor seal: nothing.
        open(2, Kind::Text),
        Event::Close { choice: 0, part: 2 },
    ];
    let parts = events(&written(Spec::V4, &[&some[..], &finish(Reason::Stop, "end")].concat()));
    in_order(&parts, "");
    let end = parts.iter().find(|part| part["type"] == "reasoning-end").unwrap();
    let both = json!({"gateway": {"generationId": "gen_01JTEST"}, "anthropic": {"signature": "Eq=="}});
    assert_eq!(end["providerMetadata"], both);
    assert!(!parts.iter().any(|part| part["id"] == "2"));
}

#[test]
fn line_53_a_call_is_its_pieces_and_then_one_whole_text() {
    let gemini = |data: &str| Seal::new(Format::Gemini, SealKind::Encrypted, data);
    let args = |piece: &str| Event::Args { choice: 0, part: 1, piece: piece.into() };
    let some = [
        start(),
        call("c-1", None),
        args("{\"q\":"),
        args("\"é\"}"),
        Event::Close { choice: 0, part: 1 },
        // Late, but not too late.
        Event::Seal { choice: 0, part: 1, seal: gemini("S") },
    ];
    let parts = events(&written(Spec::V4, &[&some[..], &finish(Reason::Calls, "tool_use")].concat()));
    let told = json!({"gateway": {"generationId": "gen_01JTEST"}});
    let expected = [
        json!({"type": "tool-input-start", "id": "c-1", "toolName": "look", "providerMetadata": told}),
        json!({"type": "tool-input-delta", "id": "c-1", "delta": "{\"q\":"}),
        json!({"type": "tool-input-delta", "id": "c-1", "delta": "\"é\"}"}),
        json!({"type": "tool-input-end", "id": "c-1"}),
        json!({"type": "tool-call", "toolCallId": "c-1", "toolName": "look", "input": "{\"q\":\"é\"}",
            "providerMetadata": {"gateway": {"generationId": "gen_01JTEST"}, "google": {"thoughtSignature": "S"}}}),
    ];
    assert_eq!(parts[2..7], expected);
    let empty = [start(), call("c-2", None), Event::Close { choice: 0, part: 1 }];
    let parts = events(&written(Spec::V2, &[&empty[..], &finish(Reason::Calls, "tool_use")].concat()));
    assert_eq!(parts[4]["input"], "{}");
}

#[test]
fn files_wait_for_their_seal_and_have_the_shape_of_their_spec() {
    let media = Media::new(MediaKind::Image, Some("image/png".into()), Source::Base64("iVBO".into()));
    let seal = Seal::new(Format::Gemini, SealKind::Encrypted, "S");
    let some = [
        start(),
        Event::Whole { choice: 0, part: 0, body: Body::Media(Box::new(media)) },
        Event::Seal { choice: 0, part: 0, seal },
    ];
    for spec in SPECS {
        let parts = events(&written(spec, &[&some[..], &finish(Reason::Stop, "STOP")].concat()));
        let data = if spec == Spec::V4 { json!({"type": "data", "data": "iVBO"}) } else { json!("iVBO") };
        assert_eq!((&parts[2]["mediaType"], &parts[2]["data"]), (&json!("image/png"), &data));
        assert_eq!(parts[2]["providerMetadata"]["google"]["thoughtSignature"], "S");
    }
}

#[test]
fn the_gateways_last_word_stands_in_the_finish() {
    let ids = Ids { provider: "acme".into(), ..ids() };
    let mut encoder = Encoder::new(Spec::V4, &Request::default(), &ids, &Dropped::default());
    let mut out = Vec::new();
    encoder.tell(Raw::parse(r#"{"cost":"1"}"#).unwrap());
    encoder.feed(&[start()], &mut out);
    encoder.tell(Raw::parse(r#"{"cost":"2"}"#).unwrap());
    encoder.feed(&finish(Reason::Stop, "end"), &mut out);
    encoder.feed(&[start(), Event::End], &mut out);
    let parts = events(&out);
    assert_eq!(parts.len(), 3);
    assert_eq!(parts[2]["providerMetadata"], json!({"gateway": {"cost": "2"}}));
}

#[test]
fn rule_8_no_more_is_held_than_a_mebibyte() {
    let piece = "x".repeat(700_000);
    let args = || Event::Args { choice: 0, part: 1, piece: piece.clone() };
    let parts = events(&written(Spec::V4, &[start(), call("c", None), args(), args(), args()]));
    let kinds: Vec<&str> = parts.iter().rev().take(3).map(|part| part["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["finish", "error", "tool-input-end"]);
}
