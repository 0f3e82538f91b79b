//! What was spent and the fleet's ledger does not know yet.
//!
//! Charges wait here until the service has taken them: at most one message is under way, and what is charged meanwhile goes
//! with the next one, in one sum per counter. So a service that is away for an hour costs memory per counter, not per
//! request, and nothing is lost. What is less than a unit waits until it has become one.

use super::fleet::{Counter, Fleet, charge, peek};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

/// Most counters that wait; a service that is away for long with more of them loses charges.
const MOST_COUNTERS: usize = 10_000;
/// Most counters of one message.
const MOST_AT_ONCE: usize = 100;
/// How long the service may take for a charge: nobody waits for it.
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// The pause after a failure; it doubles with every further one.
const FIRST_PAUSE: u64 = 100_000_000;
/// The longest pause.
const LONGEST_PAUSE: u64 = 5_000_000_000;
/// Whoever would have got the answer is gone by then, and the service has most likely taken the message.
const GIVEN_UP: u64 = 10_000_000_000;

/// Charges on their way to one service.
pub struct Dues {
    fleet: Rc<Fleet>,
    /// Hits that are to be sent.
    ready: HashMap<Counter, u64>,
    /// What is less than one hit, in pico-USD or tokens.
    rests: HashMap<Counter, u64>,
    flight: Option<Flight>,
    /// Failures in a row.
    failures: u32,
    /// Nothing is sent before, after a failure.
    not_before: u64,
}

/// A message under way: its number, when it was sent, and what it charges. After a failure the first message charges
/// nothing: what a service is told that does not answer may count twice, so it must not be told again and again.
struct Flight {
    call: u32,
    since: u64,
    charges: Vec<(Counter, u64)>,
}

/// How a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is not one of these.
    Unknown,
    /// The service has taken it.
    Taken,
    /// It has not, or has not said so; it will be sent again.
    Failed,
}

impl Dues {
    /// Nothing yet.
    pub fn new(fleet: Rc<Fleet>) -> Dues {
        Dues { fleet, ready: HashMap::new(), rests: HashMap::new(), flight: None, failures: 0, not_before: 0 }
    }

    /// Whether they are for this service, however it is called.
    pub fn is_for(&self, fleet: &Fleet) -> bool {
        (&self.fleet.cluster, &self.fleet.domain) == (&fleet.cluster, &fleet.domain)
    }

    /// Adds pico-USD or tokens to what a counter is to be charged; false if there is no room, and they are lost.
    pub fn add(&mut self, counter: Counter, amount: u64) -> bool {
        let is_new = !self.ready.contains_key(&counter) && !self.rests.contains_key(&counter);
        if is_new && self.is_full() {
            self.round_up();
            if self.is_full() {
                return false;
            }
        }
        let unit = counter.unit.max(1);
        let amount = self.rests.remove(&counter).unwrap_or(0).saturating_add(amount);
        if !amount.is_multiple_of(unit) {
            self.rests.insert(counter.clone(), amount % unit);
        }
        if amount >= unit {
            self.give(counter, amount / unit);
        }
        true
    }

    fn is_full(&self) -> bool {
        self.ready.len().saturating_add(self.rests.len()) >= MOST_COUNTERS
    }

    /// Makes room: what is less than a hit becomes one. Nobody is charged more than a unit too much by that.
    fn round_up(&mut self) {
        for (counter, _) in std::mem::take(&mut self.rests) {
            self.give(counter, 1);
        }
    }

    fn give(&mut self, counter: Counter, hits: u64) {
        let waiting = self.ready.entry(counter).or_insert(0);
        *waiting = waiting.saturating_add(hits);
    }

    /// What a counter is to be charged and the service cannot know yet, in pico-USD or tokens.
    pub fn of(&self, counter: &Counter) -> u64 {
        let hits = self.ready.get(counter).copied().unwrap_or(0);
        let rest = self.rests.get(counter).copied().unwrap_or(0);
        hits.saturating_mul(counter.unit).saturating_add(rest)
    }

    /// In how many nanoseconds there will be something to send; `None` if not before more is added.
    pub fn due(&self, now: u64) -> Option<u64> {
        let is_idle = self.ready.is_empty() && self.flight.is_none();
        (!is_idle).then(|| match &self.flight {
            Some(flight) => flight.since.saturating_add(GIVEN_UP).saturating_sub(now),
            None => self.not_before.saturating_sub(now),
        })
    }

    /// Sends what is due, by a function that gives the number of the call; `None` of it: it could not even begin. False if
    /// something failed.
    pub fn send(&mut self, now: u64, begin: impl FnOnce(&Fleet, &[u8]) -> Option<u32>) -> bool {
        let given_up = self.flight.take_if(|flight| now.saturating_sub(flight.since) >= GIVEN_UP).is_some();
        if self.flight.is_some() || self.ready.is_empty() || now < self.not_before {
            return !given_up;
        }
        let (message, charges) = if self.failures > 0 {
            (peek(&self.fleet.domain, self.ready.keys().take(1)), Vec::new())
        } else {
            let charges = self.take();
            (charge(&self.fleet.domain, charges.iter().map(|(counter, hits)| (counter, *hits))), charges)
        };
        match begin(&self.fleet, &message) {
            Some(call) => self.flight = Some(Flight { call, since: now, charges }),
            None => self.fail(charges, now),
        }
        !given_up && self.flight.is_some()
    }

    fn take(&mut self) -> Vec<(Counter, u64)> {
        if self.ready.len() <= MOST_AT_ONCE {
            return self.ready.drain().collect();
        }
        let some: Vec<Counter> = self.ready.keys().take(MOST_AT_ONCE).cloned().collect();
        some.into_iter().filter_map(|counter| self.ready.remove_entry(&counter)).collect()
    }

    /// The end of a call.
    pub fn answered(&mut self, call: u32, is_ok: bool, now: u64) -> Ended {
        let Some(flight) = self.flight.take_if(|flight| flight.call == call) else { return Ended::Unknown };
        if is_ok {
            self.failures = 0;
            return Ended::Taken;
        }
        self.fail(flight.charges, now);
        Ended::Failed
    }

    fn fail(&mut self, charges: Vec<(Counter, u64)>, now: u64) {
        for (counter, hits) in charges {
            self.give(counter, hits);
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(16)).min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        self.not_before = now.saturating_add(pause);
    }
}

#[cfg(test)]
mod tests;
