//! What a stream may hold: however long it is, and however it is built to be held, no decoder keeps more than its caps.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may panic")]
#![allow(unsafe_code, reason = "only an allocator can count what is held")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use tollgate::chat::{Event, Ids, Request};
use tollgate::dialect::Client;
use tollgate::dialect::decode::Decode;
use tollgate::dialect::openai::chat::Encoder;
use tollgate::dialect::passing::{Answer, Stream};
use tollgate::dialect::{anthropic, bedrock, cohere, gemini, openai};
use tollgate::operation::Operation;
use tollgate::route::AskReader;

thread_local! {
    /// Bytes held by this thread now, and at most since the count began.
    static HELD: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// The system's allocator, counting.
struct Counting;

fn count(add: usize, take: usize) {
    let _ = HELD.try_with(|held| {
        let now = held.get().0.saturating_add(add).saturating_sub(take);
        held.set((now, held.get().1.max(now)));
    });
}

// SAFETY: everything is the system allocator's; the counter is a thread's own and allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(0, layout.size());
        unsafe { System.dealloc(place, layout) }
    }
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that some work held at a time beyond what was held before.
fn peak(work: impl FnOnce()) -> usize {
    let before = HELD.get().0;
    HELD.set((before, before));
    work();
    HELD.get().1 - before
}

/// So much is given to each.
const LENGTH: usize = 6 * 1024 * 1024;
/// A cap of 1 MiB, the vector that grows to it by doubling, its copy when it is read, and what is told of it.
const MOST: usize = 7 * 512 * 1024;
/// What a stream holds that is only long.
const LITTLE: usize = 256 * 1024;

/// Feeds a beginning, then the same piece over and over, and takes what comes away as a client does.
fn feed(mut read: impl FnMut(&[u8], &mut Vec<Event>), begin: &[u8], mut piece: impl FnMut(usize) -> Vec<u8>) {
    let (request, ids) = (Request { stream: true, ..Request::default() }, ids());
    let (mut encoder, mut events, mut out) = (Encoder::new(&request, &ids), Vec::new(), Vec::new());
    let mut given = 0;
    for number in 0.. {
        let bytes = if number == 0 { begin.to_vec() } else { piece(number) };
        given += bytes.len();
        read(&bytes, &mut events);
        encoder.feed(&events, &mut out);
        events.clear();
        out.clear();
        if given > LENGTH {
            return;
        }
    }
}

fn ids() -> Ids {
    Ids { seed: "01JTEST".to_owned(), ..Ids::default() }
}

/// 10,000 letters.
const LONG: Letters = Letters(10_000);

/// So many letters, in a format.
struct Letters(usize);

impl std::fmt::Display for Letters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&"x".repeat(self.0))
    }
}

const SPACES: &str =
    "                                                                                                    ";

fn data(json: &str) -> Vec<u8> {
    format!("data: {json}\n\n").into_bytes()
}

/// A frame with an event's name, as Bedrock sends it.
fn frame(name: &str, payload: &str) -> Vec<u8> {
    let mut head = Vec::new();
    for (key, value) in [(":message-type", "event"), (":event-type", name)] {
        head.push(u8::try_from(key.len()).unwrap());
        head.extend(key.bytes().chain([7, 0, u8::try_from(value.len()).unwrap()]).chain(value.bytes()));
    }
    let mut frame = u32::try_from(16 + head.len() + payload.len()).unwrap().to_be_bytes().to_vec();
    frame.extend(u32::try_from(head.len()).unwrap().to_be_bytes());
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame.extend(head.into_iter().chain(payload.bytes()));
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame
}

fn chunk(delta: &str) -> Vec<u8> {
    data(&format!(r#"{{"id":"c","model":"m","choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]}}"#))
}

/// A table of streams that never end: what is fed to a decoder, over and over, and the most that may be held.
macro_rules! held {
    ($decoder:path, $($name:literal: $most:expr, $begin:expr, $piece:expr;)*) => {$({
        let mut decoder = <$decoder>::new(&ids());
        let begin: Vec<u8> = $begin;
        let held = peak(|| feed(|bytes, events| decoder.feed(bytes, events), &begin, $piece));
        println!("{} {}: {held}", stringify!($decoder), $name);
        assert!(held <= $most, "{} {}: {held}", stringify!($decoder), $name);
    })*};
}

fn line(_: usize) -> Vec<u8> {
    "x".repeat(4096).into_bytes()
}

#[test]
fn openai() {
    let call = |number: usize, piece: &str| {
        chunk(&format!(
            r#"{{"tool_calls":[{{"index":{number},"id":"c{number}","function":{{"name":"f","arguments":"{piece}"}}}}]}}"#
        ))
    };
    held! { openai::chat::Decoder,
        "text": LITTLE, chunk(r#"{"role":"assistant"}"#), |_| chunk(&format!(r#"{{"content":"{SPACES}"}}"#));
        "reasoning": LITTLE, Vec::new(), |_| chunk(&format!(r#"{{"reasoning_content":"{SPACES}"}}"#));
        "arguments": LITTLE, Vec::new(), |_| call(0, SPACES);
        "calls without a name": MOST, Vec::new(), |_| chunk(&format!(r#"{{"tool_calls":[{{"index":0,"function":{{"arguments":"{SPACES}"}}}}]}}"#));
        "many calls": 512 * 1024, Vec::new(), |number| call(number, SPACES);
        "arguments of many calls without a name": MOST, Vec::new(), |number| chunk(&format!(r#"{{"tool_calls":[{{"index":{},"function":{{"arguments":"{LONG}"}}}}]}}"#, number % 1000));
        "seals of calls that never come": MOST, Vec::new(), |number| chunk(&format!(r#"{{"reasoning_details":[{{"type":"reasoning.encrypted","format":"google-gemini-v1","id":"c{number}","data":"{LONG}"}}]}}"#));
        "long ids": MOST, Vec::new(), |number| chunk(&format!(r#"{{"tool_calls":[{{"index":{number},"id":"{LONG}{number}","function":{{"name":"f"}}}}]}}"#));
        "many choices": LITTLE, Vec::new(), |number| data(&format!(r#"{{"choices":[{{"index":{number},"delta":{{"content":"{SPACES}"}}}}]}}"#));
        "details": LITTLE, Vec::new(), |_| chunk(&format!(r#"{{"reasoning_details":[{{"type":"reasoning.encrypted","data":"{SPACES}"}}]}}"#));
        "one event": MOST, b"data: ".to_vec(), line;
        "comments": MOST, b": ".to_vec(), |_| b": keep-alive\n".to_vec();
        "citations": MOST, Vec::new(), |_| chunk(&format!(r#"{{"content":"a","annotations":[{{"type":"url_citation","url_citation":{{"url":"{SPACES}","title":"t","start_index":0,"end_index":1}}}}]}}"#));
    }
}

#[test]
fn anthropic() {
    let begin = |block: &str| {
        let start = data(r#"{"type":"message_start","message":{"id":"m","model":"c","usage":{"input_tokens":1}}}"#);
        let open = format!(r#"{{"type":"content_block_start","index":0,"content_block":{block}}}"#);
        [start, data(&open)].concat()
    };
    let delta = |delta: String| data(&format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#));
    held! { anthropic::Decoder,
        "text": LITTLE, begin(r#"{"type":"text","text":""}"#), |_| delta(format!(r#"{{"type":"text_delta","text":"{SPACES}"}}"#));
        "thinking": LITTLE, begin(r#"{"type":"thinking","thinking":""}"#), |_| delta(format!(r#"{{"type":"thinking_delta","thinking":"{SPACES}"}}"#));
        "signature": MOST, begin(r#"{"type":"thinking","thinking":""}"#), |_| delta(format!(r#"{{"type":"signature_delta","signature":"{SPACES}"}}"#));
        "arguments": LITTLE, begin(r#"{"type":"tool_use","id":"t","name":"f","input":{}}"#), |_| delta(format!(r#"{{"type":"input_json_delta","partial_json":"{SPACES}"}}"#));
        "a tool of its own": MOST, begin(r#"{"type":"server_tool_use","id":"t","name":"f","input":{}}"#), |_| delta(format!(r#"{{"type":"input_json_delta","partial_json":"{SPACES}"}}"#));
        "citations": MOST, begin(r#"{"type":"text","text":""}"#), |_| delta(format!(r#"{{"type":"citations_delta","citation":{{"type":"web_search_result_location","url":"https://e.com/{SPACES}","title":"t","cited_text":"c"}}}}"#));
        "many blocks": LITTLE, begin(r#"{"type":"text","text":""}"#), |number| data(&format!(r#"{{"type":"content_block_start","index":{number},"content_block":{{"type":"server_tool_use","id":"t","name":"{SPACES}","input":{{}}}}}}"#));
        "closed blocks": MOST, begin(r#"{"type":"text","text":""}"#), |number| [data(&format!(r#"{{"type":"content_block_start","index":{number},"content_block":{{"type":"web_search_tool_result","tool_use_id":"t","content":"{SPACES}"}}}}"#)), data(&format!(r#"{{"type":"content_block_stop","index":{number}}}"#))].concat();
        "closed calls": LITTLE, begin(r#"{"type":"text","text":""}"#), |number| [data(&format!(r#"{{"type":"content_block_start","index":{number},"content_block":{{"type":"tool_use","id":"t{number}","name":"f","input":{{}}}}}}"#)), data(&format!(r#"{{"type":"content_block_stop","index":{number}}}"#))].concat();
        "one event": MOST, b"data: ".to_vec(), line;
    }
}

#[test]
fn gemini() {
    /// A chunk of Gemini may hold a picture: 8 MiB.
    const PICTURE: usize = 48 * 1024 * 1024;
    let parts = |parts: String| {
        data(&format!(r#"{{"candidates":[{{"content":{{"role":"model","parts":[{parts}]}},"index":0}}]}}"#))
    };
    held! { gemini::Decoder,
        "text": MOST, Vec::new(), |_| parts(format!(r#"{{"text":"{SPACES}"}}"#));
        "thoughts": LITTLE, Vec::new(), |_| parts(format!(r#"{{"text":"{SPACES}","thought":true}}"#));
        "calls": LITTLE, Vec::new(), |_| parts(format!(r#"{{"functionCall":{{"name":"f","args":{{"a":"{SPACES}"}}}}}}"#));
        "arguments": MOST, parts(r#"{"functionCall":{"name":"f","willContinue":true}}"#.into()), |_| parts(format!(r#"{{"functionCall":{{"partialArgs":[{{"jsonPath":"$.a","stringValue":"{SPACES}","willContinue":true}}],"willContinue":true}}}}"#));
        "many candidates": MOST, Vec::new(), |number| data(&format!(r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{SPACES}"}}]}},"index":{number}}}]}}"#));
        "grounding": LITTLE, Vec::new(), |_| data(&format!(r#"{{"candidates":[{{"content":{{"parts":[{{"text":"a"}}]}},"groundingMetadata":{{"webSearchQueries":["{SPACES}"]}},"index":0}}]}}"#));
        "one event": PICTURE, b"data: ".to_vec(), line;
        "one object": PICTURE, b"[{\"a\":\"".to_vec(), line;
    }
}

#[test]
fn bedrock() {
    let delta = |delta: String| frame("contentBlockDelta", &format!(r#"{{"contentBlockIndex":0,"delta":{delta}}}"#));
    let begin = || frame("messageStart", r#"{"role":"assistant"}"#);
    let open = |start: &str| {
        [begin(), frame("contentBlockStart", &format!(r#"{{"contentBlockIndex":0,"start":{start}}}"#))].concat()
    };
    held! { bedrock::Decoder,
        "text": LITTLE, begin(), |_| delta(format!(r#"{{"text":"{SPACES}"}}"#));
        "thinking": LITTLE, begin(), |_| delta(format!(r#"{{"reasoningContent":{{"text":"{SPACES}"}}}}"#));
        "signature": MOST, begin(), |_| delta(format!(r#"{{"reasoningContent":{{"signature":"{SPACES}"}}}}"#));
        "redacted": MOST, begin(), |_| delta(format!(r#"{{"reasoningContent":{{"redactedContent":"{}"}}}}"#, "A".repeat(100)));
        "arguments": LITTLE, open(r#"{"toolUse":{"toolUseId":"t","name":"f"}}"#), |_| delta(format!(r#"{{"toolUse":{{"input":"{SPACES}"}}}}"#));
        "citations": MOST, begin(), |_| delta(format!(r#"{{"citation":{{"title":"{SPACES}","location":{{"web":{{"url":"https://e.com"}}}}}}}}"#));
        "many blocks": LITTLE, begin(), |number| frame("contentBlockStart", &format!(r#"{{"contentBlockIndex":{number},"start":{{"toolUse":{{"toolUseId":"{SPACES}","name":"f"}}}}}}"#));
        "one frame": MOST, frame("x", &" ".repeat(2 * 1024 * 1024))[..4096].to_vec(), line;
    }
}

#[test]
fn cohere() {
    let of = |kind: &str, message: String| {
        data(&format!(r#"{{"type":"{kind}","index":0,"delta":{{"message":{message}}}}}"#))
    };
    held! { cohere::Decoder,
        "text": LITTLE, of("content-start", r#"{"content":{"type":"text","text":""}}"#.into()), |_| of("content-delta", format!(r#"{{"content":{{"text":"{SPACES}"}}}}"#));
        "plan": LITTLE, Vec::new(), |_| of("tool-plan-delta", format!(r#"{{"tool_plan":"{SPACES}"}}"#));
        "arguments": LITTLE, of("tool-call-start", r#"{"tool_calls":{"id":"t","function":{"name":"f","arguments":""}}}"#.into()), |_| of("tool-call-delta", format!(r#"{{"tool_calls":{{"function":{{"arguments":"{SPACES}"}}}}}}"#));
        "citations": MOST, of("content-start", r#"{"content":{"type":"text","text":""}}"#.into()), |_| of("citation-start", format!(r#"{{"citations":{{"start":0,"end":1,"text":"{SPACES}","sources":[]}}}}"#));
        "many calls": LITTLE, Vec::new(), |number| data(&format!(r#"{{"type":"tool-call-start","index":{number},"delta":{{"message":{{"tool_calls":{{"id":"t","function":{{"name":"{SPACES}"}}}}}}}}}}"#));
        "one event": MOST, b"data: ".to_vec(), line;
    }
}

#[test]
fn what_passes() {
    let text = chunk(&format!(r#"{{"content":"{SPACES}"}}"#));
    for (begin, piece, hides_usage, most) in [
        (&b""[..], &text[..], false, LITTLE),
        (b"", &text, true, LITTLE),
        (b"data: ", SPACES.as_bytes(), false, MOST),
        // What is withheld is an event that is being held, and its copy.
        (b"data: ", SPACES.as_bytes(), true, MOST),
        (b"", b"data: [DON", false, MOST),
    ] {
        let mut stream = Stream::new(Operation::ChatCompletions, hides_usage);
        let read = |bytes: &[u8], _: &mut Vec<Event>| drop(stream.feed(bytes, false));
        let held = peak(|| feed(read, begin, |_| piece.to_vec()));
        println!("passing {hides_usage}: {held}");
        assert!(held <= most, "{:?} {hides_usage}: {held}", String::from_utf8_lossy(piece));
    }
}

#[test]
fn answers_and_requests() {
    for member in ["usage", "model", "id", "error", "x"] {
        let mut answer = Answer::new(Operation::ChatCompletions);
        let read = |bytes: &[u8], _: &mut Vec<Event>| answer.feed(bytes);
        let held = peak(|| feed(read, format!(r#"{{"{member}":""#).as_bytes(), line));
        assert!(held <= LITTLE, "{member}: {held}");
    }
    for member in ["model", "messages", "providerOptions", "stream_options", "x"] {
        for begin in [format!(r#"{{"{member}":["#), format!(r#"{{"{member}":""#)] {
            let mut reader = AskReader::new(Client::OpenAi, Operation::ChatCompletions, b"application/json").unwrap();
            let read = |bytes: &[u8], _: &mut Vec<Event>| drop(reader.feed(bytes));
            let held = peak(|| feed(read, begin.as_bytes(), |_| SPACES.as_bytes().to_vec()));
            println!("asked {begin}: {held}");
            assert!(held <= LITTLE, "{begin}: {held}");
        }
    }
}
