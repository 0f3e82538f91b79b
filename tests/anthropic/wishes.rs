//! How the model is to think, draw and answer, and what is about the account.

use serde_json::{Value, json};
use tollgate::chat::{Ext, Owner, Raw};

use super::features::{BUDGET, OLD, goes, of_messages, refused, tool, with};
use super::strict::{Params, facts, on_vertex, sent};

const BOTH: &str = "claude-opus-4-6";
const NEW: &str = "claude-opus-5";
const ALWAYS: &str = "claude-fable-5";

#[test]
fn thinking() {
    let effort = |word: &str| with(json!({"reasoning_effort": word, "max_tokens": 20000}));
    let budget = |tokens: u32| json!({"type": "enabled", "budget_tokens": tokens});
    let adaptive = json!({"type": "adaptive", "display": "summarized"});
    let of = |thinking: &Value, word: Value| [("/thinking", thinking.clone()), ("/output_config/effort", word)];
    goes("effort", &effort("medium"), BUDGET, &of(&budget(8192), Value::Null), &[]);
    goes("effort", &effort("minimal"), BUDGET, &of(&budget(1024), Value::Null), &[]);
    goes("a budget below max_tokens", &effort("max"), BUDGET, &of(&budget(15000), Value::Null), &[]);
    for model in [BOTH, NEW, ALWAYS] {
        goes("effort", &effort("low"), model, &of(&adaptive, json!("low")), &[]);
        goes("effort", &effort("minimal"), model, &of(&adaptive, json!("low")), &[]);
    }
    goes("xhigh", &effort("xhigh"), NEW, &of(&adaptive, json!("xhigh")), &[]);
    goes("xhigh where it is a 400", &effort("xhigh"), BOTH, &of(&adaptive, json!("high")), &["reasoning"]);
    goes("a model that does not think", &effort("high"), OLD, &of(&Value::Null, Value::Null), &["reasoning"]);
    goes("none", &effort("none"), BUDGET, &of(&Value::Null, Value::Null), &[]);
    goes("none", &effort("none"), NEW, &of(&json!({"type": "disabled"}), Value::Null), &[]);
    goes("none where that is a 400", &effort("none"), ALWAYS, &of(&Value::Null, json!("low")), &["reasoning"]);
    let asked_budget = |tokens: u32| with(json!({"thinking": budget(tokens), "max_tokens": 4000}));
    goes("a budget", &asked_budget(2000), BUDGET, &of(&budget(2000), Value::Null), &[]);
    goes("too large a budget", &asked_budget(9000), BUDGET, &of(&budget(3000), Value::Null), &["reasoning"]);
    goes("a budget where there are none", &asked_budget(2000), NEW, &of(&adaptive, json!("low")), &[]);
    let small = with(json!({"reasoning_effort": "low", "max_tokens": 1000}));
    goes("no room to think", &small, BUDGET, &of(&Value::Null, Value::Null), &["reasoning"]);
    let hidden = with(json!({"reasoning": {"effort": "high", "exclude": true}}));
    goes("not shown", &hidden, NEW, &of(&json!({"type": "adaptive", "display": "omitted"}), json!("high")), &[]);
    let forced = json!({"reasoning_effort": "high", "tools": [tool("f")], "tool_choice": "required"});
    goes("trap 13: a forced call", &with(forced), BUDGET, &of(&Value::Null, Value::Null), &["reasoning"]);
}

#[test]
fn sampling_and_lengths() {
    let sampled = with(json!({"temperature": 1.7, "top_p": 0.9, "top_k": 5, "stop": ["a", " "]}));
    let places = |temperature: Value, top_p: Value, top_k: Value| {
        [("/temperature", temperature), ("/top_p", top_p), ("/top_k", top_k), ("/stop_sequences", json!(["a"]))]
    };
    goes("sampling", &sampled, OLD, &places(json!(1.0), json!(0.9), json!(5)), &["temperature", "stop"]);
    goes("one of two", &sampled, BUDGET, &places(json!(1.0), Value::Null, json!(5)), &["temperature", "top_p", "stop"]);
    goes(
        "nothing to draw",
        &sampled,
        NEW,
        &places(Value::Null, Value::Null, Value::Null),
        &["temperature", "top_p", "top_k", "stop"],
    );
    let thinking = with(json!({"temperature": 0.5, "reasoning_effort": "low"}));
    goes("thinking draws as it likes", &thinking, BUDGET, &[("/temperature", Value::Null)], &["temperature"]);
    goes("a usual temperature", &with(json!({"temperature": 1})), NEW, &[("/temperature", Value::Null)], &[]);
    let lost = with(
        json!({"frequency_penalty": 1, "presence_penalty": 1, "seed": 1, "logit_bias": {"1": 1}, "prompt_cache_key": "k", "store": true, "metadata": {"a": "b"}}),
    );
    goes(
        "what is not there",
        &lost,
        BUDGET,
        &[],
        &["frequency_penalty", "presence_penalty", "seed", "logit_bias", "metadata", "prompt_cache_key", "store"],
    );
    for (model, most) in
        [("claude-3-haiku-20240307", 4096), (OLD, 8192), ("claude-opus-4-1", 32_000), (BUDGET, 64_000), (NEW, 128_000)]
    {
        goes("trap 12: max_tokens", &with(json!({})), model, &[("/max_tokens", json!(most))], &[]);
    }
    let facts = tollgate::dialect::Facts { max_output: Some(5000), ..facts(BUDGET) };
    for (asked, expected, dropped) in [
        (json!({}), 5000, 0),
        (json!({"max_tokens": 9000}), 5000, 1),
        (json!({"max_completion_tokens": 7, "max_tokens": 9}), 7, 0),
    ] {
        let (encoded, body) = sent(&with(asked), &facts).unwrap();
        assert_eq!((&body["max_tokens"], encoded.dropped.fields().len()), (&json!(expected), dropped));
    }
    refused("several answers", &with(json!({"n": 2})), "n");
    refused("logprobs", &with(json!({"logprobs": true})), "logprobs");
    refused("sound out", &with(json!({"modalities": ["text", "audio"]})), "modalities");
    refused("a stored answer", &with(json!({"previous_response_id": "r"})), "previous_response_id");
}

#[test]
fn answers_in_json() {
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 0}}, "required": ["n"]});
    let format = json!({"type": "json_schema", "json_schema": {"name": "s", "schema": schema, "strict": true}});
    let request = with(json!({"response_format": format}));
    let kept = json!({"type": "json_schema", "schema": {"type": "object", "additionalProperties": false, "required": ["n"],
        "properties": {"n": {"type": "integer", "description": "{minimum: 0}"}}}});
    goes(
        "a schema",
        &request,
        BUDGET,
        &[("/output_config/format", kept), ("/tools", Value::Null)],
        &["response_format.json_schema.schema"],
    );
    let answer = [
        ("/tools/0/name", json!("tollgate_json_answer")),
        ("/tools/0/input_schema", schema),
        ("/tool_choice/name", json!("tollgate_json_answer")),
    ];
    goes("a schema for an old model", &request, OLD, &answer, &[]);
    let any = with(json!({"response_format": {"type": "json_object"}}));
    goes(
        "any JSON",
        &any,
        BUDGET,
        &[("/tools/0/input_schema", json!({"type": "object"})), ("/tool_choice/type", json!("tool"))],
        &[],
    );
    goes(
        "any JSON where nothing is forced",
        &any,
        ALWAYS,
        &[("/tool_choice/type", json!("auto"))],
        &["response_format"],
    );
    let beside = with(json!({"response_format": {"type": "json_object"}, "tools": [tool("f")]}));
    goes(
        "any JSON, or a call",
        &beside,
        BUDGET,
        &[("/tools/1/name", json!("tollgate_json_answer")), ("/tool_choice/type", json!("any"))],
        &[],
    );
    let called =
        with(json!({"response_format": {"type": "json_object"}, "tools": [tool("f")], "tool_choice": "required"}));
    goes("a call first", &called, BUDGET, &[("/tools/1", Value::Null), ("/tool_choice/type", json!("any"))], &[]);
}

#[test]
fn hints() {
    let hint = json!({"type": "ephemeral"});
    let hour = json!({"type": "ephemeral", "ttl": "1h"});
    let text = |text: &str| json!({"type": "text", "text": text, "cache_control": hour});
    let mut f = tool("f");
    f["cache_control"] = hint.clone();
    let messages = json!([{"role": "system", "content": [text("s")]}, {"role": "user", "content": [text("u")]}]);
    let request = with(json!({"messages": messages, "tools": [f]}));
    goes(
        "cache hints",
        &request,
        BUDGET,
        &[
            ("/tools/0/cache_control", hint.clone()),
            ("/system/0/cache_control", hour.clone()),
            ("/messages/0/content/0/cache_control", hour.clone()),
        ],
        &[],
    );
    let many = json!([{"role": "system", "content": [text("s")]}, {"role": "user", "content": [text("1"), text("2"), text("3"), text("4")]}]);
    goes(
        "more hints than four",
        &of_messages(many),
        BUDGET,
        &[("/system/0/cache_control", Value::Null), ("/messages/0/content/0/cache_control", hour.clone())],
        &["cache_control"],
    );
    let whole = with(json!({"cache_control": hint}));
    let (_, body) = sent(&whole, &facts(BUDGET)).unwrap();
    assert_eq!((&body["cache_control"], &body["messages"][0]["content"][0]["cache_control"]), (&hint, &Value::Null));
    let (_, body) = sent(&whole, &on_vertex(BUDGET)).unwrap();
    assert_eq!((&body["cache_control"], &body["messages"][0]["content"][0]["cache_control"]), (&Value::Null, &hint));
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let result = json!({"role": "tool", "tool_call_id": "c", "content": [text("r")], "cache_control": hint});
    let history =
        of_messages(json!([{"role": "user", "content": "go"}, {"role": "assistant", "tool_calls": [call]}, result]));
    goes("a hint at a result", &history, BUDGET, &[("/messages/2/content/0/cache_control", hint)], &[]);
}

#[test]
fn paths_headers_and_accounts() {
    let stream = with(json!({"stream": true, "user": "u1", "service_tier": "default"}));
    let (encoded, body) = sent(&stream, &facts(BUDGET)).unwrap();
    assert_eq!(
        (&*encoded.path, &encoded.headers[..]),
        ("/v1/messages", &[("anthropic-version", "2023-06-01".to_owned())][..])
    );
    assert_eq!(
        (&body["stream"], &body["metadata"], &body["service_tier"]),
        (&json!(true), &json!({"user_id": "u1"}), &json!("standard_only"))
    );
    let (encoded, body) = sent(&stream, &on_vertex("claude-sonnet-4-5@20250929")).unwrap();
    let path = "/v1/projects/my-project/locations/europe-west1/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict";
    assert_eq!((&*encoded.path, &encoded.headers[..]), (path, &[][..]));
    assert_eq!((&body["model"], encoded.dropped.fields()), (&Value::Null, &["service_tier".into()][..]));
    let (encoded, _) = sent(&with(json!({})), &on_vertex("a/../b?c")).unwrap();
    assert!(encoded.path.ends_with("/models/a%2F..%2Fb%3Fc:rawPredict"), "{}", encoded.path);
    goes(
        "a tier that is not there",
        &with(json!({"service_tier": "flex"})),
        BUDGET,
        &[("/service_tier", Value::Null)],
        &["service_tier"],
    );
}

#[test]
fn options_of_its_own() {
    let mut request = with(json!({"reasoning_effort": "high"}));
    for (owner, key, value) in [
        (Owner::Anthropic, "inference_geo", r#""eu""#),
        (Owner::Anthropic, "thinking", r#"{"type":"disabled"}"#),
        (Owner::Anthropic, "betas", r#"["some-beta-2026-01-01","bad\nname"]"#),
        (Owner::Anthropic, "model", r#""another""#),
        (Owner::Anthropic, "max_tokens", "1"),
        (Owner::Google, "safetySettings", "[]"),
    ] {
        let value = Raw::parse(value).unwrap();
        request.ext.push(Ext { owner, key: key.into(), value, required: false });
    }
    let (encoded, body) = sent(&request, &facts(BUDGET)).unwrap();
    let faults = Params::read().map(|params| params.faults(&encoded.body, false));
    assert!(faults.is_none_or(|faults| faults.is_empty()));
    assert_eq!(
        (&body["inference_geo"], &body["thinking"]["type"], &body["model"]),
        (&json!("eu"), &json!("disabled"), &json!(BUDGET))
    );
    assert_eq!(body["max_tokens"], 64_000);
    assert_eq!(encoded.headers[1], ("anthropic-beta", "some-beta-2026-01-01".to_owned()));
    assert_eq!(encoded.dropped.fields(), ["safetySettings"]);
}

/// What is made of a model's name agrees with a catalogue.
#[test]
fn models_are_told_apart_as_a_catalogue_does() {
    let Some(folder) = super::support::folder() else { return };
    let catalogue = std::fs::read(folder.join("prices/models.dev.subset.json")).unwrap();
    let catalogue: Value = serde_json::from_slice(&catalogue).unwrap();
    let request = with(json!({"reasoning_effort": "xhigh", "temperature": 0.5}));
    let cold = with(json!({"temperature": 0.5}));
    let mut tried = 0;
    for provider in ["anthropic", "google-vertex-anthropic"] {
        for (name, model) in catalogue[provider]["models"].as_object().unwrap() {
            tried += 1;
            let (_, body) = sent(&request, &facts(name)).unwrap();
            let options = model["reasoning_options"].as_array().cloned().unwrap_or_default();
            let of = |kind: &str| options.iter().find(|option| option["type"] == kind);
            let has = |word: &str| {
                of("effort").is_some_and(|effort| effort["values"].as_array().unwrap().contains(&json!(word)))
            };
            match body["thinking"]["type"].as_str() {
                None => assert!(options.is_empty(), "{name}"),
                Some("enabled") => assert!(of("budget_tokens").is_some(), "{name}"),
                Some(_) => {
                    let effort = body["output_config"]["effort"].as_str().unwrap();
                    assert!(has(effort) && has("xhigh") == (effort == "xhigh"), "{name}: {effort}");
                }
            }
            assert!(body["max_tokens"].as_u64() <= model["limit"]["output"].as_u64(), "{name}");
            let (_, body) = sent(&cold, &facts(name)).unwrap();
            assert_eq!(body["temperature"].is_number(), model["temperature"].as_bool().unwrap(), "{name}");
        }
    }
    assert!(tried >= 35, "{tried}");
}
