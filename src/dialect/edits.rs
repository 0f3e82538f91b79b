//! What an attempt changes in the request: computed from the pristine request, so attempt 3 never sees attempt 1.

use super::Dropped;
use crate::access::is_credential;
use crate::config::{AuthStyle, BaseUrl, Secret};
use crate::http::{Headers, encode, is_header_value};
use crate::route::Target;
use crate::stream::splice::Splice;
use std::borrow::Cow;
use std::iter;

/// What an attempt changes.
#[derive(Debug)]
pub struct Edits {
    /// Path and query at the provider.
    pub path: String,
    /// Headers of the dialect. An empty value only takes the client's away.
    pub headers: Vec<(&'static str, String)>,
    /// Edits of the body.
    pub body: Splice,
    /// What of the request the target does not know, in the client's words.
    pub dropped: Dropped,
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
    /// Headers of the target's dialect. An empty value only takes the client's away.
    pub dialect: &'a [(&'static str, String)],
}

/// One change of a header map.
#[derive(Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// All values of a name go.
    Remove(&'a [u8]),
    /// A name gets this one value.
    Set(&'a [u8], Cow<'a, [u8]>),
}

impl<'a> RequestHead<'a> {
    /// The whole header map of the attempt, in the host's form. It replaces the map, so nothing of an earlier attempt
    /// is left in it.
    pub fn encode(&self) -> Vec<u8> {
        let own = self.own();
        let own = own.iter().map(|(name, value)| (*name, &**value));
        let method = self.pristine.get(":method").unwrap_or(b"POST");
        let pseudo = own.clone().filter(|(name, _)| is_pseudo(name));
        let regular = own.filter(|(name, _)| !is_pseudo(name));
        let connection = self.connection();
        let kept = self.pristine.iter().filter(|(name, _)| self.passes(name, connection));
        encode(iter::once((&b":method"[..], method)).chain(pseudo).chain(kept).chain(regular))
    }

    /// The same as changes of the pristine map, for the first attempt: most of it stays as it is. What already says what
    /// it must is left alone.
    pub fn changes(&self) -> Vec<Change<'a>> {
        let own = self.own();
        let is_own = |name: &[u8]| own.iter().any(|(set, _)| *set == name);
        let connection = self.connection();
        let names = self.pristine.iter().map(|(name, _)| name);
        let gone = names.filter(|name| !is_pseudo(name) && !self.passes(name, connection));
        let mut changes: Vec<Change<'a>> = gone.filter(|name| !is_own(name)).map(Change::Remove).collect();
        for (name, value) in own {
            let mut stand = self.pristine.iter().filter(|(have, _)| *have == name);
            match (stand.next(), stand.next()) {
                (Some((_, one)), None) if one == &*value => continue,
                (_, Some(_)) => changes.push(Change::Remove(name)),
                _ => {}
            }
            changes.push(Change::Set(name, value));
        }
        changes
    }

    /// The headers that are the target's own, whatever the client sent.
    fn own(&self) -> Vec<(&'a [u8], Cow<'a, [u8]>)> {
        let provider = &self.target.provider;
        let BaseUrl { scheme, authority, .. } = &provider.base;
        let mut own: Vec<(&[u8], Cow<'_, [u8]>)> = Vec::with_capacity(7 + provider.headers.len());
        own.push((b":scheme", scheme.as_bytes().into()));
        own.push((b":authority", authority.as_bytes().into()));
        own.push((b":path", self.path.as_bytes().into()));
        own.push((b"accept-encoding", b"identity".into()));
        own.push((b"content-length", self.content_length.to_string().into_bytes().into()));
        let said = self.dialect.iter().filter(|(_, value)| !value.is_empty());
        own.extend(said.map(|(name, value)| (name.as_bytes(), value.as_bytes().into())));
        own.extend(provider.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes().into())));
        own.extend(self.auth());
        own
    }

    /// The headers that the client's hop keeps to itself.
    fn connection(&self) -> &'a [u8] {
        self.pristine.get("connection").unwrap_or_default()
    }

    /// Whether a header of the client may reach the provider.
    fn passes(&self, name: &[u8], connection: &[u8]) -> bool {
        let provider = self.target.provider.headers.iter().map(|(set, _)| set.as_str());
        let ours = provider.chain(self.dialect.iter().map(|(set, _)| *set)).any(|set| set.as_bytes() == name);
        !(is_pseudo(name) || is_kept_from_provider(name) || ours || is_listed(connection, name))
    }

    fn auth(&self) -> Option<(&'a [u8], Cow<'a, [u8]>)> {
        let style = self.target.auth_style()?;
        let secret = self.secret.map(Secret::expose).filter(|secret| is_header_value(secret.as_bytes()))?;
        Some(match style {
            AuthStyle::Bearer => (b"authorization", [b"Bearer ", secret.as_bytes()].concat().into()),
            AuthStyle::Header(name) => (name.as_bytes(), secret.as_bytes().into()),
        })
    }
}

fn is_pseudo(name: &[u8]) -> bool {
    name.first() == Some(&b':')
}

/// Headers that end at this hop, or that name the client or its own accounts; a provider has no business with them.
fn is_kept_from_provider(name: &[u8]) -> bool {
    let whole = matches!(
        name,
        b"connection"
            | b"keep-alive"
            | b"proxy-connection"
            | b"te"
            | b"trailer"
            | b"transfer-encoding"
            | b"upgrade"
            | b"expect"
            | b"cookie"
            | b"forwarded"
            | b"x-real-ip"
            | b"content-length"
            | b"accept-encoding"
            | b"openai-organization"
            | b"openai-project"
            | b"ai-model-id"
    );
    whole
        || !name.is_ascii()
        || is_credential(name)
        || [&b"x-tollgate-"[..], b"x-envoy-", b"x-forwarded-"].iter().any(|p| name.starts_with(p))
        || AI_SDK.iter().any(|p| name.starts_with(p))
}

/// What the AI SDK says to its gateway: the model's public name, its application, whom it works for.
const AI_SDK: [&[u8]; 6] = [
    b"ai-language-model-",
    b"ai-embedding-model-",
    b"ai-gateway-",
    b"ai-o11y-",
    b"ai-reporting-",
    b"x-vercel-ai-gateway-",
];

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
