//! Scalars of HTTP: where requests go, and the headers that they carry.

use super::BaseUrl;
use super::decode::Leaf;
use super::leaf::{is_safe, text, text_leaf};
use super::tree::Tree;
use serde_json::{Value, json};

/// Where requests go. Not quoted where it may carry a secret.
#[derive(Clone)]
pub struct Url(pub BaseUrl);

impl Leaf for Url {
    fn parse(tree: &Tree) -> Option<Self> {
        let Tree::Text(text) = tree else { return None };
        base_url(text).map(Url)
    }

    fn hides(tree: &Tree) -> bool {
        matches!(tree, Tree::Text(text) if text.contains(['@', '?']))
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

text_leaf!(
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
    fn parse(tree: &Tree) -> Option<Self> {
        let sound = |text: &String| text.trim() == text && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        text(tree).filter(|text| (1..=4096).contains(&text.len()) && sound(text)).map(HeaderValue)
    }

    fn hides(_: &Tree) -> bool {
        true
    }

    fn expected() -> String {
        "a header value of visible ASCII".to_owned()
    }

    fn json() -> Value {
        json!({ "type": "string", "pattern": "^[!-~]([ -~]{0,4094}[!-~])?$" })
    }
}
