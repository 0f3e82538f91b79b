//! Cohere, version 2 of its API, as a provider: chat and embeddings (<https://docs.cohere.com/reference/chat>). The verbs
//! are listed in `dialect` and `dialect::embeddings`.

mod documents;
mod embed;
mod error;
mod logprobs;
mod messages;
mod request;
mod response;
mod stream;
mod tools;
mod usage;

pub use embed::{can_embed, decode_embeddings, encode_embeddings};
pub use error::failure;
pub use request::{can_express, encode_request};
pub use response::decode_response;
pub use stream::Decoder;
pub(super) use usage::billed_units;

use crate::chat::Reason;

/// What a word of `finish_reason` means; those that are failures are read elsewhere. Unknown words end an answer well
/// (trap 14).
fn reason(word: &str, has_calls: bool) -> Reason {
    match word {
        "MAX_TOKENS" | "ERROR_LIMIT" => Reason::Length,
        "ERROR_TOXIC" => Reason::Filter,
        "TOOL_CALL" => Reason::Calls,
        _ if has_calls => Reason::Calls,
        _ => Reason::Stop,
    }
}
