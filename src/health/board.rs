//! The board: what has failed lately and what rests, as bytes in one cell.

use crate::clock::nanos;
use crate::route::Hash;
use std::time::Duration;

/// Names a target or a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Id(u64);

impl Id {
    /// The id of something that a hash stands for.
    pub fn of(hash: Hash) -> Id {
        Id(hash.finish())
    }
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is against it.
    Well,
    /// It rests, or its probe is under way.
    Resting {
        /// In nanoseconds since 1970.
        until: u64,
    },
    /// Its rest is over, and one attempt may probe whether it is back.
    Due,
}

/// One thing that has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    id: Id,
    /// In a row.
    failures: u32,
    /// When its rest is over, in nanoseconds since 1970; 0 while it does not rest.
    until: u64,
}

/// What has failed lately and what rests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board {
    entries: Vec<Entry>,
    written: Vec<u8>,
}

/// Bytes of an entry.
const SIZE: usize = 20;
/// Most entries. Clients can choose names of models where a provider serves any; they cannot fill memory.
const MOST: usize = 1024;

impl Board {
    /// Reads a board; what cannot be read is not there.
    pub fn read(bytes: &[u8]) -> Board {
        let (entries, _) = bytes.as_chunks::<SIZE>();
        let entries = entries.iter().filter_map(|bytes| {
            let (id, rest) = bytes.split_first_chunk()?;
            let (failures, rest) = rest.split_first_chunk()?;
            let until = rest.try_into().ok()?;
            Some(Entry {
                id: Id(u64::from_le_bytes(*id)),
                failures: u32::from_le_bytes(*failures),
                until: u64::from_le_bytes(until),
            })
        });
        Board { entries: entries.collect(), written: bytes.to_vec() }
    }

    /// Whether it is what these bytes say.
    pub fn is_written_as(&self, bytes: &[u8]) -> bool {
        self.written == bytes
    }

    /// Its bytes.
    pub fn write(&mut self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.entries.len() * SIZE);
        for Entry { id, failures, until } in &self.entries {
            bytes.extend(id.0.to_le_bytes());
            bytes.extend(failures.to_le_bytes());
            bytes.extend(until.to_le_bytes());
        }
        self.written.clone_from(&bytes);
        bytes
    }

    /// Whether nothing has failed lately.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether something has failed lately.
    pub fn has(&self, id: Id) -> bool {
        self.entries.iter().any(|entry| entry.id == id)
    }

    /// How something stands.
    pub fn standing(&self, id: Id, now: u64) -> Standing {
        match self.entries.iter().find(|entry| entry.id == id) {
            None | Some(Entry { until: 0, .. }) => Standing::Well,
            Some(Entry { until, .. }) if *until > now => Standing::Resting { until: *until },
            Some(_) => Standing::Due,
        }
    }

    /// One more failure in a row; from the `after`th on it rests. True if that begins a rest.
    pub fn fail(&mut self, id: Id, now: u64, after: u32, rest: Duration) -> bool {
        let Some(entry) = self.entry(id, now) else { return false };
        entry.failures = entry.failures.saturating_add(1);
        // While it rests, or its probe is under way, failures do not make the rest longer.
        let begins = entry.failures >= after && entry.until <= now;
        if begins {
            entry.until = now.saturating_add(nanos(rest));
        }
        begins
    }

    /// It rests until a time; what was said last counts.
    pub fn rest(&mut self, id: Id, until: u64, now: u64) {
        if let Some(entry) = self.entry(id, now) {
            entry.failures = entry.failures.saturating_add(1);
            entry.until = until;
        }
    }

    /// The one probe of something whose rest is over: to everybody else it rests on. False if it is taken.
    pub fn take_probe(&mut self, id: Id, now: u64, lease: Duration) -> bool {
        let is_due = self.standing(id, now) == Standing::Due;
        if let Some(entry) = self.entries.iter_mut().find(|entry| is_due && entry.id == id) {
            entry.until = now.saturating_add(nanos(lease));
        }
        is_due
    }

    /// It is back. True if it had rested.
    pub fn clear(&mut self, id: Id) -> bool {
        let rested = self.entries.iter().any(|entry| entry.id == id && entry.until > 0);
        self.entries.retain(|entry| entry.id != id);
        rested
    }

    fn entry(&mut self, id: Id, now: u64) -> Option<&mut Entry> {
        let at = self.entries.iter().position(|entry| entry.id == id);
        let at = match at {
            Some(at) => at,
            None => {
                if self.entries.len() >= MOST {
                    self.entries.retain(|entry| entry.until > now);
                }
                if self.entries.len() >= MOST {
                    return None;
                }
                self.entries.push(Entry { id, failures: 0, until: 0 });
                self.entries.len().saturating_sub(1)
            }
        };
        self.entries.get_mut(at)
    }
}
