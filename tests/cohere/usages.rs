//! Usage as another project normalised it.

use serde_json::{Value, json};
use tollgate::dialect::cohere::{decode_embeddings, decode_response};

use super::support::{folder, ids};

#[test]
fn goldens_agree_field_by_field() {
    let Some(folder) = folder() else { return };
    let text = std::fs::read(folder.join("usage-goldens/genai-prices-usages.json")).unwrap();
    let goldens: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let (mut chat, mut embeddings, mut foreign) = (0, 0, 0);
    for golden in &goldens {
        for extracted in golden["extracted"].as_array().unwrap() {
            let flavours = extracted["extractors"].as_array().unwrap().iter();
            let flavours = flavours.filter(|extractor| extractor["provider_id"] == "cohere");
            for flavour in flavours.map(|extractor| extractor["api_flavor"].as_str().unwrap()) {
                let (body, expected) = (&golden["body"], &extracted["usage"]);
                let usage = match flavour {
                    // Of Hugging Face: there is no token in Cohere's place.
                    "tokens" if body["usage"].get("tokens").is_none() => {
                        foreign += 1;
                        assert_eq!(*expected, json!({}));
                        continue;
                    }
                    "tokens" => {
                        chat += 1;
                        let answer = json!({"message": {}, "finish_reason": "COMPLETE", "usage": body["usage"]});
                        decode_response(&serde_json::to_vec(&answer).unwrap(), &ids()).unwrap().usage.unwrap()
                    }
                    "embeddings" => {
                        embeddings += 1;
                        let answer = json!({"embeddings": {"float": [[1]]}, "meta": body["meta"]});
                        decode_embeddings(&serde_json::to_vec(&answer).unwrap()).unwrap().usage.unwrap()
                    }
                    // What is billed, which is less than what the model saw.
                    "default" => continue,
                    other => panic!("{other}"),
                };
                let found = [usage.input, usage.cache_read, usage.output, usage.reasoning, usage.cache_write];
                let names =
                    ["input_tokens", "cache_read_tokens", "output_tokens", "reasoning_tokens", "cache_write_tokens"];
                assert_eq!(found, names.map(|name| expected[name].as_u64()), "{golden}");
            }
        }
    }
    println!(
        "cohere usages: tried {}, passed {}, excluded {foreign} of another API",
        chat + embeddings,
        chat + embeddings
    );
    assert!(chat >= 9 && embeddings >= 3, "{chat} {embeddings}");
}
