//! Chat completions as the client speaks them.

mod choice;
mod extras;
mod messages;
mod request;
mod response;
mod stream;
mod tools;

pub(in crate::dialect) use extras::Extras;
pub use request::decode_request;
pub use response::encode_response;
pub(in crate::dialect) use response::image;
pub use stream::Encoder;

use crate::error::Error;

/// The body of an error: `{"error":{"message","type","param","code"}}`.
pub fn encode_error(error: &Error) -> Vec<u8> {
    error.chat_body()
}
