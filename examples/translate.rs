//! What an OpenAI client gets for a provider's answer, translated as the filter does it:
//!
//! ```sh
//! cargo run --example translate -- PRESET PROVIDER MODEL SEED CREATED stream|whole REQUEST.json BODY
//! ```
//!
//! Prints the body, and the tokens as JSON to stderr. Ends with 3 where there is no answer but an error. The tests lay
//! it beside what comes through Envoy.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a tool for tests")]

use std::env::args;
use std::fs::read;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;
use tollgate::chat::Ids;
use tollgate::config::Preset;
use tollgate::dialect::heard::Voice;
use tollgate::dialect::translation::{Beginning, Translation, Wanted};
use tollgate::dialect::{Client, Facts};
use tollgate::operation::Operation;

fn main() -> ExitCode {
    let given: Vec<String> = args().skip(1).collect();
    let [preset, provider, model, seed, created, kind, request, body] = given.as_slice() else {
        return ExitCode::from(2);
    };
    let preset = Preset::find(preset).unwrap();
    let stream = kind == "stream";
    let voice = Voice { client: Client::OpenAi, operation: Operation::ChatCompletions, model: model.clone(), stream };
    let wanted = Wanted::read(&voice, &read(request).unwrap()).unwrap();
    let facts = Facts { vendor: preset.name, provider, model, ..Facts::default() };
    let ids =
        Ids { seed: seed.clone(), created: created.parse().unwrap(), model: model.clone(), provider: provider.clone() };
    let (_, mut translation) = Translation::begin(voice, preset.dialect, wanted, &facts, ids);
    let body = read(body).unwrap();
    let answer = if stream {
        translation.open_stream();
        translation.read(&body, true, &|_| None);
        let is_error = matches!(translation.beginning(), Beginning::Error(_));
        (!is_error).then(|| translation.written())
    } else {
        translation.answer(&body, None, &|_| None).ok()
    };
    let usage = &translation.learnt().usage;
    let tokens = serde_json::json!({
        "input": usage.input, "output": usage.output, "cache_read": usage.cache_read,
        "cache_write": usage.cache_write, "reasoning": usage.reasoning,
    });
    stderr().write_all(tokens.to_string().as_bytes()).unwrap();
    match answer {
        Some(answer) => {
            stdout().write_all(&answer).unwrap();
            ExitCode::SUCCESS
        }
        None => ExitCode::from(3),
    }
}
