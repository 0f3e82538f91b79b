//! The verbs of whichever dialect a client speaks; `spoken` is the other side.

use super::client::Client;
use super::openai::responses;
use super::verbs::Dropped;
use super::{ai_sdk, anthropic, embeddings, openai, words};
use crate::chat::{Event, Ids, Raw, Request, Response};
use crate::error::Error;
use crate::operation::Operation;
use std::borrow::Cow;

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
        match (self.client, self.operation) {
            (Client::Anthropic, _) => anthropic::client::decode_request(body),
            (Client::AiSdk(spec), _) => ai_sdk::decode_request(spec, body, &self.model, self.stream),
            (Client::OpenAi, Operation::Responses) => responses::decode_request(body),
            (Client::OpenAi, _) => openai::chat::decode_request(body),
        }
    }

    /// What this client calls a field.
    pub fn word(&self, field: Cow<'static, str>) -> Cow<'static, str> {
        words::renamed(self.client, self.operation, field)
    }

    /// Writes a whole answer. `gateway` is what the gateway says of itself in it.
    pub fn encode_response(
        &self,
        response: &Response,
        request: &Request,
        ids: &Ids,
        dropped: &Dropped,
        gateway: Option<&Raw>,
    ) -> Vec<u8> {
        match (self.client, self.operation) {
            (Client::Anthropic, _) => anthropic::client::encode_response(response, request, ids, gateway),
            (Client::AiSdk(spec), _) => ai_sdk::encode_response(spec, response, request, ids, dropped, gateway),
            (Client::OpenAi, Operation::Responses) => responses::encode_response(response, request, ids, gateway),
            (Client::OpenAi, _) => openai::chat::encode_response(response, request, ids, gateway),
        }
    }

    /// A writer for one stream.
    pub fn encoder(&self, request: &Request, ids: &Ids, dropped: &Dropped) -> Box<dyn Encode> {
        match (self.client, self.operation) {
            (Client::Anthropic, _) => Box::new(anthropic::client::Encoder::new(request, ids)),
            (Client::AiSdk(spec), _) => Box::new(ai_sdk::Encoder::new(spec, request, ids, dropped)),
            (Client::OpenAi, Operation::Responses) => Box::new(responses::Encoder::new(request, ids)),
            (Client::OpenAi, _) => Box::new(openai::chat::Encoder::new(request, ids)),
        }
    }

    /// Reads a request for embeddings.
    pub fn decode_embeddings(&self, body: &[u8]) -> Result<embeddings::Request, Error> {
        match self.client {
            Client::AiSdk(spec) => ai_sdk::decode_embeddings(spec, body, &self.model),
            Client::OpenAi | Client::Anthropic => openai::embeddings::decode_request(body),
        }
    }

    /// Writes an answer with embeddings.
    pub fn encode_embeddings(
        &self,
        response: &embeddings::Response,
        request: &embeddings::Request,
        ids: &Ids,
        dropped: &Dropped,
        gateway: Option<&Raw>,
    ) -> Vec<u8> {
        match self.client {
            Client::AiSdk(spec) => ai_sdk::encode_embeddings(spec, response, request, ids, dropped, gateway),
            Client::OpenAi | Client::Anthropic => openai::embeddings::encode_response(response, request, ids, gateway),
        }
    }
}

/// A stream for a client, events in any number of calls.
pub trait Encode: std::fmt::Debug {
    /// What the gateway says of itself; told at the latest before the events that end the stream, and the last word counts.
    fn tell(&mut self, gateway: Raw);
    /// Writes what the events say.
    fn feed(&mut self, events: &[Event], out: &mut Vec<u8>);
}

/// The encoders have these verbs of their own, for whoever writes one dialect alone.
macro_rules! encodes {
    ($($encoder:ty),*) => {$(
        impl Encode for $encoder {
            fn tell(&mut self, gateway: Raw) {
                <$encoder>::tell(self, gateway);
            }

            fn feed(&mut self, events: &[Event], out: &mut Vec<u8>) {
                <$encoder>::feed(self, events, out);
            }
        }
    )*};
}

encodes!(openai::chat::Encoder, responses::Encoder, anthropic::client::Encoder, ai_sdk::Encoder);

/// The status of an error as a client knows it.
pub fn status(client: Client, error: &Error) -> u16 {
    match client {
        Client::OpenAi => error.status,
        Client::Anthropic => anthropic::client::status(error),
        Client::AiSdk(_) => ai_sdk::status(error),
    }
}

/// The body of an error. `model` is what was asked for, as far as that is known.
pub fn encode_error(client: Client, error: &Error, generation: &str, model: &str) -> Vec<u8> {
    match client {
        Client::OpenAi => error.chat_body(),
        Client::Anthropic => anthropic::client::encode_error(error, generation),
        Client::AiSdk(_) => ai_sdk::encode_error(error, generation, model),
    }
}
