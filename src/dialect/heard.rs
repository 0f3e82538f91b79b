//! The verbs of whichever dialect a client speaks; `spoken` is the other side.

use super::client::Client;
use super::verbs::Dropped;
use super::{embeddings, openai};
use crate::chat::{Event, Ids, Raw, Request, Response};
use crate::error::Error;
use crate::operation::Operation;

/// A client's whole format, and what of its request stands in the head where others say it in the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Whose format.
    pub client: Client,
    /// Which of its endpoints.
    pub operation: Operation,
    /// The model as asked for.
    pub model: String,
    /// Whether the answer is a stream.
    pub stream: bool,
}

impl Voice {
    /// Reads a turn of a conversation.
    pub fn decode_request(&self, body: &[u8]) -> Result<Request, Error> {
        openai::chat::decode_request(body)
    }

    /// Writes a whole answer. `gateway` is what the gateway says of itself in it.
    pub fn encode_response(
        &self,
        response: &Response,
        request: &Request,
        ids: &Ids,
        _dropped: &Dropped,
        gateway: Option<&Raw>,
    ) -> Vec<u8> {
        openai::chat::encode_response(response, request, ids, gateway)
    }

    /// A writer for one stream.
    pub fn encoder(&self, request: &Request, ids: &Ids, _dropped: &Dropped) -> Box<dyn Encode> {
        Box::new(openai::chat::Encoder::new(request, ids))
    }

    /// Reads a request for embeddings.
    pub fn decode_embeddings(&self, body: &[u8]) -> Result<embeddings::Request, Error> {
        openai::embeddings::decode_request(body)
    }

    /// Writes an answer with embeddings.
    pub fn encode_embeddings(
        &self,
        response: &embeddings::Response,
        request: &embeddings::Request,
        ids: &Ids,
        _dropped: &Dropped,
        gateway: Option<&Raw>,
    ) -> Vec<u8> {
        openai::embeddings::encode_response(response, request, ids, gateway)
    }
}

/// A stream for a client, events in any number of calls.
pub trait Encode: std::fmt::Debug {
    /// What the gateway says of itself; told at the latest before the events that end the stream, and the last word counts.
    fn tell(&mut self, gateway: Raw);
    /// Writes what the events say.
    fn feed(&mut self, events: &[Event], out: &mut Vec<u8>);
}

impl Encode for openai::chat::Encoder {
    fn tell(&mut self, gateway: Raw) {
        openai::chat::Encoder::tell(self, gateway);
    }

    fn feed(&mut self, events: &[Event], out: &mut Vec<u8>) {
        openai::chat::Encoder::feed(self, events, out);
    }
}

/// The status of an error as a client knows it.
pub fn status(_client: Client, error: &Error) -> u16 {
    error.status
}

/// The body of an error.
pub fn encode_error(_client: Client, error: &Error, _generation: &str) -> Vec<u8> {
    error.chat_body()
}
