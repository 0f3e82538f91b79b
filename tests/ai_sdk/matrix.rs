//! Every feature of every spec at every provider dialect: written, or refused by its name.

use serde_json::{Value, json};
use tollgate::config::{Dialect, PRESETS};
use tollgate::dialect::ai_sdk::decode_request;
use tollgate::dialect::{Facts, Spec, spoken};

use super::recorded::SPECS;
use super::requests::{user, with};

const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

const TARGETS: [(&str, Option<Dialect>, &str); 8] = [
    ("openai", None, "gpt-5"),
    ("openai", Some(Dialect::Responses), "gpt-5"),
    ("anthropic", None, "claude-sonnet-4-5"),
    ("google", None, "gemini-2.5-pro"),
    ("vertex", None, "gemini-3-pro"),
    ("vertex-anthropic", None, "claude-sonnet-4-5"),
    ("bedrock", None, "anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("cohere", None, "command-a-03-2025"),
];

/// A file in the form of a spec.
fn file(spec: Spec, mime: &str, data: &str) -> Value {
    let data = match (spec, data.contains("://")) {
        (Spec::V4, true) => json!({"type": "url", "url": data}),
        (Spec::V4, false) => json!({"type": "data", "data": data}),
        (_, true) => json!(data),
        (_, false) => json!(format!("data:{mime};base64,{data}")),
    };
    user(json!([{"type": "text", "text": "?"}, {"type": "file", "mediaType": mime, "data": data}]))
}

fn history(spec: Spec, output: Value) -> Value {
    let kind = if spec == Spec::V2 { "provider-defined" } else { "provider" };
    let tool = json!({"type": "function", "name": "look", "inputSchema": {"type": "object", "properties": {}}});
    assert!(!kind.is_empty());
    json!({"tools": [tool], "prompt": [{"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "content": [{"type": "tool-call", "toolCallId": "c_1", "toolName": "look", "input": {}}]},
        {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "c_1", "toolName": "look", "output": output}]}]})
}

fn features(spec: Spec) -> Vec<(&'static str, Value)> {
    let tool = json!({"type": "function", "name": "look", "inputSchema": {"type": "object", "properties": {}}});
    let kind = if spec == Spec::V2 { "provider-defined" } else { "provider" };
    let own = |id: &str| with(json!({"tools": [{"type": kind, "id": id, "name": "mine", "args": {}}]}));
    let image = match spec {
        Spec::V2 => json!({"type": "media", "data": PIXEL, "mediaType": "image/png"}),
        Spec::V3 => json!({"type": "image-data", "data": PIXEL, "mediaType": "image/png"}),
        Spec::V4 => json!({"type": "file", "data": {"type": "data", "data": PIXEL}, "mediaType": "image/png"}),
    };
    vec![
        ("text", with(json!({}))),
        (
            "system",
            json!({"prompt": [{"role": "system", "content": "be"}, {"role": "user", "content": [{"type": "text", "text": "hi"}]}]}),
        ),
        ("image", file(spec, "image/png", PIXEL)),
        ("image url", file(spec, "image/png", "https://example.com/a.png")),
        ("pdf", file(spec, "application/pdf", "JVBERi0=")),
        ("pdf url", file(spec, "application/pdf", "https://example.com/a.pdf")),
        ("sound", file(spec, "audio/wav", "UklGRg==")),
        ("film", file(spec, "video/mp4", "AAAA")),
        ("text file", file(spec, "text/plain", "aGk=")),
        ("tool", with(json!({"tools": [tool], "toolChoice": {"type": "required"}}))),
        ("results", history(spec, json!({"type": "json", "value": {"a": 1}}))),
        ("failed results", history(spec, json!({"type": "error-text", "value": "no"}))),
        ("results with images", history(spec, json!({"type": "content", "value": [image]}))),
        ("schema", with(json!({"responseFormat": {"type": "json", "schema": {"type": "object", "properties": {}}}}))),
        ("json", with(json!({"responseFormat": {"type": "json"}}))),
        (
            "sampling",
            with(
                json!({"temperature": 0.5, "topP": 0.9, "topK": 3, "seed": 7, "presencePenalty": 0.1, "frequencyPenalty": 0.1}),
            ),
        ),
        ("stop", with(json!({"stopSequences": ["END"], "maxOutputTokens": 100}))),
        ("reasoning", with(json!({"reasoning": "high"}))),
        ("raw", with(json!({"includeRawChunks": true}))),
        ("anthropic.web_search_20250305", own("anthropic.web_search_20250305")),
        ("openai.web_search", own("openai.web_search")),
        ("google.google_search", own("google.google_search")),
        (
            "options of all",
            with(json!({"providerOptions": {
            "openai": {"reasoningEffort": "low", "store": false}, "anthropic": {"thinking": {"type": "enabled", "budgetTokens": 2048}},
            "google": {"thinkingConfig": {"thinkingBudget": 5}}, "bedrock": {"reasoningConfig": {"type": "enabled", "budgetTokens": 2048}},
            "cohere": {"thinking": {"type": "enabled", "tokenBudget": 100}}, "gateway": {"caching": "auto"}}})),
        ),
    ]
}

/// What targets refuse, by their place in the list; all else is written.
fn refused(feature: &str) -> (&'static [usize], &'static str) {
    match feature {
        "image url" => (&[5, 6], "messages.content.image_url"),
        "pdf url" => (&[0, 5, 6, 7], "messages.content.file"),
        "pdf" => (&[7], "messages.content.file"),
        "sound" => (&[1, 2, 5, 6, 7], "messages.content.input_audio"),
        "film" => (&[0, 1, 2, 5, 7], "messages.content.video_url"),
        "stop" => (&[1], "stop"),
        "anthropic.web_search_20250305" => (&[0, 1, 3, 4, 6, 7], "tools"),
        "openai.web_search" => (&[0, 2, 3, 4, 5, 6, 7], "tools"),
        "google.google_search" => (&[0, 1, 2, 5, 6, 7], "tools"),
        _ => (&[], ""),
    }
}

#[test]
fn every_feature_is_written_or_refused_by_its_name() {
    let (mut written, mut refusals) = (0, 0);
    for spec in SPECS {
        for (feature, body) in features(spec) {
            let request = decode_request(spec, body.to_string().as_bytes(), "a/b", true).unwrap();
            let (who, field) = refused(feature);
            for (place, (vendor, dialect, model)) in TARGETS.iter().enumerate() {
                let preset = PRESETS.iter().find(|preset| preset.name == *vendor).unwrap();
                let project = preset.base_url.contains("{location}").then_some("p");
                let facts = Facts { vendor, provider: "p", model, project, location: project, ..Facts::default() };
                let dialect = dialect.unwrap_or(preset.dialect);
                let able = spoken::can_express(dialect, &request, &facts);
                let refusal = able.as_ref().err().map(|unable| &*unable.field);
                assert_eq!(
                    refusal,
                    who.contains(&place).then_some(field),
                    "{feature} {spec:?} at {vendor} {dialect:?}"
                );
                if able.is_ok() {
                    let encoded = spoken::encode_request(dialect, &request, &facts);
                    assert!(serde_json::from_slice::<Value>(&encoded.body).unwrap().is_object());
                    written += 1;
                } else {
                    refusals += 1;
                }
            }
        }
    }
    println!("written {written}, refused {refusals}");
}

/// What is said of thinking to one provider stays there.
#[test]
fn options_of_one_provider_are_never_translated_for_another() {
    let (_, body) = features(Spec::V4).pop().unwrap();
    let request = decode_request(Spec::V4, body.to_string().as_bytes(), "a/b", false).unwrap();
    let encoded = |dialect, vendor, model| {
        let facts = Facts { vendor, provider: "p", model, ..Facts::default() };
        serde_json::from_slice::<Value>(&spoken::encode_request(dialect, &request, &facts).body).unwrap()
    };
    assert_eq!(encoded(Dialect::OpenAi, "openai", "gpt-5")["reasoning_effort"], "low");
    assert_eq!(encoded(Dialect::Responses, "openai", "gpt-5")["reasoning"], json!({"effort": "low"}));
    let anthropic = encoded(Dialect::Anthropic, "anthropic", "claude-sonnet-4-5");
    assert_eq!(anthropic["thinking"], json!({"type": "enabled", "budget_tokens": 2048}));
    let gemini = encoded(Dialect::Gemini, "google", "gemini-2.5-pro");
    assert_eq!(gemini["generationConfig"], json!({"thinkingConfig": {"thinkingBudget": 5}}));
    let cohere = encoded(Dialect::Cohere, "cohere", "command-a-03-2025");
    assert_eq!(cohere["thinking"], json!({"type": "enabled", "token_budget": 100}));
}

/// A second `model` in the body would be one that nobody has allowed; providers read the last of two.
#[test]
fn options_of_a_provider_say_nothing_a_second_time() {
    let own = json!({"model": "o3-pro", "messages": [], "input": "x", "stream": true, "stop": ["b"], "contents": [],
        "system": "x", "max_tokens": 9, "tools": [], "fine": 1});
    let names = ["openai", "azure", "groq", "anthropic", "google", "vertex", "bedrock", "cohere"];
    let options: Value = names.map(|name| (name.to_owned(), own.clone())).into_iter().collect();
    let mut body = user(json!([{"type": "text", "text": "hi"}]));
    for (name, value) in [("stopSequences", json!(["a"])), ("maxOutputTokens", json!(7)), ("providerOptions", options)]
    {
        body[name] = value;
    }
    for spec in SPECS {
        let request = decode_request(spec, body.to_string().as_bytes(), "a/b", false).unwrap();
        for (vendor, dialect, model) in TARGETS {
            let dialect = dialect.unwrap_or_else(|| PRESETS.iter().find(|row| row.name == vendor).unwrap().dialect);
            let facts = Facts { vendor, provider: "p", model, base_path: "/v1", ..Facts::default() };
            let encoded = spoken::encode_request(dialect, &request, &facts);
            let text = String::from_utf8(encoded.body).unwrap();
            let said = |name: &str| text.matches(&format!("\"{name}\":")).count();
            assert!(!text.contains("o3-pro") && !text.contains("\"stream\":true"), "{vendor}: {text}");
            for name in ["model", "messages", "stop", "contents", "max_tokens"] {
                assert!(said(name) < 2, "{vendor} {name}: {text}");
            }
        }
    }
}
