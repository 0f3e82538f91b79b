//! Images and documents of a request.

use crate::chat::json::Object;
use crate::chat::json::expect::{inner, text, wrong};
use crate::chat::{Media, MediaKind, Owner, Source};
use crate::error::Error;

/// An image; `None` for a source that only Anthropic knows.
pub(super) fn image(block: &Object<'_>, path: &str) -> Result<Option<Media>, Error> {
    source(MediaKind::Image, block, path)
}

/// A document. One that is made of blocks is a text where nothing is cited from it, because then nobody counts them.
pub(super) fn document(block: &Object<'_>, path: &str) -> Result<Option<Media>, Error> {
    let citations = block.object("citations").and_then(|citations| citations.flag("enabled")).unwrap_or(false);
    let parted = block.object("source").filter(|source| source.text("type").as_deref() == Some("content"));
    let media = match parted {
        Some(source) if !citations => joined(&source).map(|text| document_of(Source::Text(text))),
        Some(_) => None,
        None => source(MediaKind::Document, block, path)?,
    };
    let (title, context) = (block.string("title"), block.string("context"));
    Ok(media.map(|media| Media { title, context, citations, ..media }))
}

fn document_of(source: Source) -> Media {
    Media::new(MediaKind::Document, Some("text/plain".to_owned()), source)
}

/// The texts of a document in blocks; `None` when there are images among them.
fn joined(source: &Object<'_>) -> Option<String> {
    if let Some(text) = source.string("content") {
        return Some(text);
    }
    let texts: Option<Vec<String>> = source.items("content").map(|block| block.object()?.string("text")).collect();
    texts.map(|texts| texts.join("\n\n"))
}

fn source(kind: MediaKind, block: &Object<'_>, path: &str) -> Result<Option<Media>, Error> {
    let path = format!("{path}.source");
    let source = inner(block.get("source").ok_or_else(|| wrong(&path, "an object"))?, &path)?;
    let member = |name: &str| {
        let path = format!("{path}.{name}");
        text(source.get(name).ok_or_else(|| wrong(&path, "a text"))?, &path)
    };
    Ok(Some(match &*member("type")? {
        "base64" => Media::new(kind, Some(member("media_type")?.to_ascii_lowercase()), Source::Base64(member("data")?)),
        "text" => document_of(Source::Text(member("data")?)),
        "url" => Media::new(kind, None, Source::Url(member("url")?)),
        "file" => Media::new(kind, None, Source::FileId { owner: Owner::Anthropic, id: member("file_id")? }),
        _ => return Ok(None),
    }))
}
