//! What an attempt changes in the request: computed from the pristine request, so attempt 3 never sees attempt 1.

use crate::access::CREDENTIAL_HEADERS;
use crate::config::{AuthStyle, BaseUrl, Credentials, Secret};
use crate::http::{Headers, encode, is_header_value};
use crate::route::Target;
use crate::stream::splice::Splice;

/// What an attempt changes.
#[derive(Debug)]
pub struct Edits {
    /// Path and query at the provider.
    pub path: String,
    /// Edits of the body.
    pub body: Splice,
}

/// Everything that makes the head of one attempt.
#[derive(Debug)]
pub struct RequestHead<'a> {
    /// The request's own head, as the client sent it.
    pub pristine: &'a Headers,
    /// Who gets it.
    pub target: &'a Target,
    /// The secret in use.
    pub secret: Option<&'a Secret>,
    /// Path and query.
    pub path: &'a str,
    /// Length of the edited body.
    pub content_length: usize,
}

/// Headers that end at this hop, or that name the client or its own accounts; a provider has no business with them.
const HOP: [&str; 16] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
    "cookie",
    "forwarded",
    "content-length",
    "accept-encoding",
    "openai-organization",
    "openai-project",
    "ai-reporting-user",
    "ai-reporting-tags",
];

impl RequestHead<'_> {
    /// The whole header map of the attempt, in the host's form. It replaces the map, so nothing of an earlier attempt
    /// is left in it.
    pub fn encode(&self) -> Vec<u8> {
        let provider = &self.target.provider;
        let BaseUrl { scheme, authority, .. } = &provider.base;
        let length = self.content_length.to_string();
        let auth = self.auth();
        let mut head: Vec<(&[u8], &[u8])> = vec![
            (b":method", self.pristine.get(":method").unwrap_or(b"POST")),
            (b":scheme", scheme.as_bytes()),
            (b":authority", authority.as_bytes()),
            (b":path", self.path.as_bytes()),
        ];
        let connection = self.pristine.get("connection").unwrap_or_default();
        let kept = self.pristine.iter().filter(|(name, _)| self.passes(name) && !is_listed(connection, name));
        head.extend(kept);
        head.push((b"accept-encoding", b"identity"));
        head.push((b"content-length", length.as_bytes()));
        head.extend(provider.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
        if let Some((name, value)) = &auth {
            head.push((name.as_bytes(), value.as_bytes()));
        }
        encode(head.into_iter())
    }

    /// Whether a header of the client may reach the provider.
    fn passes(&self, name: &[u8]) -> bool {
        let Ok(name) = std::str::from_utf8(name) else { return false };
        let internal = name.starts_with(':') || name.starts_with("x-tollgate-") || name.starts_with("x-envoy-");
        let client = name.starts_with("x-forwarded-") || name == "x-real-ip";
        let ours = self.target.provider.headers.iter().any(|(set, _)| set == name);
        !(internal || client || ours || HOP.contains(&name) || CREDENTIAL_HEADERS.contains(&name))
    }

    fn auth(&self) -> Option<(&'static str, String)> {
        let Credentials::Secrets(_) = self.target.provider.credentials else { return None };
        let secret = self.secret.map(Secret::expose).filter(|secret| is_header_value(secret.as_bytes()))?;
        Some(match self.target.provider.preset.auth {
            AuthStyle::Bearer => ("authorization", format!("Bearer {secret}")),
            AuthStyle::Header(name) => (name, secret.to_owned()),
        })
    }
}

/// Whether `Connection: a, b` names this header, which makes it one of this hop.
fn is_listed(connection: &[u8], name: &[u8]) -> bool {
    !connection.is_empty() && connection.split(|&b| b == b',').any(|word| word.trim_ascii().eq_ignore_ascii_case(name))
}

/// A provider's response headers that never reach a client: its cookies, its account, its own protocol offers, and
/// whatever looks like one of ours.
pub fn is_kept_from_client(name: &[u8]) -> bool {
    matches!(
        name,
        b"set-cookie" | b"alt-svc" | b"openai-organization" | b"openai-project" | b"strict-transport-security"
    ) || name.starts_with(b"x-tollgate-")
        || name.starts_with(b"x-envoy-")
}

#[cfg(test)]
mod tests;
