//! Gemini's `generateContent` as AI Studio (preset `google`) and Vertex AI (preset `vertex`) speak it, and their
//! embeddings. The verbs are listed in `dialect`.
//!
//! Reference: <https://ai.google.dev/api/generate-content>,
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference>.

mod array;
mod call;
mod candidate;
mod contents;
mod embed;
mod error;
mod finish;
mod grounding;
mod logprobs;
mod media;
mod model;
mod request;
mod response;
mod results;
mod schema;
mod stream;
mod thinking;
mod tools;
mod usage;

pub use embed::{can_embed, decode_embeddings, encode_embeddings};
pub use error::failure;
pub use request::{can_express, encode_request};
pub use response::decode_response;
pub use stream::Decoder;
