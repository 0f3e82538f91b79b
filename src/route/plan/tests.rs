use super::*;
use crate::testing::{chat_ask, config, exchange, plan_of, request};
use serde_json::{Value, json};

fn text(config: &Config, body: &str) -> String {
    plan_of(config, &chat_ask(body)).unwrap().to_string()
}

fn refusal(config: &Config, body: &str) -> (u16, String, Option<String>) {
    let error = plan_of(config, &chat_ask(body)).unwrap_err();
    (error.status, error.code.unwrap_or_default().into_owned(), error.param)
}

#[test]
fn the_requests_wishes_change_the_plan() {
    let config = config(json!({"pools": [{"name": "pair", "providers": ["beta", "gamma"]}]}));
    let all = "alpha:chat-a > beta:chat-b > gamma:chat-g";
    for (more, expected) in [
        ("", all),
        (r#","provider":{"order":["gamma"]}"#, "gamma:chat-g > alpha:chat-a > beta:chat-b"),
        (r#","provider":{"order":["gamma","beta"]}"#, "gamma:chat-g > beta:chat-b > alpha:chat-a"),
        (r#","provider":{"order":["nobody"]}"#, all),
        (r#","provider":{"only":["beta","alpha"]}"#, "alpha:chat-a > beta:chat-b"),
        (r#","provider":{"only":["beta","alpha"],"order":["beta"]}"#, "beta:chat-b > alpha:chat-a"),
        (r#","provider":{"ignore":["alpha"]}"#, "beta:chat-b > gamma:chat-g"),
        (r#","provider":{"ignore":["Alpha"]}"#, "beta:chat-b > gamma:chat-g"),
        (r#","provider":{"order":["pair"]}"#, "beta:chat-b > gamma:chat-g > alpha:chat-a"),
        (r#","provider":{"only":["pair"]}"#, "beta:chat-b > gamma:chat-g"),
        (r#","provider":{"allow_fallbacks":false}"#, "alpha:chat-a"),
        (r#","provider":{"allow_fallbacks":false,"ignore":["alpha"]}"#, "beta:chat-b"),
        (r#","provider":{"zdr":true}"#, "beta:chat-b"),
        (r#","models":["acme/solo"]"#, "alpha:chat-a > beta:chat-b > gamma:chat-g > beta:solo-b"),
        (r#","models":["acme/chat"]"#, all),
        (r#","providerOptions":{"gateway":{"order":["beta"]}}"#, "beta:chat-b > alpha:chat-a > gamma:chat-g"),
        (r#","providerOptions":{"gateway":{"only":["gamma"]}}"#, "gamma:chat-g"),
        (r#","providerOptions":{"gateway":{"has":["eu"]}}"#, "alpha:chat-a > beta:chat-b"),
        (r#","previous_response_id":"r""#, "alpha:chat-a"),
    ] {
        assert_eq!(text(&config, &format!(r#"{{"model":"acme/chat"{more}}}"#)), expected, "{more}");
    }
}

#[test]
fn what_leaves_no_target_is_refused_by_name() {
    let config = config(json!({}));
    for (more, code, param) in [
        (r#","provider":{"only":[]}"#, "no_matching_provider", "only"),
        (r#","provider":{"only":["nobody"]}"#, "no_matching_provider", "only"),
        (r#","provider":{"ignore":["alpha","beta","gamma"]}"#, "no_matching_provider", "ignore"),
        (r#","provider":{"data_collection":"deny"}"#, "no_matching_provider", "provider.data_collection"),
        (r#","models":["acme/none"]"#, "model_not_found", "model"),
    ] {
        let status = if code == "model_not_found" { 404 } else { 400 };
        let expected = (status, code.to_owned(), Some(param.to_owned()));
        assert_eq!(refusal(&config, &format!(r#"{{"model":"acme/chat"{more}}}"#)), expected, "{more}");
    }
}

#[test]
fn prices_order_and_bound_a_plan() {
    let at = |provider: &str, model: &str, priority: u64| json!({"provider": provider, "model": model, "priority": priority});
    let config = config(json!({"providers": [
        {"name": "openai", "credentials": [{"value": "k"}]},
        {"name": "groq", "credentials": [{"value": "k"}]},
        {"name": "own", "preset": "openai-compatible", "base_url": "http://any.test", "credentials": "none"},
    ], "models": [{"name": "acme/chat", "targets": [at("own", "x", 0), at("openai", "gpt-5", 1), at("groq", "openai/gpt-oss-120b", 2)]}]}));
    let all = "own:x > openai:gpt-5 > groq:openai/gpt-oss-120b";
    let cheapest = "groq:openai/gpt-oss-120b > openai:gpt-5 > own:x";
    for (more, expected) in [
        ("", all),
        (r#","provider":{"sort":"price"}"#, cheapest),
        (r#","providerOptions":{"gateway":{"sort":"cost"}}"#, cheapest),
        (r#","provider":{"sort":"price","order":["own"]}"#, "own:x > groq:openai/gpt-oss-120b > openai:gpt-5"),
        (r#","provider":{"max_price":{"prompt":1.25}}"#, "openai:gpt-5 > groq:openai/gpt-oss-120b"),
        (r#","provider":{"max_price":{"completion":"9.99"}}"#, "groq:openai/gpt-oss-120b"),
    ] {
        assert_eq!(text(&config, &format!(r#"{{"model":"acme/chat"{more}}}"#)), expected, "{more}");
    }
    for more in [r#""max_price":{"prompt":0.001}"#, r#""only":["own"],"max_price":{"prompt":100}"#] {
        let body = format!(r#"{{"model":"acme/chat","provider":{{{more}}}}}"#);
        let expected = (400, "no_matching_provider".to_owned(), Some("max_price".to_owned()));
        assert_eq!(refusal(&config, &body), expected, "{more}");
    }
}

#[test]
fn names_lead_to_models() {
    let config = config(json!({"providers": [
        {"name": "openai", "credentials": [{"value": "k"}]},
        {"name": "any", "preset": "openai-compatible", "base_url": "http://any.test", "credentials": "none",
            "models": {"*": "*"}},
        {"name": "one", "preset": "openai-compatible", "base_url": "http://one.test", "credentials": "none",
            "models": {"acme/one": "the-one", "acme/two": "two", "acme/too": "two"}},
    ], "models": []}));
    for (asked, expected) in [
        ("acme/one", Ok(["any:acme/one", "one:the-one"].as_slice())),
        ("the-one", Ok(&["any:acme/one", "one:the-one"])),
        ("openai/gpt-9", Ok(&["openai:gpt-9", "any:openai/gpt-9"])),
        ("nobody/x", Ok(&["any:nobody/x"])),
        ("two", Ok(&["any:two"])), // leads to two models, so it is nobody's name
        ("a/../b", Err("model_not_found")),
        ("a//b", Err("model_not_found")),
        ("a b", Err("model_not_found")),
        ("a?b", Err("model_not_found")),
    ] {
        let plan = plan_of(&config, &chat_ask(&json!({"model": asked}).to_string()));
        match (plan, expected) {
            (Ok(plan), Ok(expected)) => {
                // Targets of one priority: their order is the hash's.
                let mut found: Vec<String> =
                    plan.targets.iter().map(|t| format!("{}:{}", t.provider.name, t.sent)).collect();
                found.sort();
                let mut expected: Vec<String> = expected.iter().map(|target| (*target).to_owned()).collect();
                expected.sort();
                assert_eq!(found, expected, "{asked}");
            }
            (Err(error), Err(code)) => assert_eq!(error.code.as_deref(), Some(code), "{asked}"),
            (found, expected) => panic!("{asked}: {found:?}, not {expected:?}"),
        }
    }
}

/// A target whose model cannot do what the request asks for never enters the plan; nothing listed means everything.
#[test]
fn models_that_lack_an_ability_are_left_out() {
    let model = |name: &str, provider: &str, more: Value| {
        let mut model = json!({"name": name, "targets": [{"provider": provider, "model": "m"}]});
        more.as_object().unwrap().iter().for_each(|(key, value)| model[key] = value.clone());
        model
    };
    let config = config(json!({"models": [
        model("acme/small", "alpha", json!({"supports": ["json_schema"], "fallbacks": ["acme/tools", "acme/all"]})),
        model("acme/tools", "beta", json!({"supports": ["tools", "reasoning"]})),
        model("acme/all", "gamma", json!({})),
        model("acme/nothing", "beta", json!({"supports": [], "fallbacks": ["acme/small"]})),
    ]}));
    let tools = r#","tools":[{}]"#;
    for (model, more, expected) in [
        ("acme/small", "", Ok("alpha:m > beta:m > gamma:m")),
        ("acme/small", tools, Ok("beta:m > gamma:m")),
        ("acme/small", r#","tools":[{}],"messages":[{"content":[{"type":"image_url"}]}]"#, Ok("gamma:m")),
        ("acme/small", r#","response_format":{"type":"json_schema"}"#, Ok("alpha:m > gamma:m")),
        ("acme/small", r#","tools":[{}],"provider":{"allow_fallbacks":false}"#, Ok("beta:m")),
        ("acme/nothing", tools, Err(("unsupported_parameter", "tools"))),
        ("acme/nothing", r#","tools":[{}],"models":["acme/all"]"#, Ok("gamma:m")),
        ("acme/nothing", r#","reasoning_effort":"low""#, Err(("unsupported_parameter", "reasoning_effort"))),
        ("acme/small", r#","tools":[{}],"provider":{"only":["alpha"]}"#, Err(("unsupported_parameter", "tools"))),
        ("acme/nothing", r#","tools":[{}],"provider":{"only":["gamma"]}"#, Err(("no_matching_provider", "only"))),
        // State kept at one account: no other model can stand in.
        ("acme/small", r#","tools":[{}],"previous_response_id":"r""#, Err(("unsupported_parameter", "tools"))),
    ] {
        let body = format!(r#"{{"model":"{model}"{more}}}"#);
        match expected {
            Ok(plan) => assert_eq!(text(&config, &body), plan, "{body}"),
            Err((code, param)) => {
                assert_eq!(refusal(&config, &body), (400, code.to_owned(), Some(param.to_owned())), "{body}");
            }
        }
    }
}

fn models(more: Value) -> Value {
    json!({"models": [
        {"name": "acme/chat", "targets": [{"provider": "alpha", "model": "a"}], "fallbacks": ["acme/big", "acme/solo"]},
        {"name": "acme/big", "targets": [{"provider": "beta", "model": "big"}, {"provider": "gamma", "model": "big"}]},
        {"name": "acme/solo", "targets": [{"provider": "beta", "model": "s"}], "fallbacks": ["acme/chat"]},
    ], "routing": more})
}

#[test]
fn fallback_models_follow_and_the_plan_is_cut() {
    let body = r#"{"model":"acme/chat"}"#;
    let config_of = |most: u32| config(models(json!({"max_attempts": most})));
    let plan = plan_of(&config_of(4), &chat_ask(body)).unwrap();
    let names: Vec<_> = plan.targets.iter().map(|t| t.model.model.name.as_str()).collect();
    assert_eq!(names, ["acme/chat", "acme/big", "acme/big", "acme/solo"]);
    assert_eq!(exchange(&config_of(2), chat_ask(body)).plan.targets.len(), 2);
    // A fallback's own fallbacks are not followed.
    assert_eq!(text(&config_of(4), r#"{"model":"acme/solo"}"#), "beta:s > alpha:a");
}

#[test]
fn attempts_are_counted_with_credentials() {
    let config = config(json!({}));
    for (body, targets, attempts) in [
        (r#"{"model":"acme/chat"}"#, 3, 4), // alpha has two keys
        (r#"{"model":"acme/solo"}"#, 1, 2), // a plan of one: once more
        (r#"{"model":"acme/chat","provider":{"only":["beta","gamma"]}}"#, 2, 2),
        (r#"{"model":"acme/chat","provider":{"allow_fallbacks":false}}"#, 1, 2),
        (r#"{"model":"acme/chat","previous_response_id":"r"}"#, 1, 2),
    ] {
        let plan = plan_of(&config, &chat_ask(body)).unwrap();
        assert_eq!((plan.targets.len(), plan.most_attempts()), (targets, attempts), "{body}");
    }
    let pinned = plan_of(&config, &chat_ask(r#"{"model":"acme/chat","previous_response_id":"r"}"#)).unwrap();
    assert_eq!(pinned.targets[0].credentials, [0], "a pin is one account: the first, whoever talks");
}

/// The same conversation keeps its target and its key; many conversations are spread by weight.
#[test]
fn weights_hold_over_conversations_and_a_conversation_stays() {
    let config = config(json!({"models": [{"name": "acme/chat", "targets": [
        {"provider": "beta", "model": "b", "weight": 80}, {"provider": "gamma", "model": "g", "weight": 20}]}]}));
    let first = |n: usize| {
        let body = json!({"model": "acme/chat", "messages": [{"role": "user", "content": format!("talk {n}")}]});
        let plan = plan_of(&config, &chat_ask(&body.to_string())).unwrap();
        assert_eq!(plan.targets.len(), 2);
        plan.targets[0].provider.name.clone()
    };
    let beta = (0..1000).filter(|&n| first(n) == "beta").count();
    assert!((750..850).contains(&beta), "{beta} of 1000");
    assert!((0..50).all(|n| first(n) == first(n)));
}

#[test]
fn groups_permit_models_and_ask_for_labels() {
    let config = config(json!({
        "access": {"identity": {"header": "x-sub", "default_group": "eu"}},
        "groups": [{"name": "eu", "models": ["acme/chat"], "labels": ["zdr"]},
            {"name": "far", "models": ["*"], "labels": ["moon"]}],
    }));
    let plan_as = |group: usize, asked: &str, options: &Options| {
        let caller = Caller { id: "x".to_owned(), key: None, group: Some(group) };
        let plan = plan(&request(&config, &caller, asked, options));
        plan.map(|plan| plan.to_string()).map_err(|error| (error.status, error.code.unwrap_or_default()))
    };
    let none = Options::default();
    let wish = Options { models: vec!["acme/solo".to_owned()], ..Options::default() };
    assert_eq!(plan_as(0, "acme/chat", &none), Ok("beta:chat-b".to_owned()));
    assert_eq!(plan_as(0, "acme/solo", &none), Err((403, "model_not_allowed".into())));
    assert_eq!(plan_as(0, "acme/chat", &wish), Err((403, "model_not_allowed".into())));
    assert_eq!(plan_as(1, "acme/chat", &none), Err((400, "no_matching_provider".into())));
}

/// State is kept at one account: no other model's target, no weight, no wish of the request leads elsewhere.
#[test]
fn a_pin_stays_with_the_asked_model() {
    let models = json!([
        {"name": "acme/late", "targets": [{"provider": "gamma", "model": "g"}, {"provider": "beta", "model": "b"}],
            "fallbacks": ["acme/early"]},
        {"name": "acme/early", "targets": [{"provider": "alpha", "model": "a"}]},
        {"name": "acme/twice", "targets": [{"provider": "beta", "model": "one", "weight": 1},
            {"provider": "beta", "model": "two", "weight": 1_000_000}]},
    ]);
    let config = config(json!({ "models": models }));
    for (model, more, expected) in [
        ("acme/late", "", "beta:b"),
        ("acme/late", r#","models":["acme/early"]"#, "beta:b"),
        ("acme/late", r#","provider":{"order":["gamma"]}"#, "beta:b"),
        ("acme/late", r#","provider":{"only":["gamma"]}"#, "gamma:g"),
        ("acme/twice", "", "beta:one"),
    ] {
        let body = format!(r#"{{"model":"{model}","previous_response_id":"r"{more}}}"#);
        assert_eq!(text(&config, &body), expected, "{body}");
    }
    let nobody = r#"{"model":"acme/late","previous_response_id":"r","provider":{"only":["alpha"]}}"#;
    assert_eq!(refusal(&config, nobody).1, "no_matching_provider", "a fallback's target does not count");
}

#[test]
fn state_of_a_dialect_stays_at_its_first_account() {
    let providers = json!([
        {"name": "openai", "credentials": [{"value": "k"}]},
        {"name": "g1", "preset": "google", "credentials": [{"value": "k"}]},
        {"name": "g2", "preset": "google", "credentials": [{"value": "k"}]},
        {"name": "anthropic", "credentials": [{"value": "k"}]},
    ]);
    let targets = json!([{"provider": "openai", "model": "o"}, {"provider": "g2", "model": "g"},
        {"provider": "g1", "model": "g"}, {"provider": "anthropic", "model": "c"}]);
    let models = json!([{"name": "acme/m", "targets": targets, "fallbacks": ["acme/o"]},
        {"name": "acme/o", "targets": [{"provider": "openai", "model": "o"}]}]);
    let config = config(json!({"providers": providers, "models": models}));
    let asked = |model: &str, options: &str| format!(r#"{{"model":"{model}","providerOptions":{options}}}"#);
    let cached = r#"{"google":{"cachedContent":"cachedContents/1"}}"#;
    assert_eq!(text(&config, &asked("acme/m", cached)), "g1:g");
    assert_eq!(text(&config, &asked("acme/m", r#"{"anthropic":{"container":"c_1"}}"#)), "anthropic:c");
    let refused = (400, "unsupported_parameter".to_owned(), Some("cachedContent".to_owned()));
    assert_eq!(refusal(&config, &asked("acme/o", cached)), refused);
    assert_eq!(text(&config, &asked("acme/m", r#"{"google":{"safetySettings":[]}}"#)).matches('>').count(), 3);
}
