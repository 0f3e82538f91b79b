//! Responses as the client speaks them.
//!
//! `request`, `input`, `content` and `tools` read; `response` and `stream` write, both by `output` and `parts`, which make
//! items, and `answer`, the object around them.

mod answer;
mod content;
mod frame;
mod input;
mod item;
mod message;
mod output;
mod parts;
mod request;
mod response;
pub(in crate::dialect) mod seals;
mod stream;
mod tools;

pub use super::super::chat::encode_error;
pub use request::decode_request;
pub use response::encode_response;
pub use stream::Encoder;
