//! The first look at a request, by its head alone: who is calling, for what, and whether we answer by ourselves.

use super::origin::{self, CREDITS, Visit};
use crate::access::{Caller, identify};
use crate::config::Config;
use crate::dialect::{Client, Spec};
use crate::error::Error;
use crate::health::Cells;
use crate::http::Headers;
use crate::operation::Operation;
use crate::route::{AskReader, Named, Options, byok};

/// What becomes of a request after its head.
#[derive(Debug)]
pub enum Admission {
    /// Its body is read.
    Read(Box<Admitted>),
    /// We answer whoever it is: 200, with a JSON body unless it is empty.
    Answer(Vec<u8>, Option<Caller>),
    /// It asks for what it may still spend, and a fleet's ledger knows.
    Credits(Client, Caller),
}

/// A request whose body is to be read.
#[derive(Debug)]
pub struct Admitted {
    /// Whose shape its answers have.
    pub client: Client,
    /// How long the body says it is.
    pub declared: Option<u64>,
    /// Who is calling.
    pub caller: Caller,
    /// For what.
    pub operation: Operation,
    /// The path below `/v1`, with the query that goes on.
    pub path: String,
    /// Reads the body.
    pub reader: AskReader,
}

/// A request that is refused, with what was known of it by then.
#[derive(Debug)]
pub struct Refused {
    /// Whose shape the answer has.
    pub client: Client,
    /// Why.
    pub error: Error,
    /// Who was calling.
    pub caller: Option<Caller>,
    /// For what.
    pub operation: Option<Operation>,
}

/// Looks at a request's head; `without_body` says that nothing follows it, `cells` is where generations and what was spent are kept.
pub fn admit(
    config: &Config,
    headers: &Headers,
    without_body: bool,
    cells: &dyn Cells,
    now: u64,
) -> Result<Admission, Box<Refused>> {
    let method = headers.text(":method").unwrap_or_default();
    let whole_path = headers.text(":path").unwrap_or_default();
    let (path, query) = whole_path.split_once('?').unwrap_or((whole_path, ""));
    let (client, below) = client(method, path, headers);
    let refused = |error, caller, operation| Box::new(Refused { client, error, caller, operation });
    if method == "CONNECT" {
        return Err(refused(Error::unsupported_method(405, "CONNECT is not served here."), None, None));
    }
    if headers.get("upgrade").is_some() {
        let error = Error::unsupported_method(426, "Upgrades of the connection are not served here.");
        return Err(refused(error, None, None));
    }
    if method == "OPTIONS" || (method == "HEAD" && path == "/") {
        return Ok(Admission::Answer(Vec::new(), None));
    }
    let caller = identify(&config.access, headers).map_err(|error| refused(error, None, None))?;
    if method == "GET" && path == CREDITS && config.ledger.is_some() {
        return Ok(Admission::Credits(client, caller));
    }
    let refused = |error, operation| refused(error, Some(caller.clone()), operation);
    let visit = Visit { config, caller: &caller, client, cells, now };
    if let Some(answer) = (method == "GET").then(|| origin::answer(visit, path, query)).flatten() {
        let body = answer.map_err(|error| refused(error, None))?;
        return Ok(Admission::Answer(body, Some(caller)));
    }
    let Some(operation) = Operation::of_path(client, below).filter(|_| method == "POST") else {
        return Err(refused(Error::unknown_url(method, path), None));
    };
    let checked = check_head(headers, without_body)
        .and_then(|()| byok::check_headers(config, &caller, headers))
        .and_then(|()| AskReader::new(client, operation, headers.get("content-type").unwrap_or_default()));
    let mut reader = checked.map_err(|error| refused(error, Some(operation)))?;
    if !config.tells_abilities {
        reader.overlook_parts();
    }
    if let Client::AiSdk(_) = client {
        reader.named(named(operation, headers).map_err(|error| refused(error, Some(operation)))?);
    }
    let path = format!("{below}{}", passed_query(query));
    let declared = headers.text("content-length").and_then(|length| length.parse().ok());
    Ok(Admission::Read(Box::new(Admitted { client, declared, caller, operation, path, reader })))
}

/// The client of a request. Of the lists and the like, which several clients ask for, their own headers tell.
fn client<'a>(method: &str, path: &'a str, headers: &Headers) -> (Client, &'a str) {
    let (client, below) = Client::of_path(path);
    let told = match client {
        Client::OpenAi if method != "GET" => client,
        Client::OpenAi if headers.get("ai-gateway-protocol-version").is_some() => Client::AiSdk(Spec::V4),
        Client::OpenAi if headers.get("anthropic-version").is_some() => Client::Anthropic,
        told => told,
    };
    (told, below)
}

/// What the AI SDK says in headers.
fn named(operation: Operation, headers: &Headers) -> Result<Named, Error> {
    let name = if operation == Operation::LanguageModel { "ai-language-model-id" } else { "ai-model-id" };
    let missing = || Error::bad_body(format!("The request names no model: the header `{name}` is missing.")).at(name);
    let model = headers.text(name).filter(|model| !model.is_empty()).ok_or_else(missing)?.to_owned();
    let stream = match headers.text("ai-language-model-streaming") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            return Err(Error::bad_body("The header `ai-language-model-streaming` must be `true` or `false`."));
        }
    };
    Ok(Named { model, stream })
}

fn check_head(headers: &Headers, without_body: bool) -> Result<(), Error> {
    if without_body {
        return Err(Error::bad_body("The request has no body."));
    }
    let encoding = headers.get("content-encoding").unwrap_or_default();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity") {
        return Err(Error::compressed(&String::from_utf8_lossy(encoding)));
    }
    headers.iter().try_for_each(|(name, value)| check_switch(headers, name, value))
}

/// Options in headers: a value that means nothing is refused, not ignored, and so is a second, other one.
fn check_switch(headers: &Headers, name: &[u8], value: &[u8]) -> Result<(), Error> {
    let (name, is_known, expected) = match name {
        b"x-tollgate-fallback" => ("x-tollgate-fallback", matches!(value, b"off" | b"on"), "`off` or `on`"),
        b"x-tollgate-explain" => ("x-tollgate-explain", matches!(value, b"0" | b"1"), "`1` or `0`"),
        b"x-tollgate-strict" => ("x-tollgate-strict", matches!(value, b"0" | b"1"), "`1` or `0`"),
        b"x-tollgate-session" => ("x-tollgate-session", !value.is_empty(), "the name of a conversation"),
        _ => return Ok(()),
    };
    if is_known && headers.get(name) == Some(value) {
        return Ok(());
    }
    Err(Error::unsupported_option(name, format!("The header `{name}` must be {expected}, once.")))
}

/// What headers add to the options of the body: credentials of the caller's own, and `ai-reporting-user`, `ai-reporting-tags`.
pub fn attribute(options: &mut Options, headers: &Headers) -> Result<(), Error> {
    let brought = byok::of_headers(headers)?;
    options.byok.splice(0..0, brought);
    const USER: &str = "ai-reporting-user";
    const TAGS: &str = "ai-reporting-tags";
    if let Some(first) = headers.get(USER) {
        let user = std::str::from_utf8(first).ok().filter(|user| (1..=256).contains(&user.chars().count()));
        let mut all = headers.iter().filter(|(name, _)| *name == USER.as_bytes());
        let Some(user) = user.filter(|_| all.all(|(_, value)| value == first)) else {
            return Err(Error::bad_body(format!("`{USER}` must be one text of 1 to 256 characters.")).at(USER));
        };
        options.user = Some(user.to_owned());
    }
    let mut all = options.tags.clone();
    let bad = || Error::bad_body(format!("`{TAGS}` must be at most 10 tags of 1 to 64 characters.")).at(TAGS);
    for (_, tags) in headers.iter().filter(|(name, _)| *name == TAGS.as_bytes()) {
        let tags = std::str::from_utf8(tags).map_err(|_| bad())?;
        for tag in tags.split(',').map(str::trim) {
            if tag.is_empty() || tag.chars().count() > 64 {
                return Err(bad());
            }
            if !all.iter().any(|have| have == tag) {
                all.push(tag.to_owned());
            }
        }
        if all.len() > 10 {
            return Err(bad());
        }
    }
    options.tags = all;
    Ok(())
}

/// The query that goes on to the provider: all of it but keys and Azure's version, which the target sets.
fn passed_query(query: &str) -> String {
    let kept = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && name != "key" && name != "api-version" && name != "api_key"
    });
    let kept = kept.collect::<Vec<_>>().join("&");
    if kept.is_empty() { kept } else { format!("?{kept}") }
}

#[cfg(test)]
mod tests;
