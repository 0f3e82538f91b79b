//! Anthropic Messages as a client's dialect: what requests ask for, and what a client gets of every provider's recorded
//! answers and streams.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "a test may panic")]

mod answers;
#[allow(dead_code, reason = "shared with the tests of the provider's side")]
#[path = "../anthropic/recorded.rs"]
mod anthropic;
mod cases;
mod histories;
mod reading;
mod recorded;
mod requests;
mod rounds;
#[allow(dead_code, reason = "shared with the tests of chat completions")]
#[path = "../chat/schema.rs"]
mod schema;
mod streams;
#[allow(dead_code, reason = "shared with the tests of chat completions")]
#[path = "../chat/support.rs"]
mod support;
