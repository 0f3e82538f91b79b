//! Images and documents of a request.

use std::borrow::Cow;

use crate::chat::json::ObjectWriter;
use crate::chat::{Media, MediaKind, Source, text_of_base64};
use crate::dialect::Unable;

/// A source as Anthropic takes it.
#[derive(Debug, PartialEq, Eq)]
enum Place<'a> {
    /// Base64 of this type.
    Inline(&'static str, &'a str),
    Text(Cow<'a, str>),
    Url(&'a str),
    File(&'a str),
}

/// Whether Anthropic can look at it. Vertex takes base64 only: it fetches nothing and has no files
/// (<https://platform.claude.com/docs/en/build-with-claude/vision>, seen 2026-11-22).
pub(super) fn fits(media: &Media, is_vertex: bool) -> Result<(), Unable> {
    let field = match media.kind {
        MediaKind::Image => "messages.content.image_url",
        MediaKind::Document => "messages.content.file",
        MediaKind::Audio => return Err(Unable::field("messages.content.input_audio")),
        MediaKind::Video => return Err(Unable::field("messages.content.video_url")),
    };
    match place(media) {
        Some(Place::Url(_)) if is_vertex => Err(Unable::field(field)),
        Some(Place::File(_)) if is_vertex => Err(Unable::field("messages.content.file_id")),
        Some(_) => Ok(()),
        None => Err(Unable::field(field)),
    }
}

/// The members of an image's or a document's block, `type` first.
pub(super) fn write(media: &Media, o: &mut ObjectWriter<'_>) {
    let is_image = media.kind == MediaKind::Image;
    o.set("type", if is_image { "image" } else { "document" });
    o.object("source", |o| match place(media) {
        Some(Place::Inline(mime, data)) => {
            o.set("type", "base64");
            o.set("media_type", mime);
            o.set("data", data);
        }
        Some(Place::Text(text)) => {
            o.set("type", "text");
            o.set("media_type", "text/plain");
            o.set("data", text);
        }
        Some(Place::Url(url)) => {
            o.set("type", "url");
            o.set("url", url);
        }
        Some(Place::File(id)) => {
            o.set("type", "file");
            o.set("file_id", id);
        }
        None => {}
    });
    if !is_image {
        o.maybe("title", media.title.as_deref().or(media.name.as_deref()).filter(|title| !title.is_empty()));
        o.maybe("context", media.context.as_deref());
        if media.citations {
            o.object("citations", |o| o.set("enabled", true));
        }
    }
}

fn place(media: &Media) -> Option<Place<'_>> {
    match &media.source {
        Source::FileId { id, .. } => Some(Place::File(id)),
        Source::Url(url) => (url.starts_with("https://") || url.starts_with("http://")).then_some(Place::Url(url)),
        Source::Text(text) => (media.kind == MediaKind::Document).then_some(Place::Text(Cow::Borrowed(text))),
        Source::Base64(data) if media.kind == MediaKind::Image => {
            Some(Place::Inline(image_type(media.mime.as_deref(), data)?, data))
        }
        Source::Base64(data) => document(media, data),
    }
}

fn image_type(mime: Option<&str>, data: &str) -> Option<&'static str> {
    match mime {
        Some("image/jpeg" | "image/jpg") => Some("image/jpeg"),
        Some("image/png") => Some("image/png"),
        Some("image/gif") => Some("image/gif"),
        Some("image/webp") => Some("image/webp"),
        // What the first bytes of the formats are in base64.
        None | Some("image/*") => Some(match data.get(..4) {
            Some("iVBO") => "image/png",
            Some("R0lG") => "image/gif",
            Some("UklG") => "image/webp",
            _ => "image/jpeg",
        }),
        Some(_) => None,
    }
}

/// PDFs as they are, texts as text.
fn document<'a>(media: &Media, data: &'a str) -> Option<Place<'a>> {
    const PDF: &str = "application/pdf";
    let is_pdf = || data.starts_with("JVBERi");
    match media.mime.as_deref() {
        Some(PDF) => Some(Place::Inline(PDF, data)),
        None | Some("application/octet-stream") if is_pdf() => Some(Place::Inline(PDF, data)),
        None | Some("application/octet-stream") => text_of_base64(data).map(|text| Place::Text(Cow::Owned(text))),
        Some(mime) => {
            let is_text = mime.starts_with("text/")
                || mime.ends_with("+json")
                || mime.ends_with("+xml")
                || ["application/json", "application/xml", "application/yaml", "application/x-yaml"].contains(&mime);
            if is_text { text_of_base64(data).map(|text| Place::Text(Cow::Owned(text))) } else { None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(kind: MediaKind, mime: Option<&str>, data: &str) -> Media {
        Media::new(kind, mime.map(str::to_owned), Source::Base64(data.to_owned()))
    }

    #[test]
    fn images_are_of_four_types() {
        let place_of = |mime, data: &'static str| {
            let media = media(MediaKind::Image, mime, data);
            place(&media).map(|place| match place {
                Place::Inline(mime, _) => mime,
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(place_of(Some("image/jpg"), "x"), Some("image/jpeg"));
        assert_eq!(place_of(None, "iVBORw0KGgo"), Some("image/png"));
        assert_eq!(place_of(None, "é"), Some("image/jpeg"));
        assert_eq!(place_of(Some("image/bmp"), "x"), None);
    }

    #[test]
    fn texts_are_sent_as_text() {
        let place_of = |mime, data| {
            let media = media(MediaKind::Document, mime, data);
            place(&media).map(|place| format!("{place:?}"))
        };
        let text = Some(r#"Text("grüße")"#.to_owned());
        assert_eq!(place_of(Some("text/plain"), "Z3LDvMOfZQ=="), text);
        assert_eq!(place_of(None, "Z3LDvMOfZQ"), text);
        assert_eq!(place_of(None, "JVBERi0x").as_deref(), Some(r#"Inline("application/pdf", "JVBERi0x")"#));
        assert_eq!(place_of(Some("text/csv"), "/////w=="), None);
        assert_eq!(place_of(Some("text/csv"), "?"), None);
        assert_eq!(place_of(Some("application/vnd.ms-excel"), "Z3LDvMOfZQ=="), None);
    }

    #[test]
    fn vertex_fetches_nothing() {
        let url = Media::new(MediaKind::Image, None, Source::Url("https://example.com/a.png".into()));
        assert_eq!(fits(&url, false), Ok(()));
        assert_eq!(fits(&url, true), Err(Unable::field("messages.content.image_url")));
        let bucket = Media::new(MediaKind::Document, None, Source::Url("gs://bucket/a.pdf".into()));
        assert_eq!(fits(&bucket, false), Err(Unable::field("messages.content.file")));
    }
}
