//! Media of a message: inline data, or a URI that Google fetches.

use super::model::{Model, is_vertex};
use crate::chat::json::ObjectWriter;
use crate::chat::{Media, MediaKind, Source};
use crate::dialect::Facts;

/// Writes the member that holds it: `inlineData`, `fileData`, or `text`.
pub(super) fn media(media: &Media, o: &mut ObjectWriter<'_>) {
    match &media.source {
        Source::Text(text) => o.set("text", text),
        Source::Base64(data) => o.object("inlineData", |o| {
            o.set("mimeType", mime(media));
            o.set("data", data);
        }),
        Source::Url(uri) | Source::FileId { id: uri, .. } => o.object("fileData", |o| {
            o.set("mimeType", mime(media));
            o.set("fileUri", uri);
        }),
    }
}

/// The MIME type: the client's word, what the first bytes or the URL's ending tell, or the usual one of its kind.
fn mime(media: &Media) -> &str {
    /// The first letters of the base64, and the ending.
    const KNOWN: [(&str, &str, &str); 16] = [
        ("iVBORw0KGgo", "png", "image/png"),
        ("/9j/", "jpg", "image/jpeg"),
        ("/9j/", "jpeg", "image/jpeg"),
        ("UklGR", "webp", "image/webp"),
        ("R0lGOD", "gif", "image/gif"),
        ("-", "heic", "image/heic"),
        ("JVBERi0", "pdf", "application/pdf"),
        ("-", "txt", "text/plain"),
        ("-", "md", "text/markdown"),
        ("-", "csv", "text/csv"),
        ("-", "html", "text/html"),
        ("SUQz", "mp3", "audio/mpeg"),
        ("-", "wav", "audio/wav"),
        ("-", "mp4", "video/mp4"),
        ("-", "webm", "video/webm"),
        ("-", "mov", "video/quicktime"),
    ];
    if let Some(mime) = media.mime.as_deref().filter(|mime| !mime.is_empty()) {
        return mime;
    }
    let ending = |name: &str| {
        let name = name.split(['?', '#']).next().unwrap_or_default();
        name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default()
    };
    let (data, ending) = match &media.source {
        Source::Base64(data) => (&**data, media.name.as_deref().map(ending).unwrap_or_default()),
        Source::Url(url) if is_youtube(url) => return "video/mp4",
        Source::Url(url) | Source::FileId { id: url, .. } => ("", ending(url)),
        Source::Text(_) => ("", String::new()),
    };
    let found = KNOWN.iter().find(|(first, known, _)| data.starts_with(first) || ending == *known);
    found.map_or(
        match media.kind {
            MediaKind::Image => "image/jpeg",
            MediaKind::Audio => "audio/wav",
            MediaKind::Video => "video/mp4",
            MediaKind::Document => "application/pdf",
        },
        |(_, _, mime)| *mime,
    )
}

fn is_youtube(url: &str) -> bool {
    ["https://www.youtube.com/", "https://youtube.com/", "https://youtu.be/"].iter().any(|home| url.starts_with(home))
}

/// Whether Google gets it: AI Studio fetches from anywhere since Gemini 2.5 only
/// (<https://ai.google.dev/gemini-api/docs/file-input-methods>, seen 2026-11-22).
pub(super) fn is_fetched(media: &Media, facts: &Facts<'_>) -> bool {
    let Source::Url(url) = &media.source else { return true };
    let is_own = url.starts_with("https://generativelanguage.googleapis.com/") || !url.starts_with("http");
    is_own
        || is_youtube(url)
        || is_vertex(facts)
        || Model(facts.model).version().is_none_or(|version| version >= (2, 5))
}

/// Whether a result may hold it (Gemini 3): <https://ai.google.dev/gemini-api/docs/function-calling> lists these.
pub(super) fn fits_in_result(media: &Media) -> bool {
    const FITTING: [&str; 5] = ["image/png", "image/jpeg", "image/webp", "application/pdf", "text/plain"];
    !matches!(media.source, Source::Text(_)) && FITTING.contains(&mime(media))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mime_types_are_found() {
        let of = |kind, source, name: Option<&str>| {
            let media = Media { name: name.map(str::to_owned), ..Media::new(kind, None, source) };
            mime(&media).to_owned()
        };
        let data = |data: &str| Source::Base64(data.into());
        let url = |url: &str| Source::Url(url.into());
        use MediaKind::{Audio, Document, Image, Video};
        for (kind, source, name, expected) in [
            (Image, data("iVBORw0KGgoAAA"), None, "image/png"),
            (Image, data("AAAA"), None, "image/jpeg"),
            (Document, data("JVBERi0xLjM"), None, "application/pdf"),
            (Document, data("YWJj"), Some("a.CSV"), "text/csv"),
            (Audio, data("AAAA"), None, "audio/wav"),
            (Image, url("https://x.y/a.webp?b=c.png"), None, "image/webp"),
            (Image, url("https://x.y/a"), None, "image/jpeg"),
            (Video, url("gs://bucket/film.mov"), None, "video/quicktime"),
            (Image, url("https://youtu.be/x"), None, "video/mp4"),
        ] {
            assert_eq!(of(kind, source.clone(), name), expected, "{source:?}");
        }
    }
}
