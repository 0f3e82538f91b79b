//! Embeddings as OpenAI has them. What passes through does not come here. Types and verbs: `dialect::embeddings`.

mod client;
mod provider;

pub use client::{decode_request, encode_response};
pub use provider::{can_embed, decode_embeddings, encode_embeddings};
