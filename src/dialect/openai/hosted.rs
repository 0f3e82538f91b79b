//! Runs of the provider's own tools in a response: they are charged beside its tokens, which do not tell of them.

use crate::stream::lenient::{Fields, Lenient};
use memchr::memmem::Finder;
use serde::Deserialize;
use std::ops::Range;
use std::sync::LazyLock;

/// Types of output items of tools that are charged for by the run, and the tools' names. Searches by what
/// <https://openai.com/api/pricing> and <https://docs.x.ai/docs/models> list (seen 2026-11-22).
const TOOLS: [(&str, &str); 5] = [
    ("web_search_call", WEB_SEARCH),
    ("x_search_call", "x_search"),
    ("file_search_call", "file_search"),
    ("code_interpreter_call", "code_interpreter"),
    ("image_generation_call", "image_generation"),
];
const WEB_SEARCH: &str = "web_search";

/// What the longest of the types ends with, and how long it is with its quotes.
static END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#"_call""#));
const LONGEST: usize = r#""image_generation_call""#.len();

/// `tool_usage`, which newer responses have.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ToolUsage {
    web_search: Fields<Searches>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Searches {
    num_requests: Lenient<u64>,
}

impl ToolUsage {
    /// Searches of the web: not every step of such a tool is one.
    pub(super) fn searches(&self) -> Option<u64> {
        self.web_search.0.as_ref()?.num_requests.0
    }
}

/// The runs by tool, from the types of the output's items; `searches` is what `tool_usage` says.
pub(super) fn runs<'a>(types: impl Iterator<Item = &'a str>, searches: Option<u64>) -> Vec<(String, u64)> {
    let mut counts = [0_u64; TOOLS.len()];
    for kind in types {
        let place = counts.iter_mut().zip(&TOOLS).find(|(_, (known, _))| *known == kind);
        place.into_iter().for_each(|(count, _)| *count = count.saturating_add(1));
    }
    told(&counts, searches)
}

fn told(counts: &[u64; TOOLS.len()], searches: Option<u64>) -> Vec<(String, u64)> {
    let of = |(count, (_, tool)): (&u64, &(&str, &str))| {
        let runs = searches.filter(|_| *tool == WEB_SEARCH).unwrap_or(*count);
        (runs > 0).then(|| ((*tool).to_owned(), runs))
    };
    counts.iter().zip(&TOOLS).filter_map(of).collect()
}

/// Counts the items' types in a response that passes in pieces. It looks for the words alone: inside a text their quotes
/// are escaped.
#[derive(Debug, Default)]
pub struct Scan {
    counts: [u64; TOOLS.len()],
    /// The last bytes that came.
    tail: Vec<u8>,
}

impl Scan {
    /// Looks through the next piece.
    pub fn feed(&mut self, piece: &[u8]) {
        let seam = piece.get(..LONGEST).unwrap_or(piece);
        let before = self.tail.len();
        let joined = [&self.tail, seam].concat();
        self.count(&joined, |word| word.start < before && word.end > before);
        self.count(piece, |_| true);
        self.tail.extend_from_slice(piece.get(piece.len().saturating_sub(LONGEST)..).unwrap_or_default());
        let old = self.tail.len().saturating_sub(LONGEST.saturating_sub(1));
        self.tail.drain(..old);
    }

    fn count(&mut self, bytes: &[u8], is_new: impl Fn(Range<usize>) -> bool) {
        for at in END.find_iter(bytes) {
            let end = at.saturating_add(END.needle().len());
            let Some(to_end) = bytes.get(..end) else { continue };
            let found = self.counts.iter_mut().zip(&TOOLS).find(|(_, (kind, _))| {
                let word = to_end.strip_suffix(b"\"").and_then(|rest| rest.strip_suffix(kind.as_bytes()));
                word.is_some_and(|rest| rest.last() == Some(&b'"') && is_new(rest.len().saturating_sub(1)..end))
            });
            found.into_iter().for_each(|(count, _)| *count = count.saturating_add(1));
        }
    }

    /// The runs by tool, with what the response's `tool_usage` says.
    pub fn runs(&self, tool_usage: Option<&[u8]>) -> Vec<(String, u64)> {
        let read = tool_usage.and_then(|raw| serde_json::from_slice::<Fields<ToolUsage>>(raw).ok()?.0);
        told(&self.counts, read.and_then(|read| read.searches()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_counted_wherever_the_document_is_cut() {
        let body = br#"{"output":[{"type":"web_search_call","id":"ws_1"},{"type": "web_search_call"},
            {"type":"function_call","name":"web_search_call_"},{"text":"\"web_search_call\" code_interpreter_call"},
            {"type":"image_generation_call"},{"type":"x_search_call"}],"tools":[{"type":"web_search"}]}"#;
        let tools = |counts: &[(&str, u64)]| -> Vec<(String, u64)> {
            counts.iter().map(|(tool, runs)| ((*tool).to_owned(), *runs)).collect()
        };
        let expected = tools(&[("web_search", 2), ("x_search", 1), ("image_generation", 1)]);
        for size in 1..body.len() {
            let mut scan = Scan::default();
            body.chunks(size).for_each(|piece| scan.feed(piece));
            assert_eq!(scan.runs(None), expected, "pieces of {size}");
        }
        for cut in 0..body.len() {
            let mut scan = Scan::default();
            let (left, right) = body.split_at(cut);
            [left, right].iter().for_each(|piece| scan.feed(piece));
            assert_eq!(scan.runs(None), expected, "cut at {cut}");
        }
        let mut scan = Scan::default();
        scan.feed(body);
        let said = br#"{"image_gen":{"total_tokens":0},"web_search":{"num_requests":7}}"#;
        assert_eq!(scan.runs(Some(said)).first(), tools(&[("web_search", 7)]).first());
        assert_eq!(scan.runs(Some(br#"{"web_search":{"num_requests":0}}"#)).first(), tools(&[("x_search", 1)]).first());
        assert_eq!(scan.runs(Some(b"[]")), expected);
        assert_eq!(runs(["web_search_call", "message", "file_search_call"].into_iter(), None), {
            tools(&[("web_search", 1), ("file_search", 1)])
        });
    }
}
