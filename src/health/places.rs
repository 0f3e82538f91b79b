//! Places in rooms: how many attempts are under way at a provider, or requests of whom a limit holds for, on all workers
//! together.
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

/// Where places are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    cell: String,
    /// Tells the rooms of one cell apart.
    id: u64,
}

impl Room {
    /// A room with a cell of its own.
    pub fn of(name: &str) -> Room {
        Room::among(name, 0)
    }

    /// One of many rooms in one cell.
    pub fn among(name: &str, id: u64) -> Room {
        Room { cell: format!("tollgate.places.{name}"), id }
    }
}

/// A place in a room, free again when it is dropped.
pub struct Place {
    health: Rc<Health>,
    room: Room,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.room.fmt(f)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.health.count(&self.room, None, 0, |held| held.saturating_sub(1));
    }
}

/// What one VM has said.
#[derive(Clone, Copy, Debug)]
struct Said {
    vm: u128,
    places: u32,
    at: u64,
    room: u64,
}

/// Bytes of what one VM says.
const SIZE: usize = 36;

impl Health {
    /// Takes a place in a room, if fewer than `most` are taken.
    pub fn enter(self: &Rc<Self>, room: Room, most: u32, now: u64) -> Option<Place> {
        self.count(&room, Some(most), now, |held| held.saturating_add(1)).then(|| self.place(room))
    }

    /// Takes a place in a room, however many are taken.
    pub fn squeeze_in(self: &Rc<Self>, room: Room, now: u64) -> Place {
        self.count(&room, None, now, |held| held.saturating_add(1));
        self.place(room)
    }

    fn place(self: &Rc<Self>, room: Room) -> Place {
        Place { health: self.clone(), room }
    }

    /// Whether this VM holds any places.
    pub fn holds_places(&self) -> bool {
        !self.held.borrow().is_empty()
    }

    /// Says that the places of this VM are still held.
    pub fn beat(&self, now: u64) {
        let held: Vec<Room> = self.held.borrow().iter().map(|(room, _)| room.clone()).collect();
        for room in held {
            self.count(&room, None, now, |held| held);
        }
    }

    /// Changes this VM's number of places, unless `most` are taken. `now` 0 leaves the time as it is.
    fn count(&self, room: &Room, most: Option<u32>, now: u64, with: impl Fn(u32) -> u32) -> bool {
        let held = self.held.borrow().iter().find(|(held, _)| held == room).map_or(0, |(_, held)| *held);
        let places = with(held);
        let changed = self.cells.change(&room.cell, |bytes| {
            let is_own = |said: &Said| said.vm == self.vm && said.room == room.id;
            let (own, others): (Vec<Said>, Vec<Said>) = read(bytes).into_iter().partition(is_own);
            let others: Vec<Said> = others.into_iter().filter(|said| now == 0 || is_alive(said, now)).collect();
            let here = others.iter().filter(|said| said.room == room.id);
            let taken: u64 = here.map(|said| u64::from(said.places)).sum();
            if most.is_some_and(|most| taken.saturating_add(u64::from(held)) >= u64::from(most)) {
                return (None, false);
            }
            let at = own.first().filter(|_| now == 0).map_or(now, |own| own.at);
            let own = (places > 0).then_some(Said { vm: self.vm, places, at, room: room.id });
            (Some(others.into_iter().chain(own).flat_map(write).collect()), true)
        });
        let is_done = changed == Some(true);
        // A place that is given back is free here even if the others learn it only with the next change.
        if is_done || most.is_none() {
            self.hold(room, places);
        }
        is_done
    }

    fn hold(&self, room: &Room, places: u32) {
        let mut held = self.held.borrow_mut();
        held.retain(|(held, _)| held != room);
        if places > 0 {
            held.push((room.clone(), places));
        }
    }
}

fn is_alive(said: &Said, now: u64) -> bool {
    Duration::from_nanos(now.saturating_sub(said.at)) < SILENCE
}

fn read(bytes: &[u8]) -> Vec<Said> {
    let (said, _) = bytes.as_chunks::<SIZE>();
    let said = said.iter().filter_map(|bytes| {
        let (vm, rest) = bytes.split_first_chunk()?;
        let (places, rest) = rest.split_first_chunk()?;
        let (at, rest) = rest.split_first_chunk()?;
        let room = u64::from_le_bytes(rest.try_into().ok()?);
        let (places, at) = (u32::from_le_bytes(*places), u64::from_le_bytes(*at));
        Some(Said { vm: u128::from_le_bytes(*vm), places, at, room })
    });
    said.collect()
}

fn write(said: Said) -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    let (vm, rest) = bytes.split_at_mut(16);
    let (places, rest) = rest.split_at_mut(4);
    let (at, room) = rest.split_at_mut(8);
    vm.copy_from_slice(&said.vm.to_le_bytes());
    places.copy_from_slice(&said.places.to_le_bytes());
    at.copy_from_slice(&said.at.to_le_bytes());
    room.copy_from_slice(&said.room.to_le_bytes());
    bytes
}
