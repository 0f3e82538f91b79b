//! Parts of a message's `content`, which requests, answers and histories share.

use crate::chat::json::{Json, Object};
use crate::chat::{
    Body, Cache, Ext, Format, Link, Media, MediaKind, Native, Owner, Part, Seal, SealKind, Source, data_url,
};

/// What a list of parts says. Reasoning inside of it counts only where the message has none in a better place.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub parts: Vec<Part>,
    pub reasoning: Vec<Part>,
}

/// Reads `content`: a text or a list of parts; `None` when it is neither.
pub(super) fn read(json: Json<'_>) -> Option<Content> {
    let mut content = Content::default();
    if let Some(text) = json.string() {
        if !text.is_empty() {
            content.parts.push(Part::text(text));
        }
        return Some(content);
    }
    for item in json.items()? {
        let part = part(item);
        match part.body {
            Body::Reasoning { .. } => content.reasoning.push(part),
            _ => content.parts.push(part),
        }
    }
    Some(content)
}

/// The members that are not in the list, for the dialect itself.
pub(super) fn rest(object: &Object<'_>, known: &[&str]) -> Vec<Ext> {
    Ext::rest(object, Owner::OpenAi, known)
}

/// Reads one part of an answer; `None` for what is not known there.
pub(super) fn read_part(json: Json<'_>) -> Option<Part> {
    Some(part(json)).filter(|part| !matches!(part.body, Body::Native(_)))
}

/// Reads one part. What is not known is a block of this dialect alone.
fn part(json: Json<'_>) -> Part {
    let Some(object) = json.object() else {
        return json.string().map_or_else(|| unknown(json), Part::text);
    };
    let kind = object.text("type").unwrap_or_default();
    let read = match &*kind {
        "text" | "input_text" | "output_text" => object.string("text").map(Part::text),
        "refusal" => object.string("refusal").map(|text| Part::new(Body::Refusal(text))),
        "thinking" | "redacted_thinking" => thinking(&object),
        "image_url" => url_of(&object, "image_url").map(|(url, inner)| {
            let detail = inner.and_then(|inner| inner.string("detail"));
            media(Media { detail, ..Media::at_url(MediaKind::Image, &url) })
        }),
        "video_url" => url_of(&object, "video_url").map(|(url, _)| media(Media::at_url(MediaKind::Video, &url))),
        "input_audio" => object.object("input_audio").and_then(|audio| sound(&audio)),
        "file" => object.object("file").and_then(|file| document(&file, &object)),
        _ => None,
    };
    let Some(mut part) = read else { return unknown(json) };
    part.cache = Cache::of(&object);
    part.ext =
        rest(&object, &[&kind, "type", "cache_control", "text", "data", "signature", "title", "context", "citations"]);
    part
}

fn unknown(json: Json<'_>) -> Part {
    Part::new(Body::Native(Native { format: Format::openai_chat(), block: json.raw(), link: Link::Alone }))
}

fn media(media: Media) -> Part {
    Part::new(Body::Media(Box::new(media)))
}

/// Anthropic's blocks, and Mistral's, whose text is a list and has no signature.
pub(super) fn thinking(object: &Object<'_>) -> Option<Part> {
    let seal = |kind, data| Seal::new(Format::Anthropic, kind, data).arrived();
    if let Some(data) = object.string("data") {
        let body = Body::Reasoning { text: String::new(), summary: false };
        return Some(Part::new(body).sealed(Some(seal(SealKind::Redacted, data))));
    }
    let thinking = object.get("thinking")?;
    let text = thinking.string().or_else(|| {
        let texts = thinking.items()?.filter_map(|item| item.object()?.string("text"));
        Some(texts.collect())
    })?;
    let signature = object.string("signature").filter(|signature| !signature.is_empty());
    let body = Body::Reasoning { text, summary: false };
    Some(Part::new(body).sealed(signature.map(|data| seal(SealKind::Signature, data))))
}

/// `{"image_url":{"url":...}}`, or the URL alone.
fn url_of<'a>(object: &Object<'a>, name: &str) -> Option<(String, Option<Object<'a>>)> {
    if let Some(url) = object.string(name) {
        return Some((url, None));
    }
    let inner = object.object(name)?;
    Some((inner.string("url")?, Some(inner)))
}

pub(in crate::dialect::openai) fn sound(audio: &Object<'_>) -> Option<Part> {
    let data = audio.string("data")?;
    let mime = audio.text("format").map(|format| match &*format {
        "mp3" => "audio/mpeg".to_owned(),
        other => format!("audio/{other}"),
    });
    Some(media(Media::new(MediaKind::Audio, mime, Source::Base64(data))))
}

/// A file by its bytes, its id, or (OpenRouter) its URL. Vercel says `data` and `media_type`. Title, context and citations
/// stand beside it or inside.
fn document(file: &Object<'_>, beside: &Object<'_>) -> Option<Part> {
    let mut read = if let Some(id) = file.string("file_id") {
        Media::new(MediaKind::Document, None, Source::FileId { owner: Owner::OpenAi, id })
    } else {
        let data = file.string("file_data").or_else(|| file.string("data"))?;
        match data_url(&data) {
            None if !data.contains("://") => {
                Media::new(MediaKind::Document, file.string("media_type"), Source::Base64(data))
            }
            _ => Media::at_url(MediaKind::Document, &data),
        }
    };
    if let Some(mime) = &read.mime {
        read.kind = MediaKind::of_mime(mime);
    }
    read.name = file.string("filename");
    let extra = |name| beside.string(name).or_else(|| file.string(name));
    (read.title, read.context) = (extra("title"), extra("context"));
    let citations = beside.object("citations").or_else(|| file.object("citations"));
    read.citations = citations.and_then(|citations| citations.flag("enabled")).unwrap_or(false);
    Some(media(read))
}
