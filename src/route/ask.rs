//! What a request asks for, read from its body as it arrives: model, stream, routing options, and where they stand so
//! that they can be edited.

mod needs;
mod paths;

use super::deep::Deep;
use super::hash::Hash;
use super::options::Options;
use crate::dialect::Client;
use crate::dialect::heard::Voice;
use crate::error::{Error, printable};
use crate::operation::Operation;
use crate::stream::json::{self, Capture, Kind, Member, Object, Reader};
use crate::stream::multipart;
use paths::{
    CACHE_KEY, INCLUDE_USAGE, MODEL, MODELS, OPENINGS, OPTION, PATHS, PINS, PROVIDER, PROVIDER_OPTIONS, ROUTE,
    SESSION_ID, STORE, STRANGE, STREAM, STREAM_OPTIONS, USER_ID,
};
use std::ops::Range;

/// The fields of a form, in the order of `FORM_MODEL` and `FORM_STREAM`.
static FIELDS: [multipart::Field; 2] =
    [multipart::Field { name: "model", cap: 512 }, multipart::Field { name: "stream", cap: 16 }];
const FORM_MODEL: usize = 0;
const FORM_STREAM: usize = 1;

/// Reads a body as it arrives.
#[derive(Debug)]
pub struct AskReader {
    client: Client,
    operation: Operation,
    named: Option<Named>,
    body: BodyReader,
    deep: Deep,
    length: usize,
}

#[derive(Debug)]
enum BodyReader {
    Json(Box<Reader>),
    Multipart(Box<multipart::Reader>),
}

/// What the head of a request says, where others say it in the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The model.
    pub model: String,
    /// Whether a stream is asked for.
    pub stream: bool,
}

/// What a request asks for.
#[derive(Debug)]
pub struct Ask {
    /// Whose format it is in.
    pub client: Client,
    /// The operation.
    pub operation: Operation,
    /// Its path below `/v1`, with the query where the client sent one.
    pub path: String,
    /// The model as the client named it.
    pub model: String,
    /// Whether a stream is asked for.
    pub stream: bool,
    /// Whether the client wants the usage chunk of a stream.
    pub include_usage: bool,
    /// The routing options.
    pub options: Options,
    /// Hash of what makes the conversation recognisable.
    pub conversation: u64,
    /// The field that names state kept at one account.
    pub pinned: Option<&'static str>,
    /// `store: true`: the provider keeps the answer.
    pub store: bool,
    /// Where the things stand that an attempt may have to edit.
    pub body: Body,
    /// Length of the body in bytes.
    pub length: usize,
}

/// Where the things stand that an attempt may have to edit.
#[derive(Debug)]
pub enum Body {
    /// A JSON object.
    Json {
        /// The object itself.
        object: Object,
        /// Every value of `model`, quotes included.
        models: Vec<Range<usize>>,
        /// The value of `stream_options`, if any.
        stream_options: Option<Capture>,
        /// Every value of `include_usage` in it.
        include_usage: Vec<Range<usize>>,
        /// Members meant for the gateway alone.
        ours: Vec<Member>,
    },
    /// A multipart form.
    Multipart {
        /// Every value of the field `model`.
        models: Vec<Range<usize>>,
    },
}

impl Ask {
    /// How the client is heard and spoken to.
    pub fn voice(&self) -> Voice {
        Voice { client: self.client, operation: self.operation, model: self.model.clone(), stream: self.stream }
    }

    /// Whether the answer is to say what the gateway did: always to the AI SDK, else to those who sent options.
    pub fn wants_metadata(&self) -> bool {
        matches!(self.client, Client::AiSdk(_)) || self.options.are_given
    }

    /// Whether a second try after silence cannot do harm: not for images and audio, nor where the provider stores.
    pub fn is_repeatable(&self) -> bool {
        self.operation.is_repeatable() && !self.store
    }
}

impl AskReader {
    /// A reader for an operation of a client; the content type tells forms from JSON.
    pub fn new(client: Client, operation: Operation, content_type: &[u8]) -> Result<AskReader, Error> {
        let body = match multipart::boundary(content_type) {
            Some(boundary) => BodyReader::Multipart(Box::new(multipart::Reader::new(&boundary, &FIELDS))),
            None if content_type.to_ascii_lowercase().starts_with(b"multipart/") => {
                return Err(Error::bad_body("The multipart body has no usable boundary in its content type."));
            }
            None => BodyReader::Json(Box::new(Reader::new(&PATHS))),
        };
        Ok(AskReader { client, operation, named: None, body, deep: Deep::default(), length: 0 })
    }

    /// The model and the wish for a stream stand in the head.
    pub fn named(&mut self, named: Named) {
        self.named = Some(named);
    }

    /// No model says what it supports: nothing need be known of the messages' parts.
    pub fn overlook_parts(&mut self) {
        self.deep.overlook_parts();
    }

    /// Reads the next bytes.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), Error> {
        self.length = self.length.saturating_add(chunk.len());
        match &mut self.body {
            BodyReader::Json(reader) => {
                self.deep.feed(self.operation, chunk);
                reader.feed(chunk).map_err(not_json)
            }
            BodyReader::Multipart(reader) => reader.feed(chunk).map_err(not_multipart),
        }
    }

    /// How many bytes have been read.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The body is whole: what does it ask for? `session` is what the client calls its conversation.
    pub fn finish(self, path: String, session: Option<&[u8]>) -> Result<Ask, Error> {
        let AskReader { client, operation, named, body, deep, length } = self;
        if length == 0 {
            return Err(Error::bad_body("The request has no body."));
        }
        match body {
            BodyReader::Json(reader) => {
                let mut ask = json_ask((client, operation), path, length, *reader, session, named)?;
                ask.pinned = ask.pinned.or(deep.pin());
                deep.parts().for_each(|(ability, field)| ask.options.needs.add(ability, field));
                Ok(ask)
            }
            BodyReader::Multipart(reader) => multipart_ask((client, operation), path, length, *reader, session),
        }
    }
}

fn json_ask(
    (client, operation): (Client, Operation),
    path: String,
    length: usize,
    mut reader: Reader,
    session: Option<&[u8]>,
    named: Option<Named>,
) -> Result<Ask, Error> {
    reader.finish().map_err(not_json)?;
    let object = reader.object().ok_or_else(|| Error::bad_body("The body must be a JSON object."))?;
    let values = |path: usize| reader.members(path).iter().map(|member| member.value.clone()).collect();
    let Named { model, stream } = match named {
        Some(named) => Named { model: checked_model(named.model)?, ..named },
        None => Named { model: model(reader.get(MODEL))?, stream: flag(&reader, STREAM, "stream")?.unwrap_or(false) },
    };
    Ok(Ask {
        client,
        operation,
        path,
        model,
        stream,
        include_usage: raw(&reader, INCLUDE_USAGE) == Some(b"true"),
        options: options(&reader, operation)?,
        conversation: conversation(&reader, session),
        pinned: pinned(&reader),
        store: raw(&reader, STORE) == Some(b"true"),
        body: Body::Json {
            object,
            models: values(MODEL),
            stream_options: reader.get(STREAM_OPTIONS).cloned(),
            include_usage: values(INCLUDE_USAGE),
            ours: ours(&reader, operation),
        },
        length,
    })
}

fn multipart_ask(
    (client, operation): (Client, Operation),
    path: String,
    length: usize,
    mut reader: multipart::Reader,
    session: Option<&[u8]>,
) -> Result<Ask, Error> {
    reader.finish().map_err(not_multipart)?;
    let model = reader.get(FORM_MODEL).ok_or_else(no_model)?;
    let model = std::str::from_utf8(&model.bytes).map_err(|_| Error::bad_body("`model` is not UTF-8.").at("model"))?;
    let conversation = Hash::default().with(session.unwrap_or_default()).finish();
    Ok(Ask {
        client,
        operation,
        path,
        model: checked_model(model.to_owned())?,
        stream: reader.get(FORM_STREAM).is_some_and(|value| value.bytes.eq_ignore_ascii_case(b"true")),
        include_usage: false,
        options: Options::default(),
        conversation,
        pinned: None,
        store: false,
        body: Body::Multipart { models: reader.all(FORM_MODEL).iter().map(|value| value.range.clone()).collect() },
        length,
    })
}

fn not_json(error: json::Error) -> Error {
    Error::bad_body(format!("The body is not JSON: {error}."))
}

fn not_multipart(error: multipart::Error) -> Error {
    Error::bad_body(format!("The body cannot be read: {error}."))
}

fn no_model() -> Error {
    Error::bad_body("The request names no model: the field `model` is missing.").at("model")
}

fn model(capture: Option<&Capture>) -> Result<String, Error> {
    let capture = capture.ok_or_else(no_model)?;
    if capture.kind != Kind::String {
        return Err(Error::bad_body("`model` must be a string.").at("model"));
    }
    checked_model(capture.text().ok_or_else(|| Error::bad_body("`model` is too long.").at("model"))?)
}

fn checked_model(model: String) -> Result<String, Error> {
    const CAP: usize = 256;
    if model.is_empty() {
        return Err(no_model());
    }
    if model.len() > CAP || model.chars().any(char::is_control) {
        let message =
            format!("`{}` is no model name: at most {CAP} characters, no control characters.", printable(&model));
        return Err(Error::bad_body(message).at("model"));
    }
    Ok(model)
}

fn raw(reader: &Reader, path: usize) -> Option<&[u8]> {
    reader.get(path).and_then(|capture| capture.raw.as_deref())
}

/// A flag that must be true, false or null where it is there.
fn flag(reader: &Reader, path: usize, name: &str) -> Result<Option<bool>, Error> {
    match reader.get(path).map(|capture| (capture.kind, capture.raw.as_deref())) {
        None | Some((Kind::Null, _)) => Ok(None),
        Some((Kind::Bool, raw)) => Ok(Some(raw == Some(b"true"))),
        Some(_) => Err(Error::bad_body(format!("`{name}` must be true or false.")).at(name)),
    }
}

fn options(reader: &Reader, operation: Operation) -> Result<Options, Error> {
    let mut options = Options { needs: needs::read(reader, operation), ..Options::default() };
    if let Some(raw) = option(reader, PROVIDER_OPTIONS, "providerOptions")? {
        options.read_provider_options(raw, operation)?;
    }
    if operation == Operation::ChatCompletions {
        if let Some(raw) = option(reader, MODELS, "models")? {
            options.read_models(raw)?;
        }
        if let Some(raw) = option(reader, ROUTE, "route")? {
            Options::read_route(raw)?;
        }
        if let Some(raw) = option(reader, PROVIDER, "provider")? {
            options.read_provider(raw)?;
        }
    }
    let mut said = strange(reader, operation).filter(|(_, kind)| *kind != Kind::Null);
    match said.find_map(|(path, _)| PATHS.get(path)?.keys.first()) {
        Some(name) => Err(Error::unsupported_option(name, format!("The option `{name}` is not honoured here."))),
        None => Ok(options),
    }
}

fn option<'a>(reader: &'a Reader, path: usize, name: &str) -> Result<Option<&'a [u8]>, Error> {
    match reader.get(path) {
        None => Ok(None),
        Some(capture) if capture.kind == Kind::Null => Ok(None),
        Some(capture) => match &capture.raw {
            Some(raw) => Ok(Some(raw)),
            None => Err(Error::unsupported_option(name, format!("`{name}` is longer than {OPTION} bytes."))),
        },
    }
}

/// The strange options that are there; an object of such a name is a provider's own field (`caching` at some).
fn strange(reader: &Reader, operation: Operation) -> impl Iterator<Item = (usize, Kind)> {
    let here = STRANGE.iter().filter(move |(of, _)| *of == operation);
    here.filter_map(|(_, path)| Some((*path, reader.get(*path)?.kind))).filter(|(_, kind)| *kind != Kind::Object)
}

fn ours(reader: &Reader, operation: Operation) -> Vec<Member> {
    let top_level = operation == Operation::ChatCompletions;
    let paths = if top_level { &[MODELS, PROVIDER, ROUTE, PROVIDER_OPTIONS][..] } else { &[PROVIDER_OPTIONS] };
    let strange = strange(reader, operation).map(|(path, _)| path);
    paths.iter().copied().chain(strange).flat_map(|path| reader.members(path)).cloned().collect()
}

/// The first field that is there and not null, nor `background: false`.
fn pinned(reader: &Reader) -> Option<&'static str> {
    let names = |path: &usize| match reader.get(*path).map(|capture| capture.kind) {
        None | Some(Kind::Null) => false,
        Some(Kind::Bool) => raw(reader, *path) == Some(b"true"),
        Some(_) => true,
    };
    PINS.into_iter().find(names).and_then(|path| PATHS.get(path)?.keys.first().copied())
}

/// The first that is there of: the client's own word, `session_id`, `prompt_cache_key`, `metadata.user_id`, the opening.
fn conversation(reader: &Reader, session: Option<&[u8]>) -> u64 {
    let said = |path: &usize| raw(reader, *path).filter(|raw| *raw != b"null" && *raw != b"\"\"");
    let named = session.or_else(|| [SESSION_ID, CACHE_KEY, USER_ID].iter().find_map(said));
    let hash = match named {
        Some(name) => Hash::default().with(name),
        None => OPENINGS.filter_map(|path| raw(reader, path)).fold(Hash::default(), Hash::with),
    };
    hash.finish()
}

#[cfg(test)]
mod tests;
