//! Recordings changed in ways that must not matter, or that must show on the other side.

use serde_json::{Value, json};

use super::answers::{check_answer, check_stream};
use super::recorded::{events_of, exchanges};
use super::schema::Schema;
use super::support::{Exchange, frame, frames};

/// What is done to every value.
type Change = fn(&mut Value);

/// Other names of tools, text of many bytes.
fn rename(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(rename),
        Value::Object(members) => {
            if let Some(name) = members.get_mut("name").filter(|name| name.is_string()) {
                *name = json!(format!("{}-ü_9", name.as_str().unwrap()));
            }
            if let Some(Value::String(text)) = members.get_mut("text")
                && !text.is_empty()
            {
                *text = format!("{text}\u{1f389}\u{301}\"\\\u{2028}日本");
            }
            members.values_mut().for_each(rename);
        }
        _ => {}
    }
}

/// Members that nobody knows, in every object that is not the client's own, carried whole, or one of several kinds.
fn extend(value: &mut Value) {
    const CARRIED: [&str; 6] =
        ["input", "toolResult", "citations", "citation", "trace", "additionalModelResponseFields"];
    match value {
        Value::Array(items) => items.iter_mut().for_each(extend),
        Value::Object(members) => {
            if members.get("type") == Some(&json!("server_tool_use")) {
                return;
            }
            let more = members.iter_mut().filter(|(name, _)| !CARRIED.contains(&name.as_str()));
            more.for_each(|(_, member)| extend(member));
            let is_union =
                ["toolUse", "toolResult"].iter().any(|name| members.contains_key(*name)) || members.is_empty();
            if !is_union {
                members.insert("a_new_member".to_owned(), json!({"error": [{"contentBlockIndex": 7}]}));
            }
        }
        _ => {}
    }
}

/// What may stand between events.
fn crowded(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for event in events_of(body) {
        let new = json!({"contentBlockIndex": 0, "delta": {"text": "no"}});
        out.extend(frames(&[("aNewEvent".to_owned(), new)]));
        out.extend(frame(&[(":message-type", "event")], b"not json"));
        out.extend(frame(&[], b""));
        let index = event.1["contentBlockIndex"].clone();
        let is_delta = event.0 == "contentBlockDelta";
        out.extend(frames(&[event]));
        if is_delta {
            let delta = json!({"contentBlockIndex": index, "delta": {"aNewDelta": {"text": "no"}}, "p": "abc"});
            out.extend(frames(&[("contentBlockDelta".to_owned(), delta)]));
        }
    }
    out
}

fn changed(exchange: &Exchange, change: Change, is_crowded: bool) -> Exchange {
    let body = if exchange.is_stream {
        let mut events = events_of(&exchange.body);
        events.iter_mut().for_each(|(_, payload)| change(payload));
        let body = frames(&events);
        if is_crowded { crowded(&body) } else { body }
    } else {
        let mut body: Value = serde_json::from_slice(&exchange.body).unwrap();
        change(&mut body);
        body.to_string().into_bytes()
    };
    Exchange { file: format!("{}, changed", exchange.file), body, ..exchange.clone() }
}

/// The other way round.
fn reverse(answer: &mut Value) {
    if let Some(blocks) = answer.pointer_mut("/output/message/content").and_then(Value::as_array_mut) {
        blocks.reverse();
    }
}

#[test]
fn changed_recordings_mean_what_they_say() {
    let (Some(whole), Some(chunk)) = (Schema::read("ChatCompletion"), Schema::read("ChatCompletionChunk")) else {
        return;
    };
    let changes: [(&str, Change); 4] =
        [("names and texts", rename), ("members", extend), ("events", |_| {}), ("order", reverse)];
    for (what, change) in changes {
        let mut tried = 0;
        for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
            if exchange.is_stream && what == "order" {
                continue;
            }
            tried += 1;
            let changed = changed(exchange, change, what == "events");
            match exchange.is_stream {
                true => check_stream(&changed, &chunk),
                false => check_answer(&changed, &whole),
            }
        }
        println!("bedrock mutations, {what}: tried {tried}, passed {tried}, excluded 0");
    }
}
