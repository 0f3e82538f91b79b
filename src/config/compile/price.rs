//! What a model costs: every rate that differs is filled up, and nothing is said twice.

use super::super::document::Document;
use super::super::mistakes::quoted;
use super::super::raw::{RawPrice, RawServiceTier};
use super::Context;
use crate::meter::{Price, Rates, Tier, is_usual_tier};

/// The price, in pico-USD.
pub fn compile(raw: &RawPrice, context: &mut Context<'_>) -> Price {
    let base = raw.rates();
    let mut price = Price { rates: base, request: raw.request.map(|usd| usd.0), ..Price::default() };
    for tool in &raw.tools {
        let name = tool.name.to_string();
        let is_known = price.tools.iter().any(|(known, _)| *known == name);
        if is_known && !context.mistakes.has(&tool.at("name")) {
            context.mistakes.add(&tool.at("name"), format!("found {} a second time, expected it once", quoted(&name)));
        }
        price.tools.push((name, tool.usd.0));
    }
    for tier in &raw.tiers {
        let above = tier.above.0;
        let before = price.tiers.last().map_or(0, |tier| tier.above);
        if above <= before && !context.mistakes.has(&tier.at("above")) {
            context
                .mistakes
                .add(&tier.at("above"), format!("found {above}, expected more than {before}, the tier before"));
        }
        says_something(tier, tier.rates(), context);
        price.tiers.push(Tier { above, rates: tier.rates().or(base) });
    }
    for tier in &raw.service_tiers {
        let name = service_tier(tier, &price, context);
        says_something(tier, tier.rates(), context);
        price.service_tiers.push((name, tier.rates().or(base)));
    }
    price
}

/// The name of a tier of service, as answers are compared with it.
fn service_tier(tier: &RawServiceTier, price: &Price, context: &mut Context<'_>) -> String {
    let name = tier.name.to_ascii_lowercase();
    let mistake = if is_usual_tier(&name) {
        Some("the name of another tier than the usual one, whose prices stand above")
    } else if price.service_tiers.iter().any(|(known, _)| *known == name) {
        Some("each tier once")
    } else {
        None
    };
    if let Some(expected) = mistake
        && !context.mistakes.has(&tier.at("name"))
    {
        context.mistakes.add(&tier.at("name"), format!("found {}, expected {expected}", quoted(&tier.name)));
    }
    name
}

/// A tier without a price would be no tier.
fn says_something(tier: &impl Document, rates: Rates, context: &mut Context<'_>) {
    if rates == Rates::default() && !context.mistakes.below(tier.path()) {
        context.mistakes.add(tier.path(), "found no price, expected at least one that differs");
    }
}
