//! A provider's answer on its way to the client: scanned in place, never held.

use super::host::{self, Buffer};
use crate::dialect::openai::{Answer, Learnt, Passed, Stream, closing_event};
use crate::error::Class;
use crate::operation::Operation;

/// An answer that passes.
pub enum Passing {
    /// Server-sent events of an operation.
    Events(Operation, Box<Stream>),
    /// One JSON document, or anything else.
    Document(Box<Answer>),
}

impl Passing {
    /// Reads the buffer's `size` bytes and changes them where something must not reach the client, or is missing.
    pub fn pass(&mut self, size: usize, end: bool) {
        let chunk = host::body(Buffer::ResponseBody, 0, size);
        match self {
            Passing::Document(answer) => {
                answer.feed(&chunk);
                if end {
                    answer.finish();
                }
            }
            Passing::Events(operation, stream) => {
                let passed = stream.feed(&chunk, end);
                let tail = if end { closing_event(*operation, stream.learnt()) } else { Vec::new() };
                if let Some(bytes) = with_tail(passed, &chunk, tail) {
                    let _ = host::set_body(Buffer::ResponseBody, size, &bytes);
                }
            }
        }
    }

    /// What it has said so far.
    pub fn learnt(&self) -> &Learnt {
        match self {
            Passing::Events(_, stream) => stream.learnt(),
            Passing::Document(answer) => answer.learnt(),
        }
    }

    /// Whether the document has shown an error in what has come of it.
    pub fn may_refuse(&self) -> bool {
        matches!(self, Passing::Document(answer) if answer.has_error())
    }

    /// What is wrong with an answer that has come to its end.
    pub fn fault(&self) -> Option<Class> {
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
