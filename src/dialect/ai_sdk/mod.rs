//! The AI SDK's own protocol as its clients speak it: spec 2 (`ai` 5), 3 (6) and 4 (7).
//!
//! Model and streaming flag stand in the request's head, so that `decode_request` is told them; what was dropped is
//! told as `warnings`, so that encoders get the list. Otherwise the verbs are those of `dialect`. Nothing of an answer is
//! checked by the SDK but its embeddings and its list of models; the shapes are those of `@ai-sdk/provider` 2.0.5,
//! 3.0.19 and 4.0.38, and what a client of those providers would see, of the providers' own packages.

mod config;
mod embeddings;
mod ending;
mod error;
mod file;
mod metadata;
mod names;
mod native;
mod options;
mod part;
mod prompt;
mod request;
mod response;
mod source;
mod stream;
mod tools;
mod warnings;

pub use config::{ModelEntry, ModelType, Pricing, config};
pub use embeddings::{decode_embeddings, encode_embeddings};
pub use error::{encode_error, status};
pub use request::decode_request;
pub use response::encode_response;
pub use stream::Encoder;
