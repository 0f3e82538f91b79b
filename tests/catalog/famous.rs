//! Prices of models that everybody knows, by hand, and what is found by which name.

use tollgate::catalog::{Entry, Offer, find, native, natives};

/// Pico-USD a token of USD per million tokens.
fn pico(usd: f64) -> Option<u64> {
    Some((usd * 1e6).round() as u64)
}

#[test]
fn famous_prices_are_what_the_vendors_publish() {
    for (preset, name, input, cached, output) in [
        ("openai", "gpt-5", 1.25, 0.125, 10.0),
        ("openai", "gpt-5-mini", 0.25, 0.025, 2.0),
        ("openai", "gpt-4o", 2.5, 1.25, 10.0),
        ("openai", "gpt-4o-mini", 0.15, 0.075, 0.6),
        ("openai", "gpt-4.1", 2.0, 0.5, 8.0),
        ("openai", "o4-mini", 1.1, 0.275, 4.4),
        ("anthropic", "claude-sonnet-4-5", 3.0, 0.3, 15.0),
        ("anthropic", "claude-haiku-4-5", 1.0, 0.1, 5.0),
        ("anthropic", "claude-opus-4-5", 5.0, 0.5, 25.0),
        ("google", "gemini-2.5-pro", 1.25, 0.125, 10.0),
        ("vertex", "gemini-2.5-pro", 1.25, 0.125, 10.0),
        ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 3.3, 0.33, 16.5),
        ("bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", 3.0, 0.3, 15.0),
    ] {
        let rates = native(preset, name).unwrap().price().unwrap().rates;
        assert_eq!(
            (rates.input, rates.cached_input, rates.output),
            (pico(input), pico(cached), pico(output)),
            "{name}"
        );
    }
    let sonnet = native("anthropic", "claude-sonnet-4-5-20250929").unwrap().price().unwrap();
    assert_eq!((sonnet.rates.cache_write_5m, sonnet.rates.cache_write_1h), (pico(3.75), pico(6.0)));
    let gemini = native("google", "gemini-2.5-pro").unwrap().price().unwrap();
    assert_eq!(
        gemini.tiers.iter().map(|tier| (tier.above, tier.rates.output)).collect::<Vec<_>>(),
        [(200_000, pico(15.0))]
    );
    let five = native("openai", "gpt-5").unwrap().price().unwrap();
    assert_eq!(five.service_tiers.iter().find(|(word, _)| word == "flex").unwrap().1.output, pico(5.0));
}

#[test]
fn other_spellings_lead_to_the_same_model() {
    for (name, expected) in [
        ("anthropic/claude-sonnet-4.5", "anthropic/claude-sonnet-4-5"),
        ("openai/gpt-4-1", "openai/gpt-4.1"),
        ("x-ai/grok-4", "xai/grok-4"),
        ("meta-llama/llama-3.3-70b-instruct", "meta/llama-3.3-70b"),
        ("alibaba/qwen-3-32b", "alibaba/qwen3-32b"),
    ] {
        assert_eq!(find(name).map(Entry::name), Some(expected), "{name}");
    }
}

#[test]
fn bedrocks_name_follows_the_region() {
    let sonnet = find("anthropic/claude-sonnet-4-5").unwrap();
    for (region, place) in [
        ("us-east-1", "us."),
        ("eu-central-1", "eu."),
        ("ap-northeast-1", "jp."),
        ("ap-southeast-2", "au."),
        ("ap-south-1", "global."),
        ("sa-east-1", "global."),
        ("us-gov-west-1", "us-gov."),
    ] {
        let name = sonnet.offer("bedrock", Some(region)).map(Offer::name).unwrap();
        assert_eq!(name, format!("{place}anthropic.claude-sonnet-4-5-20250929-v1:0"), "{region}");
    }
    let name = |model: &str, preset| find(model).unwrap().offer(preset, None).map(Offer::name);
    assert_eq!(name("anthropic/claude-sonnet-4-5", "vertex-anthropic"), Some("claude-sonnet-4-5@20250929"));
    assert_eq!(name("anthropic/claude-sonnet-4-5", "anthropic"), Some("claude-sonnet-4-5"));
    assert_eq!(name("anthropic/claude-sonnet-4", "anthropic"), Some("claude-sonnet-4-20250514"));
    assert_eq!(name("mistral/mistral-large", "mistral"), Some("mistral-large-latest"));
    assert_eq!(name("anthropic/claude-sonnet-4-5", "openai"), None);
}

#[test]
fn names_of_several_providers_lead_to_one_model() {
    let models: Vec<&str> = natives("gpt-5").map(|offer| offer.entry().name()).collect();
    assert!(models.len() > 1 && models.iter().all(|name| *name == "openai/gpt-5"), "{models:?}");
}
