//! Why a document was not read.

use std::fmt;

/// Why a document was not read, and at which byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    problem: Problem,
    at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    ExpectedValue,
    ExpectedKey,
    ExpectedColon,
    ExpectedCommaOrBrace,
    ExpectedCommaOrBracket,
    Literal,
    Number,
    Escape,
    ControlCharacter,
    NotUtf8,
    Trailing,
    Truncated,
    TooDeep,
    TooManyRepeats,
}

impl Error {
    pub(super) fn new(problem: Problem, at: usize) -> Error {
        Error { problem, at }
    }

    /// Whether the document may well be JSON, but goes beyond what we read: too deep, or a key repeated too often.
    pub fn is_limit(&self) -> bool {
        matches!(self.problem, Problem::TooDeep | Problem::TooManyRepeats)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.problem {
            Problem::ExpectedValue => "expected a value",
            Problem::ExpectedKey => "expected a key in double quotes",
            Problem::ExpectedColon => "expected ':'",
            Problem::ExpectedCommaOrBrace => "expected ',' or '}'",
            Problem::ExpectedCommaOrBracket => "expected ',' or ']'",
            Problem::Literal => "expected true, false or null",
            Problem::Number => "not a number",
            Problem::Escape => "not an escape sequence",
            Problem::ControlCharacter => "control character in a string",
            Problem::NotUtf8 => "not UTF-8 in the string",
            Problem::Trailing => "more after the end of the document",
            Problem::Truncated => "the document ends too early",
            Problem::TooDeep => "nested deeper than 256 levels",
            Problem::TooManyRepeats => "the same key more than 64 times",
        };
        write!(f, "{text} at byte {}", self.at)
    }
}

impl std::error::Error for Error {}
