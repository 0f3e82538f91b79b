//! Finds where one object of a document ends, as its bytes pass: somebody has a member to add there.

use super::capture::{Copy, Excess, Window};
use super::error::{Error, Problem};
use super::grammar::{Events, Grammar, Kind};

/// The longest key that is compared, in bytes as written.
const MAX_KEY: usize = 64;

/// One step from the root inwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the value of a key, as written without escapes.
    Member(&'static str),
    /// To the first element.
    First,
}

/// Where an object ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The offset of its `}`.
    pub close: usize,
    /// Whether it has no members.
    pub is_empty: bool,
}

/// Looks for the object at the end of some steps; of several the first.
#[derive(Debug)]
pub struct Finder {
    grammar: Grammar,
    walk: Walk,
}

/// How far the steps have been gone.
#[derive(Debug)]
struct Walk {
    steps: &'static [Step],
    /// How many of the open containers lie on the way.
    gone: usize,
    /// Whether the next value of the innermost of them does.
    is_next: bool,
    key: Option<Copy>,
    is_inside: bool,
    is_empty: bool,
    place: Option<Place>,
}

impl Finder {
    /// Looks for the object to which the steps lead; without any for the document itself.
    pub fn new(steps: &'static [Step]) -> Finder {
        let (key, place) = (None, None);
        let walk = Walk { steps, gone: 0, is_next: true, key, is_inside: false, is_empty: true, place };
        Finder { grammar: Grammar::new(), walk }
    }

    /// Reads the next bytes, and gives the place once it has passed. After an error every call gives that error again.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<Option<Place>, Error> {
        let window = Window { offset: self.grammar.offset(), bytes: chunk };
        self.grammar.feed(chunk, &mut Watch { walk: &mut self.walk, window })?;
        if let Some(key) = &mut self.walk.key {
            key.take(window, usize::MAX);
        }
        Ok(self.walk.place)
    }

    /// How many bytes have been read.
    pub fn offset(&self) -> usize {
        self.grammar.offset()
    }
}

struct Watch<'a> {
    walk: &'a mut Walk,
    window: Window<'a>,
}

impl Watch<'_> {
    fn is_sought(&self, depth: usize) -> bool {
        depth == self.walk.steps.len() && self.walk.gone == depth && self.walk.place.is_none()
    }
}

impl Events for Watch<'_> {
    fn key_start(&mut self, at: usize, depth: usize) {
        let walk = &mut *self.walk;
        if walk.is_inside {
            walk.is_empty = false;
        } else if depth == walk.gone {
            walk.key = Some(Copy::new(at, MAX_KEY, Excess::Drop));
        }
    }

    fn key_end(&mut self, end: usize, depth: usize) -> Result<(), Problem> {
        let Some(mut key) = self.walk.key.take() else { return Ok(()) };
        key.take(self.window, end);
        let key = key.finish().unwrap_or_default();
        let key = key.strip_prefix(b"\"").and_then(|key| key.strip_suffix(b"\""));
        let step = self.walk.steps.get(depth.saturating_sub(1));
        self.walk.is_next = matches!(step, Some(Step::Member(name)) if key == Some(name.as_bytes()));
        Ok(())
    }

    fn value_start(&mut self, kind: Kind, _at: usize, depth: usize) {
        if self.walk.is_inside || depth != self.walk.gone || !std::mem::take(&mut self.walk.is_next) {
            return;
        }
        if self.is_sought(depth) {
            self.walk.is_inside = kind == Kind::Object;
            return;
        }
        let step = self.walk.steps.get(depth);
        let leads_on = matches!((step, kind), (Some(Step::Member(_)), Kind::Object) | (Some(Step::First), Kind::Array));
        if leads_on {
            self.walk.gone = depth.saturating_add(1);
            self.walk.is_next = kind == Kind::Array;
        }
    }

    fn value_end(&mut self, end: usize, depth: usize) {
        let walk = &mut *self.walk;
        if walk.is_inside && depth == walk.steps.len() {
            walk.is_inside = false;
            walk.place = Some(Place { close: end.saturating_sub(1), is_empty: walk.is_empty });
        } else if depth < walk.gone {
            walk.gone = depth;
        }
    }

    fn comma(&mut self, _at: usize, _depth: usize) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[Step] = &[Step::Member("choices"), Step::First, Step::Member("message")];

    /// The document with a mark where the object ends, however it is cut; an empty object has another mark.
    fn marked(steps: &'static [Step], text: &str) -> String {
        let place = |size: usize| {
            let mut finder = Finder::new(steps);
            let found: Vec<_> = text.as_bytes().chunks(size).map(|chunk| finder.feed(chunk).unwrap()).collect();
            found.last().copied().flatten()
        };
        let found = place(1);
        assert!((2..=text.len()).all(|size| place(size) == found), "{text}");
        let Some(Place { close, is_empty }) = found else { return text.to_owned() };
        let (before, after) = text.split_at(close);
        format!("{before}{}{after}", if is_empty { "@" } else { "^" })
    }

    #[test]
    fn the_end_of_an_object_is_found_in_any_pieces() {
        for (steps, text) in [
            (&[][..], r#" {"a":{"b":1},"c":[{}]^} "#),
            (&[], "{@}"),
            (&[], "{ @}\n"),
            (
                MESSAGE,
                r#"{"id":"x","choices":[{"index":0,"message":{"role":"a","t":[{"x":{}}]^},"finish_reason":"stop"}],"usage":{}}"#,
            ),
            (MESSAGE, r#"{"choices":[{"message":{@}},{"message":{"a":1}}]}"#),
            (
                MESSAGE,
                r#"{"x":{"choices":[{"message":{"a":1}}]},"choices":[{"y":{"message":{"b":2}},"message":{"c":3^}}]}"#,
            ),
            (MESSAGE, r#"{"choices":[{"a":"message","message":{"c":"\"}"^}}]}"#),
        ] {
            let plain = text.replace(['^', '@'], "");
            assert_eq!(marked(steps, &plain), text);
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for text in [
            r#"{"choices":[]}"#,
            r#"{"choices":[{"index":0},{"message":{"a":1}}]}"#,
            r#"{"choices":{"message":{"a":1}}}"#,
            r#"{"choices":[[{"message":{"a":1}}]]}"#,
            r#"{"choices":[{"message":["message",{"a":1}]}]}"#,
            r#"{"choices":[{"message":"{}"}]}"#,
            r#"["choices",[{"message":{"a":1}}]]"#,
            r#"{"message":{"a":1}}"#,
        ] {
            assert_eq!(marked(MESSAGE, text), text);
        }
        assert!(Finder::new(MESSAGE).feed(b"ID3\x04").is_err());
    }
}
