//! Who may call: keys by their hash, groups, and callers without a key.

use super::super::document::Document;
use super::super::endpoint::HeaderName;
use super::super::raw::{RawGateway, RawKey, RawLimits};
use super::super::{Access, Group, Identity, Key, Limits, Secret};
use super::Context;
use super::names::Names;
use super::providers::{exactly_one, variable};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Keys, groups and identity.
pub fn compile(raw: &RawGateway, names: &Names<'_>, context: &mut Context<'_>) -> Access {
    let mut by_hash = HashMap::new();
    let mut keys = Vec::new();
    for (i, key) in raw.keys.iter().enumerate() {
        if &*key.id == "anonymous" {
            let text = "found \"anonymous\", expected another name: it stands for callers without a key";
            context.mistakes.add(&key.at("id"), text);
        }
        if let Some(hash) = hash(key, context) {
            let first = *by_hash.entry(hash).or_insert(i);
            if let Some(first) = raw.keys.get(first).filter(|_| first != i) {
                let text = format!("found the same key as {}, expected one of its own", first.path());
                context.mistakes.add(key.path(), text);
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

fn hash(key: &RawKey, context: &mut Context<'_>) -> Option<[u8; 32]> {
    let given = [("sha256", key.sha256.is_some()), ("secret", key.secret.is_some())];
    if !exactly_one(key, &given, context) {
        return None;
    }
    let Some(raw) = &key.secret else { return key.sha256.map(|hash| hash.0) };
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

fn limits(raw: &RawLimits) -> Limits {
    Limits {
        requests_per_minute: raw.requests_per_minute.map(|count| count.0),
        tokens_per_minute: raw.tokens_per_minute.map(|count| count.0),
        concurrent: raw.concurrent.map(|count| count.0),
    }
}
