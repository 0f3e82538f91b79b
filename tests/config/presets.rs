//! The rows of the presets.

use super::{all_set, with};
use serde_json::json;
use std::collections::HashSet;
use tollgate::config::{Config, Credentials, PRESETS, Preset};

#[test]
fn each_is_whole() {
    let names: HashSet<_> = PRESETS.iter().map(|preset| preset.name).collect();
    assert_eq!((names.len(), PRESETS.len()), (27, 27));
    for preset in PRESETS {
        assert_eq!(Preset::find(preset.name), Some(preset));
        assert!(!preset.operations.is_empty() && !preset.otel_name.is_empty(), "{}", preset.name);
        assert!(!preset.base_url.ends_with('/'), "{}", preset.name);
    }
    assert_eq!(Preset::find("OpenAI"), None);
}

#[test]
fn each_loads_by_its_bare_name() {
    for preset in PRESETS.iter().filter(|preset| !preset.base_url.is_empty() && !preset.base_url.contains('{')) {
        let document = with(json!({"providers": [preset.name]}));
        let config = Config::load(document.to_string().as_bytes(), &all_set).unwrap();
        let provider = &config.providers[0];
        assert!(provider.enabled, "{}", preset.name);
        assert_eq!(provider.cluster, preset.name);
        let base = &provider.base;
        assert_eq!(format!("{}://{}{}", base.scheme, base.authority, base.path), preset.base_url);
        assert_eq!(matches!(provider.credentials, Credentials::None), preset.env.is_empty());
    }
}

#[test]
fn base_urls() {
    let cases = [
        (json!({"name": "azure", "base_url": "https://a.openai.azure.com/"}), "https a.openai.azure.com /openai/v1"),
        (json!({"name": "azure", "base_url": "https://a/openai/v1"}), "https a /openai/v1"),
        (
            json!({"name": "azure", "base_url": "https://a/apim/openai", "api_version": "2024-10-21"}),
            "https a /apim/openai",
        ),
        (json!({"name": "openai", "base_url": "HTTPS://a"}), ""),
        (json!({"name": "openai", "base_url": "http://LLM.internal:8080/v1/"}), "http llm.internal:8080 /v1"),
        (json!({"name": "openai", "base_url": "https://a:443"}), "https a "),
        (json!({"name": "openai", "base_url": "http://[::1]:8000/v1"}), "http [::1]:8000 /v1"),
        (json!({"name": "openai", "base_url": "http://[::1]"}), "http [::1] "),
        (json!({"name": "openai", "base_url": "http://a:0"}), ""),
        (json!({"name": "openai", "base_url": "http://a/../b"}), ""),
        (json!({"name": "openai", "base_url": "http:///v1"}), ""),
        (
            json!({"name": "vertex", "project": "p", "location": "europe-west4", "credentials": "envoy"}),
            "https europe-west4-aiplatform.googleapis.com /v1",
        ),
        (
            json!({"name": "vertex", "project": "p", "location": "global", "credentials": "envoy"}),
            "https aiplatform.googleapis.com /v1",
        ),
        (json!({"name": "bedrock", "region": "us-east-1"}), "https bedrock-runtime.us-east-1.amazonaws.com "),
    ];
    for (provider, expected) in cases {
        let document = with(json!({"providers": [provider]}));
        let found = match Config::load(document.to_string().as_bytes(), &all_set) {
            Ok(config) => {
                let base = &config.providers[0].base;
                format!("{} {} {}", base.scheme, base.authority, base.path)
            }
            Err(_) => String::new(),
        };
        assert_eq!(found, expected, "{provider}");
    }
}
