//! Messages and the counting of their tokens, where client and provider both speak Anthropic's API: bytes pass through.
//! Vertex takes the same bodies, but for a few members.

mod known;
mod request;
mod stream;

pub use known::Known;
pub use request::{carry_headers, encode, refusal};
pub use stream::Stream;
