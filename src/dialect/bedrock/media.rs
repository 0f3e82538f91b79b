//! Images, documents and films of a request. Bedrock fetches from S3 only.

use super::document::Names;
use crate::chat::json::ObjectWriter;
use crate::chat::{Media, MediaKind, Source};
use crate::dialect::Unable;

/// Whether Bedrock can look at it.
pub(super) fn fits(media: &Media) -> Result<(), Unable> {
    let field = match media.kind {
        MediaKind::Image => "messages.content.image_url",
        MediaKind::Document => "messages.content.file",
        MediaKind::Video => "messages.content.video_url",
        MediaKind::Audio => "messages.content.input_audio",
    };
    let is_there = match &media.source {
        Source::Base64(data) => !data.is_empty(),
        Source::Url(url) => url.starts_with("s3://") && url.len() <= 1024,
        Source::Text(text) => media.kind == MediaKind::Document && !text.trim().is_empty(),
        Source::FileId { .. } => false,
    };
    Unable::when(!is_there || format(media).is_none(), field)
}

/// `image`, `document` or `video`; one member of a content block.
pub(super) fn write(media: &Media, names: &mut Names, o: &mut ObjectWriter<'_>) {
    let member = match media.kind {
        MediaKind::Image => "image",
        MediaKind::Video => "video",
        MediaKind::Document => "document",
        MediaKind::Audio => "audio",
    };
    o.object(member, |o| {
        o.maybe("format", format(media));
        if media.kind == MediaKind::Document {
            o.set("name", names.next(media));
        }
        o.object("source", |o| match &media.source {
            Source::Base64(data) => o.set("bytes", data),
            Source::Url(url) => o.object("s3Location", |o| o.set("uri", url)),
            Source::Text(text) => o.set("text", text),
            Source::FileId { .. } => {}
        });
        if media.kind == MediaKind::Document {
            o.maybe("context", media.context.as_deref());
            if media.citations {
                o.object("citations", |o| o.set("enabled", true));
            }
        }
    });
}

/// Bedrock's word for the format; what the bytes say comes before what the client says.
fn format(media: &Media) -> Option<&'static str> {
    let data = if let Source::Base64(data) = &media.source { data.as_str() } else { "" };
    let name = match &media.source {
        Source::Url(url) => Some(url.as_str()),
        _ => media.name.as_deref(),
    };
    let known = match media.kind {
        MediaKind::Image => IMAGES,
        MediaKind::Document if matches!(media.source, Source::Text(_)) => return Some("txt"),
        MediaKind::Document => DOCUMENTS,
        MediaKind::Video => VIDEOS,
        MediaKind::Audio => return None,
    };
    let by_bytes = MAGIC.iter().find(|(magic, _)| data.starts_with(magic)).map(|(_, word)| *word);
    let by_bytes = by_bytes.filter(|word| known.iter().any(|row| row.0 == *word));
    let by_mime = || {
        let mime = media.mime.as_deref()?.split(';').next()?.trim();
        known.iter().find(|row| row.1.contains(&mime)).map(|row| row.0)
    };
    let by_name = || {
        let (_, ending) = name?.rsplit_once('.')?;
        known.iter().find(|row| row.2.iter().any(|known| known.eq_ignore_ascii_case(ending))).map(|row| row.0)
    };
    by_bytes.or_else(by_mime).or_else(by_name)
}

/// How base64 of some formats begins.
const MAGIC: &[(&str, &str)] =
    &[("iVBORw0KGgo", "png"), ("/9j/", "jpeg"), ("R0lGOD", "gif"), ("UklGR", "webp"), ("JVBERi", "pdf")];

/// Bedrock's word, the MIME types, the endings of names.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

const IMAGES: &[Row] = &[
    ("png", &["image/png"], &["png"]),
    ("jpeg", &["image/jpeg", "image/jpg"], &["jpg", "jpeg"]),
    ("gif", &["image/gif"], &["gif"]),
    ("webp", &["image/webp"], &["webp"]),
];

const DOCUMENTS: &[Row] = &[
    ("pdf", &["application/pdf"], &["pdf"]),
    ("csv", &["text/csv"], &["csv"]),
    ("doc", &["application/msword"], &["doc"]),
    ("docx", &["application/vnd.openxmlformats-officedocument.wordprocessingml.document"], &["docx"]),
    ("xls", &["application/vnd.ms-excel"], &["xls"]),
    ("xlsx", &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"], &["xlsx"]),
    ("html", &["text/html"], &["html", "htm"]),
    ("md", &["text/markdown"], &["md", "markdown"]),
    ("txt", &["text/plain"], &["txt"]),
];

const VIDEOS: &[Row] = &[
    ("mp4", &["video/mp4"], &["mp4"]),
    ("mov", &["video/quicktime"], &["mov"]),
    ("mkv", &["video/x-matroska", "video/matroska"], &["mkv"]),
    ("webm", &["video/webm"], &["webm"]),
    ("flv", &["video/x-flv"], &["flv"]),
    ("mpeg", &["video/mpeg"], &["mpeg", "mpg"]),
    ("wmv", &["video/x-ms-wmv"], &["wmv"]),
    ("three_gp", &["video/3gpp"], &["3gp"]),
];

/// The MIME type of an image in an answer.
pub(super) fn image_type(format: &str) -> String {
    format!("image/{format}")
}
