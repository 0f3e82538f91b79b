//! What passes by in a JSON response from an OpenAI-compatible provider.

use super::stream::{Learnt, StreamError};
use super::usage::Reported;
use crate::stream::json::{Capture, Keep, Kind, Path, Reader};
use crate::stream::lenient::Fields;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

const PATHS: &[Path] = &[
    Path { keys: &["usage"], keep: Keep::Whole(16 * 1024) },
    Path { keys: &["model"], keep: Keep::Whole(256) },
    Path { keys: &["id"], keep: Keep::Whole(256) },
    Path { keys: &["error"], keep: Keep::Whole(16 * 1024) },
];
const USAGE: usize = 0;
const MODEL: usize = 1;
const ID: usize = 2;
const ERROR: usize = 3;

/// Reads one response body as it passes. A body that is not JSON, such as audio, teaches nothing and is no error.
#[derive(Debug)]
pub struct Answer {
    /// `None` once the body has turned out not to be JSON.
    reader: Option<Reader>,
    learnt: Learnt,
}

impl Default for Answer {
    fn default() -> Answer {
        Answer { reader: Some(Reader::new(PATHS)), learnt: Learnt::default() }
    }
}

impl Answer {
    /// An answer of which nothing is known yet.
    pub fn new() -> Answer {
        Answer::default()
    }

    /// Reads the next piece.
    pub fn feed(&mut self, chunk: &[u8]) {
        if self.reader.as_mut().is_some_and(|reader| reader.feed(chunk).is_err()) {
            self.reader = None;
        }
    }

    /// Says that the body ends here, and gives what it said.
    pub fn finish(&mut self) -> &Learnt {
        if let Some(mut reader) = self.reader.take()
            && reader.finish().is_ok()
        {
            self.learnt = learn(&reader);
        }
        &self.learnt
    }

    /// Whether there is an error in what has come so far.
    pub fn has_error(&self) -> bool {
        let coming = self.reader.as_ref().and_then(|reader| reader.get(ERROR));
        self.learnt.error.is_some() || coming.is_some_and(|error| error.kind != Kind::Null)
    }

    /// What was learnt; nothing before [`Answer::finish`].
    pub fn learnt(&self) -> &Learnt {
        &self.learnt
    }
}

/// What a whole body may hold besides an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    choices: Option<IgnoredAny>,
    output: Option<IgnoredAny>,
    data: Option<IgnoredAny>,
    results: Option<IgnoredAny>,
    text: Option<IgnoredAny>,
}

/// The error that stands where an answer should be; `None` when the body is not whole, or has an answer too.
pub fn refusal(body: &[u8]) -> Option<StreamError> {
    let refusal: Refusal<'_> = serde_json::from_slice::<Fields<_>>(body).ok()?.0?;
    let Refusal { error, choices, output, data, results, text } = refusal;
    let has_answer = [choices, output, data, results, text].iter().any(Option::is_some);
    error.filter(|_| !has_answer).and_then(|error| StreamError::of_value(error.get()))
}

fn learn(reader: &Reader) -> Learnt {
    let text = |path| reader.get(path).and_then(Capture::text).filter(|text| !text.is_empty());
    let raw = |path| reader.get(path).and_then(|capture: &Capture| capture.raw.as_deref());
    let usage = raw(USAGE).and_then(|raw| serde_json::from_slice::<Fields<Reported>>(raw).ok()?.0);
    Learnt {
        usage: usage.map(|usage| usage.usage()).unwrap_or_default(),
        model: text(MODEL),
        id: text(ID),
        ended: true,
        error: raw(ERROR).and_then(|raw| StreamError::of_value(&String::from_utf8_lossy(raw))),
        usage_gave_up: reader.get(USAGE).is_some_and(|usage| usage.raw.is_none()),
        ..Learnt::default()
    }
}

#[cfg(test)]
mod tests;
