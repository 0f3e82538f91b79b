//! The last minute of one limit: what was taken in it, by slots of half a second.
//!
//! A slot counts until a minute after the last time something was taken in it, so that whatever is counted stays counted
//! for at least 60 seconds: in no 60 seconds there is more than the limit. It stays half a second too long at most,
//! which costs a caller that never pauses less than 1 %.

/// How long what was taken counts, in milliseconds.
pub const MINUTE: u64 = 60_000;
/// Length of a slot in milliseconds.
const SLOT: u64 = 500;
/// Bytes of a slot.
const SIZE: usize = 10;

/// What counts on a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Requests.
    pub requests: u64,
    /// Tokens.
    pub tokens: u64,
}

/// What was taken in one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    /// The last time, in milliseconds since 1970.
    at: u64,
    requests: u32,
    tokens: u32,
}

/// What was taken in the last minute, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    slots: Vec<Slot>,
}

impl Minute {
    /// Reads a minute, and gives the bytes after it: only what still counts. Times are milliseconds since 1970.
    pub fn read(bytes: &[u8], now: u64) -> Option<(Minute, &[u8])> {
        let (base, rest) = bytes.split_first_chunk()?;
        let (count, rest) = rest.split_first()?;
        let (slots, rest) = rest.split_at_checked(SIZE.checked_mul(usize::from(*count))?)?;
        let base = u64::from_le_bytes(*base);
        let (slots, _) = slots.as_chunks::<SIZE>();
        let slots = slots.iter().filter_map(|bytes| {
            let (after, rest) = bytes.split_first_chunk()?;
            let (requests, tokens) = rest.split_first_chunk()?;
            let at = base.saturating_add(u64::from(u16::from_le_bytes(*after)));
            let slot = Slot {
                // A clock that was put back by more than a minute must not block for longer than that.
                at: at.min(now),
                requests: u32::from_le_bytes(*requests),
                tokens: u32::from_le_bytes(tokens.try_into().ok()?),
            };
            (now.abs_diff(at) <= MINUTE).then_some(slot)
        });
        Some((Minute { slots: slots.collect() }, rest))
    }

    /// Writes a minute after what is there.
    pub fn write(&self, out: &mut Vec<u8>) {
        let base = self.slots.first().map_or(0, |slot| slot.at);
        out.extend(base.to_le_bytes());
        out.push(u8::try_from(self.slots.len()).unwrap_or(u8::MAX));
        for slot in self.slots.iter().take(usize::from(u8::MAX)) {
            let after = u16::try_from(slot.at.saturating_sub(base)).unwrap_or(u16::MAX);
            out.extend(after.to_le_bytes());
            out.extend(slot.requests.to_le_bytes());
            out.extend(slot.tokens.to_le_bytes());
        }
    }

    /// Whether nothing counts any more.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// All that counts.
    pub fn used(&self) -> Amount {
        self.slots.iter().fold(Amount::default(), |sum, slot| Amount {
            requests: sum.requests.saturating_add(u64::from(slot.requests)),
            tokens: sum.tokens.saturating_add(u64::from(slot.tokens)),
        })
    }

    /// When nothing counts any more, in milliseconds since 1970.
    pub fn whole(&self) -> u64 {
        self.slots.last().map_or(0, |slot| slot.at.saturating_add(MINUTE))
    }

    /// Counts something from now on; gives the time under which it can be taken back.
    pub fn add(&mut self, amount: Amount, now: u64) -> u64 {
        let (requests, tokens) = (count(amount.requests), count(amount.tokens));
        // A worker whose clock was read a moment earlier may come later: its time is the last one's.
        match self.slots.last_mut().filter(|last| last.at / SLOT >= now / SLOT) {
            Some(last) => {
                last.at = last.at.max(now);
                last.requests = last.requests.saturating_add(requests);
                last.tokens = last.tokens.saturating_add(tokens);
                last.at
            }
            None => {
                self.slots.push(Slot { at: now, requests, tokens });
                now
            }
        }
    }

    /// Counts something no more that was counted under a time.
    pub fn remove(&mut self, amount: Amount, at: u64) {
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.at / SLOT == at / SLOT) {
            slot.requests = slot.requests.saturating_sub(count(amount.requests));
            slot.tokens = slot.tokens.saturating_sub(count(amount.tokens));
            self.slots.retain(|slot| slot.requests > 0 || slot.tokens > 0);
        }
    }

    /// How long until requests, or tokens, are no more than `most`, in milliseconds; at most a minute.
    pub fn until(&self, of: fn(Amount) -> u64, most: u64, now: u64) -> u64 {
        let mut used = of(self.used());
        for slot in &self.slots {
            used = used.saturating_sub(of(Amount { requests: slot.requests.into(), tokens: slot.tokens.into() }));
            if used <= most {
                return slot.at.saturating_add(MINUTE).saturating_add(1).saturating_sub(now).min(MINUTE);
            }
        }
        0
    }
}

fn count(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
