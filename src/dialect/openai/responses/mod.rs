//! OpenAI's Responses as a provider speaks it (<https://platform.openai.com/docs/api-reference/responses>); also Azure
//! and xAI. The verbs are listed in `dialect`. What passes through does not come here.

mod client;
mod content;
mod input;
mod items;
mod open;
mod request;
mod response;
mod stream;
mod tools;
mod usage;

pub(in crate::dialect) use client::seals;
pub use client::{Encoder, decode_request, encode_error, encode_response};
pub use request::{can_express, encode_request};
pub use response::decode_response;
pub use stream::Decoder;

use crate::dialect::{Failure, ResponseHead};

/// A body that is an error.
pub fn failure(head: &ResponseHead, body: &[u8]) -> Failure {
    super::failure(head, body, None)
}
