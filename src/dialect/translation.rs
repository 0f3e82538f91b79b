//! One attempt at a provider that speaks another dialect than its client: the answer on its way back.

use super::heard::{Encode, Voice};
use super::openai;
use super::passing::{Learnt, StreamError};
use super::spoken::{self, Decode};
use super::verbs::Dropped;
use super::way::{Way, way_of};
use super::{Encoded, Facts, Failure, ResponseHead, Unable, embeddings, redact};
use crate::chat::{Body, Event, Finish, Ids, Kind, Raw, Request, Response};
use crate::config::{Dialect, Model, Provider};
use crate::error::{Class, Error};
use crate::meter::Usage;
use crate::route::Ask;
use std::borrow::Cow;
use std::cell::OnceCell;

/// Gives what the gateway says of itself in an answer of this usage: the JSON of `provider_metadata.gateway`.
pub type Gateway<'a> = &'a dyn Fn(&Usage) -> Option<Raw>;

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
    /// Reads a request of an operation that is translated.
    pub fn read(voice: &Voice, body: &[u8]) -> Result<Wanted, Error> {
        Ok(match voice.operation.is_embedding() {
            true => Wanted::Embeddings(voice.decode_embeddings(body)?),
            false => Wanted::Chat(Box::new(voice.decode_request(body)?)),
        })
    }

    /// The first dialect that can say it, or why the last of them cannot.
    pub fn dialect(&self, dialects: &[Dialect], facts: &Facts<'_>) -> Result<Dialect, Unable> {
        let mut unable = Unable::field("model");
        for dialect in dialects {
            match self.can_be_asked(*dialect, facts) {
                Ok(()) => return Ok(*dialect),
                Err(why) => unable = why,
            }
        }
        Err(unable)
    }

    fn can_be_asked(&self, dialect: Dialect, facts: &Facts<'_>) -> Result<(), Unable> {
        match self {
            Wanted::Chat(request) => spoken::can_express(dialect, request, facts),
            Wanted::Embeddings(request) => spoken::can_embed(dialect, request, facts),
        }
    }

    fn encode(&self, dialect: Dialect, facts: &Facts<'_>) -> Encoded {
        match self {
            // Who insists on it is refused before (`Needs`); who leaves it to the model gets an answer.
            Wanted::Chat(request) if facts.no_reasoning => {
                let plain = Request { reasoning: None, own_reasoning: Vec::new(), ..(**request).clone() };
                let mut encoded = spoken::encode_request(dialect, &plain, facts);
                encoded.dropped.when(request.wants_reasoning(), "reasoning");
                encoded
            }
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
    voice: Voice,
    dialect: Dialect,
    /// What the client wants to see; without what it said.
    wanted: Wanted,
    dropped: Dropped,
    ids: Ids,
    stream: Option<(Box<dyn Decode>, Box<dyn Encode>)>,
    beginning: Beginning,
    learnt: Learnt,
    broken: Option<Class>,
    events: Vec<Event>,
    out: Vec<u8>,
}

impl Translation {
    /// Translates a request, and gets ready for its answer. What is dropped has the client's names.
    pub fn begin(
        voice: Voice,
        dialect: Dialect,
        mut wanted: Wanted,
        facts: &Facts<'_>,
        ids: Ids,
    ) -> (Encoded, Translation) {
        let mut encoded = wanted.encode(dialect, facts);
        let dropped = encoded.dropped.clone();
        encoded.dropped = encoded.dropped.renamed(|field| voice.word(field));
        wanted.forget_input();
        let translation = Translation {
            voice,
            dialect,
            wanted,
            dropped,
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
            let encoder = self.voice.encoder(request, &self.ids, &self.dropped);
            self.stream = Some((spoken::decoder(self.dialect, &self.ids), encoder));
        }
    }

    /// Reads the next bytes of a stream.
    pub fn read(&mut self, bytes: &[u8], end: bool, gateway: Gateway<'_>) {
        let Some((decoder, encoder)) = &mut self.stream else { return };
        decoder.feed(bytes, &mut self.events);
        if end {
            decoder.finish(&mut self.events);
        }
        self.events.iter().for_each(|event| learn(&mut self.learnt, &mut self.broken, event));
        let is_ending = |event: &Event| matches!(event, Event::Finish { .. } | Event::End);
        if self.events.iter().any(is_ending)
            && let Some(words) = gateway(&self.learnt.usage)
        {
            encoder.tell(words);
        }
        encoder.feed(&self.events, &mut self.out);
        for event in self.events.drain(..) {
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
    pub fn answer(&mut self, body: &[u8], secret: Option<&str>, gateway: Gateway<'_>) -> Result<Vec<u8>, Box<Failure>> {
        let unreadable = |failure: Box<Failure>| Box::new(redacted(*failure, secret));
        let Translation { voice, wanted, ids, dropped, .. } = &*self;
        let words = |usage: &Option<Usage>| gateway(usage.as_ref().unwrap_or(&Usage::default()));
        let (mut finish, mut said) = (None, 0);
        let (answer, model, usage) = match wanted {
            Wanted::Chat(request) => {
                let response = spoken::decode_response(self.dialect, body, ids).map_err(unreadable)?;
                said = length(&response);
                finish = response.choices.first().map(|choice| finish_word(&choice.finish));
                let words = words(&response.usage);
                let answer = voice.encode_response(&response, request, ids, dropped, words.as_ref());
                (answer, response.model, response.usage)
            }
            Wanted::Embeddings(request) => {
                let response = spoken::decode_embeddings(self.dialect, body).map_err(unreadable)?;
                let words = words(&response.usage);
                let answer = voice.encode_embeddings(&response, request, ids, dropped, words.as_ref());
                (answer, response.model, response.usage)
            }
        };
        self.learnt.finish = finish;
        self.learnt.said = said;
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
    redacted(
        Failure { word: Cow::Borrowed("error"), wait: error.retry_after, error: error.clone(), said: None },
        secret,
    )
}

fn redacted(mut failure: Failure, secret: Option<&str>) -> Failure {
    redact(&mut failure.error, secret);
    failure
}

/// OpenAI's word: providers have one each, and some of them several for the same.
fn finish_word(finish: &Finish) -> Cow<'static, str> {
    Cow::Borrowed(openai::chat::finish_reason(finish.reason))
}

/// Bytes that an answer says.
fn length(response: &Response) -> u64 {
    let mut learnt = Learnt::default();
    for part in response.choices.iter().flat_map(|choice| &choice.parts) {
        match &part.body {
            Body::Text { text, .. } | Body::Refusal(text) | Body::Reasoning { text, .. } => learnt.say(text),
            Body::Call(call) => {
                learnt.call(&call.name);
                learnt.say(call.args.as_text());
            }
            Body::Media(_) | Body::Result(_) | Body::Native(_) => {}
        }
    }
    learnt.said
}

fn learn(learnt: &mut Learnt, broken: &mut Option<Class>, event: &Event) {
    match event {
        Event::Start { model, .. } if !model.is_empty() => learnt.model = Some(model.clone()),
        Event::Usage(usage) => {
            learnt.usage.merge(usage);
            learnt.said = if usage.output.is_some() { 0 } else { learnt.said };
        }
        Event::Text { piece, .. } | Event::Args { piece, .. } => learnt.say(piece),
        Event::Open { kind: Kind::Call { name, .. }, .. } => learnt.call(name),
        Event::Finish { choice: 0, finish } => learnt.finish = Some(finish_word(finish)),
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

/// A request that providers of other dialects may get; it is read only if there are any.
pub struct Foreign<F> {
    voice: Voice,
    body: F,
    is_strict: bool,
    wanted: OnceCell<Result<Wanted, Error>>,
}

impl<F: Fn() -> Vec<u8>> Foreign<F> {
    /// `is_strict`: even a harmless loss is a refusal.
    pub fn new(voice: Voice, body: F, is_strict: bool) -> Foreign<F> {
        Foreign { voice, body, is_strict, wanted: OnceCell::new() }
    }

    /// Why a provider cannot be asked this; `None` when it can.
    pub fn refusal(&self, ask: &Ask, provider: &Provider, model: &Model, sent: &str) -> Option<Error> {
        let Some(Way::Translate(dialects)) = way_of(ask, provider) else { return None };
        let wanted = match self.wanted.get_or_init(|| Wanted::read(&self.voice, &(self.body)())) {
            Ok(wanted) => wanted,
            Err(error) => return Some(error.clone()),
        };
        let facts = Facts::of(provider, model, sent);
        let dialect = match wanted.dialect(dialects, &facts) {
            Ok(dialect) => dialect,
            Err(unable) => return Some(self.unable(unable.field)),
        };
        let encoded = self.is_strict.then(|| wanted.encode(dialect, &facts))?;
        encoded.dropped.fields().first().map(|field| self.unable(field.clone()))
    }

    fn unable(&self, field: Cow<'static, str>) -> Error {
        Unable { field: self.voice.word(field) }.error()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Client;
    use crate::operation::Operation;

    #[test]
    fn who_cannot_think_is_not_asked_to() {
        let voice = |client, operation| Voice { client, operation, model: "m".to_owned(), stream: false };
        let messages = voice(Client::Anthropic, Operation::Messages);
        let body = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"thinking":{"type":"adaptive"},
            "output_config":{"effort":"high"}}"#;
        let off = body.replace("adaptive", "disabled").replace("high", "none");
        for (body, no_reasoning, asked, told) in
            [(body, false, true, false), (body, true, false, true), (&*off, true, false, false)]
        {
            let wanted = Wanted::read(&messages, body.as_bytes()).unwrap();
            let encoded = wanted.encode(Dialect::Responses, &Facts { no_reasoning, model: "m", ..Facts::default() });
            let sent = String::from_utf8(encoded.body).unwrap();
            let dropped = encoded.dropped.fields().iter().any(|field| field == "reasoning");
            assert_eq!((sent.contains("\"reasoning\""), dropped), (asked, told), "{body} {sent}");
        }
    }
}
