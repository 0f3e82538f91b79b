//! What is beside conversations: other endpoints, options of routing, credentials of the caller's own.

use serde_json::{Value, json};
use tollgate::config::{Config, Dialect};
use tollgate::dialect::{Client, Facts, Spec, spoken};
use tollgate::exchange::{Admission, admit};
use tollgate::health::Memory;
use tollgate::http::{Headers, encode};
use tollgate::operation::Operation;
use tollgate::route::{Ask, AskReader, Named};

use super::clients::{Cell, Format, Row};
use super::requests::{messages, said};

pub const ROWS: &[Row] = &[
    ("routing by `providerOptions.gateway`", |format| Cell::Is(asked(format).options.only.is_some())),
    ("credentials of the caller's own", |format| Cell::Is(!asked(format).options.byok.is_empty())),
    ("embeddings", embeddings),
    ("counting of tokens", counting),
    ("list of models", |format| Cell::Is(lists(format))),
];

/// What routing reads of a request with options.
fn asked(format: &Format) -> Ask {
    let mut body = messages(format, json!([{"role": "user", "content": said(format, "Hi")}]));
    body["model"] = json!("acme/m");
    let byok = json!({"anthropic": [{"apiKey": "sk-own"}]});
    body["providerOptions"] = json!({"gateway": {"only": ["anthropic"], "byok": byok}});
    let mut reader = AskReader::new(format.client, format.operation, b"application/json").unwrap();
    if format.spec().is_some() {
        reader.named(Named { model: "acme/m".to_owned(), stream: false });
    }
    reader.feed(body.to_string().as_bytes()).unwrap();
    reader.finish("/any".to_owned(), None).unwrap()
}

/// Of the dialects that have embeddings; those of the AI SDK and of OpenAI have an endpoint for them.
fn embeddings(format: &Format) -> Cell {
    let (path, body) = match format.spec() {
        Some(_) => ("/embedding-model", json!({"values": ["Hi"]})),
        None => ("/embeddings", json!({"model": "acme/m", "input": "Hi"})),
    };
    let served = Operation::of_path(format.client, path).filter(|_| format.operation != Operation::Messages);
    let Some(operation) = served else { return Cell::Absent };
    let voice = tollgate::dialect::heard::Voice { operation, ..format.voice(false) };
    let request = voice.decode_embeddings(body.to_string().as_bytes()).unwrap();
    let able = [
        (Dialect::OpenAi, "text-embedding-3-small"),
        (Dialect::Gemini, "gemini-embedding-001"),
        (Dialect::Vertex, "text-embedding-005"),
        (Dialect::Bedrock, "amazon.titan-embed-text-v2:0"),
        (Dialect::Cohere, "embed-v4.0"),
    ];
    let is_sent = |(dialect, model): &&(Dialect, &str)| {
        let facts = Facts { provider: "p", model, ..Facts::default() };
        spoken::can_embed(*dialect, &request, &facts).is_ok()
            && String::from_utf8(spoken::encode_embeddings(*dialect, &request, &facts).body).unwrap().contains("Hi")
    };
    Cell::Of(able.iter().filter(is_sent).count(), able.len())
}

/// Two formats have a counter.
fn counting(format: &Format) -> Cell {
    let path = match format.operation {
        Operation::Messages => "/messages/count_tokens",
        Operation::Responses => "/responses/input_tokens",
        _ => return Cell::Absent,
    };
    Cell::Is(Operation::of_path(format.client, path).is_some())
}

/// Asked as its SDK asks, whether the list names the model.
fn lists(format: &Format) -> bool {
    let provider = json!({"name": "p", "preset": "anthropic", "credentials": [{"value": "k"}]});
    let model = json!({"name": "acme/m", "targets": [{"provider": "p", "model": "claude-sonnet-4-5"}]});
    let document = json!({"role": "gateway", "providers": [provider], "models": [model],
        "access": {"allow_unauthenticated": true}});
    let config = Config::load(document.to_string().as_bytes(), &|_| None).unwrap();
    let path = match format.spec() {
        Some(Spec::V2) => "/v1/ai/config",
        Some(Spec::V3) => "/v3/ai/config",
        Some(Spec::V4) => "/v4/ai/config",
        None => "/v1/models",
    };
    let mut pairs = vec![(":method", "GET"), (":path", path)];
    if format.client == Client::Anthropic {
        pairs.push(("anthropic-version", "2023-06-01"));
    }
    let head = encode(pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
    let Ok(Admission::Answer(body, _)) = admit(&config, &Headers::parse(head), true, &Memory::default(), 0) else {
        return false;
    };
    let body: Value = serde_json::from_slice(&body).unwrap();
    let list = if format.spec().is_some() { &body["models"] } else { &body["data"] };
    list.as_array().is_some_and(|list| list.iter().any(|model| model["id"] == "acme/m"))
}
