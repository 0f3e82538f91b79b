//! Wire formats. Same format on both sides: bytes pass through, edited where routing needs it (`encode`, `Edits`,
//! `Stream` and `Answer` of `openai`). Different ones: translation through the intermediate form of `chat`.
//!
//! Every translated dialect is a folder with the verbs below under these names, so that whoever knows one knows all.
//! Wire formats of **providers**, read and written as the client of an API:
//!
//! ```text
//! can_express(&chat::Request, &Facts) -> Result<(), Unable>          before the plan is made
//! encode_request(&chat::Request, &Facts) -> Encoded                  per attempt, from the pristine request
//! decode_response(&[u8], &Ids) -> Result<chat::Response, Box<Failure>>   a whole 200 body
//! Decoder::new(&Ids)                                                 a stream, bytes in any chunking (`decode`)
//!     .feed(&mut self, &[u8], &mut Vec<Event>)
//!     .finish(&mut self, &mut Vec<Event>)                            the body has ended
//! failure(&ResponseHead, &[u8]) -> Failure                           a body that is an error
//! ```
//!
//! Wire formats of **clients**, read and written as the server:
//!
//! ```text
//! decode_request(&[u8]) -> Result<chat::Request, Error>
//! encode_response(&chat::Response, &chat::Request, &Ids, Option<&Raw>) -> Vec<u8>  with what the gateway says of itself
//! Encoder::new(&chat::Request, &Ids)                                 a stream, events in any number of calls
//!     .tell(&mut self, Raw)                                          what the gateway says of itself; the last word counts
//!     .feed(&mut self, &[Event], &mut Vec<u8>)
//! encode_error(&Error) -> Vec<u8>
//! ```
//!
//! `encode_request` is called only after `can_express` said yes, and does not fail. Decoders give `Start` first (unless an `Error` is all
//! there is); one of
//! `End` and `Error` last, after which they give nothing; and `Error` when the body ends without the dialect's terminal
//! event (rules 2 and 3 of docs/dialects.md). Encoders end their stream by these events: after `End` and `Error` they
//! write nothing. No verb takes a secret: errors go through [`redact`] before anybody sees them.
//!
//! A vendor that speaks another's format is a row in `config::preset`, not a module here; what differs in detail is told
//! by [`Facts::vendor`].

pub mod ai_sdk;
pub mod anthropic;
pub mod bedrock;
pub mod caching;
mod claude;
mod client;
pub mod cohere;
pub mod decode;
mod edits;
pub mod embeddings;
mod failure;
pub mod gemini;
pub mod heard;
pub mod openai;
pub mod passing;
pub mod spoken;
pub mod telling;
pub mod translation;
mod turns;
mod verbs;
mod way;
mod words;

pub use client::{Client, Spec};
pub use edits::{Change, Edits, RequestHead, is_kept_from_client};
pub use failure::{Failure, ResponseHead, Said};
pub use verbs::{Dropped, Encoded, Facts, Unable, cut, parts, redact, refuses_foreign, too_large, unreadable};
pub use way::{Way, own, way, way_of};
