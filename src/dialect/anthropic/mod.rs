//! Anthropic Messages as a provider speaks it, on Anthropic's own API and on Vertex. The verbs are listed in `dialect`.
//!
//! Sources, unless a line says otherwise: <https://platform.claude.com/docs/en/api/messages> and the pages beside it
//! (seen 2026-11-22), the schemas of Anthropic's Python SDK 2.12.0, and recorded traffic.

mod blocks;
pub mod client;
mod error;
mod media;
mod messages;
pub(super) mod passing;
mod request;
mod response;
mod schema;
mod stream;
mod thinking;
mod tools;
mod turns;
mod usage;

pub use error::failure;
pub use request::{can_express, encode_request};
pub use response::decode_response;
pub use stream::Decoder;
pub(super) use usage::usage;

use super::claude::ANSWER;
