//! What passes by in a JSON response.

use super::said::{said, sort, sort_of_responses};
use super::{Learnt, StreamError};
use crate::dialect::{anthropic, cohere, openai};
use crate::meter::Usage;
use crate::operation::Operation;
use crate::stream::json::{Capture, Keep, Kind, Path, Reader};
use std::borrow::Cow;

const PATHS: &[Path] = &[
    Path { keys: &["usage"], keep: Keep::Whole(16 * 1024) },
    Path { keys: &["model"], keep: Keep::Whole(256) },
    Path { keys: &["id"], keep: Keep::Whole(256) },
    Path { keys: &["error"], keep: Keep::Whole(16 * 1024) },
    Path { keys: &["stop_reason"], keep: Keep::Whole(64) },
    Path { keys: &["status"], keep: Keep::Whole(64) },
    Path { keys: &["service_tier"], keep: Keep::Whole(64) },
    Path { keys: &["tool_usage"], keep: Keep::Whole(4096) },
    Path { keys: &["meta", "billed_units"], keep: Keep::Whole(1024) },
];
const USAGE: usize = 0;
const MODEL: usize = 1;
const ID: usize = 2;
const ERROR: usize = 3;
const STOP_REASON: usize = 4;
const STATUS: usize = 5;
const TIER: usize = 6;
const TOOL_USAGE: usize = 7;
const BILLED: usize = 8;

/// Reads one response body as it passes. A body that is not JSON, such as audio, teaches nothing and is no error.
#[derive(Debug)]
pub struct Answer {
    /// `None` once the body has turned out not to be JSON.
    reader: Option<Reader>,
    /// Reads the `usage` of the operation's format.
    usage: fn(&[u8]) -> Usage,
    /// Looks for runs of the provider's own tools.
    hosted: Option<openai::Scan>,
    learnt: Learnt,
}

impl Answer {
    /// An answer of which nothing is known yet.
    pub fn new(operation: Operation) -> Answer {
        let usage = if operation.is_anthropics() { anthropic::usage } else { openai::usage };
        let hosted = (operation == Operation::Responses).then(openai::Scan::default);
        let reader = match operation {
            Operation::Responses => Reader::new(PATHS).measuring_by(sort_of_responses),
            operation if operation.tells_usage() && !operation.is_embedding() => Reader::new(PATHS).measuring_by(sort),
            _ => Reader::new(PATHS),
        };
        Answer { reader: Some(reader), usage, hosted, learnt: Learnt::default() }
    }

    /// Reads the next piece.
    pub fn feed(&mut self, chunk: &[u8]) {
        if self.reader.as_mut().is_some_and(|reader| reader.feed(chunk).is_err()) {
            self.reader = None;
        }
        self.learnt.said = self.reader.as_ref().map_or(0, |reader| said(&reader.measured()));
        self.hosted.iter_mut().for_each(|scan| scan.feed(chunk));
    }

    /// Says that the body ends here, and gives what it said.
    pub fn finish(&mut self) -> &Learnt {
        if let Some(mut reader) = self.reader.take()
            && reader.finish().is_ok()
        {
            self.learnt = learn(&reader, self.usage, self.hosted.as_ref());
        }
        &self.learnt
    }

    /// Whether there is an error in what has come so far.
    pub fn has_error(&self) -> bool {
        let coming = self.reader.as_ref().and_then(|reader| reader.get(ERROR));
        self.learnt.error.is_some() || coming.is_some_and(|error| error.kind != Kind::Null)
    }

    /// What was learnt; before [`Answer::finish`] only how much was said.
    pub fn learnt(&self) -> &Learnt {
        &self.learnt
    }
}

fn learn(reader: &Reader, usage: fn(&[u8]) -> Usage, hosted: Option<&openai::Scan>) -> Learnt {
    let text = |path| reader.get(path).and_then(Capture::text).filter(|text| !text.is_empty());
    let raw = |path| reader.get(path).and_then(|capture: &Capture| capture.raw.as_deref());
    let mut usage = raw(USAGE).map(usage).unwrap_or_default();
    usage.merge(&raw(BILLED).map(cohere::billed_units).unwrap_or_default());
    if usage.has_counts() {
        usage.tier = usage.tier.or_else(|| text(TIER));
        usage.server_tools.extend(hosted.map(|scan| scan.runs(raw(TOOL_USAGE))).unwrap_or_default());
    }
    Learnt {
        said: if usage.output.is_some() { 0 } else { said(&reader.measured()) },
        usage,
        model: text(MODEL),
        id: text(ID),
        // Of messages and of responses; choices say it each by itself.
        finish: text(STOP_REASON).or_else(|| text(STATUS)).map(Cow::Owned),
        ended: true,
        error: raw(ERROR).and_then(|raw| StreamError::of_value(&String::from_utf8_lossy(raw))),
        usage_gave_up: reader.get(USAGE).is_some_and(|usage| usage.raw.is_none()),
        ..Learnt::default()
    }
}

#[cfg(test)]
mod tests;
