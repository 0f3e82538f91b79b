//! A provider's answer on its way to the client: scanned in place or translated, never held.

use super::held::Attempt;
use super::host::{self, Buffer};
use crate::dialect::passing::{Answer, Beginning, Learnt, Passed, Stream};
use crate::dialect::translation::{self, Translation};
use crate::error::Class;

/// A stream that may still be left for another target.
pub enum Probe {
    /// Events that will pass as they are.
    Events(Box<Stream>),
    /// Events of another dialect.
    Translated(Box<Translation>),
}

impl Probe {
    /// Reads the next bytes.
    pub fn read(&mut self, chunk: &[u8], end: bool, attempt: &Attempt) -> Beginning {
        let secret = attempt.secret();
        match self {
            Probe::Events(stream) => {
                stream.feed(chunk, end);
                stream.beginning(secret)
            }
            Probe::Translated(translation) => {
                translation.read(chunk, end, &|usage| attempt.metadata(usage));
                match translation.beginning() {
                    translation::Beginning::Undecided => Beginning::Undecided,
                    translation::Beginning::Content => Beginning::Content,
                    translation::Beginning::Error(error) => {
                        Beginning::Failed(Box::new(translation::stream_failure(error, secret)))
                    }
                }
            }
        }
    }

    /// Whether the stream's terminal event has come.
    pub fn has_ended(&self) -> bool {
        match self {
            Probe::Events(stream) => stream.learnt().ended,
            Probe::Translated(translation) => translation.learnt().ended,
        }
    }
}

/// An answer that passes.
pub enum Passing {
    /// Server-sent events.
    Events(Box<Stream>),
    /// One JSON document, or anything else.
    Document(Box<Answer>),
    /// Events of another dialect; the buffer's first `seen` bytes have been read already.
    Translated { translation: Box<Translation>, seen: usize },
}

impl Passing {
    /// Reads the buffer's `size` bytes and changes them where something must not reach the client, or is missing.
    pub fn pass(&mut self, size: usize, end: bool, attempt: &Attempt) {
        let read = if let Passing::Translated { seen, .. } = self { std::mem::take(seen) } else { 0 };
        let chunk = host::body(Buffer::ResponseBody, read, size.saturating_sub(read));
        match self {
            Passing::Translated { translation, .. } => {
                translation.read(&chunk, end, &|usage| attempt.metadata(usage));
                let _ = host::set_body(Buffer::ResponseBody, size, &translation.written());
            }
            Passing::Document(answer) => {
                answer.feed(&chunk);
                if end {
                    answer.finish();
                }
            }
            Passing::Events(stream) => {
                let passed = stream.feed(&chunk, end);
                let tail = if end { stream.closing() } else { Vec::new() };
                if let Some(bytes) = with_tail(passed, &chunk, tail) {
                    let _ = host::set_body(Buffer::ResponseBody, size, &bytes);
                }
            }
        }
    }

    /// What it has said so far.
    pub fn learnt(&self) -> &Learnt {
        match self {
            Passing::Events(stream) => stream.learnt(),
            Passing::Document(answer) => answer.learnt(),
            Passing::Translated { translation, .. } => translation.learnt(),
        }
    }

    /// Whether the document has shown an error in what has come of it.
    pub fn may_refuse(&self) -> bool {
        matches!(self, Passing::Document(answer) if answer.has_error())
    }

    /// What is wrong with an answer that has come to its end.
    pub fn fault(&self) -> Option<Class> {
        if let Passing::Translated { translation, .. } = self {
            return translation.fault();
        }
        let is_stream = matches!(self, Passing::Events(..));
        let learnt = self.learnt();
        match (&learnt.error, learnt.ended) {
            (Some(_), _) => Some(Class::ProviderFault),
            (None, false) if is_stream => Some(Class::Cut),
            (None, _) => None,
        }
    }
}

/// What the buffer must hold afterwards; `None` when it may stay as it is.
fn with_tail(passed: Passed, chunk: &[u8], tail: Vec<u8>) -> Option<Vec<u8>> {
    match passed {
        Passed::Unchanged if tail.is_empty() => None,
        Passed::Unchanged => Some([chunk, &tail].concat()),
        Passed::Replaced(bytes) if tail.is_empty() => Some(bytes),
        Passed::Replaced(bytes) => Some([bytes, tail].concat()),
    }
}
