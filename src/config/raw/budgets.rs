//! Budgets, and the ledger that keeps what was spent.

use super::super::choice::{Each, FailureMode, Window};
use super::super::document::document;
use super::super::leaf::{Alias, Name};
use super::super::number::{Count, Decimal, Percent};

document! {
    /// Money or tokens over a window; exactly one of `usd` and `tokens`.
    RawBudget {
        /// Stands in metrics and answers.
        required id: Name,
        /// Which requests count; without it, all.
        default r#match: RawMatch = "{}",
        /// One budget for each of these instead of one for all.
        optional each: Each,
        /// Money.
        optional usd: Decimal,
        /// Input and output tokens.
        optional tokens: Count,
        /// The window.
        required per: Window,
        /// From here on answers carry a warning.
        optional warn_at: Percent,
        /// Whether the most that a request can cost is held until it ends.
        default reserve: bool = "false",
        /// What happens over the budget; without it, 402.
        optional on_exceed: RawExceed,
    }
}

document! {
    /// Which requests count; all that is given must hold.
    RawMatch {
        /// A group.
        optional group: Name,
        /// A key.
        optional key: Name,
        /// A provider.
        optional provider: Name,
    }
}

document! {
    /// What happens over the budget.
    RawExceed {
        /// A cheaper model that serves instead.
        required r#use: Alias,
    }
}

document! {
    /// Where spend is kept; `{local: {}}` where nothing is given.
    RawLedger {
        /// Envoy's shared data: all workers of one Envoy; a restart loses it.
        optional local: RawLocal,
        /// A fleet's ledger, by Envoy's rate limit service protocol.
        optional rate_limit_service: RawRateLimitService,
    }
}

document! {
    /// Has no settings.
    RawLocal {
    }
}

document! {
    /// A fleet's ledger.
    RawRateLimitService {
        /// The Envoy cluster.
        required cluster: Name,
        /// Its domain.
        default domain: Name = "tollgate",
        /// What happens while it does not answer.
        default failure_mode: FailureMode = "allow",
    }
}
