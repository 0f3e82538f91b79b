//! Streams as clients get them: rules 15 to 23 of section 4 of docs/dialects.md, and what answers hold besides text.

use serde_json::{Value, json};
use tollgate::chat::{
    Body, Citation, Event, Ext, Finish, Format, Kind, Link, Media, MediaKind, Native, Owner, Raw, Reason, Reasoning,
    Request, Seal, SealKind, Source, UrlCitation, gather,
};
use tollgate::dialect::openai::chat::{Encoder, encode_response};
use tollgate::meter::Usage;

use super::schema::Schema;
use super::support::{events, ids};

pub fn open(part: u32, kind: Kind) -> Event {
    Event::Open { choice: 0, part, kind }
}

pub fn text(part: u32, piece: &str) -> Event {
    Event::Text { choice: 0, part, piece: piece.into() }
}

pub fn close(part: u32) -> Event {
    Event::Close { choice: 0, part }
}

pub fn finish(reason: Reason) -> Event {
    Event::Finish { choice: 0, finish: Finish::new(reason, "") }
}

pub fn call(part: u32, id: &str, seal: Option<Seal>) -> Event {
    let (id, name) = (id.to_owned(), "f".to_owned());
    open(part, Kind::Call { id, item_id: None, name, custom: false, caller: None, seal })
}

fn thought() -> Kind {
    Kind::Reasoning { summary: false, format: Some(Format::Anthropic) }
}

pub fn start() -> Event {
    Event::Start { id: "up".into(), model: "m".into() }
}

/// The deltas of a stream, without those of role and finish, and all chunks.
pub fn write(request: &Request, given: &[Event]) -> (Vec<Value>, Vec<Value>) {
    let (mut encoder, mut out, mut at_once) = (Encoder::new(request, &ids()), Vec::new(), Vec::new());
    given.iter().for_each(|event| encoder.feed(std::slice::from_ref(event), &mut out));
    Encoder::new(request, &ids()).feed(given, &mut at_once);
    assert!(out == at_once, "bytes depend on how events are divided");
    let chunks = events(&out);
    if let Some(schema) = Schema::read("ChatCompletionChunk") {
        chunks
            .iter()
            .filter(|chunk| chunk.get("error").is_none())
            .for_each(|chunk| assert_eq!(schema.faults(chunk), [""; 0]));
    }
    let deltas = chunks.iter().filter_map(|chunk| chunk.pointer("/choices/0/delta"));
    let deltas = deltas.filter(|delta| delta.get("role").is_none() && **delta != json!({}));
    (deltas.cloned().collect(), chunks)
}

/// The same as a whole answer.
pub fn whole(request: &Request, given: &[Event]) -> Value {
    let written = encode_response(&gather(given).unwrap(), request, &ids(), None);
    let value: Value = serde_json::from_slice(&written).unwrap();
    if let Some(schema) = Schema::read("ChatCompletion") {
        assert_eq!(schema.faults(&value), [""; 0]);
    }
    value["choices"][0].clone()
}

#[test]
fn the_seal_of_an_image_travels_too() {
    let source = Source::Base64("aGk=".into());
    let image = Body::Media(Box::new(Media::new(MediaKind::Image, Some("image/png".into()), source)));
    let seal = Seal::new(Format::Gemini, SealKind::Encrypted, "sig");
    let given = [
        start(),
        Event::Whole { choice: 0, part: 0, body: image },
        Event::Seal { choice: 0, part: 0, seal },
        finish(Reason::Stop),
        Event::End,
    ];
    let expected = json!([{"type": "reasoning.encrypted", "index": 0, "format": "google-gemini-v1", "data": "sig"}]);
    let (deltas, _) = write(&Request::default(), &given);
    assert_eq!(deltas.iter().find_map(|delta| delta.get("reasoning_details")), Some(&expected));
    assert_eq!(whole(&Request::default(), &given)["message"]["reasoning_details"], expected);
}

#[test]
fn rules_16_17_21_calls_are_counted_named_once_and_never_empty() {
    let seal = Seal::new(Format::Gemini, SealKind::Encrypted, "sig");
    let args = |part, piece: &str| Event::Args { choice: 0, part, piece: piece.into() };
    let given = [
        start(),
        open(0, Kind::Text),
        text(0, "a"),
        close(0),
        call(1, "x", Some(seal.clone())),
        close(1),
        Event::Whole {
            choice: 0,
            part: 2,
            body: Body::Native(Native { format: Format::Anthropic, block: Raw::empty_object(), link: Link::Alone }),
        },
        call(3, "y", None),
        args(3, "{\"q\":"),
        args(3, "1}"),
        close(3),
        Event::Seal { choice: 0, part: 3, seal: Seal { data: "late".into(), ..seal } },
        finish(Reason::Calls),
        Event::End,
    ];
    let (deltas, chunks) = write(&Request::default(), &given);
    let calls: Vec<&Value> = deltas.iter().filter_map(|delta| delta.pointer("/tool_calls/0")).collect();
    assert_eq!(
        calls[0],
        &json!({"index": 0, "id": "x", "type": "function", "function": {"name": "f", "arguments": ""},
        "extra_content": {"google": {"thought_signature": "sig"}}})
    );
    assert_eq!(calls[1], &json!({"index": 0, "function": {"arguments": "{}"}}));
    assert_eq!(
        calls[2],
        &json!({"index": 1, "id": "y", "type": "function", "function": {"name": "f", "arguments": ""}})
    );
    assert_eq!(
        calls[5],
        &json!({"index": 1, "function": {"arguments": ""}, "extra_content": {"google": {"thought_signature": "late"}}})
    );
    assert_eq!(calls.len(), 6);
    let details: Vec<&Value> = deltas.iter().filter_map(|delta| delta.pointer("/reasoning_details/0")).collect();
    assert_eq!(
        details[0],
        &json!({"type": "reasoning.encrypted", "index": 0, "format": "google-gemini-v1", "id": "x", "data": "sig"})
    );
    assert_eq!((&details[1]["index"], &details[1]["id"], details.len()), (&json!(1), &json!("y"), 2));
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
    let message = &whole(&Request::default(), &given)["message"];
    assert_eq!(message["tool_calls"][0]["extra_content"]["google"]["thought_signature"], "sig");
    assert_eq!(message["tool_calls"][0]["function"]["arguments"], "{}");
    assert_eq!(message["reasoning_details"][1]["data"], "late");
}

#[test]
fn rules_18_19_case_25_details_have_an_index_and_their_format_once() {
    let seal = |part, data: &str| Event::Seal {
        choice: 0,
        part,
        seal: Seal::new(Format::Anthropic, SealKind::Signature, data),
    };
    let redacted = Event::Seal { choice: 0, part: 2, seal: Seal::new(Format::Anthropic, SealKind::Redacted, "blob") };
    let given = [
        start(),
        open(0, thought()),
        text(0, "th"),
        text(0, "ink"),
        seal(0, "one"),
        close(0),
        open(1, thought()),
        text(1, "more"),
        seal(1, "two"),
        close(1),
        open(2, thought()),
        redacted,
        close(2),
        open(3, Kind::Text),
        text(3, "x"),
        close(3),
        finish(Reason::Stop),
        Event::End,
    ];
    let (deltas, _) = write(&Request::default(), &given);
    let mut merged: Vec<Value> = Vec::new();
    for entry in deltas.iter().flat_map(|delta| delta["reasoning_details"].as_array().into_iter().flatten()) {
        let index = entry["index"].as_u64().unwrap() as usize;
        assert!(index <= merged.len(), "a gap");
        if index == merged.len() {
            merged.push(json!({}));
        }
        for (name, value) in entry.as_object().unwrap().iter().filter(|(name, _)| *name != "index" && *name != "type") {
            // As the SDK does it: texts are joined, whatever they mean.
            let have = merged[index][name].as_str().unwrap_or_default();
            merged[index][name] = json!(format!("{have}{}", value.as_str().unwrap()));
        }
    }
    let format = "anthropic-claude-v1";
    assert_eq!(
        merged,
        [
            json!({"format": format, "text": "think", "signature": "one"}),
            json!({"format": format, "text": "more", "signature": "two"}),
            json!({"format": format, "data": "blob"}),
        ]
    );
    let texts = |name: &str| deltas.iter().filter_map(|delta| delta[name].as_str()).collect::<String>();
    assert_eq!(
        (texts("reasoning"), texts("reasoning_content"), texts("content")),
        ("thinkmore".into(), "thinkmore".into(), "x".into())
    );
    let message = &whole(&Request::default(), &given)["message"];
    assert_eq!(message["reasoning_details"].as_array().unwrap().len(), 3);
    assert_eq!(
        message["reasoning_details"][1],
        json!({"type": "reasoning.text", "index": 1, "format": format, "text": "more", "signature": "two"})
    );
    let without =
        Request { reasoning: Some(Reasoning { exclude: true, ..Reasoning::default() }), ..Request::default() };
    assert!(!write(&without, &given).1.iter().any(|chunk| chunk.to_string().contains("reasoning")));
    assert!(!whole(&without, &given).to_string().contains("reasoning"));
}

#[test]
fn rules_18_20_lists_that_are_no_pieces_come_at_once_before_the_finish() {
    let page = |start, end, url: &str| {
        let raw = Raw::empty_object();
        Citation::Url(Box::new(UrlCitation {
            url: url.into(),
            title: None,
            start,
            end,
            quote: None,
            format: Format::Anthropic,
            raw,
        }))
    };
    let cite = |part, citation| Event::Cite { choice: 0, part, citation };
    let other = Citation::Native { format: Format::Anthropic, raw: Raw::parse(r#"{"type":"page_location"}"#).unwrap() };
    let block = Native {
        format: Format::Anthropic,
        block: Raw::parse(r#"{"a":1}"#).unwrap(),
        link: Link::Call { id: "s".into(), name: "w".into() },
    };
    let trace =
        Ext { owner: Owner::Bedrock, key: "trace".into(), value: Raw::parse(r#"{"n":1}"#).unwrap(), required: false };
    let given = [
        start(),
        open(0, Kind::Text),
        text(0, "é1"),
        close(0),
        Event::Whole { choice: 0, part: 1, body: Body::Native(block) },
        open(2, Kind::Text),
        text(2, "cited"),
        cite(2, page(None, None, "u1")),
        cite(2, page(Some(1), Some(3), "u2")),
        cite(2, other),
        close(2),
        Event::Native(trace),
        finish(Reason::Stop),
        Event::Usage(Usage { input: Some(1), output: Some(2), ..Usage::default() }),
        Event::End,
    ];
    let (deltas, chunks) = write(&Request { usage_wanted: true, ..Request::default() }, &given);
    let last = deltas.last().unwrap();
    assert_eq!(deltas.iter().filter(|delta| delta.get("annotations").is_some()).count(), 1);
    let place = |i: usize| {
        (
            last["annotations"][i]["url_citation"]["start_index"].clone(),
            last["annotations"][i]["url_citation"]["end_index"].clone(),
        )
    };
    assert_eq!((place(0), place(1)), ((json!(2), json!(7)), (json!(3), json!(5))), "characters of the whole content");
    let fields = json!({"blocks": [{"format": "anthropic-claude-v1", "call_id": "s", "name": "w", "block": {"a": 1}}],
        "citations": [{"type": "page_location"}], "trace": {"n": 1}});
    assert_eq!(last["provider_specific_fields"], fields);
    let message = &whole(&Request::default(), &given)["message"];
    assert_eq!((&message["provider_specific_fields"], &message["annotations"]), (&fields, &last["annotations"]));
    assert_eq!(chunks.last().unwrap()["usage"]["total_tokens"], 3);
}
