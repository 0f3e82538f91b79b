//! Usage: recorded objects and what another project makes of them.

use serde_json::{Value, json};
use tollgate::dialect::gemini::decode_response;
use tollgate::meter::Usage;

use super::support::{folder, ids};

fn read(body: &Value) -> Usage {
    let body = json!({"candidates": [{"finishReason": "STOP"}], "usageMetadata": body["usageMetadata"]});
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
            let is_ours = |entry: &Value| entry["provider_id"] == "google" && entry["api_flavor"] == "default";
            if !extracted["extractors"].as_array().unwrap().iter().any(is_ours) {
                continue;
            }
            tried += 1;
            let (given, expected) = (&golden["body"], &extracted["usage"]);
            let usage = read(given);
            for (name, ours) in [
                ("input_tokens", usage.input),
                // They leave zeros out.
                ("output_tokens", usage.output.filter(|count| *count > 0)),
                ("cache_read_tokens", usage.cache_read),
                ("output_reasoning_tokens", usage.reasoning),
                ("input_audio_tokens", usage.audio_in),
                ("output_image_tokens", usage.image_out),
                ("output_audio_tokens", usage.audio_out),
            ] {
                assert_eq!(ours, expected[name].as_u64(), "{name} of {given}");
            }
            let metadata = &given["usageMetadata"];
            let tier = metadata["serviceTier"].as_str().or(metadata["trafficType"].as_str());
            assert_eq!(usage.tier.as_deref(), tier, "{given}");
            passed += 1;
        }
    }
    println!("gemini usage: tried {tried}, passed {passed}, excluded 0");
    assert!(tried >= 300, "{tried}");
}

#[test]
fn rule_17_later_counts_replace_absent_ones_erase_nothing() {
    let chunk = |usage: Value| {
        format!(
            "data: {}\n\n",
            json!({"candidates": [{"content": {"parts": [{"text": "a"}]}}], "usageMetadata": usage})
        )
    };
    let body = [
        chunk(json!({"trafficType": "ON_DEMAND"})),
        chunk(json!({"promptTokenCount": 5, "toolUsePromptTokenCount": 100, "thoughtsTokenCount": 7})),
        chunk(json!({"promptTokenCount": 9, "candidatesTokenCount": 3, "trafficType": "ON_DEMAND"})),
        "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n".to_owned(),
    ]
    .concat();
    let response = tollgate::chat::gather(&super::recorded::decode(&[body.as_bytes()])).unwrap();
    let usage = response.usage.unwrap();
    assert_eq!((usage.input, usage.output, usage.reasoning), (Some(109), Some(10), Some(7)));
    assert_eq!(usage.tier.as_deref(), Some("ON_DEMAND"));
}
