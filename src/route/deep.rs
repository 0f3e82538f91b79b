//! What stands deep inside a body and matters to its plan, found by its bytes as they pass: ids that exist at one account
//! only, and parts of messages that not every model takes.
//!
//! The JSON reader enters no arrays, and messages are arrays. A quote inside a text is escaped, so `"file_id":"` in the
//! bytes is a member whose value is a text, wherever it stands; a schema that describes such a member has an object there.

use crate::config::Ability;
use crate::operation::Operation;
use memchr::memmem::Finder;
use std::sync::LazyLock;

/// What is looked for: the word, whether it is a key with a text, and what the pin is called.
struct Word {
    finder: Finder<'static>,
    is_key: bool,
    field: &'static str,
}

static PINS: LazyLock<[Word; 3]> = LazyLock::new(|| {
    [
        Word { finder: Finder::new(r#""file_id""#), is_key: true, field: "file_id" },
        Word { finder: Finder::new(r#""container""#), is_key: true, field: "container" },
        Word { finder: Finder::new(r#""item_reference""#), is_key: false, field: "item_reference" },
    ]
});

static TYPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""type""#));
static MEDIA_TYPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""mediaType""#));

/// Of chat completions: what other vendors have, and OpenAI does not know.
static CACHE_CONTROL: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""cache_control""#));
static FILE_TYPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""media_type""#));

/// Where a text begins that is a seal on its way through a format that is not its own (docs/dialects.md, line 44). Words that
/// quote one count too: then a request is written anew that need not be, and means the same.
static TRAVELLING: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""tg1."#));

/// What the text of a key begins with, quote included, and what a model must support to take such a part.
type Part = (&'static [u8], Ability, &'static str);

/// The `type` of a part of a message, in OpenAI's formats.
const OPENAI: [Part; 5] = [
    (br#""image_url""#, Ability::Vision, "image_url"),
    (br#""input_image""#, Ability::Vision, "input_image"),
    (br#""input_audio""#, Ability::Audio, "input_audio"),
    (br#""file""#, Ability::Pdf, "file"),
    (br#""input_file""#, Ability::Pdf, "input_file"),
];
/// The same in Anthropic's.
const ANTHROPIC: [Part; 2] = [(br#""image""#, Ability::Vision, "image"), (br#""document""#, Ability::Pdf, "document")];
/// The `mediaType` of a file, in the AI SDK's.
const AI_SDK: [Part; 3] = [
    (br#""image"#, Ability::Vision, "file"),
    (br#""audio"#, Ability::Audio, "file"),
    (br#""application/pdf""#, Ability::Pdf, "file"),
];
/// The `type` of what names a file kept at a provider, in the AI SDK's: a file's data, and the outputs of tools.
const REFERENCES: [&[u8]; 5] =
    [br#""reference""#, br#""file-id""#, br#""image-file-id""#, br#""file-reference""#, br#""image-file-reference""#];

/// Most bytes from the beginning of a word to the quote of its text (of a part: to its last), white space included. What
/// is spread wider is not seen, in any chunking.
const WINDOW: usize = 32;

/// What is looked for in the bodies of one operation.
#[derive(Clone, Copy, Debug)]
struct Sought {
    /// How many of `PINS`.
    pins: usize,
    parts: &'static [Part],
    /// The finder of the parts' key.
    key: fn() -> &'static Finder<'static>,
    references: &'static [&'static [u8]],
    extensions: bool,
    seals: bool,
}

impl Sought {
    /// Only turns of conversations have such things.
    fn of(operation: Operation) -> Option<Sought> {
        let of_type =
            Sought { pins: 1, parts: &OPENAI, key: || &TYPE, references: &[], extensions: false, seals: false };
        match operation {
            Operation::ChatCompletions => Some(Sought { extensions: true, ..of_type }),
            Operation::Responses => Some(Sought { pins: PINS.len(), seals: true, ..of_type }),
            Operation::Messages => Some(Sought { parts: &ANTHROPIC, seals: true, ..of_type }),
            Operation::CountTokens => Some(Sought { parts: &ANTHROPIC, ..of_type }),
            Operation::LanguageModel => {
                Some(Sought { pins: 0, parts: &AI_SDK, key: || &MEDIA_TYPE, references: &REFERENCES, ..of_type })
            }
            _ => None,
        }
    }
}

/// Looks for them in a body as it arrives.
#[derive(Debug)]
pub(super) struct Deep {
    sought: Option<Sought>,
    /// The last bytes, in which a word may have begun.
    tail: Vec<u8>,
    pin: Option<&'static str>,
    /// The parts that were seen, each a bit.
    parts: u8,
    overlooks_parts: bool,
    has_cache_control: bool,
    has_media_type: bool,
    has_travelling_seals: bool,
}

impl Deep {
    /// For a body of an operation.
    pub(super) fn new(operation: Operation) -> Deep {
        Deep {
            sought: Sought::of(operation),
            tail: Vec::new(),
            pin: None,
            parts: 0,
            overlooks_parts: false,
            has_cache_control: false,
            has_media_type: false,
            has_travelling_seals: false,
        }
    }

    /// Looks for pins only. A body full of schemas has a `type` every few bytes.
    pub(super) fn overlook_parts(&mut self) {
        self.overlooks_parts = true;
    }

    /// Reads the next bytes.
    pub(super) fn feed(&mut self, chunk: &[u8]) {
        let Some(sought) = self.sought else { return };
        if !self.tail.is_empty() {
            let seam = [&self.tail, chunk.get(..WINDOW).unwrap_or(chunk)].concat();
            self.look(sought, &seam);
        }
        self.look(sought, chunk);
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
    pub(super) fn pin(&self) -> Option<&'static str> {
        self.pin
    }

    /// Whether something is marked for the cache, in a chat completion.
    pub(super) fn has_cache_control(&self) -> bool {
        self.has_cache_control
    }

    /// Whether a file says what it is, in a chat completion.
    pub(super) fn has_media_type(&self) -> bool {
        self.has_media_type
    }

    /// Whether a seal of another format travels in it, in a request that may pass to a provider which rejects such.
    pub(super) fn has_travelling_seals(&self) -> bool {
        self.has_travelling_seals
    }

    /// The parts that were seen, by what a model must support to take them.
    pub(super) fn parts(&self) -> impl Iterator<Item = (Ability, &'static str)> {
        let parts = self.sought.map(|sought| sought.parts).unwrap_or_default();
        let seen = parts.iter().zip(bits()).filter(|(_, bit)| self.parts & bit != 0);
        seen.map(|((_, ability, field), _)| (*ability, *field))
    }

    fn look(&mut self, sought: Sought, bytes: &[u8]) {
        self.pin = self.pin.or_else(|| find(PINS.get(..sought.pins).unwrap_or_default(), bytes));
        if self.pin.is_none() && !sought.references.is_empty() {
            let names = |text: &[u8]| sought.references.iter().any(|word| text.starts_with(word));
            self.pin = texts(&TYPE, bytes).any(names).then_some("reference");
        }
        if sought.extensions {
            self.has_cache_control = self.has_cache_control || has_object(&CACHE_CONTROL, bytes);
            self.has_media_type = self.has_media_type || texts(&FILE_TYPE, bytes).next().is_some();
        }
        if sought.seals {
            self.has_travelling_seals = self.has_travelling_seals || TRAVELLING.find(bytes).is_some();
        }
        if self.overlooks_parts {
            return;
        }
        for text in texts((sought.key)(), bytes) {
            for ((word, ..), bit) in sought.parts.iter().zip(bits()) {
                self.parts |= if text.starts_with(word) { bit } else { 0 };
            }
        }
    }
}

fn bits() -> impl Iterator<Item = u8> {
    (0..u8::BITS).filter_map(|index| 1u8.checked_shl(index))
}

/// The texts of a key, wherever it stands.
fn texts<'a>(key: &'a Finder<'_>, bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    key.find_iter(bytes).filter_map(|at| text_after(bytes, at, key.needle().len()))
}

/// Whether the value of a key is an object, wherever it stands.
fn has_object(key: &Finder<'_>, bytes: &[u8]) -> bool {
    let value = |at| after(bytes, at, key.needle().len()).strip_prefix(b":").unwrap_or_default().trim_ascii_start();
    key.find_iter(bytes).any(|at| value(at).starts_with(b"{"))
}

/// What stands behind a word, as far as the window goes.
fn after(bytes: &[u8], at: usize, word: usize) -> &[u8] {
    let window = bytes.get(at..).map(|rest| rest.get(..WINDOW).unwrap_or(rest)).unwrap_or_default();
    window.get(word..).unwrap_or_default().trim_ascii_start()
}

/// The value of a member whose key is a word, if it is a text, from its first quote on.
fn text_after(bytes: &[u8], at: usize, word: usize) -> Option<&[u8]> {
    let value = after(bytes, at, word).strip_prefix(b":")?.trim_ascii_start();
    value.starts_with(b"\"").then_some(value)
}

fn find(words: &[Word], bytes: &[u8]) -> Option<&'static str> {
    let stands = |word: &&Word| {
        let length = word.finder.needle().len();
        word.finder.find_iter(bytes).any(|at| match word.is_key {
            true => text_after(bytes, at, length).is_some(),
            false => matches!(after(bytes, at, length), [first, ..] if *first != b':'),
        })
    };
    words.iter().find(stands).map(|word| word.field)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, the same for every way of cutting the body: the pin, and the parts.
    fn found(operation: Operation, body: &str) -> (Option<&'static str>, Vec<&'static str>) {
        let feed = |pieces: Vec<&[u8]>| {
            let mut deep = Deep::new(operation);
            pieces.iter().for_each(|piece| deep.feed(piece));
            (deep.pin(), deep.parts().map(|(_, field)| field).collect())
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
        let (messages, sdk) = (Operation::Messages, Operation::LanguageModel);
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
            (
                messages,
                r#"{"messages":[{"content":[{"source":{"type":"file","file_id":"file_1"}}]}]}"#,
                Some("file_id"),
            ),
            (messages, r#"{"tools":[{"input_schema":{"properties":{"file_id":{"type":"string"}}}}]}"#, None),
            (messages, r#"{"container":"c","tools":[{"type":"item_reference"}]}"#, None),
            (sdk, r#"{"prompt":[{"data":{"type":"reference","reference":{"openai":"file-1"}}}]}"#, Some("reference")),
            (sdk, r#"{"value":[{"type":"file-id","fileId":"file-1"}]}"#, Some("reference")),
            (sdk, r#"{"value":[{"type": "image-file-reference","fileId":"file-1"}]}"#, Some("reference")),
            (sdk, r#"{"input":{"file_id":"x","reference":"y"},"enum":["reference"]}"#, None),
        ] {
            assert_eq!(found(operation, body).0, expected, "{body}");
        }
    }

    #[test]
    fn line_44_seals_that_travel_are_found_and_words_about_them_are_not() {
        let redacted =
            r#"{"messages":[{"content":[{"type":"redacted_thinking","data":"tg1.google-gemini-v1.g.AA"}]}]}"#;
        let encrypted = r#"{"input":[{"type":"reasoning","encrypted_content":"tg1.anthropic-claude-v1.a.AA"}]}"#;
        for (operation, body, expected) in [
            (Operation::Messages, redacted, true),
            (Operation::CountTokens, redacted, false),
            (Operation::ChatCompletions, redacted, false),
            (Operation::Responses, encrypted, true),
            (Operation::Messages, r#"{"content":"they begin with tg1."}"#, false),
            (Operation::Messages, r#"{"data":"EtG1."}"#, false),
        ] {
            for size in [1, 3, 4, 5, 32, 33, body.len()] {
                let mut deep = Deep::new(operation);
                body.as_bytes().chunks(size).for_each(|piece| deep.feed(piece));
                assert_eq!(deep.has_travelling_seals(), expected, "{operation:?} {size}: {body}");
            }
        }
    }

    #[test]
    fn parts_that_not_every_model_takes_are_found_and_words_about_them_are_not() {
        let (chat, responses) = (Operation::ChatCompletions, Operation::Responses);
        let (messages, sdk) = (Operation::Messages, Operation::LanguageModel);
        let image = r#"{"messages":[{"content":[{"type":"image_url","image_url":{"url":"data:"}}]}]}"#;
        let spaced = image.replace(r#""type":"#, "\"type\" \n: ");
        let wide = image.replace(r#""type":"#, &format!("\"type\"{}: ", " ".repeat(40)));
        let both = r#"[{"type":"file","file":{}},{"type":"text"},{"type":"input_audio"},{"type":"image_url"}]"#;
        for (operation, body, expected) in [
            (chat, image, &["image_url"][..]),
            (chat, &spaced, &["image_url"]),
            (chat, &wide, &[]),
            (chat, both, &["image_url", "input_audio", "file"]),
            (responses, r#"{"input":[{"type":"input_image"}]}"#, &["input_image"]),
            (responses, r#"{"input":[{"type":"input_file"}]}"#, &["input_file"]),
            (Operation::Embeddings, image, &[]),
            (chat, r#"{"content":"say \"type\":\"image_url\""}"#, &[]),
            (chat, r#"{"required":["file","image_url"],"enum":["input_audio"]}"#, &[]),
            (chat, r#"{"properties":{"file":{"type":"string"},"type":{"type":"string"}}}"#, &[]),
            (responses, r#"{"tools":[{"type":"file_search"}]}"#, &[]),
            (chat, r#"{"type":{"file":"file"}}"#, &[]),
            (messages, r#"{"content":[{"type":"document"},{"type":"image"}]}"#, &["image", "document"]),
            (messages, r#"{"content":[{"type":"image_url"},{"type":"text","text":"image"}]}"#, &[]),
            (sdk, r#"{"content":[{"type":"file","mediaType":"image/*"}]}"#, &["file"]),
            (sdk, r#"{"content":[{"type":"file","mediaType":"text/plain"},{"type":"image"}]}"#, &[]),
        ] {
            assert_eq!(found(operation, body).1, expected, "{body}");
        }
    }
}
