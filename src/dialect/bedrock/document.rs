//! Names of documents: Bedrock wants one for each, of letters, digits, single blanks, hyphens, parentheses and brackets,
//! and no two alike (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html>).

use crate::chat::Media;
use std::collections::BTreeMap;

/// Longest name, with room for a number.
const LONGEST: usize = 190;

/// The names of a request so far, and how many documents each was wanted for.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, u32>);

impl Names {
    /// A document's name, made from its title or its file's name.
    pub fn next(&mut self, media: &Media) -> String {
        let file = media.name.as_deref().map(|name| name.rsplit_once('.').map_or(name, |(stem, _)| stem));
        let named = media.title.as_deref().into_iter().chain(file).map(legal).find(|name| !name.is_empty());
        let name = named.unwrap_or_else(|| "document".to_owned());
        let mut count = self.0.get(&name).copied().unwrap_or(0);
        let mut unique = name.clone();
        while self.0.contains_key(&unique) {
            count = count.saturating_add(1);
            unique = format!("{name} ({count})");
        }
        self.0.insert(name, count.max(1));
        self.0.entry(unique.clone()).or_insert(1);
        unique
    }
}

/// Other letters become blanks, of which no two stand together.
fn legal(name: &str) -> String {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '(' | ')' | '[' | ']');
    let words: Vec<&str> = name.split(|c| !is_legal(c)).filter(|word| !word.is_empty()).collect();
    let mut legal = words.join(" ");
    legal.truncate(LONGEST);
    legal.truncate(legal.trim_end().len());
    legal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{MediaKind, Source};

    #[test]
    fn names_are_legal_and_unique() {
        let mut names = Names::default();
        let named = |name: Option<&str>, title: Option<&str>| {
            let media = Media::new(MediaKind::Document, None, Source::Text("x".into()));
            Media { name: name.map(str::to_owned), title: title.map(str::to_owned), ..media }
        };
        for (name, title, expected) in [
            (Some("Q3_report.final.pdf"), None, "Q3 report final"),
            (Some("Q3 report  final.txt"), None, "Q3 report final (2)"),
            (Some("a.pdf"), Some("The [draft] (v-2)"), "The [draft] (v-2)"),
            (Some("Q3 report final (2).txt"), None, "Q3 report final (2) (2)"),
            (Some("Q3 report final.md"), None, "Q3 report final (3)"),
            (None, None, "document"),
            (Some("\u{65e5}\u{672c}.pdf"), Some(""), "document (2)"),
            (Some(".pdf"), None, "document (3)"),
        ] {
            assert_eq!(names.next(&named(name, title)), expected);
        }
        assert_eq!(names.next(&named(Some(&"a b".repeat(200)), None)).len(), LONGEST);
    }
}
