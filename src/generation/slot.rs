//! A place in the ring, and how an id names it.

/// Parts of the ring, one for each worker; where there are more workers, some share one.
pub const LANES: u32 = 32;
/// Places of a lane: how many requests of a worker it takes until the first of them makes way.
pub const PLACES: u64 = 1024;
/// `gen_` and a ULID.
const LENGTH: usize = 30;
/// The last digits of an id, 5 bits each, which name lane and place.
const DIGITS: usize = 3;

const _: () = assert!((LANES as u64) * PLACES == 1 << (5 * DIGITS));

/// A worker's own part of the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane(u32);

impl Lane {
    /// The lane of the workers' `n`th. Workers that have gone leave theirs to those that come after.
    pub fn of(n: u32) -> Lane {
        Lane(n % LANES)
    }

    /// The 15 bits that stand at the end of the `sequence`th id of a worker.
    pub fn slot(self, sequence: u64) -> u128 {
        let place = u128::from(sequence % PLACES);
        u128::from(self.0).wrapping_mul(u128::from(PLACES)).wrapping_add(place)
    }

    /// The bits of an id that are not its own.
    pub const MASK: u128 = (1 << (5 * DIGITS)) - 1;
}

/// The digits of an id that name its slot; `None` of what is no id.
pub fn text_of(id: &str) -> Option<&str> {
    let ulid = id.strip_prefix("gen_")?;
    let is_digit = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    let slot = id.get(LENGTH.checked_sub(DIGITS)?..)?;
    (id.len() == LENGTH && ulid.bytes().all(is_digit)).then_some(slot)
}
