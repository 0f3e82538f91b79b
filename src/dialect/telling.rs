//! What the gateway says of itself, in an answer that passes: one member is added, and the rest stays as it is.
//!
//! A translated answer is written with it (`heard`). Here it is put between bytes that nobody writes anew, at the place
//! that each format has for it, and as late as can be, since only the end of an answer says what it cost.

mod document;
mod events;

use crate::chat::Raw;
use crate::operation::Operation;
use document::Document;
use events::Events;

/// What the gateway says of itself.
pub type Words<'a> = &'a dyn Fn() -> Option<Raw>;

/// Most bytes that wait for the end of an answer; with more behind it the word is said early.
const MOST_WITHHELD: usize = 256 << 10;

/// Adds the gateway's words to one answer.
#[derive(Debug)]
pub enum Teller {
    /// A JSON document.
    Document(Box<Document>),
    /// Server-sent events.
    Events(Box<Events>),
}

impl Teller {
    /// A teller for an answer to an operation, where its format has a place for the words.
    pub fn new(operation: Operation, is_stream: bool) -> Option<Teller> {
        match is_stream {
            true => Events::of(operation).map(|events| Teller::Events(Box::new(events))),
            false => Document::of(operation).map(|document| Teller::Document(Box::new(document))),
        }
    }

    /// What the client gets for the next piece of an answer; `end` says that it is the last.
    pub fn feed(&mut self, piece: &[u8], end: bool, words: Words<'_>) -> Vec<u8> {
        match self {
            Teller::Document(document) => document.feed(piece, end, words),
            Teller::Events(events) => events.feed(piece, end, words),
        }
    }
}

/// `"provider_metadata":{"gateway":...}`, with a comma before it where there are other members.
fn member(name: &str, words: &Raw, is_first: bool) -> Vec<u8> {
    let comma = if is_first { "" } else { "," };
    format!("{comma}\"{name}\":{{\"gateway\":{}}}", words.get()).into_bytes()
}

#[cfg(test)]
mod tests;
