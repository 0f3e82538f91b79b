//! What an exchange used: tokens now, money later.

mod usage;

pub use usage::Usage;
