use super::*;
use crate::config::{Byok, Identity, Key, Limits};
use crate::http::encode;

fn headers(pairs: &[(&str, &str)]) -> Headers {
    Headers::parse(encode(pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()))))
}

fn access(allow_unauthenticated: bool, identity: bool) -> Access {
    let group = |name: &str, models: &[&str]| Group {
        name: name.to_owned(),
        models: models.iter().map(|m| (*m).to_owned()).collect(),
        labels: Vec::new(),
        limits: Limits::default(),
        user_limits: Limits::default(),
        byok: Byok::Deny,
    };
    let key = |id: &str| Key { id: id.to_owned(), group: Some(0), limits: Limits::default() };
    let keys = vec![key("alice"), key("ann")];
    Access {
        by_hash: [(Sha256::digest(b"sk-alice").into(), 0), (Sha256::digest(b"sk-ann").into(), 1)].into(),
        keys,
        groups: vec![group("engineers", &["openai/*", "anthropic/claude-*-4"]), group("guests", &["*"])],
        allow_unauthenticated,
        identity: identity.then(|| Identity { header: "x-sub".to_owned(), group_header: Some("x-team".to_owned()) }),
        default_group: None,
    }
}

#[test]
fn the_first_known_key_names_the_caller() {
    for (sent, expected) in [
        (&[("authorization", "Bearer sk-alice")][..], Ok("alice")),
        (&[("authorization", "bEARER sk-alice ")], Ok("alice")),
        (&[("x-api-key", "sk-alice")], Ok("alice")),
        (&[("api-key", "sk-alice")], Ok("alice")),
        (&[("x-tollgate-key", "sk-alice"), ("authorization", "Bearer theirs")], Ok("alice")),
        (&[("authorization", "Bearer other"), ("x-api-key", "sk-alice")], Ok("alice")),
        (&[("api-key", "sk-ann"), ("x-api-key", "sk-ann"), ("authorization", "Bearer sk-alice")], Ok("alice")),
        (&[("api-key", "sk-ann"), ("x-api-key", "sk-alice")], Ok("alice")),
        (
            &[("x-tollgate-key", "wrong"), ("x-api-key", "sk-alice")],
            Err("The key in `x-tollgate-key` is not known here."),
        ),
        (&[("authorization", "Bearer sk-bob")], Err("The API key is not known here.")),
        (&[("authorization", "Basic sk-alice")], Err("No API key was sent")),
        (&[], Err("No API key was sent")),
    ] {
        match (identify(&access(false, false), &headers(sent)), expected) {
            (Ok(caller), Ok(id)) => assert_eq!(caller.id, id, "{sent:?}"),
            (Err(error), Err(text)) => {
                assert!(error.message.starts_with(text), "{sent:?}: {}", error.message);
                assert_eq!((error.status, error.class), (401, crate::error::Class::GatewayKey));
            }
            (got, expected) => panic!("{sent:?}: {got:?}, expected {expected:?}"),
        }
    }
}

#[test]
fn an_identity_counts_only_without_a_known_key() {
    let access = access(false, true);
    let both = headers(&[("x-sub", "carol"), ("x-team", "guests"), ("authorization", "Bearer sk-alice")]);
    assert_eq!(identify(&access, &both).unwrap().id, "alice");
    let alone = identify(&access, &headers(&[("x-sub", "carol"), ("x-team", "guests")])).unwrap();
    assert_eq!((alone.id.as_str(), alone.key, alone.group), ("carol", None, Some(1)));
}

#[test]
fn an_identity_of_an_unknown_group_gets_nothing_by_accident() {
    let error = identify(&access(true, true), &headers(&[("x-sub", "carol"), ("x-team", "nobody")])).unwrap_err();
    assert_eq!((error.status, error.class), (403, crate::error::Class::KeyForbidden));
}

#[test]
fn anonymous_callers_need_the_configuration_to_say_so() {
    assert_eq!(identify(&access(true, false), &headers(&[])).unwrap().id, "anonymous");
    assert_eq!(identify(&access(true, false), &headers(&[("authorization", "Bearer any")])).unwrap().id, "anonymous");
}

#[test]
fn groups_bound_the_models() {
    let access = access(false, false);
    let alice = identify(&access, &headers(&[("x-api-key", "sk-alice")])).unwrap();
    for (model, allowed) in [
        ("openai/gpt-5", true),
        ("anthropic/claude-sonnet-4", true),
        ("anthropic/claude-sonnet-45", false),
        ("xopenai/gpt-5", false),
    ] {
        assert_eq!(alice.may_use(&access, model), allowed, "{model}");
    }
}

#[test]
fn globs_match_whole_names() {
    for (glob, text, matches) in [
        ("*", "", true),
        ("*", "a/b", true),
        ("a", "a", true),
        ("a", "ab", false),
        ("a*c", "abc", true),
        ("a*c", "abcd", false),
        ("a*b*c", "a-b-c", true),
        ("a*b*c", "a-c", false),
        ("*x", "x", true),
        ("ab*ba", "aba", false),
    ] {
        assert_eq!(glob_matches(glob, text), matches, "{glob} {text}");
    }
}
