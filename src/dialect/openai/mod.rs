//! The OpenAI API: chat completions, completions, embeddings, responses and the endpoints beside them.
//!
//! Client and provider speak the same format here, so bytes pass through and only what routing needs is edited.

mod answer;
pub mod chat;
mod closing;
pub mod embeddings;
mod error;
mod path;
mod request;
pub mod responses;
mod stream;
mod usage;

pub use answer::{Answer, refusal};
pub use closing::closing_event;
pub use error::{failure, stream_failure};
pub use request::{encode, hides_usage};
pub use stream::{First, Learnt, Passed, Stream, StreamError};
