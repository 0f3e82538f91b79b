//! Usage as another project normalised it.

use serde_json::{Value, json};
use tollgate::dialect::openai::responses::decode_response;

use super::support::{folder, ids};

#[test]
fn goldens_agree_field_by_field() {
    let Some(folder) = folder() else { return };
    let text = std::fs::read(folder.join("usage-goldens/genai-prices-usages.json")).unwrap();
    let goldens: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let (mut tried, mut foreign) = (0, 0);
    for golden in &goldens {
        for extracted in golden["extracted"].as_array().unwrap() {
            let is_ours =
                |extractor: &Value| extractor["provider_id"] == "openai" && extractor["api_flavor"] == "responses";
            if !extracted["extractors"].as_array().unwrap().iter().any(is_ours) {
                continue;
            }
            let usage = &golden["body"]["usage"];
            // Anthropic's has the same totals, which mean something else.
            if usage["input_tokens_details"].is_null() {
                foreign += 1;
                continue;
            }
            tried += 1;
            let answer = json!({"status": "completed", "output": [], "usage": usage});
            let read = decode_response(&serde_json::to_vec(&answer).unwrap(), &ids()).unwrap().usage.unwrap();
            let found = [read.input, read.cache_read, read.cache_write, read.output];
            let names = ["input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens"];
            for (found, name) in found.into_iter().zip(names) {
                match extracted["usage"][name].as_u64() {
                    Some(expected) => assert_eq!(found, Some(expected), "{name}: {golden}"),
                    None => assert_eq!(found.unwrap_or(0), 0, "{name}: {golden}"),
                }
            }
            assert_eq!(read.reasoning, usage["output_tokens_details"]["reasoning_tokens"].as_u64(), "{golden}");
        }
    }
    println!("responses usages: tried {tried}, passed {tried}, excluded {foreign} of Anthropic's shape");
    assert!(tried >= 20, "{tried}");
}

#[test]
fn rule_20_xais_ticks_are_its_price() {
    let usage = json!({"input_tokens": 358, "output_tokens": 389, "cost_in_usd_ticks": 12_856_000});
    let answer = json!({"status": "completed", "output": [], "usage": usage, "service_tier": "default"});
    let read = decode_response(&serde_json::to_vec(&answer).unwrap(), &ids()).unwrap().usage.unwrap();
    assert_eq!((read.cost, read.tier.as_deref()), (Some(1_285_600_000), Some("default")));
}
