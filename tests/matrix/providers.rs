//! What a client of chat completions can ask of whom.

use serde_json::{Value, json};
use tollgate::config::{Dialect, PRESETS, Preset};
use tollgate::dialect::{Facts, openai, spoken};

use super::PIXEL;

fn user(content: Value) -> Value {
    json!([{"role": "user", "content": content}])
}

/// What is asked, in a reader's words, and the members of the request that ask for it.
fn features() -> Vec<(&'static str, Value)> {
    let tool =
        json!({"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}});
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}});
    let history = json!([{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "done"}]);
    let url =
        |url: &str| user(json!([{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": url}}]));
    let pdf =
        json!({"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}});
    let sound = json!({"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}});
    let schema =
        json!({"name": "answer", "schema": {"type": "object", "properties": {}, "additionalProperties": false}});
    vec![
        (
            "text, system prompts, several turns",
            json!({"messages": [{"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}, {"role": "user", "content": "Go"}]}),
        ),
        ("streams", json!({"stream": true})),
        ("tools, parallel calls, their results", json!({"tools": [tool], "messages": history})),
        ("a tool must be called", json!({"tools": [tool], "tool_choice": "required"})),
        ("images, base64", json!({"messages": url(&format!("data:image/png;base64,{PIXEL}"))})),
        ("images by https URL", json!({"messages": url("https://example.com/a.png")})),
        ("PDF", json!({"messages": user(json!([{"type": "text", "text": "?"}, pdf]))})),
        ("sound as input", json!({"messages": user(json!([{"type": "text", "text": "?"}, sound]))})),
        ("JSON schema output", json!({"response_format": {"type": "json_schema", "json_schema": schema}})),
        ("JSON mode", json!({"response_format": {"type": "json_object"}})),
        ("thinking: `reasoning_effort`", json!({"reasoning_effort": "high"})),
        ("`stop`", json!({"stop": ["END"]})),
        ("`temperature`, `top_p`", json!({"temperature": 0.5, "top_p": 0.9})),
        ("`seed`", json!({"seed": 7})),
        ("`frequency_penalty`, `presence_penalty`", json!({"frequency_penalty": 0.1, "presence_penalty": 0.1})),
        ("`n` above 1", json!({"n": 2})),
        ("`logprobs`", json!({"logprobs": true})),
        ("`user`", json!({"user": "u-1"})),
        ("`logit_bias`", json!({"logit_bias": {"1": 5}})),
        (
            "prompt cache marks: `cache_control`",
            json!({"messages": user(json!([{"type": "text", "text": "Hi",
            "cache_control": {"type": "ephemeral"}}]))}),
        ),
    ]
}

/// The presets of the columns: one per dialect. Models that can do what their dialect can.
const COLUMNS: [(&str, &str); 7] = [
    ("openai", "gpt-5"),
    ("anthropic", "claude-sonnet-4-5"),
    ("google", "gemini-2.5-pro"),
    ("vertex", "gemini-2.5-pro"),
    ("vertex-anthropic", "claude-sonnet-4-5"),
    ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("cohere", "command-a-03-2025"),
];

fn cell(preset: &Preset, model: &str, asked: &Value) -> &'static str {
    if preset.dialect == Dialect::OpenAi {
        return "as it is";
    }
    let mut body = json!({"model": "acme/m", "messages": user(json!("Hi"))});
    for (name, value) in asked.as_object().unwrap() {
        body[name] = value.clone();
    }
    let request = openai::chat::decode_request(body.to_string().as_bytes()).unwrap();
    let place = preset.base_url.contains("{location}").then_some("somewhere");
    let facts =
        Facts { vendor: preset.name, provider: "p", model, project: place, location: place, ..Facts::default() };
    if spoken::can_express(preset.dialect, &request, &facts).is_err() {
        return "no";
    }
    let dropped = spoken::encode_request(preset.dialect, &request, &facts).dropped;
    if dropped.fields().is_empty() { "yes" } else { "dropped" }
}

pub fn table() -> String {
    let preset = |name: &str| PRESETS.iter().find(|preset| preset.name == name).unwrap();
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    let mut table = format!("| chat completions | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for (feature, asked) in features() {
        let cells: Vec<&str> = COLUMNS.iter().map(|(name, model)| cell(preset(name), model, &asked)).collect();
        table.push_str(&format!("| {feature} | {} |\n", cells.join(" | ")));
    }
    table
}
