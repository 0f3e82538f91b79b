//! What an Envoy host's metadata says: `metadata: {filter_metadata: {tollgate: {provider: openai}}}` of an endpoint.
//!
//! Envoy gives it as a serialized `envoy.config.core.v3.Metadata`, whose first field is `map<string, Struct>
//! filter_metadata`. The other one, and the metadata of other filters, is none of our business.

use super::protobuf::read;
use super::tree::Tree;
use crate::stream::protobuf::{Carried, field};

/// The provider that the host belongs to; `None` where nothing, or nothing readable, says so.
pub fn provider(metadata: &[u8]) -> Option<String> {
    let mut rest = metadata;
    while !rest.is_empty() {
        if let (1, Carried::Bytes(entry)) = field(&mut rest)?
            && let Some(name) = named(entry)
        {
            return Some(name);
        }
    }
    None
}

/// The provider's name, if this entry is ours.
fn named(mut entry: &[u8]) -> Option<String> {
    let (mut is_ours, mut ours) = (false, None);
    while !entry.is_empty() {
        match field(&mut entry)? {
            (1, Carried::Bytes(key)) => is_ours = key == b"tollgate",
            (2, Carried::Bytes(value)) => ours = Some(value),
            _ => return None,
        }
    }
    match read(ours.filter(|_| is_ours)?).ok()?.get("provider") {
        Some(Tree::Text(name)) => Some(name.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::provider;

    /// A length-delimited field of a message.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
    }

    fn entry(key: &str, value: &[u8]) -> Vec<u8> {
        field(1, &[field(1, key.as_bytes()), field(2, value)].concat())
    }

    /// `{name: text}` as a Struct.
    fn text(name: &str, text: &str) -> Vec<u8> {
        entry(name, &field(3, text.as_bytes()))
    }

    #[test]
    fn the_provider_stands_under_our_name_only() {
        let ours = entry("tollgate", &text("provider", "openai"));
        let theirs = entry("envoy.lb", &text("provider", "groq"));
        let typed = field(2, &[field(1, b"tollgate"), field(2, b"\xff\xff")].concat());
        for (metadata, expected) in [
            (ours.clone(), Some("openai")),
            ([theirs.clone(), typed.clone(), ours.clone()].concat(), Some("openai")),
            ([ours, theirs.clone()].concat(), Some("openai")),
            (theirs, None),
            (typed, None),
            (entry("tollgate", &text("other", "openai")), None),
            (entry("tollgate", &entry("provider", b"\x20\x01")), None), // `provider: true`
            (entry("tollgate", &[]), None),
            (Vec::new(), None),
        ] {
            assert_eq!(provider(&metadata).as_deref(), expected, "{metadata:02x?}");
        }
    }

    #[test]
    fn damage_names_nobody() {
        let whole = entry("tollgate", &text("provider", "openai"));
        for cut in 1..whole.len() {
            assert_eq!(provider(&whole[..cut]), None, "{cut}");
        }
    }
}
