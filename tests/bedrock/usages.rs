//! Usage: recorded objects and what another project makes of them.

use serde_json::{Value, json};
use tollgate::dialect::bedrock::decode_response;
use tollgate::meter::Usage;

use super::support::{folder, ids};

fn read(usage: &Value) -> Usage {
    let body = json!({"output": {"message": {"content": []}}, "stopReason": "end_turn", "usage": usage});
    decode_response(body.to_string().as_bytes(), &ids()).unwrap().usage.unwrap_or_default()
}

#[test]
fn recorded_usage_is_read_field_by_field() {
    let Some(folder) = folder() else { return };
    let text = std::fs::read(folder.join("usage-goldens/genai-prices-usages.json")).unwrap();
    let goldens: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let (mut tried, mut passed) = (0, 0);
    for golden in &goldens {
        for extracted in golden["extracted"].as_array().unwrap() {
            let extractors = extracted["extractors"].as_array().unwrap();
            let is_ours = |entry: &Value| entry["provider_id"] == "aws" && entry["api_flavor"] == "default";
            if !extractors.iter().any(is_ours) {
                continue;
            }
            tried += 1;
            let (given, expected) = (&golden["body"]["usage"], &extracted["usage"]);
            let usage = read(given);
            let kept = |ttl: &str| {
                let mut kept = given["cacheDetails"].as_array().into_iter().flatten();
                kept.find(|entry| entry["ttl"] == ttl).and_then(|entry| entry["inputTokens"].as_u64())
            };
            for (name, ours, is_reported) in [
                ("input_tokens", usage.input, given.get("inputTokens").is_some()),
                ("output_tokens", usage.output, given.get("outputTokens").is_some()),
                ("cache_read_tokens", usage.cache_read, given.get("cacheReadInputTokens").is_some()),
                ("cache_write_tokens", usage.cache_write, given.get("cacheWriteInputTokens").is_some()),
            ] {
                // They leave zeros out; what is not reported is absent with us, and what is reported is there.
                assert_eq!(ours.unwrap_or(0), expected[name].as_u64().unwrap_or(0), "{name} of {given}");
                assert_eq!(ours.is_some(), is_reported, "{name} of {given}");
            }
            assert_eq!((usage.cache_write_5m, usage.cache_write_1h), (kept("5m"), kept("1h")), "{given}");
            // Rule 18: the provider's total is checked, not copied.
            let total = usage.input.zip(usage.output).map(|(input, output)| input + output);
            assert_eq!(total, given["totalTokens"].as_u64(), "{given}");
            passed += 1;
        }
    }
    println!("bedrock usage: tried {tried}, passed {passed}, excluded 0");
    assert!(tried >= 150, "{tried}");
}
