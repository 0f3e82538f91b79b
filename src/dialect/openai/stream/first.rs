//! What comes first in a stream. While it is an error, the attempt can still fail over to the next target.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::dialect::passing::StreamError;
use crate::stream::lenient::{Fields, Lenient};

/// What the beginning of a stream says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum First {
    /// Nothing came yet but bookkeeping.
    Undecided,
    /// The response has begun.
    Content,
    /// There is no response but this error.
    Error(StreamError),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Opening {
    #[serde(rename = "type")]
    kind: Lenient<String>,
    choices: Lenient<Vec<Fields<Choice>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice {
    delta: Fields<BTreeMap<String, Box<RawValue>>>,
    text: Lenient<String>,
    finish_reason: Option<IgnoredAny>,
}

/// What an event says when it is the first, or when only bookkeeping came before it.
pub(super) fn classify(name: &[u8], data: &[u8]) -> First {
    if let Some(error) = StreamError::read(name, data) {
        return First::Error(error);
    }
    let Some(opening) = serde_json::from_slice::<Fields<Opening>>(data).ok().and_then(|opening| opening.0) else {
        return First::Content;
    };
    let is_bookkeeping = match opening.kind.0.as_deref() {
        Some("response.created" | "response.queued" | "response.in_progress" | "message_start" | "ping") => true,
        _ => opening.choices.0.is_some_and(|choices| choices.iter().all(is_empty)),
    };
    if is_bookkeeping { First::Undecided } else { First::Content }
}

/// Whether a choice brings nothing but its role.
fn is_empty(choice: &Fields<Choice>) -> bool {
    let Some(choice) = &choice.0 else { return true };
    let mut said = choice.delta.0.iter().flatten();
    let is_said = said.any(|(key, value)| key != "role" && !matches!(value.get(), "null" | "\"\"" | "[]" | "{}"));
    let has_text = choice.text.0.as_ref().is_some_and(|text| !text.is_empty());
    !is_said && !has_text && choice.finish_reason.is_none()
}
