//! What an exchange cost: the provider's own word, or its counts at the price of the target that served.
//!
//! Rates are whole pico-USD per token, so products and sums are exact and nothing is rounded. What is not known makes
//! the cost unknown: it is never taken for nothing. The rules have names in `docs/costs.md`, and tests by them.

use super::price::{Price, Rates, is_usual_tier};
use super::usage::{Billed, Usage};
use std::rc::Rc;

/// Who says what it cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The provider.
    Reported,
    /// We, from counts and a price.
    Computed,
}

impl Source {
    /// Its word in a generation.
    pub fn word(self) -> &'static str {
        match self {
            Source::Reported => "reported",
            Source::Computed => "computed",
        }
    }
}

/// What an exchange cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// In pico-USD.
    pub pico: u64,
    /// Who says so.
    pub source: Source,
}

/// Prices at the provider that served.
#[derive(Clone, Copy)]
pub struct Prices<'a> {
    /// Of the target that served.
    pub served: Option<&'a Price>,
    /// Of another model of the same provider, by its name there: an answer may be the work of several.
    pub other: &'a dyn Fn(&str) -> Option<Rc<Price>>,
}

/// Tools that providers run for nothing but their tokens. Anthropic's, seen 2026-11-22:
/// <https://platform.claude.com/docs/en/about-claude/pricing>.
const FREE_TOOLS: [&str; 2] = ["web_fetch", "tool_search"];

/// What this usage costs at this price; `None` where that is not known.
pub fn cost(usage: &Usage, price: Option<&Price>) -> Option<Cost> {
    cost_at(usage, Prices { served: price, other: &|_| None })
}

/// The same, where other models of the provider may have taken part.
pub fn cost_at(usage: &Usage, prices: Prices<'_>) -> Option<Cost> {
    if let Some(pico) = usage.cost {
        return Some(Cost { pico, source: Source::Reported });
    }
    let pico = u64::try_from(computed(usage, prices)?).ok()?;
    Some(Cost { pico, source: Source::Computed })
}

/// What this usage would have cost without the provider's cache, by our own count: all input is charged as such.
pub fn without_cache(usage: &Usage, prices: Prices<'_>) -> Option<u64> {
    prices.served?;
    let uncached = |usage: &Usage| Usage {
        cache_read: None,
        cache_write: None,
        cache_write_5m: None,
        cache_write_1h: None,
        cached_audio: None,
        ..usage.clone()
    };
    let billed = usage.billed.iter().map(|one| Billed { usage: uncached(&one.usage), ..one.clone() }).collect();
    u64::try_from(computed(&Usage { billed, ..uncached(usage) }, prices)?).ok()
}

fn computed(usage: &Usage, prices: Prices<'_>) -> Option<u128> {
    let price = prices.served?;
    let mut pico = u128::from(price.request.unwrap_or(0)).checked_add(tools(usage, price)?)?;
    if price.rates == Rates::default() {
        // What is charged by the request or by the run alone, such as an image, need not report tokens.
        return (price.request.is_some() || !price.tools.is_empty()).then_some(pico);
    }
    if usage.billed.is_empty() {
        return pico.checked_add(tokens(usage, rates(usage, usage, price)?)?);
    }
    for Billed { model, usage: one } in &usage.billed {
        let of_other = model.as_ref().map(|name| (prices.other)(name));
        let price = match &of_other {
            Some(other) => other.as_deref()?,
            None => price,
        };
        pico = pico.checked_add(tokens(one, rates(one, usage, price)?)?)?;
    }
    Some(pico)
}

/// The rates for this many tokens on these terms.
fn rates<'a>(counts: &Usage, terms: &Usage, price: &'a Price) -> Option<&'a Rates> {
    let input = counts.input.unwrap_or(0);
    let long = price.tiers.iter().rev().find(|tier| input > tier.above);
    let mut unusual = terms.tier.iter().filter(|word| !is_usual_tier(word)).chain(&terms.terms);
    match (unusual.next(), unusual.next()) {
        (None, _) => Some(long.map_or(&price.rates, |tier| &tier.rates)),
        (Some(word), None) if long.is_none() => price.of_service_tier(word),
        // Whether one surcharge is upon the other, no price says.
        _ => None,
    }
}

/// Runs of the provider's tools.
fn tools(usage: &Usage, price: &Price) -> Option<u128> {
    let mut pico: u128 = 0;
    for (tool, runs) in usage.server_tools.iter().filter(|(_, runs)| *runs > 0) {
        let known = price.tools.iter().find(|(name, _)| name == tool).map(|(_, each)| *each);
        let each = known.or_else(|| FREE_TOOLS.contains(&tool.as_str()).then_some(0))?;
        pico = pico.checked_add(u128::from(each).checked_mul(u128::from(*runs))?)?;
    }
    Some(pico)
}

/// Tokens: parts at their own rates, what is left of each total at its own.
fn tokens(usage: &Usage, rates: &Rates) -> Option<u128> {
    let count = |count: Option<u64>| count.unwrap_or(0);
    // A part without a rate of its own stays in its total.
    let part = |count: Option<u64>, rate: Option<u64>| rate.map_or(0, |_| count.unwrap_or(0));

    let read = count(usage.cache_read);
    let sound_read = part(usage.cached_audio, rates.cached_audio_input);
    let long_write = count(usage.cache_write_1h);
    let write = usage.cache_write.unwrap_or_else(|| count(usage.cache_write_5m).saturating_add(long_write));
    let sound_in = part(usage.audio_in, rates.audio_input);
    let sound_in = sound_in.checked_sub(part(usage.cached_audio, rates.audio_input))?;
    let images_in = part(usage.image_in, rates.image_input);
    let long_rate = rates.cache_write_1h.or(rates.input.filter(|_| rates.cache_write_5m.is_none()));

    let reasoning = part(usage.reasoning, rates.reasoning);
    let sound_out = part(usage.audio_out, rates.audio_output);
    let images_out = part(usage.image_out, rates.image_output);

    let input = usage.input.or_else(|| (rates.input == Some(0)).then_some(0))?;
    // What has no price for output has no output either, such as embeddings.
    let output = usage.output.or_else(|| rates.output.is_none_or(|rate| rate == 0).then_some(0))?;
    let lines = [
        (rest(input, &[read, write, sound_in, images_in])?, rates.input),
        (read.checked_sub(sound_read)?, rates.cached_input.or(rates.input)),
        (sound_read, rates.cached_audio_input),
        (write.checked_sub(long_write)?, rates.cache_write_5m.or(rates.input)),
        (long_write, long_rate),
        (sound_in, rates.audio_input),
        (images_in, rates.image_input),
        (rest(output, &[reasoning, sound_out, images_out])?, rates.output),
        (reasoning, rates.reasoning),
        (sound_out, rates.audio_output),
        (images_out, rates.image_output),
    ];
    lines.iter().try_fold(0_u128, |sum, (count, rate)| {
        if *count == 0 {
            return Some(sum);
        }
        sum.checked_add(u128::from(*count).checked_mul(u128::from((*rate)?))?)
    })
}

/// What is left of a total; unknown where its parts are more than it.
fn rest(total: u64, parts: &[u64]) -> Option<u64> {
    parts.iter().try_fold(total, |left, part| left.checked_sub(*part))
}

#[cfg(test)]
mod tests;
