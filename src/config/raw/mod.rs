//! The document as it is written: names and values checked each by itself, not yet against each other.

mod access;
mod budgets;
mod models;
mod price;
mod providers;

pub use access::*;
pub use budgets::*;
pub use models::*;
pub use price::*;
pub use providers::*;

use super::Expose;
use super::choice::{GatewayRole, Label, ProviderEntry, UpstreamRole};
use super::decode::Filled;
use super::document::document;
use super::leaf::Free;
use super::number::Bytes;

document! {
    /// The configuration of the gateway role.
    RawGateway {
        /// What the plugin is; the upstream role's document is `{role: upstream}` alone.
        required role: GatewayRole,
        /// The accounts that serve models.
        required providers: Filled<ProviderEntry>,
        /// Names for several providers.
        default pools: Vec<RawPool> = "[]",
        /// Models with settings of their own; what a provider's `models` names needs no entry here.
        default models: Vec<RawModel> = "[]",
        /// How the plan of a request is made.
        default routing: RawRouting = "{}",
        /// What keys have in common.
        default groups: Vec<RawGroup> = "[]",
        /// The clients' virtual keys.
        default keys: Vec<RawKey> = "[]",
        /// Callers without a virtual key.
        default access: RawAccess = "{}",
        /// Money or tokens over a window.
        default budgets: Vec<RawBudget> = "[]",
        /// Where spend is kept.
        default ledger: RawLedger = "{}",
        /// Labels of the metrics.
        default metrics: RawMetrics = "{}",
        /// Limits of every request.
        default limits: RawRequestLimits = "{}",
        /// Whether answers name provider, attempts and plan.
        default expose: Expose = "full",
    }
}

document! {
    /// Labels of the metrics.
    RawMetrics {
        /// Which of them requests, tokens, cost and refusals carry besides.
        default labels: Vec<Label> = "[]",
        /// The values of `tag` that are not `other`.
        default tags: Vec<Free> = "[]",
        /// The values of `user` that are not `other`.
        default users: Vec<Free> = "[]",
    }
}

document! {
    /// Limits of every request.
    RawRequestLimits {
        /// Largest request body.
        default request_body: Bytes<{ 1 << 30 }> = "32MiB",
    }
}

document! {
    /// The configuration of the upstream role, which takes everything else from the gateway role.
    RawUpstream {
        /// What the plugin is.
        required role: UpstreamRole,
    }
}
