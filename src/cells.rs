//! Cells of bytes that all workers share: Envoy's shared data, or memory in tests.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// For [`Cells::set`]: only if the cell does not exist yet.
pub const NEW: u32 = u32::MAX;

/// What a cell holds, and the number that a change of it must name.
pub type Seen = (Vec<u8>, u32);

/// Named cells of bytes that change by compare-and-swap.
pub trait Cells {
    /// What a cell holds, and the number that a change of it must name.
    fn get(&self, name: &str) -> Option<Seen>;
    /// Sets a cell if nobody has changed it since `cas` was read; false if somebody was faster.
    fn set(&self, name: &str, value: &[u8], cas: u32) -> bool;
    /// Sets a cell, whatever it holds.
    fn put(&self, name: &str, value: &[u8]);
}

/// How often a change is tried again because another worker was faster.
const TRIES: u32 = 64;
/// The same, where nothing may be lost: each try that fails is another worker's that did not, so nobody needs as many.
const INSISTING: u32 = 1 << 20;

impl dyn Cells + '_ {
    /// Changes a cell. `with` gets what it holds and says what it shall hold, `None` to leave it; where another worker was
    /// faster, once more. `None`: too many were faster.
    pub fn change<T>(&self, name: &str, with: impl FnMut(&[u8]) -> (Option<Vec<u8>>, T)) -> Option<T> {
        self.try_to_change(TRIES, name, self.see(name), with)
    }

    /// The same, where the cell has just been seen.
    pub fn change_seen<T>(&self, name: &str, seen: Seen, with: impl FnMut(&[u8]) -> (Option<Vec<u8>>, T)) -> Option<T> {
        self.try_to_change(TRIES, name, seen, with)
    }

    /// Changes a cell as [`change`](Self::change) does, however many others are faster. `None`: the host keeps nothing.
    pub fn insist<T>(&self, name: &str, with: impl FnMut(&[u8]) -> (Option<Vec<u8>>, T)) -> Option<T> {
        self.try_to_change(INSISTING, name, self.see(name), with)
    }

    fn try_to_change<T>(
        &self,
        tries: u32,
        name: &str,
        mut seen: Seen,
        mut with: impl FnMut(&[u8]) -> (Option<Vec<u8>>, T),
    ) -> Option<T> {
        for _ in 0..tries {
            let (written, result) = with(&seen.0);
            if written.is_none_or(|written| self.set(name, &written, seen.1)) {
                return Some(result);
            }
            seen = self.see(name);
        }
        None
    }

    /// What a cell holds, nothing where it does not exist yet, and the number that a change of it must name.
    pub fn see(&self, name: &str) -> Seen {
        self.get(name).unwrap_or((Vec::new(), NEW))
    }
}

/// Cells in memory, with the rules of Envoy's; clones share them as workers do. For tests and benchmarks.
#[derive(Clone, Default)]
pub struct Memory {
    cells: Rc<RefCell<HashMap<String, Seen>>>,
}

impl Memory {
    /// How many cells there are.
    pub fn count(&self) -> usize {
        self.cells.borrow().len()
    }
}

impl Cells for Memory {
    fn get(&self, name: &str) -> Option<Seen> {
        self.cells.borrow().get(name).cloned()
    }

    fn set(&self, name: &str, value: &[u8], cas: u32) -> bool {
        let mut cells = self.cells.borrow_mut();
        let now = cells.get(name).map_or(NEW, |(_, cas)| *cas);
        let fits = cas == now;
        if fits {
            let next = if now == NEW { 1 } else { now.wrapping_add(1) };
            cells.insert(name.to_owned(), (value.to_vec(), next));
        }
        fits
    }

    fn put(&self, name: &str, value: &[u8]) {
        let cas = self.get(name).map_or(NEW, |(_, cas)| cas);
        self.set(name, value, cas);
    }
}
