//! One attempt at a provider that speaks another dialect than its client: the answer on its way back.

use super::openai::{self, Learnt, StreamError, chat};
use super::spoken::{self, Decoder};
use super::{Encoded, Facts, Failure, ResponseHead, Unable, embeddings, redact};
use crate::chat::{Event, Ids, Kind, Request};
use crate::config::{Dialect, Model, Provider};
use crate::error::{Class, Error};
use crate::operation::Operation;
use std::borrow::Cow;
use std::cell::OnceCell;

/// What the beginning of a translated stream says.
#[derive(Clone, Debug, PartialEq)]
pub enum Beginning {
    /// Nothing came yet but bookkeeping.
    Undecided,
    /// The answer has begun.
    Content,
    /// There is no answer but this error.
    Error(Error),
}

/// What a client wants of a provider of another dialect.
#[derive(Debug)]
pub enum Wanted {
    /// A turn of a conversation.
    Chat(Box<Request>),
    /// Vectors.
    Embeddings(embeddings::Request),
}

impl Wanted {
    /// Reads a request of an operation that `translates`.
    pub fn read(operation: Operation, body: &[u8]) -> Result<Wanted, Error> {
        Ok(match operation {
            Operation::Embeddings => Wanted::Embeddings(openai::embeddings::decode_request(body)?),
            _ => Wanted::Chat(Box::new(chat::decode_request(body)?)),
        })
    }

    fn can_be_asked(&self, dialect: Dialect, facts: &Facts<'_>) -> Result<(), Unable> {
        match self {
            Wanted::Chat(request) => spoken::can_express(dialect, request, facts),
            Wanted::Embeddings(request) => spoken::can_embed(dialect, request, facts),
        }
    }

    fn encode(&self, dialect: Dialect, facts: &Facts<'_>) -> Encoded {
        match self {
            Wanted::Chat(request) => spoken::encode_request(dialect, request, facts),
            Wanted::Embeddings(request) => spoken::encode_embeddings(dialect, request, facts),
        }
    }

    /// Lets go of what only the provider needed.
    fn forget_input(&mut self) {
        match self {
            Wanted::Chat(request) => request.messages = Vec::new(),
            Wanted::Embeddings(request) => request.input = embeddings::Input::default(),
        }
    }
}

/// A translation under way.
#[derive(Debug)]
pub struct Translation {
    dialect: Dialect,
    /// What the client wants to see; without what it said.
    wanted: Wanted,
    ids: Ids,
    stream: Option<(Decoder, chat::Encoder)>,
    beginning: Beginning,
    learnt: Learnt,
    broken: Option<Class>,
    events: Vec<Event>,
    out: Vec<u8>,
}

impl Translation {
    /// Translates a request, and gets ready for its answer.
    pub fn begin(dialect: Dialect, mut wanted: Wanted, facts: &Facts<'_>, ids: Ids) -> (Encoded, Translation) {
        let encoded = wanted.encode(dialect, facts);
        wanted.forget_input();
        let translation = Translation {
            dialect,
            wanted,
            ids,
            stream: None,
            beginning: Beginning::Undecided,
            learnt: Learnt::default(),
            broken: None,
            events: Vec::new(),
            out: Vec::new(),
        };
        (encoded, translation)
    }

    /// The answer is a stream: `read` takes its bytes. There are none of embeddings, whose stream stays empty.
    pub fn open_stream(&mut self) {
        if let Wanted::Chat(request) = &self.wanted {
            self.stream = Some((Decoder::new(self.dialect, &self.ids), chat::Encoder::new(request, &self.ids)));
        }
    }

    /// Reads the next bytes of a stream.
    pub fn read(&mut self, bytes: &[u8], end: bool) {
        let Some((decoder, encoder)) = &mut self.stream else { return };
        decoder.feed(bytes, &mut self.events);
        if end {
            decoder.finish(&mut self.events);
        }
        encoder.feed(&self.events, &mut self.out);
        for event in self.events.drain(..) {
            learn(&mut self.learnt, &mut self.broken, &event);
            if self.beginning == Beginning::Undecided {
                self.beginning = beginning(event);
            }
        }
    }

    /// What the client gets for what has been read since.
    pub fn written(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// How the stream begins.
    pub fn beginning(&self) -> &Beginning {
        &self.beginning
    }

    /// A whole answer that is no stream, in the client's dialect.
    pub fn answer(&mut self, body: &[u8], secret: Option<&str>) -> Result<Vec<u8>, Box<Failure>> {
        let unreadable = |failure: Box<Failure>| Box::new(redacted(*failure, secret));
        let (answer, model, usage) = match &self.wanted {
            Wanted::Chat(request) => {
                let response = spoken::decode_response(self.dialect, body, &self.ids).map_err(unreadable)?;
                (chat::encode_response(&response, request, &self.ids), response.model, response.usage)
            }
            Wanted::Embeddings(request) => {
                let response = spoken::decode_embeddings(self.dialect, body).map_err(unreadable)?;
                (openai::embeddings::encode_response(&response, request, &self.ids), response.model, response.usage)
            }
        };
        self.learnt.usage = usage.unwrap_or_default();
        self.learnt.model = Some(model).filter(|model| !model.is_empty());
        self.learnt.ended = true;
        Ok(answer)
    }

    /// An answer that is an error.
    pub fn failure(&self, head: &ResponseHead, body: &[u8], secret: Option<&str>) -> Failure {
        redacted(spoken::failure(self.dialect, head, body), secret)
    }

    /// What it has said so far.
    pub fn learnt(&self) -> &Learnt {
        &self.learnt
    }

    /// Why it is not whole, once it has come to its end.
    pub fn fault(&self) -> Option<Class> {
        self.broken.or((!self.learnt.ended).then_some(Class::Cut))
    }
}

/// A stream's first event is an error: a failure like any other.
pub fn stream_failure(error: &Error, secret: Option<&str>) -> Failure {
    redacted(Failure { word: Cow::Borrowed("error"), wait: error.retry_after, error: error.clone() }, secret)
}

fn redacted(mut failure: Failure, secret: Option<&str>) -> Failure {
    redact(&mut failure.error, secret);
    failure
}

fn learn(learnt: &mut Learnt, broken: &mut Option<Class>, event: &Event) {
    match event {
        Event::Start { model, .. } if !model.is_empty() => learnt.model = Some(model.clone()),
        Event::Usage(usage) => learnt.usage.merge(usage),
        Event::Error(error) => {
            *broken = Some(error.class);
            learnt.error = Some(StreamError { message: error.message.clone(), ..StreamError::default() });
        }
        Event::End => learnt.ended = true,
        _ => {}
    }
}

fn beginning(event: Event) -> Beginning {
    match event {
        // A call's beginning says which; that of a text says nothing yet.
        Event::Open { kind: Kind::Call { .. }, .. } => Beginning::Content,
        Event::Start { .. } | Event::Usage(_) | Event::Native(_) | Event::Open { .. } | Event::Close { .. } => {
            Beginning::Undecided
        }
        Event::Error(error) => Beginning::Error(error),
        _ => Beginning::Content,
    }
}

/// Whether requests for an operation can be translated for a dialect.
pub fn translates(dialect: Dialect, operation: Operation) -> bool {
    match operation {
        Operation::ChatCompletions => true,
        Operation::Embeddings => spoken::embeds(dialect),
        _ => false,
    }
}

/// A request that providers of other dialects may get; it is read only if there are any.
pub struct Foreign<F> {
    operation: Operation,
    body: F,
    is_strict: bool,
    wanted: OnceCell<Result<Wanted, Error>>,
}

impl<F: Fn() -> Vec<u8>> Foreign<F> {
    /// `is_strict`: even a harmless loss is a refusal.
    pub fn new(operation: Operation, body: F, is_strict: bool) -> Foreign<F> {
        Foreign { operation, body, is_strict, wanted: OnceCell::new() }
    }

    /// Why a provider cannot be asked this; `None` when it can.
    pub fn refusal(&self, provider: &Provider, model: &Model, sent: &str) -> Option<Error> {
        let wanted = match self.wanted.get_or_init(|| Wanted::read(self.operation, &(self.body)())) {
            Ok(wanted) => wanted,
            Err(error) => return Some(error.clone()),
        };
        let (dialect, facts) = (provider.preset.dialect, Facts::of(provider, model, sent));
        if let Err(unable) = wanted.can_be_asked(dialect, &facts) {
            return Some(unable.error());
        }
        let encoded = self.is_strict.then(|| wanted.encode(dialect, &facts))?;
        encoded.dropped.fields().first().map(|field| Unable { field: field.clone() }.error())
    }
}
