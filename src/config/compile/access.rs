//! Who may call: keys by their hash, groups, and callers without a key.

use super::super::decode::OneOrMore;
use super::super::document::Document;
use super::super::endpoint::HeaderName;
use super::super::raw::{RawGateway, RawKey, RawSecret};
use super::super::{Access, Group, Identity, Key, Secret};
use super::names::Names;
use super::providers::{exactly_one, variable};
use super::{Context, limits};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Keys, groups and identity.
pub fn compile(raw: &RawGateway, names: &Names<'_>, context: &mut Context<'_>) -> Access {
    let mut by_hash = HashMap::new();
    let mut keys = Vec::new();
    for (i, key) in raw.keys.iter().enumerate() {
        if &*key.id == "anonymous" {
            let text = "found \"anonymous\", expected another name: it stands for callers without a key";
            context.mistakes.add(&key.at("id"), text);
        }
        for hash in hashes(key, context) {
            match by_hash.entry(hash) {
                Entry::Vacant(place) => drop(place.insert(i)),
                Entry::Occupied(first) if *first.get() == i => {
                    context.mistakes.add(&key.at("sha256"), "found the same hash twice, expected different ones");
                }
                Entry::Occupied(first) => {
                    let first = raw.keys.get(*first.get()).map(|first| first.path().to_string());
                    let text = format!("found the same key as {}, expected one of its own", first.unwrap_or_default());
                    context.mistakes.add(key.path(), text);
                }
            }
        }
        let group = key.group.as_ref();
        let group = group.and_then(|group| names.groups.resolve(group, &key.at("group"), "group", context));
        keys.push(Key { id: key.id.to_string(), group, limits: limits(&key.limits) });
    }
    let groups = raw.groups.iter().map(|group| Group {
        name: group.name.to_string(),
        models: group.models.iter().map(|glob| glob.to_string()).collect(),
        labels: group.labels.iter().map(|label| label.to_string()).collect(),
        limits: limits(&group.limits),
        user_limits: limits(&group.user_limits),
        byok: group.byok,
    });
    let identity = raw.access.identity.as_ref();
    let default_group = identity.and_then(|identity| {
        let group = identity.default_group.as_ref()?;
        names.groups.resolve(group, &identity.at("default_group"), "group", context)
    });
    // A key that could not be read is a mistake of its own.
    if raw.keys.is_empty() && identity.is_none() && !raw.access.allow_unauthenticated {
        let (keys, access) = (raw.at("keys"), raw.at("access"));
        if !context.mistakes.below(&keys) && !context.mistakes.below(&access) {
            let text = "found no keys, no identity and no allow_unauthenticated, expected one of them: \
                        nobody could call";
            context.mistakes.add(&access, text);
        }
    }
    Access {
        by_hash,
        keys,
        groups: groups.collect(),
        allow_unauthenticated: raw.access.allow_unauthenticated,
        identity: identity.map(|identity| Identity {
            header: identity.header.lower(),
            group_header: identity.group_header.as_ref().map(HeaderName::lower),
        }),
        default_group,
    }
}

/// Of every secret that is this key.
fn hashes(key: &RawKey, context: &mut Context<'_>) -> Vec<[u8; 32]> {
    let given = [("sha256", key.sha256.is_some()), ("secret", key.secret.is_some())];
    if !exactly_one(key, &given, context) {
        return Vec::new();
    }
    match (&key.sha256, &key.secret) {
        (Some(OneOrMore(hashes)), _) => hashes.iter().map(|hash| hash.0).collect(),
        (None, Some(secret)) => hash(secret, context).into_iter().collect(),
        (None, None) => Vec::new(),
    }
}

fn hash(raw: &RawSecret, context: &mut Context<'_>) -> Option<[u8; 32]> {
    let given = [("env", raw.env.is_some()), ("value", raw.value.is_some())];
    if !exactly_one(raw, &given, context) {
        return None;
    }
    let secret = match (&raw.env, &raw.value) {
        (Some(name), _) => variable(&name.0, &raw.at("env"), Some(""), context)?,
        (None, Some(value)) => {
            context.exposed.push(raw.at("value").to_string());
            value.clone()
        }
        (None, None) => return None,
    };
    Some(digest(&secret))
}

fn digest(secret: &Secret) -> [u8; 32] {
    Sha256::digest(secret.expose().as_bytes()).into()
}
