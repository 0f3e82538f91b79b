use super::*;
use crate::config::Credentials;
use crate::testing::{chat_ask, config, headers, plan_of};
use serde_json::{Value, json};

/// The head of an attempt as names and values, for a client that sent these headers.
fn head(provider: Value, client: &[(&str, &str)]) -> Vec<(String, String)> {
    head_of(provider, client, &[])
}

/// The same, with headers of the target's dialect.
fn head_of(provider: Value, client: &[(&str, &str)], dialect: &[(&'static str, String)]) -> Vec<(String, String)> {
    let mut entry = json!({"name": "p", "preset": "openai-compatible", "base_url": "https://p.test:8443/v1",
        "credentials": [{"value": "key-p"}]});
    for (key, value) in provider.as_object().unwrap() {
        entry[key] = value.clone();
    }
    let config = config(
        json!({"providers": [entry], "models": [{"name": "acme/m", "aliases": ["m"], "targets": [{"provider": "p"}]}]}),
    );
    let plan = plan_of(&config, &chat_ask(r#"{"model":"m"}"#)).unwrap();
    let target = &plan.targets[0];
    let secret = match &target.provider.credentials {
        Credentials::Secrets(secrets) => secrets.first(),
        _ => None,
    };
    let mut pairs = vec![(":method", "POST"), (":scheme", "http"), (":authority", "gateway.test"), (":path", "/v1/x")];
    pairs.extend(client);
    let pristine = headers(&pairs);
    let head = RequestHead { pristine: &pristine, target, secret, path: "/v1/chat", content_length: 7, dialect };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let whole: Vec<(String, String)> =
        Headers::parse(head.encode()).iter().map(|(name, value)| (text(name), text(value))).collect();
    assert_eq!(sorted(changed(&pristine, &head)), sorted(whole.clone()), "changes give another head than the whole");
    whole
}

/// The pristine map after the changes of a first attempt.
fn changed(pristine: &Headers, head: &RequestHead<'_>) -> Vec<(String, String)> {
    let mut map: Vec<(Vec<u8>, Vec<u8>)> = pristine.iter().map(|(n, v)| (n.to_vec(), v.to_vec())).collect();
    for change in head.changes() {
        match change {
            Change::Remove(name) => map.retain(|(have, _)| have != name),
            Change::Set(name, value) => match map.iter().position(|(have, _)| have == name) {
                Some(place) => map[place].1 = value.into_owned(),
                None => map.push((name.to_vec(), value.into_owned())),
            },
        }
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    map.iter().map(|(name, value)| (text(name), text(value))).collect()
}

fn sorted(mut head: Vec<(String, String)>) -> Vec<(String, String)> {
    head.sort();
    head
}

fn shown(head: &[(String, String)]) -> Vec<String> {
    head.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

#[test]
fn an_attempts_head_is_the_targets() {
    assert_eq!(
        shown(&head(json!({"headers": {"x-team": "llm"}}), &[("content-type", "application/json"), ("x-own", "1")])),
        [
            ":method=POST",
            ":scheme=https",
            ":authority=p.test:8443",
            ":path=/v1/chat",
            "content-type=application/json",
            "x-own=1",
            "accept-encoding=identity",
            "content-length=7",
            "x-team=llm",
            "authorization=Bearer key-p",
        ]
    );
}

#[test]
fn what_never_reaches_a_provider() {
    let hidden = [
        "authorization",
        "x-api-key",
        "api-key",
        "x-goog-api-key",
        "x-tollgate-key",
        "proxy-authorization",
        "x-tollgate-session",
        "x-tollgate-anything",
        "x-envoy-max-retries",
        "x-envoy-attempt-count",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-real-ip",
        "forwarded",
        "cookie",
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
        "openai-organization",
        "openai-project",
        "ai-reporting-user",
        "ai-reporting-tags",
        "ai-language-model-id",
        "ai-embedding-model-specification-version",
        "ai-model-id",
        "ai-gateway-protocol-version",
        "ai-o11y-deployment-id",
        "x-vercel-ai-gateway-team",
    ];
    for name in hidden {
        let sent = head(json!({}), &[(name, "CANARY"), ("x-own", "1")]);
        assert!(!shown(&sent).iter().any(|line| line.contains("CANARY")), "{name}: {sent:?}");
        assert!(shown(&sent).contains(&"x-own=1".to_owned()));
    }
    let listed = head(json!({}), &[("connection", "close, X-Private"), ("x-private", "CANARY"), ("x-public", "1")]);
    assert!(!shown(&listed).iter().any(|line| line.contains("CANARY") || line.contains("close")), "{listed:?}");
    assert!(shown(&listed).contains(&"x-public=1".to_owned()));
}

#[test]
fn lengths_and_encodings_are_ours() {
    let sent = head(json!({}), &[("content-length", "99"), ("accept-encoding", "gzip")]);
    let of = |name: &str| sent.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect::<Vec<_>>();
    assert_eq!((of("content-length"), of("accept-encoding")), (vec!["7"], vec!["identity"]));
}

#[test]
fn a_providers_own_header_replaces_the_clients() {
    let sent = head(json!({"headers": {"X-Team": "llm"}}), &[("x-team", "CANARY"), ("x-team", "CANARY")]);
    let teams: Vec<_> = sent.iter().filter(|(name, _)| name == "x-team").collect();
    assert_eq!(teams, [&("x-team".to_owned(), "llm".to_owned())]);
}

#[test]
fn keys_go_where_the_vendor_wants_them() {
    let auth = |provider: Value| {
        let sent = head(provider, &[("authorization", "Bearer CANARY"), ("api-key", "CANARY")]);
        sent.into_iter().filter(|(name, _)| name == "authorization" || name == "api-key").collect::<Vec<_>>()
    };
    let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    assert_eq!(auth(json!({})), pair("authorization", "Bearer key-p"));
    assert_eq!(auth(json!({"preset": "azure"})), pair("api-key", "key-p"));
    assert_eq!(auth(json!({"credentials": "none"})), []);
    assert_eq!(auth(json!({"credentials": "envoy"})), []);
}

/// A secret with a newline in its middle would be a header of its own.
#[test]
fn a_secret_that_is_no_header_value_is_not_sent() {
    let secret = Secret::new("a\r\nx-evil: 1");
    assert!(!is_header_value(secret.expose().as_bytes()));
    assert_eq!(Secret::new(" key\n").expose(), "key");
}

#[test]
fn header_bytes_that_are_not_text_pass_as_they_are() {
    let config = config(json!({}));
    let plan = plan_of(&config, &chat_ask(r#"{"model":"acme/solo"}"#)).unwrap();
    let client: [(&[u8], &[u8]); 3] = [(b":method", b"POST"), (b"x-odd", b"\xff\xfe"), (b"x-\xff", b"1")];
    let pristine = Headers::parse(encode(client.into_iter()));
    let head = RequestHead {
        pristine: &pristine,
        target: &plan.targets[0],
        secret: None,
        path: "/",
        content_length: 0,
        dialect: &[],
    };
    let sent = Headers::parse(head.encode());
    assert_eq!(sent.get("x-odd"), Some(&b"\xff\xfe"[..]));
    assert_eq!(sent.iter().filter(|(name, _)| *name == b"x-\xff").count(), 0);
}

#[test]
fn what_a_provider_says_that_no_client_needs() {
    for (name, kept) in [
        ("set-cookie", true),
        ("alt-svc", true),
        ("openai-organization", true),
        ("x-tollgate-retry", true),
        ("x-tollgate-provider", true),
        ("x-envoy-upstream-service-time", true),
        ("x-ratelimit-remaining-requests", false),
        ("content-type", false),
        ("openai-processing-ms", false),
    ] {
        assert_eq!(is_kept_from_client(name.as_bytes()), kept, "{name}");
    }
}

#[test]
fn a_dialects_header_replaces_the_clients_or_takes_it_away() {
    let client = [("anthropic-version", "old"), ("anthropic-beta", "b-1"), ("anthropic-beta", "b-2"), ("x-own", "1")];
    let dialect = [("anthropic-version", "new".to_owned()), ("anthropic-beta", String::new())];
    let names = |head: &[(String, String)], word: &str| -> Vec<String> {
        head.iter().filter(|(name, _)| name.starts_with(word)).map(|(name, value)| format!("{name}={value}")).collect()
    };
    let whole = head_of(json!({}), &client, &dialect);
    assert_eq!(names(&whole, "anthropic-"), ["anthropic-version=new"]);
    assert_eq!(names(&whole, "x-own"), ["x-own=1"]);
    assert_eq!(names(&head_of(json!({}), &client[..1], &dialect[1..]), "anthropic-"), ["anthropic-version=old"]);
}
