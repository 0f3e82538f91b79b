//! What an answer cost: at its target's price, or by the provider's own word.

use super::Exchange;
use super::attempt::{Attempt, End};
use crate::config::Config;
use crate::meter::{Cost, Price, Prices, Source, Usage, cost_at, without_cache};
use crate::route::Target;
use std::rc::Rc;

/// What an answer cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charge {
    /// What its provider charges, whoever pays; `None` where that is not known.
    pub cost: Option<Cost>,
    /// Whether the caller pays the provider itself: its own credential was used.
    pub is_byok: bool,
}

impl Charge {
    /// What the gateway's operator pays, in pico-USD: nothing for what a caller pays itself.
    pub fn spent(&self) -> Option<u64> {
        if self.is_byok { Some(0) } else { self.cost.map(|cost| cost.pico) }
    }

    /// Who says so.
    pub fn source(&self) -> Option<Source> {
        self.cost.map(|cost| cost.source)
    }
}

impl Exchange {
    /// What an answer of this usage costs that a target gives.
    pub(super) fn charge(&self, target: &Target, usage: &Usage) -> Charge {
        let cost = self.at_prices(target, |prices| cost_at(usage, prices));
        Charge { cost, is_byok: target.lent.is_some() }
    }

    /// The same, of the last attempt; `None` where no answer was let through.
    pub(super) fn charge_of(&self, attempt: &Attempt, usage: &Usage) -> Option<Charge> {
        let target = self.plan.targets.get(attempt.target).filter(|_| attempt.status.is_some())?;
        (!matches!(attempt.end, End::Failed(_))).then(|| self.charge(target, usage))
    }

    /// What it would have cost without the provider's cache, in pico-USD.
    pub(super) fn uncached(&self, target: &Target, usage: &Usage) -> Option<u64> {
        self.at_prices(target, |prices| without_cache(usage, prices))
    }

    fn at_prices<T>(&self, target: &Target, count: impl FnOnce(Prices<'_>) -> T) -> T {
        let served = target.price.as_deref();
        count(Prices { served, other: &|name| price_at(&self.config, target, name) })
    }
}

/// The price of a model by its name at a target's provider.
fn price_at(config: &Config, target: &Target, name: &str) -> Option<Rc<Price>> {
    if name == target.sent {
        return target.price.clone();
    }
    let named = config.native_names.get(name).into_iter().flatten();
    let models = named.filter_map(|index| config.models.get(*index));
    let mut there = models.filter(|model| model.targets.iter().any(|one| one.provider == target.provider_id));
    there.find_map(|model| model.price.clone()).or_else(|| target.provider.catalog_price(name, name))
}

#[cfg(test)]
mod tests;
