//! Limits: what a request takes of them before it goes, and how its answer tells of them.

use super::super::routing::Whole;
use super::super::{health, host};
use super::Gateway;
use crate::dialect::Client;
use crate::error::Error;
use crate::exchange::{Entering, enter, is_providers_limit};
use crate::operation::Operation;
use crate::route::Plan;
use host::Map;

impl Gateway {
    /// Takes the request's part of all limits that apply, or of none.
    pub(super) fn enter(&mut self, whole: &Whole, plan: &Plan, now: u64) -> Result<(), Error> {
        let entering = Entering {
            config: &self.config,
            client: whole.client,
            caller: &whole.caller,
            user: whole.ask.options.user.as_deref(),
            model: &plan.asked.model,
            tokens: if whole.operation == Operation::CountTokens { 0 } else { whole.ask.input_estimate },
            now,
        };
        self.entered = Some(enter(&entering, &health::shared())?);
        Ok(())
    }

    /// How the request's limits stand, where it has any.
    pub(super) fn limit_headers(&self, client: Client) -> Vec<(&'static str, String)> {
        let entered = self.entered.as_ref().filter(|entered| entered.has_rates());
        entered.map(|entered| entered.headers(client, host::now())).unwrap_or_default()
    }

    /// The same for an answer that a provider let through, from which the provider's own limits go.
    pub(super) fn replace_limits(&self, client: Client) -> Vec<(&'static str, String)> {
        let limits = self.limit_headers(client);
        if !limits.is_empty() {
            let theirs = host::headers(Map::ResponseHeaders);
            for (name, _) in theirs.iter().filter(|(name, _)| is_providers_limit(name)) {
                let _ = host::remove_header(Map::ResponseHeaders, name);
            }
        }
        limits
    }
}
