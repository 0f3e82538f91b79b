use std::collections::BTreeMap;

use serde_json::Value;

use super::*;

fn read(usage: &str) -> Usage {
    serde_json::from_str::<Reported>(usage).unwrap().usage()
}

/// `[input, cache_read, cache_write, output, reasoning]`, -1 for absent.
fn counts(usage: &Usage) -> [i64; 5] {
    let Usage { input, cache_read, cache_write, output, reasoning, .. } = usage;
    [input, cache_read, cache_write, output, reasoning].map(|count| count.map_or(-1, |n| i64::try_from(n).unwrap()))
}

#[test]
fn every_provider_has_its_own_places() {
    for (name, usage, expected) in [
        (
            "openai chat",
            r#"{"prompt_tokens":1493,"completion_tokens":125,"total_tokens":1618,"prompt_tokens_details":{"cached_tokens":1280,
                "audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":64,"accepted_prediction_tokens":0}}"#,
            [1493, 1280, -1, 125, 64],
        ),
        ("openai embeddings", r#"{"prompt_tokens":8,"total_tokens":8}"#, [8, -1, -1, -1, -1]),
        (
            "openai responses",
            r#"{"input_tokens":8576,"input_tokens_details":{"cache_write_tokens":4418,"cached_tokens":0},"output_tokens":52,
                "output_tokens_details":{"reasoning_tokens":32},"total_tokens":8628}"#,
            [8576, 0, 4418, 52, 32],
        ),
        (
            "openai images",
            r#"{"input_tokens":50,"input_tokens_details":{"image_tokens":40,"text_tokens":10},"output_tokens":60,"total_tokens":110}"#,
            [50, -1, -1, 60, -1],
        ),
        (
            "openai transcription",
            r#"{"type":"tokens","input_tokens":14,"output_tokens":45,"total_tokens":59}"#,
            [14, -1, -1, 45, -1],
        ),
        ("openai transcription by time", r#"{"type":"duration","seconds":9}"#, [-1; 5]),
        (
            "deepseek",
            r#"{"prompt_tokens":400,"completion_tokens":4,"total_tokens":404,"prompt_cache_hit_tokens":384,"prompt_cache_miss_tokens":16}"#,
            [400, 384, -1, 4, -1],
        ),
        (
            "deepseek, both",
            r#"{"prompt_tokens":400,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":384},"prompt_cache_hit_tokens":384}"#,
            [400, 384, -1, 4, -1],
        ),
        (
            "mistral",
            r#"{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25,"num_cached_tokens":16,"prompt_tokens_details":null}"#,
            [20, 16, -1, 5, -1],
        ),
        ("moonshot", r#"{"prompt_tokens":20,"completion_tokens":5,"cached_tokens":7}"#, [20, 7, -1, 5, -1]),
        (
            "openrouter",
            r#"{"prompt_tokens":3214,"completion_tokens":100,"total_tokens":3314,"cost":0.01355025,"is_byok":false,
                "prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":3211},"cost_details":{"upstream_inference_cost":null}}"#,
            [3214, 0, 3211, 100, -1],
        ),
        (
            "groq",
            r#"{"queue_time":0.005,"prompt_tokens":339,"prompt_time":0.01,"completion_tokens":58,"total_tokens":397,
                "completion_tokens_details":{"reasoning_tokens":38}}"#,
            [339, -1, -1, 58, 38],
        ),
        (
            "perplexity",
            r#"{"prompt_tokens":14,"completion_tokens":900,"total_tokens":914,"search_context_size":"low","reasoning_tokens":300,
                "cost":{"total_cost":0.006}}"#,
            [14, -1, -1, 900, 300],
        ),
        (
            "xai chat: reasoning beside",
            r#"{"prompt_tokens":32,"completion_tokens":9,"total_tokens":141,"prompt_tokens_details":{"cached_tokens":5},
                "completion_tokens_details":{"reasoning_tokens":100}}"#,
            [32, 5, -1, 109, 100],
        ),
        (
            "xai chat: more answer than reasoning",
            r#"{"prompt_tokens":32,"completion_tokens":90,"total_tokens":132,"completion_tokens_details":{"reasoning_tokens":10}}"#,
            [32, -1, -1, 100, 10],
        ),
        (
            "more reasoning than output, no total",
            r#"{"prompt_tokens":32,"completion_tokens":9,"completion_tokens_details":{"reasoning_tokens":100}}"#,
            [32, -1, -1, 109, 100],
        ),
        (
            "a total that says nothing",
            r#"{"prompt_tokens":32,"completion_tokens":90,"total_tokens":999,"completion_tokens_details":{"reasoning_tokens":10}}"#,
            [32, -1, -1, 90, 10],
        ),
    ] {
        assert_eq!(counts(&read(usage)), expected, "{name}");
    }
}

#[test]
fn rule_20_costs_are_read_as_each_provider_reports_them() {
    for (name, told, expected) in [
        ("openrouter", r#""cost":0.01355025,"is_byok":false"#, Some(13_550_250_000)),
        ("openrouter: an exponent", r#""cost":9.78e-05"#, Some(97_800_000)),
        ("openrouter: a free model", r#""cost":0,"is_byok":false"#, Some(0)),
        (
            "openrouter: an account of the operator's own behind it",
            r#""cost":0.000001,"is_byok":true,"cost_details":{"upstream_inference_cost":0.0003253}"#,
            Some(326_300_000),
        ),
        (
            "openrouter: and its bill is not known",
            r#""cost":0,"is_byok":true,"cost_details":{"upstream_inference_cost":null}"#,
            None,
        ),
        (
            "openrouter: parts are not added",
            r#""cost":0.5,"is_byok":false,"cost_details":{"upstream_inference_cost":0.5}"#,
            Some(500_000_000_000),
        ),
        ("perplexity", r#""cost":{"input_tokens_cost":1e-05,"total_cost":0.00501}"#, Some(5_010_000_000)),
        ("perplexity: not yet", r#""cost":{"input_tokens_cost":0,"total_cost":0}"#, None),
        ("xai", r#""cost_in_usd_ticks":5583500"#, Some(558_350_000)),
        ("xai's models at azure", r#""cost_in_usd_ticks":0"#, None),
        ("too much", r#""cost_in_usd_ticks":18446744073709551615"#, None),
        ("no number", r#""cost":"0.1""#, None),
        ("nothing", r#""cost":null"#, None),
        ("less than nothing", r#""cost":-0.1"#, None),
        ("a list", r#""cost":[0.1]"#, None),
        ("no total", r#""cost":{}"#, None),
    ] {
        let usage = read(&format!(r#"{{"prompt_tokens":1,"completion_tokens":1,{told}}}"#));
        assert_eq!((usage.cost, usage.input), (expected, Some(1)), "{name}");
    }
}

#[test]
fn sound_and_images_are_parts() {
    let usage = read(
        r#"{"prompt_tokens":100,"completion_tokens":50,"prompt_tokens_details":{"audio_tokens":40,"image_tokens":9},
            "completion_tokens_details":{"audio_tokens":30,"image_tokens":7}}"#,
    );
    assert_eq!([usage.audio_in, usage.image_in, usage.audio_out, usage.image_out], [40, 9, 30, 7].map(Some));
}

#[test]
fn what_is_no_count_is_absent() {
    for value in [
        "-1",
        "1.5",
        "1e3",
        "7.0",
        "null",
        "\"7\"",
        "[7]",
        "{}",
        "true",
        "18446744073709551616",
        "1099511627777",
        "1e999",
    ] {
        let usage = format!(r#"{{"prompt_tokens":{value},"completion_tokens":3,"prompt_tokens_details":{value}}}"#);
        assert_eq!(counts(&read(&usage)), [-1, -1, -1, 3, -1], "{value}");
    }
    assert_eq!(counts(&read(r#"{"prompt_tokens":1099511627776,"completion_tokens":0}"#)), [1 << 40, -1, -1, 0, -1]);
    assert!(read("{}").is_empty());
}

/// Usage objects of real traffic, and what an independent project reads in them.
#[test]
fn independent_readings_agree() {
    let folder = std::env::var("TOLLGATE_RECORDINGS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/recordings").to_owned());
    let Ok(file) = std::fs::read(format!("{folder}/usage-goldens/genai-prices-usages.json")) else {
        assert!(std::env::var("CI").is_err(), "no recordings in {folder}");
        println!("skipped: no recordings in {folder}");
        return;
    };
    let entries: Vec<Value> = serde_json::from_slice(&file).unwrap();
    let mut checked = BTreeMap::<&str, usize>::new();
    for entry in &entries {
        for extracted in entry["extracted"].as_array().unwrap() {
            let is = |provider: &str, flavour: &str| {
                extracted["extractors"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|e| e["provider_id"] == provider && e["api_flavor"] == flavour)
            };
            let flavour = match () {
                () if is("openai", "chat") => "chat",
                // The same extractor is run over Anthropic's usage, whose cache stands beside the input.
                () if is("openai", "responses") && entry["body"]["usage"]["cache_read_input_tokens"].is_null() => {
                    "responses"
                }
                () => continue,
            };
            // They do not know Mistral's name for what was cached.
            if !entry["body"]["usage"]["num_cached_tokens"].is_null() {
                continue;
            }
            let usage = read(&entry["body"]["usage"].to_string());
            // They leave out what is zero.
            let theirs =
                ["input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "output_reasoning_tokens"]
                    .map(|name| extracted["usage"][name].as_i64().unwrap_or(0));
            assert_eq!(counts(&usage).map(|count| count.max(0)), theirs, "{entry}");
            *checked.entry(flavour).or_default() += 1;
        }
    }
    println!("usage objects read as others read them: {checked:?}");
    assert!(checked.values().sum::<usize>() > 200, "{checked:?}");
}
