//! How much text a document holds: the bytes of its strings as they are meant, escapes undone.

/// How many sorts of texts there may be.
pub const SORTS: usize = 5;

/// Which sort a text is, by its key as written; `None` where it does not count.
pub type Sort = fn(&[u8]) -> Option<usize>;

/// A text whose first so many bytes are all of base64's alphabet, and that is longer than [`LEAST_DATA`], is data.
const HEAD: usize = 64;
const LEAST_DATA: u64 = 256;

/// What a text begins with that is a URL of its own data.
const DATA_URL: &[u8] = b"data:";

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Bytes of the texts, by sort.
    pub bytes: [u64; SORTS],
    /// How many they are, by sort.
    pub texts: [u64; SORTS],
    /// How many texts are data in base64 (images, sound, files), which count nowhere else.
    pub data: u64,
    /// How many numbers there are.
    pub numbers: u64,
}

/// Which texts are measured.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    Nothing,
    /// Every value, as sort 0.
    All,
    ByKey(Sort),
}

/// Measures one document.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) which: Which,
    /// Of the latest key.
    sort: Option<usize>,
    current: Option<Current>,
    measured: Measured,
}

/// A text that has not ended.
#[derive(Clone, Copy, Debug)]
struct Current {
    sort: usize,
    length: u64,
    may_be_base64: bool,
    may_be_url: bool,
}

impl Texts {
    pub(super) fn new(which: Which) -> Texts {
        Texts { which, sort: None, current: None, measured: Measured::default() }
    }

    /// Whether keys matter.
    pub(super) fn wants_keys(&self) -> bool {
        matches!(self.which, Which::ByKey(_))
    }

    pub(super) fn key(&mut self, key: &[u8]) {
        if let Which::ByKey(sort) = self.which {
            self.sort = sort(key);
        }
    }

    pub(super) fn number(&mut self) {
        self.measured.numbers = self.measured.numbers.saturating_add(1);
    }

    pub(super) fn start(&mut self) {
        let sort = match self.which {
            Which::Nothing => None,
            Which::All => Some(0),
            Which::ByKey(_) => self.sort,
        };
        self.current = sort.map(|sort| Current { sort, length: 0, may_be_base64: true, may_be_url: true });
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        let Some(current) = &mut self.current else { return };
        if current.may_be_base64 || current.may_be_url {
            current.look(bytes);
        }
        current.length = current.length.saturating_add(length(bytes));
    }

    pub(super) fn escaped(&mut self, unit: u16) {
        let Some(current) = &mut self.current else { return };
        current.may_be_base64 &= unit == u16::from(b'/') || current.length >= length(&[0; HEAD]);
        current.may_be_url &= current.length >= length(DATA_URL);
        current.length = current.length.saturating_add(unit_length(unit));
    }

    pub(super) fn end(&mut self) {
        let Some(current) = self.current.take() else { return };
        self.measured.add(current);
    }

    /// All of it so far, a text that has not ended included.
    pub(super) fn measured(&self) -> Measured {
        let mut measured = self.measured.clone();
        self.current.into_iter().for_each(|current| measured.add(current));
        measured
    }
}

impl Measured {
    fn add(&mut self, current: Current) {
        if current.is_data() {
            self.data = self.data.saturating_add(1);
            return;
        }
        if let (Some(bytes), Some(texts)) = (self.bytes.get_mut(current.sort), self.texts.get_mut(current.sort)) {
            *bytes = bytes.saturating_add(current.length);
            *texts = texts.saturating_add(1);
        }
    }
}

impl Current {
    /// Looks at the beginning of the text, as far as it lies in these bytes.
    fn look(&mut self, bytes: &[u8]) {
        let seen = usize::try_from(self.length).unwrap_or(HEAD);
        for (place, byte) in (seen..HEAD).zip(bytes) {
            self.may_be_url &= DATA_URL.get(place).is_none_or(|expected| expected == byte);
            self.may_be_base64 &= byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_');
            let is_open = self.may_be_url && place < DATA_URL.len();
            if !(self.may_be_base64 || is_open) {
                return;
            }
        }
    }

    fn is_data(&self) -> bool {
        let is_url = self.may_be_url && self.length >= length(DATA_URL);
        is_url || self.may_be_base64 && self.length > LEAST_DATA
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Bytes in UTF-8 of what one escape stands for; a pair of surrogates is two, of two bytes each.
fn unit_length(unit: u16) -> u64 {
    match unit {
        0..=0x7f => 1,
        0x80..=0x7ff | 0xd800..=0xdfff => 2,
        _ => 3,
    }
}

/// Measures the inside of a JSON string from behind its opening quote: how many bytes it means, and how many bytes on its
/// closing quote stands (the end, where it has none).
pub fn inside(bytes: &[u8]) -> (u64, usize) {
    let (mut at, mut meant): (usize, u64) = (0, 0);
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let run = super::text::run(rest).length;
        at = at.saturating_add(run);
        meant = meant.saturating_add(u64::try_from(run).unwrap_or(u64::MAX));
        let (unit, written) = match rest.get(run..).unwrap_or_default() {
            [] | [b'"', ..] => return (meant, at),
            [b'\\', b'u', digits @ ..] => {
                let digits = digits.get(..4).and_then(|digits| std::str::from_utf8(digits).ok());
                (digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()).unwrap_or_default(), 6)
            }
            [b'\\', ..] => (0, 2),
            [_, ..] => (0, 1),
        };
        meant = meant.saturating_add(unit_length(unit));
        at = at.saturating_add(written).min(bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Path, Reader};
    use super::*;

    const PATHS: &[Path] = &[];

    fn by_key(key: &[u8]) -> Option<usize> {
        match key {
            b"text" => Some(0),
            b"name" => Some(1),
            _ => None,
        }
    }

    /// What is measured of every text and of some keys' texts, the same for every way of cutting the document.
    fn measured(document: &str) -> (Measured, Measured) {
        let read = |size: usize| {
            let mut all = Reader::new(PATHS).measuring();
            let mut some = Reader::new(PATHS).measuring_by(by_key);
            for piece in document.as_bytes().chunks(size) {
                all.feed(piece).unwrap();
                some.feed(piece).unwrap();
            }
            (all.measured(), some.measured())
        };
        let whole = read(document.len());
        assert!((1..document.len().min(80)).all(|size| read(size) == whole), "{document}");
        whole
    }

    #[test]
    fn texts_are_measured_as_they_are_meant_in_any_pieces() {
        for (document, bytes) in [
            (r#"{"a":"four","text":""}"#, 4),
            (r#"["a","b",{"k":"c"}]"#, 3),
            (r#"{"a":"x\n\"\\\/\u0041"}"#, 6),
            (r#"{"a":"\u00e9\u4e2d\ud83d\ude00é中😀"}"#, 18),
            (r#"{"text":"not yet over"#, 12),
        ] {
            let (all, _) = measured(document);
            assert_eq!((all.bytes[0], all.data), (bytes, 0), "{document}");
        }
        let (_, some) = measured(
            r#"{"text":"abc","x":{"text":"de","name":"f","other":"g"},"text":[1,{"name":"h"}],"te\u0078t":"z"}"#,
        );
        assert_eq!((some.bytes[..2].to_vec(), some.texts[..2].to_vec()), (vec![6, 2], vec![3, 2]));
        assert_eq!(measured("[1,[2,3.5],{\"a\":-4}]").0.numbers, 4);
    }

    #[test]
    fn data_counts_by_the_piece() {
        let base64 = "QUJD".repeat(100);
        let words = "word ".repeat(100);
        let csv = "a,b,c,".repeat(100);
        let late = format!("{}{}", "QUJD".repeat(16), words);
        for (text, data) in [
            (&*base64, 1),
            ("data:image/png;base64,iVBORw0KGgo=", 1),
            ("data:", 1),
            ("data", 0),
            ("dat\\u0061:x", 0),
            (&"QUJD".repeat(50), 0),
            (&words, 0),
            (&csv, 0),
            (&late, 1),
        ] {
            assert_eq!(measured(&format!("{{\"a\":\"{text}\"}}")).0.data, data, "{text}");
        }
        assert_eq!(measured(&format!("[\"{}\"]", base64.replace('D', "\\/"))).0.data, 1);
        assert_eq!(measured(&format!("[\"{}\"]", base64.replace('D', "\\n"))).0.data, 0);
    }

    #[test]
    fn the_inside_of_a_string_is_measured_like_the_string() {
        for text in [
            "",
            "four",
            r#"x\n\"\\\/\u0041"#,
            r"\u00e9\u4e2d\ud83d\ude00é中😀",
            "a very long text indeed, longer than a block",
        ] {
            let (all, _) = measured(&format!("[\"{text}\"]"));
            assert_eq!(inside(format!("{text}\",\"").as_bytes()), (all.bytes[0], text.len()), "{text}");
        }
        for cut in ["abc\\", "\\u12", "\\"] {
            assert!(inside(cut.as_bytes()).1 <= cut.len(), "{cut}");
        }
    }
}
