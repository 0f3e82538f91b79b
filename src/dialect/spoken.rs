//! The verbs of whichever dialect a provider speaks.

use super::{Encoded, Facts, Failure, ResponseHead, Unable, anthropic, openai};
use crate::chat::{Event, Ids, Request, Response};
use crate::config::Dialect;

/// Whether a provider can be asked this.
pub fn can_express(dialect: Dialect, request: &Request, facts: &Facts<'_>) -> Result<(), Unable> {
    match dialect {
        Dialect::OpenAi => openai::chat::can_express(request, facts),
        _ => anthropic::can_express(request, facts),
    }
}

/// The request as the provider wants it.
pub fn encode_request(dialect: Dialect, request: &Request, facts: &Facts<'_>) -> Encoded {
    match dialect {
        Dialect::OpenAi => openai::chat::encode_request(request, facts),
        _ => anthropic::encode_request(request, facts),
    }
}

/// A whole answer.
pub fn decode_response(dialect: Dialect, body: &[u8], ids: &Ids) -> Result<Response, Box<Failure>> {
    match dialect {
        Dialect::OpenAi => openai::chat::decode_response(body, ids),
        _ => anthropic::decode_response(body, ids),
    }
}

/// A body that is an error.
pub fn failure(dialect: Dialect, head: &ResponseHead, body: &[u8]) -> Failure {
    match dialect {
        Dialect::OpenAi => openai::chat::failure(head, body),
        _ => anthropic::failure(head, body),
    }
}

/// A stream, bytes in any chunking.
#[derive(Debug)]
pub enum Decoder {
    /// Chunks of chat completions.
    OpenAi(Box<openai::chat::Decoder>),
    /// Events of messages.
    Anthropic(Box<anthropic::Decoder>),
}

impl Decoder {
    /// A reader for one stream.
    pub fn new(dialect: Dialect, ids: &Ids) -> Decoder {
        match dialect {
            Dialect::OpenAi => Decoder::OpenAi(Box::new(openai::chat::Decoder::new(ids))),
            _ => Decoder::Anthropic(Box::new(anthropic::Decoder::new(ids))),
        }
    }

    /// Reads the next bytes, the last ones at the `end`.
    pub fn feed(&mut self, bytes: &[u8], end: bool, out: &mut Vec<Event>) {
        match self {
            Decoder::OpenAi(decoder) => {
                decoder.feed(bytes, out);
                end.then(|| decoder.finish(out));
            }
            Decoder::Anthropic(decoder) => {
                decoder.feed(bytes, out);
                end.then(|| decoder.finish(out));
            }
        }
    }
}
