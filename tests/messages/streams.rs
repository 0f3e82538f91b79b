//! Streams from events made by hand: what docs/dialects.md says of writing Anthropic, line by line.

use serde_json::{Value, json};
use tollgate::chat::{
    Body, Citation, Event, Ext, Finish, Format, Kind, Link, Native, Owner, Raw, Reason, Reasoning, Request, Seal,
    SealKind, UrlCitation,
};
use tollgate::dialect::anthropic::client::Encoder;
use tollgate::dialect::cut;
use tollgate::error::{Class, Error};
use tollgate::meter::Usage;

use super::anthropic::message_of;
use super::reading::{check_order, events};
use super::support::ids;

pub fn start() -> Event {
    Event::Start { id: "up-1".into(), model: "m-1".into() }
}

pub fn open(part: u32, kind: Kind) -> Event {
    Event::Open { choice: 0, part, kind }
}

pub fn thought() -> Kind {
    Kind::Reasoning { summary: false, format: None }
}

pub fn call(id: &str, seal: Option<Seal>) -> Kind {
    Kind::Call { id: id.into(), item_id: None, name: "look".into(), custom: false, caller: None, seal }
}

pub fn text(part: u32, piece: &str) -> Event {
    Event::Text { choice: 0, part, piece: piece.into() }
}

pub fn args(part: u32, piece: &str) -> Event {
    Event::Args { choice: 0, part, piece: piece.into() }
}

pub fn close(part: u32) -> Event {
    Event::Close { choice: 0, part }
}

pub fn sealed(part: u32, format: Format, kind: SealKind, data: &str) -> Event {
    Event::Seal { choice: 0, part, seal: Seal::new(format, kind, data) }
}

pub fn finish(reason: Reason) -> Event {
    Event::Finish { choice: 0, finish: Finish::new(reason, "") }
}

fn cite(part: u32, url: &str) -> Event {
    let raw = Raw::empty_object();
    let page = UrlCitation {
        url: url.into(),
        title: None,
        start: Some(0),
        end: Some(1),
        quote: None,
        format: Format::Gemini,
        raw,
    };
    Event::Cite { choice: 0, part, citation: Citation::Url(Box::new(page)) }
}

fn written(request: &Request, told: &[Event]) -> Vec<u8> {
    let mut out = Vec::new();
    Encoder::new(request, &ids()).feed(told, &mut out);
    let mut one_by_one = (Encoder::new(request, &ids()), Vec::new());
    told.iter().for_each(|event| one_by_one.0.feed(std::slice::from_ref(event), &mut one_by_one.1));
    assert!(one_by_one.1 == out, "line 1: it matters how events are divided");
    out
}

/// A whole stream of these events between start and end.
pub fn stream(inner: &[Event]) -> Vec<u8> {
    let mut told = vec![start()];
    told.extend_from_slice(inner);
    told.extend([finish(Reason::Stop), Event::End]);
    let body = written(&Request::default(), &told);
    assert!(check_order(&body, "made"), "{}", String::from_utf8_lossy(&body));
    body
}

/// The blocks of the message that it amounts to.
fn blocks(inner: &[Event]) -> Value {
    message_of(&stream(inner))["content"].clone()
}

#[test]
fn line_26_a_whole_stream() {
    let told = [open(0, Kind::Text), text(0, "Hi"), text(0, " é"), close(0)];
    let head = r#"{"type":"message_start","message":{"id":"msg_01JTEST","type":"message","role":"assistant","model":"m-1","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}}}"#;
    let expected = format!(
        "event: message_start\ndata: {head}\n\n\
        event: content_block_start\ndata: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{{\"type\":\"text\",\"text\":\"\"}}}}\n\n\
        event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"Hi\"}}}}\n\n\
        event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\" é\"}}}}\n\n\
        event: content_block_stop\ndata: {{\"type\":\"content_block_stop\",\"index\":0}}\n\n\
        event: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"end_turn\",\"stop_sequence\":null}},\"usage\":{{\"input_tokens\":0,\"output_tokens\":0}}}}\n\n\
        event: message_stop\ndata: {{\"type\":\"message_stop\"}}\n\n"
    );
    assert_eq!(String::from_utf8(stream(&told)).unwrap(), expected);
}

#[test]
fn line_7_parts_that_say_nothing_are_no_blocks() {
    let told = [open(0, thought()), close(0), open(1, Kind::Text), text(1, ""), close(1)];
    assert_eq!(blocks(&told), json!([]));
}

#[test]
fn line_27_parts_that_overlap_are_written_one_after_the_other() {
    let told = [
        open(0, Kind::Text),
        text(0, "a"),
        open(1, call("c1", None)),
        args(1, "{\"x\":"),
        open(2, call("c2", None)),
        args(2, "{}"),
        text(0, "b"),
        args(1, "1}"),
        close(2),
        close(0),
        open(3, Kind::Text),
        text(3, "c"),
        close(1),
        close(3),
    ];
    let call = |id: &str, input: Value| json!({"type": "tool_use", "id": id, "name": "look", "input": input});
    let expected = json!([{"type": "text", "text": "ab"}, call("c1", json!({"x": 1})), call("c2", json!({})),
        {"type": "text", "text": "c"}]);
    assert_eq!(blocks(&told), expected);
}

/// What is open is written at once, whatever waits.
#[test]
fn line_8_what_is_open_does_not_wait() {
    let mut encoder = Encoder::new(&Request::default(), &ids());
    let mut out = Vec::new();
    let told = [start(), open(0, thought()), open(1, Kind::Text), text(1, "later"), text(0, "now")];
    encoder.feed(&told, &mut out);
    let body = String::from_utf8(out.clone()).unwrap();
    assert!(body.contains("now") && !body.contains("later"), "{body}");
    encoder.feed(&[close(0)], &mut out);
    assert!(String::from_utf8(out).unwrap().ends_with("\"text\":\"later\"}}\n\n"));
}

#[test]
fn line_8_too_much_that_waits_is_an_error() {
    let piece = "x".repeat(200_000);
    let mut told = vec![start(), open(0, Kind::Text), text(0, "a"), open(1, Kind::Text)];
    told.extend((0..6).map(|_| text(1, &piece)));
    told.extend([close(0), close(1), finish(Reason::Stop), Event::End]);
    let body = written(&Request::default(), &told);
    assert!(!check_order(&body, "held"));
    told.truncate(8);
    told.extend([close(0), close(1), finish(Reason::Stop), Event::End]);
    assert!(check_order(&written(&Request::default(), &told), "held"));
}

#[test]
fn line_29_a_call_has_an_input() {
    for pieces in [&[][..], &[""], &[" "]] {
        let mut told = vec![open(0, call("c1", None))];
        told.extend(pieces.iter().map(|piece| args(0, piece)));
        told.push(close(0));
        assert_eq!(blocks(&told)[0]["input"], json!({}), "{pieces:?}");
    }
    let free = Kind::Call { id: "c".into(), item_id: None, name: "n".into(), custom: true, caller: None, seal: None };
    let told = [open(0, free), args(0, "free \""), args(0, "text"), close(0)];
    assert_eq!(blocks(&told)[0]["input"], json!({"input": "free \"text"}));
}

#[test]
fn line_30_thoughts_and_their_proofs() {
    let anthropic = |part, kind, data| sealed(part, Format::Anthropic, kind, data);
    let told = [
        open(0, thought()),
        text(0, "Hm"),
        anthropic(0, SealKind::Signature, "Eq=="),
        close(0),
        open(1, thought()),
        anthropic(1, SealKind::Redacted, "Em=="),
        close(1),
        open(2, thought()),
        text(2, "unsigned"),
        close(2),
        open(3, thought()),
        anthropic(3, SealKind::Signature, "Ez=="),
        close(3),
    ];
    let thinking = |text: &str, signature: &str| json!({"type": "thinking", "thinking": text, "signature": signature});
    let expected = json!([thinking("Hm", "Eq=="), {"type": "redacted_thinking", "data": "Em=="},
        thinking("unsigned", ""), thinking("", "Ez==")]);
    assert_eq!(blocks(&told), expected);
    let request =
        Request { reasoning: Some(Reasoning { exclude: true, ..Reasoning::default() }), ..Request::default() };
    let mut told = [vec![start()], told.to_vec()].concat();
    told.extend([finish(Reason::Stop), Event::End]);
    let hidden = message_of(&written(&request, &told))["content"].clone();
    let expected = json!([thinking("", "Eq=="), {"type": "redacted_thinking", "data": "Em=="}, thinking("", "Ez==")]);
    assert_eq!(hidden, expected);
}

#[test]
fn line_31_a_citation_stands_in_its_block_after_its_text() {
    let cited = |told: &[Event]| {
        let body = stream(told);
        let kinds: Vec<String> = events(&body)
            .iter()
            .map(|(name, event)| event["delta"]["type"].as_str().unwrap_or(name).to_owned())
            .filter(|name| !name.starts_with("message") && !name.ends_with("start"))
            .collect();
        let delta = events(&body).into_iter().rev().nth(1).unwrap().1;
        (kinds.join(" "), delta["provider_specific_fields"].clone())
    };
    let block = "text_delta citations_delta content_block_stop";
    let before = [open(0, Kind::Text), cite(0, "https://a"), text(0, "a"), close(0)];
    assert_eq!(cited(&before).0, block);
    // Gemini tells them when the text is over.
    let after = [open(0, Kind::Text), text(0, "a"), close(0), cite(0, "https://a")];
    assert_eq!(cited(&after).0, block);
    let mut late = after.to_vec();
    late.splice(3..3, [open(1, Kind::Text), text(1, "b")]);
    late.push(close(1));
    let (kinds, beside) = cited(&late);
    assert_eq!(kinds, "text_delta content_block_stop text_delta content_block_stop");
    assert_eq!(beside["citations"][0]["url"], "https://a");
}

#[test]
fn line_32_usage_as_far_as_it_is_known() {
    let usage = |input, output| Event::Usage(Usage { input, output, cache_read: Some(4), ..Usage::default() });
    let told = |early: bool| {
        let mut told = vec![start()];
        told.extend(early.then(|| usage(Some(10), Some(1))));
        told.extend([open(0, Kind::Text), text(0, "a"), close(0), finish(Reason::Stop), usage(Some(12), Some(7))]);
        told.push(Event::End);
        let body = events(&written(&Request::default(), &told));
        (body[0].1["message"]["usage"].clone(), body[body.len() - 2].1["usage"].clone())
    };
    let last = json!({"input_tokens": 8, "cache_read_input_tokens": 4, "output_tokens": 7});
    let first = json!({"input_tokens": 6, "cache_read_input_tokens": 4, "output_tokens": 1});
    assert_eq!(told(true), (first, last.clone()));
    assert_eq!(told(false), (json!({"input_tokens": 0, "output_tokens": 0}), last));
}

#[test]
fn line_33_why_it_ends() {
    for (reason, raw, sequence, word) in [
        (Reason::Stop, "stop", None, "end_turn"),
        (Reason::Stop, "stop_sequence", None, "end_turn"),
        (Reason::Stop, "stop", Some("END"), "stop_sequence"),
        (Reason::Length, "length", None, "max_tokens"),
        (Reason::Length, "model_context_window_exceeded", None, "model_context_window_exceeded"),
        (Reason::Calls, "STOP", None, "tool_use"),
        (Reason::Filter, "SAFETY", None, "refusal"),
        (Reason::Refusal, "refusal", None, "refusal"),
        (Reason::Pause, "pause_turn", None, "pause_turn"),
        (Reason::Error, "OTHER", None, "end_turn"),
    ] {
        let finish = Finish { stop_sequence: sequence.map(str::to_owned), ..Finish::new(reason, raw) };
        let body = written(&Request::default(), &[start(), Event::Finish { choice: 0, finish }, Event::End]);
        let message = message_of(&body);
        assert_eq!(
            (&message["stop_reason"], &message["stop_sequence"]),
            (&json!(word), &json!(sequence)),
            "{reason:?}"
        );
    }
}

#[test]
fn line_34_errors() {
    let begun = [start(), open(0, thought()), text(0, "Hm"), open(1, Kind::Text), text(1, "held")];
    for (error, kind) in [
        (cut(), "api_error"),
        (Error::no_provider("x"), "overloaded_error"),
        (Error::new(Class::BadRequest, 400, "x", "", "x"), "invalid_request_error"),
        (Error::new(Class::ProviderLimit, 429, "x", "", "x"), "rate_limit_error"),
        (Error::new(Class::Timeout, 504, "x", "", "x"), "timeout_error"),
    ] {
        let told = [&begun[..], &[Event::Error(error.clone()), text(0, "more"), Event::End]].concat();
        let body = written(&Request::default(), &told);
        assert!(!check_order(&body, kind));
        let last = events(&body).pop().unwrap();
        let expected = json!({"type": "error", "error": {"type": kind, "message": error.message}});
        assert_eq!(last, ("error".to_owned(), expected));
        assert!(!String::from_utf8(body).unwrap().contains("held"));
        let alone = written(&Request::default(), &[Event::Error(error)]);
        assert_eq!(events(&alone).len(), 1);
    }
}

#[test]
fn the_gateway_tells_of_itself_at_the_end() {
    let raw = |text: &str| Raw::parse(text).unwrap();
    let mut encoder = Encoder::new(&Request::default(), &ids());
    let mut out = Vec::new();
    encoder.tell(raw(r#"{"cost":"0"}"#));
    encoder.feed(&[start(), open(0, Kind::Text), text(0, "a"), close(0)], &mut out);
    encoder.tell(raw(r#"{"cost":"1"}"#));
    encoder.feed(&[finish(Reason::Stop), Event::End], &mut out);
    let told = events(&out).into_iter().rev().nth(1).unwrap().1;
    assert_eq!(told["provider_metadata"], json!({"gateway": {"cost": "1"}}));
    assert!(events(&stream(&[])).iter().all(|(_, event)| event["provider_metadata"].is_null()));
}

#[test]
fn a_refusal_is_a_text_unless_it_is_explained() {
    let refused = |detail: Option<&str>| {
        let finish = Finish { detail: detail.and_then(Raw::parse), ..Finish::new(Reason::Stop, "stop") };
        let told = [
            start(),
            open(0, Kind::Refusal),
            text(0, "I "),
            text(0, "won't."),
            close(0),
            Event::Finish { choice: 0, finish },
            Event::End,
        ];
        message_of(&written(&Request::default(), &told))
    };
    let plain = refused(None);
    assert_eq!(plain["content"], json!([{"type": "text", "text": "I won't."}]));
    assert_eq!((&plain["stop_reason"], &plain["stop_details"]), (&json!("refusal"), &Value::Null));
    let detail = r#"{"type":"refusal","category":"cyber","explanation":"I won't."}"#;
    let explained = refused(Some(detail));
    assert_eq!(explained["content"], json!([]));
    assert_eq!(explained["stop_details"], serde_json::from_str::<Value>(detail).unwrap());
}

#[test]
fn blocks_of_anthropics_own_are_blocks_and_others_stand_beside() {
    let native = |part, format, block: &str| Event::Whole {
        choice: 0,
        part,
        body: Body::Native(Native { format, block: Raw::parse(block).unwrap(), link: Link::Alone }),
    };
    let ext = |owner, key: &str| {
        let value = Raw::parse(r#"{"id":"c"}"#).unwrap();
        Event::Native(Ext { owner, key: key.into(), value, required: false })
    };
    let body = stream(&[
        native(0, Format::Anthropic, r#"{"type":"server_tool_use","id":"s","name":"web_search","input":{"q":1}}"#),
        native(1, Format::Gemini, r#"{"executableCode":{}}"#),
        ext(Owner::Anthropic, "container"),
        ext(Owner::Google, "groundingMetadata"),
    ]);
    let delta = events(&body).into_iter().rev().nth(1).unwrap().1;
    let blocks = json!([{"format": "google-gemini-v1", "block": {"executableCode": {}}}]);
    assert_eq!(delta["delta"]["container"], json!({"id": "c"}));
    assert_eq!(delta["provider_specific_fields"], json!({"blocks": blocks, "groundingMetadata": {"id": "c"}}));
    assert_eq!(message_of(&body)["content"][0]["input"], json!({"q": 1}));
}
