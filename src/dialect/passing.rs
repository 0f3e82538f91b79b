//! Passthrough: client and provider speak the same format. Bytes pass, edited where routing needs it, and what they say
//! of usage, errors and the end is read on their way.
//!
//! Messages are Anthropic's, everything else is OpenAI's; this is the only place that asks which.

mod answer;
mod learnt;
mod said;

pub use answer::Answer;
pub use learnt::{Learnt, Passed, StreamError};
pub(in crate::dialect) use said::Said;

use super::anthropic::passing as anthropic;
use super::verbs::redact;
use super::{Edits, Encoded, Failure, ResponseHead, Unable, openai};
use crate::config::{Dialect, Provider};
use crate::error::Error;
use crate::http::Headers;
use crate::operation::Operation;
use crate::route::{Ask, Target};

/// How a stream begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Beginning {
    /// Nothing came yet but bookkeeping.
    Undecided,
    /// The answer has begun.
    Content,
    /// An error is all there is.
    Failed(Box<Failure>),
}

/// What has to change in the client's request; `head` is its own, as the client sent it.
pub fn encode(ask: &Ask, target: &Target, head: &Headers) -> Edits {
    match ask.operation.is_anthropics() {
        true => anthropic::encode(ask, target, head),
        false => openai::encode(ask, target),
    }
}

/// Why a provider must not be asked where even a harmless loss is a refusal: what it would not know of the request's
/// headers, and of its body if it passes.
pub fn refuses(ask: &Ask, provider: &Provider, head: &Headers) -> Option<Error> {
    let known = ask.operation.is_anthropics().then(|| anthropic::Known::of(ask, provider.preset.dialect, head))?;
    known.dropped.fields().first().map(|field| Unable { field: field.clone() }.error())
}

/// A request was written anew for a provider of this dialect: what the client says in headers goes there, or is lost.
pub fn carry_headers(ask: &Ask, dialect: Dialect, head: &Headers, encoded: &mut Encoded) {
    if ask.operation.is_anthropics() {
        anthropic::carry_headers(ask, dialect, head, encoded);
    }
}

/// Classes an error response. `secret` is taken out of its words, should a provider repeat it.
pub fn failure(operation: Operation, head: &ResponseHead, body: &[u8], secret: Option<&str>) -> Failure {
    match operation.is_anthropics() {
        true => redacted(super::anthropic::failure(head, body), secret),
        false => openai::failure(head, body, secret),
    }
}

/// The failure that stands where an answer should be; `None` when the body is not whole, or has an answer too.
pub fn refusal(operation: Operation, body: &[u8], secret: Option<&str>) -> Option<Failure> {
    match operation.is_anthropics() {
        true => anthropic::refusal(body).map(|failure| redacted(failure, secret)),
        false => openai::refusal(body).map(|error| openai::stream_failure(&error, secret)),
    }
}

fn redacted(mut failure: Failure, secret: Option<&str>) -> Failure {
    redact(&mut failure.error, secret);
    failure
}

/// Reads one stream as it passes.
#[derive(Debug)]
pub enum Stream {
    /// Of an operation of OpenAI's API.
    OpenAi(Operation, Box<openai::Stream>),
    /// Of Messages.
    Anthropic(Box<anthropic::Stream>),
}

impl Stream {
    /// A stream of an operation. `hides_usage`: the gateway asked for usage, the client did not.
    pub fn new(operation: Operation, hides_usage: bool) -> Stream {
        match operation.is_anthropics() {
            true => Stream::Anthropic(Box::default()),
            false => Stream::OpenAi(operation, Box::new(openai::Stream::new(operation, hides_usage))),
        }
    }

    /// Reads the next piece; `end` says that it is the last.
    pub fn feed(&mut self, chunk: &[u8], end: bool) -> Passed {
        match self {
            Stream::OpenAi(_, stream) => stream.feed(chunk, end),
            Stream::Anthropic(stream) => {
                stream.feed(chunk, end);
                Passed::Unchanged
            }
        }
    }

    /// What was learnt so far.
    pub fn learnt(&self) -> &Learnt {
        match self {
            Stream::OpenAi(_, stream) => stream.learnt(),
            Stream::Anthropic(stream) => stream.learnt(),
        }
    }

    /// How it begins, as far as it has come.
    pub fn beginning(&self, secret: Option<&str>) -> Beginning {
        match self {
            Stream::OpenAi(_, stream) => match stream.first() {
                openai::First::Undecided => Beginning::Undecided,
                openai::First::Content => Beginning::Content,
                openai::First::Error(error) => Beginning::Failed(Box::new(openai::stream_failure(error, secret))),
            },
            Stream::Anthropic(stream) => match stream.beginning() {
                Beginning::Failed(failure) => Beginning::Failed(Box::new(redacted(*failure.clone(), secret))),
                told => told.clone(),
            },
        }
    }

    /// The bytes to add at its end; none when it ended well, or with an error of its own.
    pub fn closing(&self) -> Vec<u8> {
        match self {
            Stream::OpenAi(operation, stream) => openai::closing_event(*operation, stream.learnt()),
            Stream::Anthropic(stream) => stream.closing(),
        }
    }
}
