//! What an exchange used, and what that cost.

mod price;
mod usage;

pub use price::{Price, Rates, Tier, is_usual_tier};
pub use usage::Usage;
