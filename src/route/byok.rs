//! Credentials of the caller's own: how a request brings them, and whether it may.
//!
//! They live as long as the exchange, go to the named provider only, and are never counted as ours.

use super::plan::is_called;
use crate::access::Caller;
use crate::config::{AuthStyle, Byok, Config, Credentials, Dialect, Provider, Secret};
use crate::error::{Class, Error, printable};
use crate::http::{Headers, is_header_value};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The beginning of the headers that carry them: `x-tollgate-byok-openai`.
const HEADER: &[u8] = b"x-tollgate-byok-";
/// Most of one request.
const MOST: usize = 16;

/// A credential of the caller's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// Whom it is for: a provider, a pool or a vendor.
    pub provider: String,
    /// The credential.
    pub secret: Secret,
}

/// What a target is tried with instead of its provider's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lent {
    /// The credential.
    pub secret: Secret,
    /// Where it goes.
    pub style: AuthStyle,
}

/// Reads `providerOptions.gateway.byok`: `{"openai": [{"apiKey": "..."}]}`, in the order in which they are tried.
pub fn of_option(value: &str, path: &str) -> Result<Vec<Own>, Error> {
    let lists: BTreeMap<String, Vec<BTreeMap<String, &RawValue>>> = serde_json::from_str(value).map_err(|_| {
        Error::unsupported_option(
            path,
            format!("`{path}` must be an object of lists, such as `{{\"openai\":[{{\"apiKey\":\"...\"}}]}}`."),
        )
    })?;
    let mut own = Vec::new();
    for (provider, list) in lists {
        let at = format!("{path}.{}", printable(&provider));
        for members in list {
            own.push(Own { secret: secret(&members, &at)?, provider: provider.clone() });
        }
    }
    bounded(own, path)
}

/// The one member that can be honoured. Others name a host of their own or have to be signed with.
fn secret(members: &BTreeMap<String, &RawValue>, path: &str) -> Result<Secret, Error> {
    let is_key = |name: &str| matches!(name, "apiKey" | "bearerToken");
    if let Some(name) = members.keys().find(|name| !is_key(name)) {
        let name = printable(name);
        let message =
            format!("`{path}[].{name}` cannot be honoured: only keys that are sent as they are, as `apiKey`.");
        return Err(unsupported(path, message));
    }
    let mut keys = members.values().map(|value| serde_json::from_str::<String>(value.get()).ok());
    match (keys.next().flatten(), keys.next()) {
        (Some(key), None) => checked(&key, path),
        _ => Err(unsupported(path, format!("Each entry of `{path}` must have one text: `apiKey`."))),
    }
}

/// Reads the headers `x-tollgate-byok-<provider>`.
pub fn of_headers(headers: &Headers) -> Result<Vec<Own>, Error> {
    let mut own = Vec::new();
    for (name, value) in headers.iter() {
        let Some(provider) = name.strip_prefix(HEADER) else { continue };
        let provider = String::from_utf8_lossy(provider).into_owned();
        let path = format!("x-tollgate-byok-{}", printable(&provider));
        let value = std::str::from_utf8(value).unwrap_or_default();
        own.push(Own { secret: checked(value, &path)?, provider });
    }
    bounded(own, "x-tollgate-byok")
}

/// Refuses the headers of those whose group denies credentials of their own, whatever they say.
pub fn check_headers(config: &Config, caller: &Caller, headers: &Headers) -> Result<(), Error> {
    let is_denied = headers.iter().any(|(name, _)| name.starts_with(HEADER)) && setting(config, caller) == Byok::Deny;
    if is_denied { Err(Error::byok_denied()) } else { Ok(()) }
}

fn checked(key: &str, path: &str) -> Result<Secret, Error> {
    let secret = Secret::new(key);
    if secret.expose().is_empty() || !is_header_value(secret.expose().as_bytes()) {
        return Err(unsupported(path, format!("`{path}` must be a key that fits into a header.")));
    }
    Ok(secret)
}

fn bounded(own: Vec<Own>, path: &str) -> Result<Vec<Own>, Error> {
    if own.len() > MOST {
        return Err(unsupported(path, format!("`{path}`: at most {MOST} credentials.")));
    }
    Ok(own)
}

fn unsupported(path: &str, message: String) -> Error {
    Error::new(Class::Unsupported, 400, "invalid_request_error", "unsupported_byok", message).at(path)
}

/// What the caller's group says of such credentials.
pub fn setting(config: &Config, caller: &Caller) -> Byok {
    caller.group(&config.access).map_or(Byok::Deny, |group| group.byok)
}

/// Refuses credentials that may not be brought, or that are for nobody here.
pub fn check(config: &Config, caller: &Caller, own: &[Own]) -> Result<(), Error> {
    if own.is_empty() {
        return Ok(());
    }
    if setting(config, caller) == Byok::Deny {
        return Err(Error::byok_denied());
    }
    for Own { provider: word, .. } in own {
        let word = printable(word);
        let called = || config.providers.iter().filter(|provider| is_called(provider, &word));
        if called().next().is_none() {
            return Err(unsupported(
                &word,
                format!("No provider here is called `{word}`, for which a credential came."),
            ));
        }
        if called().all(|provider| matches!(provider.credentials, Credentials::Envoy)) {
            let message =
                format!("Envoy itself signs what goes to `{word}`: a credential of one's own is not possible.");
            return Err(unsupported(&word, message));
        }
    }
    Ok(())
}

/// The credentials of a request that are for a provider, in their order.
pub fn lent(own: &[Own], subscription: Option<&Secret>, provider: &Provider) -> Vec<Lent> {
    if matches!(provider.credentials, Credentials::Envoy) {
        return Vec::new();
    }
    let mine = own.iter().filter(|own| is_called(provider, &own.provider));
    let style = provider.preset.auth;
    let mut lent: Vec<Lent> = mine.map(|own| Lent { secret: own.secret.clone(), style }).collect();
    let takes = provider.subscription && provider.preset.dialect == Dialect::Anthropic;
    lent.extend(subscription.filter(|_| takes).map(|secret| Lent { secret: secret.clone(), style: AuthStyle::Bearer }));
    lent
}

/// A client's own `Authorization`, where its key came in `x-tollgate-key`.
pub fn subscription(headers: &Headers) -> Option<Secret> {
    headers.get("x-tollgate-key")?;
    let bearer = headers.text("authorization")?;
    let (scheme, token) = bearer.split_once(' ')?;
    let secret = Secret::new(token);
    (scheme.eq_ignore_ascii_case("bearer") && !secret.expose().is_empty()).then_some(secret)
}

#[cfg(test)]
mod tests;
