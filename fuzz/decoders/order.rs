//! What holds for the events of every stream and for the bytes that every client gets, whatever came in.

use std::collections::BTreeMap;

use serde_json::Value;
use tollgate::chat::{Event, Kind};

/// One choice as far as it has come: its parts, each with its kind while it is open. A part that waits for its beginning
/// has its number already, so that a later one may open before it.
#[derive(Default)]
struct Choice<'e> {
    parts: BTreeMap<u32, Option<&'e Kind>>,
    is_finished: bool,
}

/// `Start` first, one of `End` and `Error` last; parts open, fill and close in turn; a choice finishes once.
pub fn events(events: &[Event]) {
    let mut choices: BTreeMap<u32, Choice<'_>> = BTreeMap::new();
    let last = events.len().checked_sub(1).expect("a stream ends");
    for (at, event) in events.iter().enumerate() {
        assert_eq!(matches!(event, Event::End | Event::Error(_)), at == last, "{at}: {event:?} in {events:?}");
        let is_first = at == 0 && !(at == last && matches!(event, Event::Error(_)));
        assert_eq!(matches!(event, Event::Start { .. }), is_first, "{at}: {event:?} in {events:?}");
        let told = one(&mut choices, event);
        assert!(told.is_ok(), "{at}: {}: {event:?} in {events:?}", told.unwrap_err());
    }
    if matches!(events.last(), Some(Event::End)) {
        assert!(choices.values().all(|choice| choice.is_finished), "a choice without its finish: {events:?}");
    }
}

fn one<'e>(choices: &mut BTreeMap<u32, Choice<'e>>, event: &'e Event) -> Result<(), &'static str> {
    let number = match event {
        Event::Open { choice, .. }
        | Event::Text { choice, .. }
        | Event::Args { choice, .. }
        | Event::Cite { choice, .. }
        | Event::Seal { choice, .. }
        | Event::Whole { choice, .. }
        | Event::Logprobs { choice, .. }
        | Event::Close { choice, .. }
        | Event::Finish { choice, .. } => *choice,
        _ => return Ok(()),
    };
    let choice = choices.entry(number).or_default();
    let said = |holds: bool, fault: &'static str| if holds { Ok(()) } else { Err(fault) };
    said(!choice.is_finished, "after the finish")?;
    let kind = |part: &u32| choice.parts.get(part).copied().flatten();
    match event {
        Event::Open { part, kind, .. } => {
            said(choice.parts.insert(*part, Some(kind)).is_none(), "a part of that number was there")?;
        }
        Event::Whole { part, .. } => {
            said(choice.parts.insert(*part, None).is_none(), "a part of that number was there")?;
        }
        Event::Text { part, piece, .. } => {
            said(!piece.is_empty(), "an empty piece")?;
            said(matches!(kind(part), Some(Kind::Text | Kind::Refusal | Kind::Reasoning { .. })), "no text is open")?;
        }
        Event::Args { part, piece, .. } => {
            said(!piece.is_empty(), "an empty piece")?;
            said(matches!(kind(part), Some(Kind::Call { .. })), "no call is open")?;
        }
        Event::Cite { part, .. } => {
            let is_text = matches!(kind(part), Some(Kind::Text));
            let is_closed = matches!(choice.parts.get(part), Some(None));
            said(is_text || is_closed, "no such text")?;
        }
        Event::Seal { part, .. } => said(choice.parts.contains_key(part), "no such part")?,
        Event::Close { part, .. } => {
            said(kind(part).is_some(), "it is not open")?;
            choice.parts.insert(*part, None);
        }
        Event::Finish { .. } => {
            said(choice.parts.values().all(Option::is_none), "a part is open")?;
            choice.is_finished = true;
        }
        _ => {}
    }
    Ok(())
}

/// A document of JSON that names no top-level member twice.
pub fn json(bytes: &[u8]) {
    // A tree has a depth that is bounded, a raw value has not.
    let raw: Result<&serde_json::value::RawValue, _> = serde_json::from_slice(bytes);
    assert!(raw.is_ok(), "no JSON: {raw:?} {}", String::from_utf8_lossy(bytes));
    let object = tollgate::chat::json::Object::parse(bytes).expect("an object");
    let mut names: Vec<&str> = object.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
    assert_eq!(twice, None, "twice in {}", String::from_utf8_lossy(bytes));
}

/// A stream of chat completions that SDKs read to its end: `[DONE]` last, or an error last.
pub fn chunks(bytes: &[u8], is_whole: bool) {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    assert!(text.is_empty() || text.ends_with("\n\n"), "an event without its end: {text}");
    let mut finished: BTreeMap<u64, bool> = BTreeMap::new();
    let events: Vec<&str> = text.split_terminator("\n\n").collect();
    for (at, event) in events.iter().enumerate() {
        let data = event.strip_prefix("data: ").unwrap_or_else(|| panic!("no data: {event}"));
        assert!(!data.contains(['\n', '\r']), "more than a line: {event}");
        let is_last = at + 1 == events.len();
        assert_eq!(data == "[DONE]", is_last && is_whole, "{text}");
        if data == "[DONE]" {
            continue;
        }
        json(data.as_bytes());
        let Ok(chunk) = serde_json::from_str::<Value>(data) else { continue };
        assert_eq!(chunk["error"].is_object(), is_last && !is_whole, "{text}");
        for choice in chunk["choices"].as_array().into_iter().flatten() {
            let is_finished = finished.entry(choice["index"].as_u64().expect("an index")).or_default();
            assert!(!*is_finished, "after its finish: {text}");
            *is_finished = choice["finish_reason"].is_string();
        }
    }
    assert!(!is_whole || finished.values().all(|is_finished| *is_finished), "without its finish: {text}");
}

/// A stream of Anthropic's that SDKs read to its end: one block open at a time, `message_stop` or an error last.
pub fn blocks(bytes: &[u8], is_whole: bool) {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    assert!(text.is_empty() || text.ends_with("\n\n"), "an event without its end: {text}");
    let (mut open, mut next, mut before) = (None, 0, "");
    for event in text.split_terminator("\n\n") {
        let (name, data) = event.split_once('\n').unwrap_or_else(|| panic!("one line: {event}"));
        let name = name.strip_prefix("event: ").unwrap_or_else(|| panic!("no name: {event}"));
        let data = data.strip_prefix("data: ").unwrap_or_else(|| panic!("no data: {event}"));
        json(data.as_bytes());
        assert!(data.starts_with(&format!("{{\"type\":\"{name}\"")) && !data.contains(['\n', '\r']), "{event}");
        let index = tollgate::chat::json::Object::parse(data.as_bytes()).and_then(|object| object.count("index"));
        let fits = match name {
            "message_start" => before.is_empty(),
            "content_block_start" => {
                let fits = open.is_none() && index == Some(next);
                (open, next) = (index, next + 1);
                fits
            }
            "content_block_delta" => open.is_some() && index == open,
            "content_block_stop" => open.take().is_some_and(|open| index == Some(open)),
            "message_delta" => is_whole && open.is_none(),
            "message_stop" => before == "message_delta",
            "error" => !is_whole && open.is_none(),
            _ => false,
        };
        let is_begun = !before.is_empty() || ["message_start", "error"].contains(&name);
        assert!(fits && is_begun && !["message_stop", "error"].contains(&before), "{name} after {before}: {text}");
        before = name;
    }
    assert_eq!(before, if is_whole { "message_stop" } else { "error" }, "{text}");
}
