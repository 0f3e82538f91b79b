//! A stream of an OpenAI-compatible provider: bytes in, events out.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::{reason, usage};
use super::choice::{Delta, Growing};
use super::response::{NATIVE, native};
use crate::chat::json::{Json, Object};
use crate::chat::{Event, Ext, Finish, Ids};
use crate::dialect::decode::{Events, Reader};
use crate::dialect::openai::{StreamError, stream_failure};
use crate::dialect::{cut, too_large};

/// Most choices of one stream; `n` is at most 128 at OpenAI.
const MOST_CHOICES: usize = 128;

/// Reads one stream. Bytes may come in any chunking; what is held is one event at most.
pub type Decoder = Events<State>;

/// What was read so far.
#[derive(Debug)]
pub struct State {
    ids: Ids,
    has_started: bool,
    /// `End` or `Error` was given.
    is_over: bool,
    id: String,
    model: String,
    tier: Option<String>,
    choices: Vec<Growing>,
    told: Vec<&'static str>,
    /// What was told before the start: Azure's first chunk has neither id nor model.
    early: Vec<Ext>,
}

/// A chunk. Members are read when they are needed, whatever type they have.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Chunk<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    service_tier: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    x_groq: Option<&'a RawValue>,
    #[serde(borrow)]
    citations: Option<&'a RawValue>,
    #[serde(borrow)]
    search_results: Option<&'a RawValue>,
    #[serde(borrow)]
    prompt_filter_results: Option<&'a RawValue>,
    #[serde(borrow)]
    moderation: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice<'a> {
    #[serde(borrow)]
    index: Option<&'a RawValue>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
    #[serde(borrow)]
    logprobs: Option<&'a RawValue>,
}

impl Reader for State {
    fn new(ids: &Ids) -> State {
        State {
            ids: ids.clone(),
            has_started: false,
            is_over: false,
            id: String::new(),
            model: String::new(),
            tier: None,
            choices: Vec::new(),
            told: Vec::new(),
            early: Vec::new(),
        }
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn event(&mut self, name: &[u8], data: &[u8], out: &mut Vec<Event>) {
        if data == b"[DONE]" {
            return self.finish(out);
        }
        // Of several members with one name serde takes none: then all of them are read, slowly.
        let Ok(chunk) = serde_json::from_slice::<Chunk<'_>>(data) else {
            if let Some(error) = StreamError::read(name, data) {
                self.fail(stream_failure(&error, None).error, out);
            }
            return;
        };
        let groq = chunk.x_groq.and_then(|raw| Json::of(raw).object()).unwrap_or_default();
        let says_error = chunk.object.is_some_and(|object| object.get() == r#""error""#);
        if (chunk.error.is_some() || groq.get("error").is_some() || says_error || name == b"error")
            && let Some(error) = StreamError::read(name, data)
        {
            return self.fail(stream_failure(&error, None).error, out);
        }
        keep_first(&mut self.id, chunk.id);
        keep_first(&mut self.model, chunk.model);
        if let Some(tier) = chunk.service_tier.and_then(|raw| Json::of(raw).string()) {
            self.tier = Some(tier);
        }
        let places = [chunk.citations, chunk.search_results, chunk.prompt_filter_results, chunk.moderation];
        if places.iter().any(Option::is_some) {
            self.natives(data, out);
        }
        let choices = chunk.choices.and_then(|raw| serde_json::from_str::<Vec<Choice<'_>>>(raw.get()).ok());
        for choice in choices.iter().flatten() {
            self.choice(choice, out);
        }
        let usage = chunk.usage.and_then(|raw| usage::read(Json::of(raw)));
        if let Some(mut usage) = usage.or_else(|| usage::read(groq.get("usage")?)) {
            self.start(out);
            usage.tier.clone_from(&self.tier);
            out.push(Event::Usage(usage));
        }
    }

    /// `[DONE]`, or the body's end: well only when every choice said why it ended (rule 3).
    fn finish(&mut self, out: &mut Vec<Event>) {
        if self.choices.is_empty() || self.choices.iter().any(|choice| !choice.is_finished) {
            return self.fail(cut(), out);
        }
        self.is_over = true;
        out.push(Event::End);
    }

    fn fail(&mut self, error: crate::error::Error, out: &mut Vec<Event>) {
        self.is_over = true;
        out.push(Event::Error(error));
    }
}

impl State {
    /// What is told on beside the choices: once, although Perplexity repeats it in every chunk.
    fn natives(&mut self, data: &[u8], out: &mut Vec<Event>) {
        let Some(object) = Object::parse(data) else { return };
        for name in NATIVE {
            if self.told.contains(&name) {
                continue;
            }
            if let Some(ext) = native(&object, name) {
                self.told.push(name);
                if self.has_started { out.push(Event::Native(ext)) } else { self.early.push(ext) }
            }
        }
    }

    fn choice(&mut self, wire: &Choice<'_>, out: &mut Vec<Event>) {
        let index = wire.index.and_then(|raw| Json::of(raw).count()).and_then(|index| u32::try_from(index).ok());
        let index = index.unwrap_or(0);
        self.start(out);
        let known = self.choices.iter().position(|choice| choice.index == index);
        if known.is_none() && self.choices.len() >= MOST_CHOICES {
            return self.fail(too_large(), out);
        }
        let place = known.unwrap_or(self.choices.len());
        if known.is_none() {
            self.choices.push(Growing::new(index));
        }
        let Some(choice) = self.choices.get_mut(place).filter(|choice| !choice.is_finished) else { return };
        if let Some(delta) = wire.delta.and_then(|raw| serde_json::from_str::<Delta<'_>>(raw.get()).ok())
            && choice.delta(&delta, &self.ids, out).is_err()
        {
            return self.fail(too_large(), out);
        }
        if let Some(logprobs) = wire.logprobs {
            out.push(Event::Logprobs { choice: index, raw: logprobs.into() });
        }
        let word = wire.finish_reason.and_then(|raw| Json::of(raw).string()).filter(|word| !word.is_empty());
        if let Some(word) = word {
            let has_calls = choice.close(&self.ids, out);
            let finish = Finish::new(reason::read(&word, has_calls), word);
            out.push(Event::Finish { choice: index, finish });
        }
    }

    fn start(&mut self, out: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.has_started, true) {
            out.push(Event::Start { id: self.id.clone(), model: self.model.clone() });
            out.extend(std::mem::take(&mut self.early).into_iter().map(Event::Native));
        }
    }
}

/// Azure's first chunk has an empty id and model.
fn keep_first(kept: &mut String, raw: Option<&RawValue>) {
    if kept.is_empty()
        && let Some(text) = raw.and_then(|raw| Json::of(raw).string())
    {
        *kept = text;
    }
}
