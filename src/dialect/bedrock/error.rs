//! Errors: `{"message"}` with the exception's name in `x-amzn-errortype`, or an exception in a frame of a stream.

use crate::chat::json::Object;
use crate::dialect::{Failure, ResponseHead, Said, too_large};
use crate::error::{Again, Class, Error};
use crate::stream::event_stream::{Fault, Frame};

/// A body that is an error, classed by status, by the exception and by words.
pub fn failure(head: &ResponseHead, body: &[u8]) -> Failure {
    told(head.status, said(body, head.error_type.as_deref()), head.retry_after)
}

/// An exception in a stream; its name says what the status would have been.
pub(super) fn exception(frame: &Frame<'_>) -> Error {
    let name = frame.header(":exception-type").or_else(|| frame.header(":error-code"));
    let mut said = said(frame.payload, name);
    if said.message.is_empty() {
        said.message = readable(frame.header(":error-message").map(str::to_owned));
    }
    let status = status(said.kind.as_deref().unwrap_or_default());
    if said.message.is_empty() {
        said.message = "The provider reported an error in its stream.".to_owned();
    }
    told(status, said, None).error
}

/// A stream that cannot be read on.
pub(super) fn fault(fault: Fault) -> Error {
    if fault == Fault::TooLarge {
        return too_large();
    }
    let message = "The provider's stream was damaged on its way.";
    let mut error = Error::new(Class::ProviderFault, 502, "server_error", "", message);
    error.again = Again::MayHelp;
    error
}

fn told(status: u16, said: Said, wait: Option<std::time::Duration>) -> Failure {
    let class = class(status, &said);
    Failure::told(class, status, said, wait)
}

/// `message`, `Message` in older services; `__type` where there is no header.
fn said(body: &[u8], name: Option<&str>) -> Said {
    let object = Object::parse(body).unwrap_or_default();
    let message = ["message", "Message", "originalMessage"].iter().find_map(|name| object.string(name));
    let kind = name.map(str::to_owned).or_else(|| object.string("__type"));
    // `com.amazon.coral.service#Name`, `Name:http://...`, and `name` in streams.
    let short = kind.map(|kind| {
        let name = kind.split(':').next().unwrap_or_default();
        name.rsplit('#').next().unwrap_or_default().to_ascii_lowercase()
    });
    Said { message: readable(message), kind: short, ..Said::default() }
}

/// Words that are no page of HTML.
fn readable(message: Option<String>) -> String {
    message.filter(|message| !message.trim_start().starts_with('<')).unwrap_or_default()
}

/// The service model's statuses.
fn status(kind: &str) -> u16 {
    match kind {
        "validationexception" => 400,
        "accessdeniedexception" | "expiredtokenexception" | "unrecognizedclientexception" => 403,
        "resourcenotfoundexception" => 404,
        "modeltimeoutexception" => 408,
        "modelerrorexception" | "modelstreamerrorexception" => 424,
        "throttlingexception" | "modelnotreadyexception" => 429,
        "servicequotaexceededexception" => 400,
        "serviceunavailableexception" => 503,
        _ => 500,
    }
}

fn class(status: u16, said: &Said) -> Class {
    let kind = said.kind.as_deref().unwrap_or_default();
    let message = said.message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match status {
        400 | 413 | 422 if says(TOO_LONG) => Class::ContextTooLong,
        400 if says(SEAL) => Class::SealRejected,
        400 if kind == "servicequotaexceededexception" => Class::ProviderQuota,
        400 if says(MODEL) => Class::ProviderModel,
        400 if matches!(
            kind,
            "expiredtokenexception" | "unrecognizedclientexception" | "invalidsignatureexception"
        ) =>
        {
            Class::ProviderKey
        }
        401..=403 => Class::ProviderKey,
        404 => Class::ProviderModel,
        408 | 504 => Class::Timeout,
        413 => Class::TooLarge,
        422 => Class::Unprocessable,
        429 if says(&["per day"]) => Class::ProviderQuota,
        429 => Class::ProviderLimit,
        503 | 529 => Class::Overloaded,
        409 | 424 => Class::ProviderFault,
        400..=499 => Class::BadRequest,
        _ => Class::ProviderFault,
    }
}

/// Titan and older Claude; Claude; Nova; others.
const TOO_LONG: &[&str] = &[
    "input is too long for requested model",
    "too many input tokens",
    "prompt is too long",
    "exceed context limit",
    "input tokens exceeds maximum",
    "maximum context length",
    "exceeds the maximum number of tokens",
];

/// A model that is not there, or not under this name (both seen; the second is how newer models refuse a name without a
/// region).
const MODEL: &[&str] = &[
    "the provided model identifier is invalid",
    "with on-demand throughput isn",
    "has reached the end of its life",
    "doesn't support the converse",
    "does not support converse",
];

/// What an attempt without seals mends (docs/dialects.md, rule 7a). Claude's own words come through.
const SEAL: &[&str] = &[
    "invalid `signature` in `thinking`",
    "invalid `data` in `redacted_thinking`",
    "`redacted_thinking` blocks in the latest assistant message cannot be modified",
    "expected `thinking` or `redacted_thinking`, but found",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, kind: Option<&str>, body: &str) -> Failure {
        let error_type = kind.map(str::to_owned);
        failure(&ResponseHead { status, error_type, ..ResponseHead::default() }, body.as_bytes())
    }

    #[test]
    fn words_tell_apart_what_shares_a_status() {
        for (status, kind, message, class) in [
            (400, "ValidationException", "The provided model identifier is invalid.", Class::ProviderModel),
            (
                400,
                "ValidationException:http://internal/",
                "Input is too long for requested model.",
                Class::ContextTooLong,
            ),
            (
                400,
                "ValidationException",
                "Invocation of model ID x with on-demand throughput isn\u{2019}t supported.",
                Class::ProviderModel,
            ),
            (
                400,
                "ValidationException",
                "messages.1.content.0: Invalid `signature` in `thinking` block",
                Class::SealRejected,
            ),
            (400, "ValidationException", "Malformed input request", Class::BadRequest),
            (400, "ServiceQuotaExceededException", "Your request exceeds the service quota.", Class::ProviderQuota),
            (
                429,
                "ThrottlingException",
                "Too many tokens per day, please wait before trying again.",
                Class::ProviderQuota,
            ),
            (429, "ModelNotReadyException", "The model is not ready.", Class::ProviderLimit),
            (403, "AccessDeniedException", "You don't have access to the model.", Class::ProviderKey),
            (408, "ModelTimeoutException", "Too slow.", Class::Timeout),
        ] {
            let body = serde_json::json!({"message": message}).to_string();
            assert_eq!(of(status, Some(kind), &body).error.class, class, "{message}");
        }
    }

    #[test]
    fn the_exception_may_stand_in_the_body() {
        let failure =
            of(400, None, r#"{"__type":"com.amazon.coral.service#ExpiredTokenException","Message":"expired"}"#);
        assert_eq!((failure.error.class, failure.error.status), (Class::ProviderKey, 424));
    }

    #[test]
    fn what_is_not_json_is_told_by_its_status() {
        for (status, class) in [(502, Class::ProviderFault), (503, Class::Overloaded), (404, Class::ProviderModel)] {
            for body in ["", "<html>Bad Gateway</html>", "null", "[]", r#"{"message":"<html>"}"#] {
                let failure = of(status, None, body);
                assert_eq!(failure.error.class, class, "{status} {body}");
                assert_eq!(failure.error.message, format!("The provider answered {status} without a readable error."));
            }
        }
    }
}
