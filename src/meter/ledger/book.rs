//! A book: the counters that share one cell, as bytes.
//!
//! ```text
//! counter: who 16 | window's first hour 4 | spent 8 | number of holds 2 | holds
//! hold:    id 8 | amount 8 | until, in seconds 4
//! ```
//! Numbers are little-endian, times are counted since 1970.

use crate::meter::Standing;

/// Most counters of one book.
pub const MOST_COUNTERS: usize = 128;
/// Most holds of one counter.
pub const MOST_HOLDS: usize = 10_000;

/// When something is done: what a counter must know of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// Seconds since 1970.
    pub second: u32,
    /// The first hour of the window, since 1970.
    pub start: u32,
    /// The first hour of the window after it.
    pub next: u32,
}

/// One counter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// Hash of whom it is of.
    who: u128,
    /// The first hour of the window that `spent` is of.
    start: u32,
    spent: u64,
    holds: Vec<Hold>,
}

/// What may be spent by a request that has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hold {
    id: u64,
    amount: u64,
    /// A hold whose request never ends is over by then: its VM has died.
    until: u32,
}

impl Counter {
    /// What it says at a time.
    pub fn standing(&self, time: Time) -> Standing {
        let held = self.holds.iter().filter(|hold| hold.until > time.second).map(|hold| hold.amount);
        Standing {
            spent: if self.start < time.start { 0 } else { self.spent },
            held: held.fold(0, u64::saturating_add),
        }
    }

    /// Turns to the window of a time and forgets holds that are over. Those that are not stay: their requests will be charged
    /// in this window.
    pub fn turn(&mut self, time: Time) {
        if self.start < time.start {
            self.spent = 0;
            self.start = time.start;
        }
        // A worker whose clock is a moment ahead may have begun the next window, and begun it is. One still later is
        // nobody's: the clock was wrong then, and the counter would stand still until it is right.
        if self.start > time.next {
            self.start = time.start;
        }
        self.holds.retain(|hold| hold.until > time.second);
    }

    /// Counts what was spent.
    pub fn spend(&mut self, amount: u64) {
        self.spent = self.spent.saturating_add(amount);
    }

    /// Holds an amount until a second. False if there are too many holds.
    pub fn hold(&mut self, id: u64, amount: u64, until: u32) -> bool {
        let has_room = self.holds.len() < MOST_HOLDS;
        if has_room {
            self.holds.push(Hold { id, amount, until });
        }
        has_room
    }

    /// Ends a hold.
    pub fn release(&mut self, id: u64) {
        self.holds.retain(|hold| hold.id != id);
    }

    fn is_over(&self, time: Time) -> bool {
        self.start < time.start && self.standing(time).held == 0
    }
}

/// The counters that share one cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    counters: Vec<Counter>,
}

impl Book {
    /// Reads a book; what cannot be read is not there.
    pub fn read(bytes: &[u8]) -> Book {
        let mut rest = bytes;
        Book { counters: std::iter::from_fn(|| counter(&mut rest)).collect() }
    }

    /// Its bytes.
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.counters.len().saturating_mul(30));
        for Counter { who, start, spent, holds } in &self.counters {
            bytes.extend(who.to_le_bytes());
            bytes.extend(start.to_le_bytes());
            bytes.extend(spent.to_le_bytes());
            bytes.extend(u16::try_from(holds.len()).unwrap_or(u16::MAX).to_le_bytes());
            for Hold { id, amount, until } in holds {
                bytes.extend(id.to_le_bytes());
                bytes.extend(amount.to_le_bytes());
                bytes.extend(until.to_le_bytes());
            }
        }
        bytes
    }

    /// A counter as it stands; `None` where it is not known and there is no place for it either.
    pub fn look(&self, who: u128, time: Time) -> Option<Standing> {
        let known = self.counters.iter().find(|counter| counter.who == who).map(|counter| counter.standing(time));
        let has_place = || self.counters.iter().filter(|counter| !counter.is_over(time)).count() < MOST_COUNTERS;
        known.or_else(|| has_place().then(Standing::default))
    }

    /// A counter in the window of a time, made where it is not known; counters that are over make place. `None`: there is
    /// none.
    pub fn counter(&mut self, who: u128, time: Time) -> Option<&mut Counter> {
        self.counters.retain(|counter| counter.who == who || !counter.is_over(time));
        let place = match self.counters.iter().position(|counter| counter.who == who) {
            Some(place) => place,
            None if self.counters.len() < MOST_COUNTERS => {
                self.counters.push(Counter { who, start: time.start, ..Counter::default() });
                self.counters.len().saturating_sub(1)
            }
            None => return None,
        };
        let counter = self.counters.get_mut(place)?;
        counter.turn(time);
        Some(counter)
    }
}

fn counter(bytes: &mut &[u8]) -> Option<Counter> {
    let (who, start) = (u128::from_le_bytes(take(bytes)?), u32::from_le_bytes(take(bytes)?));
    let (spent, holds) = (u64::from_le_bytes(take(bytes)?), u16::from_le_bytes(take(bytes)?));
    let holds = (0..holds).map(|_| hold(bytes)).collect::<Option<_>>()?;
    Some(Counter { who, start, spent, holds })
}

fn hold(bytes: &mut &[u8]) -> Option<Hold> {
    let (id, amount) = (u64::from_le_bytes(take(bytes)?), u64::from_le_bytes(take(bytes)?));
    Some(Hold { id, amount, until: u32::from_le_bytes(take(bytes)?) })
}

/// The next bytes.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}
