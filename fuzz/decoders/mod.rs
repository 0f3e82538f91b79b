//! Everything that reads bytes of others, as functions that take any bytes and panic where something does not hold.
//!
//! `cargo fuzz` runs each of them for as long as one likes (`fuzz_targets/`), `cargo test` runs all of them on their seeds and
//! on a few thousand changes of them (`tests/fuzz.rs`). Beyond "no panic": however the bytes are cut, the same comes out; a
//! stream is in order and ends once; what is written is JSON, or a stream that SDKs read to its end; no more is held than
//! is allowed.

pub mod answers;
pub mod bytes;
pub mod corpus;
pub mod mutate;
pub mod order;
pub mod outside;
pub mod passing;
#[path = "../../tests/config/encode.rs"]
pub mod protobuf;
pub mod requests;
pub mod responses;
pub mod streams;

use corpus::Source;
use mutate::Form;

/// One decoder.
#[derive(Debug)]
pub struct Target {
    /// Its name, and that of its file in `fuzz_targets/`.
    pub name: &'static str,
    /// The folder in `seeds/`; several share one.
    pub seeds: &'static str,
    /// What else its corpus is made of.
    pub source: Source,
    /// What its inputs look like.
    pub form: Form,
    /// Panics where something does not hold.
    pub check: fn(&[u8]),
}

const fn target(name: &'static str, seeds: &'static str, source: Source, form: Form, check: fn(&[u8])) -> Target {
    Target { name, seeds, source, form, check }
}

const OPENAI: &[&str] =
    &["openai", "azure", "deepseek", "groq", "mistral", "openrouter", "perplexity", "xai", "moonshotai"];
const ANTHROPIC: &[&str] = &["anthropic"];
const GEMINI: &[&str] = &["gemini", "vertex", "google", "google-vertex"];
const BEDROCK: &[&str] = &["bedrock", "amazon-bedrock"];
const RESPONSES: &[&str] = &["responses"];
const COHERE: &[&str] = &["cohere"];

/// All of them.
pub static TARGETS: [Target; 34] = [
    target("request_openai", "request", Source::Requests("chat-completions"), Form::Json, requests::openai),
    target("request_anthropic", "request", Source::Requests("chat-completions"), Form::Json, requests::anthropic),
    target("request_gemini", "request", Source::Requests("chat-completions"), Form::Json, requests::gemini),
    target("request_bedrock", "request", Source::Requests("chat-completions"), Form::Json, requests::bedrock),
    target("request_cohere", "request", Source::Requests("chat-completions"), Form::Json, requests::cohere),
    target("request_responses", "request", Source::Requests("chat-completions"), Form::Json, requests::responses),
    target("request_ai_sdk", "request_ai_sdk", Source::None, Form::Json, requests::ai_sdk),
    target("request_messages", "request_messages", Source::Requests("messages"), Form::Json, requests::messages),
    target(
        "request_of_responses",
        "request_of_responses",
        Source::Requests("responses"),
        Form::Json,
        responses::request,
    ),
    target("answer_openai", "answer_openai", Source::Answers(OPENAI), Form::Json, answers::openai),
    target("answer_anthropic", "answer_anthropic", Source::Answers(ANTHROPIC), Form::Json, answers::anthropic),
    target("answer_gemini", "answer_gemini", Source::Answers(GEMINI), Form::Json, answers::gemini),
    target("answer_bedrock", "answer_bedrock", Source::Answers(BEDROCK), Form::Json, answers::bedrock),
    target("answer_cohere", "answer_cohere", Source::Answers(COHERE), Form::Json, answers::cohere),
    target("answer_responses", "answer_responses", Source::Answers(RESPONSES), Form::Json, answers::responses),
    target("errors", "errors", Source::Errors, Form::Json, answers::errors),
    target("stream_openai", "stream_openai", Source::Streams(OPENAI), Form::Events, streams::openai),
    target("stream_anthropic", "stream_anthropic", Source::Streams(ANTHROPIC), Form::Events, streams::anthropic),
    target("stream_gemini", "stream_gemini", Source::Streams(GEMINI), Form::Events, streams::gemini),
    target("stream_bedrock", "stream_bedrock", Source::Frames, Form::Lines, streams::bedrock),
    target("stream_cohere", "stream_cohere", Source::Streams(COHERE), Form::Events, streams::cohere),
    target("stream_responses", "stream_responses", Source::Streams(RESPONSES), Form::Events, streams::responses),
    target("frames", "frames", Source::Streams(BEDROCK), Form::Bytes, streams::frames),
    target("embeds", "embeds", Source::Requests("embeddings"), Form::Json, requests::embeds),
    target("embedded", "embedded", Source::Embedded, Form::Json, requests::embedded),
    target("asks", "request", Source::Requests(""), Form::Json, passing::asks),
    target("forms", "forms", Source::None, Form::Bytes, passing::forms),
    target("passing_streams", "stream_openai", Source::Streams(OPENAI), Form::Events, passing::streams),
    target("passing_answers", "answer_openai", Source::Answers(OPENAI), Form::Json, passing::answers),
    target("events", "stream_openai", Source::None, Form::Bytes, passing::events),
    target("documents", "documents", Source::None, Form::Json, outside::documents),
    target("structs", "documents", Source::Structs, Form::Bytes, outside::structs),
    target("heads", "heads", Source::None, Form::Bytes, outside::heads),
    target("texts", "texts", Source::None, Form::Bytes, passing::texts),
];

/// The decoder of that name.
pub fn of_name(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target {name}"))
}
