//! What passes through: requests that are read and edited on their way, answers that are read.

use serde_json::Value;
use std::cell::OnceCell;
use std::rc::Rc;

use tollgate::access::Caller;
use tollgate::config::Config;
use tollgate::dialect::Client;
use tollgate::dialect::passing::{Answer, Learnt, Passed, Stream, encode, refusal};
use tollgate::error::{Error, printable};
use tollgate::http::{Headers, is_header_value};
use tollgate::operation::Operation;
use tollgate::route::{Ask, AskReader, Options, Request, Target, plan};
use tollgate::stream::json;
use tollgate::stream::sse::{EventTooLarge, Splitter};

use super::bytes::{Rng, cuts};
use super::order;

const CONFIG: &str = r#"{"role":"gateway","access":{"allow_unauthenticated":true},"providers":[
  {"name":"openai","credentials":[{"value":"sk-provider"}]},
  {"name":"azure","base_url":"https://x.openai.azure.com/openai","api_version":"2024-10-21","credentials":[{"value":"sk-azure"}]}],
  "models":[{"name":"acme/chat","targets":[{"provider":"openai","model":"gpt-5"},{"provider":"azure","model":"dep/loy"}]}]}"#;

thread_local! {
    static TARGETS: OnceCell<Vec<Target>> = const { OnceCell::new() };
}

/// A provider of each form of path.
fn targets() -> Vec<Target> {
    let config = || {
        let config = Rc::new(Config::load(CONFIG.as_bytes(), &|_| None).expect("loads"));
        let caller = Caller { id: "anonymous".to_owned(), key: None, group: None };
        let request = Request {
            config: &config,
            caller: &caller,
            operation: Operation::ChatCompletions,
            asked: "acme/chat",
            options: &Options::default(),
            conversation: 1,
            draw: 1,
            pinned: None,
            subscription: None,
            first_only: false,
            refusal: &|_, _, _| None,
        };
        plan(&request).expect("a plan").targets
    };
    TARGETS.with(|targets| targets.get_or_init(config).clone())
}

fn ask(operation: Operation, content_type: &[u8], pieces: &[&[u8]]) -> Result<Ask, Error> {
    let mut reader = AskReader::new(Client::OpenAi, operation, content_type)?;
    for piece in pieces {
        reader.feed(piece)?;
    }
    reader.finish("/chat/completions".to_owned(), None)
}

/// The same however it is cut; an error is one that can be shown.
fn asked(operation: Operation, content_type: &[u8], data: &[u8]) -> Option<Ask> {
    let whole = ask(operation, content_type, &[data]);
    for pieces in cuts(data) {
        let again = ask(operation, content_type, &pieces);
        assert_eq!(format!("{again:?}"), format!("{whole:?}"), "depends on how it is cut");
    }
    whole.inspect_err(|error| order::json(&error.chat_body())).ok()
}

/// Requests in JSON, for two operations; and as they are edited for a provider.
pub fn asks(data: &[u8]) {
    let other = *Rng::of(data).of_list(&Operation::ALL);
    for operation in [Operation::ChatCompletions, other] {
        let Some(ask) = asked(operation, b"application/json", data) else { continue };
        for target in targets() {
            let edits = encode(&ask, &target, &Headers::default());
            assert!(edits.path.bytes().all(|byte| byte.is_ascii_graphic()), "{}", edits.path);
            let sent = edits.body.apply(data);
            order_of_edits(data, &sent, &target.sent, operation);
            let delta = sent.len() as isize - data.len() as isize;
            assert_eq!(edits.body.delta(), delta, "the announced length");
            let end = edits.body.end();
            let spliced = [edits.body.apply(&data[..end]), data[end..].to_vec()].concat();
            assert!(spliced == sent, "the rest of the body is not needed");
        }
    }
}

/// Only what routing needs has changed.
fn order_of_edits(data: &[u8], sent: &[u8], model: &str, operation: Operation) {
    let raw: Result<&serde_json::value::RawValue, _> = serde_json::from_slice(sent);
    assert!(raw.is_ok(), "no JSON: {}", String::from_utf8_lossy(sent));
    // Half surrogates and great depth are JSON, but no tree.
    let Ok(Value::Object(before)) = serde_json::from_slice(data) else { return };
    let Ok(Value::Object(after)) = serde_json::from_slice(sent) else { panic!("no tree any more") };
    assert_eq!(after["model"], model);
    assert!(!after.contains_key("providerOptions"));
    let is_chat = operation == Operation::ChatCompletions;
    assert!(!is_chat || !["models", "provider", "route"].iter().any(|name| after.contains_key(*name)));
    for (name, value) in &after {
        let is_ours = matches!(name.as_str(), "model" | "stream_options");
        assert!(is_ours || before.get(name) == Some(value), "{name} has changed");
    }
}

/// Forms: a line with the content type, then the body.
pub fn forms(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (content_type, body) = (&data[..at], data.get(at + 1..).unwrap_or_default());
    let Some(ask) = asked(Operation::Audio, content_type, body) else { return };
    if !content_type.to_ascii_lowercase().starts_with(b"multipart/") {
        return;
    }
    for target in targets() {
        let sent = encode(&ask, &target, &Headers::default()).body.apply(body);
        let again = asked(Operation::Audio, content_type, &sent);
        assert_eq!(again.map(|ask| ask.model).as_deref(), Some(&*target.sent), "{}", String::from_utf8_lossy(&sent));
    }
}

fn passed(operation: Operation, hides_usage: bool, pieces: &[&[u8]]) -> (Vec<u8>, Learnt, Vec<u8>) {
    let mut stream = Stream::new(operation, hides_usage);
    let mut out = Vec::new();
    let feeds = pieces.iter().map(|piece| (*piece, false)).chain([(&b""[..], true)]);
    for (piece, is_end) in feeds {
        match stream.feed(piece, is_end) {
            Passed::Unchanged => out.extend_from_slice(piece),
            Passed::Replaced(bytes) => out.extend_from_slice(&bytes),
        }
    }
    (out, stream.learnt().clone(), stream.closing())
}

/// Streams.
pub fn streams(data: &[u8]) {
    for operation in [Operation::ChatCompletions, Operation::Responses, Operation::Images, Operation::Messages] {
        for hides_usage in [false, true] {
            let (whole, learnt, closing) = passed(operation, hides_usage, &[data]);
            for pieces in cuts(data) {
                let (again, learnt_again, closing_again) = passed(operation, hides_usage, &pieces);
                assert!(again == whole, "depends on how it is cut: {}", String::from_utf8_lossy(&whole));
                assert_eq!(
                    (learnt_again, closing_again),
                    (learnt.clone(), closing.clone()),
                    "depends on how it is cut"
                );
            }
            let edits = (hides_usage && operation != Operation::Messages) || operation == Operation::ChatCompletions;
            assert!(edits || whole == data, "nothing is edited here");
            assert!(!(learnt.ended && learnt.told_cut), "both whole and cut: {learnt:?}");
            assert!(closing.is_empty() || !learnt.ended, "a second end");
            for line in std::str::from_utf8(&closing).expect("UTF-8").lines() {
                line.strip_prefix("data: ").into_iter().for_each(|data| order::json(data.as_bytes()));
            }
        }
    }
}

/// Whole answers.
pub fn answers(data: &[u8]) {
    for operation in [Operation::ChatCompletions, Operation::Messages] {
        let read = |pieces: &[&[u8]]| {
            let mut answer = Answer::new(operation);
            pieces.iter().for_each(|piece| answer.feed(piece));
            let has_error = answer.has_error();
            (answer.finish().clone(), has_error)
        };
        let (whole, has_error) = read(&[data]);
        for pieces in cuts(data) {
            assert_eq!(read(&pieces).0, whole, "depends on how it is cut");
        }
        let is_json = serde_json::from_slice::<&serde_json::value::RawValue>(data).is_ok();
        assert!(is_json || !whole.ended, "an answer that is no JSON");
        if whole.ended && refusal(operation, data, None).is_some() {
            assert!(has_error, "an error that only one of them sees");
        }
    }
}

/// Events, held up to a cap.
pub fn events(data: &[u8]) {
    const CAP: usize = 64;
    let read = |pieces: &[&[u8]]| {
        let (mut splitter, mut found) = (Splitter::with_cap(CAP), Vec::new());
        for piece in pieces {
            let mut rest = *piece;
            while let Some(event) = splitter.next(&mut rest) {
                found.push(event.map(|event| {
                    let range = event.start as usize..event.start as usize + event.raw.len();
                    assert_eq!(data.get(range), Some(event.raw), "another place");
                    assert!(event.raw.len() <= CAP, "more than what is held");
                    (event.start, event.name.to_vec(), event.data.to_vec())
                }));
            }
            assert!(splitter.undecided().len() <= CAP, "more is held");
        }
        found.extend(splitter.finish().map(|event| Ok((event.start, event.name.to_vec(), event.data.to_vec()))));
        found
    };
    let whole: Vec<Result<_, EventTooLarge>> = read(&[data]);
    for pieces in cuts(data) {
        assert_eq!(read(&pieces), whole, "depends on how it is cut");
    }
}

/// The reader of JSON beside another one; texts in base64; words that are shown in a message.
pub fn texts(data: &[u8]) {
    static PATHS: [json::Path; 2] = [
        json::Path { keys: &["model"], keep: json::Keep::Whole(64) },
        json::Path { keys: &["messages"], keep: json::Keep::Opening(128) },
    ];
    let read = |pieces: &[&[u8]]| {
        let mut reader = json::Reader::new(&PATHS);
        let fed = pieces.iter().try_for_each(|piece| reader.feed(piece));
        fed.and_then(|()| reader.finish()).map(|()| [0, 1].map(|path| reader.get(path).cloned()))
    };
    let whole = read(&[data]);
    for pieces in cuts(data) {
        assert_eq!(read(&pieces), whole, "depends on how it is cut");
    }
    let is_json = serde_json::from_slice::<&serde_json::value::RawValue>(data).is_ok();
    let is_deep = data.iter().filter(|byte| matches!(byte, b'[' | b'{')).count() > 250;
    assert!(whole.is_ok() == is_json || is_deep, "{whole:?}: {}", String::from_utf8_lossy(data));
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(is_header_value(printable(text).as_bytes()), "{text}");
        let decoded = tollgate::chat::text_of_base64(text);
        assert!(decoded.is_none_or(|decoded| decoded.len() <= data.len()), "{text}");
    }
}
