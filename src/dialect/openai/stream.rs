//! What passes by in a stream from an OpenAI-compatible provider: usage, model, errors, the end.
//!
//! The bytes go to the client as they are. Only where the gateway itself asked for usage is the chunk that carries
//! nothing else taken out again, and a `[DONE]` that comes too early becomes an error. Each event is first searched for a
//! few words, and read only when it has one of them.

mod error;
mod event;
mod first;

use std::borrow::Cow;
use std::ops::Range;

use event::Read;
pub use first::First;

use super::closing::CUT;
use crate::dialect::passing::{Learnt, Passed, Said, StreamError};
use crate::operation::Operation;
use crate::stream::sse::{self, Event, Splitter};

/// Reads one stream of server-sent events as it passes.
#[derive(Debug)]
pub struct Stream {
    splitter: Splitter,
    reader: Reader,
    /// Whether the usage chunk is there only because the gateway asked for it.
    hides_usage: bool,
    editor: Option<Editor>,
}

/// What a stream has said so far.
#[derive(Debug)]
struct Reader {
    operation: Operation,
    learnt: Learnt,
    said: Said,
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

/// The state of changing a stream.
#[derive(Debug, Default)]
struct Editor {
    /// The bytes that came so far.
    seen: u64,
    /// The beginning of an event that may have to be changed; the bytes before `seen`.
    withheld: Vec<u8>,
}

/// Bytes of the stream that the client does not get, and what it gets instead.
#[derive(Debug)]
struct Edit {
    range: Range<u64>,
    with: &'static str,
}

/// The longest event that is looked at for a `[DONE]` that comes too early.
const MOST_DONE: usize = 256;

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
        let (learnt, said, choices) = (Learnt::default(), Said::default(), Choices::default());
        Stream {
            splitter: Splitter::with_cap(cap),
            reader: Reader { operation, learnt, said, choices, first: First::Undecided, unnamed: 0 },
            hides_usage: hide_usage,
            editor: (hide_usage || ends_with_done(operation)).then(Editor::default),
        }
    }

    /// Reads the next piece; `end` says that it is the last.
    ///
    /// While usage is being hidden, an event that is not complete at the end of the piece is withheld; else only what
    /// may become a `[DONE]` that comes too early.
    pub fn feed(&mut self, chunk: &[u8], end: bool) -> Passed {
        let mut edits = Vec::new();
        let mut rest = chunk;
        while let Some(event) = self.splitter.next(&mut rest) {
            match event {
                Ok(event) => edits.extend(self.reader.event(&event, self.hides_usage)),
                Err(sse::EventTooLarge) => self.reader.too_large(),
            }
        }
        if end && let Some(event) = self.splitter.finish() {
            edits.extend(self.reader.event(&event, self.hides_usage));
        }
        let Some(editor) = &mut self.editor else { return Passed::Unchanged };
        let decided = if end {
            u64::MAX
        } else if self.hides_usage {
            self.splitter.decided()
        } else if self.reader.is_unfinished() {
            let held = self.splitter.undecided();
            self.splitter.decided().saturating_add(length(held.get(..maybe_done(held)).unwrap_or_default()))
        } else {
            u64::MAX
        };
        editor.pass(chunk, decided, &edits)
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
    fn event(&mut self, event: &Event<'_>, hides_usage: bool) -> Option<Edit> {
        let was_silent = self.first == First::Undecided;
        if self.first == First::Undecided {
            self.first = first::classify(event.name, event.data);
        }
        if event.data == b"[DONE]" {
            return self.done(event, was_silent);
        }
        if self.operation == Operation::Responses {
            self.learnt.sequence = event::sequence(event.data).or(self.learnt.sequence);
        }
        let unusual = self.measure(event);
        let is_unnamed = self.learnt.model.is_none() && self.unnamed < MAX_UNNAMED;
        if !is_unnamed && event.name != b"error" && !event::matters(self.operation, unusual) {
            if !unusual.is_empty() && ends_with_done(self.operation) {
                self.said.is_usual(event.data);
            }
            return None;
        }
        let read = Read::new(event.data);
        self.learn(read.as_ref());
        if self.learnt.error.is_none() && (event.name == b"error" || event::may_fail(event.data)) {
            self.learnt.error = StreamError::read(event.name, event.data);
        }
        let is_hidden = hides_usage && read.is_some_and(|read| read.is_only_usage());
        is_hidden.then(|| Edit { range: event.start..event.start.saturating_add(length(event.raw)), with: "" })
    }

    /// Measures what an event says, and gives what of it may matter beside.
    fn measure<'a>(&mut self, event: &Event<'a>) -> &'a [u8] {
        let unusual = match self.operation {
            Operation::ChatCompletions | Operation::Completions => self.said.event(event.data),
            Operation::Responses if event::is_piece(event.name, event.data) => {
                self.said.piece(event.data);
                // What it says of itself is known by its name.
                if event.name.is_empty() { event.data } else { &[] }
            }
            _ => return event.data,
        };
        self.learnt.said = self.said.bytes();
        unusual
    }

    /// `[DONE]` is the end, unless a choice has begun that has not said why it ends. SDKs read no further than to it, so
    /// the error takes its place.
    fn done(&mut self, event: &Event<'_>, was_silent: bool) -> Option<Edit> {
        if !ends_with_done(self.operation) {
            return None;
        }
        let has_begun = self.choices.seen != 0 || !was_silent;
        if !has_begun || !self.is_unfinished() || self.learnt.usage_gave_up {
            self.learnt.ended |= !self.learnt.told_cut;
            return None;
        }
        // Part of a longer one may be with the client already.
        if event.raw.len() > MOST_DONE {
            return None;
        }
        self.learnt.told_cut = true;
        let line = memchr::memmem::rfind(event.raw, b"data:").unwrap_or(0);
        let (before, _) = event.raw.split_at(line.min(event.raw.len()));
        let end = event.start.saturating_add(length(event.raw));
        Some(Edit { range: event.start.saturating_add(length(before))..end, with: CUT })
    }

    /// Whether an end now would be too early, as far as is known.
    fn is_unfinished(&self) -> bool {
        let Learnt { ended, ref error, told_cut, .. } = self.learnt;
        ends_with_done(self.operation) && !ended && error.is_none() && !told_cut
    }

    fn learn(&mut self, read: Option<&Read>) {
        self.unnamed = self.unnamed.saturating_add(1);
        let Some(read) = read else { return };
        let learnt = &mut self.learnt;
        let usage = read.usage();
        learnt.usage.merge(&usage);
        if usage.output.is_some() {
            self.said.told();
            learnt.said = 0;
        }
        if learnt.model.is_none() {
            learnt.model = read.model();
        }
        if learnt.id.is_none() {
            learnt.id = read.id();
        }
        if learnt.finish.is_none() {
            learnt.finish = read.finish(self.operation).map(Cow::Owned);
        }
        for (index, is_finished) in read.choices() {
            let bit = 1u128.checked_shl(index).unwrap_or(0);
            self.choices.seen |= bit;
            self.choices.finished |= if is_finished { bit } else { 0 };
        }
        let Choices { seen, finished } = self.choices;
        learnt.ended = match self.operation {
            Operation::ChatCompletions | Operation::Completions => seen != 0 && seen == finished && !learnt.told_cut,
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

fn ends_with_done(operation: Operation) -> bool {
    matches!(operation, Operation::ChatCompletions | Operation::Completions)
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Where in an incomplete event a line begins that is, or may become, `data: [DONE]`; its length where none does.
fn maybe_done(held: &[u8]) -> usize {
    let may_be = |line: &[u8]| match line.strip_prefix(b"data:") {
        Some(value) => b"[DONE]".starts_with(value.strip_prefix(b" ").unwrap_or(value)),
        None => b"data:".starts_with(line),
    };
    if held.len() > MOST_DONE {
        return held.len();
    }
    let mut at: usize = 0;
    for line in held.split(|byte| matches!(byte, b'\r' | b'\n')) {
        if !line.is_empty() && may_be(line) {
            return at;
        }
        at = at.saturating_add(line.len()).saturating_add(1);
    }
    held.len()
}

impl Editor {
    /// Passes everything before `decided` on, with its edits, and withholds the rest.
    fn pass(&mut self, chunk: &[u8], decided: u64, edits: &[Edit]) -> Passed {
        let start = self.seen.saturating_sub(length(&self.withheld));
        self.seen = self.seen.saturating_add(length(chunk));
        if edits.is_empty() && self.withheld.is_empty() && decided >= self.seen {
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
        for Edit { range, with } in edits {
            out.extend_from_slice(bytes.get(from..place(range.start)).unwrap_or_default());
            out.extend_from_slice(with.as_bytes());
            from = place(range.end);
        }
        out.extend_from_slice(bytes.get(from..end).unwrap_or_default());
        self.withheld = bytes.split_off(end);
        Passed::Replaced(out)
    }
}

#[cfg(test)]
mod tests;
