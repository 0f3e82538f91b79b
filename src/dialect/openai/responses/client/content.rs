//! Parts of a message's content, or of a result.

use super::super::items;
use super::request::{required, rest};
use crate::chat::json::expect::{inner, text, wrong};
use crate::chat::json::{Json, Object};
use crate::chat::{Body, Format, Link, Media, MediaKind, Native, Owner, Part, Pin, Source};
use crate::dialect::openai::chat::sound;
use crate::error::Error;

/// Members that are read, of every kind of part.
const KNOWN: [&str; 13] = [
    "type",
    "text",
    "refusal",
    "annotations",
    "logprobs",
    "image_url",
    "file_id",
    "detail",
    "file_data",
    "file_url",
    "filename",
    "input_audio",
    "status",
];

/// Reads a text or a list of parts; ids of files go to the pins.
pub(super) fn parts(json: Json<'_>, path: &str, pins: &mut Vec<Pin>) -> Result<Vec<Part>, Error> {
    if let Some(text) = json.string() {
        return Ok(if text.is_empty() { Vec::new() } else { vec![Part::text(text)] });
    }
    let mut parts = Vec::new();
    for (i, json) in json.items().ok_or_else(|| wrong(path, "a text or a list"))?.enumerate() {
        parts.extend(part(json, &format!("{path}[{i}]"), pins)?);
    }
    Ok(parts)
}

/// Reads one; `None` where it says nothing. What is not known is a block of this dialect alone.
fn part(json: Json<'_>, path: &str, pins: &mut Vec<Pin>) -> Result<Option<Part>, Error> {
    let object = inner(json, path)?;
    let kind = object.text("type").unwrap_or_default();
    let must = |name| text(required(&object, name, path, "a text")?, &format!("{path}.{name}"));
    let media = match &*kind {
        "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text" => {
            must("text")?;
            return Ok(items::content(json).map(|part| with_rest(part, &object)));
        }
        "refusal" => {
            must("refusal")?;
            return Ok(items::content(json));
        }
        "input_image" => image(&object, path)?,
        "input_file" => file(&object, path)?,
        "input_audio" => {
            let audio = required(&object, "input_audio", path, "an object")?;
            let path = format!("{path}.input_audio");
            return sound(&inner(audio, &path)?).map(Some).ok_or_else(|| wrong(&format!("{path}.data"), "a text"));
        }
        _ => {
            let native = Native { format: Format::Responses, block: json.raw(), link: Link::Alone };
            return Ok(Some(Part::new(Body::Native(native))));
        }
    };
    if let Source::FileId { owner, id } = &media.source {
        pins.push(Pin { owner: *owner, field: "input.content.file_id", id: id.clone() });
    }
    Ok(Some(with_rest(Part::new(Body::Media(Box::new(media))), &object)))
}

fn with_rest(mut part: Part, object: &Object<'_>) -> Part {
    part.ext = rest(object, &KNOWN);
    part
}

fn stored(kind: MediaKind, id: String) -> Media {
    Media::new(kind, None, Source::FileId { owner: Owner::Responses, id })
}

fn image(object: &Object<'_>, path: &str) -> Result<Media, Error> {
    let media = match (object.get("image_url"), object.string("file_id")) {
        (Some(url), _) => Media::at_url(MediaKind::Image, &text(url, &format!("{path}.image_url"))?),
        (None, Some(id)) => stored(MediaKind::Image, id),
        (None, None) => return Err(wrong(&format!("{path}.image_url"), "a text")),
    };
    Ok(Media { detail: object.string("detail"), ..media })
}

fn file(object: &Object<'_>, path: &str) -> Result<Media, Error> {
    let mut media = if let Some(id) = object.string("file_id") {
        stored(MediaKind::Document, id)
    } else if let Some(url) = object.string("file_url") {
        Media::at_url(MediaKind::Document, &url)
    } else {
        let data = object.string("file_data").ok_or_else(|| wrong(&format!("{path}.file_data"), "a text"))?;
        match Media::at_url(MediaKind::Document, &data) {
            // Base64 alone.
            Media { source: Source::Url(data), .. } if !data.contains("://") => {
                Media::new(MediaKind::Document, None, Source::Base64(data))
            }
            media => media,
        }
    };
    if let Some(mime) = &media.mime {
        media.kind = MediaKind::of_mime(mime);
    }
    media.name = object.string("filename");
    Ok(media)
}
