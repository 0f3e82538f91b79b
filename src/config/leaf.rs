//! Scalars made of text: names, models, URLs, headers, hashes, secrets.

use super::decode::Leaf;
use super::tree::Tree;
use super::{BaseUrl, Secret};
use serde_json::{Value, json};
use std::ops::Deref;

/// The text, also of a number: `[2024]` is a list of one label.
fn text(tree: &Tree) -> Option<String> {
    match tree {
        Tree::Text(text) => Some(text.clone()),
        Tree::Number(number) if number.is_finite() => Some(number.to_string()),
        _ => None,
    }
}

/// Visible ASCII without quotes and backslashes, with no segment that a path would resolve.
fn is_safe(text: &str) -> bool {
    let visible = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\');
    !text.is_empty()
        && text.len() <= 200
        && text.bytes().all(visible)
        && !text.split('/').any(|s| s == "." || s == "..")
}

/// Declares a text type by its rule, what a message expects and a pattern.
macro_rules! text {
    ($(#[doc = $doc:literal])+ $name:ident, $expected:literal, $pattern:literal, $rule:expr) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name(String);

        impl Leaf for $name {
            fn parse(tree: &Tree) -> Option<Self> {
                let rule: fn(&str) -> bool = $rule;
                text(tree).filter(|text| rule(text)).map($name)
            }

            fn expected() -> String {
                $expected.to_owned()
            }

            fn json() -> Value {
                json!({ "type": "string", "pattern": $pattern })
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }
    };
}

text!(
    /// What the configuration calls something; safe in headers, metrics and paths.
    Name,
    "a name of letters, digits, \"-\", \"_\" and \".\"",
    "^[A-Za-z0-9_.-]{1,100}$",
    |text| {
        let safe = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        (1..=100).contains(&text.len()) && text.bytes().all(safe)
    }
);

text!(
    /// The public name of a model.
    ModelName,
    "a model such as creator/model",
    "^[^/*?#%\"\\\\\\s]+(/[^/*?#%\"\\\\\\s]+)+$",
    |text| is_alias(text) && text.contains('/')
);

text!(
    /// Another name of a model; needs no creator.
    Alias,
    "a model name without spaces, \"*\", \"?\", \"#\", \"%\", quotes and empty parts",
    "^[^/*?#%\"\\\\\\s]+(/[^/*?#%\"\\\\\\s]+)*$",
    is_alias
);

fn is_alias(text: &str) -> bool {
    is_safe(text) && !text.contains(['*', '?', '#', '%']) && !text.split('/').any(str::is_empty)
}

text!(
    /// The key of a provider's `models`.
    ModelKey,
    "a model such as creator/model, or \"*\"",
    "^(\\*|[^/*?#%\"\\\\\\s]+(/[^/*?#%\"\\\\\\s]+)+)$",
    |text| text == "*" || (is_alias(text) && text.contains('/'))
);

text!(
    /// A model's name at a provider.
    NativeName,
    "the model's name at the provider, of visible ASCII",
    "^[!-~]{1,200}$",
    is_safe
);

text!(
    /// A pattern over public model names.
    Glob,
    "a pattern over model names such as \"openai/*\"",
    "^[!-~]{1,200}$",
    is_safe
);

text!(
    /// A free value that metrics and log may carry.
    Free,
    "text of 1 to 200 characters without control characters",
    "^[^\\x00-\\x1f\\x7f]{1,200}$",
    |text| (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control)
);

/// The variable that holds a secret. Not quoted where it is wrong: it may be the secret itself.
#[derive(Clone, Default)]
pub struct Variable(pub String);

impl Leaf for Variable {
    const HIDDEN: bool = true;

    fn parse(tree: &Tree) -> Option<Self> {
        let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let rule = |text: &String| text.bytes().all(letter) && !text.starts_with(|c: char| c.is_ascii_digit());
        text(tree).filter(|text| (1..=100).contains(&text.len()) && rule(text)).map(Variable)
    }

    fn expected() -> String {
        "the name of a variable such as OPENAI_API_KEY".to_owned()
    }

    fn json() -> Value {
        json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,99}$" })
    }
}

impl Leaf for Secret {
    const HIDDEN: bool = true;

    fn parse(tree: &Tree) -> Option<Self> {
        text(tree).map(|text| Secret::new(&text)).filter(is_sendable)
    }

    fn expected() -> String {
        "a secret of visible ASCII".to_owned()
    }
}

/// Whether a header can carry it.
pub fn is_sendable(secret: &Secret) -> bool {
    let value = secret.expose();
    !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
}

/// Bytes in hex. Not quoted where it is wrong: it may be the key that should have been hashed.
#[derive(Clone, Copy, Default)]
pub struct Sha256(pub [u8; 32]);

impl Leaf for Sha256 {
    const HIDDEN: bool = true;

    fn parse(tree: &Tree) -> Option<Self> {
        let Tree::Text(text) = tree else { return None };
        let mut hash = [0; 32];
        let pairs = text.as_bytes().chunks_exact(2);
        if text.len() != 64 {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(pairs) {
            let mut digits = pair.iter().map(|digit| char::from(*digit).to_digit(16));
            let (high, low) = (digits.next()??, digits.next()??);
            *byte = u8::try_from(high * 16 + low).ok()?;
        }
        Some(Sha256(hash))
    }

    fn expected() -> String {
        "the SHA-256 of the key: 64 hex digits".to_owned()
    }

    fn json() -> Value {
        json!({ "type": "string", "pattern": "^[0-9A-Fa-f]{64}$" })
    }
}

/// Where requests go. Not quoted where it is wrong: it may carry a password.
#[derive(Clone)]
pub struct Url(pub BaseUrl);

impl Leaf for Url {
    const HIDDEN: bool = true;

    fn parse(tree: &Tree) -> Option<Self> {
        let Tree::Text(text) = tree else { return None };
        base_url(text).map(Url)
    }

    fn expected() -> String {
        "a URL such as https://api.example.com/v1: http or https, a host, a port and a path, nothing else".to_owned()
    }

    fn json() -> Value {
        json!({ "type": "string", "pattern": "^https?://[^/?#@\\s]+(/[^?#\\s]*)?$" })
    }
}

/// `scheme://host[:port][/path]`, nothing else.
pub fn base_url(text: &str) -> Option<BaseUrl> {
    let (scheme, rest) = text.split_once("://")?;
    let usual = match scheme {
        "https" => "443",
        "http" => "80",
        _ => return None,
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let ipv6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let sound = match ipv6 {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')),
    };
    let port_sound = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number > 0));
    let path = path.trim_end_matches('/');
    let path_sound = path.is_empty() || (is_safe(path) && !path.contains(['?', '#']) && !path.contains("//"));
    if !(sound && port_sound && path_sound) {
        return None;
    }
    let host = host.to_ascii_lowercase();
    let authority = match port.filter(|port| *port != usual) {
        Some(port) => format!("{host}:{port}"),
        None => host,
    };
    Some(BaseUrl { scheme: scheme.to_owned(), authority, path: path.to_owned() })
}

text!(
    /// The name of a header that the operator may set or read; lower case.
    HeaderName,
    "a header name other than pseudo, hop-by-hop, framing, credential, x-envoy-* and x-tollgate-* headers",
    "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$",
    is_free_header
);

impl HeaderName {
    /// As HTTP/2 writes it.
    pub fn lower(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

fn is_free_header(name: &str) -> bool {
    // RFC 9110 section 7.6.1 and 6.4, the request's own framing, and what carries credentials.
    const TAKEN: [&str; 19] = [
        "connection",
        "keep-alive",
        "proxy-connection",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "accept-encoding",
        "expect",
        "authorization",
        "x-api-key",
        "api-key",
        "x-goog-api-key",
    ];
    let lower = name.to_ascii_lowercase();
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    (1..=100).contains(&name.len())
        && name.bytes().all(token)
        && !TAKEN.contains(&lower.as_str())
        && !lower.starts_with("x-envoy-")
        && !lower.starts_with("x-tollgate-")
}

/// The value of a header. Not quoted where it is wrong: it may be a secret.
#[derive(Clone, Default)]
pub struct HeaderValue(pub String);

impl Leaf for HeaderValue {
    const HIDDEN: bool = true;

    fn parse(tree: &Tree) -> Option<Self> {
        let sound = |text: &String| text.trim() == text && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        text(tree).filter(|text| (1..=4096).contains(&text.len()) && sound(text)).map(HeaderValue)
    }

    fn expected() -> String {
        "a header value of visible ASCII".to_owned()
    }
}
