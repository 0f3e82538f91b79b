//! A stream as the answer that it amounts to.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Args, Body, Choice, Event, Finish, Kind, Part, Raw, Reason, Response, ToolCall};
use crate::error::Error;
use crate::meter::Usage;

/// One choice on its way.
#[derive(Debug, Default)]
struct Growing {
    parts: BTreeMap<u32, Part>,
    finish: Option<Finish>,
    logprobs: Option<Value>,
}

/// The answer that a stream amounts to, or the error that ended it. Pieces of text are joined; a part that was sealed
/// or cited late is the same as one that was at once.
pub fn gather(events: &[Event]) -> Result<Response, Error> {
    let mut response = Response::default();
    let mut usage = Usage::default();
    let mut choices: BTreeMap<u32, Growing> = BTreeMap::new();
    for event in events {
        match event {
            Event::Start { id, model } => (response.id, response.model) = (id.clone(), model.clone()),
            Event::Open { choice, part, kind } => {
                choices.entry(*choice).or_default().parts.insert(*part, open(kind));
            }
            Event::Whole { choice, part, body } => {
                choices.entry(*choice).or_default().parts.insert(*part, Part::new(body.clone()));
            }
            Event::Text { choice, part, .. }
            | Event::Args { choice, part, .. }
            | Event::Cite { choice, part, .. }
            | Event::Seal { choice, part, .. }
            | Event::Close { choice, part } => {
                if let Some(part) = choices.entry(*choice).or_default().parts.get_mut(part) {
                    grow(part, event);
                }
            }
            Event::Logprobs { choice, raw } => {
                join(choices.entry(*choice).or_default().logprobs.get_or_insert_with(|| json!({})), raw.value());
            }
            Event::Finish { choice, finish } => choices.entry(*choice).or_default().finish = Some(finish.clone()),
            Event::Usage(later) => usage.merge(later),
            Event::Native(ext) => response.native.push(ext.clone()),
            Event::Error(error) => return Err(error.clone()),
            Event::End => {}
        }
    }
    response.usage = Some(usage).filter(|usage| !usage.is_empty());
    response.choices = choices
        .into_values()
        .map(|choice| Choice {
            parts: choice.parts.into_values().collect(),
            finish: choice.finish.unwrap_or_else(|| Finish::new(Reason::Error, "")),
            logprobs: choice.logprobs.as_ref().map(Raw::of),
        })
        .collect();
    Ok(response)
}

fn open(kind: &Kind) -> Part {
    Part::new(match kind {
        Kind::Text => return Part::text(""),
        Kind::Refusal => Body::Refusal(String::new()),
        Kind::Reasoning { summary, .. } => Body::Reasoning { text: String::new(), summary: *summary },
        Kind::Call { id, item_id, name, caller, seal, .. } => {
            let args = Args::Text(String::new());
            let (id, item_id, name, caller) = (id.clone(), item_id.clone(), name.clone(), caller.clone());
            return Part::new(Body::Call(ToolCall { id, item_id, name, args, caller })).sealed(seal.clone());
        }
    })
}

fn grow(part: &mut Part, event: &Event) {
    match (event, &mut part.body) {
        (Event::Seal { seal, .. }, _) => part.seal = Some(seal.clone()),
        (Event::Text { piece, .. }, Body::Text { text, .. } | Body::Refusal(text) | Body::Reasoning { text, .. }) => {
            text.push_str(piece);
        }
        (Event::Cite { citation, .. }, Body::Text { citations, .. }) => citations.push(citation.clone()),
        (Event::Args { piece, .. }, Body::Call(ToolCall { args: Args::Text(text), .. })) => text.push_str(piece),
        (Event::Close { .. }, Body::Call(call)) => call.args = Args::parse(call.args.as_text()),
        _ => {}
    }
}

/// Adds the lists of one piece of logprobs to those before it.
fn join(have: &mut Value, more: Value) {
    let (Value::Object(have), Value::Object(more)) = (have, more) else { return };
    for (name, value) in more {
        match (have.get_mut(&name), value) {
            (Some(Value::Array(have)), Value::Array(more)) => have.extend(more),
            (None | Some(Value::Null), value) => {
                have.insert(name, value);
            }
            _ => {}
        }
    }
}
