//! What passes by in a stream from an OpenAI-compatible provider: usage, model, errors, the end.
//!
//! The bytes go to the client as they are. Only where the gateway itself asked for usage is the chunk that carries
//! nothing else taken out again. Each event is first searched for a few words, and read only when it has one of them.

mod error;
mod event;
mod first;

use std::ops::Range;

pub use error::StreamError;
use event::Read;
pub use first::First;

use crate::meter::Usage;
use crate::operation::Operation;
use crate::stream::sse::{self, Event, Splitter};

/// What one response said about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learnt {
    /// The tokens, as far as reported; a later report replaces an earlier one.
    pub usage: Usage,
    /// The model that answers, in the provider's words; at most 256 bytes.
    pub model: Option<String>,
    /// The provider's id of the response; at most 256 bytes.
    pub id: Option<String>,
    /// Whether it came to its proper end: the terminal event of a stream, or the last byte of a JSON document.
    pub ended: bool,
    /// The error that came in place of a response, or in the middle of it.
    pub error: Option<StreamError>,
    /// An event or a value was too large to be read, so that usage may be missing for this reason.
    pub usage_gave_up: bool,
}

/// What the client gets for a piece of the response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passed {
    /// The piece as it is.
    Unchanged,
    /// These bytes instead.
    Replaced(Vec<u8>),
}

/// Reads one stream of server-sent events as it passes.
#[derive(Debug)]
pub struct Stream {
    splitter: Splitter,
    reader: Reader,
    hide: Option<Hide>,
}

/// What a stream has said so far.
#[derive(Debug)]
struct Reader {
    operation: Operation,
    learnt: Learnt,
    choices: Choices,
    first: First,
    /// How many events were read without a model.
    unnamed: u8,
}

/// The choices that a stream has shown, each a bit. Those from the 128th on are not followed.
#[derive(Debug, Default)]
struct Choices {
    seen: u128,
    finished: u128,
}

/// The state of taking events out.
#[derive(Debug, Default)]
struct Hide {
    /// The bytes that came so far.
    seen: u64,
    /// The beginning of an event that may have to be taken out; the bytes before `seen`.
    withheld: Vec<u8>,
}

/// How many events are read for the sake of the model alone.
const MAX_UNNAMED: u8 = 4;

/// The longest event of responses and images, which come whole, and with pictures, in their last event.
const MAX_WHOLE_EVENT: usize = 8 * 1024 * 1024;

impl Stream {
    /// A stream of an operation. `hide_usage`: the gateway asked for usage, the client did not.
    pub fn new(operation: Operation, hide_usage: bool) -> Stream {
        let cap = match operation {
            Operation::Responses | Operation::Images => MAX_WHOLE_EVENT,
            _ => sse::MAX_EVENT,
        };
        let (learnt, choices) = (Learnt::default(), Choices::default());
        Stream {
            splitter: Splitter::with_cap(cap),
            reader: Reader { operation, learnt, choices, first: First::Undecided, unnamed: 0 },
            hide: hide_usage.then(Hide::default),
        }
    }

    /// Reads the next piece; `end` says that it is the last.
    ///
    /// While usage is being hidden, an event that is not complete at the end of the piece is withheld.
    pub fn feed(&mut self, chunk: &[u8], end: bool) -> Passed {
        let mut hidden = Vec::new();
        let mut rest = chunk;
        while let Some(event) = self.splitter.next(&mut rest) {
            match event {
                Ok(event) => hidden.extend(self.reader.event(&event)),
                Err(sse::EventTooLarge) => self.reader.too_large(),
            }
        }
        if end && let Some(event) = self.splitter.finish() {
            hidden.extend(self.reader.event(&event));
        }
        let Some(hide) = &mut self.hide else { return Passed::Unchanged };
        let decided = if end { u64::MAX } else { self.splitter.decided() };
        hide.pass(chunk, decided, &hidden)
    }

    /// What was learnt so far.
    pub fn learnt(&self) -> &Learnt {
        &self.reader.learnt
    }

    /// What came first, as far as it has come.
    pub fn first(&self) -> &First {
        &self.reader.first
    }
}

impl Reader {
    /// Learns from an event. Gives its place when it says nothing to a client that has not asked for usage.
    fn event(&mut self, event: &Event<'_>) -> Option<Range<u64>> {
        if self.first == First::Undecided {
            self.first = first::classify(event.name, event.data);
        }
        if event.data == b"[DONE]" {
            self.learnt.ended |= matches!(self.operation, Operation::ChatCompletions | Operation::Completions);
            return None;
        }
        let is_unnamed = self.learnt.model.is_none() && self.unnamed < MAX_UNNAMED;
        if !is_unnamed && event.name != b"error" && !event::matters(self.operation, event.data) {
            return None;
        }
        let read = Read::new(event.data);
        self.learn(read.as_ref());
        if self.learnt.error.is_none() && (event.name == b"error" || event::may_fail(event.data)) {
            self.learnt.error = StreamError::read(event.name, event.data);
        }
        let is_hidden = read.is_some_and(|read| read.is_only_usage());
        let length = u64::try_from(event.raw.len()).unwrap_or(u64::MAX);
        is_hidden.then(|| event.start..event.start.saturating_add(length))
    }

    fn learn(&mut self, read: Option<&Read>) {
        self.unnamed = self.unnamed.saturating_add(1);
        let Some(read) = read else { return };
        let learnt = &mut self.learnt;
        learnt.usage.merge(&read.usage());
        if learnt.model.is_none() {
            learnt.model = read.model();
        }
        if learnt.id.is_none() {
            learnt.id = read.id();
        }
        for (index, is_finished) in read.choices() {
            let bit = 1u128.checked_shl(index).unwrap_or(0);
            self.choices.seen |= bit;
            self.choices.finished |= if is_finished { bit } else { 0 };
        }
        let Choices { seen, finished } = self.choices;
        learnt.ended = match self.operation {
            Operation::ChatCompletions | Operation::Completions => seen != 0 && seen == finished,
            operation => learnt.ended || read.is_last(operation),
        };
    }

    fn too_large(&mut self) {
        self.learnt.usage_gave_up = true;
        if self.first == First::Undecided {
            self.first = First::Content;
        }
    }
}

impl Hide {
    /// Passes everything before `decided` on, except what is hidden, and withholds the rest.
    fn pass(&mut self, chunk: &[u8], decided: u64, hidden: &[Range<u64>]) -> Passed {
        let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let start = self.seen.saturating_sub(length(&self.withheld));
        self.seen = self.seen.saturating_add(length(chunk));
        if hidden.is_empty() && self.withheld.is_empty() && decided >= self.seen {
            return Passed::Unchanged;
        }
        self.withheld.extend_from_slice(chunk);
        if decided <= start {
            return Passed::Replaced(Vec::new());
        }
        let mut bytes = std::mem::take(&mut self.withheld);
        let place = |at: u64| usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX).min(bytes.len());
        let end = place(decided);
        let mut out = Vec::with_capacity(end);
        let mut from = 0;
        for range in hidden {
            out.extend_from_slice(bytes.get(from..place(range.start)).unwrap_or_default());
            from = place(range.end);
        }
        out.extend_from_slice(bytes.get(from..end).unwrap_or_default());
        self.withheld = bytes.split_off(end);
        Passed::Replaced(out)
    }
}

#[cfg(test)]
mod tests;
