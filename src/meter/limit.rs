//! Limits per minute: requests and tokens in any 60 seconds, exact for all workers together.
//!
//! A request looks at all limits that apply to it, and only if each has room takes from each of them. Two workers may see
//! the same room; compare-and-swap lets one of them have it, and the other gives back what it has taken elsewhere.

mod minute;
mod table;

use crate::cells::{Cells, Seen};
pub use minute::{Amount, MINUTE};
use std::time::Duration;
use table::Table;

/// How much one limit allows in a minute, and where it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The cell.
    pub cell: String,
    /// Whose minute of the cell; 0 where it has one.
    pub id: u64,
    /// Most requests.
    pub requests: Option<u64>,
    /// Most tokens.
    pub tokens: Option<u64>,
}

/// What a limit is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Requests per minute.
    Requests,
    /// Tokens per minute.
    Tokens,
}

/// How a limit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The limit.
    pub limit: u64,
    /// What is left of it.
    pub remaining: u64,
    /// When all of it is there again if nothing more is taken, in milliseconds since 1970.
    pub whole: u64,
}

/// A limit that has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// Index of the limit.
    pub index: usize,
    /// Of what.
    pub kind: Kind,
    /// How it stands.
    pub left: Left,
    /// Until there is room; at most a minute.
    pub wait: Duration,
}

/// What a request has taken from one limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    rate: Rate,
    amount: Amount,
    /// The time under which it is counted.
    at: u64,
    /// How the requests stand after it, where they are limited.
    pub requests: Option<Left>,
    /// How the tokens stand after it, where they are limited.
    pub tokens: Option<Left>,
}

impl Rate {
    /// What a request takes that is thought to need so many tokens.
    fn amount(&self, tokens: u64) -> Amount {
        Amount { requests: u64::from(self.requests.is_some()), tokens: self.tokens.map_or(0, |_| tokens) }
    }

    /// Why there is no room: of two reasons the one that lasts longer. One request larger than the whole limit has room
    /// when nothing else is counted.
    fn full(&self, table: &mut Table, index: usize, amount: Amount, now: u64) -> Option<Full> {
        table.with(self.id, |minute| {
            let full = |kind, limit: Option<u64>, of: fn(Amount) -> u64| {
                let (limit, used) = (limit?, of(minute.used()));
                let most = limit.saturating_sub(of(amount).max(1).min(limit));
                let wait = (used > most).then(|| minute.until(of, most, now))?;
                let left = Left { limit, remaining: limit.saturating_sub(used), whole: minute.whole() };
                Some(Full { index, kind, left, wait: Duration::from_millis(wait) })
            };
            let requests = full(Kind::Requests, self.requests, |amount| amount.requests);
            let tokens = full(Kind::Tokens, self.tokens, |amount| amount.tokens);
            requests.into_iter().chain(tokens).max_by_key(|full| full.wait)
        })
    }

    /// Takes from what a cell held when it was seen, or holds by now.
    fn take(&self, cells: &dyn Cells, seen: Seen, index: usize, tokens: u64, now: u64) -> Result<Taken, Full> {
        let amount = self.amount(tokens);
        let taken = cells.change_seen(&self.cell, seen, |bytes| {
            let mut table = Table::read(bytes, now);
            if let Some(full) = self.full(&mut table, index, amount, now) {
                return (None, Err(full));
            }
            let is_nothing = amount == Amount::default();
            let at = if is_nothing { now } else { table.with(self.id, |minute| minute.add(amount, now)) };
            let (used, whole) = table.with(self.id, |minute| (minute.used(), minute.whole()));
            let left = |limit: u64, used: u64| Left { limit, remaining: limit.saturating_sub(used), whole };
            let requests = self.requests.map(|limit| left(limit, used.requests));
            let tokens = self.tokens.map(|limit| left(limit, used.tokens));
            let taken = Taken { rate: self.clone(), amount, at, requests, tokens };
            ((!is_nothing).then(|| table.write()), Ok(taken))
        });
        // So many workers were faster that nobody knows whether there is room.
        taken.unwrap_or_else(|| {
            let kind = if self.requests.is_some() { Kind::Requests } else { Kind::Tokens };
            let limit = self.requests.or(self.tokens).unwrap_or_default();
            Err(Full { index, kind, left: Left { limit, remaining: 0, whole: now }, wait: Duration::from_secs(1) })
        })
    }
}

/// Takes a request and so many tokens from every limit, or from none. Refused, it is told of the limit that lasts longest.
pub fn take(cells: &dyn Cells, rates: &[Rate], tokens: u64, now: u64) -> Result<Vec<Taken>, Full> {
    let now = millis(now);
    let seen: Vec<Seen> = rates.iter().map(|rate| cells.see(&rate.cell)).collect();
    let all = rates.iter().zip(&seen).enumerate();
    let full = all
        .filter_map(|(index, (rate, seen))| rate.full(&mut Table::read(&seen.0, now), index, rate.amount(tokens), now));
    if let Some(full) = full.max_by_key(|full| full.wait) {
        return Err(full);
    }
    let mut taken: Vec<Taken> = Vec::with_capacity(rates.len());
    for (index, (rate, seen)) in rates.iter().zip(seen).enumerate() {
        match rate.take(cells, seen, index, tokens, now) {
            Ok(one) => taken.push(one),
            Err(full) => {
                taken.iter().for_each(|taken| taken.give(cells, taken.amount, now));
                return Err(full);
            }
        }
    }
    Ok(taken)
}

impl Taken {
    /// The tokens that it needed after all. More than was thought count from now on, fewer from the beginning.
    pub fn correct(&self, cells: &dyn Cells, tokens: u64, now: u64) {
        if self.rate.tokens.is_none() || tokens == self.amount.tokens {
            return;
        }
        match tokens.checked_sub(self.amount.tokens) {
            Some(more) => {
                let more = Amount { requests: 0, tokens: more };
                self.change(cells, millis(now), |minute| {
                    minute.add(more, millis(now));
                });
            }
            None => {
                let fewer = Amount { requests: 0, tokens: self.amount.tokens.saturating_sub(tokens) };
                self.give(cells, fewer, millis(now));
            }
        }
    }

    /// Gives all of it back.
    pub fn give_back(&self, cells: &dyn Cells, now: u64) {
        self.give(cells, self.amount, millis(now));
    }

    fn give(&self, cells: &dyn Cells, amount: Amount, now: u64) {
        if amount != Amount::default() {
            self.change(cells, now, |minute| minute.remove(amount, self.at));
        }
    }

    fn change(&self, cells: &dyn Cells, now: u64, with: impl Fn(&mut minute::Minute)) {
        cells.change(&self.rate.cell, |bytes| {
            let mut table = Table::read(bytes, now);
            table.with(self.rate.id, &with);
            (Some(table.write()), ())
        });
    }
}

fn millis(ns: u64) -> u64 {
    ns / 1_000_000
}

#[cfg(test)]
mod tests;
