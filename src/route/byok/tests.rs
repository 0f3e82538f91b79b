use super::*;
use crate::route::{Options, Target, plan};
use crate::testing::{headers, request};
use serde_json::json;

fn read(value: &str) -> Result<Vec<(String, String)>, Error> {
    let own = of_option(value, "byok")?;
    Ok(own.into_iter().map(|own| (own.provider, own.secret.expose().to_owned())).collect())
}

#[test]
fn keys_are_read_in_their_order() {
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(
        read(r#"{"openai":[{"apiKey":"k1"},{"apiKey":" k2\n"}],"bedrock":[{"bearerToken":"t"}]}"#).unwrap(),
        [pair("bedrock", "t"), pair("openai", "k1"), pair("openai", "k2")]
    );
    assert_eq!(read("{}").unwrap(), []);
}

#[test]
fn what_needs_another_host_or_a_signature_is_refused_by_name() {
    for (value, said) in [
        (r#"{"azure":[{"apiKey":"k","resourceName":"r"}]}"#, "`byok.azure[].resourceName`"),
        (r#"{"bedrock":[{"accessKeyId":"a","secretAccessKey":"s"}]}"#, "`byok.bedrock[].accessKeyId`"),
        (r#"{"vertex":[{"googleCredentials":{}}]}"#, "`byok.vertex[].googleCredentials`"),
        (r#"{"openai":[{}]}"#, "must have one text"),
        (r#"{"openai":[{"apiKey":7}]}"#, "must have one text"),
        (r#"{"openai":[{"apiKey":"a","bearerToken":"b"}]}"#, "must have one text"),
        (r#"{"openai":[{"apiKey":""}]}"#, "fits into a header"),
        (r#"{"openai":[{"apiKey":"a\nb"}]}"#, "fits into a header"),
    ] {
        let error = read(value).unwrap_err();
        assert_eq!((error.status, error.code.as_deref()), (400, Some("unsupported_byok")), "{value}");
        assert!(error.message.contains(said), "{value}: {}", error.message);
    }
    for value in [r#"{"openai":{"apiKey":"a"}}"#, "[]", r#"{"openai":["k"]}"#] {
        let error = read(value).unwrap_err();
        assert_eq!(
            (error.code.as_deref(), error.message.contains("object of lists")),
            (Some("unsupported_option"), true)
        );
    }
    let many = format!(r#"{{"openai":[{}]}}"#, vec![r#"{"apiKey":"k"}"#; 17].join(","));
    assert!(read(&many).unwrap_err().message.contains("at most 16"));
}

#[test]
fn headers_name_their_provider() {
    let own = of_headers(&headers(&[("x-tollgate-byok-openai", "sk-1"), ("x-other", "a")])).unwrap();
    assert_eq!((own.len(), own[0].provider.as_str(), own[0].secret.expose()), (1, "openai", "sk-1"));
    assert_eq!(of_headers(&headers(&[("x-tollgate-byok-openai", " ")])).unwrap_err().status, 400);
    assert!(!format!("{own:?}").contains("sk-1"));
}

#[test]
fn a_subscription_stands_beside_our_key_only() {
    let read = |pairs: &[(&str, &str)]| subscription(&headers(pairs)).map(|secret| secret.expose().to_owned());
    assert_eq!(read(&[("x-tollgate-key", "k"), ("authorization", "Bearer sk-ant-oat")]).as_deref(), Some("sk-ant-oat"));
    assert_eq!(read(&[("authorization", "Bearer sk-ant-oat")]), None);
    assert_eq!(read(&[("x-tollgate-key", "k"), ("authorization", "Basic x")]), None);
    assert_eq!(read(&[("x-tollgate-key", "k")]), None);
}

/// Groups that deny, allow and require, and a provider whose requests Envoy signs.
fn plan_as(group: usize, model: &str, byok: &str) -> Result<Vec<String>, String> {
    let aws = json!({"name": "aws", "preset": "bedrock", "region": "us-east-1", "credentials": "envoy"});
    let provider = |name: &str, keys: serde_json::Value| json!({"name": name, "preset": "openai-compatible", "base_url": format!("http://{name}.test/v1"), "credentials": keys});
    let unset = json!([{"env": "UNSET", "optional": true}]);
    let target = |name: &str| json!({"provider": name, "model": "m"});
    let config = json!({
        "role": "gateway",
        "providers": [provider("alpha", json!([{"value": "ours"}])), provider("beta", unset), aws],
        "models": [
            {"name": "m/both", "targets": [target("alpha"), {"provider": "beta", "model": "m", "priority": 1}]},
            {"name": "m/beta", "targets": [target("beta")]},
            {"name": "m/aws", "targets": [target("aws")]},
        ],
        "groups": [{"name": "none", "models": ["*"]}, {"name": "may", "models": ["*"], "byok": "allow"},
            {"name": "must", "models": ["*"], "byok": "require"}],
        "access": {"identity": {"header": "x-sub", "default_group": "none"}},
    });
    let config = Config::load(config.to_string().as_bytes(), &|_| None).unwrap();
    let caller = Caller { id: "x".to_owned(), key: None, group: Some(group) };
    let options = Options { byok: of_option(byok, "byok").unwrap(), ..Options::default() };
    let plan = plan(&request(&config, &caller, model, &options));
    let shown = |target: &Target| {
        let secret = target.secret(target.credentials.first().copied()).map_or("none", Secret::expose);
        format!("{}:{secret}", target.provider.name)
    };
    plan.map(|plan| plan.targets.iter().map(shown).collect())
        .map_err(|error| format!("{} {}", error.status, error.code.unwrap_or_default()))
}

#[test]
fn own_credentials_are_tried_first_and_only_where_they_may_be() {
    const NONE: &str = "{}";
    const ALPHA: &str = r#"{"alpha":[{"apiKey":"mine"},{"apiKey":"mine2"}]}"#;
    const BETA: &str = r#"{"BETA":[{"apiKey":"mine"}]}"#;
    let denied = || Err("403 byok_denied".to_owned());
    let unsupported = || Err("400 unsupported_byok".to_owned());
    let plan = |targets: &[&str]| Ok(targets.iter().map(|target| (*target).to_owned()).collect::<Vec<_>>());
    for (group, model, byok, expected) in [
        (0, "m/both", NONE, plan(&["alpha:ours"])),
        (0, "m/both", ALPHA, denied()),
        (1, "m/both", ALPHA, plan(&["alpha:mine", "alpha:mine2", "alpha:ours"])),
        (1, "m/both", BETA, plan(&["beta:mine", "alpha:ours"])),
        (1, "m/beta", BETA, plan(&["beta:mine"])),
        (1, "m/beta", NONE, Err("400 no_matching_provider".to_owned())),
        (1, "m/both", r#"{"nobody":[{"apiKey":"mine"}]}"#, unsupported()),
        (1, "m/aws", r#"{"aws":[{"apiKey":"mine"}]}"#, unsupported()),
        (2, "m/both", ALPHA, plan(&["alpha:mine", "alpha:mine2"])),
        (2, "m/both", NONE, Err("403 byok_required".to_owned())),
        (2, "m/beta", ALPHA, Err("400 no_matching_provider".to_owned())),
    ] {
        assert_eq!(plan_as(group, model, byok), expected, "{group} {model} {byok}");
    }
}
