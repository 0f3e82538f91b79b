//! Who is calling: a virtual key, an identity that an Envoy filter before us vouched for, or nobody.

use crate::config::{Access, Group, Provider};
use crate::error::Error;
use crate::http::Headers;
use sha2::{Digest, Sha256};

/// Whether clients send their keys in this header; it never leaves for a provider.
pub fn is_credential(name: &[u8]) -> bool {
    matches!(
        name,
        b"authorization" | b"x-api-key" | b"api-key" | b"x-goog-api-key" | b"x-tollgate-key" | b"proxy-authorization"
    )
}

/// Who is calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The key's id, the identity, or `anonymous`.
    pub id: String,
    /// Index into `Access::keys`; `None` for identities and anonymous callers.
    pub key: Option<usize>,
    /// Index into `Access::groups`.
    pub group: Option<usize>,
}

impl Caller {
    /// The group's own entry.
    pub fn group<'a>(&self, access: &'a Access) -> Option<&'a Group> {
        self.group.and_then(|index| access.groups.get(index))
    }

    /// Whether this caller may use a model, by its public name.
    pub fn may_use(&self, access: &Access, model: &str) -> bool {
        self.group(access).is_none_or(|group| group.models.iter().any(|glob| glob_matches(glob, model)))
    }

    /// Whether this caller's requests may go to a provider: it carries every label that the group asks for.
    pub fn may_go_to(&self, access: &Access, provider: &Provider) -> bool {
        self.group(access).is_none_or(|group| group.labels.iter().all(|label| provider.labels.contains(label)))
    }
}

/// `x-tollgate-key` alone when it is there; else the first known key of the usual headers, in the order in which they
/// are named here, not sent; else the identity; else nobody, where the configuration allows that.
pub fn identify(access: &Access, headers: &Headers) -> Result<Caller, Error> {
    if let Some(secret) = headers.get("x-tollgate-key") {
        return known(access, secret).ok_or_else(|| Error::bad_key("The key in `x-tollgate-key` is not known here."));
    }
    let mut offered = false;
    for usual in ["authorization", "x-api-key", "api-key"] {
        let values = headers.iter().filter(|(name, _)| *name == usual.as_bytes()).map(|(_, value)| value);
        for secret in values.filter_map(|value| if usual == "authorization" { bearer(value) } else { Some(value) }) {
            offered = true;
            if let Some(caller) = known(access, secret) {
                return Ok(caller);
            }
        }
    }
    if let Some(caller) = vouched(access, headers)? {
        return Ok(caller);
    }
    if access.allow_unauthenticated {
        return Ok(Caller { id: "anonymous".to_owned(), key: None, group: access.default_group });
    }
    Err(Error::bad_key(if offered {
        "The API key is not known here."
    } else {
        "No API key was sent: use `Authorization: Bearer <key>`, `x-api-key` or `x-tollgate-key`."
    }))
}

fn known(access: &Access, secret: &[u8]) -> Option<Caller> {
    if access.by_hash.is_empty() {
        return None;
    }
    let hash: [u8; 32] = Sha256::digest(secret).into();
    let index = *access.by_hash.get(&hash)?;
    let key = access.keys.get(index)?;
    Some(Caller { id: key.id.clone(), key: Some(index), group: key.group.or(access.default_group) })
}

fn vouched(access: &Access, headers: &Headers) -> Result<Option<Caller>, Error> {
    let Some(identity) = access.identity.as_ref() else { return Ok(None) };
    let Some(id) = headers.text(&identity.header).filter(|id| !id.is_empty()) else { return Ok(None) };
    let named = identity.group_header.as_deref().and_then(|header| headers.text(header));
    let group = named.and_then(|name| access.groups.iter().position(|group| group.name == name));
    let group = group.or(access.default_group);
    if group.is_none() && named.is_some() {
        let message = "The group that this identity names is not configured, and there is no default group.";
        return Err(Error::group_unknown(message));
    }
    Ok(Some(Caller { id: id.to_owned(), key: None, group }))
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// `*` stands for any run of characters, also an empty one.
pub fn glob_matches(glob: &str, text: &str) -> bool {
    let mut pieces = glob.split('*');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    true
}

#[cfg(test)]
mod tests;
