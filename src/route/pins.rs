//! Ids deep inside a body that exist at one account only, found by their bytes as they pass.
//!
//! The JSON reader enters no arrays, and messages are arrays. A quote inside a text is escaped, so `"file_id":"` in the
//! bytes is a member whose value is a text, wherever it stands; a schema that describes such a member has an object there.

use crate::operation::Operation;
use memchr::memmem::Finder;
use std::sync::LazyLock;

/// What is looked for: the word, whether it is a key with a text, and what the pin is called.
struct Word {
    finder: Finder<'static>,
    is_key: bool,
    field: &'static str,
}

static WORDS: LazyLock<[Word; 3]> = LazyLock::new(|| {
    [
        Word { finder: Finder::new(r#""file_id""#), is_key: true, field: "file_id" },
        Word { finder: Finder::new(r#""container""#), is_key: true, field: "container" },
        Word { finder: Finder::new(r#""item_reference""#), is_key: false, field: "item_reference" },
    ]
});

/// Most bytes from the beginning of a word to the quote of its text, white space included. What is spread wider is not
/// seen, in any chunking.
const WINDOW: usize = 32;

/// Looks for pins in a body as it arrives.
#[derive(Debug, Default)]
pub(super) struct Pins {
    /// The last bytes, in which a word may have begun.
    tail: Vec<u8>,
    found: Option<&'static str>,
}

impl Pins {
    /// Reads the next bytes. Only chat completions and responses name such ids.
    pub(super) fn feed(&mut self, operation: Operation, chunk: &[u8]) {
        let words = match operation {
            Operation::ChatCompletions => WORDS.get(..1),
            Operation::Responses => WORDS.get(..),
            _ => None,
        };
        let Some(words) = words.filter(|_| self.found.is_none()) else { return };
        if !self.tail.is_empty() {
            let seam = [&self.tail, chunk.get(..WINDOW).unwrap_or(chunk)].concat();
            self.found = find(words, &seam);
        }
        self.found = self.found.or_else(|| find(words, chunk));
        let kept = chunk.get(chunk.len().saturating_sub(WINDOW)..).unwrap_or_default();
        if kept.len() < WINDOW {
            let old = self.tail.len().saturating_add(kept.len()).saturating_sub(WINDOW);
            self.tail.drain(..old.min(self.tail.len()));
        } else {
            self.tail.clear();
        }
        self.tail.extend_from_slice(kept);
    }

    /// What names an id, if anything does.
    pub(super) fn found(&self) -> Option<&'static str> {
        self.found
    }
}

fn find(words: &[Word], bytes: &[u8]) -> Option<&'static str> {
    let stands = |word: &&Word| {
        word.finder.find_iter(bytes).any(|at| {
            let window = bytes.get(at..).map(|rest| rest.get(..WINDOW).unwrap_or(rest)).unwrap_or_default();
            let after = window.get(word.finder.needle().len()..).unwrap_or_default().trim_ascii_start();
            let value = after.strip_prefix(b":").map(<[u8]>::trim_ascii_start);
            if word.is_key {
                value.is_some_and(|value| value.starts_with(b"\""))
            } else {
                !after.is_empty() && value.is_none()
            }
        })
    };
    words.iter().find(stands).map(|word| word.field)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, the same for every way of cutting the body.
    fn pin(operation: Operation, body: &str) -> Option<&'static str> {
        let feed = |pieces: Vec<&[u8]>| {
            let mut pins = Pins::default();
            pieces.iter().for_each(|piece| pins.feed(operation, piece));
            pins.found()
        };
        let bytes = body.as_bytes();
        let whole = feed(vec![bytes]);
        for size in [1, 2, 7, 31, 32, 33] {
            assert_eq!(feed(bytes.chunks(size).collect()), whole, "{size}: {body}");
        }
        for cut in 0..bytes.len() {
            let (left, right) = bytes.split_at(cut);
            assert_eq!(feed(vec![left, right]), whole, "{cut}: {body}");
        }
        whole
    }

    #[test]
    fn ids_of_one_account_are_found_and_words_about_them_are_not() {
        let (chat, responses) = (Operation::ChatCompletions, Operation::Responses);
        let file = r#"{"messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}]}"#;
        let spaced = file.replace(r#""file_id":"#, "\"file_id\" \n: ");
        let wide = file.replace(r#""file_id":"#, &format!("\"file_id\"{}: ", " ".repeat(40)));
        for (operation, body, expected) in [
            (chat, file, Some("file_id")),
            (responses, file, Some("file_id")),
            (responses, &spaced, Some("file_id")),
            (responses, &wide, None),
            (Operation::Embeddings, file, None),
            (responses, r#"{"tools":[{"type":"code_interpreter","container":"cntr_1"}]}"#, Some("container")),
            (responses, r#"{"tools":[{"type":"code_interpreter","container":{"type":"auto"}}]}"#, None),
            (chat, r#"{"tools":[{"container":"cntr_1"}]}"#, None),
            (responses, r#"{"input":[{"type":"item_reference","id":"msg_1"}]}"#, Some("item_reference")),
            (responses, r#"{"input":[{"id":"msg_1","type":"item_reference"}]}"#, Some("item_reference")),
            (responses, r#"{"item_reference":1}"#, None),
            (chat, r#"{"messages":[{"content":"say \"file_id\":\"x\""}]}"#, None),
            (chat, r#"{"tools":[{"function":{"parameters":{"properties":{"file_id":{"type":"string"}}}}}]}"#, None),
            (chat, r#"{"tools":[{"required":["file_id"]}],"x":"file_id"}"#, None),
            (chat, r#"{"file":{"file_id":null,"file_data":"data:"}}"#, None),
        ] {
            assert_eq!(pin(operation, body), expected, "{body}");
        }
    }
}
