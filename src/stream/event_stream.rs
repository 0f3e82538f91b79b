//! Frames of `application/vnd.amazon.eventstream`, cut out of bytes as they arrive.
//!
//! A frame is handed on as soon as its last byte is there, as slices of the chunk when it lies wholly inside. At most one
//! incomplete frame is held. Both checksums are checked; after a damaged frame nothing can be found again. Format:
//! <https://smithy.io/2.0/aws/amazon-eventstream.html>.

use std::fmt;

/// The longest frame that is held, in bytes, unless [`Splitter::with_cap`] says otherwise.
pub const MAX_FRAME: usize = 1024 * 1024;

/// Both lengths and their checksum.
const PRELUDE: usize = 12;
/// The checksum at the end.
const TRAILER: usize = 4;

/// One frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    headers: &'a [u8],
    /// What it carries.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// A header that is a text; `None` when there is none, and when the headers cannot be read up to it.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.headers;
        loop {
            let (length, after) = rest.split_first()?;
            let (key, after) = after.split_at_checked(usize::from(*length))?;
            let (kind, after) = after.split_first()?;
            let (value, after) = match kind {
                0 | 1 => after.split_at_checked(0),
                2 => after.split_at_checked(1),
                3 => after.split_at_checked(2),
                4 => after.split_at_checked(4),
                5 | 8 => after.split_at_checked(8),
                6 | 7 => {
                    let (length, after) = after.split_first_chunk::<2>()?;
                    after.split_at_checked(usize::from(u16::from_be_bytes(*length)))
                }
                9 => after.split_at_checked(16),
                _ => None,
            }?;
            if *kind == 7 && key == name.as_bytes() {
                return std::str::from_utf8(value).ok();
            }
            rest = after;
        }
    }
}

/// Why no frame can be found any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A checksum or a length is wrong.
    Damaged,
    /// A frame is longer than what is held.
    TooLarge,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Damaged => "an event stream is damaged",
            Fault::TooLarge => "a frame of an event stream is larger than what is held",
        })
    }
}

impl std::error::Error for Fault {}

/// Cuts a stream into its frames.
#[derive(Debug)]
pub struct Splitter {
    cap: usize,
    /// The beginning of the frame at hand, from earlier chunks; or a frame that was given.
    held: Vec<u8>,
    was_given: bool,
    is_broken: bool,
}

impl Default for Splitter {
    fn default() -> Splitter {
        Splitter::with_cap(MAX_FRAME)
    }
}

impl Splitter {
    /// A splitter that holds frames up to so many bytes.
    pub fn with_cap(cap: usize) -> Splitter {
        Splitter { cap, held: Vec::new(), was_given: false, is_broken: false }
    }

    /// The next frame in `rest`, which moves on; `None` when all of it is taken.
    pub fn next<'s, 'c: 's>(&'s mut self, rest: &mut &'c [u8]) -> Option<Result<Frame<'s>, Fault>> {
        if self.is_broken {
            return None;
        }
        if std::mem::take(&mut self.was_given) {
            self.held.clear();
            self.held.shrink_to(64 * 1024);
        }
        match self.place(rest) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(fault) => {
                self.is_broken = true;
                self.held = Vec::new();
                return Some(Err(fault));
            }
        }
        let frame = if self.held.is_empty() {
            let (frame, after) = rest.split_at_checked(length(rest)?)?;
            *rest = after;
            read(frame)
        } else {
            self.was_given = true;
            read(&self.held)
        };
        self.is_broken = frame.is_none();
        Some(frame.ok_or(Fault::Damaged))
    }

    /// Whether there is a whole frame: in `held`, or at the beginning of `rest` when nothing is held. Takes what belongs to
    /// a frame that is not whole.
    fn place(&mut self, rest: &mut &[u8]) -> Result<bool, Fault> {
        if self.held.is_empty() && rest.len() >= PRELUDE {
            let length = self.check(rest)?;
            if rest.len() >= length {
                return Ok(true);
            }
        }
        if self.held.len() < PRELUDE {
            self.take(PRELUDE, rest);
            if self.held.len() < PRELUDE {
                return Ok(false);
            }
        }
        let length = self.check(&self.held)?;
        self.take(length, rest);
        Ok(self.held.len() == length)
    }

    fn take(&mut self, up_to: usize, rest: &mut &[u8]) {
        let (taken, after) = rest.split_at(up_to.saturating_sub(self.held.len()).min(rest.len()));
        self.held.extend_from_slice(taken);
        *rest = after;
    }

    /// The length of the frame whose prelude is there.
    fn check(&self, bytes: &[u8]) -> Result<usize, Fault> {
        let (said, sum) = bytes.split_at_checked(8).ok_or(Fault::Damaged)?;
        let headers = word(said.get(4..).unwrap_or_default()).ok_or(Fault::Damaged)?;
        let length = length(said).ok_or(Fault::Damaged)?;
        let least = (PRELUDE + TRAILER).saturating_add(headers as usize);
        if word(sum) != Some(crc32fast::hash(said)) || length < least {
            return Err(Fault::Damaged);
        }
        if length > self.cap { Err(Fault::TooLarge) } else { Ok(length) }
    }
}

fn word(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk::<4>().map(|word| u32::from_be_bytes(*word))
}

fn length(bytes: &[u8]) -> Option<usize> {
    usize::try_from(word(bytes)?).ok()
}

/// Reads a whole frame; `None` when its checksum is wrong.
fn read(frame: &[u8]) -> Option<Frame<'_>> {
    let (said, sum) = frame.split_at_checked(frame.len().checked_sub(TRAILER)?)?;
    if word(sum) != Some(crc32fast::hash(said)) {
        return None;
    }
    let headers = length(said.get(4..)?)?;
    let (headers, payload) = said.get(PRELUDE..)?.split_at_checked(headers)?;
    Some(Frame { headers, payload })
}

#[cfg(test)]
mod tests;
