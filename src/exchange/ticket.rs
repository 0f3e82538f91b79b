//! Exchange ids that no other VM can mistake for one of its own.
//!
//! An id travels in Envoy's filter state, which outlives a VM. A bare counter would hand one client another client's
//! exchange after a reload, so every VM draws 128 random bits and an id carries them.

use crate::generation::Lane;
use crate::route::Hash;

/// The id of an exchange: the VM's nonce and a sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    nonce: u128,
    sequence: u64,
}

impl Ticket {
    /// The bytes that stand in filter state.
    pub fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        let (nonce, sequence) = bytes.split_at_mut(16);
        nonce.copy_from_slice(&self.nonce.to_le_bytes());
        sequence.copy_from_slice(&self.sequence.to_le_bytes());
        bytes
    }

    /// Reads them back.
    pub fn from_bytes(bytes: &[u8]) -> Option<Ticket> {
        let (nonce, sequence) = bytes.split_at_checked(16)?;
        Some(Ticket {
            nonce: u128::from_le_bytes(nonce.try_into().ok()?),
            sequence: u64::from_le_bytes(sequence.try_into().ok()?),
        })
    }
}

/// Makes the ids of one VM.
#[derive(Debug)]
pub struct Mint {
    nonce: u128,
    lane: Lane,
    sequence: u64,
}

impl Mint {
    /// A mint of a VM, from its random nonce and its part of the ring of generations.
    pub fn new(nonce: u128, lane: Lane) -> Mint {
        Mint { nonce, lane, sequence: 0 }
    }

    /// What names the VM.
    pub fn nonce(&self) -> u128 {
        self.nonce
    }

    /// The next id.
    pub fn ticket(&mut self) -> Ticket {
        self.sequence = self.sequence.wrapping_add(1);
        Ticket { nonce: self.nonce, sequence: self.sequence }
    }

    /// A random number for this ticket, not guessable from others without the nonce.
    pub fn draw(&self, ticket: Ticket) -> u64 {
        Hash::default().with(&ticket.to_bytes()).finish()
    }

    /// `gen_` and a ULID: 48 bits of milliseconds, 65 random bits, and 15 that say where its record is kept.
    pub fn generation(&self, ticket: Ticket, now_ns: u64) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let low = Hash::default().with(b"generation").with(&ticket.to_bytes()).finish();
        let random = (u128::from(self.draw(ticket) & 0xffff) << 64) | u128::from(low);
        let random = (random & !Lane::MASK) | self.lane.slot(ticket.sequence);
        let ulid = (u128::from(now_ns / 1_000_000) << 80) | random;
        let digit = |i: u32| ALPHABET.get(((ulid >> (5 * i)) & 31) as usize).map_or('0', |&b| char::from(b));
        let mut id = String::with_capacity(30);
        id.push_str("gen_");
        id.extend((0..26).rev().map(digit));
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_survive_filter_state_and_differ_between_vms() {
        let (mut one, mut other) = (Mint::new(7, Lane::of(0)), Mint::new(8, Lane::of(1)));
        let (a, b, c) = (one.ticket(), one.ticket(), other.ticket());
        assert_eq!(Ticket::from_bytes(&a.to_bytes()), Some(a));
        assert!(a != b && a != c);
        assert_eq!(Ticket::from_bytes(b"short"), None);
        assert_eq!(Ticket::from_bytes(&[0; 25]), None);
    }

    #[test]
    fn generations_are_ulids_that_sort_by_time() {
        let mut mint = Mint::new(7, Lane::of(0));
        let (a, b) = (mint.ticket(), mint.ticket());
        let (first, second) =
            (mint.generation(a, 1_700_000_000_000_000_000), mint.generation(b, 1_700_000_000_001_000_000));
        assert_eq!(first.len(), 30);
        assert!(first.starts_with("gen_01HF7YAT00"), "{first}");
        assert!(first < second);
    }
}
