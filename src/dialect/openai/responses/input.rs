//! The conversation as a list of items.

use std::collections::{BTreeMap, BTreeSet};

use super::content;
use super::items::caller;
use crate::chat::json::ListWriter;
use crate::chat::{
    Args, Body, Ext, Format, Message, Owner, Part, Request, Role, Seal, SealKind, ToolCall, ToolResult, fit_id,
};
use crate::dialect::{Dropped, Facts};

/// Writes all of it.
pub(super) fn items(request: &Request, facts: &Facts<'_>, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    let customs = request.custom_tools();
    let mut calls: BTreeMap<&str, &ToolCall> = BTreeMap::new();
    for message in &request.messages {
        dropped.when(message.name.is_some(), "messages.name");
        dropped.foreign(&message.ext, Owner::Responses);
        match message.role {
            Role::Tool => {
                for part in &message.parts {
                    match &part.body {
                        Body::Result(result) => self::result(result, &calls, &customs, dropped, l),
                        // Of the client's own, for what the provider ran: others have refused it.
                        Body::Native(native) if native.format == Format::Responses => l.raw(&native.block),
                        _ => {}
                    }
                }
            }
            Role::Assistant => assistant(message, &customs, facts, dropped, &mut calls, l),
            Role::System | Role::Developer | Role::User => l.object(|o| {
                o.set(
                    "role",
                    match message.role {
                        Role::System => "system",
                        Role::Developer => "developer",
                        _ => "user",
                    },
                );
                content::write("content", &message.parts, dropped, o);
            }),
        }
    }
}

/// A call's id in the length that is accepted (rule 3).
fn call_id(id: &str) -> String {
    fit_id(id, |b| b.is_ascii_graphic(), 64, "call_")
}

fn is_custom(call: &ToolCall, customs: &BTreeSet<&str>) -> bool {
    matches!(call.args, Args::Text(_)) && customs.contains(call.name.as_str())
}

/// A result; which kind of call it belongs to stands at the nearest earlier call of its id (rule 4).
fn result(
    result: &ToolResult,
    calls: &BTreeMap<&str, &ToolCall>,
    customs: &BTreeSet<&str>,
    dropped: &mut Dropped,
    l: &mut ListWriter<'_>,
) {
    dropped.when(result.is_error, "messages.is_error");
    let call = calls.get(result.call_id.as_str());
    let is_custom = call.is_some_and(|call| is_custom(call, customs));
    l.object(|o| {
        o.set("type", if is_custom { "custom_tool_call_output" } else { "function_call_output" });
        o.set("call_id", call_id(&result.call_id));
        content::write("output", &result.parts, dropped, o);
        o.maybe_raw("caller", call.and_then(|call| caller(call.caller.as_ref())));
    });
}

/// The seal of a reasoning part, where this target accepts it (rules 6, 7 and 7a).
fn usable<'a>(part: &'a Part, facts: &Facts<'_>) -> Option<&'a Seal> {
    let is_ours = |origin: &String| origin == facts.provider;
    part.seal.as_ref().filter(|seal| {
        seal.format == Format::Responses
            && seal.kind == SealKind::Encrypted
            && seal.origin.as_ref().is_none_or(is_ours)
            && !facts.without_seals
    })
}

fn assistant<'a>(
    message: &'a Message,
    customs: &BTreeSet<&str>,
    facts: &Facts<'_>,
    dropped: &mut Dropped,
    calls: &mut BTreeMap<&'a str, &'a ToolCall>,
    l: &mut ListWriter<'_>,
) {
    let is_reasoning = |part: &&Part| matches!(part.body, Body::Reasoning { .. });
    // An item's id makes the API look for the reasoning that belongs to it.
    let thoughts: Vec<&Part> = message.parts.iter().filter(is_reasoning).collect();
    let is_whole = thoughts.iter().all(|part| part.seal.is_none() || usable(part, facts).is_some());
    let has_ids = is_whole && thoughts.iter().any(|part| part.seal.is_some());
    let last = message.parts.iter().rposition(|part| !is_reasoning(&part));
    let mut text = Said::default();
    // Reasoning whose seal may follow as an item of its own, as it does in streams of chat completions.
    let mut thoughts = String::new();
    for (place, part) in message.parts.iter().enumerate() {
        let Body::Reasoning { text: thought, summary } = &part.body else {
            lose(&mut thoughts, dropped);
            self::part(part, customs, facts, has_ids, &mut text, dropped, l);
            if let Body::Call(call) = &part.body {
                calls.insert(&call.id, call);
            }
            continue;
        };
        match usable(part, facts) {
            // It is refused where nothing follows.
            Some(seal) if last.is_some_and(|last| place < last) => {
                said(&mut text, l);
                if !thought.is_empty() {
                    lose(&mut thoughts, dropped);
                }
                if *summary {
                    thoughts.push_str(thought);
                }
                reasoning(seal, &std::mem::take(&mut thoughts), l);
            }
            None if part.seal.is_none() => thoughts.push_str(thought),
            _ => dropped.add("reasoning"),
        }
    }
    lose(&mut thoughts, dropped);
    said(&mut text, l);
}

/// Reasoning that no seal follows stays out (rule 8).
fn lose(thoughts: &mut String, dropped: &mut Dropped) {
    dropped.when(!thoughts.is_empty(), "reasoning");
    thoughts.clear();
}

/// A part of an answer that is not reasoning.
fn part<'a>(
    part: &'a Part,
    customs: &BTreeSet<&str>,
    facts: &Facts<'_>,
    has_ids: bool,
    text: &mut Said<'a>,
    dropped: &mut Dropped,
    l: &mut ListWriter<'_>,
) {
    match &part.body {
        Body::Text { text: more, .. } | Body::Refusal(more) => text.add(more, &part.ext, l),
        Body::Call(call) => {
            said(text, l);
            self::call(call, &part.ext, customs, has_ids, l);
        }
        Body::Native(native) if native.format == Format::Responses && !facts.without_seals => {
            said(text, l);
            l.raw(&native.block);
        }
        Body::Native(_) => dropped.add("blocks"),
        Body::Media(_) => dropped.add("messages.images"),
        Body::Reasoning { .. } | Body::Result(_) => {}
    }
}

/// Text of one message, and what this API's own clients say of it: its `phase`.
#[derive(Default)]
struct Said<'a> {
    text: String,
    ext: Vec<&'a Ext>,
}

impl<'a> Said<'a> {
    fn add(&mut self, more: &str, ext: &'a [Ext], l: &mut ListWriter<'_>) {
        let ext: Vec<&Ext> = ext.iter().filter(|ext| ext.owner == Owner::Responses && ext.key == "phase").collect();
        if self.ext != ext {
            said(self, l);
        }
        self.text.push_str(more);
        self.ext = ext;
    }
}

/// Writes the text so far, if there is any.
fn said(said: &mut Said<'_>, l: &mut ListWriter<'_>) {
    let Said { text, ext } = std::mem::take(said);
    if text.is_empty() {
        return;
    }
    l.object(|o| {
        o.set("role", "assistant");
        o.set("content", text);
        ext.iter().for_each(|ext| o.raw(&ext.key, &ext.value));
    });
}

fn reasoning(seal: &Seal, summary: &str, l: &mut ListWriter<'_>) {
    l.object(|o| {
        o.set("type", "reasoning");
        o.maybe("id", seal.id.as_deref());
        o.list("summary", |l| {
            if !summary.is_empty() {
                l.object(|o| {
                    o.set("type", "summary_text");
                    o.set("text", summary);
                });
            }
        });
        o.set("encrypted_content", &seal.data);
    });
}

fn call(call: &ToolCall, ext: &[Ext], customs: &BTreeSet<&str>, has_ids: bool, l: &mut ListWriter<'_>) {
    let is_custom = is_custom(call, customs);
    l.object(|o| {
        o.set("type", if is_custom { "custom_tool_call" } else { "function_call" });
        o.maybe("id", call.item_id.as_deref().filter(|_| has_ids));
        o.set("call_id", call_id(&call.id));
        o.set("name", &call.name);
        o.set(if is_custom { "input" } else { "arguments" }, call.args.as_text());
        o.maybe_raw("caller", caller(call.caller.as_ref()));
        ext.iter().filter(|ext| ext.owner == Owner::Responses).for_each(|ext| o.raw(&ext.key, &ext.value));
    });
}
