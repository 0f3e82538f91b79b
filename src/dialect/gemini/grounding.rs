//! What an answer is based on: `groundingMetadata` and `citationMetadata` of a candidate. Places are told in bytes.

use crate::chat::json::{Json, Object};
use crate::chat::{Citation, Format, UrlCitation};

/// Most text of a choice that is kept to turn bytes into characters.
const MOST_TEXT: usize = 1 << 20;
/// Most citations of a choice, and how many are looked for.
const MOST_CITATIONS: usize = 1024;
/// Most bytes that they are made of: a few letters of a list may each name the same large source.
const MOST_BYTES: usize = 1 << 20;

/// The text of a choice, and which part each piece of it is in.
#[derive(Debug, Default)]
pub(super) struct Said {
    text: String,
    /// Parts and the bytes at which they begin.
    parts: Vec<(u32, usize)>,
    is_lost: bool,
}

/// A place in a part, in characters.
type Place = (u32, Option<(u32, u32)>);

impl Said {
    pub fn begin(&mut self, part: u32) {
        self.parts.push((part, self.text.len()));
    }

    pub fn add(&mut self, piece: &str) {
        if self.text.len().saturating_add(piece.len()) > MOST_TEXT {
            self.is_lost = true;
            self.text = String::new();
        }
        if !self.is_lost {
            self.text.push_str(piece);
        }
    }

    /// Where these bytes are; the words say so better than the numbers, which may count from the part's beginning.
    fn find(&self, start: usize, end: usize, words: Option<&str>) -> Option<Place> {
        let (last, _) = *self.parts.last()?;
        let words = words.filter(|words| !words.is_empty());
        let is_there = |start, end| words.is_none_or(|words| self.text.get(start..end) == Some(words));
        let range = match words {
            _ if self.is_lost => None,
            _ if self.text.get(start..end).is_some_and(|text| !text.is_empty()) && is_there(start, end) => {
                Some((start, end))
            }
            Some(words) => self.text.find(words).map(|start| (start, start.saturating_add(words.len()))),
            None => None,
        };
        let Some((start, end)) = range else { return Some((last, None)) };
        let (part, begin) = *self.parts.iter().rfind(|(_, begin)| *begin <= start)?;
        let chars = |from: usize, to: usize| {
            let count = self.text.get(from..to).map_or(0, |text| text.chars().count());
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        let first = chars(begin, start);
        Some((part, Some((first, first.saturating_add(chars(start, end))))))
    }

    /// Citations of a candidate with their parts; none where there is no text to cite for.
    pub fn citations(&self, grounding: Option<&Object<'_>>, recited: Option<&Object<'_>>) -> Vec<(u32, Citation)> {
        let mut found = Found::default();
        if let Some(grounding) = grounding {
            let chunks: Vec<Json<'_>> = grounding.items("groundingChunks").collect();
            let mut has_supports = false;
            for support in grounding.items("groundingSupports").filter_map(Json::object) {
                let segment = support.object("segment").unwrap_or_default();
                for index in support.items("groundingChunkIndices").filter_map(Json::count) {
                    has_supports = true;
                    let chunk = usize::try_from(index).ok().and_then(|index| chunks.get(index));
                    found.add(chunk, |chunk| self.cite(chunk, inner(chunk)?, Some(&segment)));
                }
            }
            if !has_supports {
                chunks.iter().for_each(|chunk| found.add(Some(chunk), |chunk| self.cite(chunk, inner(chunk)?, None)));
            }
        }
        for json in recited.into_iter().flat_map(|recited| recited.items("citations")) {
            found.add(Some(&json), |json| {
                let citation = json.object()?;
                self.cite(json, citation.clone(), Some(&citation))
            });
        }
        found.citations
    }

    fn cite(&self, raw: Json<'_>, source: Object<'_>, segment: Option<&Object<'_>>) -> Option<(u32, Citation)> {
        let (part, range) = match segment {
            Some(segment) => {
                let at = |name| segment.count(name).and_then(|at| usize::try_from(at).ok());
                // A segment that begins at 0 does not say so.
                self.find(at("startIndex").unwrap_or(0), at("endIndex").unwrap_or(0), segment.text("text").as_deref())?
            }
            None => (self.parts.last()?.0, None),
        };
        let url = source.string("uri").or_else(|| source.string("imageUri")).filter(|url| url.starts_with("http"));
        let raw = raw.raw();
        let Some(url) = url else { return Some((part, Citation::Native { format: Format::Gemini, raw })) };
        let (title, quote) = (source.string("title"), None);
        let (start, end) = range.unzip();
        Some((
            part,
            Citation::Url(Box::new(UrlCitation { url, title, start, end, quote, format: Format::Gemini, raw })),
        ))
    }
}

/// Citations on their way, as many as are told.
#[derive(Debug, Default)]
struct Found {
    citations: Vec<(u32, Citation)>,
    tried: usize,
    bytes: usize,
}

impl Found {
    /// Adds what this source is, if there is room.
    fn add<'a>(&mut self, source: Option<&Json<'a>>, cite: impl FnOnce(Json<'a>) -> Option<(u32, Citation)>) {
        let Some(source) = source else { return };
        self.tried = self.tried.saturating_add(1);
        self.bytes = self.bytes.saturating_add(source.get().len());
        if self.tried <= MOST_CITATIONS && self.bytes <= MOST_BYTES {
            self.citations.extend(cite(*source));
        }
    }
}

/// What a chunk is: `web`, `maps`, `retrievedContext`, `image`.
fn inner<'a>(chunk: Json<'a>) -> Option<Object<'a>> {
    let chunk = chunk.object()?;
    ["web", "maps", "retrievedContext", "image"].iter().find_map(|kind| chunk.object(kind))
}

/// Searches that were run.
pub(super) fn searches(grounding: &Object<'_>) -> u64 {
    let queries = ["webSearchQueries", "imageSearchQueries"].iter().map(|name| grounding.items(name).count());
    u64::try_from(queries.sum::<usize>()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cited(said: &Said, grounding: &str) -> Vec<(u32, Option<u32>, Option<u32>, String)> {
        let grounding = Object::parse(grounding.as_bytes()).unwrap();
        let citations =
            said.citations(Some(&grounding), None).into_iter().filter_map(|(part, citation)| match citation {
                Citation::Url(page) => Some((part, page.start, page.end, page.url)),
                Citation::Native { .. } => None,
            });
        citations.collect()
    }

    #[test]
    fn bytes_become_characters_of_a_part() {
        let mut said = Said::default();
        said.begin(1);
        said.add("Käse ist gut. ");
        said.begin(3);
        said.add("Brot ");
        said.add("auch.");
        let chunk =
            r#""groundingChunks":[{"web":{"uri":"https://a.b","title":"t"}},{"retrievedContext":{"text":"x"}}]"#;
        let support = |segment: &str| {
            format!(r#"{{{chunk},"groundingSupports":[{{"segment":{segment},"groundingChunkIndices":[0,1,9]}}]}}"#)
        };
        let url = "https://a.b".to_owned();
        for (segment, part, start, end) in [
            (r#"{"endIndex":5,"text":"Käse"}"#, 1, Some(0), Some(4)),
            (r#"{"startIndex":6,"endIndex":9}"#, 1, Some(5), Some(8)),
            // Counted from the part's beginning.
            (r#"{"partIndex":1,"endIndex":4,"text":"Brot"}"#, 3, Some(0), Some(4)),
            (r#"{"startIndex":2,"endIndex":5,"text":"not there"}"#, 3, None, None),
            (r#"{"startIndex":2,"endIndex":3}"#, 3, None, None),
        ] {
            assert_eq!(cited(&said, &support(segment)), [(part, start, end, url.clone())], "{segment}");
        }
        assert_eq!(cited(&said, &format!("{{{chunk}}}")), [(3, None, None, url)]);
        assert_eq!(cited(&Said::default(), &support("{}")), []);
    }

    #[test]
    fn a_list_that_names_a_source_again_and_again_takes_no_memory() {
        let mut said = Said::default();
        said.begin(0);
        said.add("a");
        for (title, most) in [("t".to_owned(), MOST_CITATIONS), ("t".repeat(100_000), 10)] {
            let chunk = format!(r#"{{"web":{{"uri":"https://a.b","title":"{title}"}}}}"#);
            let indices = vec!["0"; 3_000].join(",");
            let supports = format!(r#"[{{"segment":{{"endIndex":1}},"groundingChunkIndices":[{indices}]}}]"#);
            let grounding = format!(r#"{{"groundingChunks":[{chunk}],"groundingSupports":{supports}}}"#);
            assert_eq!(cited(&said, &grounding).len(), most);
        }
    }
}
