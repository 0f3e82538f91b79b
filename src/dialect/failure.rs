//! A provider's failure, classed: whose fault, what the client would see, whether another attempt makes sense.

use super::redact;
use crate::error::{Again, Class, Error, printable};
use crate::http::Headers;
use std::borrow::Cow;
use std::time::Duration;

/// One failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The word in `x-tollgate-attempts`: the status, or what happened instead of one.
    pub word: Cow<'static, str>,
    /// What the client sees if this is the last word.
    pub error: Error,
    /// How long the provider asked to be left alone.
    pub wait: Option<Duration>,
    /// The provider's words about a credential, which only its owner gets to see.
    pub said: Option<String>,
}

/// What counts of a response's head.
#[derive(Clone, Debug, Default)]
pub struct ResponseHead {
    /// HTTP status.
    pub status: u16,
    /// Whether the body is a stream: server-sent events, or Bedrock's binary ones.
    pub is_stream: bool,
    /// Whether the body is a JSON document.
    pub is_json: bool,
    /// The provider's id of the request.
    pub request_id: Option<String>,
    /// From `retry-after-ms` or `retry-after`.
    pub retry_after: Option<Duration>,
    /// Bedrock's name of the error, which its body does not say.
    pub error_type: Option<String>,
}

const STREAMS: [&[u8]; 2] = [b"text/event-stream", b"application/vnd.amazon.eventstream"];

impl ResponseHead {
    /// Reads a response's head.
    pub fn read(headers: &Headers) -> ResponseHead {
        let content_type = headers.get("content-type").unwrap_or_default();
        let ids = ["x-request-id", "request-id", "apim-request-id", "x-ms-request-id", "x-amzn-requestid"];
        ResponseHead {
            status: headers.text(":status").and_then(|status| status.parse().ok()).unwrap_or(0),
            is_stream: STREAMS.iter().any(|kind| content_type.to_ascii_lowercase().starts_with(kind)),
            is_json: content_type.to_ascii_lowercase().starts_with(b"application/json"),
            request_id: ids.iter().find_map(|name| headers.text(name)).map(printable),
            retry_after: retry_after(headers),
            error_type: headers.text("x-amzn-errortype").map(printable),
        }
    }

    /// Whether the provider accepted the request.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

fn retry_after(headers: &Headers) -> Option<Duration> {
    let seconds = |text: &str| text.trim().parse::<f64>().ok().and_then(|s| Duration::try_from_secs_f64(s).ok());
    // The finer of the two, as SDKs read them: 400 ms stand beside a whole second. Azure's `0` beside it says nothing.
    let millis = headers.text("retry-after-ms").and_then(seconds).map(|ms| ms / 1000);
    millis.filter(|wait| !wait.is_zero()).or_else(|| headers.text("retry-after").and_then(seconds))
}

impl Failure {
    /// A failure without an answer: `timeout`, `connect`, `reset`, `cut`. Which provider it was stands in
    /// `x-tollgate-attempts`, where the configuration lets clients know.
    pub fn silent(class: Class, word: &'static str) -> Failure {
        let message = match class {
            Class::Timeout => "The provider did not answer in time.".to_owned(),
            _ => format!("The provider could not be reached ({word})."),
        };
        Failure { word: Cow::Borrowed(word), error: row(class, 0, message, None, None, None), wait: None, said: None }
    }

    /// The same of an attempt with the caller's own credential: that it was rejected is the caller's to know, as it is.
    pub fn of_callers_credential(mut self, secret: Option<&str>) -> Failure {
        if self.error.class == Class::ProviderKey {
            self.error.message =
                self.said.take().unwrap_or_else(|| "The provider rejected your credential.".to_owned());
            redact(&mut self.error, secret);
            self.error.status = self.word.parse().ok().filter(|status| matches!(status, 401..=403)).unwrap_or(401);
            self.error.kind = "invalid_request_error";
            self.error.code = Some(Cow::Borrowed("provider_credential_rejected"));
        }
        self
    }

    /// There is no token to try the provider with.
    pub fn no_token() -> Failure {
        Failure { word: Cow::Borrowed("no_token"), error: Error::no_token(), wait: None, said: None }
    }

    /// A failure that the provider put into words.
    pub fn told(class: Class, status: u16, said: Said, retry_after: Option<Duration>) -> Failure {
        let word = if status >= 400 { Cow::Owned(status.to_string()) } else { Cow::Borrowed("error") };
        let (mut message, mut own) = (said.message, None);
        if class == Class::ProviderKey {
            own = Some(message).filter(|message| !message.is_empty());
            message = format!("The provider rejected the gateway's credential ({status}).");
        } else if message.is_empty() {
            message = format!("The provider answered {status} without a readable error.");
        }
        let error = row(class, status, message, said.code, said.param, retry_after);
        Failure { word, error, wait: retry_after, said: own }
    }
}

/// A provider's own words about its failure; no secret, never HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// For people.
    pub message: String,
    /// The provider's `code`.
    pub code: Option<String>,
    /// The provider's `type`; tells classes apart, never shown.
    pub kind: Option<String>,
    /// The field at fault.
    pub param: Option<String>,
}

/// The row of the error table for a provider's failure (docs/dialects.md, section 5).
fn row(
    class: Class,
    status: u16,
    message: String,
    code: Option<String>,
    param: Option<String>,
    retry_after: Option<Duration>,
) -> Error {
    const INVALID: &str = "invalid_request_error";
    const SERVER: &str = "server_error";
    use Again::{MayHelp, Useless};
    let (seen, kind, fixed, again) = match class {
        Class::ContextTooLong => (400, INVALID, "context_length_exceeded", Useless),
        Class::ContentFiltered => (400, INVALID, "content_filter", Useless),
        Class::Unprocessable => (422, INVALID, "", Useless),
        Class::TooLarge => (413, INVALID, "request_too_large", Useless),
        Class::ProviderKey => (424, "api_error", "provider_credential_rejected", Useless),
        Class::ProviderModel => (404, INVALID, "model_not_found", Useless),
        Class::ProviderLimit => (429, "rate_limit_exceeded", "rate_limit_exceeded", MayHelp),
        Class::ProviderQuota => (429, "insufficient_quota", "insufficient_quota", Useless),
        Class::Overloaded => (503, SERVER, "overloaded", MayHelp),
        Class::Timeout => (504, SERVER, "timeout", MayHelp),
        Class::ProviderFault if status == 424 => (502, SERVER, "provider_error", MayHelp),
        Class::ProviderFault if status == 500 => (500, SERVER, "", MayHelp),
        Class::ProviderFault => (502, SERVER, "", MayHelp),
        Class::Connect | Class::Cut => (503, SERVER, "no_provider", MayHelp),
        _ => (400, INVALID, "", Useless),
    };
    let own_code = fixed.is_empty() && matches!(class, Class::BadRequest | Class::Unprocessable | Class::SealRejected);
    let mut error = Error::new(class, seen, kind, fixed, message);
    if own_code {
        error.code = code.map(Cow::Owned);
    }
    error.param = if class == Class::ContextTooLong { param.or(Some("messages".to_owned())) } else { param };
    error.again = again;
    let default_wait = (class == Class::ProviderLimit).then_some(Duration::from_secs(1));
    error.retry_after = retry_after.or(default_wait);
    error
}
