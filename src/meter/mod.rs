//! What an exchange used, what that cost, and the budgets that it counts on.

mod budget;
mod cost;
pub mod dues;
pub mod estimate;
pub mod fleet;
mod ledger;
pub mod limit;
mod money;
mod price;
pub mod rls;
mod usage;
mod window;

pub use budget::{Budget, Cap, Each, Matching, Share, Standing};
pub use cost::{Cost, Prices, Source, cost, cost_at, without_cache};
pub use ledger::{Held, Ledger};
pub use money::{pico, usd};
pub use price::{Price, Rates, Tier, is_usual_tier};
pub use usage::{Billed, Usage};
pub use window::Window;
