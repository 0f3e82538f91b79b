//! The verbs of whichever dialect a provider speaks.

use super::{Encoded, Facts, Failure, ResponseHead, Unable, unreadable};
use super::{anthropic, bedrock, cohere, embeddings, gemini, openai};
use crate::chat::{Event, Ids, Request, Response};
use crate::config::Dialect;

/// Whether a provider can be asked this.
pub fn can_express(dialect: Dialect, request: &Request, facts: &Facts<'_>) -> Result<(), Unable> {
    match dialect {
        Dialect::OpenAi => openai::chat::can_express(request, facts),
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
        Dialect::Anthropic | Dialect::VertexAnthropic => anthropic::failure(head, body),
        Dialect::Gemini | Dialect::Vertex => gemini::failure(head, body),
        Dialect::Bedrock => bedrock::failure(head, body),
        Dialect::Cohere => cohere::failure(head, body),
    }
}

/// Whether a dialect has embeddings of its own.
pub fn embeds(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::Gemini | Dialect::Vertex | Dialect::Bedrock | Dialect::Cohere)
}

/// Whether a provider can be asked for these embeddings.
pub fn can_embed(dialect: Dialect, request: &embeddings::Request, facts: &Facts<'_>) -> Result<(), Unable> {
    match dialect {
        Dialect::Gemini | Dialect::Vertex => gemini::can_embed(request, facts),
        Dialect::Bedrock => bedrock::can_embed(request, facts),
        Dialect::Cohere => cohere::can_embed(request, facts),
        Dialect::OpenAi | Dialect::Anthropic | Dialect::VertexAnthropic => Err(Unable::field("input")),
    }
}

/// The request for embeddings as the provider wants it; empty where [`embeds`] says no.
pub fn encode_embeddings(dialect: Dialect, request: &embeddings::Request, facts: &Facts<'_>) -> Encoded {
    match dialect {
        Dialect::Gemini | Dialect::Vertex => gemini::encode_embeddings(request, facts),
        Dialect::Bedrock => bedrock::encode_embeddings(request, facts),
        Dialect::Cohere => cohere::encode_embeddings(request, facts),
        Dialect::OpenAi | Dialect::Anthropic | Dialect::VertexAnthropic => Encoded::default(),
    }
}

/// An answer with embeddings.
pub fn decode_embeddings(dialect: Dialect, body: &[u8]) -> Result<embeddings::Response, Box<Failure>> {
    match dialect {
        Dialect::Gemini | Dialect::Vertex => gemini::decode_embeddings(body),
        Dialect::Bedrock => bedrock::decode_embeddings(body),
        Dialect::Cohere => cohere::decode_embeddings(body),
        Dialect::OpenAi | Dialect::Anthropic | Dialect::VertexAnthropic => Err(Box::new(unreadable("no embeddings"))),
    }
}

/// A stream, bytes in any chunking.
#[derive(Debug)]
pub enum Decoder {
    /// Chunks of chat completions.
    OpenAi(Box<openai::chat::Decoder>),
    /// Events of messages.
    Anthropic(Box<anthropic::Decoder>),
    /// Events that are whole answers, one after the other.
    Gemini(Box<gemini::Decoder>),
    /// Binary frames.
    Bedrock(Box<bedrock::Decoder>),
    /// Events of chat.
    Cohere(Box<cohere::Decoder>),
}

impl Decoder {
    /// A reader for one stream.
    pub fn new(dialect: Dialect, ids: &Ids) -> Decoder {
        match dialect {
            Dialect::OpenAi => Decoder::OpenAi(Box::new(openai::chat::Decoder::new(ids))),
            Dialect::Anthropic | Dialect::VertexAnthropic => Decoder::Anthropic(Box::new(anthropic::Decoder::new(ids))),
            Dialect::Gemini | Dialect::Vertex => Decoder::Gemini(Box::new(gemini::Decoder::new(ids))),
            Dialect::Bedrock => Decoder::Bedrock(Box::new(bedrock::Decoder::new(ids))),
            Dialect::Cohere => Decoder::Cohere(Box::new(cohere::Decoder::new(ids))),
        }
    }

    /// Reads the next bytes.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Event>) {
        match self {
            Decoder::OpenAi(decoder) => decoder.feed(bytes, out),
            Decoder::Anthropic(decoder) => decoder.feed(bytes, out),
            Decoder::Gemini(decoder) => decoder.feed(bytes, out),
            Decoder::Bedrock(decoder) => decoder.feed(bytes, out),
            Decoder::Cohere(decoder) => decoder.feed(bytes, out),
        }
    }

    /// The body has ended.
    pub fn finish(&mut self, out: &mut Vec<Event>) {
        match self {
            Decoder::OpenAi(decoder) => decoder.finish(out),
            Decoder::Anthropic(decoder) => decoder.finish(out),
            Decoder::Gemini(decoder) => decoder.finish(out),
            Decoder::Bedrock(decoder) => decoder.finish(out),
            Decoder::Cohere(decoder) => decoder.finish(out),
        }
    }
}
