//! The grammar of JSON as a state machine over bytes: it says what begins and ends where, or that it is not JSON.

use super::error::{Error, Problem};
use super::text::{self, Utf8};

/// Objects and arrays that may be open at once; deeper documents are refused.
pub(super) const MAX_DEPTH: usize = 256;

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{..}`
    Object,
    /// `[..]`
    Array,
    /// `".."`
    String,
    /// A number.
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
}

/// Who wants to know what the grammar finds. Offsets count from the start of the document, and `depth` is the
/// number of containers around what is reported.
pub(super) trait Events {
    /// A member's key begins at its quote.
    fn key_start(&mut self, at: usize, depth: usize);
    /// A member's key ended, its quote included.
    fn key_end(&mut self, end: usize, depth: usize) -> Result<(), Problem>;
    /// A value begins.
    fn value_start(&mut self, kind: Kind, at: usize, depth: usize);
    /// A piece of a text that is a value, as it stands.
    fn text(&mut self, _bytes: &[u8]) {}
    /// One escape in such a text: the byte or the UTF-16 unit that it stands for, of which only the length is of interest.
    fn escaped(&mut self, _unit: u16) {}
    /// A value ended.
    fn value_end(&mut self, end: usize, depth: usize);
    /// A comma stands between two members or elements.
    fn comma(&mut self, at: usize, depth: usize);
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// A value must come.
    Value,
    /// Just after `[`.
    FirstElement,
    /// Just after `{`.
    FirstKey,
    /// After a comma in an object.
    Key,
    Colon,
    /// After a value: a comma, the end of the container, or nothing more.
    After,
    Text(Role),
    Escape(Role),
    /// So many digits behind the first are to come; the number until now.
    Hex(Role, u8, u16),
    Number(Digits),
    /// Inside a literal, behind so many bytes of it.
    Literal(Literal, u8),
}

#[derive(Clone, Copy, Debug)]
enum Role {
    Key,
    Value,
}

#[derive(Clone, Copy, Debug)]
enum Literal {
    True,
    False,
    Null,
}

impl Literal {
    fn word(self) -> &'static [u8] {
        match self {
            Literal::True => b"true",
            Literal::False => b"false",
            Literal::Null => b"null",
        }
    }
}

/// Where in a number we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digits {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    E,
    ESign,
    Exponent,
}

impl Digits {
    /// The place after one more byte; `None` when the byte does not belong to the number.
    fn step(self, byte: u8) -> Option<Digits> {
        match (self, byte) {
            (Digits::Minus, b'0') => Some(Digits::Zero),
            (Digits::Minus | Digits::Integer, b'0'..=b'9') => Some(Digits::Integer),
            (Digits::Zero | Digits::Integer, b'.') => Some(Digits::Point),
            (Digits::Point | Digits::Fraction, b'0'..=b'9') => Some(Digits::Fraction),
            (Digits::Zero | Digits::Integer | Digits::Fraction, b'e' | b'E') => Some(Digits::E),
            (Digits::E, b'+' | b'-') => Some(Digits::ESign),
            (Digits::E | Digits::ESign | Digits::Exponent, b'0'..=b'9') => Some(Digits::Exponent),
            _ => None,
        }
    }

    fn may_end(self) -> bool {
        matches!(self, Digits::Zero | Digits::Integer | Digits::Fraction | Digits::Exponent)
    }
}

/// The state between two chunks.
#[derive(Debug)]
pub(super) struct Grammar {
    state: State,
    /// The open containers, outermost first.
    open: Vec<Kind>,
    utf8: Utf8,
    /// The opening quote of the latest string.
    text_start: usize,
    /// The offset of the next chunk.
    offset: usize,
    failed: Option<Error>,
}

impl Grammar {
    pub(super) fn new() -> Grammar {
        let (state, utf8) = (State::Value, Utf8::default());
        Grammar { state, open: Vec::new(), utf8, text_start: 0, offset: 0, failed: None }
    }

    /// The bytes read so far.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// Reads the next chunk. After an error every call gives that error again.
    pub(super) fn feed(&mut self, chunk: &[u8], events: &mut impl Events) -> Result<(), Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut at = 0;
        while let Some(&byte) = chunk.get(at) {
            match self.step(chunk, at, byte, events) {
                Ok(next) => at = next,
                Err(error) => return Err(*self.failed.insert(error)),
            }
        }
        self.offset = self.offset.saturating_add(chunk.len());
        Ok(())
    }

    /// Says that the document ends here.
    pub(super) fn finish(&mut self, events: &mut impl Events) -> Result<(), Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if let State::Number(digits) = self.state
            && digits.may_end()
        {
            self.end_value(self.offset, events);
        }
        match self.state {
            State::After if self.open.is_empty() => Ok(()),
            _ => Err(*self.failed.insert(Error::new(Problem::Truncated, self.offset))),
        }
    }

    /// Reads the byte at `at`, or more of them, and gives the place of the next.
    fn step(&mut self, chunk: &[u8], at: usize, byte: u8, events: &mut impl Events) -> Result<usize, Error> {
        let next = at.saturating_add(1);
        let here = self.offset.saturating_add(at);
        let error = |problem| Error::new(problem, here);
        let is_space = matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        match self.state {
            State::Text(role) => return self.text(role, chunk, at, events),
            State::Escape(role) => {
                self.state = match byte {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                        escaped(role, u16::from(byte), events);
                        State::Text(role)
                    }
                    b'u' => State::Hex(role, 3, 0),
                    _ => return Err(error(Problem::Escape)),
                };
            }
            State::Hex(role, left, unit) => {
                let digit = char::from(byte).to_digit(16).and_then(|digit| u16::try_from(digit).ok());
                let unit = (unit << 4) | digit.ok_or_else(|| error(Problem::Escape))?;
                self.state = match left.checked_sub(1) {
                    Some(left) => State::Hex(role, left, unit),
                    None => {
                        escaped(role, unit, events);
                        State::Text(role)
                    }
                };
            }
            State::Number(digits) => match digits.step(byte) {
                Some(digits) => {
                    self.state = State::Number(digits);
                    let rest = chunk.get(next..).unwrap_or_default();
                    let more = rest.iter().take_while(|&&b| digits.may_end() && digits.step(b) == Some(digits));
                    return Ok(next.saturating_add(more.count()));
                }
                None if digits.may_end() => {
                    self.end_value(here, events);
                    return Ok(at);
                }
                None => return Err(error(Problem::Number)),
            },
            State::Literal(literal, done) => {
                let mut rest = literal.word().iter().skip(usize::from(done));
                if rest.next() != Some(&byte) {
                    return Err(error(Problem::Literal));
                }
                self.state = State::Literal(literal, done.saturating_add(1));
                if rest.next().is_none() {
                    self.end_value(here.saturating_add(1), events);
                }
            }
            _ if is_space => {}
            State::FirstElement if byte == b']' => self.close(here, events),
            State::Value | State::FirstElement => self.begin_value(byte, here, events).map_err(error)?,
            State::FirstKey if byte == b'}' => self.close(here, events),
            State::Key | State::FirstKey => {
                if byte != b'"' {
                    return Err(error(Problem::ExpectedKey));
                }
                self.text_start = here;
                events.key_start(here, self.open.len());
                self.state = State::Text(Role::Key);
            }
            State::Colon => {
                if byte != b':' {
                    return Err(error(Problem::ExpectedColon));
                }
                self.state = State::Value;
            }
            State::After => self.after(byte, here, events).map_err(error)?,
        }
        Ok(next)
    }

    /// Reads a string from `at` on: everything up to its end, an escape, or the end of the chunk.
    fn text(&mut self, role: Role, chunk: &[u8], at: usize, events: &mut impl Events) -> Result<usize, Error> {
        let not_utf8 = |_| Error::new(Problem::NotUtf8, self.text_start);
        let rest = chunk.get(at..).unwrap_or_default();
        let run = text::run(rest);
        if !run.ascii || self.utf8.end().is_err() {
            self.utf8.feed(rest.get(..run.length).unwrap_or_default()).map_err(not_utf8)?;
        }
        if matches!(role, Role::Value) && run.length > 0 {
            events.text(rest.get(..run.length).unwrap_or_default());
        }
        let stop = at.saturating_add(run.length);
        let Some(&byte) = chunk.get(stop) else {
            return Ok(stop);
        };
        self.utf8.end().map_err(not_utf8)?;
        let next = stop.saturating_add(1);
        let here = self.offset.saturating_add(stop);
        match (byte, role) {
            (b'"', Role::Value) => self.end_value(self.offset.saturating_add(next), events),
            (b'"', Role::Key) => {
                let end = self.offset.saturating_add(next);
                events.key_end(end, self.open.len()).map_err(|problem| Error::new(problem, here))?;
                self.state = State::Colon;
            }
            (b'\\', _) => self.state = State::Escape(role),
            _ => return Err(Error::new(Problem::ControlCharacter, here)),
        }
        Ok(next)
    }

    fn begin_value(&mut self, byte: u8, here: usize, events: &mut impl Events) -> Result<(), Problem> {
        let (kind, state) = match byte {
            b'"' => (Kind::String, State::Text(Role::Value)),
            b'{' => (Kind::Object, State::FirstKey),
            b'[' => (Kind::Array, State::FirstElement),
            b'-' => (Kind::Number, State::Number(Digits::Minus)),
            b'0' => (Kind::Number, State::Number(Digits::Zero)),
            b'1'..=b'9' => (Kind::Number, State::Number(Digits::Integer)),
            b't' => (Kind::Bool, State::Literal(Literal::True, 1)),
            b'f' => (Kind::Bool, State::Literal(Literal::False, 1)),
            b'n' => (Kind::Null, State::Literal(Literal::Null, 1)),
            _ => return Err(Problem::ExpectedValue),
        };
        events.value_start(kind, here, self.open.len());
        self.state = state;
        self.text_start = here;
        if matches!(kind, Kind::Object | Kind::Array) {
            if self.open.len() >= MAX_DEPTH {
                return Err(Problem::TooDeep);
            }
            self.open.push(kind);
        }
        Ok(())
    }

    fn end_value(&mut self, end: usize, events: &mut impl Events) {
        self.state = State::After;
        events.value_end(end, self.open.len());
    }

    fn close(&mut self, here: usize, events: &mut impl Events) {
        self.open.pop();
        self.end_value(here.saturating_add(1), events);
    }

    fn after(&mut self, byte: u8, here: usize, events: &mut impl Events) -> Result<(), Problem> {
        match (self.open.last(), byte) {
            (Some(Kind::Object), b',') => {
                events.comma(here, self.open.len());
                self.state = State::Key;
            }
            (Some(_), b',') => {
                events.comma(here, self.open.len());
                self.state = State::Value;
            }
            (Some(Kind::Object), b'}') | (Some(Kind::Array), b']') => self.close(here, events),
            (Some(Kind::Object), _) => return Err(Problem::ExpectedCommaOrBrace),
            (Some(_), _) => return Err(Problem::ExpectedCommaOrBracket),
            (None, _) => return Err(Problem::Trailing),
        }
        Ok(())
    }
}

fn escaped(role: Role, unit: u16, events: &mut impl Events) {
    if matches!(role, Role::Value) {
        events.escaped(unit);
    }
}
