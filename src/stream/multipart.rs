//! The fields of a `multipart/form-data` body, found as it arrives, with the places of their values.
//!
//! Audio and image uploads name their model in such a body, before or after a file of many megabytes. File parts are
//! passed over at the speed of a byte search; only the values asked for are held. Format: RFC 7578 and RFC 2046.

mod header;

use std::fmt;
use std::ops::Range;

pub use header::boundary;

/// The most bytes of headers that a part may have.
const MAX_HEADERS: usize = 8 * 1024;

/// How often a field may stand in a body.
const MAX_REPEATS: usize = 64;

/// A field to look for.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// The most bytes that its value may have; more is an error.
    pub cap: usize,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Where it stands in the body.
    pub range: Range<usize>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a body was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Problem);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    Truncated,
    Delimiter,
    Headers,
    LongHeaders,
    LongField(&'static str),
    ManyFields(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Problem::Truncated => f.write_str("the multipart body ends without its closing boundary"),
            Problem::Delimiter => f.write_str("the multipart body has something else behind a boundary"),
            Problem::Headers => f.write_str("a part of the multipart body names its field in no way or in several"),
            Problem::LongHeaders => f.write_str("a part of the multipart body has more than 8 KiB of headers"),
            Problem::LongField(name) => write!(f, "the multipart field '{name}' is too long"),
            Problem::ManyFields(name) => write!(f, "the multipart field '{name}' stands more than 64 times"),
        }
    }
}

impl std::error::Error for Error {}

/// Reads one body.
#[derive(Debug)]
pub struct Reader {
    fields: &'static [Field],
    /// `\r\n--` and the boundary.
    delimiter: Vec<u8>,
    values: Vec<Vec<Value>>,
    state: State,
    /// The offset of the next byte of the body.
    offset: usize,
    /// What may still turn out to be a delimiter, or a header line that is not complete.
    held: Vec<u8>,
}

#[derive(Debug)]
enum State {
    /// In content that nobody asked for: before the first part, or in one.
    Content,
    /// In the value of a field, given by its index; it began at `start`.
    Value {
        field: usize,
        start: usize,
        bytes: Vec<u8>,
    },
    /// Behind a delimiter.
    Delimited,
    /// In the headers of a part.
    Headers,
    /// Behind the closing delimiter.
    Closed,
    Failed(Error),
}

impl Reader {
    /// A reader for the boundary that [`boundary`] found in the content type.
    pub fn new(boundary: &[u8], fields: &'static [Field]) -> Reader {
        let delimiter = [b"\r\n--", boundary].concat();
        let values = vec![Vec::new(); fields.len()];
        // The first delimiter needs no line end before it; pretending one makes it like all others.
        let held = b"\r\n".to_vec();
        Reader { fields, delimiter, values, state: State::Content, offset: 0, held }
    }

    /// The value of a field, given by its index; of several the last.
    pub fn get(&self, field: usize) -> Option<&Value> {
        self.all(field).last()
    }

    /// All values of a field, in their order.
    pub fn all(&self, field: usize) -> &[Value] {
        self.values.get(field).map(Vec::as_slice).unwrap_or_default()
    }

    /// Reads the next bytes. After an error every call gives that error again.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let mut rest = chunk;
        while !rest.is_empty() {
            let step = match self.state {
                State::Content | State::Value { .. } => self.content(&mut rest),
                State::Delimited => self.delimited(&mut rest),
                State::Headers => self.headers(&mut rest),
                State::Closed => return Ok(()),
                State::Failed(ref error) => return Err(error.clone()),
            };
            if let Err(problem) = step {
                self.state = State::Failed(Error(problem));
            }
        }
        match &self.state {
            State::Failed(error) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Says that the body ends here; an error when its closing boundary has not come.
    pub fn finish(&mut self) -> Result<(), Error> {
        match &self.state {
            State::Closed => Ok(()),
            State::Failed(error) => Err(error.clone()),
            _ => Err(Error(Problem::Truncated)),
        }
    }

    /// Moves on by so many bytes.
    fn take<'c>(&mut self, rest: &mut &'c [u8], length: usize) -> &'c [u8] {
        let (taken, after) = rest.split_at(length.min(rest.len()));
        *rest = after;
        self.offset = self.offset.saturating_add(taken.len());
        taken
    }

    /// Content, up to the next delimiter. What may be the beginning of one is held back.
    fn content(&mut self, rest: &mut &[u8]) -> Result<(), Problem> {
        let overlap = self.delimiter.len().saturating_sub(1);
        let mut seam = std::mem::take(&mut self.held);
        let before = seam.len();
        if before > 0 {
            seam.extend_from_slice(rest.get(..overlap).unwrap_or(rest));
            if let Some(at) = memchr::memmem::find(&seam, &self.delimiter) {
                self.take(rest, at.saturating_add(self.delimiter.len()).saturating_sub(before));
                self.value(seam.get(..at).unwrap_or_default())?;
                self.end_content();
                return Ok(());
            }
            if rest.len() <= overlap {
                self.take(rest, overlap);
                return self.hold(&seam, overlap);
            }
            self.value(seam.get(..before).unwrap_or_default())?;
        }
        let Some(at) = memchr::memmem::find(rest, &self.delimiter) else {
            let all = self.take(rest, rest.len());
            return self.hold(all, overlap);
        };
        let found = self.take(rest, at.saturating_add(self.delimiter.len()));
        self.value(found.get(..at).unwrap_or_default())?;
        self.end_content();
        Ok(())
    }

    /// Takes content whose last bytes, so many, may be the beginning of a delimiter.
    fn hold(&mut self, content: &[u8], last: usize) -> Result<(), Problem> {
        let (sure, held) = content.split_at(content.len().saturating_sub(last));
        self.held = held.to_vec();
        self.value(sure)
    }

    /// Adds to the value at hand, if this content is one.
    fn value(&mut self, piece: &[u8]) -> Result<(), Problem> {
        let State::Value { field, bytes, .. } = &mut self.state else { return Ok(()) };
        let field = self.fields.get(*field).ok_or(Problem::Headers)?;
        if bytes.len().saturating_add(piece.len()) > field.cap {
            return Err(Problem::LongField(field.name));
        }
        bytes.extend_from_slice(piece);
        Ok(())
    }

    fn end_content(&mut self) {
        if let State::Value { field, start, bytes } = std::mem::replace(&mut self.state, State::Delimited)
            && let Some(values) = self.values.get_mut(field)
        {
            values.push(Value { range: start..start.saturating_add(bytes.len()), bytes });
        }
    }

    /// What stands behind a delimiter: `--` at the end, otherwise spaces and a line end.
    fn delimited(&mut self, rest: &mut &[u8]) -> Result<(), Problem> {
        let byte = self.take(rest, 1);
        self.held.extend_from_slice(byte);
        self.state = match self.held.as_slice() {
            b"-" | b"\r" => return Ok(()),
            b"--" => State::Closed,
            b"\r\n" => State::Headers,
            // Spaces may be many, and none is worth holding.
            b" " | b"\t" => {
                self.held.clear();
                return Ok(());
            }
            _ => return Err(Problem::Delimiter),
        };
        Ok(())
    }

    /// The headers of a part, up to their empty line. What is held begins with the line end before them.
    fn headers(&mut self, rest: &mut &[u8]) -> Result<(), Problem> {
        const END: &[u8] = b"\r\n\r\n";
        let before = self.held.len();
        let room = MAX_HEADERS.saturating_sub(before);
        self.held.extend_from_slice(rest.get(..room).unwrap_or(rest));
        let from = before.saturating_sub(END.len());
        let Some(at) = memchr::memmem::find(self.held.get(from..).unwrap_or_default(), END) else {
            self.take(rest, room);
            return if self.held.len() < MAX_HEADERS { Ok(()) } else { Err(Problem::LongHeaders) };
        };
        let end = from.saturating_add(at).saturating_add(END.len());
        self.take(rest, end.saturating_sub(before));
        let held = std::mem::take(&mut self.held);
        let name = header::field_name(held.get(..end).unwrap_or_default()).ok_or(Problem::Headers)?;
        let place = self.fields.iter().position(|field| field.name.as_bytes() == name);
        self.state = State::Content;
        if let Some((field, values)) = place.and_then(|place| Some((place, self.values.get(place)?))) {
            if values.len() >= MAX_REPEATS {
                let name = self.fields.get(field).map_or("", |field| field.name);
                return Err(Problem::ManyFields(name));
            }
            self.state = State::Value { field, start: self.offset, bytes: Vec::new() };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
