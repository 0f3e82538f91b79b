//! What a text of an answer is based on, in Anthropic's shape. A citation there belongs to a whole block, so the places
//! in the answer that others tell are not shown.

use crate::chat::json::{Object, ObjectWriter, object};
use crate::chat::{Citation, Format, Raw, UrlCitation};

/// A citation as a block has it; `None` where this format has no shape for it.
pub(super) fn shape(citation: &Citation) -> Option<Raw> {
    match citation {
        Citation::Url(page) if page.format == Format::Anthropic => Some(page.raw.clone()),
        Citation::Url(page) => written(|o| self::page(page, o)),
        Citation::Native { format: Format::Anthropic, raw } => Some(raw.clone()),
        Citation::Native { format: Format::Bedrock, raw } => place(&raw.json().object()?),
        Citation::Native { .. } => None,
    }
}

fn written(write: impl FnOnce(&mut ObjectWriter<'_>)) -> Option<Raw> {
    let mut out = Vec::new();
    object(&mut out, write);
    Raw::parse(std::str::from_utf8(&out).ok()?)
}

/// A page. That its index is empty says that it is not Anthropic's: it does not go back there.
fn page(page: &UrlCitation, o: &mut ObjectWriter<'_>) {
    o.set("type", "web_search_result_location");
    o.set("cited_text", page.quote.as_deref().unwrap_or_default());
    o.set("encrypted_index", "");
    o.set("title", page.title.as_deref());
    o.set("url", &page.url);
}

/// Claude's places in documents and search results, as Bedrock tells them.
fn place(citation: &Object<'_>) -> Option<Raw> {
    let quote: String = citation.items("sourceContent").filter_map(|item| item.object()?.string("text")).collect();
    let location = citation.object("location")?;
    const PLACES: [(&str, &str, &str, &str); 3] = [
        ("documentChar", "char_location", "start_char_index", "end_char_index"),
        ("documentPage", "page_location", "start_page_number", "end_page_number"),
        ("documentChunk", "content_block_location", "start_block_index", "end_block_index"),
    ];
    let named = PLACES.iter().find_map(|names| Some((names, location.object(names.0)?)));
    let count = |object: &Object<'_>, name| object.count(name).unwrap_or(0);
    if let Some(((_, kind, start, end), at)) = named {
        return written(|o| {
            o.set("type", kind);
            o.set("cited_text", &quote);
            o.set("document_index", count(&at, "documentIndex"));
            o.set("document_title", citation.string("title"));
            o.set(start, count(&at, "start"));
            o.set(end, count(&at, "end"));
        });
    }
    let at = location.object("searchResultLocation")?;
    written(|o| {
        o.set("type", "search_result_location");
        o.set("cited_text", &quote);
        o.set("search_result_index", count(&at, "searchResultIndex"));
        o.set("source", citation.string("source").unwrap_or_default());
        o.set("title", citation.string("title"));
        o.set("start_block_index", count(&at, "start"));
        o.set("end_block_index", count(&at, "end"));
    })
}
