//! A stream: bytes in, events out (docs/dialects.md, section 4, line 50).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::response::{citation, unknown};
use super::{error, logprobs, reason, usage};
use crate::chat::json::{Json, Object};
use crate::chat::{Body, Citation, Event, Finish, Ids, Kind};
use crate::dialect::decode::{Events, Reader};
use crate::dialect::{cut, too_large};
use crate::stream::lenient::Fields;

/// Most calls of one answer.
const MOST_CALLS: usize = 1024;
/// Most citations that wait for a text.
const MOST_WAITING: usize = 1024;

/// Reads one stream. Bytes may come in any chunking; what is held is one event at most, and citations of nothing said.
pub type Decoder = Events<State>;

/// What was read so far.
#[derive(Debug)]
pub struct State {
    ids: Ids,
    has_started: bool,
    /// `End` or `Error` was given.
    is_over: bool,
    next: u32,
    /// The text or reasoning that is open.
    open: Option<(u32, Kind)>,
    calls: Vec<Call>,
    /// Citations of a plan or of thoughts, which have no place in a text.
    waiting: Vec<Citation>,
}

#[derive(Debug)]
struct Call {
    part: u32,
    index: u64,
    is_open: bool,
}

/// One event. Members are read when they are there, whatever type they have.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wire<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    index: Option<&'a RawValue>,
    #[serde(borrow)]
    delta: Fields<Delta<'a>>,
    #[serde(borrow)]
    logprobs: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Delta<'a> {
    #[serde(borrow)]
    message: Fields<Message<'a>>,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_plan: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow)]
    citations: Option<&'a RawValue>,
}

/// What a piece of content holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Content<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    thinking: Option<&'a RawValue>,
}

const REASONING: Kind = Kind::Reasoning { summary: false, format: None };

fn text_of(raw: Option<&RawValue>) -> Option<String> {
    Json::of(raw?).string().filter(|text| !text.is_empty())
}

fn content_of<'a>(message: &Message<'a>) -> Content<'a> {
    let content = message.content.filter(|raw| raw.get().starts_with('{'));
    content.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

impl Reader for State {
    fn new(ids: &Ids) -> State {
        State {
            ids: ids.clone(),
            has_started: false,
            is_over: false,
            next: 0,
            open: None,
            calls: Vec::new(),
            waiting: Vec::new(),
        }
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn event(&mut self, name: &[u8], data: &[u8], out: &mut Vec<Event>) {
        // `[DONE]`, and what nobody can read.
        let Some(wire) = serde_json::from_slice::<Fields<Wire<'_>>>(data).ok().and_then(|wire| wire.0) else {
            return;
        };
        let kind = wire.kind.and_then(|raw| Json::of(raw).text());
        let delta = wire.delta.0.unwrap_or_default();
        let message = delta.message.0.as_ref();
        let index = wire.index.and_then(|raw| Json::of(raw).count());
        match kind.as_deref() {
            Some("message-start") => self.start(text_of(wire.id), out),
            Some("content-start") => {
                self.shut(out);
                if let Some(message) = message {
                    self.content_start(message, out);
                }
            }
            Some("content-delta") => {
                if let Some(message) = message {
                    self.content(&content_of(message), out);
                }
            }
            Some("tool-plan-delta") => {
                if let Some(plan) = message.and_then(|message| text_of(message.tool_plan)) {
                    self.text(REASONING, plan, out);
                }
            }
            Some("tool-call-start") => self.call(index, message, out),
            Some("tool-call-delta") => self.args(index, message, out),
            Some("tool-call-end") => self.call_end(index, out),
            Some("citation-start") => {
                if let Some(raw) = message.and_then(|message| message.citations) {
                    self.cite(citation(Json::of(raw)), out);
                }
            }
            Some("message-end") => return self.end(&delta, data, out),
            Some("error") => return self.failed(data, out),
            None if name == b"error" || says_error(data) => return self.failed(data, out),
            _ => {}
        }
        if let Some(raw) = wire.logprobs.filter(|raw| raw.get().starts_with(['{', '['])) {
            let json = Json::of(raw);
            let read = match json.items() {
                Some(pieces) => logprobs::read(pieces),
                None => logprobs::read(std::iter::once(json)),
            };
            out.extend(read.map(|raw| Event::Logprobs { choice: 0, raw }));
        }
    }

    /// Too early: the message had not ended (rule 3).
    fn finish(&mut self, out: &mut Vec<Event>) {
        self.fail(cut(), out);
    }

    fn fail(&mut self, error: crate::error::Error, out: &mut Vec<Event>) {
        self.is_over = true;
        out.push(Event::Error(error));
    }
}

impl State {
    fn start(&mut self, id: Option<String>, out: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.has_started, true) {
            out.push(Event::Start { id: id.unwrap_or_default(), model: String::new() });
        }
    }

    fn number(&mut self, out: &mut Vec<Event>) -> u32 {
        self.start(None, out);
        let now = self.next;
        self.next = now.saturating_add(1);
        now
    }

    /// Closes the text that is open.
    fn shut(&mut self, out: &mut Vec<Event>) {
        if let Some((part, _)) = self.open.take() {
            out.push(Event::Close { choice: 0, part });
        }
    }

    /// The open part of a kind, opened when it is another that is.
    fn part(&mut self, kind: Kind, out: &mut Vec<Event>) -> u32 {
        if let Some((part, open)) = &self.open
            && *open == kind
        {
            return *part;
        }
        self.shut(out);
        let part = self.number(out);
        out.push(Event::Open { choice: 0, part, kind: kind.clone() });
        if kind == Kind::Text {
            let waiting = std::mem::take(&mut self.waiting);
            out.extend(waiting.into_iter().map(|citation| Event::Cite { choice: 0, part, citation }));
        }
        self.open = Some((part, kind));
        part
    }

    fn text(&mut self, kind: Kind, piece: String, out: &mut Vec<Event>) {
        let part = self.part(kind, out);
        out.push(Event::Text { choice: 0, part, piece });
    }

    fn content_start(&mut self, message: &Message<'_>, out: &mut Vec<Event>) {
        let content = content_of(message);
        let kind = content.kind.and_then(|raw| Json::of(raw).text());
        match (kind.as_deref(), message.content) {
            (Some("text" | "thinking") | None, _) | (_, None) => self.content(&content, out),
            (Some(_), Some(raw)) => {
                let part = self.number(out);
                out.push(Event::Whole { choice: 0, part, body: Body::Native(unknown(Json::of(raw))) });
            }
        }
    }

    fn content(&mut self, content: &Content<'_>, out: &mut Vec<Event>) {
        if let Some(piece) = text_of(content.thinking) {
            self.text(REASONING, piece, out);
        }
        if let Some(piece) = text_of(content.text) {
            self.text(Kind::Text, piece, out);
        }
    }

    /// A citation comes after the text that it belongs to, which stays open until something else begins.
    fn cite(&mut self, citation: Citation, out: &mut Vec<Event>) {
        match &self.open {
            Some((part, Kind::Text)) => out.push(Event::Cite { choice: 0, part: *part, citation }),
            _ if self.waiting.len() < MOST_WAITING => self.waiting.push(citation),
            _ => self.fail(too_large(), out),
        }
    }

    fn call(&mut self, index: Option<u64>, message: Option<&Message<'_>>, out: &mut Vec<Event>) {
        let Some(call) = message.and_then(|message| message.tool_calls).and_then(|raw| Json::of(raw).object()) else {
            return;
        };
        if self.calls.len() >= MOST_CALLS {
            return self.fail(too_large(), out);
        }
        self.shut(out);
        let part = self.number(out);
        let function = call.object("function").unwrap_or_default();
        let id = call.string("id").filter(|id| !id.is_empty()).unwrap_or_else(|| self.ids.call(0, part));
        let name = function.string("name").unwrap_or_default();
        let kind = Kind::Call { id, item_id: None, name, custom: false, caller: None, seal: None };
        out.push(Event::Open { choice: 0, part, kind });
        let index = index.unwrap_or(self.calls.len() as u64);
        self.calls.push(Call { part, index, is_open: true });
        if let Some(piece) = function.string("arguments").filter(|piece| !piece.is_empty()) {
            out.push(Event::Args { choice: 0, part, piece });
        }
    }

    /// The call of an index; the last one where an event has none.
    fn known(&mut self, index: Option<u64>) -> Option<&mut Call> {
        self.calls.iter_mut().rfind(|call| index.is_none_or(|index| call.index == index)).filter(|call| call.is_open)
    }

    fn args(&mut self, index: Option<u64>, message: Option<&Message<'_>>, out: &mut Vec<Event>) {
        let call = message.and_then(|message| message.tool_calls).and_then(|raw| Json::of(raw).object());
        let piece = call.and_then(|call| call.object("function")?.string("arguments"));
        if let (Some(piece), Some(call)) = (piece.filter(|piece| !piece.is_empty()), self.known(index)) {
            out.push(Event::Args { choice: 0, part: call.part, piece });
        }
    }

    fn call_end(&mut self, index: Option<u64>, out: &mut Vec<Event>) {
        if let Some(call) = self.known(index) {
            call.is_open = false;
            out.push(Event::Close { choice: 0, part: call.part });
        }
    }

    /// Why it ends, with the usage: nothing that counts comes after it.
    fn end(&mut self, delta: &Delta<'_>, data: &[u8], out: &mut Vec<Event>) {
        let word = delta.finish_reason.and_then(|raw| Json::of(raw).string()).unwrap_or_default();
        if matches!(&*word, "ERROR" | "TIMEOUT") {
            let delta = Object::parse(data).and_then(|event| event.object("delta")).unwrap_or_default();
            return self.fail(error::inside(&word, &delta).error, out);
        }
        self.start(None, out);
        if !self.waiting.is_empty() {
            self.part(Kind::Text, out);
        }
        self.shut(out);
        let has_calls = !self.calls.is_empty();
        for call in self.calls.drain(..).filter(|call| call.is_open) {
            out.push(Event::Close { choice: 0, part: call.part });
        }
        out.extend(delta.usage.and_then(|raw| usage::read(Json::of(raw))).map(Event::Usage));
        out.push(Event::Finish { choice: 0, finish: Finish::new(reason(&word, has_calls), word) });
        out.push(Event::End);
        self.is_over = true;
    }

    fn failed(&mut self, data: &[u8], out: &mut Vec<Event>) {
        let object = Object::parse(data).unwrap_or_default();
        self.fail(error::inside("", &object).error, out);
    }
}

/// An error where an event should be: `{"message":...}`, as in a response's body.
fn says_error(data: &[u8]) -> bool {
    let object = Object::parse(data).unwrap_or_default();
    object.get("error").is_some() || object.text("message").is_some()
}
