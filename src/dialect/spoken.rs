//! The verbs of whichever dialect a provider speaks.

use super::{Encoded, Facts, Failure, ResponseHead, Unable, unreadable};
use super::{anthropic, bedrock, cohere, embeddings, gemini, openai};
use crate::chat::{Ids, Request, Response};
use crate::config::Dialect;

pub use super::decode::Decode;

/// Whether a provider can be asked this.
pub fn can_express(dialect: Dialect, request: &Request, facts: &Facts<'_>) -> Result<(), Unable> {
    match dialect {
        Dialect::OpenAi => openai::chat::can_express(request, facts),
        Dialect::Responses => openai::responses::can_express(request, facts),
        Dialect::Anthropic | Dialect::VertexAnthropic => anthropic::can_express(request, facts),
        Dialect::Gemini | Dialect::Vertex => gemini::can_express(request, facts),
        Dialect::Bedrock => bedrock::can_express(request, facts),
        Dialect::Cohere => cohere::can_express(request, facts),
    }
}

/// The request as the provider wants it.
pub fn encode_request(dialect: Dialect, request: &Request, facts: &Facts<'_>) -> Encoded {
    match dialect {
        Dialect::OpenAi => openai::chat::encode_request(request, facts),
        Dialect::Responses => openai::responses::encode_request(request, facts),
        Dialect::Anthropic | Dialect::VertexAnthropic => anthropic::encode_request(request, facts),
        Dialect::Gemini | Dialect::Vertex => gemini::encode_request(request, facts),
        Dialect::Bedrock => bedrock::encode_request(request, facts),
        Dialect::Cohere => cohere::encode_request(request, facts),
    }
}

/// A whole answer.
pub fn decode_response(dialect: Dialect, body: &[u8], ids: &Ids) -> Result<Response, Box<Failure>> {
    match dialect {
        Dialect::OpenAi => openai::chat::decode_response(body, ids),
        Dialect::Responses => openai::responses::decode_response(body, ids),
        Dialect::Anthropic | Dialect::VertexAnthropic => anthropic::decode_response(body, ids),
        Dialect::Gemini | Dialect::Vertex => gemini::decode_response(body, ids),
        Dialect::Bedrock => bedrock::decode_response(body, ids),
        Dialect::Cohere => cohere::decode_response(body, ids),
    }
}

/// A body that is an error.
pub fn failure(dialect: Dialect, head: &ResponseHead, body: &[u8]) -> Failure {
    match dialect {
        Dialect::OpenAi => openai::chat::failure(head, body),
        Dialect::Responses => openai::responses::failure(head, body),
        Dialect::Anthropic | Dialect::VertexAnthropic => anthropic::failure(head, body),
        Dialect::Gemini | Dialect::Vertex => gemini::failure(head, body),
        Dialect::Bedrock => bedrock::failure(head, body),
        Dialect::Cohere => cohere::failure(head, body),
    }
}

/// Whether a dialect has embeddings.
pub fn embeds(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::OpenAi | Dialect::Gemini | Dialect::Vertex | Dialect::Bedrock | Dialect::Cohere)
}

/// Whether a provider can be asked for these embeddings.
pub fn can_embed(dialect: Dialect, request: &embeddings::Request, facts: &Facts<'_>) -> Result<(), Unable> {
    match dialect {
        Dialect::Gemini | Dialect::Vertex => gemini::can_embed(request, facts),
        Dialect::Bedrock => bedrock::can_embed(request, facts),
        Dialect::Cohere => cohere::can_embed(request, facts),
        Dialect::OpenAi => openai::embeddings::can_embed(request, facts),
        Dialect::Responses | Dialect::Anthropic | Dialect::VertexAnthropic => Err(Unable::field("input")),
    }
}

/// The request for embeddings as the provider wants it; empty where [`embeds`] says no.
pub fn encode_embeddings(dialect: Dialect, request: &embeddings::Request, facts: &Facts<'_>) -> Encoded {
    match dialect {
        Dialect::Gemini | Dialect::Vertex => gemini::encode_embeddings(request, facts),
        Dialect::Bedrock => bedrock::encode_embeddings(request, facts),
        Dialect::Cohere => cohere::encode_embeddings(request, facts),
        Dialect::OpenAi => openai::embeddings::encode_embeddings(request, facts),
        Dialect::Responses | Dialect::Anthropic | Dialect::VertexAnthropic => Encoded::default(),
    }
}

/// An answer with embeddings.
pub fn decode_embeddings(dialect: Dialect, body: &[u8]) -> Result<embeddings::Response, Box<Failure>> {
    match dialect {
        Dialect::Gemini | Dialect::Vertex => gemini::decode_embeddings(body),
        Dialect::Bedrock => bedrock::decode_embeddings(body),
        Dialect::Cohere => cohere::decode_embeddings(body),
        Dialect::OpenAi => openai::embeddings::decode_embeddings(body),
        Dialect::Responses | Dialect::Anthropic | Dialect::VertexAnthropic => {
            Err(Box::new(unreadable("no embeddings")))
        }
    }
}

/// A reader for one stream.
pub fn decoder(dialect: Dialect, ids: &Ids) -> Box<dyn Decode> {
    match dialect {
        Dialect::OpenAi => Box::new(openai::chat::Decoder::new(ids)),
        Dialect::Responses => Box::new(openai::responses::Decoder::new(ids)),
        Dialect::Anthropic | Dialect::VertexAnthropic => Box::new(anthropic::Decoder::new(ids)),
        Dialect::Gemini | Dialect::Vertex => Box::new(gemini::Decoder::new(ids)),
        Dialect::Bedrock => Box::new(bedrock::Decoder::new(ids)),
        Dialect::Cohere => Box::new(cohere::Decoder::new(ids)),
    }
}
