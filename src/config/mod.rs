//! The compiled configuration: parsed once at the edge, into types that cannot be wrong.
//!
//! `Config::load` takes the bytes that Envoy hands over and gives either a `Config` or every mistake of the
//! document. Requests never look strings up in the raw document.

mod preset;
mod secret;
mod types;

pub use preset::{AuthStyle, Dialect, Preset};
pub use secret::Secret;
pub use types::*;
