//! Files in all forms that the three specs have for them, and files of answers.

use crate::chat::json::{Json, Object, ObjectWriter};
use crate::chat::{Media, MediaKind, Owner, Source};
use crate::dialect::Spec;

/// What the data of a file is; `None` when it is none of the forms.
fn source(data: Json<'_>) -> Option<(Option<String>, Source)> {
    if let Some(text) = data.string() {
        return Some(of_text(text));
    }
    let object = data.object()?;
    match &*object.text("type")? {
        "data" => object.string("data").map(of_text),
        "url" => object.string("url").map(of_text),
        "text" => Some((Some("text/plain".to_owned()), Source::Text(object.string("text")?))),
        "reference" => reference(&object.object("reference")?).map(|source| (None, source)),
        _ => None,
    }
}

/// A data URL, another URL, or base64.
fn of_text(text: String) -> (Option<String>, Source) {
    if let Some((mime, data)) = crate::chat::data_url(&text) {
        return (mime, Source::Base64(data));
    }
    // Base64 has no colon.
    if text.contains("://") { (None, Source::Url(text)) } else { (None, Source::Base64(text)) }
}

/// Ids of one file at several providers; the first that is known counts.
fn reference(ids: &Object<'_>) -> Option<Source> {
    let known = ids.iter().find_map(|(name, id)| Some((owner(name)?, id.string()?)))?;
    Some(Source::FileId { owner: known.0, id: known.1 })
}

/// Whose files those are.
fn owner(name: &str) -> Option<Owner> {
    match name {
        "openai" | "azure" => Some(Owner::Responses),
        _ => Owner::of_options(name),
    }
}

/// A file of a prompt, with what its provider options say of it.
pub(super) fn read(part: &Object<'_>, options: &Object<'_>) -> Option<Media> {
    let (found, source) = source(part.get("data")?)?;
    Some(dressed(part, options, found, source))
}

/// What a tool's result holds: `media` of spec 2, `file-data`, `image-url` and the like of 3, `file` of 4.
pub(super) fn read_result(item: &Object<'_>) -> Option<Media> {
    let options = item.object("providerOptions").unwrap_or_default();
    let is_image = item.text("type")?.starts_with("image");
    let (found, source) = if let Some(data) = item.get("data") {
        self::source(data)?
    } else if let Some(url) = item.string("url") {
        of_text(url)
    } else {
        let id = item.get("fileId")?;
        let source = match id.string() {
            Some(id) => Source::FileId { owner: Owner::Responses, id },
            None => reference(&id.object()?)?,
        };
        (None, source)
    };
    let mut media = dressed(item, &options, found, source);
    if is_image {
        media.kind = MediaKind::Image;
    }
    Some(media)
}

/// The type that the client gives wins; it may be `image/*`, or `image` alone.
fn dressed(part: &Object<'_>, options: &Object<'_>, found: Option<String>, source: Source) -> Media {
    let given = part.string("mediaType").map(|mime| mime.to_ascii_lowercase());
    let kind = given.as_deref().or(found.as_deref()).map_or(MediaKind::Document, MediaKind::of_mime);
    let is_whole = |mime: &String| mime.contains('/') && !mime.ends_with('*');
    let mut media = Media::new(kind, given.filter(is_whole).or(found), source);
    media.name = part.string("filename");
    let of = |name: &str| options.object(name).unwrap_or_default();
    let (anthropic, bedrock, openai) = (of("anthropic"), of("bedrock"), of("openai"));
    media.title = anthropic.string("title");
    media.context = anthropic.string("context");
    let wants = |options: &Object<'_>| options.object("citations").and_then(|wish| wish.flag("enabled")) == Some(true);
    media.citations = wants(&anthropic) || wants(&bedrock);
    media.detail = openai.string("imageDetail");
    media
}

/// A file of an answer; `None` where the spec has no place for it.
pub(super) fn write(media: &Media, spec: Spec, o: &mut ObjectWriter<'_>) {
    let usual = match media.kind {
        MediaKind::Image => "image/png",
        MediaKind::Audio => "audio/mpeg",
        MediaKind::Video => "video/mp4",
        MediaKind::Document => "application/octet-stream",
    };
    o.set("mediaType", media.mime.as_deref().unwrap_or(usual));
    match (&media.source, spec) {
        (Source::Base64(data), Spec::V4) => o.object("data", |o| {
            o.set("type", "data");
            o.set("data", data);
        }),
        (Source::Url(url), Spec::V4) => o.object("data", |o| {
            o.set("type", "url");
            o.set("url", url);
        }),
        (Source::Base64(data), _) => o.set("data", data),
        _ => {}
    }
}

/// Whether an answer can hold it: before spec 4 there is base64 only.
pub(super) fn fits(media: &Media, spec: Spec) -> bool {
    match media.source {
        Source::Base64(_) => true,
        Source::Url(_) => spec == Spec::V4,
        Source::Text(_) | Source::FileId { .. } => false,
    }
}
