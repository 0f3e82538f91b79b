//! The compiled configuration: parsed once at the edge, into types that cannot be wrong.
//!
//! `Config::load` takes the bytes that Envoy hands over and gives either a `Config` or every mistake of the
//! document. Requests never look strings up in the raw document.
//!
//! ```text
//! bytes -> tree (JSON or protobuf) -> decode + raw (the document) -> compile (names, secrets) -> Config
//!                                              \-> shape (JSON Schema, reference)
//! ```

mod choice;
mod compile;
mod decode;
mod document;
mod endpoint;
pub mod host_metadata;
mod leaf;
mod mistakes;
mod number;
mod plugin;
mod preset;
mod protobuf;
mod raw;
pub mod reference;
mod secret;
mod serving;
mod shape;
mod tree;
mod types;
mod vendors;

pub use mistakes::Mistakes;
pub use plugin::Plugin;
pub use preset::{AuthStyle, Dialect, Extension, Preset};
pub use secret::Secret;
pub use serving::serving;
pub use types::*;
pub use vendors::PRESETS;
