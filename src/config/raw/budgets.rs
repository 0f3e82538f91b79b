//! Budgets, and the ledger that keeps what was spent.

use super::super::document::document;
use super::super::leaf::{Alias, Free, Name};
use super::super::number::{Count, Decimal, Percent, Span};
use crate::meter::fleet::FailureMode;
use crate::meter::{Each, Window};

document! {
    /// Money or tokens over a window; exactly one of `usd` and `tokens`.
    RawBudget {
        /// Stands in metrics and answers.
        required id: Name,
        /// Which requests count; without it, all.
        default r#match: RawMatch = "{}",
        /// One budget for each of these instead of one for all. Requests without a group, or without a user, share one.
        optional each: Each,
        /// Money in USD.
        optional usd: Decimal<12>,
        /// Input and output tokens.
        optional tokens: Count,
        /// The window, of the calendar in UTC; weeks begin on Monday.
        required per: Window,
        /// From here on answers carry a warning.
        optional warn_at: Percent,
        /// Whether the most that a request can take is held until it ends, so that requests at one time cannot go over it
        /// together.
        default reserve: bool = "false",
        /// What happens once nothing is left; without it, 402.
        optional on_exceed: RawExceed,
    }
}

document! {
    /// Which requests count; all that is given must hold.
    RawMatch {
        /// Requests of this group's keys.
        optional group: Name,
        /// Requests of this key.
        optional key: Name,
        /// Requests with this tag.
        optional tag: Free,
        /// Requests of this user.
        optional user: Free,
        /// What this provider serves.
        optional provider: Name,
        /// What this model serves.
        optional model: Alias,
    }
}

document! {
    /// What happens once nothing is left.
    RawExceed {
        /// A cheaper model that serves instead, of the keys that may use it.
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
        /// The Envoy cluster that reaches it, by HTTP/2.
        required cluster: Name,
        /// Its domain.
        default domain: Name = "tollgate",
        /// What happens to requests while it does not answer: they pass, or are refused with 503.
        default failure_mode: FailureMode = "allow",
        /// How long a request waits for it.
        default timeout: Span = "500ms",
    }
}
