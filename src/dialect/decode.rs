//! A provider's stream: bytes in any chunking, events out. How it is cut is the same wherever it comes as server-sent
//! events; what they mean is the dialect's.

use super::too_large;
use crate::chat::{Event, Ids};
use crate::error::Error;
use crate::stream::sse::{MAX_EVENT, Splitter};

/// Reads one stream.
pub trait Decode: std::fmt::Debug {
    /// Takes the next bytes.
    fn feed(&mut self, bytes: &[u8], out: &mut Vec<Event>);
    /// The body has ended.
    fn finish(&mut self, out: &mut Vec<Event>);
}

/// What a dialect makes of server-sent events, one after the other.
pub trait Reader: std::fmt::Debug {
    /// The longest event, in bytes.
    const MOST_EVENT: usize = MAX_EVENT;

    /// Before the first event.
    fn new(ids: &Ids) -> Self;
    /// Whether `End` or `Error` was given: nothing is asked for after it.
    fn is_over(&self) -> bool;
    /// One event: its name, empty where it has none, and its data.
    fn event(&mut self, name: &[u8], data: &[u8], out: &mut Vec<Event>);
    /// The body has ended: well, or too early (rule 3 of docs/dialects.md).
    fn finish(&mut self, out: &mut Vec<Event>);
    /// Gives this error, and is over.
    fn fail(&mut self, error: Error, out: &mut Vec<Event>);
}

/// Reads one stream of server-sent events. Beside what its reader keeps, it holds one event at most.
#[derive(Debug)]
pub struct Events<R> {
    splitter: Splitter,
    reader: R,
}

impl<R: Reader> Events<R> {
    /// A reader for one exchange.
    pub fn new(ids: &Ids) -> Events<R> {
        Events { splitter: Splitter::with_cap(R::MOST_EVENT), reader: R::new(ids) }
    }
}

impl<R: Reader> Decode for Events<R> {
    fn feed(&mut self, mut bytes: &[u8], out: &mut Vec<Event>) {
        while !self.reader.is_over() {
            match self.splitter.next(&mut bytes) {
                Some(Ok(event)) => self.reader.event(event.name, event.data, out),
                Some(Err(_)) => self.reader.fail(too_large(), out),
                None => return,
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<Event>) {
        if self.reader.is_over() {
            return;
        }
        if let Some(event) = self.splitter.finish() {
            self.reader.event(event.name, event.data, out);
        }
        if !self.reader.is_over() {
            self.reader.finish(out);
        }
    }
}
