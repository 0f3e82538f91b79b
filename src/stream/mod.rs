//! Incremental readers of bytes: JSON, server-sent events, AWS event streams, multipart, protobuf; and the splicing of edits into bodies.
//!
//! All of them take bytes as they arrive, in any chunking, and hold no more than one event or captured value.

pub mod event_stream;
pub mod json;
pub mod lenient;
pub mod multipart;
pub mod protobuf;
pub mod splice;
pub mod sse;
