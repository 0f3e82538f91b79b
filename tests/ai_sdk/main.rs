//! The AI SDK's protocol, spec 2, 3 and 4: recorded answers and streams of every provider as its clients see them, and
//! its requests as every provider gets them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "a test may panic")]

mod answers;
mod cases;
mod errors;
mod matrix;
mod order;
mod recorded;
mod requests;
mod returned;
mod shape;
mod streams;
#[allow(dead_code, reason = "shared with the tests of chat completions")]
#[path = "../chat/support.rs"]
mod support;
