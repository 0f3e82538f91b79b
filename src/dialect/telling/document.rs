//! The gateway's words in a JSON document.

use super::{MOST_WITHHELD, Words, member};
use crate::operation::Operation;
use crate::stream::json::{Finder, Place, Step};

/// A document on its way: all before the end of the object that gets the words has passed.
#[derive(Debug)]
pub struct Document {
    name: &'static str,
    finder: Finder,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// The object has not ended.
    Passing,
    /// It has, and its `}` and what follows wait for the document's end.
    Waiting { place: Place, withheld: Vec<u8> },
    /// The words are said, or never will be.
    Over,
}

impl Document {
    /// Where an operation's answers have a place for the words.
    pub fn of(operation: Operation) -> Option<Document> {
        const MESSAGE: &[Step] = &[Step::Member("choices"), Step::First, Step::Member("message")];
        let (name, steps) = match operation {
            Operation::ChatCompletions => ("provider_metadata", MESSAGE),
            Operation::Responses | Operation::Messages => ("provider_metadata", &[][..]),
            Operation::Embeddings => ("providerMetadata", &[][..]),
            _ => return None,
        };
        Some(Document { name, finder: Finder::new(steps), phase: Phase::Passing })
    }

    /// What the client gets for the next piece.
    pub fn feed(&mut self, piece: &[u8], end: bool, words: Words<'_>) -> Vec<u8> {
        let passed = match &mut self.phase {
            Phase::Over => return piece.to_vec(),
            Phase::Waiting { withheld, .. } => {
                withheld.extend_from_slice(piece);
                Vec::new()
            }
            Phase::Passing => self.pass(piece),
        };
        match &self.phase {
            Phase::Waiting { withheld, .. } if end || withheld.len() > MOST_WITHHELD => self.tell(passed, words),
            _ => passed,
        }
    }

    /// Lets everything through before the object's end.
    fn pass(&mut self, piece: &[u8]) -> Vec<u8> {
        let start = self.finder.offset();
        let place = match self.finder.feed(piece) {
            Ok(Some(place)) => place,
            Ok(None) => return piece.to_vec(),
            Err(_) => {
                self.phase = Phase::Over;
                return piece.to_vec();
            }
        };
        let (before, after) = piece.split_at(place.close.saturating_sub(start).min(piece.len()));
        self.phase = Phase::Waiting { place, withheld: after.to_vec() };
        before.to_vec()
    }

    fn tell(&mut self, mut out: Vec<u8>, words: Words<'_>) -> Vec<u8> {
        if let Phase::Waiting { place, withheld } = std::mem::replace(&mut self.phase, Phase::Over) {
            out.extend(words().map(|words| member(self.name, &words, place.is_empty)).unwrap_or_default());
            out.extend(withheld);
        }
        out
    }
}
