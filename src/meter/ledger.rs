//! The local ledger: what was spent of each budget, in cells that all workers of one Envoy share.
//!
//! A budget has one cell, or 4,096 where it has a counter for each key, group or user: 128 counters fit into each of
//! those, found by a hash of the name, so that names that clients choose cannot fill memory. A name without a place has
//! its share of one more counter, `other`. Cells are never deleted; windows begin anew in their place.

mod book;

use super::budget::{Share, Standing};
use crate::cells::Cells;
use book::{Book, Counter, Time};
use sha2::{Digest, Sha256};

/// Cells of a budget that has many counters.
const CELLS: u128 = 4096;
/// How long a hold lasts whose request is never charged, in seconds.
const LONGEST_HOLD: u32 = 3600;
const SECOND: u64 = 1_000_000_000;

/// The ledger in shared cells.
#[derive(Clone, Copy)]
pub struct Ledger<'a>(pub &'a dyn Cells);

/// An amount that is held: by whose request, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    id: u64,
    place: Place,
}

/// Where a counter is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Where its name belongs.
    Own,
    /// With all the others whose place is taken.
    Other,
}

impl Ledger<'_> {
    /// What a counter says.
    pub fn look(&self, share: &Share, now: u64) -> Standing {
        let time = time(share, now);
        let look = |place| {
            let (cell, who) = counter(share, place);
            let bytes = self.0.get(&cell).map(|(bytes, _)| bytes).unwrap_or_default();
            Book::read(&bytes).look(who, time)
        };
        look(Place::Own).or_else(|| look(Place::Other)).unwrap_or_default()
    }

    /// Holds the most that a request can take until it is charged, for an hour at the longest; `id` differs for every
    /// request. `Err` says what is spent and held where there is no room for it.
    pub fn hold(&self, share: &Share, most: u64, id: u64, now: u64) -> Result<(Held, Standing), Standing> {
        let time = time(share, now);
        let until = time.second.saturating_add(LONGEST_HOLD);
        let held = self.change(share, Place::Own, now, |counter, place| {
            let standing = counter.standing(time);
            let is_held = standing.has_room(share.budget.cap, most) && counter.hold(id, most, until);
            if is_held { Ok((Held { id, place }, counter.standing(time))) } else { Err(standing) }
        });
        held.unwrap_or(Err(Standing::default()))
    }

    /// Counts what a request has spent, and ends its hold. Gives what the counter says then.
    pub fn charge(&self, share: &Share, amount: u64, held: Option<Held>, now: u64) -> Standing {
        let time = time(share, now);
        let place = held.map_or(Place::Own, |held| held.place);
        let charged = self.change(share, place, now, |counter, _| {
            held.iter().for_each(|held| counter.release(held.id));
            counter.spend(amount);
            Ok::<_, Standing>(counter.standing(time))
        });
        charged.and_then(Result::ok).unwrap_or_default()
    }

    /// Changes a counter, unless `with` fails. `None`: the host keeps nothing.
    fn change<T, E>(
        &self,
        share: &Share,
        place: Place,
        now: u64,
        mut with: impl FnMut(&mut Counter, Place) -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        let time = time(share, now);
        let mut change = |place| {
            let (cell, who) = counter(share, place);
            self.0.insist(&cell, |bytes| {
                let mut book = Book::read(bytes);
                let result = book.counter(who, time).map(|counter| with(counter, place));
                (matches!(result, Some(Ok(_))).then(|| book.write()), result)
            })
        };
        match change(place)? {
            None if place == Place::Own => change(Place::Other)?,
            changed => changed,
        }
    }
}

/// What a counter must know of the clock.
fn time(share: &Share, now: u64) -> Time {
    let (start, end) = share.budget.per.bounds(now);
    let hour = |ns: u64| u32::try_from(ns / SECOND / 3600).unwrap_or(u32::MAX);
    Time {
        second: u32::try_from(now / SECOND).unwrap_or(u32::MAX),
        start: hour(start),
        next: end.map_or(u32::MAX, hour),
    }
}

/// The cell of a counter, and its hash there. Another unit or another window is another counter: a configuration that
/// changes them begins anew. `/` is in no budget's id.
fn counter(share: &Share, place: Place) -> (String, u128) {
    let budget = &*share.budget;
    let cell = format!("tollgate.spent/{}/{}/{}", budget.id, budget.cap.unit(), budget.per.word());
    match (budget.each.zip(share.of.as_ref()), place) {
        (None, _) => (cell, 0),
        (Some(_), Place::Other) => (format!("{cell}/other"), 0),
        (Some((each, name)), Place::Own) => {
            let hash = Sha256::new().chain_update(each.word()).chain_update("/").chain_update(name).finalize();
            let who = hash.first_chunk().map_or(0, |bytes| u128::from_le_bytes(*bytes));
            (format!("{cell}/{}", who % CELLS), who)
        }
    }
}

#[cfg(test)]
mod tests;
