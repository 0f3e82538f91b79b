//! A JSON reader that takes a document as it arrives and keeps the values of a few paths.
//!
//! Request bodies pass through it on their way to the gateway's plan, JSON answers on their way to the client. It
//! accepts exactly what is a JSON document (nested at most 256 deep), holds nothing but the values asked for, and
//! gives the places of everything it found, so that [`super::splice`] can edit the bytes. Where a key is repeated in
//! an object the last one counts, as in every common parser, but all of them are known.

mod capture;
mod error;
mod grammar;
mod opening;
mod place;
mod text;
mod texts;
mod watch;

#[cfg(test)]
mod tests;

use std::ops::Range;

use capture::Window;
pub use error::Error;
use grammar::Grammar;
pub use grammar::Kind;
pub use place::{Finder, Place, Step};
pub use texts::{Measured, SORTS, Sort, inside};
use texts::{Texts, Which};
use watch::{Paths, Watch};

/// A value to look for. Keys match after unescaping, and only from the root on: `["model"]` is neither a `model`
/// further inside nor the word in a text.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// The keys from the root object inwards, at least one. Arrays are never entered.
    pub keys: &'static [&'static str],
    /// What is kept of the value.
    pub keep: Keep,
}

/// What is kept of a value. Sizes are bytes of the value as it stands in the document, quotes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Only its place.
    Place,
    /// All of it, or nothing when it is longer.
    Whole(usize),
    /// Its beginning.
    Prefix(usize),
    /// Of an array of messages the elements up to the first of the role `user`, without those that are neither
    /// `user`, `system` nor `developer`: what every later turn of a conversation begins with. Of any other value
    /// its beginning.
    Opening(usize),
}

/// One value found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// Where it stands in the document.
    pub value: Range<usize>,
    /// What was kept of it; `None` when that is nothing, or when it was too long.
    pub raw: Option<Vec<u8>>,
    /// What it is.
    pub kind: Kind,
}

impl Capture {
    /// The text of a string that was kept whole.
    pub fn text(&self) -> Option<String> {
        serde_json::from_slice(self.raw.as_deref()?).ok()
    }
}

/// One member of an object, as an editor sees it. All offsets count from the start of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The `{` of its object.
    pub object: usize,
    /// How many members stand before it in its object.
    pub ordinal: usize,
    /// The comma before it; `None` for the first.
    pub comma_before: Option<usize>,
    /// The opening quote of its key.
    pub start: usize,
    /// Its value.
    pub value: Range<usize>,
    /// The comma after it; `None` for the last.
    pub comma_after: Option<usize>,
}

/// The object that the document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object {
    /// The offset of its `{`.
    pub open: usize,
    /// How many members it has, repeated ones included.
    pub members: usize,
}

/// Reads one document.
#[derive(Debug)]
pub struct Reader {
    grammar: Grammar,
    paths: Paths,
    texts: Texts,
}

impl Reader {
    /// A reader that looks for these paths, at most 64 of them.
    pub fn new(paths: &'static [Path]) -> Reader {
        Reader { grammar: Grammar::new(), paths: Paths::new(paths), texts: Texts::new(Which::Nothing) }
    }

    /// Measures every text that is a value, as sort 0.
    pub fn measuring(self) -> Reader {
        Reader { texts: Texts::new(Which::All), ..self }
    }

    /// Measures the texts of some keys.
    pub fn measuring_by(self, sort: Sort) -> Reader {
        Reader { texts: Texts::new(Which::ByKey(sort)), ..self }
    }

    /// How much text has been read.
    pub fn measured(&self) -> Measured {
        self.texts.measured()
    }

    /// Reads the next bytes. After an error every call gives that error again.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let window = Window { offset: self.grammar.offset(), bytes: chunk };
        let read = self.grammar.feed(chunk, &mut Watch { paths: &mut self.paths, texts: &mut self.texts, window });
        self.paths.leave(window);
        read
    }

    /// Says that the document ends here; an error when it is not complete.
    pub fn finish(&mut self) -> Result<(), Error> {
        let window = Window { offset: self.grammar.offset(), bytes: &[] };
        self.grammar.finish(&mut Watch { paths: &mut self.paths, texts: &mut self.texts, window })
    }

    /// The value at a path, given by its index; of several the last.
    pub fn get(&self, path: usize) -> Option<&Capture> {
        self.paths.capture(path)
    }

    /// Every member that ended at a path so far, superseded ones included.
    pub fn members(&self, path: usize) -> &[Member] {
        self.paths.members(path)
    }

    /// What the document is; `None` before its first byte.
    pub fn root(&self) -> Option<Kind> {
        self.paths.root()
    }

    /// The object that the document is, if it is one. The members are counted when it has been read.
    pub fn object(&self) -> Option<Object> {
        self.paths.object()
    }

    /// How many bytes have been read.
    pub fn offset(&self) -> usize {
        self.grammar.offset()
    }
}
