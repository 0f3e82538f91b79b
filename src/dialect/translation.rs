//! One attempt at a provider that speaks another dialect than its client: the answer on its way back.

use super::openai::{Learnt, StreamError, chat};
use super::spoken::{self, Decoder};
use super::{Encoded, Facts, Failure, ResponseHead, Unable, redact};
use crate::chat::{Event, Ids, Request};
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

/// A translation under way.
#[derive(Debug)]
pub struct Translation {
    dialect: Dialect,
    /// What the client wants to see; without its messages.
    request: Request,
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
    pub fn begin(dialect: Dialect, mut request: Request, facts: &Facts<'_>, ids: Ids) -> (Encoded, Translation) {
        let encoded = spoken::encode_request(dialect, &request, facts);
        request.messages = Vec::new();
        let translation = Translation {
            dialect,
            request,
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

    /// The answer is a stream: `read` takes its bytes.
    pub fn open_stream(&mut self) {
        self.stream = Some((Decoder::new(self.dialect, &self.ids), chat::Encoder::new(&self.request, &self.ids)));
    }

    /// Reads the next bytes of a stream.
    pub fn read(&mut self, bytes: &[u8], end: bool) {
        let Some((decoder, encoder)) = &mut self.stream else { return };
        decoder.feed(bytes, end, &mut self.events);
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
    pub fn answer(&mut self, body: &[u8], secret: Option<&str>) -> Result<Vec<u8>, Failure> {
        let decoded = spoken::decode_response(self.dialect, body, &self.ids);
        let response = decoded.map_err(|failure| redacted(*failure, secret))?;
        self.learnt.usage = response.usage.clone().unwrap_or_default();
        self.learnt.model = Some(response.model.clone()).filter(|model| !model.is_empty());
        self.learnt.ended = true;
        Ok(chat::encode_response(&response, &self.request, &self.ids))
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
        Event::Start { .. } | Event::Usage(_) | Event::Native(_) => Beginning::Undecided,
        Event::Error(error) => Beginning::Error(error),
        _ => Beginning::Content,
    }
}

/// Whether requests for an operation can be translated for a dialect.
pub fn translates(dialect: Dialect, operation: Operation) -> bool {
    operation == Operation::ChatCompletions && dialect.is_spoken()
}

/// A request that providers of other dialects may get; it is read only if there are any.
pub struct Foreign<F> {
    body: F,
    is_strict: bool,
    request: OnceCell<Result<Request, Error>>,
}

impl<F: Fn() -> Vec<u8>> Foreign<F> {
    /// `is_strict`: even a harmless loss is a refusal.
    pub fn new(body: F, is_strict: bool) -> Foreign<F> {
        Foreign { body, is_strict, request: OnceCell::new() }
    }

    /// Why a provider cannot be asked this; `None` when it can.
    pub fn refusal(&self, provider: &Provider, model: &Model, sent: &str) -> Option<Error> {
        let request = match self.request.get_or_init(|| chat::decode_request(&(self.body)())) {
            Ok(request) => request,
            Err(error) => return Some(error.clone()),
        };
        let (dialect, facts) = (provider.preset.dialect, Facts::of(provider, model, sent));
        if let Err(unable) = spoken::can_express(dialect, request, &facts) {
            return Some(unable.error());
        }
        let encoded = self.is_strict.then(|| spoken::encode_request(dialect, request, &facts))?;
        encoded.dropped.fields().first().map(|field| Unable { field: field.clone() }.error())
    }
}
