//! From the asked model to the plan: which targets are tried, in which order.

mod ask;
mod hash;
mod nearest;
mod options;
mod pins;
mod plan;
mod resolve;

pub use ask::{Ask, AskReader, Body};
pub use hash::Hash;
pub use options::Options;
pub use plan::{Plan, Request, Target, plan};
pub use resolve::{Resolved, resolve};
