//! Errors of OpenAI-compatible providers: which class they are, and what they said.

use super::StreamError;
use crate::dialect::{Failure, ResponseHead, Said};
use crate::error::Class;
use crate::stream::lenient::Fields;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use std::time::Duration;

/// Classes an error response by status and words. `secret` is taken out of the text, should a provider repeat it.
pub fn failure(head: &ResponseHead, body: &[u8], secret: Option<&str>) -> Failure {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    let mut said = value.as_ref().map(said).unwrap_or_default();
    let class = class(head.status, &said);
    redact(&mut said, secret);
    let wait = head.retry_after.or_else(|| wait_in_words(&said.message));
    Failure::told(class, head.status, said, wait)
}

/// Classes an error that came inside a stream, as its first event or later.
pub fn stream_failure(error: &StreamError, secret: Option<&str>) -> Failure {
    // Responses has a code alone.
    let kind = error.kind.as_deref().or(error.code.as_deref()).unwrap_or_default();
    let status = error.status.filter(|status| *status >= 400).unwrap_or(match kind {
        "overloaded_error" => 529,
        "rate_limit_error" | "rate_limit_exceeded" | "requests" | "tokens" | "insufficient_quota" => 429,
        "invalid_request_error" | "invalid_prompt" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "timeout_error" => 504,
        _ => 500,
    });
    let mut said =
        Said { message: error.message.clone(), code: error.code.clone(), kind: error.kind.clone(), param: None };
    let class = class(status, &said);
    if class == Class::ProviderKey || said.message.is_empty() {
        said.message = "The provider reported an error in its stream.".to_owned();
    }
    redact(&mut said, secret);
    let wait = wait_in_words(&said.message);
    Failure { word: "error".into(), ..Failure::told(class, status, said, wait) }
}

/// What a whole body may hold besides an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    choices: Option<IgnoredAny>,
    output: Option<IgnoredAny>,
    data: Option<IgnoredAny>,
    results: Option<IgnoredAny>,
    text: Option<IgnoredAny>,
}

/// The error that stands where an answer should be; `None` when the body is not whole, or has an answer too.
pub fn refusal(body: &[u8]) -> Option<StreamError> {
    let refusal: Refusal<'_> = serde_json::from_slice::<Fields<_>>(body).ok()?.0?;
    let Refusal { error, choices, output, data, results, text } = refusal;
    let has_answer = [choices, output, data, results, text].iter().any(Option::is_some);
    error.filter(|_| !has_answer).and_then(|error| StreamError::of_value(error.get()))
}

/// Reads the shapes that OpenAI-compatible providers use (docs/dialects.md, section 5): `{"error":{...}}`,
/// `{"error":"..."}`, `{"detail":...}`, `{"message":...}`, and a list around any of them.
fn said(value: &Value) -> Said {
    let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
    let inner = value.get("error").filter(|error| error.is_object()).unwrap_or(value);
    let text = |name: &str| inner.get(name).and_then(word);
    let bare = value.get("error").and_then(Value::as_str).map(str::to_owned);
    let message = text("message").or(bare).or_else(|| text("detail")).unwrap_or_default();
    let looks_like_html = message.trim_start().starts_with('<');
    Said {
        message: if looks_like_html { String::new() } else { message },
        code: text("code"),
        kind: text("type"),
        param: text("param"),
    }
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

/// The table of statuses and of the words that tell apart what shares a status.
fn class(status: u16, said: &Said) -> Class {
    let kind = said.kind.as_deref().unwrap_or_default();
    let code = said.code.as_deref().unwrap_or(kind);
    let message = said.message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match status {
        // OpenAI and Azure: `context_length_exceeded`; Mistral, Groq, vLLM, Together: only in words.
        400 | 413 | 422 if code == "context_length_exceeded" || says(TOO_LONG) => Class::ContextTooLong,
        400 if code == "content_filter" || code == "content_policy_violation" => Class::ContentFiltered,
        // xAI answers 400 to a bad key.
        400 if code == "invalid_api_key" || says(&["incorrect api key provided", "api_key_invalid"]) => {
            Class::ProviderKey
        }
        400 if code == "invalid_encrypted_content" || says(SEAL) => Class::SealRejected,
        400 if code == "model_not_found" => Class::ProviderModel,
        401..=403 => Class::ProviderKey,
        404 => Class::ProviderModel,
        408 | 504 => Class::Timeout,
        413 => Class::TooLarge,
        422 => Class::Unprocessable,
        429 if code == "insufficient_quota" || kind == "insufficient_quota" || code == "billing_hard_limit_reached" => {
            Class::ProviderQuota
        }
        429 => Class::ProviderLimit,
        409 | 424 | 500..=502 => Class::ProviderFault,
        503 | 529 => Class::Overloaded,
        400..=499 => Class::BadRequest,
        _ => Class::ProviderFault,
    }
}

const TOO_LONG: &[&str] = &[
    "maximum context length",
    "context length exceeded",
    "context window",
    "too large for model with",
    "prompt is too long",
    "reduce the length of the messages",
    // Perplexity (seen in recorded traffic); its `type` is `too_many_prompt_tokens`.
    "length of all messages is too long",
    "exceeds the model's maximum context",
];

const SEAL: &[&str] = &["could not be verified", "thought signature is not valid", "invalid `signature` in `thinking`"];

fn redact(said: &mut Said, secret: Option<&str>) {
    let Some(secret) = secret.filter(|secret| !secret.is_empty()) else { return };
    for text in [Some(&mut said.message), said.code.as_mut(), said.param.as_mut()].into_iter().flatten() {
        if text.contains(secret) {
            *text = text.replace(secret, "***");
        }
    }
}

/// `Please try again in 5.871s` of OpenAI and Groq; also `300ms`, `7m12.5s`, `1h12m30s` (Go's way to write durations).
fn wait_in_words(message: &str) -> Option<Duration> {
    let (_, mut rest) = message.split_once("try again in ")?;
    let mut whole = None;
    while let Some(end) = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|end| *end > 0) {
        let (number, after) = rest.split_at_checked(end)?;
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(letters)?;
        let seconds = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => break,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        whole = Some(whole.unwrap_or(Duration::ZERO).saturating_add(part));
        rest = after;
    }
    whole
}

#[cfg(test)]
mod tests;
