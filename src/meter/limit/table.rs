//! The minutes that one cell holds: one, or those of many users.

use super::minute::Minute;

/// Most users that a cell tells apart.
pub const MOST: usize = 32;
/// Who shares a minute where a cell is full, and whose minute it is where a cell has one.
pub const SHARED: u64 = 0;

/// The minutes of one cell.
#[derive(Debug, Default)]
pub struct Table {
    minutes: Vec<(u64, Minute)>,
}

impl Table {
    /// Reads what still counts at a time in milliseconds since 1970; what cannot be read is not there.
    pub fn read(mut bytes: &[u8], now: u64) -> Table {
        let mut minutes = Vec::new();
        while let Some((id, rest)) = bytes.split_first_chunk() {
            let Some((minute, rest)) = Minute::read(rest, now) else { break };
            if !minute.is_empty() {
                minutes.push((u64::from_le_bytes(*id), minute));
            }
            bytes = rest;
        }
        Table { minutes }
    }

    /// Its bytes.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (id, minute) in self.minutes.iter().filter(|(_, minute)| !minute.is_empty()) {
            out.extend(id.to_le_bytes());
            minute.write(&mut out);
        }
        out
    }

    /// Reads or changes the minute of somebody. Whoever comes when the cell is full shares one with all who do.
    pub fn with<T>(&mut self, id: u64, change: impl FnOnce(&mut Minute) -> T) -> T {
        let is_known = |id: u64| self.minutes.iter().any(|(have, _)| *have == id);
        let id = if is_known(id) || self.minutes.len() < MOST { id } else { SHARED };
        match self.minutes.iter_mut().find(|(have, _)| *have == id) {
            Some((_, minute)) => change(minute),
            None => {
                let mut minute = Minute::default();
                let result = change(&mut minute);
                self.minutes.push((id, minute));
                result
            }
        }
    }
}
