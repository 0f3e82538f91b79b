//! Usage: recorded objects and what another project makes of them.

use serde_json::{Value, json};
use tollgate::dialect::anthropic::decode_response;
use tollgate::meter::Usage;

use super::support::{folder, ids};

fn read(usage: &Value) -> Usage {
    let body = json!({"content": [], "stop_reason": "end_turn", "usage": usage});
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
            let is_ours = |entry: &Value| entry["provider_id"] == "anthropic" && entry["api_flavor"] == "default";
            let given = &golden["body"]["usage"];
            // Others' objects that have the same names for their totals.
            let is_foreign = given.get("total_tokens").is_some() || given.get("input_tokens_details").is_some();
            if !extractors.iter().any(is_ours) || is_foreign {
                continue;
            }
            tried += 1;
            let (usage, expected) = (read(given), &extracted["usage"]);
            let searches = usage.server_tools.iter().find(|(name, _)| name == "web_search").map(|(_, count)| *count);
            for (name, ours, is_reported) in [
                ("input_tokens", usage.input, given.get("input_tokens").is_some()),
                ("output_tokens", usage.output, given.get("output_tokens").is_some()),
                ("cache_read_tokens", usage.cache_read, given.get("cache_read_input_tokens").is_some()),
                ("cache_write_tokens", usage.cache_write, given.get("cache_creation_input_tokens").is_some()),
                (
                    "cache_write_5m_tokens",
                    usage.cache_write_5m,
                    given.pointer("/cache_creation/ephemeral_5m_input_tokens").is_some(),
                ),
                (
                    "cache_write_1h_tokens",
                    usage.cache_write_1h,
                    given.pointer("/cache_creation/ephemeral_1h_input_tokens").is_some(),
                ),
                (
                    "output_reasoning_tokens",
                    usage.reasoning,
                    given.pointer("/output_tokens_details/thinking_tokens").is_some(),
                ),
                ("web_searches", searches, given.pointer("/server_tool_use/web_search_requests").is_some()),
            ] {
                // They leave zeros out; what is not reported is absent with us, and what is reported is there.
                assert_eq!(ours.unwrap_or(0), expected[name].as_u64().unwrap_or(0), "{name} of {given}");
                assert_eq!(ours.is_some(), is_reported, "{name} of {given}");
            }
            let tier = given["service_tier"].as_str();
            assert_eq!(usage.tier.as_deref(), tier, "{given}");
            passed += 1;
        }
    }
    println!("anthropic usage: tried {tried}, passed {passed}, excluded 0");
    assert!(tried >= 150, "{tried}");
}
