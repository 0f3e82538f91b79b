//! The intermediate form: what a chat request, its answer and its stream say, whoever speaks.
//!
//! Client dialects read requests into it and write answers from it; provider dialects do the opposite (`dialect`).
//! `Raw` is JSON as it came, never re-serialised. Every list keeps its order, absent is `None`, and nothing here
//! knows a wire format. [`gather`] turns a stream into the answer that it amounts to.

mod base64;
mod event;
mod gather;
mod ids;
pub mod json;
mod message;
mod reasoning;
mod request;
mod response;
mod seal;

pub use base64::text_of_base64;
pub use event::{Event, Kind};
pub use gather::gather;
pub use ids::{Ids, fit_id};
pub use json::Raw;
pub use message::{
    Args, Body, Citation, Link, Media, MediaKind, Message, Native, Part, Role, Source, ToolCall, ToolResult,
    UrlCitation, data_url,
};
pub use reasoning::{Reasoning, budget_of, effort_of};
pub use request::{Cache, Ext, Modality, Output, Owner, Pin, Request, Sampling, Tool, ToolChoice, ToolKind};
pub use response::{Choice, Finish, Reason, Response};
pub use seal::{Format, Seal, SealKind};
