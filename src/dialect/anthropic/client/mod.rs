//! Anthropic Messages as a client speaks it, to whatever provider. The verbs are listed in `dialect`; what has no place in
//! this format stands in docs/dialects.md, section 2.

mod blocks;
mod citation;
mod ending;
mod error;
mod media;
mod messages;
mod open;
mod order;
mod references;
mod request;
mod response;
mod seals;
mod stream;
mod thinking;
mod tools;
mod usage;
mod wire;

pub use error::{encode_error, status};
pub use request::decode_request;
pub use response::encode_response;
pub use stream::Encoder;
