//! Tollgate: an AI gateway that loads into Envoy as one WebAssembly module.
//!
//! ```text
//! filter -> exchange -> { access, route, health, generation, dialect, meter } -> { chat, stream, token, error }
//! ```
//!
//! Everything but `filter` is pure and runs natively; `filter` is the thin proxy-wasm shell and exists in
//! the WebAssembly build only.

pub mod access;
pub mod catalog;
pub mod cells;
pub mod chat;
pub mod clock;
pub mod config;
pub mod dialect;
pub mod error;
pub mod exchange;
pub mod generation;
pub mod health;
pub mod http;
pub mod meter;
pub mod metric;
pub mod operation;
pub mod route;
pub mod stream;
pub mod token;

#[cfg(test)]
mod testing;

#[cfg(target_arch = "wasm32")]
mod filter;
