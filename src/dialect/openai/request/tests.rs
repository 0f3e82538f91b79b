use super::*;
use crate::config::Config;
use crate::testing::{ask_of, chat_ask, config, plan_of};
use serde_json::json;
use std::rc::Rc;

/// `m` is `sent` at a provider with this preset.
fn one(preset: &str, more: serde_json::Value) -> Rc<Config> {
    let mut provider = json!({"name": "p", "preset": preset, "base_url": "https://p.test/base", "credentials": "none"});
    for (key, value) in more.as_object().unwrap() {
        provider[key] = value.clone();
    }
    config(
        json!({"providers": [provider], "models": [{"name": "acme/m", "aliases": ["m"], "targets": [{"provider": "p", "model": "sent"}]}]}),
    )
}

fn edited(config: &Config, body: &str) -> String {
    let ask = chat_ask(body);
    let plan = plan_of(config, &ask).unwrap();
    let edits = encode(&ask, &plan.targets[0]);
    let out = String::from_utf8(edits.body.apply(body.as_bytes())).unwrap();
    assert_eq!(out.len() as isize - body.len() as isize, edits.body.delta());
    out
}

#[test]
fn only_the_spans_change() {
    let config = one("openai-compatible", json!({}));
    for (body, expected) in [
        (r#"{"model":"m"}"#, r#"{"model":"sent"}"#),
        ("{ \"model\" :\t\"m\" , \"n\": 1.50e0 }", "{ \"model\" :\t\"sent\" , \"n\": 1.50e0 }"),
        (r#"{"m\u006fdel":"\u006d","x":{"model":"m"}}"#, r#"{"m\u006fdel":"sent","x":{"model":"m"}}"#),
        (r#"{"model":"x","a":1,"model":"m"}"#, r#"{"model":"sent","a":1,"model":"sent"}"#),
        (r#"{"model":{"a":1},"model":"m"}"#, r#"{"model":"sent","model":"sent"}"#),
        (r#"{"models":["m"],"model":"m"}"#, r#"{"model":"sent"}"#),
        (r#"{"model":"m","provider":{"order":["p"]},"z":1}"#, r#"{"model":"sent","z":1}"#),
        (r#"{"model":"m","providerOptions":{"gateway":{"user":"u"},"openai":{}}}"#, r#"{"model":"sent"}"#),
        (r#"{"provider":{},"models":[],"providerOptions":{},"model":"m"}"#, r#"{"model":"sent"}"#),
        // Streams: usage is always asked for.
        (r#"{"model":"m","stream":true}"#, r#"{"stream_options":{"include_usage":true},"model":"sent","stream":true}"#),
        (
            r#"{"model":"m","stream":true,"stream_options":{}}"#,
            r#"{"model":"sent","stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"model":"m","stream":true,"stream_options":null}"#,
            r#"{"model":"sent","stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"model":"m","stream":true,"stream_options":{"x":1}}"#,
            r#"{"model":"sent","stream":true,"stream_options":{"include_usage":true,"x":1}}"#,
        ),
        (
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":false,"x":1}}"#,
            r#"{"model":"sent","stream":true,"stream_options":{"include_usage":true,"x":1}}"#,
        ),
        (
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#,
            r#"{"model":"sent","stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (r#"{"model":"m","stream":true,"stream_options":7}"#, r#"{"model":"sent","stream":true,"stream_options":7}"#),
        (r#"{"model":"m","stream":false}"#, r#"{"model":"sent","stream":false}"#),
    ] {
        assert_eq!(edited(&config, body), expected, "{body}");
    }
}

#[test]
fn nothing_to_edit_is_nothing_edited() {
    let config =
        config(json!({"providers": [{"name": "p", "preset": "openai-compatible", "base_url": "https://p.test",
        "credentials": "none", "models": {"*": "*"}}], "models": []}));
    for body in
        ["{\"model\" : \"m\" }", r#"{"a":[],"model":"m","stream":true,"stream_options":{"include_usage":true}}"#]
    {
        let ask = chat_ask(body);
        let plan = plan_of(&config, &ask).unwrap();
        assert!(encode(&ask, &plan.targets[0]).body.is_empty(), "{body}");
    }
    // The same name twice is made certain of, even where it is the provider's own.
    assert_eq!(edited(&config, r#"{"model":"x","model":"m"}"#), r#"{"model":"m","model":"m"}"#);
}

/// Mistral answers 422 to `stream_options`; its usage comes unasked.
#[test]
fn a_vendor_that_refuses_stream_options_does_not_get_them() {
    let mistral = one("mistral", json!({}));
    assert_eq!(edited(&mistral, r#"{"model":"m","stream":true}"#), r#"{"model":"sent","stream":true}"#);
    let ask = chat_ask(r#"{"model":"m","stream":true}"#);
    assert!(!hides_usage(&ask, &plan_of(&mistral, &ask).unwrap().targets[0]));
    let usual = one("openai-compatible", json!({}));
    assert!(hides_usage(&ask, &plan_of(&usual, &ask).unwrap().targets[0]));
    let asked = chat_ask(r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#);
    assert!(!hides_usage(&asked, &plan_of(&usual, &asked).unwrap().targets[0]));
}

#[test]
fn usage_is_not_asked_for_where_streams_have_no_such_option() {
    let config = one("openai", json!({}));
    let body = br#"{"model":"m","stream":true}"#;
    let ask = ask_of(Operation::Responses, body).unwrap();
    let edits = encode(&ask, &plan_of(&config, &ask).unwrap().targets[0]);
    assert_eq!(edits.body.apply(body), br#"{"model":"sent","stream":true}"#);
}

#[test]
fn paths_are_the_vendors() {
    for (preset, base, version, sent, path, expected) in [
        ("openai", "https://x.test/v1", None, "s", "/chat/completions", "/v1/chat/completions"),
        ("openai", "https://x.test/v1", None, "s", "/chat/completions?a=1", "/v1/chat/completions?a=1"),
        ("openai", "https://x.test", None, "s", "/embeddings", "/embeddings"),
        ("azure", "https://x.test", None, "s", "/chat/completions", "/openai/v1/chat/completions"),
        ("azure", "https://x.test/openai/v1", None, "s", "/chat/completions", "/openai/v1/chat/completions"),
        (
            "azure",
            "https://x.test",
            Some("2024-10-21"),
            "gpt5-prod",
            "/chat/completions",
            "/openai/deployments/gpt5-prod/chat/completions?api-version=2024-10-21",
        ),
        (
            "azure",
            "https://x.test",
            Some("v"),
            "ft:a/b@1",
            "/chat/completions?x=1",
            "/openai/deployments/ft%3Aa%2Fb%401/chat/completions?x=1&api-version=v",
        ),
    ] {
        let mut provider = json!({"name": "p", "preset": preset, "base_url": base, "credentials": "none"});
        if let Some(version) = version {
            provider["api_version"] = json!(version);
        }
        let config = config(json!({"providers": [provider],
            "models": [{"name": "acme/m", "aliases": ["m"], "targets": [{"provider": "p", "model": sent}]}]}));
        let mut ask = chat_ask(r#"{"model":"m"}"#);
        ask.path = path.to_owned();
        let plan = plan_of(&config, &ask).unwrap();
        assert_eq!(encode(&ask, &plan.targets[0]).path, expected);
    }
}

#[test]
fn a_forms_model_is_replaced_bare() {
    let body = b"--X\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--X--\r\n";
    let mut reader = crate::route::AskReader::new(
        crate::dialect::Client::OpenAi,
        Operation::Audio,
        b"multipart/form-data; boundary=X",
    )
    .unwrap();
    reader.feed(body).unwrap();
    let ask = reader.finish("/audio/transcriptions".to_owned(), None).unwrap();
    let config = one("openai", json!({}));
    let edits = encode(&ask, &plan_of(&config, &ask).unwrap().targets[0]);
    let text = String::from_utf8(edits.body.apply(body)).unwrap();
    assert_eq!(text, "--X\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nsent\r\n--X--\r\n");
}
