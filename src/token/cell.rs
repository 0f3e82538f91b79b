//! The cell of one metadata server: its last token, when the next is due, and who fetches it.

use super::Fresh;
use crate::clock::nanos;
use crate::config::Secret;
use std::time::Duration;

/// How long an answer is waited for.
pub const FETCH: Duration = Duration::from_secs(5);
/// How long one worker fetches for all. If it dies meanwhile, another one does after this.
const LEASE: Duration = Duration::from_secs(6);
/// A token is replaced this long before its end, or a tenth of its life. The server gives the same one until five
/// minutes before its end, so that asking earlier would bring nothing.
/// <https://cloud.google.com/compute/docs/access/authenticate-workloads#applications> (seen 2026-11-22)
const MARGIN: Duration = Duration::from_secs(225);
/// The first wait after a fetch that failed; every further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest of them.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A provider that refuses a token does not make us ask more often than this.
const LEAST_GAP: Duration = Duration::from_secs(1);

/// Of the form of the bytes; others are not read.
const VERSION: u8 = 1;

/// What is known of one metadata server's token. Times are nanoseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    token: Secret,
    /// 0 while there is none, or none that is good.
    expires: u64,
    /// When the next one is to be fetched.
    due: u64,
    /// Until when somebody fetches it.
    lease: u64,
    /// When it was asked for last.
    asked: u64,
    /// Fetches that failed, in a row.
    failures: u32,
    /// A provider has refused this token before. The server gave the same one again, so it is not thrown away twice.
    is_doubted: bool,
}

/// Who fetches, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Whoever asks, now.
    Now,
    /// Nobody before this time.
    At(u64),
}

impl Default for Cell {
    fn default() -> Cell {
        Cell { token: Secret::new(""), expires: 0, due: 0, lease: 0, asked: 0, failures: 0, is_doubted: false }
    }
}

impl Cell {
    /// Reads a cell; what cannot be read is not there.
    pub fn read(bytes: &[u8]) -> Cell {
        Cell::parse(bytes).unwrap_or_default()
    }

    fn parse(bytes: &[u8]) -> Option<Cell> {
        let (&[version, doubted], rest) = bytes.split_first_chunk()?;
        let (failures, rest) = rest.split_first_chunk()?;
        let (times, token) = rest.split_at_checked(32)?;
        let mut times = times.as_chunks().0.iter().map(|time| u64::from_le_bytes(*time));
        (version == VERSION).then_some(())?;
        Some(Cell {
            expires: times.next()?,
            due: times.next()?,
            lease: times.next()?,
            asked: times.next()?,
            failures: u32::from_le_bytes(*failures),
            is_doubted: doubted != 0,
            token: Secret::new(std::str::from_utf8(token).ok()?),
        })
    }

    /// Its bytes.
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, u8::from(self.is_doubted)];
        bytes.extend(self.failures.to_le_bytes());
        for time in [self.expires, self.due, self.lease, self.asked] {
            bytes.extend(time.to_le_bytes());
        }
        bytes.extend(self.token.expose().as_bytes());
        bytes
    }

    /// The token, if it is good now.
    pub fn token(&self, now: u64) -> Option<&Secret> {
        (self.expires > now).then_some(&self.token)
    }

    /// Who is to fetch, and when. Times that no rule of ours gives were written before the clock was set back; twice as
    /// far ahead is well possible, since each worker reads the clock a moment before it reads the cell.
    pub fn turn(&self, now: u64) -> Turn {
        let ahead = |time: u64, most: Duration| time > now && time.saturating_sub(now) <= nanos(most.saturating_mul(2));
        if ahead(self.lease, LEASE) {
            return Turn::At(self.lease);
        }
        let most = if self.failures > 0 { LONGEST_WAIT } else { Duration::MAX };
        if ahead(self.due, most) { Turn::At(self.due) } else { Turn::Now }
    }

    /// Somebody fetches from now on.
    pub fn lease(&mut self, now: u64) {
        self.lease = now.saturating_add(nanos(LEASE));
        self.asked = now;
    }

    /// A token that was asked for at a time has come.
    pub fn keep(&mut self, fresh: Fresh, asked: u64) {
        let Fresh { token, lifetime } = fresh;
        let early = MARGIN.min(lifetime / 10);
        self.is_doubted = self.is_doubted && self.token == token;
        self.asked = self.asked.max(asked);
        self.expires = asked.saturating_add(nanos(lifetime));
        self.due = asked.saturating_add(nanos(lifetime.saturating_sub(early)));
        self.token = token;
        self.lease = 0;
        self.failures = 0;
    }

    /// A fetch failed. Gives the wait until the next one.
    pub fn fail(&mut self, now: u64) -> Duration {
        let wait = FIRST_WAIT.saturating_mul(2u32.saturating_pow(self.failures.min(16))).min(LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1);
        self.due = now.saturating_add(nanos(wait));
        self.lease = 0;
        wait
    }

    /// A provider refused this token: it is forgotten, and the next one is due. One that the server has given again is
    /// kept, since it may be good elsewhere, and asked for from time to time. False if that changes nothing.
    pub fn refuse(&mut self, token: &Secret, now: u64) -> bool {
        if self.token != *token || self.expires <= now {
            return false;
        }
        let gap = if self.is_doubted { LONGEST_WAIT } else { LEAST_GAP };
        let due = self.asked.saturating_add(nanos(gap)).max(now);
        if !self.is_doubted {
            self.is_doubted = true;
            self.expires = 0;
        }
        let is_sooner = due < self.due;
        self.due = self.due.min(due);
        is_sooner
    }

    /// Fetches that failed, in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests;
