//! Errors of Google's APIs: `{"error":{"code","message","status","details":[...]}}`, details of `google.rpc`
//! (<https://cloud.google.com/apis/design/errors>).

use std::time::Duration;

use super::stream::first_object;
use crate::chat::json::{Json, Object};
use crate::dialect::{Failure, ResponseHead, Said};
use crate::error::Class;

/// A body that is an error.
pub fn failure(head: &ResponseHead, body: &[u8]) -> Failure {
    let error = first_object(body).and_then(|object| object.object("error"));
    told(&error.unwrap_or_default(), Some(head.status), head.retry_after)
}

/// An `error` object, of a response with this status or inside of a stream.
pub(super) fn told(error: &Object<'_>, status: Option<u16>, wait: Option<Duration>) -> Failure {
    let is_inside = status.is_none();
    let kind = error.string("status").unwrap_or_default();
    let status = status.unwrap_or_else(|| status_of(error, &kind));
    let message = error.string("message").filter(|message| !message.trim_start().starts_with('<'));
    let mut message = message.unwrap_or_default();
    let details: Vec<Object<'_>> = error.items("details").filter_map(Json::object).collect();
    let class = class(status, &kind, &message, &details);
    let wait = wait.or_else(|| retry_info(&details)).or_else(|| in_words(&message));
    if message.is_empty() && is_inside {
        message.push_str("The provider reported an error in its stream.");
    }
    let param = details.iter().find_map(|detail| {
        let violation = detail.items("fieldViolations").next()?.object()?;
        violation.string("field").filter(|field| !field.is_empty())
    });
    let code = Some(kind.clone()).filter(|kind| !kind.is_empty());
    let failure = Failure::told(class, status, Said { message, code, kind: Some(kind), param }, wait);
    if is_inside { Failure { word: "error".into(), ..failure } } else { failure }
}

/// The status of an error that came inside of a stream: its code, or what its word stands for.
fn status_of(error: &Object<'_>, kind: &str) -> u16 {
    let code = error.count("code").and_then(|code| u16::try_from(code).ok());
    code.filter(|code| (400..600).contains(code)).unwrap_or(match kind {
        "INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE" => 400,
        "UNAUTHENTICATED" => 401,
        "PERMISSION_DENIED" => 403,
        "NOT_FOUND" => 404,
        "ABORTED" | "ALREADY_EXISTS" => 409,
        "RESOURCE_EXHAUSTED" => 429,
        "UNAVAILABLE" => 503,
        "DEADLINE_EXCEEDED" => 504,
        _ => 500,
    })
}

/// The table of statuses, and of the words that tell apart what shares a status. Seen in recorded traffic: bad keys,
/// missing models, URLs that cannot be fetched; the rest from <https://ai.google.dev/gemini-api/docs/troubleshooting>
/// and public issue threads.
fn class(status: u16, kind: &str, message: &str, details: &[Object<'_>]) -> Class {
    let message = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let gives = |reason: &str| details.iter().any(|detail| detail.text("reason").as_deref() == Some(reason));
    match status {
        400 if gives("API_KEY_INVALID") || says(&["api key not valid", "api key expired"]) => Class::ProviderKey,
        // The account, not the request: the region has no service, or no billing.
        400 if kind == "FAILED_PRECONDITION" && says(&["location is not supported", "billing"]) => Class::ProviderFault,
        400 | 413 if says(&["exceeds the maximum number of tokens", "input token count"]) => Class::ContextTooLong,
        400 if says(&["payload size exceeds"]) => Class::TooLarge,
        400 if says(&["thought signature", "thought_signature"]) => Class::SealRejected,
        // A cache that the caller named.
        403 if says(&["cachedcontent not found"]) => Class::BadRequest,
        401..=403 => Class::ProviderKey,
        404 => Class::ProviderModel,
        408 | 504 => Class::Timeout,
        413 => Class::TooLarge,
        422 => Class::Unprocessable,
        429 if is_daily(details) => Class::ProviderQuota,
        429 => Class::ProviderLimit,
        503 | 529 => Class::Overloaded,
        400..=498 if !matches!(status, 409 | 424) => Class::BadRequest,
        // 499: cancelled there.
        _ => Class::ProviderFault,
    }
}

/// `QuotaFailure`: a quota per day does not come back in a minute, whatever `RetryInfo` says.
fn is_daily(details: &[Object<'_>]) -> bool {
    let violations = details.iter().flat_map(|detail| detail.items("violations")).filter_map(Json::object);
    violations.filter_map(|violation| violation.string("quotaId")).any(|quota| quota.contains("PerDay"))
}

/// `RetryInfo`: `"retryDelay": "34.07s"`.
fn retry_info(details: &[Object<'_>]) -> Option<Duration> {
    let delay = details.iter().find_map(|detail| detail.string("retryDelay"))?;
    seconds(&delay)
}

/// `Please retry in 34.07s.`
fn in_words(message: &str) -> Option<Duration> {
    let (_, rest) = message.split_once("retry in ")?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != 's').unwrap_or(rest.len());
    seconds(rest.split_at_checked(end)?.0.trim_end_matches('.'))
}

fn seconds(text: &str) -> Option<Duration> {
    let number = text.trim().strip_suffix('s')?.parse::<f64>().ok()?;
    Duration::try_from_secs_f64(number).ok()
}
