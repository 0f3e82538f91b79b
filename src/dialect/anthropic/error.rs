//! Errors: `{"type":"error","error":{"type","message"},"request_id"}`, as a response's body or inside a stream. Vertex
//! answers in Google's shape, `{"error":{"code","message","status"}}`, sometimes in a list.

use crate::chat::json::{Json, Object};
use crate::dialect::{Failure, ResponseHead, Said};
use crate::error::Class;

/// A body that is an error, classed by status and words.
pub fn failure(head: &ResponseHead, body: &[u8]) -> Failure {
    let said = Json::parse(body).map(said).unwrap_or_default();
    told(head.status, said, head.retry_after)
}

/// An error inside a stream or in the body of a 200; its type says what the status would have been.
pub(super) fn inside(object: &Object<'_>) -> Failure {
    let said = object.get("error").map(inner).unwrap_or_default();
    Failure { word: "error".into(), ..told(status(said.kind.as_deref().unwrap_or_default()), said, None) }
}

fn told(status: u16, said: Said, wait: Option<std::time::Duration>) -> Failure {
    let class = class(status, &said);
    Failure::told(class, status, said, wait)
}

fn said(body: Json<'_>) -> Said {
    let first = body.items().and_then(|mut items| items.next());
    let Some(object) = first.unwrap_or(body).object() else { return Said::default() };
    match object.get("error") {
        Some(error) => inner(error),
        None => {
            Said { message: readable(object.string("message").or_else(|| object.string("detail"))), ..Said::default() }
        }
    }
}

fn inner(error: Json<'_>) -> Said {
    if let Some(message) = error.string() {
        return Said { message: readable(Some(message)), ..Said::default() };
    }
    let object = error.object().unwrap_or_default();
    let kind = object.string("type").or_else(|| object.string("status"));
    Said { message: readable(object.string("message")), kind, ..Said::default() }
}

/// Words that are no page of HTML.
fn readable(message: Option<String>) -> String {
    message.filter(|message| !message.trim_start().starts_with('<')).unwrap_or_default()
}

/// <https://platform.claude.com/docs/en/api/errors>
fn status(kind: &str) -> u16 {
    match kind {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => 500,
    }
}

fn class(status: u16, said: &Said) -> Class {
    let message = said.message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match status {
        400 | 413 | 422 if says(TOO_LONG) => Class::ContextTooLong,
        400 if says(SEAL) => Class::SealRejected,
        // Both come as `invalid_request_error`.
        400 if says(&["credit balance is too low"]) => Class::ProviderKey,
        400 if says(&["specified api usage limits", "workspace api usage limits"]) => Class::ProviderQuota,
        401..=403 => Class::ProviderKey,
        404 => Class::ProviderModel,
        408 | 504 => Class::Timeout,
        413 => Class::TooLarge,
        422 => Class::Unprocessable,
        429 => Class::ProviderLimit,
        503 | 529 => Class::Overloaded,
        409 | 424 => Class::ProviderFault,
        400..=499 => Class::BadRequest,
        _ => Class::ProviderFault,
    }
}

/// The first was recorded; the others: <https://platform.claude.com/docs/en/build-with-claude/context-windows>.
const TOO_LONG: &[&str] = &["prompt is too long", "exceed context limit", "exceeds the context window"];

/// What an attempt without seals mends: a signature that is not accepted, and thinking that is not as it was or absent
/// where it has to be (docs/dialects.md, rule 7a).
const SEAL: &[&str] = &[
    "invalid `signature` in `thinking`",
    "invalid `data` in `redacted_thinking`",
    "`redacted_thinking` blocks in the latest assistant message cannot be modified",
    "expected `thinking` or `redacted_thinking`, but found",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Failure {
        failure(&ResponseHead { status, ..ResponseHead::default() }, body.as_bytes())
    }

    #[test]
    fn words_tell_apart_what_shares_a_status() {
        let body = |message: &str| {
            let error = serde_json::json!({"type": "invalid_request_error", "message": message});
            serde_json::json!({"type": "error", "error": error}).to_string()
        };
        for (message, class) in [
            ("messages.1.content.0: Invalid `signature` in `thinking` block", Class::SealRejected),
            (
                "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `text`.",
                Class::SealRejected,
            ),
            ("prompt is too long: 3333404 tokens > 200000 maximum", Class::ContextTooLong),
            ("input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000", Class::ContextTooLong),
            ("Your credit balance is too low to access the Anthropic API.", Class::ProviderKey),
            ("You have reached your specified API usage limits.", Class::ProviderQuota),
            ("max_tokens: Field required", Class::BadRequest),
        ] {
            assert_eq!(of(400, &body(message)).error.class, class, "{message}");
        }
    }

    #[test]
    fn vertex_answers_as_google_does() {
        let body = r#"[{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED"}}]"#;
        let failure = of(429, body);
        assert_eq!((failure.error.class, &*failure.error.message), (Class::ProviderLimit, "Quota exceeded"));
    }

    #[test]
    fn what_is_not_json_is_told_by_its_status() {
        for (status, class) in [(502, Class::ProviderFault), (529, Class::Overloaded), (404, Class::ProviderModel)] {
            for body in ["", "<html>Bad Gateway</html>", "null", "[]", r#"{"error":{"message":"<html>"}}"#] {
                let failure = of(status, body);
                assert_eq!(failure.error.class, class, "{status} {body}");
                assert_eq!(failure.error.message, format!("The provider answered {status} without a readable error."));
            }
        }
    }

    #[test]
    fn a_credential_that_is_rejected_is_ours() {
        let body = r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#;
        let failure = of(401, body);
        assert_eq!((failure.error.class, failure.error.status), (Class::ProviderKey, 424));
        assert_eq!(failure.error.message, "The provider rejected the gateway's credential (401).");
    }
}
