//! Bedrock Converse as a provider speaks it: `Converse`, and `ConverseStream` with its binary frames. The verbs are listed
//! in `dialect`, those of embeddings, which go through `InvokeModel`, in `dialect::embeddings`.
//!
//! Sources, unless a line says otherwise: AWS's service model (botocore 1.44.5), the user guide
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference.html>, seen 2026-11-22) and recorded
//! traffic.

mod blocks;
mod document;
mod embed;
mod error;
mod media;
mod messages;
mod model;
mod native;
mod options;
mod request;
mod response;
mod schema;
mod stream;
mod thinking;
mod tools;
mod turns;
mod usage;

pub use embed::{can_embed, decode_embeddings, encode_embeddings};
pub use error::failure;
pub use request::{can_express, encode_request};
pub use response::decode_response;
pub use stream::Decoder;

use super::claude::ANSWER;
