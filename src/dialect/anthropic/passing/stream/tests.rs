use super::*;
use crate::error::Class;
use crate::meter::Usage;

/// What was learnt and how it begins, the same for every way of cutting the stream.
fn read(text: &str) -> Stream {
    let feed = |pieces: Vec<&[u8]>| {
        let mut stream = Stream::default();
        pieces.iter().for_each(|piece| stream.feed(piece, false));
        stream.feed(b"", true);
        stream
    };
    let whole = feed(vec![text.as_bytes()]);
    let same = |again: Stream, how: &str| {
        assert_eq!(again.learnt(), whole.learnt(), "{how}");
        assert_eq!(again.beginning(), whole.beginning(), "{how}");
        assert_eq!(again.closing(), whole.closing(), "{how}");
    };
    same(feed(text.as_bytes().chunks(1).collect()), "byte by byte");
    for cut in 0..text.len() {
        let (left, right) = text.as_bytes().split_at(cut);
        same(feed(vec![left, right]), &format!("cut at {cut}"));
    }
    whole
}

fn event(data: &str) -> String {
    let kind = serde_json::from_str::<serde_json::Value>(data).unwrap()["type"].as_str().unwrap_or("").to_owned();
    format!("event: {kind}\ndata: {data}\n\n")
}

fn events(data: &[&str]) -> String {
    data.iter().map(|data| event(data)).collect()
}

const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","model":"claude","content":[],"usage":{"input_tokens":4,"cache_read_input_tokens":10,"cache_creation_input_tokens":3,"output_tokens":1}}}"#;
const BLOCK: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
const PIECE: &str =
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\"type\":\"error\""}}"#;
const PING: &str = r#"{"type":"ping"}"#;
const DELTA: &str = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;
const OVERLOADED: &str = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;

#[test]
fn a_stream_is_read() {
    let stream = read(&events(&[START, PING, BLOCK, PIECE, DELTA, STOP]));
    let usage =
        Usage { input: Some(17), cache_read: Some(10), cache_write: Some(3), output: Some(7), ..Usage::default() };
    let expected = Learnt {
        usage,
        model: Some("claude".into()),
        id: Some("msg_1".into()),
        finish: Some("end_turn".into()),
        ended: true,
        ..Learnt::default()
    };
    assert_eq!(stream.learnt(), &expected);
    assert!(stream.closing().is_empty());
}

/// Line 25: with built-in tools the input grows.
#[test]
fn line_25_later_counts_replace_earlier_ones_and_are_never_added() {
    let later = r#"{"type":"message_delta","delta":{},"usage":{"input_tokens":40,"output_tokens":9}}"#;
    let usage = read(&events(&[START, DELTA, later, STOP])).learnt().usage.clone();
    assert_eq!((usage.input, usage.output, usage.cache_read), (Some(53), Some(9), Some(10)));
}

#[test]
fn bookkeeping_decides_nothing() {
    for (data, begins) in [
        (&[][..], false),
        (&[START], false),
        (&[START, PING], false),
        (&[r#"{"type":"of_tomorrow"}"#], false),
        (&[START, BLOCK], true),
        (&[PIECE], true),
        (&[START, DELTA], true),
        (&[START, STOP], true),
    ] {
        let stream = read(&events(data));
        let expected = if begins { Beginning::Content } else { Beginning::Undecided };
        assert_eq!(*stream.beginning(), expected, "{data:?}");
    }
    // Events without a name.
    assert_eq!(*read(&format!("data: {BLOCK}\n\n")).beginning(), Beginning::Content);
}

#[test]
fn an_error_at_first_is_a_failure_and_later_it_is_the_end() {
    for (text, class) in [
        (events(&[OVERLOADED]), Class::Overloaded),
        (events(&[START, PING, OVERLOADED]), Class::Overloaded),
        (format!("data: {OVERLOADED}\n\n"), Class::Overloaded),
        (r#"data: {"error":{"code":500,"message":"m","status":"INTERNAL"}}"#.to_owned() + "\n\n", Class::ProviderFault),
        ("event: error\ndata: gone\n\n".to_owned(), Class::ProviderFault),
    ] {
        let stream = read(&text);
        let Beginning::Failed(failure) = stream.beginning() else { panic!("{text}: {stream:?}") };
        assert_eq!((failure.error.class, &*failure.word), (class, "error"), "{text}");
        assert!(stream.learnt().error.is_some() && !stream.learnt().ended && stream.closing().is_empty(), "{text}");
    }
    let stream = read(&events(&[START, BLOCK, OVERLOADED, STOP]));
    assert_eq!(*stream.beginning(), Beginning::Content);
    assert!(!stream.learnt().ended, "what comes after it does not make it whole");
    assert_eq!(stream.learnt().error.as_ref().unwrap().message, "Overloaded");
    assert!(read(&events(&[START, STOP, OVERLOADED])).learnt().error.is_none(), "it had ended");
}

#[test]
fn line_34_a_cut_stream_ends_with_an_error() {
    let whole = events(&[START, BLOCK, PIECE, DELTA]);
    let (broken, _) = whole.split_at(whole.len() - 30);
    for text in [&*whole, broken, ""] {
        let closing = String::from_utf8(read(text).closing()).unwrap();
        let data = closing.strip_prefix("\n\nevent: error\ndata: ").unwrap().strip_suffix("\n\n").unwrap();
        let told: serde_json::Value = serde_json::from_str(data).unwrap();
        let message = "The provider's stream ended before its answer was complete.";
        let expected = serde_json::json!({"type": "error", "error": {"type": "api_error", "message": message}});
        assert_eq!(told, expected);
    }
}

#[test]
fn names_have_a_limit_and_what_is_too_large_is_given_up() {
    let long = START.replace("claude", &"x".repeat(257)).replace("msg_1", "");
    let mut stream = Stream::default();
    stream.feed(event(&long).as_bytes(), false);
    assert_eq!((&stream.learnt().model, &stream.learnt().id), (&None, &None));
    stream.feed(format!("data: {}\n\n{}", "x".repeat(2 << 20), event(STOP)).as_bytes(), true);
    assert!(stream.learnt().usage_gave_up && stream.learnt().ended);
    assert_eq!(*stream.beginning(), Beginning::Content);
}
