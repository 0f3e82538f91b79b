//! A stream of Gemini's: bytes in, events out. A whole answer is a stream of one chunk.

use super::array::Objects;
use super::candidate::Growing;
use super::error::told;
use super::finish;
use super::logprobs::logprobs;
use super::usage::Counts;
use crate::chat::json::{Json, Object};
use crate::chat::{Event, Ext, Finish, Ids, Owner, Raw, Reason};
use crate::dialect::decode::Decode;
use crate::dialect::{cut, too_large};
use crate::error::Error;
use crate::stream::sse::Splitter;

/// The largest chunk: an image comes as one.
const MOST_HELD: usize = 8 << 20;
/// Most candidates.
const MOST_CHOICES: usize = 64;

/// Reads one stream. Bytes may come in any chunking; what is held is one chunk at most.
#[derive(Debug)]
pub struct Decoder {
    form: Form,
    state: State,
}

/// How chunks are told apart.
#[derive(Debug)]
enum Form {
    /// Nothing has come yet.
    Unknown,
    /// With `alt=sse`.
    Events(Splitter),
    /// Without, and bare errors (rule 46).
    Json(Objects),
}

impl Decoder {
    /// A reader for one exchange.
    pub fn new(ids: &Ids) -> Decoder {
        Decoder { form: Form::Unknown, state: State::new(ids) }
    }
}

impl Decode for Decoder {
    fn feed(&mut self, mut bytes: &[u8], out: &mut Vec<Event>) {
        if matches!(self.form, Form::Unknown) {
            bytes = bytes.trim_ascii_start();
            self.form = match bytes.first() {
                None => return,
                Some(b'[' | b'{') => Form::Json(Objects::with_cap(MOST_HELD)),
                Some(_) => Form::Events(Splitter::with_cap(MOST_HELD)),
            };
        }
        while !self.state.is_over {
            let chunk = match &mut self.form {
                Form::Unknown => return,
                Form::Events(splitter) => splitter.next(&mut bytes).map(|event| event.map(|event| event.data).ok()),
                Form::Json(objects) => objects.next(&mut bytes).map(Result::ok),
            };
            match chunk {
                Some(Some(data)) => self.state.chunk(data, out),
                Some(None) => self.state.fail(too_large(), out),
                None => return,
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<Event>) {
        if self.state.is_over {
            return;
        }
        if let Form::Events(splitter) = &mut self.form
            && let Some(event) = splitter.finish()
        {
            self.state.chunk(event.data, out);
        }
        if !self.state.is_over {
            self.state.end(out);
        }
    }
}

#[derive(Debug)]
pub(super) struct State {
    ids: Ids,
    has_started: bool,
    /// `End` or `Error` was given.
    pub is_over: bool,
    counts: Counts,
    pub choices: Vec<Growing>,
    told: Vec<&'static str>,
}

impl State {
    pub fn new(ids: &Ids) -> State {
        let (counts, choices, told) = (Counts::default(), Vec::new(), Vec::new());
        State { ids: ids.clone(), has_started: false, is_over: false, counts, choices, told }
    }

    /// One `GenerateContentResponse`. What is not one is skipped.
    pub fn chunk(&mut self, data: &[u8], out: &mut Vec<Event>) {
        let Some(chunk) = Object::parse(data) else { return };
        if let Some(error) = chunk.object("error") {
            return self.fail(told(&error, None, None).error, out);
        }
        for (place, candidate) in chunk.items("candidates").enumerate() {
            let Some(candidate) = candidate.object() else { continue };
            let index = candidate.count("index").or(u64::try_from(place).ok());
            let index = index.and_then(|index| u32::try_from(index).ok()).unwrap_or(u32::MAX);
            self.start(&chunk, out);
            self.candidate(&candidate, index, out);
            if self.is_over {
                return;
            }
        }
        if let Some(feedback) = chunk.object("promptFeedback") {
            self.feedback(&chunk, &feedback, out);
        }
        if let Some(metadata) = chunk.object("usageMetadata")
            && self.counts.read(&metadata)
        {
            self.start(&chunk, out);
            out.push(Event::Usage(self.counts.usage()));
        }
    }

    fn start(&mut self, chunk: &Object<'_>, out: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.has_started, true) {
            let text = |name| chunk.string(name).unwrap_or_default();
            out.push(Event::Start { id: text("responseId"), model: text("modelVersion") });
        }
    }

    fn candidate(&mut self, candidate: &Object<'_>, index: u32, out: &mut Vec<Event>) {
        let known = self.choices.iter().position(|choice| choice.index == index);
        if known.is_none() {
            if self.choices.len() >= MOST_CHOICES {
                return self.fail(too_large(), out);
            }
            self.choices.push(Growing::new(index));
        }
        let place = known.unwrap_or(self.choices.len().saturating_sub(1));
        let Some(choice) = self.choices.get_mut(place).filter(|choice| !choice.is_finished) else { return };
        if choice.add(candidate, &self.ids, out).is_err() {
            return self.fail(too_large(), out);
        }
        if let Some(raw) = candidate.object("logprobsResult").and_then(|result| logprobs(&result)) {
            out.push(Event::Logprobs { choice: index, raw });
        }
        let Some(word) = candidate.get("finishReason").and_then(finish::word) else { return };
        choice.finish(&word, candidate.raw("finishMessage"), out);
        let grounding = choice.take_grounding();
        // Before the finish, behind which clients see nothing.
        let last = out.pop();
        self.native("groundingMetadata", grounding, out);
        self.native("urlContextMetadata", candidate.raw("urlContextMetadata"), out);
        if finish::reason(&word, false) == Reason::Filter {
            self.native("safetyRatings", candidate.raw("safetyRatings"), out);
        }
        out.extend(last);
    }

    /// What is told on beside the answer, once.
    fn native(&mut self, key: &'static str, value: Option<Raw>, out: &mut Vec<Event>) {
        let Some(value) = value.filter(|raw| !matches!(raw.get(), "{}" | "[]")) else { return };
        if !self.told.contains(&key) {
            self.told.push(key);
            let (owner, key) = (Owner::Google, key.to_owned());
            out.push(Event::Native(Ext { owner, key, value, required: false }));
        }
    }

    /// A prompt that was blocked has no candidates: an answer without content.
    fn feedback(&mut self, chunk: &Object<'_>, feedback: &Object<'_>, out: &mut Vec<Event>) {
        let reason = feedback.get("blockReason");
        let word = reason.map(|json| json.string().unwrap_or_else(|| json.get().to_owned()));
        let word = word.filter(|word| !word.is_empty() && word != "0" && !word.ends_with("UNSPECIFIED"));
        let Some(word) = word.filter(|_| self.choices.is_empty()) else { return };
        self.start(chunk, out);
        self.native("promptFeedback", chunk.raw("promptFeedback"), out);
        let mut choice = Growing::new(0);
        choice.is_finished = true;
        self.choices.push(choice);
        let finish = Finish { detail: feedback.raw("blockReasonMessage"), ..Finish::new(Reason::Filter, word) };
        out.push(Event::Finish { choice: 0, finish });
    }

    fn fail(&mut self, error: Error, out: &mut Vec<Event>) {
        self.is_over = true;
        out.push(Event::Error(error));
    }

    /// The body's end: well only when every candidate said why it ended (rule 3).
    fn end(&mut self, out: &mut Vec<Event>) {
        if self.choices.is_empty() || self.choices.iter().any(|choice| !choice.is_finished) {
            return self.fail(cut(), out);
        }
        self.is_over = true;
        out.push(Event::End);
    }
}

/// The first object of a body, which may be a list of one.
pub(super) fn first_object<'a>(body: &'a [u8]) -> Option<Object<'a>> {
    let json: Json<'a> = Json::parse(body.trim_ascii())?;
    json.object().or_else(|| json.items()?.next()?.object())
}
