//! Errors: `{"id"?,"message","error_type"?}`, as a response's body or inside a stream.

use crate::chat::json::{Json, Object};
use crate::dialect::{Failure, ResponseHead, Said};
use crate::error::Class;

/// A body that is an error, classed by status and words.
pub fn failure(head: &ResponseHead, body: &[u8]) -> Failure {
    let said = Json::parse(body).and_then(Json::object).map(|object| said(&object)).unwrap_or_default();
    let (status, class) = (head.status, class(head.status, &said));
    Failure::told(class, status, said, head.retry_after)
}

/// A failure that is told after the status 200, by a word of `finish_reason` or by an event that is nothing else.
pub(super) fn inside(word: &str, object: &Object<'_>) -> Failure {
    let mut said = said(object);
    let class = match word {
        "TIMEOUT" => Class::Timeout,
        _ => match class(0, &said) {
            Class::ContextTooLong => Class::ContextTooLong,
            _ => Class::ProviderFault,
        },
    };
    if said.message.is_empty() {
        said.message = match class {
            Class::Timeout => "The provider's model did not finish in time.".to_owned(),
            _ => "The provider reported an error instead of the end of its answer.".to_owned(),
        };
    }
    Failure { word: "error".into(), ..Failure::told(class, 200, said, None) }
}

fn said(object: &Object<'_>) -> Said {
    let error = object.object("error").unwrap_or_default();
    let words = [object.string("message"), object.string("error"), error.string("message"), object.string("detail")];
    let message = words.into_iter().flatten().find(|words| !words.trim_start().starts_with('<'));
    let kind = object.string("error_type");
    Said { message: message.unwrap_or_default(), code: kind.clone(), kind, param: None }
}

/// <https://docs.cohere.com/reference/errors>
fn class(status: u16, said: &Said) -> Class {
    let message = said.message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match status {
        0 | 400 | 413 | 422 if says(TOO_LONG) => Class::ContextTooLong,
        401..=403 => Class::ProviderKey,
        404 => Class::ProviderModel,
        408 | 504 => Class::Timeout,
        413 => Class::TooLarge,
        422 => Class::Unprocessable,
        // Trial keys are limited by the minute and by the month.
        429 if says(&["/ month", "per month", "monthly"]) => Class::ProviderQuota,
        429 => Class::ProviderLimit,
        // Text of the request or of the answer is on Cohere's list of what is blocked.
        498 => Class::ContentFiltered,
        503 | 529 => Class::Overloaded,
        409 | 424 | 499 => Class::ProviderFault,
        400..=499 => Class::BadRequest,
        _ => Class::ProviderFault,
    }
}

const TOO_LONG: &[&str] =
    &["too many tokens", "maximum context length", "context length exceeded", "prompt is too long"];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Failure {
        failure(&ResponseHead { status, ..ResponseHead::default() }, body.as_bytes())
    }

    #[test]
    fn words_tell_apart_what_shares_a_status() {
        let body = |message: &str| serde_json::json!({"id": "x", "message": message}).to_string();
        for (status, message, class) in [
            (400, "too many tokens: total number of tokens in the prompt cannot exceed 4081", Class::ContextTooLong),
            (400, "invalid request: temperature must be between 0 and 1.0 inclusive.", Class::BadRequest),
            (429, "Trial key, which is limited to 20 API calls / minute.", Class::ProviderLimit),
            (429, "Trial key, which is limited to 1000 API calls / month.", Class::ProviderQuota),
            (498, "blocked output", Class::ContentFiltered),
            (499, "request cancelled", Class::ProviderFault),
            (501, "not implemented", Class::ProviderFault),
        ] {
            let failure = of(status, &body(message));
            assert_eq!((failure.error.class, &*failure.error.message), (class, message), "{status}");
        }
    }

    #[test]
    fn what_is_not_json_is_told_by_its_status() {
        for (status, class) in [(502, Class::ProviderFault), (503, Class::Overloaded), (429, Class::ProviderLimit)] {
            for body in ["", "<html>Bad Gateway</html>", "null", "[]", "\"x\"", r#"{"message":"<html>"}"#] {
                let failure = of(status, body);
                assert_eq!(failure.error.class, class, "{status} {body}");
                assert_eq!(failure.error.message, format!("The provider answered {status} without a readable error."));
            }
        }
    }

    #[test]
    fn a_credential_that_is_rejected_is_ours() {
        let failure = of(401, r#"{"message":"invalid api token"}"#);
        assert_eq!((failure.error.class, failure.error.status), (Class::ProviderKey, 424));
        assert_eq!(failure.error.message, "The provider rejected the gateway's credential (401).");
    }
}
