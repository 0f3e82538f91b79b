//! What a request's name leads to, with nothing but providers in the document.

use serde_json::{Value, json};
use std::time::Instant;
use tollgate::access::Caller;
use tollgate::config::{Config, Listed};
use tollgate::route::resolve;

fn config(providers: Value, models: Value) -> Config {
    let document = json!({"role": "gateway", "providers": providers, "models": models,
        "access": {"allow_unauthenticated": true}});
    Config::load(document.to_string().as_bytes(), &|_| Some("key".to_owned())).unwrap()
}

fn caller() -> Caller {
    Caller { id: "anonymous".to_owned(), key: None, group: None }
}

/// `model: provider=name sent, ...`, or the text of the refusal.
fn found(config: &Config, asked: &str) -> String {
    match resolve(config, &caller(), asked) {
        Err(error) => error.message.to_string(),
        Ok(resolved) => {
            let name = |at: usize| config.providers[at].name.as_str();
            let targets = resolved.model.targets.iter().map(|t| format!("{}={}", name(t.provider), t.model));
            format!("{}: {}", resolved.model.name, targets.collect::<Vec<_>>().join(", "))
        }
    }
}

#[test]
fn a_provider_alone_serves_its_catalogued_models() {
    let alone = config(json!([{"name": "openai", "preset": "openai"}]), json!([]));
    let region = json!({"name": "aws", "preset": "bedrock", "region": "eu-west-1", "credentials": "envoy"});
    let many = config(json!(["openai", "anthropic", region, "groq", "openrouter"]), json!([]));
    let bedrock = "aws=eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
    let sonnet = format!(
        "anthropic/claude-sonnet-4-5: anthropic=claude-sonnet-4-5, {bedrock}, openrouter=anthropic/claude-sonnet-4.5"
    );
    for (config, asked, expected) in [
        (&alone, "openai/gpt-5", "openai/gpt-5: openai=gpt-5"),
        (&alone, "gpt-5", "openai/gpt-5: openai=gpt-5"),
        (&alone, "gpt-5-2025-08-07", "openai/gpt-5: openai=gpt-5-2025-08-07"),
        (&alone, "openai/gpt-5-2025-08-07", "openai/gpt-5: openai=gpt-5-2025-08-07"),
        (&alone, "openai/gpt-5-of-tomorrow", "openai/gpt-5-of-tomorrow: openai=gpt-5-of-tomorrow"),
        (&many, "anthropic/claude-sonnet-4-5", &sonnet),
        (&many, "anthropic/claude-sonnet-4.5", &sonnet),
        (&many, "claude-sonnet-4-5", &sonnet),
        (&many, "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5: anthropic=claude-sonnet-4-5-20250929"),
        (&many, "llama-3.3-70b-versatile", "meta/llama-3.3-70b: groq=llama-3.3-70b-versatile"),
    ] {
        assert_eq!(found(config, asked), expected, "{asked}");
    }
    let near = found(&alone, "gpt5");
    assert!(near.contains("not known here") && near.contains("`openai/gpt-5`"), "{near}");
    assert!(!found(&alone, "anthropic/claude-sonnet-4-5").contains("anthropic="));
}

#[test]
fn prices_and_labels_are_the_catalogs_and_entries_of_the_document_come_first() {
    let own = json!([{"name": "openai/gpt-5", "price": {"input": "9", "output": "90"}}, {"name": "openai/gpt-5-mini"}]);
    let azure = json!({"name": "azure", "base_url": "https://x.openai.azure.com", "models": {"openai/gpt-4o": "prod"}});
    let config = config(json!(["openai", azure]), own);
    let input = |asked: &str| -> Vec<Option<u64>> {
        let resolved = resolve(&config, &caller(), asked).unwrap();
        resolved.model.targets.iter().map(|target| target.price.as_ref().and_then(|price| price.rates.input)).collect()
    };
    assert_eq!(input("openai/gpt-5"), [Some(9_000_000)]);
    assert_eq!(input("gpt-5-2025-08-07"), [Some(9_000_000)]);
    assert_eq!(input("openai/gpt-5-mini"), [Some(250_000)]);
    assert_eq!(input("openai/gpt-4o"), [Some(2_500_000), Some(2_500_000)]);
    assert_eq!(input("gpt-4o-2024-05-13"), [Some(5_000_000)]);
    assert_eq!(input("openai/gpt-5-of-tomorrow"), [None]);
    let listed = |asked: &str| resolve(&config, &caller(), asked).unwrap().listed;
    assert_eq!(listed("openai/gpt-5-mini"), Some(Listed::Configured(1)));
    assert!(matches!(listed("openai/o3"), Some(Listed::Catalogued(_))));
    assert_eq!(listed("openai/gpt-5-of-tomorrow"), None);
}

/// A debug build on a busy machine stays far below a millisecond; `cargo bench` tells the real figure.
#[test]
fn lookups_are_fast() {
    let started = Instant::now();
    for _ in 0..1_000 {
        assert!(tollgate::catalog::native("openai", std::hint::black_box("gpt-5-2025-08-07")).is_some());
    }
    let each = started.elapsed() / 1_000;
    println!("{each:?} a lookup");
    assert!(each.as_micros() < 1_000, "{each:?}");
}
