//! Errors as Anthropic's clients are told them (docs/dialects.md, section 5).

use std::borrow::Cow;

use crate::chat::json::{ObjectWriter, object};
use crate::error::{Class, Error};

/// The body of an error: `{"type":"error","error":{"type","message"},"request_id"}`.
pub fn encode_error(error: &Error, generation: &str) -> Vec<u8> {
    let mut out = Vec::new();
    object(&mut out, |o| {
        o.set("type", "error");
        inner(error, o);
        o.set("request_id", Some(generation).filter(|id| !id.is_empty()));
    });
    out
}

/// The status: Anthropic's word for "not now" is 529.
pub fn status(error: &Error) -> u16 {
    if error.status == 503 { 529 } else { error.status }
}

/// The member `error`.
pub(super) fn inner(error: &Error, o: &mut ObjectWriter<'_>) {
    o.object("error", |o| {
        o.set("type", kind(status(error)));
        o.set("message", message(error));
    });
}

fn kind(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        424 | 500.. => "api_error",
        _ => "invalid_request_error",
    }
}

/// Clients know a prompt that is too long by these words.
fn message(error: &Error) -> Cow<'_, str> {
    const TOO_LONG: &str = "prompt is too long";
    let message = error.whole_message();
    if error.class == Class::ContextTooLong && !message.starts_with(TOO_LONG) {
        return Cow::Owned(format!("{TOO_LONG}: {message}"));
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(class: Class, status: u16) -> (u16, String) {
        let error = Error::new(class, status, "x", "", "no");
        let body: serde_json::Value = serde_json::from_slice(&encode_error(&error, "gen_1")).unwrap();
        let expected = serde_json::json!({"type": "error", "error": {"type": body["error"]["type"],
            "message": body["error"]["message"]}, "request_id": "gen_1"});
        assert_eq!(body, expected);
        (self::status(&error), format!("{} {}", body["error"]["type"].as_str().unwrap(), body["error"]["message"]))
    }

    #[test]
    fn every_row_of_the_table() {
        for (class, status, told, kind) in [
            (Class::GatewayKey, 401, 401, "authentication_error \"no\""),
            (Class::KeyForbidden, 403, 403, "permission_error \"no\""),
            (Class::UnknownModel, 404, 404, "not_found_error \"no\""),
            (Class::Budget, 402, 402, "billing_error \"no\""),
            (Class::Limit, 429, 429, "rate_limit_error \"no\""),
            (Class::Unsupported, 400, 400, "invalid_request_error \"no\""),
            (Class::BadRequest, 400, 400, "invalid_request_error \"no\""),
            (Class::BadRequest, 405, 405, "invalid_request_error \"no\""),
            (Class::BadRequest, 408, 408, "invalid_request_error \"no\""),
            (Class::BadRequest, 415, 415, "invalid_request_error \"no\""),
            (Class::BadRequest, 426, 426, "invalid_request_error \"no\""),
            (Class::ContextTooLong, 400, 400, "invalid_request_error \"prompt is too long: no\""),
            (Class::ContentFiltered, 400, 400, "invalid_request_error \"no\""),
            (Class::Unprocessable, 422, 422, "invalid_request_error \"no\""),
            (Class::TooLarge, 413, 413, "request_too_large \"no\""),
            (Class::ProviderKey, 424, 424, "api_error \"no\""),
            (Class::ProviderModel, 404, 404, "not_found_error \"no\""),
            (Class::ProviderLimit, 429, 429, "rate_limit_error \"no\""),
            (Class::ProviderQuota, 429, 429, "rate_limit_error \"no\""),
            (Class::ProviderFault, 500, 500, "api_error \"no\""),
            (Class::ProviderFault, 502, 502, "api_error \"no\""),
            (Class::Overloaded, 503, 529, "overloaded_error \"no\""),
            (Class::Timeout, 504, 504, "timeout_error \"no\""),
            (Class::NoTarget, 503, 529, "overloaded_error \"no\""),
            (Class::Misconfigured, 503, 529, "overloaded_error \"no\""),
            (Class::Ledger, 503, 529, "overloaded_error \"no\""),
        ] {
            assert_eq!(of(class, status), (told, kind.to_owned()), "{class:?} {status}");
        }
    }

    #[test]
    fn a_long_wait_stands_in_the_message() {
        let mut error = Error::no_provider("Nobody.");
        error.retry_after = Some(std::time::Duration::from_secs(90));
        let body = String::from_utf8(encode_error(&error, "")).unwrap();
        assert!(body.contains("Nobody. (It asks for a wait of 90 seconds.)\"}"), "{body}");
        assert!(body.ends_with(r#","request_id":null}"#), "{body}");
    }
}
