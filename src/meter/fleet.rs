//! A fleet's ledger: the counters of budgets at a rate limit service. A request asks it once what they hold, and is charged
//! once, by [`dues`](super::dues), when it has ended.

mod counter;

pub use counter::Counter;

use super::rls::{MOST_HITS, request, statuses};
use super::{Share, Standing};
use std::fmt;
use std::time::Duration;

/// The rate limit service that keeps what a fleet spends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// The Envoy cluster that reaches it.
    pub cluster: String,
    /// Its domain.
    pub domain: String,
    /// What happens to requests while it does not answer.
    pub failure_mode: FailureMode,
    /// How long a request waits for it.
    pub timeout: Duration,
}

/// What happens to requests while the ledger does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailureMode {
    /// They pass, as if nothing were spent.
    #[default]
    Allow,
    /// They are refused.
    Deny,
}

/// The message that asks what counters hold, and changes nothing.
pub fn peek<'a>(domain: &str, counters: impl IntoIterator<Item = &'a Counter>) -> Vec<u8> {
    request(domain, counters.into_iter().map(|counter| (counter.entries(), 0)))
}

/// The message that adds hits to counters.
pub fn charge<'a>(domain: &str, charges: impl IntoIterator<Item = (&'a Counter, u64)>) -> Vec<u8> {
    let descriptors =
        charges.into_iter().flat_map(|(counter, hits)| parts(hits).map(move |part| (counter.entries(), part)));
    request(domain, descriptors)
}

/// Hits in parts that a service takes. More than its counters have room for are not sent: they are at their end.
fn parts(hits: u64) -> impl Iterator<Item = u64> {
    let mut rest = hits.min(u32::MAX.into());
    std::iter::from_fn(move || {
        let part = rest.min(MOST_HITS);
        rest = rest.saturating_sub(part);
        (part > 0).then_some(part)
    })
}

/// Why an answer of the service is of no use.
#[derive(Debug, PartialEq, Eq)]
pub enum Useless {
    /// It is no answer to a peek.
    Unreadable,
    /// The service has no rule for this counter, and counts nothing.
    Uncounted(String),
}

impl fmt::Display for Useless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Useless::Unreadable => f.write_str("it did not answer with the status of each descriptor"),
            Useless::Uncounted(counter) => write!(f, "it has no rule for {counter}"),
        }
    }
}

/// What the answer to a peek says of each share; `counters` are those that were asked for, in their order.
pub fn standings(shares: &[Share], counters: &[Counter], answer: &[u8]) -> Result<Vec<Standing>, Useless> {
    let statuses = statuses(answer).filter(|statuses| statuses.len() == counters.len()).ok_or(Useless::Unreadable)?;
    let told = shares.iter().zip(counters).zip(statuses).map(|((share, counter), status)| {
        counter.standing(share.budget.cap, status).ok_or_else(|| Useless::Uncounted(counter.to_string()))
    });
    told.collect()
}

#[cfg(test)]
mod tests;
