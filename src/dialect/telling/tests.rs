use super::*;
use serde_json::{Value, json};
use std::cell::Cell;

const WORDS: &str = r#"{"generationId":"gen_1"}"#;

fn words() -> Option<Raw> {
    Raw::parse(WORDS)
}

/// What the client gets, which must be the same however the answer is cut and wherever its end is seen.
fn told(operation: Operation, is_stream: bool, text: &str) -> String {
    let cut = |size: usize, late: bool| {
        let mut teller = Teller::new(operation, is_stream).unwrap();
        let mut pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
        pieces.extend(late.then_some(&b""[..]));
        let last = pieces.len() - 1;
        let out = pieces.iter().enumerate().flat_map(|(at, piece)| teller.feed(piece, at == last, &words));
        String::from_utf8(out.collect()).unwrap()
    };
    let whole = cut(text.len(), false);
    for size in (1..text.len()).step_by(if text.len() > 2000 { 97 } else { 1 }) {
        assert!(cut(size, false) == whole && cut(size, true) == whole, "in pieces of {size}");
    }
    whole
}

fn chunk(choices: Value, usage: bool) -> String {
    let mut chunk =
        json!({"id": "c1", "object": "chat.completion.chunk", "created": 7, "model": "m", "choices": choices});
    if usage {
        chunk["usage"] = json!({"prompt_tokens": 1});
    }
    format!("data: {chunk}\n\n")
}

fn said(text: &str) -> String {
    chunk(json!([{"index": 0, "delta": {"content": text}, "finish_reason": null}]), false)
}

fn reason(index: u32, usage: bool) -> String {
    chunk(json!([{"index": index, "delta": {}, "finish_reason": "stop"}]), usage)
}

fn own() -> String {
    let head = r#"{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m""#;
    let delta = format!(r#"{{"provider_metadata":{{"gateway":{WORDS}}}}}"#);
    format!("data: {head},\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":null}}]}}\n\n")
}

const DONE: &str = "data: [DONE]\n\n";

#[test]
fn each_document_has_its_place() {
    let member = format!(r#""provider_metadata":{{"gateway":{WORDS}}}"#);
    for (operation, before, after) in [
        (
            Operation::ChatCompletions,
            r#"{"id":"x", "choices": [{"index":0,"message":{"role":"assistant","content":"}"},"#,
            r#""finish_reason":"stop"},{"message":{"content":"b"}}],"usage":{"prompt_tokens":1}}"#,
        ),
        (Operation::Responses, r#"{"id":"r","output":[{"a":{}}]},"#, " \n"),
        (Operation::Messages, r#"{"id":"m","content":[]},"#, ""),
    ] {
        let (open, rest) = before.rsplit_once('}').unwrap();
        let expected =
            format!("{open},{member}}}{}{after}", if operation == Operation::ChatCompletions { rest } else { "" });
        let plain = expected.replacen(&format!(",{member}"), "", 1);
        assert_eq!(told(operation, false, &plain), expected);
        assert!(serde_json::from_str::<Value>(&expected).is_ok(), "{expected}");
    }
    let vectors = format!(r#"{{"object":"list","data":[{{"embedding":[{}]}}]"#, "0.25,".repeat(2000) + "1");
    let expected = format!(r#"{vectors},"providerMetadata":{{"gateway":{WORDS}}}}}"#);
    assert_eq!(told(Operation::Embeddings, false, &format!("{vectors}}}")), expected);
    assert_eq!(told(Operation::Responses, false, "{}"), format!("{{{member}}}"));
}

#[test]
fn a_document_without_the_place_stays_as_it_is() {
    for text in
        [r#"{"choices":[]}"#, r#"{"error":{"message":"no"}}"#, "ID3 no JSON {", "[1]", r#"{"choices":[{"message":{"a""#]
    {
        assert_eq!(told(Operation::ChatCompletions, false, text), text);
    }
    for operation in [Operation::Images, Operation::Audio, Operation::Completions, Operation::LanguageModel] {
        assert!(Teller::new(operation, false).is_none() && Teller::new(operation, true).is_none());
    }
    assert!(Teller::new(Operation::Embeddings, true).is_none());
}

#[test]
fn a_chunk_of_its_own_stands_before_the_reason() {
    let (said, reason, own) = (said("hi"), reason(0, false), own());
    let usage = chunk(json!([]), true);
    let ping = ": keep-alive\n\n";
    for (before, after) in [
        (said.clone(), format!("{reason}{usage}{DONE}")),
        (said.clone(), format!("{reason}{DONE}")),
        (said.clone(), reason.clone()),
        (format!("{said}{ping}"), format!("{}{DONE}", self::reason(0, true))),
        // Perplexity counts in every chunk.
        (chunk(json!([{"index": 0, "delta": {"content": "a"}}]), true), format!("{reason}{DONE}")),
        // Another choice ends first.
        (format!("{said}{}", self::reason(1, false)), format!("{reason}{ping}{DONE}")),
        (said.replace('\n', "\r\n"), format!("{reason}{usage}{DONE}").replace('\n', "\r\n")),
    ] {
        let told = told(Operation::ChatCompletions, true, &format!("{before}{after}"));
        assert_eq!(told, format!("{before}{own}{after}"));
    }
}

#[test]
fn a_stream_that_gives_no_reason_stays_as_it_is() {
    for text in [format!("{}{DONE}", said("a")), format!("{}data: {{\"error\":{{}}}}\n\n", said("a")), said("a")] {
        assert_eq!(told(Operation::ChatCompletions, true, &text), text);
    }
}

#[test]
fn events_with_an_object_get_a_member() {
    let member = format!(r#","provider_metadata":{{"gateway":{WORDS}}}"#);
    let delta = "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"response.completed\"}\n\n";
    for kind in ["response.completed", "response.incomplete", "response.failed"] {
        let open =
            format!("{delta}event: {kind}\ndata: {{\"type\":\"{kind}\",\"response\":{{\"id\":\"r\",\"output\":[{{}}]");
        let rest = "},\"sequence_number\":9}\n\n";
        assert_eq!(told(Operation::Responses, true, &format!("{open}{rest}")), format!("{open}{member}{rest}"));
    }
    let start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n";
    let delta = "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}";
    let stop = "}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    let text = format!("{start}{delta}{stop}");
    assert_eq!(told(Operation::Messages, true, &text), format!("{start}{delta}{member}{stop}"));
    let in_lines = "data: {\"type\":\"message_delta\",\ndata: \"delta\":{}}\n\n";
    assert_eq!(told(Operation::Messages, true, in_lines), in_lines);
}

/// The words come late, when all is known, but an answer does not wait for them without end.
#[test]
fn the_words_are_asked_for_at_the_end() {
    let asked = Cell::new(0);
    let words = || {
        asked.set(asked.get() + 1);
        words()
    };
    let mut teller = Teller::new(Operation::ChatCompletions, false).unwrap();
    let open = br#"{"choices":[{"message":{"content":"hi"}"#;
    assert_eq!(teller.feed(open, false, &words), &open[..open.len() - 1]);
    assert_eq!((teller.feed(b",\"logprobs\":\"", false, &words).len(), asked.get()), (0, 0));
    assert!(teller.feed(&vec![b'x'; MOST_WITHHELD], false, &words).len() > MOST_WITHHELD);
    assert_eq!((teller.feed(b"\"}]}", true, &words), asked.get()), (b"\"}]}".to_vec(), 1));

    let mut teller = Teller::new(Operation::ChatCompletions, true).unwrap();
    assert_eq!(teller.feed(said("hi").as_bytes(), false, &words), said("hi").into_bytes());
    assert!(teller.feed(reason(0, false).as_bytes(), false, &words).is_empty());
    assert_eq!(asked.get(), 1);
    let more = chunk(json!([{"index": 1, "delta": {"content": "x".repeat(MOST_WITHHELD)}}]), false);
    let told = teller.feed(more.as_bytes(), false, &words);
    assert!(told.starts_with(own().as_bytes()) && told.ends_with(more.as_bytes()));
    assert_eq!((teller.feed(DONE.as_bytes(), true, &words), asked.get()), (DONE.as_bytes().to_vec(), 2));
}
