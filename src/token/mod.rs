//! Tokens that the gateway fetches by itself, from a GCP metadata server: what one says, and when the next is due.
//!
//! ```text
//! tick of any worker -> cell: whose turn? -> fetch -> answer -> cell -> every attempt of every worker
//! ```
//!
//! The cell is shared (`health::tokens`), the fetching is the shell's (`filter::tokens`); here is what they go by.

mod answer;
mod cell;

pub use answer::{Fault, Fresh, LARGEST, read};
pub use cell::{Cell, FETCH, Turn};

/// Where a metadata server gives the token of the machine's own account.
/// <https://cloud.google.com/compute/docs/access/authenticate-workloads#applications> (seen 2026-11-22)
pub const PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
/// The server's name; it answers to no other.
pub const HOST: &str = "metadata.google.internal";
