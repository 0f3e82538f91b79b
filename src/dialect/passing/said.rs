//! How much an answer that passes has said until now, for the case that nobody says how many tokens that were.
//!
//! The events of a stream repeat themselves to the byte but for the text in them. What stands before and behind it is
//! remembered: where it comes again the text is measured, and nothing else is looked at.

use crate::meter::estimate;
use crate::stream::json::{Measured, SORTS, inside};
use memchr::memmem::Finder;
use std::sync::LazyLock;

static DELTA: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""delta""#));

/// What is said once and does not stand anywhere else: texts, arguments, all that is a piece (`delta`).
const PLAIN: usize = 0;
/// The names of calls: each is a call.
const NAMES: usize = 4;

/// The sort of a text, by its key. Some providers tell reasoning under two or three names at once: each is a sort of its
/// own, of which the longest counts.
pub(in crate::dialect) fn sort(key: &[u8]) -> Option<usize> {
    match key {
        b"content" | b"refusal" | b"arguments" | b"delta" | b"thinking" | b"partial_json" => Some(PLAIN),
        b"text" => Some(1),
        b"reasoning" => Some(2),
        b"reasoning_content" => Some(3),
        b"name" => Some(NAMES),
        _ => None,
    }
}

/// The same of responses, which repeat the names of the tools that they were given.
pub(in crate::dialect) fn sort_of_responses(key: &[u8]) -> Option<usize> {
    sort(key).filter(|sort| *sort != NAMES)
}

/// Bytes that count as said.
pub(in crate::dialect) fn said(measured: &Measured) -> u64 {
    let [plain, text, reasoning, content, names] = measured.bytes;
    let calls = measured.texts.last().copied().unwrap_or_default();
    let once = text.max(reasoning).max(content);
    [once, names, estimate::calls(calls)].into_iter().fold(plain, u64::saturating_add)
}

/// Measures the events of one stream.
#[derive(Debug, Default)]
pub(in crate::dialect) struct Said {
    measured: Measured,
    /// What stands before the first text of an event, and what behind it.
    before: Vec<u8>,
    behind: Vec<u8>,
    /// The sort of that text.
    sort: usize,
    /// Where the event at hand has its first text.
    found: Option<Found>,
}

#[derive(Debug)]
struct Found {
    start: usize,
    end: usize,
    sort: usize,
}

impl Said {
    /// Measures an event. Gives what of it is not known to be usual.
    pub(in crate::dialect) fn event<'a>(&mut self, data: &'a [u8]) -> &'a [u8] {
        self.found = None;
        let usual = (!self.before.is_empty()).then(|| data.strip_prefix(&*self.before)).flatten();
        let Some(text) = usual else {
            self.walk(data, 0);
            return data;
        };
        let (length, end) = inside(text);
        self.add(self.sort, length);
        let behind = text.get(end..).unwrap_or_default();
        if behind == self.behind {
            return &[];
        }
        self.walk(behind, behind.len().min(1));
        self.found = None;
        behind
    }

    /// Measures an event of responses that is a piece: its text is its `delta`, behind numbers that differ from event to event.
    pub(in crate::dialect) fn piece(&mut self, data: &[u8]) {
        let found = DELTA.find(data).and_then(|at| data.get(at.saturating_add(DELTA.needle().len())..));
        let value = found.and_then(|rest| rest.trim_ascii_start().strip_prefix(b":"));
        if let Some(text) = value.and_then(|value| value.trim_ascii_start().strip_prefix(b"\"")) {
            let (length, _) = inside(text);
            self.add(PLAIN, length);
        }
    }

    /// The event at hand says nothing but its texts: others like it need not be looked at.
    pub(in crate::dialect) fn is_usual(&mut self, data: &[u8]) {
        let Some(Found { start, end, sort }) = self.found.take() else { return };
        self.before.clear();
        self.behind.clear();
        self.before.extend_from_slice(data.get(..start).unwrap_or_default());
        self.behind.extend_from_slice(data.get(end..).unwrap_or_default());
        self.sort = sort;
    }

    /// A call has begun.
    pub(in crate::dialect) fn call(&mut self, name: &str) {
        self.add(NAMES, u64::try_from(name.len()).unwrap_or(u64::MAX));
    }

    /// The provider has said how many tokens it was until now.
    pub(in crate::dialect) fn told(&mut self) {
        self.measured = Measured::default();
    }

    /// Bytes said since then.
    pub(in crate::dialect) fn bytes(&self) -> u64 {
        said(&self.measured)
    }

    fn add(&mut self, sort: usize, length: u64) {
        const { assert!(NAMES < SORTS) };
        if let (Some(bytes), Some(texts)) = (self.measured.bytes.get_mut(sort), self.measured.texts.get_mut(sort)) {
            *bytes = bytes.saturating_add(length);
            *texts = texts.saturating_add(1);
        }
    }

    /// Goes from string to string; `from` is in front of one.
    fn walk(&mut self, data: &[u8], mut from: usize) {
        let mut texts: usize = 0;
        while let Some(quote) = memchr::memchr(b'"', data.get(from..).unwrap_or_default()) {
            let start = from.saturating_add(quote).saturating_add(1);
            let key = data.get(start..).unwrap_or_default();
            let (_, end) = inside(key);
            from = start.saturating_add(end).saturating_add(1);
            let value = data.get(from..).unwrap_or_default().trim_ascii_start().strip_prefix(b":");
            let Some(text) = value.and_then(|value| value.trim_ascii_start().strip_prefix(b"\"")) else { continue };
            let start = data.len().saturating_sub(text.len());
            let (length, size) = inside(text);
            let end = start.saturating_add(size);
            from = end.saturating_add(1);
            let Some(sort) = sort(key.get(..key_length(key)).unwrap_or_default()) else { continue };
            self.add(sort, length);
            texts = texts.saturating_add(1);
            // Only an event of one text can be known by what stands around it.
            self.found = (texts == 1 && sort != NAMES).then_some(Found { start, end, sort });
        }
    }
}

/// How long a key is as written; one with escapes is none that we know.
fn key_length(key: &[u8]) -> usize {
    memchr::memchr(b'"', key).unwrap_or(key.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes said by the events, remembering all that is usual, and without remembering any.
    fn said(events: &[&str]) -> u64 {
        let count = |remembers: bool| {
            let mut said = Said::default();
            for event in events {
                let rest = said.event(event.as_bytes());
                assert!(event.as_bytes().ends_with(rest));
                if remembers {
                    said.is_usual(event.as_bytes());
                }
            }
            said.bytes()
        };
        assert_eq!(count(true), count(false), "{events:?}");
        count(true)
    }

    #[test]
    fn texts_count_wherever_they_stand_and_nothing_else_does() {
        let chunk = |delta: &str| {
            format!(
                r#"{{"id":"chatcmpl-1","choices":[{{"index":0,"delta":{delta},"finish_reason":null}}],"x":"{}"}}"#,
                "y".repeat(delta.len() % 7)
            )
        };
        let chunks = |deltas: &[&str]| {
            let chunks: Vec<String> = deltas.iter().map(|delta| chunk(delta)).collect();
            said(&chunks.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let call = estimate::calls(1);
        for (deltas, bytes) in [
            (
                &[r#"{"role":"assistant","content":""}"#, r#"{"content":"four"}"#, r#"{"content":"and \"five\""}"#][..],
                14,
            ),
            (&[r#"{"content":"a"}"#, r#"{"content": "bc"}"#, r#"{"content":null}"#, r#"{"content":"d"}"#], 4),
            (
                &[
                    r#"{"reasoning":"think","reasoning_content":"think"}"#,
                    r#"{"reasoning":"k"}"#,
                    r#"{"content":"ab"}"#,
                ],
                8,
            ),
            (&[r#"{"content":"","reasoning_content":"abc"}"#, r#"{"content":"","reasoning_content":"de"}"#], 5),
            (&[r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"abc"}]}]}"#], 3),
            (
                &[
                    r#"{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"find","arguments":""}}]}"#,
                    r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]}"#,
                    r#"{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}"#,
                ],
                call + 4 + 7,
            ),
            (&[r#"{"content":"\u4e2d\n"}"#, r#"{"content":"中"}"#], 7),
            (&[r#"{"cont\u0065nt":"escaped"}"#, r#"{"other":"content","id":"x"}"#], 0),
        ] {
            assert_eq!(chunks(deltas), bytes, "{deltas:?}");
        }
        let delta = r#"{"type":"response.output_text.delta","sequence_number":4,"delta":"abc","logprobs":[]}"#;
        let mut pieces = Said::default();
        [delta, &delta.replace('4', "5"), r#"{"type":"x.delta","delta": {}}"#, "", "\"delta\":\""]
            .iter()
            .for_each(|one| pieces.piece(one.as_bytes()));
        assert_eq!(pieces.bytes(), 6);
        assert_eq!(said(&["", "\"", "{\"content\":\"", "{\"content\":\"\\", "not json"]), 1);
    }

    #[test]
    fn what_is_usual_is_not_looked_at_again() {
        let mut said = Said::default();
        let usual = br#"{"id":"1","choices":[{"delta":{"content":"a"},"finish_reason":null}]}"#;
        assert_eq!(said.event(usual), usual);
        said.is_usual(usual);
        assert_eq!(said.event(br#"{"id":"1","choices":[{"delta":{"content":"bc"},"finish_reason":null}]}"#), b"");
        let last = br#"{"id":"1","choices":[{"delta":{"content":"d"},"finish_reason":"stop"}]}"#;
        assert_eq!(said.event(last), br#""},"finish_reason":"stop"}]}"#);
        assert_eq!(said.event(br#"{"id":"2","choices":[]}"#), br#"{"id":"2","choices":[]}"#);
        assert_eq!(said.bytes(), 4);
        said.told();
        assert_eq!(said.bytes(), 0);
    }
}
