//! What an exchange used, and what that cost.

mod cost;
mod money;
mod price;
pub mod rls;
mod usage;

pub use cost::{Cost, Prices, Source, cost, cost_at, without_cache};
pub use money::{pico, usd};
pub use price::{Price, Rates, Tier, is_usual_tier};
pub use usage::{Billed, Usage};
