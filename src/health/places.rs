//! Places at a provider: how many attempts are under way there, on all workers together.
//!
//! Each VM writes down its own number and when it last said so. A VM that died says nothing any more, and its number
//! stops counting.

use super::Health;
use std::rc::Rc;
use std::time::Duration;

/// How often a VM that holds places says so, in milliseconds.
pub const BEAT_MS: u64 = 1_000;
/// Silence after which a VM's places are free.
const SILENCE: Duration = Duration::from_secs(5);

/// An attempt's place at a provider, free again when it is dropped.
pub struct Place {
    health: Rc<Health>,
    provider: String,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.provider)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.health.count(&self.provider, None, 0, |held| held.saturating_sub(1));
    }
}

/// What one VM has said.
#[derive(Clone, Copy, Debug)]
struct Said {
    vm: u128,
    places: u32,
    at: u64,
}

/// Bytes of what one VM says.
const SIZE: usize = 28;

impl Health {
    /// Takes a place at a provider, if fewer than `most` are taken.
    pub fn enter(self: &Rc<Self>, provider: &str, most: u32, now: u64) -> Option<Place> {
        self.count(provider, Some(most), now, |held| held.saturating_add(1)).then(|| self.place(provider))
    }

    /// Takes a place at a provider, however many are taken.
    pub fn squeeze_in(self: &Rc<Self>, provider: &str, now: u64) -> Place {
        self.count(provider, None, now, |held| held.saturating_add(1));
        self.place(provider)
    }

    fn place(self: &Rc<Self>, provider: &str) -> Place {
        Place { health: self.clone(), provider: provider.to_owned() }
    }

    /// Whether this VM holds any places.
    pub fn holds_places(&self) -> bool {
        !self.held.borrow().is_empty()
    }

    /// Says that the places of this VM are still held.
    pub fn beat(&self, now: u64) {
        let held: Vec<String> = self.held.borrow().iter().map(|(name, _)| name.clone()).collect();
        for provider in held {
            self.count(&provider, None, now, |held| held);
        }
    }

    /// Changes this VM's number of places, unless `most` are taken. `now` 0 leaves the time as it is.
    fn count(&self, provider: &str, most: Option<u32>, now: u64, with: impl Fn(u32) -> u32) -> bool {
        let held = self.held.borrow().iter().find(|(name, _)| name == provider).map_or(0, |(_, held)| *held);
        let places = with(held);
        let changed = self.cells.change(&cell(provider), |bytes| {
            let (own, others): (Vec<Said>, Vec<Said>) = read(bytes).into_iter().partition(|said| said.vm == self.vm);
            let others: Vec<Said> = others.into_iter().filter(|said| now == 0 || is_alive(said, now)).collect();
            let taken: u64 = others.iter().map(|said| u64::from(said.places)).sum();
            if most.is_some_and(|most| taken.saturating_add(u64::from(held)) >= u64::from(most)) {
                return (None, false);
            }
            let at = own.first().filter(|_| now == 0).map_or(now, |own| own.at);
            let own = (places > 0).then_some(Said { vm: self.vm, places, at });
            (Some(others.into_iter().chain(own).flat_map(write).collect()), true)
        });
        let is_done = changed == Some(true);
        // A place that is given back is free here even if the others learn it only with the next change.
        if is_done || most.is_none() {
            self.hold(provider, places);
        }
        is_done
    }

    fn hold(&self, provider: &str, places: u32) {
        let mut held = self.held.borrow_mut();
        held.retain(|(name, _)| name != provider);
        if places > 0 {
            held.push((provider.to_owned(), places));
        }
    }
}

fn cell(provider: &str) -> String {
    format!("tollgate.places.{provider}")
}

fn is_alive(said: &Said, now: u64) -> bool {
    Duration::from_nanos(now.saturating_sub(said.at)) < SILENCE
}

fn read(bytes: &[u8]) -> Vec<Said> {
    let (said, _) = bytes.as_chunks::<SIZE>();
    let said = said.iter().filter_map(|bytes| {
        let (vm, rest) = bytes.split_first_chunk()?;
        let (places, rest) = rest.split_first_chunk()?;
        let at = u64::from_le_bytes(rest.try_into().ok()?);
        Some(Said { vm: u128::from_le_bytes(*vm), places: u32::from_le_bytes(*places), at })
    });
    said.collect()
}

fn write(said: Said) -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    let (vm, rest) = bytes.split_at_mut(16);
    let (places, at) = rest.split_at_mut(4);
    vm.copy_from_slice(&said.vm.to_le_bytes());
    places.copy_from_slice(&said.places.to_le_bytes());
    at.copy_from_slice(&said.at.to_le_bytes());
    bytes
}
