//! How streams and answers end, and what stands in them besides text and calls.

use serde_json::{Value, json};
use tollgate::chat::{
    Body, Event, Format, Kind, Link, Media, MediaKind, Native, Raw, Reason, Request, Seal, SealKind, Source,
};
use tollgate::dialect::openai::chat::{Encoder, encode_error};
use tollgate::error::Error;
use tollgate::meter::Usage;

use super::support::{events, ids};
use super::writing::{call, close, finish, open, start, text, whole, write};

#[test]
fn rule_7_empty_pieces_are_not_written_and_a_seal_on_text_is() {
    let seal = Seal::new(Format::Gemini, SealKind::Encrypted, "t");
    let given = [
        start(),
        open(0, Kind::Text),
        text(0, ""),
        Event::Seal { choice: 0, part: 0, seal },
        close(0),
        finish(Reason::Stop),
        Event::End,
    ];
    let (deltas, _) = write(&Request::default(), &given);
    assert_eq!(
        deltas,
        [
            json!({"reasoning_details": [{"type": "reasoning.encrypted", "index": 0, "format": "google-gemini-v1", "data": "t"}]})
        ]
    );
}

#[test]
fn rule_23_an_error_ends_without_done_and_without_a_finish() {
    let given = [start(), open(0, Kind::Text), text(0, "a"), Event::Error(Error::no_provider("gone")), Event::End];
    let mut out = Vec::new();
    Encoder::new(&Request::default(), &ids()).feed(&given, &mut out);
    let error: Value = serde_json::from_slice(&encode_error(&Error::no_provider("gone"))).unwrap();
    assert_eq!(events(&out).last().unwrap(), &error);
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains("[DONE]") && !text.contains(r#""finish_reason":""#));
}

#[test]
fn rule_8_more_than_is_held_is_an_error() {
    let block = Raw::of(&json!("x".repeat(600 << 10)));
    let whole = |part| Event::Whole {
        choice: 0,
        part,
        body: Body::Native(Native { format: Format::Gemini, block: block.clone(), link: Link::Alone }),
    };
    let mut out = Vec::new();
    Encoder::new(&Request::default(), &ids())
        .feed(&[start(), whole(0), whole(1), finish(Reason::Stop), Event::End], &mut out);
    assert!(events(&out).last().unwrap()["error"].is_object() && out.len() < 10_000);
}

#[test]
fn reasons_refusals_images_and_legacy_calls() {
    for (reason, word) in [
        (Reason::Stop, "stop"),
        (Reason::Length, "length"),
        (Reason::Calls, "tool_calls"),
        (Reason::Filter, "content_filter"),
        (Reason::Refusal, "content_filter"),
        (Reason::Pause, "stop"),
        (Reason::Error, "stop"),
    ] {
        assert_eq!(whole(&Request::default(), &[start(), finish(reason)])["finish_reason"], word);
        assert_eq!(
            write(&Request::default(), &[finish(reason)]).1.last().unwrap()["choices"][0]["finish_reason"],
            word
        );
    }
    assert_eq!(
        whole(&Request::default(), &[finish(Reason::Filter)])["message"]["content"],
        "",
        "case 13: empty, not null"
    );
    let refused = [open(0, Kind::Refusal), text(0, "no"), close(0), finish(Reason::Stop)];
    let message = &whole(&Request::default(), &refused)["message"];
    assert_eq!((&message["content"], &message["refusal"]), (&Value::Null, &json!("no")));
    let media = Media::new(MediaKind::Image, Some("image/png".into()), Source::Base64("AA".into()));
    let image = Event::Whole { choice: 0, part: 0, body: Body::Media(Box::new(media)) };
    let shown = json!([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}, "index": 0}]);
    assert_eq!(whole(&Request::default(), &[image.clone(), finish(Reason::Stop)])["message"]["images"], shown);
    assert_eq!(write(&Request::default(), &[image, finish(Reason::Stop)]).0[0]["images"], shown);
    let legacy = Request { legacy_functions: true, ..Request::default() };
    let called =
        [call(0, "x", None), Event::Args { choice: 0, part: 0, piece: "{}".into() }, close(0), finish(Reason::Calls)];
    let answer = whole(&legacy, &called);
    assert_eq!(
        (&answer["message"]["function_call"], &answer["finish_reason"]),
        (&json!({"name": "f", "arguments": "{}"}), &json!("function_call"))
    );
    let (deltas, _) = write(&legacy, &called);
    assert_eq!(
        deltas,
        [json!({"function_call": {"name": "f", "arguments": ""}}), json!({"function_call": {"arguments": "{}"}})]
    );
}

#[test]
fn usage_holds_what_was_reported() {
    let usage = Usage {
        input: Some(9),
        cache_read: Some(4),
        cache_write: Some(2),
        output: Some(5),
        reasoning: Some(3),
        ..Usage::default()
    };
    let given = [finish(Reason::Stop), Event::Usage(usage), Event::End];
    let written = json!({"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2}, "completion_tokens_details": {"reasoning_tokens": 3}});
    let asking = Request { usage_wanted: true, ..Request::default() };
    assert_eq!(write(&asking, &given).1.last().unwrap()["usage"], written);
    let nothing =
        [finish(Reason::Stop), Event::Usage(Usage { tier: Some("ON_DEMAND".into()), ..Usage::default() }), Event::End];
    assert!(!write(&asking, &nothing).1.iter().any(|chunk| chunk["usage"].is_object()), "absent is not zero");
}
