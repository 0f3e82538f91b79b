//! What a client gets for a provider's answer, translated as the filter does it. A job per line of stdin, an outcome per
//! line of stdout, both JSON:
//!
//! ```text
//! {"client": "responses", "preset": "google", "model": "gemini-2.5-pro", "asked": "acme/m", "seed": "01J", "created": 1,
//!  "stream": true, "request": {"model": "acme/m", "input": "Hi"}, "body": "path/of/the/answer"}
//! {"body": "event: ...", "tokens": {"input": 10, ...}}
//! ```
//!
//! `client`: `chat`, `responses`, `messages`, `ai2`, `ai3` or `ai4`. `gateway`: what the gateway says of itself, as a text;
//! `responses`: the provider was asked in that dialect. The outcome's `body` is null where there is no answer but an error.
//! The tests lay it beside what comes through Envoy.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a tool for tests")]

use serde_json::{Value, json};
use std::io::{Write, stdin, stdout};
use tollgate::chat::{Ids, Raw};
use tollgate::config::{Dialect, Preset};
use tollgate::dialect::heard::Voice;
use tollgate::dialect::translation::{Beginning, Translation, Wanted};
use tollgate::dialect::{Client, Facts, Spec};
use tollgate::operation::Operation;

fn main() {
    let mut out = stdout().lock();
    for line in stdin().lines() {
        let outcome = translated(&serde_json::from_str(&line.unwrap()).unwrap());
        writeln!(out, "{outcome}").unwrap();
    }
}

fn client(word: &str) -> (Client, Operation) {
    match word {
        "chat" => (Client::OpenAi, Operation::ChatCompletions),
        "responses" => (Client::OpenAi, Operation::Responses),
        "messages" => (Client::Anthropic, Operation::Messages),
        "ai2" => (Client::AiSdk(Spec::V2), Operation::LanguageModel),
        "ai3" => (Client::AiSdk(Spec::V3), Operation::LanguageModel),
        _ => (Client::AiSdk(Spec::V4), Operation::LanguageModel),
    }
}

fn translated(job: &Value) -> Value {
    let word = |name: &str| job[name].as_str().unwrap().to_owned();
    let (preset, model, stream) = (word("preset"), word("model"), job["stream"] == true);
    let preset = Preset::find(&preset).unwrap();
    let (client, operation) = client(&word("client"));
    let voice = Voice { client, operation, model: word("asked"), stream };
    let wanted = Wanted::read(&voice, job["request"].to_string().as_bytes()).unwrap();
    let facts = Facts { vendor: preset.name, provider: preset.name, model: &model, ..Facts::default() };
    let created = job["created"].as_u64().unwrap();
    let ids = Ids { seed: word("seed"), created, model: model.clone(), provider: preset.name.to_owned() };
    // Whose reasoning chat completions do not tell is asked in this way, see `dialect::way`.
    let dialect = if job["responses"] == true { Dialect::Responses } else { preset.dialect };
    let (_, mut translation) = Translation::begin(voice, dialect, wanted, &facts, ids);
    let body = std::fs::read(word("body")).unwrap();
    let gateway = |_: &_| job["gateway"].as_str().and_then(Raw::parse);
    let answer = if stream {
        translation.open_stream();
        translation.read(&body, true, &gateway);
        let is_error = matches!(translation.beginning(), Beginning::Error(_));
        (!is_error).then(|| translation.written())
    } else {
        translation.answer(&body, None, &gateway).ok()
    };
    let usage = &translation.learnt().usage;
    let tokens = json!({
        "input": usage.input, "output": usage.output, "cache_read": usage.cache_read,
        "cache_write": usage.cache_write, "reasoning": usage.reasoning,
    });
    json!({"body": answer.map(|answer| String::from_utf8(answer).unwrap()), "tokens": tokens})
}
