//! What may stand inside of a message or a result of a request.

use crate::chat::json::{ListWriter, ObjectWriter};
use crate::chat::{Body, Format, Media, MediaKind, Part, Source};
use crate::dialect::{Dropped, Unable};

/// Whether it can be looked at: images and documents, inline or at a URL.
pub(super) fn fits(media: &Media) -> Result<(), Unable> {
    let is_web = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    let fits = match &media.source {
        Source::Url(url) => is_web(url),
        Source::Base64(_) | Source::Text(_) | Source::FileId { .. } => true,
    };
    match media.kind {
        MediaKind::Image => Unable::when(!fits, "messages.content.image_url"),
        MediaKind::Document => Unable::when(!fits, "messages.content.file"),
        MediaKind::Audio => Err(Unable::field("messages.content.input_audio")),
        MediaKind::Video => Err(Unable::field("messages.content.video_url")),
    }
}

/// Writes `name`: a text where that says it all, or a list.
pub(super) fn write(name: &str, parts: &[Part], dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    match parts {
        [] => o.set(name, ""),
        [Part { body: Body::Text { text, .. }, .. }] => o.set(name, text),
        parts => o.list(name, |l| parts.iter().for_each(|part| self::part(part, dropped, l))),
    }
}

fn part(part: &Part, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    match &part.body {
        Body::Text { text, .. } | Body::Refusal(text) => self::text(text, l),
        Body::Media(media) => self::media(media, dropped, l),
        Body::Native(native) if native.format == Format::Responses => l.raw(&native.block),
        _ => {}
    }
}

fn text(text: &str, l: &mut ListWriter<'_>) {
    l.object(|o| {
        o.set("type", "input_text");
        o.set("text", text);
    });
}

fn media(media: &Media, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    let inline = |usual: &str, data: &str| format!("data:{};base64,{data}", media.mime.as_deref().unwrap_or(usual));
    if media.kind == MediaKind::Image {
        let detail = media.detail.as_deref();
        let known = detail.filter(|detail| ["low", "high", "auto", "original"].contains(detail));
        dropped.when(known != detail, "messages.content.image_url.detail");
        return l.object(|o| {
            o.set("type", "input_image");
            o.set("detail", known.unwrap_or("auto"));
            match &media.source {
                Source::Base64(data) => o.set("image_url", inline("image/jpeg", data)),
                Source::Url(url) => o.set("image_url", url),
                Source::FileId { id, .. } => o.set("file_id", id),
                Source::Text(_) => {}
            }
        });
    }
    dropped.when(media.title.is_some() || media.context.is_some() || media.citations, "messages.content.citations");
    if let Source::Text(text) = &media.source {
        return self::text(text, l);
    }
    l.object(|o| {
        o.set("type", "input_file");
        match &media.source {
            // A file that is inline must have a name.
            Source::Base64(data) => {
                o.set("filename", media.name.as_deref().unwrap_or("document.pdf"));
                o.set("file_data", inline("application/pdf", data));
            }
            Source::Url(url) => o.set("file_url", url),
            Source::FileId { id, .. } => o.set("file_id", id),
            Source::Text(_) => {}
        }
    });
}
