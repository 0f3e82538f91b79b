//! From the asked model to the plan: which targets are tried, in which order.

mod ask;
pub mod byok;
mod dear;
mod deep;
mod hash;
mod nearest;
mod needs;
mod options;
mod plan;
mod resolve;

pub use ask::{Ask, AskReader, Body, Named};
pub use byok::Lent;
pub use hash::Hash;
pub use needs::Needs;
pub use options::Options;
pub use plan::{Plan, Request, Target, plan};
pub use resolve::{Resolved, is_served, of_entry, resolve};
