//! Errors that come inside a response with status 200, in the shapes that providers give them.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::dialect::passing::StreamError;
use crate::stream::lenient::{Fields, Lenient};

/// The longest message that is kept, in bytes.
const MAX_MESSAGE: usize = 2048;

/// The places where an error may stand.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Outer<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(rename = "type")]
    kind: Lenient<String>,
    object: Lenient<String>,
    #[serde(borrow)]
    x_groq: Fields<Nested<'a>>,
    #[serde(borrow)]
    response: Fields<Nested<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Nested<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// The members of an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Inner {
    message: Lenient<String>,
    #[serde(rename = "type")]
    kind: Lenient<String>,
    code: Lenient<Word>,
    /// Groq (seen 2026-02).
    status_code: Lenient<u16>,
    status: Lenient<u16>,
    /// Mistral.
    raw_status_code: Lenient<u16>,
}

/// A text, or a number as text: OpenRouter's and Perplexity's codes are numbers.
#[derive(Debug)]
struct Word(String);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let number = raw.bytes().all(|byte| byte.is_ascii_digit()).then(|| raw.to_owned());
        number.map_or_else(|| serde_json::from_str(raw).map_err(serde::de::Error::custom), Ok).map(Word)
    }
}

impl StreamError {
    /// The error in an event; `None` when it is none.
    pub(in crate::dialect::openai) fn read(name: &[u8], data: &[u8]) -> Option<StreamError> {
        let outer: Outer<'_> =
            serde_json::from_slice::<Fields<_>>(data).ok().and_then(|outer| outer.0).unwrap_or_default();
        let places = [outer.error, outer.response.0.and_then(|r| r.error), outer.x_groq.0.and_then(|groq| groq.error)];
        if let Some(error) = places.into_iter().flatten().find_map(|raw| StreamError::of_value(raw.get())) {
            return Some(error);
        }
        let says_error = |text: &Lenient<String>| text.0.as_deref() == Some("error");
        if outer.kind.0.as_deref() == Some("response.failed") {
            return Some(StreamError::default());
        }
        if name != b"error" && !says_error(&outer.kind) && !says_error(&outer.object) {
            return None;
        }
        let text = String::from_utf8_lossy(data);
        let error = StreamError::of_value(&text);
        Some(error.unwrap_or_else(|| StreamError { message: cut(text.into_owned()), ..StreamError::default() }))
    }

    /// An error that is an object, or only a text.
    pub(in crate::dialect) fn of_value(raw: &str) -> Option<StreamError> {
        if let Ok(text) = serde_json::from_str::<Cow<'_, str>>(raw) {
            let is_said = !text.is_empty();
            return is_said.then(|| StreamError { message: cut(text.into_owned()), ..StreamError::default() });
        }
        let inner: Inner = serde_json::from_str::<Fields<Inner>>(raw).ok()?.0?;
        let code = inner.code.0.map(|Word(code)| cut(code));
        let named = [&inner.status_code, &inner.status, &inner.raw_status_code].into_iter().find_map(|status| status.0);
        let is_status = |status: &u16| (400..=599).contains(status);
        let status = named.filter(is_status).or_else(|| code.as_deref()?.parse().ok().filter(is_status));
        let message = cut(inner.message.0.unwrap_or_default());
        let error = StreamError { message, kind: inner.kind.0.map(cut), code, status };
        (error != StreamError::default()).then_some(error)
    }
}

/// Cuts a text to what is kept.
fn cut(mut text: String) -> String {
    let end = text.floor_char_boundary(MAX_MESSAGE);
    text.truncate(end);
    text
}
