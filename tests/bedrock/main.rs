//! Bedrock Converse as a provider: recorded answers, binary streams, requests and errors, and what a client of chat
//! completions makes of them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "a test may panic"
)]

mod answers;
mod cases;
mod errors;
mod features;
mod histories;
mod mutations;
mod recorded;
mod requests;
mod robust;
mod rounds;
#[allow(dead_code, reason = "shared with the tests of chat completions")]
#[path = "../chat/schema.rs"]
mod schema;
#[path = "../chat/spoilt.rs"]
mod spoilt;
mod strict;
#[allow(dead_code, reason = "shared with the tests of chat completions")]
#[path = "../chat/support.rs"]
mod support;
mod usages;
