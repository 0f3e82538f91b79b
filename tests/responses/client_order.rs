//! The order of a stream of Responses, as SDKs need it: lines 37 to 45 of docs/dialects.md.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::support::events;

/// An item that has begun.
#[derive(Default)]
struct Item {
    kind: String,
    id: String,
    text: String,
    /// Contents that have begun, and whether each has ended.
    contents: Vec<bool>,
    done: Option<Value>,
}

/// Panics where the order is broken.
pub fn check(file: &str, body: &[u8]) {
    let text = std::str::from_utf8(body).unwrap();
    assert!(text.ends_with("\n\n") && !text.contains("[DONE]"), "{file}");
    let events = events(body);
    assert_eq!(events.len(), text.matches("\n\n").count(), "{file}: an event is no JSON");
    for (event, given) in events.iter().zip(text.split("\n\n")) {
        let name = given.lines().next().unwrap().strip_prefix("event: ").unwrap();
        assert_eq!(event["type"], name, "{file}");
    }
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[..2], ["response.created", "response.in_progress"], "{file}");
    let terminal = ["response.completed", "response.incomplete", "response.failed"];
    assert_eq!(kinds.iter().filter(|kind| terminal.contains(kind)).count(), 1, "{file}");
    let (last, id) = (events.last().unwrap(), &events[0]["response"]["id"]);
    assert!(terminal.contains(kinds.last().unwrap()), "{file}: {kinds:?}");
    assert_eq!(kinds.contains(&"error"), last["type"] == "response.failed", "{file}");
    let mut items: Vec<Item> = Vec::new();
    let mut open: BTreeMap<u64, usize> = BTreeMap::new();
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number, "{file}");
        if event["response"].is_object() {
            assert_eq!(&event["response"]["id"], id, "{file}");
            let has_usage = event["response"]["usage"].is_object();
            assert!(!has_usage || number + 1 == events.len(), "{file}: usage too early");
        }
        step(file, event, &mut items, &mut open);
    }
    let done: Vec<&Value> = items.iter().filter_map(|item| item.done.as_ref()).collect();
    let output: Vec<&Value> = last["response"]["output"].as_array().unwrap().iter().collect();
    assert_eq!(output, done, "{file}");
    assert!(last["type"] == "response.failed" || items.iter().all(|item| item.done.is_some()), "{file}");
}

fn step(file: &str, event: &Value, items: &mut Vec<Item>, open: &mut BTreeMap<u64, usize>) {
    let kind = event["type"].as_str().unwrap().strip_prefix("response.").unwrap_or("error");
    let Some(index) = event["output_index"].as_u64() else { return };
    if kind == "output_item.added" {
        assert_eq!(index, items.len() as u64, "{file}: a gap");
        let item = &event["item"];
        let is_empty = |name: &str| item[name].as_array().is_none_or(Vec::is_empty) || item["status"].is_null();
        let is_whole =
            !["message", "reasoning", "function_call", "custom_tool_call"].contains(&item["type"].as_str().unwrap());
        assert!(is_whole || (is_empty("content") && is_empty("summary")), "{file}: {item}");
        assert!(item["encrypted_content"].is_null() || is_whole, "{file}: {item}");
        assert!(item["arguments"].as_str().unwrap_or_default().is_empty() || is_whole, "{file}: {item}");
        let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
        items.push(Item { kind: text("type"), id: text("id"), ..Item::default() });
        open.insert(index, items.len() - 1);
        return;
    }
    let item = &mut items[*open.get(&index).unwrap_or_else(|| panic!("{file}: {event} before its item"))];
    assert!(item.done.is_none(), "{file}: {event} after its end");
    if kind != "output_item.done" {
        assert_eq!(event["item_id"], item.id, "{file}");
    }
    let at = event["content_index"].as_u64().or(event["summary_index"].as_u64()).map(|at| at as usize);
    let delta = event["delta"].as_str();
    assert!(delta.is_none_or(|delta| !delta.is_empty()), "{file}: an empty piece");
    match kind {
        "content_part.added" | "reasoning_summary_part.added" => {
            assert_eq!(at, Some(item.contents.len()), "{file}");
            assert!(item.contents.iter().all(|is_done| *is_done), "{file}");
            item.contents.push(false);
            item.text.clear();
        }
        "output_text.delta" | "refusal.delta" | "reasoning_summary_text.delta" => {
            assert_eq!(
                (at.map(|at| at + 1), item.contents.last()),
                (Some(item.contents.len()), Some(&false)),
                "{file}"
            );
            item.text += delta.unwrap();
            assert!(kind != "output_text.delta" || event["logprobs"] == json!([]), "{file}");
        }
        "function_call_arguments.delta" | "custom_tool_call_input.delta" => item.text += delta.unwrap(),
        "output_text.done" | "reasoning_summary_text.done" => assert_eq!(event["text"], item.text, "{file}"),
        "refusal.done" => assert_eq!(event["refusal"], item.text, "{file}"),
        "function_call_arguments.done" => assert_eq!(event["arguments"], item.text, "{file}"),
        "custom_tool_call_input.done" => assert_eq!(event["input"], item.text, "{file}"),
        "content_part.done" | "reasoning_summary_part.done" => {
            let text = event["part"]["text"].as_str().or(event["part"]["refusal"].as_str());
            assert_eq!(text, Some(&*item.text), "{file}");
            item.contents[at.unwrap()] = true;
        }
        "output_text.annotation.added" => assert_eq!(item.kind, "message", "{file}"),
        "output_item.done" => {
            assert!(item.contents.iter().all(|is_done| *is_done), "{file}");
            assert_eq!(
                (event["item"]["type"].as_str(), event["item"]["id"].as_str()),
                (Some(&*item.kind), Some(&*item.id))
            );
            item.done = Some(event["item"].clone());
        }
        other => panic!("{file}: {other}"),
    }
}
