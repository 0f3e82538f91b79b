//! The OpenAI API: chat completions, completions, embeddings, responses and the endpoints beside them.
//!
//! Client and provider speak the same format here, so bytes pass through and only what routing needs is edited.

pub mod chat;
mod closing;
pub mod embeddings;
mod error;
mod hosted;
mod path;
mod request;
pub mod responses;
mod stream;
mod usage;

pub use closing::closing_event;
pub use error::{failure, refusal, stream_failure};
pub(super) use hosted::Scan;
pub(super) use request::renamed_json;
pub use request::{encode, hides_usage};
pub use stream::{First, Stream};
pub(super) use usage::usage;

use super::passing::{Learnt, StreamError};
