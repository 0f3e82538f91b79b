//! Requests of clients, and what every provider dialect makes of them.

use tollgate::chat::{Request, Response};
use tollgate::dialect::embeddings;
use tollgate::dialect::openai::{self, chat};
use tollgate::dialect::{Dropped, Encoded, Facts, Spec, Unable, ai_sdk, anthropic, bedrock, cohere, gemini};
use tollgate::error::Error;
use tollgate::http::is_header_value;

use super::order;
use super::streams::ids;

/// A name that no path may take as it is.
pub const ODD: &str = "ft:odd/../model ?#%2e\u{e9}";

fn facts<'a>(vendor: &'a str, model: &'a str) -> Facts<'a> {
    let place = Facts { project: Some("my-project"), location: Some("europe-west4"), ..Facts::default() };
    Facts { vendor, provider: "acme", model, base_path: "/v1", ..place }
}

/// What a refusal of our own looks like, with whatever words of the client in it.
pub fn refused(error: &Error) {
    order::json(&error.chat_body());
    assert!((400..600).contains(&error.status), "{error:?}");
    assert!(error.headers().iter().all(|(_, value)| is_header_value(value.as_bytes())), "{error:?}");
}

type CanExpress = fn(&Request, &Facts<'_>) -> Result<(), Unable>;
type EncodeRequest = fn(&Request, &Facts<'_>) -> Encoded;

fn request(data: &[u8], can_express: CanExpress, encode_request: EncodeRequest, targets: &[(&str, &str)]) {
    match chat::decode_request(data) {
        Ok(request) => asked(&request, can_express, encode_request, targets),
        Err(error) => refused(&error),
    }
}

/// What a dialect makes of a request.
pub fn asked(request: &Request, can_express: CanExpress, encode_request: EncodeRequest, targets: &[(&str, &str)]) {
    for (vendor, model) in targets {
        for without_seals in [false, true] {
            let facts = Facts { without_seals, ..facts(vendor, model) };
            match can_express(request, &facts) {
                Ok(()) => {
                    let encoded = encode_request(request, &facts);
                    written(&encoded);
                    assert!(encode_request(request, &facts) == encoded, "not the same twice");
                }
                Err(unable) => refused(&unable.error()),
            }
        }
    }
}

/// Requests of Anthropic's clients, and what every dialect makes of them.
pub fn messages(data: &[u8]) {
    let request = match anthropic::client::decode_request(data) {
        Ok(request) => request,
        Err(error) => {
            order::json(&anthropic::client::encode_error(&error, "gen_1"));
            return refused(&error);
        }
    };
    of_everybody(&request);
}

/// Requests of the AI SDK's clients, of its three versions, for models and for vectors.
pub fn ai_sdk(data: &[u8]) {
    for spec in [Spec::V2, Spec::V3, Spec::V4] {
        match ai_sdk::decode_request(spec, data, "acme/model", data.len().is_multiple_of(2)) {
            Ok(request) => {
                of_everybody(&request);
                order::json(&ai_sdk::encode_response(
                    spec,
                    &Response::default(),
                    &request,
                    &ids(),
                    &Dropped::default(),
                    None,
                ));
            }
            Err(error) => {
                order::json(&ai_sdk::encode_error(&error, "gen_1", "acme/model"));
                refused(&error);
            }
        }
        if let Err(error) = ai_sdk::decode_embeddings(spec, data, "acme/model") {
            refused(&error);
        }
    }
}

/// What every dialect makes of a request.
fn of_everybody(request: &Request) {
    let claude = [("anthropic", "claude-sonnet-4-5"), ("anthropic", "claude-opus-4-7"), ("vertex-anthropic", ODD)];
    asked(request, anthropic::can_express, anthropic::encode_request, &claude);
    asked(request, chat::can_express, chat::encode_request, &[("openai", "gpt-5"), ("deepseek", "d")]);
    asked(request, openai::responses::can_express, openai::responses::encode_request, &[("openai", "gpt-5")]);
    asked(request, gemini::can_express, gemini::encode_request, &[("google", "gemini-3-pro")]);
    let bedrocks = [("bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"), ("bedrock", "amazon.nova-pro-v1:0")];
    asked(request, bedrock::can_express, bedrock::encode_request, &bedrocks);
    asked(request, cohere::can_express, cohere::encode_request, &[("cohere", "command-a-03-2025")]);
}

fn written(encoded: &Encoded) {
    order::json(&encoded.body);
    let is_path = encoded.path.starts_with('/') && encoded.path.bytes().all(|byte| byte.is_ascii_graphic());
    assert!(is_path, "{}", encoded.path);
    assert!(encoded.headers.iter().all(|(_, value)| is_header_value(value.as_bytes())), "{:?}", encoded.headers);
    let dropped = encoded.dropped.fields();
    assert!(dropped.iter().all(|field| is_header_value(field.as_bytes())), "{dropped:?}");
}

pub fn openai(data: &[u8]) {
    let targets =
        [("openai", "gpt-5"), ("openai-compatible", ODD), ("mistral", "m"), ("openrouter", "o"), ("deepseek", "d")];
    request(data, chat::can_express, chat::encode_request, &targets);
}

pub fn responses(data: &[u8]) {
    let targets = [("openai", "gpt-5"), ("azure", ODD), ("xai", "grok-4")];
    request(data, openai::responses::can_express, openai::responses::encode_request, &targets);
}

pub fn anthropic(data: &[u8]) {
    let targets = [("anthropic", "claude-sonnet-4-5"), ("anthropic", "claude-3-haiku"), ("vertex-anthropic", ODD)];
    request(data, anthropic::can_express, anthropic::encode_request, &targets);
}

pub fn gemini(data: &[u8]) {
    let targets =
        [("google", "gemini-3-pro"), ("google", "gemini-2.5-flash"), ("vertex", "gemini-2.0-flash"), ("google", ODD)];
    request(data, gemini::can_express, gemini::encode_request, &targets);
}

pub fn bedrock(data: &[u8]) {
    let targets = [
        ("bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("bedrock", "amazon.nova-pro-v1:0"),
        ("bedrock", "meta.llama3-1-70b-instruct-v1:0"),
        ("bedrock", ODD),
    ];
    request(data, bedrock::can_express, bedrock::encode_request, &targets);
}

pub fn cohere(data: &[u8]) {
    request(data, cohere::can_express, cohere::encode_request, &[("cohere", "command-a-03-2025"), ("cohere", ODD)]);
}

type CanEmbed = fn(&embeddings::Request, &Facts<'_>) -> Result<(), Unable>;
type EncodeEmbeddings = fn(&embeddings::Request, &Facts<'_>) -> Encoded;

pub fn embeds(data: &[u8]) {
    let request = match openai::embeddings::decode_request(data) {
        Ok(request) => request,
        Err(error) => return refused(&error),
    };
    let targets: [(CanEmbed, EncodeEmbeddings, &str, &str); 9] = [
        (openai::embeddings::can_embed, openai::embeddings::encode_embeddings, "openai", "text-embedding-3-small"),
        (openai::embeddings::can_embed, openai::embeddings::encode_embeddings, "openai-compatible", ODD),
        (gemini::can_embed, gemini::encode_embeddings, "google", "gemini-embedding-001"),
        (gemini::can_embed, gemini::encode_embeddings, "vertex", "text-embedding-005"),
        (gemini::can_embed, gemini::encode_embeddings, "google", ODD),
        (bedrock::can_embed, bedrock::encode_embeddings, "bedrock", "amazon.titan-embed-text-v2:0"),
        (bedrock::can_embed, bedrock::encode_embeddings, "bedrock", "cohere.embed-english-v3"),
        (bedrock::can_embed, bedrock::encode_embeddings, "bedrock", ODD),
        (cohere::can_embed, cohere::encode_embeddings, "cohere", ODD),
    ];
    for (can_embed, encode, vendor, model) in targets {
        match can_embed(&request, &facts(vendor, model)) {
            Ok(()) => written(&encode(&request, &facts(vendor, model))),
            Err(unable) => refused(&unable.error()),
        }
    }
}

/// Answers to such requests, of every dialect.
pub fn embedded(data: &[u8]) {
    for decode in [
        gemini::decode_embeddings,
        bedrock::decode_embeddings,
        cohere::decode_embeddings,
        openai::embeddings::decode_embeddings,
    ] {
        match decode(data) {
            Ok(response) => {
                for encoding in [embeddings::Encoding::Float, embeddings::Encoding::Base64] {
                    let request = embeddings::Request { encoding, ..embeddings::Request::default() };
                    order::json(&openai::embeddings::encode_response(&response, &request, &ids(), None));
                }
            }
            Err(failure) => order::json(&failure.error.chat_body()),
        }
    }
}
