//! Sources: what a text is based on, each page once.

use std::collections::BTreeMap;

use super::metadata::{Beside, namespace};
use crate::chat::json::ObjectWriter;
use crate::chat::{Citation, UrlCitation};

/// The sources of an answer so far.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// The numbers of pages, by their URLs.
    pages: BTreeMap<String, usize>,
    count: usize,
    /// Bytes held.
    pub held: usize,
}

/// Most pages that are known again.
const MOST_PAGES: usize = 1024;

impl Sources {
    /// The id of a citation's source, and whether it is new.
    pub fn add(&mut self, citation: &Citation) -> (String, bool) {
        let url = if let Citation::Url(page) = citation { Some(&page.url) } else { None };
        if let Some(number) = url.and_then(|url| self.pages.get(url)) {
            return (id(*number), false);
        }
        let number = self.count;
        self.count = number.saturating_add(1);
        if let Some(url) = url.filter(|_| self.pages.len() < MOST_PAGES) {
            self.held = self.held.saturating_add(url.len());
            self.pages.insert(url.clone(), number);
        }
        (id(number), true)
    }
}

fn id(number: usize) -> String {
    format!("source-{number}")
}

/// Writes a source's members, `type` included.
pub(super) fn write(citation: &Citation, id: &str, o: &mut ObjectWriter<'_>) {
    o.set("type", "source");
    match citation {
        Citation::Url(page) => {
            o.set("sourceType", "url");
            o.set("id", id);
            o.set("url", &page.url);
            o.maybe("title", page.title.as_deref());
        }
        Citation::Native { raw, .. } => {
            let place = raw.json().object().unwrap_or_default();
            let is_page = place.text("type").as_deref() == Some("page_location");
            let title = ["document_title", "title", "filename", "source"].iter().find_map(|name| place.string(name));
            o.set("sourceType", "document");
            o.set("id", id);
            o.set("mediaType", if is_page { "application/pdf" } else { "text/plain" });
            o.set("title", title.unwrap_or_else(|| "Document".to_owned()));
            o.maybe("filename", place.string("filename"));
        }
    }
}

/// The provider's object unchanged, beside a document's source: nobody else knows what it says.
pub(super) fn beside(citation: &Citation) -> Beside {
    let extra = match citation {
        Citation::Native { format, raw } => Some((namespace(format), "citation", raw.clone())),
        Citation::Url(_) => None,
    };
    Beside { extra, ..Beside::default() }
}

/// The members of an item of spec 4's `citations` of a text.
pub(super) fn citation(citation: &Citation, id: &str, o: &mut ObjectWriter<'_>) {
    o.object("source", |o| write(citation, id, o));
    if let Citation::Url(page) = citation {
        let UrlCitation { start, end, quote, .. } = &**page;
        o.maybe("startIndex", *start);
        o.maybe("endIndex", *end);
        o.maybe("citedText", quote.as_deref());
    }
}
