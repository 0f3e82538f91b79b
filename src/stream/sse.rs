//! Server-sent events, cut out of bytes as they arrive.
//!
//! An event is handed on as soon as its blank line is complete, as a slice of the chunk when it lies wholly inside.
//! At most one incomplete event is held. Format: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::fmt;

/// The longest event that is held, in bytes, unless [`Splitter::with_cap`] says otherwise.
pub const MAX_EVENT: usize = 1024 * 1024;

/// One event with data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Where its first byte stands in the stream.
    pub start: u64,
    /// All of it: comments before it, its lines, its blank line.
    pub raw: &'a [u8],
    /// The value of its last `event:` line; empty when there is none.
    pub name: &'a [u8],
    /// The values of its `data:` lines, joined by line feeds.
    pub data: &'a [u8],
}

/// An event was longer than what is held. It is skipped; the next one is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTooLarge;

impl fmt::Display for EventTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a server-sent event is larger than what is held")
    }
}

impl std::error::Error for EventTooLarge {}

/// Cuts a stream into its events.
#[derive(Debug)]
pub struct Splitter {
    cap: usize,
    /// How many bytes of the stream have been taken.
    taken: u64,
    /// Where the event at hand begins.
    start: u64,
    /// The beginning of the event at hand, from earlier chunks.
    held: Vec<u8>,
    /// The joined data lines of the event last given.
    joined: Vec<u8>,
    line: Line,
    /// What is being done with the event at hand.
    fate: Fate,
}

/// What precedes the next byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// A line end (or nothing at all): an empty line would be a blank one.
    Ended,
    /// Bytes of a line.
    Begun,
    /// A carriage return, which a line feed may complete.
    Return,
    /// A blank line's carriage return, which a line feed may complete.
    BlankReturn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Hold,
    /// It was given already; what is held of it can go.
    Given,
    /// It is too large.
    Skip,
}

impl Default for Splitter {
    fn default() -> Splitter {
        Splitter::with_cap(MAX_EVENT)
    }
}

impl Splitter {
    /// A splitter that holds events up to so many bytes.
    pub fn with_cap(cap: usize) -> Splitter {
        let (held, joined) = (Vec::new(), Vec::new());
        Splitter { cap, taken: 0, start: 0, held, joined, line: Line::Ended, fate: Fate::Hold }
    }

    /// The place in the stream up to which every byte belongs to an event that was given, has no data, or was too
    /// large; what follows is the beginning of an event.
    pub fn decided(&self) -> u64 {
        match self.fate {
            Fate::Hold => self.start,
            Fate::Given | Fate::Skip => self.taken,
        }
    }

    /// The beginning of an event whose end has not come; it stands at [`Splitter::decided`].
    pub fn undecided(&self) -> &[u8] {
        if self.fate == Fate::Hold { &self.held } else { &[] }
    }

    /// The next event in `rest`, which moves on; `None` when all of it is taken.
    ///
    /// A carriage return that ends an event is only known to do so when the next byte comes.
    pub fn next<'s, 'c: 's>(&'s mut self, rest: &mut &'c [u8]) -> Option<Result<Event<'s>, EventTooLarge>> {
        self.begin();
        loop {
            let (length, is_end) = self.piece(rest);
            let (piece, after) = rest.split_at(length.min(rest.len()));
            *rest = after;
            self.taken = self.taken.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
            let is_skipped = self.fate == Fate::Skip;
            let is_large = self.held.len().saturating_add(piece.len()) > self.cap;
            if !is_end {
                if is_skipped || piece.is_empty() {
                    return None;
                }
                if is_large {
                    self.fate = Fate::Skip;
                    self.held = Vec::new();
                    return Some(Err(EventTooLarge));
                }
                self.held.extend_from_slice(piece);
                return None;
            }
            let start = self.start;
            self.fate = Fate::Given;
            if is_skipped {
                self.begin();
                continue;
            }
            if is_large {
                return Some(Err(EventTooLarge));
            }
            if self.held.is_empty() {
                if has_data(start, piece) {
                    return Some(Ok(read(start, piece, &mut self.joined)));
                }
            } else {
                self.held.extend_from_slice(piece);
                if has_data(start, &self.held) {
                    return Some(Ok(read(start, &self.held, &mut self.joined)));
                }
            }
            self.begin();
        }
    }

    /// The last event of a stream that ended without its blank line.
    pub fn finish(&mut self) -> Option<Event<'_>> {
        self.begin();
        let start = self.start;
        let fate = std::mem::replace(&mut self.fate, Fate::Given);
        (fate == Fate::Hold && has_data(start, &self.held)).then(|| read(start, &self.held, &mut self.joined))
    }

    /// Forgets the event that was given.
    fn begin(&mut self) {
        if self.fate == Fate::Given {
            self.fate = Fate::Hold;
            self.start = self.taken;
            self.held.clear();
            self.held.shrink_to(64 * 1024);
        }
    }

    /// How many of the bytes belong to the event at hand, and whether it ends with them.
    fn piece(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut at: usize = 0;
        while let Some(&byte) = bytes.get(at) {
            let next = at.saturating_add(1);
            (self.line, at) = match (self.line, byte) {
                (Line::BlankReturn, b'\n') => {
                    self.line = Line::Ended;
                    return (next, true);
                }
                (Line::BlankReturn, _) => {
                    self.line = Line::Ended;
                    return (at, true);
                }
                (Line::Ended, b'\n') => return (next, true),
                (Line::Return, b'\n') | (Line::Begun, b'\n') => (Line::Ended, next),
                (Line::Ended | Line::Return, b'\r') => (Line::BlankReturn, next),
                (Line::Begun, b'\r') => (Line::Return, next),
                _ => {
                    let line = bytes.get(at..).unwrap_or_default();
                    let length = memchr::memchr2(b'\n', b'\r', line).unwrap_or(line.len());
                    (Line::Begun, at.saturating_add(length))
                }
            };
        }
        (at, false)
    }
}

/// The byte order mark that a stream may begin with.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// An event without the mark.
fn text(start: u64, raw: &[u8]) -> &[u8] {
    if start == 0 { raw.strip_prefix(BOM).unwrap_or(raw) } else { raw }
}

fn has_data(start: u64, raw: &[u8]) -> bool {
    // Most events begin with their data, and need no search for it.
    raw.starts_with(b"data:") || lines(text(start, raw)).any(|line| field(line).0 == b"data")
}

/// Reads an event; `joined` is where its data is put together when it has several lines.
fn read<'a>(start: u64, raw: &'a [u8], joined: &'a mut Vec<u8>) -> Event<'a> {
    let (mut name, mut data, mut count) = (&[][..], &[][..], 0u8);
    for line in lines(text(start, raw)) {
        match field(line) {
            (b"event", value) => name = value,
            (b"data", value) => {
                match count {
                    0 => data = value,
                    1 => {
                        joined.clear();
                        joined.extend_from_slice(data);
                    }
                    _ => {}
                }
                if count > 0 {
                    joined.push(b'\n');
                    joined.extend_from_slice(value);
                }
                count = count.saturating_add(1);
            }
            _ => {}
        }
    }
    Event { start, raw, name, data: if count > 1 { joined } else { data } }
}

/// The lines of an event; empty ones may appear in between.
fn lines(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr::memchr2_iter(b'\n', b'\r', raw).chain(std::iter::once(raw.len()));
    ends.scan(0, |from, end| {
        let line = raw.get(*from..end).unwrap_or_default();
        *from = end.saturating_add(1);
        Some(line)
    })
}

/// The name and the value of a line.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = memchr::memchr(b':', line) else { return (line, b"") };
    let (name, value) = line.split_at(colon);
    let value = value.strip_prefix(b":").unwrap_or(value);
    (name, value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests;
