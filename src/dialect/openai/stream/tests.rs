use proptest::prelude::*;

use super::*;
use crate::meter::Usage;

/// What the client gets and what was learnt, the same for every way of cutting the stream.
fn run(operation: Operation, hide: bool, text: &str) -> (String, Learnt, First) {
    let feed = |pieces: Vec<&[u8]>| {
        let mut stream = Stream::new(operation, hide);
        let mut out = Vec::new();
        for piece in pieces.iter().copied().chain(std::iter::once(&[][..])).enumerate() {
            let (index, piece) = piece;
            match stream.feed(piece, index == pieces.len()) {
                Passed::Unchanged => out.extend_from_slice(piece),
                Passed::Replaced(bytes) => out.extend(bytes),
            }
        }
        (String::from_utf8(out).unwrap(), stream.learnt().clone(), stream.first().clone())
    };
    let bytes = text.as_bytes();
    let whole = feed(vec![bytes]);
    assert_eq!(feed(bytes.chunks(1).collect()), whole, "byte by byte");
    for cut in 0..bytes.len() {
        let (left, right) = bytes.split_at(cut);
        assert_eq!(feed(vec![left, right]), whole, "cut at {cut}");
    }
    if !hide && !whole.1.told_cut {
        assert_eq!(whole.0, text);
    }
    whole
}

fn chat(text: &str) -> Learnt {
    run(Operation::ChatCompletions, false, text).1
}

const TEXT: &str = r#"data: {"id":"c1","model":"m1","choices":[{"index":0,"delta":{"content":"\"usage\":{}"},"finish_reason":null}],"usage":null}"#;
const STOP: &str =
    r#"data: {"id":"c1","model":"m1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#;
const USAGE: &str = r#"data: {"id":"c1","model":"m1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;

fn usage(input: u64, output: u64) -> Usage {
    Usage { input: Some(input), output: Some(output), ..Usage::default() }
}

#[test]
fn a_chat_stream_is_read() {
    let learnt = chat(&format!("{TEXT}\n\n{STOP}\n\n{USAGE}\n\ndata: [DONE]\n\n"));
    let expected = Learnt {
        usage: usage(3, 2),
        model: Some("m1".into()),
        id: Some("c1".into()),
        finish: Some("stop".into()),
        ended: true,
        ..Learnt::default()
    };
    assert_eq!(learnt, expected);
}

#[test]
fn why_an_answer_ends_is_that_of_the_first_choice() {
    let choice =
        |index: u32, word: &str| format!("data: {{\"choices\":[{{\"index\":{index},\"finish_reason\":{word}}}]}}\n\n");
    let long = format!("\"{}\"", "x".repeat(300));
    for (events, expected) in [
        ([choice(1, "\"stop\""), choice(0, "\"length\"")], Some("length")),
        ([choice(0, "\"length\""), choice(0, "\"stop\"")], Some("length")),
        ([choice(0, "7"), choice(0, &long)], None),
        ([choice(0, "null"), choice(1, "\"stop\"")], None),
    ] {
        assert_eq!(chat(&events.concat()).finish.as_deref(), expected, "{events:?}");
    }
    for (kind, expected) in [("completed", Some("completed")), ("incomplete", Some("incomplete")), ("created", None)] {
        let event = format!("data: {{\"type\":\"response.{kind}\",\"response\":{{}}}}\n\n");
        let (_, learnt, _) = run(Operation::Responses, false, &event);
        assert_eq!(learnt.finish.as_deref(), expected);
    }
}

#[test]
fn only_the_usage_chunk_is_hidden() {
    let groq = USAGE.replace("}}", r#"},"x_groq":{"id":"r"}}"#);
    let filtered = USAGE.replace("}}", r#"},"prompt_filter_results":[]}"#);
    let beside = STOP.replace("null", r#"{"prompt_tokens":3,"completion_tokens":2}"#);
    let error = USAGE.replace("}}", r#"},"error":{"message":"x"}}"#);
    for (name, stream, hidden) in [
        ("openai", format!("{TEXT}\n\n{STOP}\n\n{USAGE}\n\ndata: [DONE]\n\n"), format!("{USAGE}\n\n")),
        ("crlf", format!("{STOP}\r\n\r\n{USAGE}\r\n\r\ndata: [DONE]\r\n\r\n"), format!("{USAGE}\r\n\r\n")),
        ("groq", format!("{STOP}\n\n{groq}\n\ndata: [DONE]\n\n"), format!("{groq}\n\n")),
        ("twice", format!("{USAGE}\n\n{TEXT}\n\n{USAGE}\n\n"), format!("{USAGE}\n\n")),
        ("no blank line at the end", format!("{TEXT}\n\n{USAGE}"), USAGE.to_owned()),
        ("a comment between", format!("{TEXT}\n\n: hi\n\n{USAGE}\n\n"), format!("{USAGE}\n\n")),
        ("usage beside choices", format!("{TEXT}\n\n{beside}\n\ndata: [DONE]\n\n"), String::new()),
        ("azure's filter", format!("{filtered}\n\n{TEXT}\n\n"), String::new()),
        ("an error", format!("{TEXT}\n\n{error}\n\n"), String::new()),
        ("no usage", format!("{TEXT}\n\ndata: {{\"choices\":[],\"usage\":null}}\n\nrest"), String::new()),
        ("nothing", String::new(), String::new()),
    ] {
        let (out, learnt, _) = run(Operation::ChatCompletions, true, &stream);
        let expected = if hidden.is_empty() { stream.clone() } else { stream.replace(&hidden, "") };
        assert_eq!(out, expected, "{name}");
        assert_eq!(learnt, chat(&stream), "{name}");
    }
}

#[test]
fn complete_events_are_not_copied() {
    let mut stream = Stream::new(Operation::ChatCompletions, true);
    assert_eq!(stream.feed(format!("{TEXT}\n\n{STOP}\n\n").as_bytes(), false), Passed::Unchanged);
    assert_eq!(stream.feed(b"data: x", false), Passed::Replaced(Vec::new()));
    assert_eq!(stream.feed(b"y\n\n", false), Passed::Replaced(b"data: xy\n\n".to_vec()));
    assert_eq!(stream.feed(b"data: z\n\n", true), Passed::Unchanged);
    let mut stream = Stream::new(Operation::ChatCompletions, false);
    assert_eq!(stream.feed(b"data: x", false), Passed::Unchanged);
}

#[test]
fn an_event_that_is_too_large_flows_on() {
    let large = format!("data: {}", "x".repeat(sse::MAX_EVENT));
    let mut stream = Stream::new(Operation::ChatCompletions, true);
    let mut out = Vec::new();
    let text = format!("{TEXT}\n\n{large}\n\n{USAGE}\n\ndata: [DONE]\n\n");
    for piece in text.as_bytes().chunks(100_000) {
        match stream.feed(piece, false) {
            Passed::Unchanged => out.extend_from_slice(piece),
            Passed::Replaced(bytes) => out.extend(bytes),
        }
    }
    assert!(out == text.replace(&format!("{USAGE}\n\n"), "").into_bytes());
    assert!(stream.learnt().usage_gave_up);
    assert_eq!(stream.learnt().usage, usage(3, 2));
}

#[test]
fn the_end_is_a_reason_for_every_choice() {
    let choice = |index: u32, reason: &str| {
        format!(
            "data: {{\"model\":\"m\",\"choices\":[{{\"index\":{index},\"delta\":{{}},\"finish_reason\":{reason}}}]}}\n\n"
        )
    };
    for (stream, expected) in [
        (choice(0, "null"), false),
        (choice(0, "\"stop\""), true),
        ([choice(0, "null"), choice(1, "null"), choice(0, "\"stop\"")].concat(), false),
        ([choice(0, "\"stop\""), choice(1, "null")].concat(), false),
        ([choice(0, "null"), choice(1, "\"stop\""), choice(0, "\"length\"")].concat(), true),
        ("data: {\"model\":\"m\",\"choices\":[]}\n\ndata: [DONE]\n\n".to_owned(), true),
        ("data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n".to_owned(), true),
        (String::new(), false),
    ] {
        assert_eq!(chat(&stream).ended, expected, "{stream}");
    }
}

/// SDKs stop reading at `[DONE]`: what came before would be taken for the whole answer.
#[test]
fn a_done_that_comes_too_early_becomes_an_error() {
    const DONE: &str = "data: [DONE]\n\n";
    let role = r#"data: {"model":"m","choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}]}"#;
    let second = TEXT.replace(r#""index":0"#, r#""index":1"#);
    let error = r#"data: {"error":{"message":"a"}}"#;
    // What waits is bounded: the beginning of such an event may be with the client already.
    let long = format!("data: [DONE]\na: {}\n\n", "x".repeat(300));
    for (before, done, is_early) in [
        (format!("{TEXT}\n\n"), &*long, false),
        (format!("{TEXT}\n\n"), DONE, true),
        (format!("{role}\n\n"), DONE, true),
        (format!("{TEXT}\n\n{second}\n\n{STOP}\n\n"), DONE, true),
        (format!("{TEXT}\n\n: a comment\n"), DONE, true),
        (format!("{TEXT}\r\n\r\n"), "data:[DONE]\r\n\r\n", true),
        (format!("{TEXT}\n\n"), "data: [DONE]", true),
        (format!("{TEXT}\n\n{STOP}\n\n"), DONE, false),
        (format!("{TEXT}\n\n{error}\n\n"), DONE, false),
        (String::new(), DONE, false),
        (format!("{USAGE}\n\n"), DONE, false),
        (format!("{TEXT}\n\n"), "data: [DONE", false),
        (format!("{TEXT}\n\n"), "data: [DONE]\ndata: more\n\n", false),
    ] {
        let stream = format!("{before}{done}");
        for hide in [false, true] {
            let (out, learnt, _) = run(Operation::ChatCompletions, hide, &stream);
            let passed = if hide { before.replace(&format!("{USAGE}\n\n"), "") } else { before.clone() };
            let end = if is_early { CUT } else { done };
            assert_eq!((out, learnt.told_cut), (format!("{passed}{end}"), is_early), "{stream}");
            assert!(!is_early || !learnt.ended);
        }
        assert!(!run(Operation::Responses, false, &stream).1.told_cut);
        assert_eq!(run(Operation::Completions, false, &stream).1.told_cut, is_early);
    }
}

/// The finish reason may have stood in an event that was too large to be read.
#[test]
fn a_done_after_an_event_that_was_not_read_is_an_end() {
    let mut stream = Stream::new(Operation::ChatCompletions, false);
    let text = format!("{TEXT}\n\ndata: {}\n\ndata: [DONE]\n\n", "x".repeat(sse::MAX_EVENT));
    assert_eq!(stream.feed(text.as_bytes(), true), Passed::Unchanged);
    assert!(stream.learnt().ended);
}

#[test]
fn other_operations_end_with_their_own_events() {
    let response = r#"{"id":"r1","model":"m1","error":null,"usage":{"input_tokens":3,"output_tokens":2}}"#;
    for (operation, data, ended, named) in [
        (Operation::Responses, format!(r#"{{"type":"response.completed","response":{response}}}"#), true, true),
        (Operation::Responses, format!(r#"{{"type":"response.incomplete","response":{response}}}"#), true, true),
        (Operation::Responses, format!(r#"{{"type":"response.in_progress","response":{response}}}"#), false, true),
        (
            Operation::Images,
            r#"{"type":"image_generation.completed","usage":{"input_tokens":3,"output_tokens":2}}"#.into(),
            true,
            false,
        ),
        (
            Operation::Images,
            r#"{"type":"image_generation.partial_image","usage":{"input_tokens":3,"output_tokens":2}}"#.into(),
            false,
            false,
        ),
        (
            Operation::Audio,
            r#"{"type":"transcript.text.done","usage":{"type":"tokens","input_tokens":3,"output_tokens":2}}"#.into(),
            true,
            false,
        ),
    ] {
        // Events before it, so that it is not read for the sake of the model alone.
        let before = "data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n".repeat(6);
        let (_, learnt, _) = run(operation, false, &format!("{before}data: {data}\n\n"));
        assert_eq!((learnt.ended, learnt.usage), (ended, usage(3, 2)), "{data}");
        assert_eq!((learnt.model.is_some(), learnt.id.is_some()), (named, named), "{data}");
    }
}

#[test]
fn usage_stands_in_many_places() {
    let cumulative = |n: u32| {
        TEXT.replace("\"usage\":null", &format!("\"usage\":{{\"prompt_tokens\":3,\"completion_tokens\":{n}}}"))
    };
    let groq =
        STOP.replace("\"usage\":null", r#""x_groq":{"id":"r","usage":{"prompt_tokens":3,"completion_tokens":2}}"#);
    for (name, stream) in [
        ("perplexity: in every chunk", format!("{}\n\n{}\n\n", cumulative(1), cumulative(2))),
        ("groq: not asked for", format!("{TEXT}\n\n{groq}\n\n")),
        ("groq: twice", format!("{TEXT}\n\n{groq}\n\n{USAGE}\n\n")),
        ("white space", format!("{TEXT}\n\n{}\n\n", USAGE.replace("\"usage\":{", "\"usage\" : {"))),
    ] {
        assert_eq!(chat(&stream).usage, usage(3, 2), "{name}");
    }
}

#[test]
fn names_have_a_limit() {
    let long = format!("data: {{\"id\":\"{0}\",\"model\":\"{0}\",\"choices\":[]}}\n\n", "x".repeat(257));
    assert_eq!(chat(&long), Learnt::default());
    assert_eq!(chat(&long.replace('x', "")), Learnt::default());
    let learnt = chat(&format!("data: {{\"id\":\"\",\"model\":\"\",\"choices\":[]}}\n\n{TEXT}\n\n"));
    assert_eq!((learnt.model.as_deref(), learnt.id.as_deref()), (Some("m1"), Some("c1")));
}

#[test]
fn errors_have_many_shapes() {
    let error = |message: &str, kind: Option<&str>, code: Option<&str>, status| StreamError {
        message: message.into(),
        kind: kind.map(Into::into),
        code: code.map(Into::into),
        status,
    };
    let long = format!("data: {{\"error\":\"{}é\"}}", "x".repeat(2047));
    for (name, event, expected) in [
        (
            "openai",
            r#"data: {"error":{"message":"a","type":"server_error","param":null,"code":null}}"#,
            error("a", Some("server_error"), None, None),
        ),
        (
            "groq",
            "event: error\ndata: {\"error\":{\"message\":\"a\",\"type\":\"b\",\"code\":\"c\",\"status_code\":400}}",
            error("a", Some("b"), Some("c"), Some(400)),
        ),
        (
            "groq, only x_groq",
            r#"data: {"x_groq":{"error":"over capacity"}}"#,
            error("over capacity", None, None, None),
        ),
        (
            "openrouter",
            r#"data: {"id":"g","choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],"error":{"code":502,"message":"a"}}"#,
            error("a", None, Some("502"), Some(502)),
        ),
        (
            "anthropic",
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"a\"}}",
            error("a", Some("overloaded_error"), None, None),
        ),
        (
            "responses, flat",
            "event: error\ndata: {\"type\":\"error\",\"code\":\"c\",\"message\":\"a\",\"param\":null}",
            error("a", Some("error"), Some("c"), None),
        ),
        (
            "responses, nested",
            r#"data: {"type":"error","error":{"code":"c","message":"a"}}"#,
            error("a", None, Some("c"), None),
        ),
        (
            "responses, failed",
            r#"data: {"type":"response.failed","response":{"error":{"code":"server_error","message":"a"}}}"#,
            error("a", None, Some("server_error"), None),
        ),
        (
            "vllm",
            r#"data: {"object":"error","message":"a","type":"b","code":400}"#,
            error("a", Some("b"), Some("400"), Some(400)),
        ),
        ("only a text", r#"data: {"error":"a"}"#, error("a", None, None, None)),
        ("not json", "event: error\ndata: upstream timed out", error("upstream timed out", None, None, None)),
        ("a long text", &long, error(&"x".repeat(2047), None, None, None)),
    ] {
        let operation = if name.starts_with("responses") { Operation::Responses } else { Operation::ChatCompletions };
        let (_, learnt, first) = if event.len() > 1000 {
            let mut stream = Stream::new(operation, false);
            stream.feed(event.as_bytes(), true);
            (String::new(), stream.learnt().clone(), stream.first().clone())
        } else {
            run(operation, false, event)
        };
        assert_eq!(first, First::Error(expected.clone()), "{name}");
        assert_eq!(learnt.error, Some(expected.clone()), "{name}");
        let later = format!("{TEXT}\n\n{TEXT}\n\n{event}\n\n");
        let mut stream = Stream::new(operation, false);
        stream.feed(later.as_bytes(), true);
        assert_eq!(
            (stream.learnt().error.as_ref(), stream.first()),
            (Some(&expected), &First::Content),
            "{name}, later"
        );
    }
}

#[test]
fn what_comes_first() {
    let responses = Operation::Responses;
    let chat = Operation::ChatCompletions;
    for (operation, event, expected) in [
        (chat, ": OPENROUTER PROCESSING\n\n", First::Undecided),
        (chat, r#"data: {"choices":[]}"#, First::Undecided),
        (chat, r#"data: {"choices":[],"prompt_filter_results":[{}]}"#, First::Undecided),
        (chat, r#"data: {"choices":[{"delta":{"role":"assistant"}}]}"#, First::Undecided),
        (
            chat,
            r#"data: {"choices":[{"delta":{"role":"assistant","content":"","refusal":null,"tool_calls":[]}}]}"#,
            First::Undecided,
        ),
        (chat, r#"data: {"choices":[{"text":""}]}"#, First::Undecided),
        (chat, r#"data: {"choices":[{"delta":{"content":"a"}}]}"#, First::Content),
        (chat, r#"data: {"choices":[{"delta":{"reasoning_content":"a"}}]}"#, First::Content),
        (chat, r#"data: {"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#, First::Content),
        (chat, r#"data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"#, First::Content),
        (chat, r#"data: {"choices":[{"text":"a"}]}"#, First::Content),
        (chat, "data: [DONE]", First::Content),
        (chat, "data: hello", First::Content),
        (
            responses,
            "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"error\":null}}",
            First::Undecided,
        ),
        (responses, r#"data: {"type":"response.queued"}"#, First::Undecided),
        (responses, r#"data: {"type":"response.in_progress"}"#, First::Undecided),
        (responses, r#"data: {"type":"response.output_item.added"}"#, First::Content),
        (chat, r#"data: {"type":"message_start"}"#, First::Undecided),
        (chat, r#"data: {"type":"ping"}"#, First::Undecided),
        (chat, r#"data: {"type":"content_block_start"}"#, First::Content),
        (chat, "", First::Undecided),
    ] {
        assert_eq!(run(operation, false, event).2, expected, "{event}");
    }
}

proptest! {
    #[test]
    fn cutting_changes_nothing(
        pieces in prop::collection::vec(prop::sample::select(vec![
            TEXT, STOP, USAGE, "\n\n", "\r\n\r\n", "\n", "\r", "data: [DONE]", "event: error\n", "data: {\"error\":{\"message\":\"a\"}}", "x",
        ]), 0..8),
        hide in any::<bool>(),
    ) {
        run(Operation::ChatCompletions, hide, &pieces.concat());
    }

    #[test]
    fn damaged_events_do_no_harm(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut bytes = format!("{TEXT}\n\n{STOP}\n\n{USAGE}\n\ndata: {{\"error\":{{\"message\":\"a\",\"code\":5}}}}\n\n").into_bytes();
        let place = at.index(bytes.len());
        bytes[place] = to;
        for operation in Operation::ALL {
            Stream::new(operation, true).feed(&bytes, true);
        }
    }
}
