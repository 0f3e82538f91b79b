//! The catalog: its tables, the form that is embedded, and what is found in it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod asked;
mod famous;
mod pack;
mod rows;
