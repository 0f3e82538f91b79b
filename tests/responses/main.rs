//! OpenAI Responses as a provider: recorded answers, streams, requests and errors of OpenAI, Azure and xAI, and what a
//! client of chat completions makes of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "a test may panic")]

mod answers;
mod client_order;
mod client_recorded;
mod client_requests;
mod client_rounds;
mod client_writing;
mod errors;
mod features;
mod mutations;
mod recorded;
mod requests;
mod rounds;
#[allow(dead_code, reason = "shared with the tests of chat completions")]
#[path = "../chat/schema.rs"]
mod schema;
mod strict;
#[allow(dead_code, reason = "shared with the tests of chat completions")]
#[path = "../chat/support.rs"]
mod support;
mod usages;
