//! Chat completions as a provider speaks them.

mod calls;
mod choice;
mod messages;
mod request;
mod response;
mod stream;
mod vendor;

pub use request::{can_express, encode_request};
pub use response::decode_response;
pub use stream::Decoder;

use crate::dialect::{Failure, ResponseHead};

/// A body that is an error.
pub fn failure(head: &ResponseHead, body: &[u8]) -> Failure {
    crate::dialect::openai::failure(head, body, None)
}
