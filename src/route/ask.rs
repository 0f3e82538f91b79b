//! What a request asks for, read from its body as it arrives: model, stream, routing options, and where they stand so
//! that they can be edited.

mod extensions;
mod needs;
mod paths;
mod size;
mod state;
mod wishes;

use super::deep::Deep;
use super::hash::Hash;
use super::options::Options;
use crate::config::{Ability, Extension};
use crate::dialect::Client;
use crate::dialect::heard::Voice;
use crate::error::{Error, printable};
use crate::operation::Operation;
use crate::stream::json::{self, Capture, Kind, Member, Object, Reader};
use crate::stream::multipart;
use paths::{INCLUDE_USAGE, MODEL, OWN, PATHS, STORE, STREAM, STREAM_OPTIONS};
use state::{conversation, of_anthropic, pinned};
use std::ops::Range;
use wishes::{options, ours};

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
    /// What it says that OpenAI's own API does not know.
    pub extensions: Vec<Extension>,
    /// Whether seals of other formats travel in it, which a provider must not get as they are.
    pub has_travelling_seals: bool,
    /// Hash of what makes the conversation recognisable.
    pub conversation: u64,
    /// The field that names state kept at one account.
    pub pinned: Option<&'static str>,
    /// `store: true`: the provider keeps the answer.
    pub store: bool,
    /// The tokens of its input, by estimate; of a form none.
    pub input_estimate: u64,
    /// The most tokens of output that it allows each answer.
    pub max_output: Option<u64>,
    /// How many answers it asks for, at least one.
    pub answers: u64,
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
        /// Every `model`.
        models: Vec<Member>,
        /// The value of `stream_options`, if any.
        stream_options: Option<Capture>,
        /// Every value of `include_usage` in it.
        include_usage: Vec<Range<usize>>,
        /// Members meant for the gateway alone.
        ours: Vec<Member>,
        /// Members, by name, that not every provider of the same format knows.
        own: Vec<(&'static str, Member)>,
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

    /// Something deep inside names state kept at one account.
    fn pin(&mut self, field: Option<&'static str>) {
        match self.operation.is_anthropics() {
            true => self.options.bound = self.options.bound.or(field.map(of_anthropic)),
            false => self.pinned = self.pinned.or(field),
        }
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
            None => BodyReader::Json(Box::new(Reader::new(&PATHS).measuring())),
        };
        Ok(AskReader { client, operation, named: None, body, deep: Deep::new(operation), length: 0 })
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
                self.deep.feed(chunk);
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
                let extensions = extensions::read(&reader, &deep, operation);
                let mut ask = json_ask((client, operation), path, length, *reader, session, named)?;
                ask.extensions = extensions;
                ask.has_travelling_seals = deep.has_travelling_seals();
                ask.pin(deep.pin());
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
    let named_members = |path: usize| {
        let name = PATHS.get(path).and_then(|path| path.keys.first().copied()).unwrap_or_default();
        reader.members(path).iter().map(move |member| (name, member.clone()))
    };
    let own = if operation.is_anthropics() { OWN } else { 0..0 };
    let Named { model, stream } = match named {
        Some(named) => Named { model: checked_model(named.model)?, ..named },
        None => Named { model: model(reader.get(MODEL))?, stream: flag(&reader, STREAM, "stream")?.unwrap_or(false) },
    };
    let options = options(&reader, operation)?;
    let has_tools = options.needs.has(Ability::Tools);
    Ok(Ask {
        client,
        operation,
        path,
        model,
        stream,
        include_usage: raw(&reader, INCLUDE_USAGE) == Some(b"true"),
        options,
        extensions: Vec::new(),
        has_travelling_seals: false,
        conversation: conversation(&reader, operation, session),
        pinned: pinned(&reader, operation),
        store: raw(&reader, STORE) == Some(b"true"),
        input_estimate: size::input(&reader, operation, has_tools),
        max_output: size::max_output(&reader, operation),
        answers: size::answers(&reader, operation),
        body: Body::Json {
            object,
            models: reader.members(MODEL).to_vec(),
            stream_options: reader.get(STREAM_OPTIONS).cloned(),
            include_usage: values(INCLUDE_USAGE),
            ours: ours(&reader, operation),
            own: own.flat_map(named_members).collect(),
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
        extensions: Vec::new(),
        has_travelling_seals: false,
        conversation,
        pinned: None,
        store: false,
        input_estimate: 0,
        max_output: None,
        answers: 1,
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

#[cfg(test)]
mod tests;
