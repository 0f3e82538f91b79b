//! A counter of a budget as a rate limit service knows it, and the unit in which it counts there.
//!
//! It is a descriptor of four entries, always in this order: `hour|day|week|month|total` with the beginning of the window,
//! `budget`, `unit` and `of`. docs/ledger.md has the service's side of it.

use crate::clock::rfc3339;
use crate::meter::rls::{Entries, Status};
use crate::meter::{Cap, Share, Standing, Window};
use sha2::{Digest, Sha256};
use std::fmt;

/// A budget whose number would be larger counts in a larger unit: a service has 32 bits for its limit, and what is spent
/// beyond a budget must fit, too.
const LARGEST_CAP: u64 = 4_000_000_000;
/// The smallest unit of money, in pico-USD.
const MICRO_USD: u64 = 1_000_000;
/// The longest name of a key, group or user that stands in a descriptor as it is.
const LONGEST_NAME: usize = 64;

/// One counter at the service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Counter {
    entries: [(&'static str, String); 4],
    /// Pico-USD or tokens of one hit.
    pub unit: u64,
}

impl Counter {
    /// The counter of a share in the window of this moment.
    pub fn of(share: &Share, now: u64) -> Counter {
        let budget = &share.budget;
        let (unit, unit_name) = unit(budget.cap);
        let of = match (&share.of, budget.each) {
            (Some(value), Some(each)) => format!("{}:{}", each.word(), plain(value)),
            _ => "all".to_owned(),
        };
        let window = (budget.per.word(), window(budget.per, now));
        Counter { entries: [window, ("budget", budget.id.clone()), ("unit", unit_name), ("of", of)], unit }
    }

    /// For a message to the service.
    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    /// What a status of the service says of it, for a budget of this size; `None` if it says nothing.
    pub fn standing(&self, cap: Cap, status: Status) -> Option<Standing> {
        let spent = u64::from(status.limit?.saturating_sub(status.remaining)).saturating_mul(self.unit);
        // A service may have a lower limit of its own.
        let least = if status.is_over { cap.amount() } else { 0 };
        Some(Standing { spent: spent.max(least), held: 0 })
    }
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (key, value)) in self.entries.iter().enumerate() {
            write!(f, "{}{key}={value}", if i == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

/// How much one hit is, and what that is called: the smallest unit in which the budget fits.
fn unit(cap: Cap) -> (u64, String) {
    let (least, name) = match cap {
        Cap::Money(_) => (MICRO_USD, "micro-usd"),
        Cap::Tokens(_) => (1, "token"),
    };
    let mut times = 1_u64;
    while cap.amount() / least.saturating_mul(times) > LARGEST_CAP {
        times = times.saturating_mul(10);
    }
    let name = if times == 1 { name.to_owned() } else { format!("{times}-{name}") };
    (least.saturating_mul(times), name)
}

/// When the window began, as exactly as it needs: `2026-11-22T15`, `2026-11-22` (of a week its Monday), `2026-11`, `all`.
fn window(per: Window, now: u64) -> String {
    let length = match per {
        Window::Hour => 13,
        Window::Day | Window::Week => 10,
        Window::Month => 7,
        Window::Total => return "all".to_owned(),
    };
    let mut text = rfc3339(per.bounds(now).0);
    text.truncate(length);
    text
}

/// A name as it stands, or the first half of its SHA-256 where it is long or has other characters than names have.
fn plain(value: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@' | b'+');
    if value.len() <= LONGEST_NAME && value.bytes().all(is_plain) {
        return value.to_owned();
    }
    let hash = Sha256::digest(value.as_bytes());
    let half = hash.iter().take(16).map(|byte| format!("{byte:02x}"));
    format!("sha256:{}", half.collect::<String>())
}

#[cfg(test)]
mod tests;
