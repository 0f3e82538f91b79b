//! A stream: bytes in, events out (docs/dialects.md, section 4, lines 24 and 25). A finish waits for `message_stop`,
//! because `message_delta` may come again; nothing else waits but what only Anthropic understands.

mod open;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::open::{Delta, Open};
use super::blocks::Ending;
use super::error;
use super::response::{NATIVE, native};
use super::usage::Reported;
use crate::chat::json::{Json, Object};
use crate::chat::{Event, Ids, Kind};
use crate::dialect::decode::{Events, Reader};
use crate::dialect::{cut, too_large};
use crate::error::Error;

/// Most blocks that are open at once; Anthropic opens one.
const MOST_OPEN: usize = 256;
/// Most bytes that wait for the end of their block.
const MOST_HELD: usize = 1 << 20;

/// Reads one stream. Bytes may come in any chunking; what is held is one event, and one block that is carried whole.
pub type Decoder = Events<State>;

/// What was read so far.
#[derive(Debug)]
pub struct State {
    ids: Ids,
    phase: Phase,
    reported: Reported,
    ending: Ending,
    open: Vec<Open>,
    parts: u32,
    told: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing was said.
    New,
    Begun,
    /// `message_stop` was seen: from here on only usage counts (rule 6).
    Stopped,
    /// `End` or `Error` was given.
    Over,
}

/// An event. Members are read when they are needed, whatever type they have.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wire<'a> {
    #[serde(borrow)]
    r#type: Option<&'a RawValue>,
    #[serde(borrow)]
    index: Option<&'a RawValue>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    content_block: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    context_management: Option<&'a RawValue>,
}

impl Wire<'_> {
    fn index(&self) -> u64 {
        self.index.and_then(|raw| Json::of(raw).count()).unwrap_or(0)
    }
}

impl Reader for State {
    fn new(ids: &Ids) -> State {
        State {
            ids: ids.clone(),
            phase: Phase::New,
            reported: Reported::default(),
            ending: Ending::default(),
            open: Vec::new(),
            parts: 0,
            told: Vec::new(),
        }
    }

    fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    fn event(&mut self, name: &[u8], data: &[u8], out: &mut Vec<Event>) {
        let wire: Wire<'_> = serde_json::from_slice(data).unwrap_or_default();
        let kind = wire.r#type.and_then(|raw| Json::of(raw).text()).unwrap_or_default();
        if self.phase == Phase::Stopped {
            return self.usage(wire.usage, out);
        }
        match &*kind {
            "content_block_delta" => self.delta(&wire, out),
            "content_block_start" => self.begin(wire.index(), wire.content_block, out),
            "content_block_stop" => self.end(wire.index(), out),
            "message_start" => self.message(wire.message, out),
            "message_delta" => {
                self.start(None, out);
                if let Some(delta) = wire.delta.and_then(|raw| Json::of(raw).object()) {
                    self.ending.add(&delta);
                    self.natives(&delta, out);
                }
                if wire.context_management.is_some()
                    && let Some(object) = Object::parse(data)
                {
                    self.natives(&object, out);
                }
                self.usage(wire.usage, out);
            }
            "message_stop" => self.stop(out),
            "error" => self.fail(error::inside(&Object::parse(data).unwrap_or_default()).error, out),
            // Google's shape, on Vertex, or an error that is none of the dialect's.
            "" if wire.error.is_some() || name == b"error" => {
                self.fail(error::inside(&Object::parse(data).unwrap_or_default()).error, out);
            }
            _ => {}
        }
    }

    /// Well only after `message_stop` (rules 2 and 3).
    fn finish(&mut self, out: &mut Vec<Event>) {
        if self.phase != Phase::Stopped {
            return self.fail(cut(), out);
        }
        self.phase = Phase::Over;
        out.push(Event::End);
    }

    fn fail(&mut self, error: Error, out: &mut Vec<Event>) {
        if self.phase != Phase::Over {
            self.phase = Phase::Over;
            out.push(Event::Error(error));
        }
    }
}

impl State {
    fn start(&mut self, message: Option<&Object<'_>>, out: &mut Vec<Event>) {
        if self.phase == Phase::New {
            self.phase = Phase::Begun;
            let text = |name| message.and_then(|message| message.string(name)).unwrap_or_default();
            out.push(Event::Start { id: text("id"), model: text("model") });
        }
    }

    /// The first event; said again, it changes nothing (rule 5).
    fn message(&mut self, message: Option<&RawValue>, out: &mut Vec<Event>) {
        let object = message.and_then(|raw| Json::of(raw).object());
        if self.phase != Phase::New {
            return;
        }
        self.start(object.as_ref(), out);
        let Some(object) = object else { return };
        self.natives(&object, out);
        // Calls that a built-in tool makes later stand here already.
        for (block, index) in object.items("content").zip((0..u64::MAX).rev()) {
            self.begin_with(index, block, out);
            self.end(index, out);
        }
        if let Some(usage) = object.get("usage") {
            self.reported.add(usage);
            out.extend(self.reported.usage().map(Event::Usage));
        }
    }

    fn natives(&mut self, object: &Object<'_>, out: &mut Vec<Event>) {
        for name in NATIVE {
            if !self.told.contains(&name)
                && let Some(ext) = native(object, name)
            {
                self.told.push(name);
                out.push(Event::Native(ext));
            }
        }
    }

    fn usage(&mut self, usage: Option<&RawValue>, out: &mut Vec<Event>) {
        if let Some(usage) = usage {
            self.reported.add(Json::of(usage));
            out.extend(self.reported.usage().map(Event::Usage));
        }
    }

    fn begin(&mut self, index: u64, block: Option<&RawValue>, out: &mut Vec<Event>) {
        if let Some(block) = block {
            self.begin_with(index, Json::of(block), out);
        }
    }

    fn begin_with(&mut self, index: u64, block: Json<'_>, out: &mut Vec<Event>) {
        self.start(None, out);
        self.end(index, out);
        if self.open.len() >= MOST_OPEN {
            return self.fail(too_large(), out);
        }
        let part = self.number();
        let Some(open) = Open::new(index, part, block, &self.ids, out) else { return };
        self.ending.has_calls |= open.is_call();
        self.open.push(open);
        self.check(out);
    }

    fn delta(&mut self, wire: &Wire<'_>, out: &mut Vec<Event>) {
        let Some(raw) = wire.delta else { return };
        let Ok(delta) = serde_json::from_str::<Delta<'_>>(raw.get()) else { return };
        let index = wire.index();
        if !self.open.iter().any(|open| open.index == index) {
            // Servers that speak the dialect badly leave out the start.
            let Some(kind) = delta.kind() else { return };
            self.start(None, out);
            let part = self.number();
            self.open.push(Open::implied(index, part, kind, out));
        }
        if let Some(open) = self.open.iter_mut().find(|open| open.index == index) {
            open.delta(&delta, raw, out);
        }
        self.check(out);
    }

    /// What waits must not be too much.
    fn check(&mut self, out: &mut Vec<Event>) {
        if self.open.iter().map(|open| open.held).sum::<usize>() > MOST_HELD || self.open.len() > MOST_OPEN {
            self.fail(too_large(), out);
        }
    }

    fn end(&mut self, index: u64, out: &mut Vec<Event>) {
        if let Some(place) = self.open.iter().position(|open| open.index == index) {
            self.open.remove(place).close(out);
        }
    }

    fn number(&mut self) -> u32 {
        let part = self.parts;
        self.parts = part.saturating_add(1);
        part
    }

    fn stop(&mut self, out: &mut Vec<Event>) {
        self.start(None, out);
        for open in std::mem::take(&mut self.open) {
            open.close(out);
        }
        if let Some(piece) = self.ending.explanation() {
            let part = self.number();
            out.push(Event::Open { choice: 0, part, kind: Kind::Refusal });
            out.push(Event::Text { choice: 0, part, piece });
            out.push(Event::Close { choice: 0, part });
        }
        out.push(Event::Finish { choice: 0, finish: std::mem::take(&mut self.ending).finish() });
        self.phase = Phase::Stopped;
    }
}
