//! Text documents of a request: part of what is said, or, where citations are wanted, the list that Cohere cites from.

use std::borrow::Cow;

use crate::chat::json::{ListWriter, ObjectWriter};
use crate::chat::{Body, Media, MediaKind, Request, Role, Source};
use crate::dialect::{Unable, parts};

/// What Cohere makes of media: images it looks at, and texts. It fetches URLs of images.
pub(super) fn fits(media: &Media) -> Result<(), Unable> {
    match media.kind {
        MediaKind::Image => {
            let fits = match &media.source {
                Source::Base64(_) => true,
                Source::Url(url) => url.starts_with("https://") || url.starts_with("http://"),
                Source::Text(_) | Source::FileId { .. } => false,
            };
            Unable::when(!fits, "messages.content.image_url")
        }
        MediaKind::Document => Unable::when(text_of(media).is_none(), "messages.content.file"),
        MediaKind::Audio => Err(Unable::field("messages.content.input_audio")),
        MediaKind::Video => Err(Unable::field("messages.content.video_url")),
    }
}

/// The text of a document; `None` when it is none.
pub(super) fn text_of(media: &Media) -> Option<Cow<'_, str>> {
    match &media.source {
        Source::Text(text) => Some(Cow::Borrowed(text)),
        Source::Base64(data) => {
            let mime = media.mime.as_deref().unwrap_or("text/plain");
            let is_text = mime.starts_with("text/")
                || mime.ends_with("json")
                || mime.ends_with("xml")
                || mime.ends_with("yaml")
                || mime == "application/octet-stream";
            if is_text { crate::chat::text_of_base64(data).map(Cow::Owned) } else { None }
        }
        Source::Url(_) | Source::FileId { .. } => None,
    }
}

/// Whether a document goes to the list.
pub(super) fn is_cited(media: &Media) -> bool {
    media.kind == MediaKind::Document && media.citations
}

/// The documents that citations are wanted of.
pub(super) fn cited(request: &Request) -> impl Iterator<Item = &Media> {
    let asked = request.messages.iter().filter(|message| message.role != Role::Assistant);
    asked.flat_map(|message| parts(&message.parts)).filter_map(|part| match &part.body {
        Body::Media(media) if is_cited(media) => Some(&**media),
        _ => None,
    })
}

/// Writes `documents`, if there are any.
pub(super) fn write(request: &Request, o: &mut ObjectWriter<'_>) {
    let mut documents = cited(request).peekable();
    if documents.peek().is_some() {
        o.list("documents", |l| documents.enumerate().for_each(|(i, media)| document(i, media, l)));
    }
}

fn document(place: usize, media: &Media, l: &mut ListWriter<'_>) {
    l.object(|o| {
        o.set("id", format!("doc:{place}"));
        o.object("data", |o| {
            o.maybe("title", media.title.as_deref().or(media.name.as_deref()));
            o.maybe("context", media.context.as_deref());
            o.set("text", text_of(media).unwrap_or_default());
        });
    });
}
