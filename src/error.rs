//! Errors of every kind: whose fault they are, and how they look to a client.
//!
//! The table is section 5 of docs/dialects.md. Providers' own errors become an [`Error`] in `dialect`, refusals of
//! our own are made by the constructors here, and the last word is `exchange::answer`.

use std::borrow::Cow;
use std::time::Duration;

/// Whose fault a failure is; the closed list behind `x-tollgate-error` and the `error_type` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Class {
    GatewayKey,
    KeyForbidden,
    UnknownModel,
    Budget,
    Limit,
    Unsupported,
    BadRequest,
    ContextTooLong,
    ContentFiltered,
    Unprocessable,
    TooLarge,
    ProviderKey,
    ProviderModel,
    ProviderLimit,
    ProviderQuota,
    ProviderFault,
    Overloaded,
    Timeout,
    Connect,
    Cut,
    SealRejected,
    Misconfigured,
    Ledger,
    NoTarget,
}

impl Class {
    /// The word in `x-tollgate-error`, in the log's `error` and in the labels `error_type` and `reason`.
    pub fn word(self) -> &'static str {
        match self {
            Class::GatewayKey => "policy_key",
            Class::KeyForbidden => "policy_forbidden",
            Class::UnknownModel => "policy_model",
            Class::Budget => "policy_budget",
            Class::Limit => "policy_limit",
            Class::Unsupported => "policy_option",
            Class::BadRequest => "caller_bad_request",
            Class::ContextTooLong => "caller_context_too_long",
            Class::ContentFiltered => "caller_content_filtered",
            Class::Unprocessable => "caller_unprocessable",
            Class::TooLarge => "caller_too_large",
            Class::ProviderKey => "provider_key",
            Class::ProviderModel => "provider_model",
            Class::ProviderLimit => "provider_limit",
            Class::ProviderQuota => "provider_quota",
            Class::ProviderFault => "provider_fault",
            Class::Overloaded => "provider_overloaded",
            Class::Timeout => "provider_timeout",
            Class::Connect => "provider_connect",
            Class::Cut => "provider_cut",
            Class::SealRejected => "provider_seal",
            Class::Misconfigured => "gateway_misconfigured",
            Class::Ledger => "gateway_ledger",
            Class::NoTarget => "gateway_no_target",
        }
    }

    /// Whether the provider failed as such, for whatever it might be asked.
    pub fn is_providers(self) -> bool {
        matches!(
            self,
            Class::ProviderKey
                | Class::ProviderLimit
                | Class::ProviderQuota
                | Class::ProviderFault
                | Class::Overloaded
                | Class::Timeout
                | Class::Connect
                | Class::Cut
        )
    }

    /// Whether it is about the credential that was used, so that another one may help.
    pub fn is_about_credential(self) -> bool {
        matches!(self, Class::ProviderKey | Class::ProviderLimit | Class::ProviderQuota)
    }

    /// Whether the request itself is at fault, so that no other target can help.
    pub fn is_callers(self) -> bool {
        matches!(
            self,
            Class::BadRequest
                | Class::ContextTooLong
                | Class::ContentFiltered
                | Class::Unprocessable
                | Class::TooLarge
                // An attempt without its seals has been made by then, or cannot be.
                | Class::SealRejected
        )
    }
}

/// What an SDK may do after this error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// The same request fails the same way: `x-should-retry: false`.
    Useless,
    /// The SDK decides by the status.
    MayHelp,
}

/// An error as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Whose fault.
    pub class: Class,
    /// HTTP status for the client.
    pub status: u16,
    /// `type` of the OpenAI shape.
    pub kind: &'static str,
    /// `code` of the OpenAI shape.
    pub code: Option<Cow<'static, str>>,
    /// For people: no secret, at most 4 KiB, never HTML.
    pub message: String,
    /// The field at fault.
    pub param: Option<String>,
    /// What an SDK may do.
    pub again: Again,
    /// When to come back.
    pub retry_after: Option<Duration>,
    /// Response headers of its own, where it has any.
    pub told: Option<Box<Told>>,
}

/// Response headers of one error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told(Vec<(&'static str, String)>);

const INVALID: &str = "invalid_request_error";
/// Longest text of a message, in bytes.
const MESSAGE_CAP: usize = 4096;
/// Longest wait that a client is told in `retry-after`.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

impl Error {
    /// An error whose row of the table is given in full; cannot be helped by repeating.
    pub fn new(class: Class, status: u16, kind: &'static str, code: &'static str, message: impl Into<String>) -> Error {
        Error {
            class,
            status,
            kind,
            code: (!code.is_empty()).then_some(Cow::Borrowed(code)),
            message: capped(message.into()),
            param: None,
            again: Again::Useless,
            retry_after: None,
            told: None,
        }
    }

    /// Names the field at fault.
    pub fn at(mut self, param: impl Into<String>) -> Error {
        self.param = Some(param.into());
        self
    }

    /// Adds response headers of its own.
    pub fn telling(mut self, headers: Vec<(&'static str, String)>) -> Error {
        self.told = Some(Box::new(Told(headers)));
        self
    }

    /// Says in front of the message whom it is about.
    pub fn about(mut self, who: &str) -> Error {
        self.message = capped(format!("{who}: {}", self.message));
        self
    }

    /// The key is missing or unknown.
    pub fn bad_key(message: &str) -> Error {
        Error::new(Class::GatewayKey, 401, INVALID, "invalid_api_key", message)
    }

    /// The caller may not use this model.
    pub fn model_forbidden(model: &str) -> Error {
        let message = format!("This key may not use the model `{}`.", printable(model));
        Error::new(Class::KeyForbidden, 403, INVALID, "model_not_allowed", message).at("model")
    }

    /// The caller is known, its group is not.
    pub fn group_unknown(message: &str) -> Error {
        Error::new(Class::KeyForbidden, 403, INVALID, "group_unknown", message)
    }

    /// Nobody serves this model.
    pub fn unknown_model(message: String) -> Error {
        Error::new(Class::UnknownModel, 404, INVALID, "model_not_found", message).at("model")
    }

    /// No such endpoint.
    pub fn unknown_url(method: &str, path: &str) -> Error {
        let message = format!("Unknown request URL: {} {}.", printable(method), printable(path));
        Error::new(Class::BadRequest, 404, INVALID, "unknown_url", message)
    }

    /// The body is not what the endpoint takes.
    pub fn bad_body(message: impl Into<String>) -> Error {
        Error::new(Class::BadRequest, 400, INVALID, "invalid_body", message)
    }

    /// A routing option that is not honoured.
    pub fn unsupported_option(option: &str, message: impl Into<String>) -> Error {
        Error::new(Class::Unsupported, 400, INVALID, "unsupported_option", message).at(option)
    }

    /// A field asks for more than any model of the plan can do.
    pub fn unsupported_parameter(field: &'static str, message: impl Into<String>) -> Error {
        Error::new(Class::Unsupported, 400, INVALID, "unsupported_parameter", message).at(field)
    }

    /// Nothing is left of a budget, or less than the request may take. `resets`: when it begins anew, by RFC 3339.
    pub fn over_budget(message: impl Into<String>, resets: Option<String>) -> Error {
        let error = Error::new(Class::Budget, 402, "quota_for_entity_exceeded", "insufficient_quota", message);
        match resets {
            Some(resets) => error.telling(vec![("x-tollgate-budget-reset", resets)]),
            None => error,
        }
    }

    /// The filters of request, key and group leave no target.
    pub fn no_matching_provider(message: impl Into<String>) -> Error {
        Error::new(Class::Unsupported, 400, INVALID, "no_matching_provider", message)
    }

    /// Nobody who serves the model counts the tokens of its requests.
    pub fn no_counter(model: &str) -> Error {
        let message = format!("No provider of `{}` counts tokens.", printable(model));
        Error::new(Class::Unsupported, 404, INVALID, "no_matching_provider", message)
    }

    /// The caller brought a credential of its own, and may not use it.
    pub fn byok_denied() -> Error {
        let message = "Credentials of your own (`x-tollgate-byok-...`) are not accepted here.";
        Error::new(Class::KeyForbidden, 403, INVALID, "byok_denied", message)
    }

    /// The caller's group spends no credentials of ours, and it brought none that fits.
    pub fn byok_required() -> Error {
        let message = "This key needs credentials of your own (`x-tollgate-byok-...`) for a provider of this model.";
        Error::new(Class::KeyForbidden, 403, INVALID, "byok_required", message)
    }

    /// The request body is above the limit.
    pub fn too_large(limit: u64) -> Error {
        let message = format!("The request body is larger than the limit of {limit} bytes.");
        Error::new(Class::TooLarge, 413, INVALID, "request_too_large", message)
    }

    /// The request body is compressed.
    pub fn compressed(encoding: &str) -> Error {
        let message = format!(
            "Request bodies compressed with `{}` are not read here; send the body as it is.",
            printable(encoding)
        );
        Error::new(Class::BadRequest, 415, INVALID, "unsupported_encoding", message)
    }

    /// Upgrades (426) and CONNECT (405).
    pub fn unsupported_method(status: u16, message: &str) -> Error {
        Error::new(Class::BadRequest, status, INVALID, "unsupported_method", message)
    }

    /// The gateway itself is set up wrongly; never a guess.
    pub fn misconfigured(message: &str) -> Error {
        let mut error = Error::new(Class::Misconfigured, 503, "server_error", "gateway_misconfigured", message);
        error.again = Again::MayHelp;
        error
    }

    /// Nobody can say what is left of the budgets, and the configuration wants to be sure.
    pub fn ledger_unavailable() -> Error {
        let message = "The gateway cannot look at the budgets at the moment.";
        let mut error = Error::new(Class::Ledger, 503, "server_error", "ledger_unavailable", message);
        error.again = Again::MayHelp;
        error.retry_after = Some(Duration::from_secs(1));
        error
    }

    /// No provider could be reached, or each failed in its own way.
    pub fn no_provider(message: impl Into<String>) -> Error {
        let mut error = Error::new(Class::NoTarget, 503, "server_error", "no_provider", message);
        error.again = Again::MayHelp;
        error
    }

    /// The token that would authenticate us has not come yet, or no more.
    pub fn no_token() -> Error {
        let message = "The gateway has no token for this provider at the moment.";
        let mut error = Error::new(Class::ProviderKey, 503, "server_error", "no_provider", message);
        error.again = Again::MayHelp;
        error.retry_after = Some(Duration::from_secs(1));
        error
    }

    /// The wait that the client is told: only where a wait helps, and never above 60 s.
    pub fn announced_wait(&self) -> Option<Duration> {
        let status_waits = matches!(self.status, 429 | 503 | 529);
        self.retry_after.filter(|wait| status_waits && self.again == Again::MayHelp && *wait <= LONGEST_WAIT)
    }

    /// A wait that no SDK is told: it would sleep that long. It stands in the message, for people.
    fn long_wait(&self) -> Option<Duration> {
        self.retry_after.filter(|wait| self.again == Again::MayHelp && *wait > LONGEST_WAIT)
    }

    /// The message as clients are told it: with a wait that no header tells.
    pub fn whole_message(&self) -> Cow<'_, str> {
        let Some(wait) = self.long_wait() else { return Cow::Borrowed(&self.message) };
        Cow::Owned(format!("{} (It asks for a wait of {} seconds.)", self.message, rounded_up(wait)))
    }

    /// Response headers besides `content-type` and the generation's id.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![("x-tollgate-error", self.class.word().to_owned())];
        if self.again == Again::Useless || self.long_wait().is_some() {
            headers.push(("x-should-retry", "false".to_owned()));
        }
        if let Some(wait) = self.announced_wait() {
            headers.push(("retry-after", rounded_up(wait).to_string()));
            headers.push(("retry-after-ms", wait.as_millis().to_string()));
        }
        headers.extend(self.told.iter().flat_map(|told| told.0.iter().cloned()));
        headers
    }

    /// The body in the shape of OpenAI chat: `{"error":{"message","type","param","code"}}`.
    pub fn chat_body(&self) -> Vec<u8> {
        #[derive(serde::Serialize)]
        struct Body<'a> {
            error: Inner<'a>,
        }
        #[derive(serde::Serialize)]
        struct Inner<'a> {
            message: &'a str,
            r#type: &'a str,
            param: Option<&'a str>,
            code: Option<&'a str>,
        }
        let inner = Inner {
            message: &self.whole_message(),
            r#type: self.kind,
            param: self.param.as_deref(),
            code: self.code.as_deref(),
        };
        serde_json::to_vec(&Body { error: inner }).unwrap_or_default()
    }
}

fn rounded_up(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
}

/// Cuts a message to its cap at a character's boundary.
fn capped(mut message: String) -> String {
    if message.len() > MESSAGE_CAP {
        let end = (0..=MESSAGE_CAP).rev().find(|&i| message.is_char_boundary(i)).unwrap_or(0);
        message.truncate(end);
    }
    message
}

/// Words of a client, fit for a message: short and without control characters.
pub fn printable(text: &str) -> String {
    const CAP: usize = 128;
    let mut shown: String = text.chars().filter(|c| !c.is_control()).take(CAP).collect();
    if text.chars().nth(CAP).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
