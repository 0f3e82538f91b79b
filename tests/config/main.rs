//! The configuration from the outside: documents in, `Config`, warnings or mistakes out.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod encode;
mod generated;
mod mistakes;
mod presets;
mod robust;

use encode::encode;
use serde_json::{Value, json};
use std::time::Duration;
use tollgate::config::*;
use tollgate::meter::fleet::{FailureMode, Fleet};
use tollgate::meter::{Price, Rates, Tier};

const EXAMPLE: &str = include_str!("example.json");

/// A VM in which every variable is set, to a secret that must never be seen.
fn all_set(_: &str) -> Option<String> {
    Some("hunter2".to_owned())
}

fn load(document: &Value) -> Config {
    Config::load(document.to_string().as_bytes(), &all_set).unwrap()
}

/// A document that loads, with other members.
fn with(members: Value) -> Value {
    let mut document = json!({"role": "gateway", "providers": ["openai"], "access": {"allow_unauthenticated": true}});
    for (key, value) in members.as_object().unwrap() {
        document[key] = value.clone();
    }
    document
}

fn targets(config: &Config, model: &str) -> Vec<(String, String, f64, u32)> {
    let model = &config.models[config.model_names[model]];
    let told = |t: &ModelTarget| (config.providers[t.provider].name.clone(), t.model.clone(), t.weight, t.priority);
    model.targets.iter().map(told).collect()
}

fn target(provider: &str, model: &str, weight: f64, priority: u32) -> (String, String, f64, u32) {
    (provider.to_owned(), model.to_owned(), weight, priority)
}

#[test]
fn the_example_means_what_it_says() {
    let config = Config::load(EXAMPLE.as_bytes(), &all_set).unwrap();
    let azure = &config.providers[2];
    assert_eq!(azure.cluster, "azure_eastus");
    assert_eq!((azure.base.scheme.as_str(), azure.base.path.as_str()), ("https", "/openai"));
    assert_eq!(azure.base.authority, "example-eus.openai.azure.com");
    assert_eq!(azure.api_version.as_deref(), Some("2025-04-01-preview"));
    assert_eq!(azure.headers, [("x-team".to_owned(), "llm".to_owned())]);
    assert_eq!(config.providers[3].base.path, "/openai/v1");
    assert_eq!(azure.labels, ["eu", "zdr"]);
    assert!(matches!(&azure.credentials, Credentials::Secrets(secrets) if secrets.len() == 2));
    assert!(
        matches!(&config.providers[4].credentials, Credentials::GcpMetadata { cluster } if cluster == "gcp_metadata")
    );
    assert!(matches!(&config.providers[6].credentials, Credentials::Envoy));
    assert!(matches!(&config.providers[7].credentials, Credentials::None));
    assert_eq!(config.providers[7].any_model.as_deref(), Some("*"));
    assert_eq!(
        targets(&config, "gpt-5"),
        [
            target("azure-eastus", "gpt5-prod", 40.0, 0),
            target("azure-weu", "gpt5", 40.0, 0),
            target("openai", "gpt-5", 20.0, 0),
        ]
    );
    // Named by a provider's `models` alone; the wildcard serves it too.
    assert_eq!(
        targets(&config, "openai/gpt-5-mini"),
        [
            target("openai", "gpt-5-mini", 1.0, 0),
            target("azure-eastus", "mini", 1.0, 0),
            target("local", "openai/gpt-5-mini", 1.0, 0),
        ]
    );
    let gpt = &config.models[0];
    assert_eq!(gpt.fallbacks, ["anthropic/claude-sonnet-4"]);
    assert_eq!(gpt.timeouts.attempt, Duration::from_secs(120));
    assert_eq!(gpt.timeouts.first_token, Some(Duration::from_secs(20)));
    assert_eq!(gpt.timeouts.total, Some(Duration::from_secs(600)));
    let llama = &config.models[1];
    assert_eq!(llama.context_window, Some(131_072));
    assert_eq!(llama.supports, Some(vec![Ability::Tools, Ability::JsonSchema]));
    let rates = llama.price.as_ref().unwrap().rates;
    assert_eq!((rates.input, rates.cached_input, rates.output), (Some(200_000), Some(50_000), Some(800_000)));
    assert_eq!(config.native_names["meta-llama/Llama-3.3-70B-Instruct"], [1]);
    assert_eq!(config.access.keys[0].group, Some(1));
    // SHA-256 of "test".
    assert_eq!(config.access.by_hash.values().collect::<Vec<_>>(), [&0]);
    assert_eq!(config.access.default_group, Some(1));
    assert_eq!(config.access.identity.as_ref().unwrap().header, "x-jwt-sub");
    assert_eq!(config.routing.cooldown, Cooldown { after: 3, rest: Duration::from_secs(30) });
    assert_eq!(config.routing.fallback_on.len(), 6);
    assert_eq!(config.request_body_limit, 32 << 20);
    assert!(config.metrics.group && !config.metrics.key && config.metrics.tag.is_none());
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}

#[test]
fn a_fleets_ledger_is_named_and_the_rest_has_defaults() {
    let ledger = |ledger: Value| load(&with(json!({ "ledger": ledger }))).ledger;
    assert_eq!(ledger(json!({ "local": {} })), None);
    assert_eq!(ledger(json!({})), None);
    let fleet = ledger(json!({ "rate_limit_service": { "cluster": "ratelimit" } })).unwrap();
    let expected = Fleet {
        cluster: "ratelimit".to_owned(),
        domain: "tollgate".to_owned(),
        failure_mode: FailureMode::Allow,
        timeout: Duration::from_millis(500),
    };
    assert_eq!(*fleet, expected);
    let own = json!({ "cluster": "rls", "domain": "llm", "failure_mode": "deny", "timeout": "2s" });
    let fleet = ledger(json!({ "rate_limit_service": own })).unwrap();
    assert_eq!((&*fleet.domain, fleet.failure_mode, fleet.timeout.as_secs()), ("llm", FailureMode::Deny, 2));
}

/// Of everything but the maps whose order is chance.
fn told(config: &Config) -> String {
    let mut names: Vec<_> = config.model_names.iter().collect();
    let mut native: Vec<_> = config.native_names.iter().collect();
    let mut hashes: Vec<_> = config.access.by_hash.iter().collect();
    names.sort();
    native.sort();
    hashes.sort();
    format!(
        "{:?} {:?} {names:?} {native:?} {:?} {:?} {:?} {:?} {hashes:?} {:?} {:?} {} {} {:?}",
        config.providers,
        config.models,
        config.routing,
        config.access.keys,
        config.access.groups,
        config.access.identity,
        config.metrics,
        config.expose,
        config.request_body_limit,
        config.hash,
        config.warnings,
    )
}

#[test]
fn a_model_goes_by_the_catalogs_name_however_it_is_spelled() {
    let budget =
        |model: &str| json!({"id": model.replace("/", "-"), "usd": "1", "per": "day", "on_exceed": {"use": model}});
    let spelled = ["openai/gpt-5-mini", "anthropic/claude-haiku-4.5", "anthropic/claude-haiku-4-5"];
    let config =
        load(&with(json!({"providers": ["openai", "anthropic"], "models": [], "budgets": spelled.map(budget)})));
    let used: Vec<_> = config.budgets.iter().map(|budget| budget.on_exceed.as_deref().unwrap()).collect();
    assert_eq!(used, ["openai/gpt-5-mini", "anthropic/claude-haiku-4-5", "anthropic/claude-haiku-4-5"]);
}

#[test]
fn json_and_struct_mean_the_same() {
    let document: Value = serde_json::from_str(EXAMPLE).unwrap();
    let from_json = told(&load(&document));
    for seed in 0..20 {
        assert_eq!(told(&Config::load(&encode(&document, seed), &all_set).unwrap()), from_json);
    }
    // Numbers that Envoy turns into text, booleans and nulls.
    let odd = with(json!({
        "models": [{"name": "openai/a", "targets": [{"provider": "openai", "weight": 0.5}],
            "price": {"input": 0.25, "output": 1.0}, "context_window": 4_294_967_296_u64, "max_output": 1000.0}],
        "routing": {"max_attempts": 7, "affinity": null},
        "pools": null,
    }));
    let config = load(&odd);
    assert_eq!(config.models[0].price.as_ref().unwrap().rates.output, Some(1_000_000));
    assert_eq!(config.models[0].context_window, Some(4_294_967_296));
    assert_eq!(told(&config), told(&Config::load(&encode(&odd, 3), &all_set).unwrap()));
}

#[test]
fn a_price_is_whole_pico_usd_and_what_a_tier_leaves_out_is_as_usual() {
    let price = |price: Value| {
        let document = with(json!({"models": [{"name": "openai/a", "price": price}]}));
        load(&document).models[0].price.as_deref().cloned().unwrap()
    };
    let full = price(json!({
        "input": "1.25", "cached_input": "0.125", "output": 10, "reasoning": "12", "audio_output": "0.000001",
        "request": "0.005", "tools": [{"name": "web_search", "usd": "0.000000000001"}],
        "tiers": [{"above": 200_000, "input": "2.5"}, {"above": 400_000, "output": "20"}],
        "service_tiers": [{"name": "Flex", "input": "0.625", "output": 5}],
    }));
    let base = Rates {
        input: Some(1_250_000),
        cached_input: Some(125_000),
        output: Some(10_000_000),
        reasoning: Some(12_000_000),
        audio_output: Some(1),
        ..Rates::default()
    };
    let expected = Price {
        rates: base,
        tiers: vec![
            Tier { above: 200_000, rates: Rates { input: Some(2_500_000), ..base } },
            Tier { above: 400_000, rates: Rates { output: Some(20_000_000), ..base } },
        ],
        service_tiers: vec![("flex".to_owned(), Rates { input: Some(625_000), output: Some(5_000_000), ..base })],
        request: Some(5_000_000_000),
        tools: vec![("web_search".to_owned(), 1)],
    };
    assert_eq!(full, expected);
    assert_eq!(price(json!({})), Price::default());
}

#[test]
fn the_hash_is_of_the_document_without_its_secrets() {
    let hash = |document: Value| load(&document).hash;
    let one = |value: &str| hash(with(json!({"providers": [{"name": "openai", "credentials": [{"value": value}]}]})));
    assert_eq!(one("sk-1"), one("sk-2"));
    assert_ne!(hash(with(json!({}))), hash(with(json!({"expose": "minimal"}))));
    assert_eq!(hash(with(json!({}))), hash(with(json!({"pools": null}))));
    assert_eq!(hash(with(json!({}))), "b351593dfd91c66f");
}

#[test]
fn defaults_are_the_documented_ones() {
    let config = load(&with(json!({"models": [{"name": "openai/a"}]})));
    assert_eq!(config.models[0].timeouts, Timeouts::default());
    assert_eq!(config.models[0].timeouts.attempt, Duration::from_secs(600));
    assert_eq!((config.models[0].timeouts.first_token, config.models[0].timeouts.total), (None, None));
    assert_eq!(config.routing.affinity, Affinity::Conversation);
    assert_eq!((config.routing.max_attempts, config.routing.probe_bytes), (4, 65_536));
    assert_eq!(config.routing.cooldown, Cooldown { after: 3, rest: Duration::from_secs(30) });
    assert!(!config.routing.fallback_on.contains(&FallbackOn::ContentFilter) && config.routing.fallback_on.len() == 6);
    assert_eq!((config.expose, config.request_body_limit), (Expose::Full, 32 << 20));
    assert_eq!(config.warnings, [""; 0]);
}

#[test]
fn roles() {
    let load = |text: &str| Plugin::load(text.as_bytes(), &all_set);
    assert!(matches!(load(r#"{"role":"upstream"}"#), Ok(Plugin::Upstream)));
    assert!(matches!(load("\n{\"role\":\"noop\"}"), Ok(Plugin::Noop)));
    assert!(matches!(load(&with(json!({})).to_string()), Ok(Plugin::Gateway(_))));
    assert!(matches!(Plugin::load(&encode(&json!({"role": "upstream"}), 0), &all_set), Ok(Plugin::Upstream)));
    let wrong = Config::load(br#"{"role":"upstream"}"#, &all_set).unwrap_err();
    assert_eq!(wrong.to_string(), "role: found \"upstream\", expected gateway");
}

#[test]
fn names_at_providers_follow_one_rule() {
    let config = load(&with(json!({"providers": [
        {"name": "openai", "models": {"openai/a": "mapped"}},
        {"name": "any", "preset": "openai-compatible", "base_url": "http://a", "models": {"*": "x-*", "acme/b": "b"}},
        {"name": "groq"},
    ]})));
    let name =
        |provider: usize, asked: &str| config.providers[provider].native_name(asked).map(|name| name.into_owned());
    assert_eq!(name(0, "openai/a").as_deref(), Some("mapped"));
    assert_eq!(name(0, "openai/b").as_deref(), Some("b"));
    assert_eq!(name(0, "openaix/b"), None);
    assert_eq!(name(1, "acme/b").as_deref(), Some("b"));
    assert_eq!(name(1, "acme/c").as_deref(), Some("x-acme/c"));
    assert_eq!(name(2, "openai/a"), None);
}

#[test]
fn targets_by_priority_then_by_place() {
    let config = load(&with(json!({
        "providers": ["openai", {"name": "groq"}, {"name": "local", "preset": "ollama"}],
        "pools": [{"name": "cheap", "providers": ["groq", "local"]}],
        "models": [{"name": "openai/a", "targets": [
            {"provider": "openai", "priority": 1},
            {"provider": "cheap", "model": "llama", "weight": "3"},
            {"provider": "openai", "model": "b", "weight": 2},
        ]}],
    })));
    assert_eq!(
        targets(&config, "openai/a"),
        [
            target("groq", "llama", 1.5, 0),
            target("local", "llama", 1.5, 0),
            target("openai", "b", 2.0, 0),
            target("openai", "a", 1.0, 1),
        ]
    );
}

#[test]
fn optional_variables_that_are_not_set_are_left_out() {
    let document = with(json!({"providers": [
        {"name": "openai", "credentials": [{"env": "SET"}, {"env": "UNSET", "optional": true}]},
        {"name": "groq", "credentials": [{"env": "UNSET", "optional": true}, {"env": "EMPTY", "optional": true}]},
    ]}));
    let env = |name: &str| match name {
        "SET" => Some(" hunter2\n".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    };
    let config = Config::load(document.to_string().as_bytes(), &env).unwrap();
    assert!(matches!(&config.providers[0].credentials, Credentials::Secrets(s) if s == &[Secret::new("hunter2")]));
    assert_eq!((config.providers[0].enabled, config.providers[1].enabled), (true, false));
    assert_eq!(config.warnings, ["disabled providers, because none of their variables is set: groq (UNSET, EMPTY)"]);
}

#[test]
fn a_secret_in_the_document_is_one_warning_and_never_seen() {
    let config = load(&with(json!({
        "providers": [{"name": "openai", "credentials": [{"value": "hunter2"}]}],
        "keys": [{"id": "a", "secret": {"value": "hunter3"}}],
    })));
    assert_eq!(
        config.warnings,
        ["providers[0].credentials[0].value, keys[0].secret.value stand in Envoy's /config_dump; prefer {env: ...}"]
    );
    assert!(!format!("{config:?}").contains("hunter"));
}

#[test]
fn a_key_may_have_several_hashes() {
    let (old, new) = ("0".repeat(64), "1".repeat(64));
    let config =
        load(&with(json!({"keys": [{"id": "alice", "sha256": [old, new]}, {"id": "bob", "sha256": "2".repeat(64)}]})));
    let of = |byte: u8| config.access.by_hash.get(&[byte; 32]).map(|index| config.access.keys[*index].id.as_str());
    assert_eq!([of(0x00), of(0x11), of(0x22), of(0x33)], [Some("alice"), Some("alice"), Some("bob"), None]);
}
