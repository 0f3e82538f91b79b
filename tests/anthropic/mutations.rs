//! Recordings changed in ways that must not matter, or that must show on the other side.

use serde_json::{Value, json};

use super::answers;
use super::recorded::exchanges;
use super::schema::Schema;
use super::streams;
use super::support::{Exchange, events};

/// What is done to every value.
type Change = fn(&mut Value);

/// Other names of tools, text of many bytes.
fn rename(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(rename),
        Value::Object(members) => {
            if members.get("type") == Some(&json!("tool_use")) {
                let name = members["name"].as_str().unwrap().to_owned();
                members.insert("name".to_owned(), json!(format!("{name}-ü_9")));
            }
            for name in ["text", "thinking", "cited_text"] {
                if let Some(Value::String(text)) = members.get_mut(name)
                    && !text.is_empty()
                {
                    *text = format!("{text}\u{1f389}\u{301}\"\\\u{2028}日本");
                }
            }
            members.values_mut().for_each(rename);
        }
        _ => {}
    }
}

/// Members that nobody knows, in every object that is not the client's own or carried whole.
fn extend(value: &mut Value) {
    const CARRIED: [&str; 5] = ["input", "citations", "citation", "container", "context_management"];
    const KNOWN: [&str; 4] = ["text", "thinking", "redacted_thinking", "tool_use"];
    match value {
        Value::Array(items) => items.iter_mut().for_each(extend),
        Value::Object(members) => {
            let carried = ["content_block", "type"].iter().all(|name| members.contains_key(*name))
                && !KNOWN.contains(&members["content_block"]["type"].as_str().unwrap_or_default());
            for (name, member) in members.iter_mut() {
                if !(CARRIED.contains(&name.as_str()) || carried && name == "content_block") {
                    extend(member);
                }
            }
            members.insert("a_new_member".to_owned(), json!({"type": "error", "error": [{"index": 7}]}));
        }
        _ => {}
    }
}

fn stream(events: &[Value]) -> Vec<u8> {
    let mut out = String::from(": a comment\r\n\r\n");
    for event in events {
        out += &format!("event: {}\r\ndata:{event}\r\nid: 1\r\n\r\n", event["type"].as_str().unwrap());
        out += "event: a_new_event\ndata: {\"type\":\"a_new_event\",\"delta\":{\"text\":\"no\"},\"index\":0}\n\n";
        out += "event: ping\ndata: {\"type\":\"ping\"}\n\ndata: not json\n\n";
        if event["type"] == "content_block_start" {
            let delta = json!({"type": "content_block_delta", "index": event["index"], "delta": {"type": "a_new_delta", "more": [1]}});
            out += &format!("data: {delta}\n\n");
        }
    }
    out.into_bytes()
}

fn changed(exchange: &Exchange, change: Change) -> Exchange {
    let body = if exchange.is_stream {
        let mut events = events(&exchange.body);
        events.iter_mut().for_each(change);
        stream(&events)
    } else {
        let mut body: Value = serde_json::from_slice(&exchange.body).unwrap();
        change(&mut body);
        body.to_string().into_bytes()
    };
    let file = format!("{}, changed", exchange.file);
    Exchange { file, status: 200, body, ..exchange.clone() }
}

/// The other way round.
fn reverse(answer: &mut Value) {
    if let Some(blocks) = answer["content"].as_array_mut() {
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
        let (mut tried, mut passed) = (0, 0);
        for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
            let is_answers_only = what == "order";
            if exchange.is_stream && is_answers_only {
                continue;
            }
            tried += 1;
            let changed = changed(exchange, change);
            match exchange.is_stream {
                true => streams::check(&changed, &chunk),
                false => answers::check(&changed, &whole),
            }
            passed += 1;
        }
        println!("anthropic mutations, {what}: tried {tried}, passed {passed}, excluded 0");
    }
}
