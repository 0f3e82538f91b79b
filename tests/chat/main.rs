//! Chat completions through the intermediate form: recorded answers, streams and requests of real providers mean the
//! same on the other side.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs, reason = "a test may panic")]

mod answers;
mod asked;
mod ends;
mod history;
mod long;
mod reading;
mod requests;
mod robust;
mod schema;
mod streams;
#[allow(dead_code, reason = "shared with the tests of the other dialects")]
mod support;
mod telling;
mod writing;
