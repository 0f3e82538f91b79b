//! What a response says about itself on its way.

use crate::meter::{Usage, estimate};
use std::borrow::Cow;

/// What one response said about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learnt {
    /// The tokens, as far as reported; a later report replaces an earlier one.
    pub usage: Usage,
    /// Bytes of text, reasoning and calls since the output was last reported; of operations that report none, 0.
    pub said: u64,
    /// The model that answers, in the provider's words; at most 256 bytes.
    pub model: Option<String>,
    /// The provider's id of the response; at most 256 bytes.
    pub id: Option<String>,
    /// Why it ended, or its first choice did: in the provider's word, or OpenAI's where it was translated.
    pub finish: Option<Cow<'static, str>>,
    /// Whether it came to its proper end: the terminal event of a stream, or the last byte of a JSON document.
    pub ended: bool,
    /// The error that came in place of a response, or in the middle of it.
    pub error: Option<StreamError>,
    /// An event or a value was too large to be read, so that usage may be missing for this reason.
    pub usage_gave_up: bool,
    /// The last `sequence_number` of a stream of responses.
    pub sequence: Option<u64>,
    /// The client has been told already that the stream is not complete.
    pub told_cut: bool,
}

impl Learnt {
    /// The longest model name or id that is kept.
    const MOST_NAME: usize = 256;

    /// A text was said.
    pub(in crate::dialect) fn say(&mut self, text: &str) {
        self.said = self.said.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
    }

    /// A tool was called.
    pub(in crate::dialect) fn call(&mut self, name: &str) {
        self.say(name);
        self.said = self.said.saturating_add(estimate::calls(1));
    }

    /// A name of acceptable length. Azure's first chunk has empty ones.
    pub(in crate::dialect) fn name(text: Option<String>) -> Option<String> {
        text.filter(|text| (1..=Self::MOST_NAME).contains(&text.len()))
    }
}

/// An error inside a response, in the provider's words. Texts are at most 2 KiB.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamError {
    /// The message; empty when there is none.
    pub message: String,
    /// The member `type`.
    pub kind: Option<String>,
    /// The member `code`, numbers as text.
    pub code: Option<String>,
    /// The HTTP status that the error names, if it names one.
    pub status: Option<u16>,
}

/// What the client gets for a piece of the response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passed {
    /// The piece as it is.
    Unchanged,
    /// These bytes instead.
    Replaced(Vec<u8>),
}
