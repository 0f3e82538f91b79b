//! `ConverseStream`: frames in, events out.

mod block;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::model::Model;
use super::response::{NATIVE, native};
use super::{blocks, error, usage};
use crate::chat::json::{Json, Object};
use crate::chat::{Event, Finish, Ids};
use crate::dialect::decode::Decode;
use crate::dialect::{cut, too_large};
use crate::error::Error;
use crate::stream::event_stream::{Frame, Splitter};
use block::{Block, Delta, Place};

/// Most bytes that wait for the end of their block (rule 8).
const MOST_HELD: usize = 1 << 20;
/// Most blocks that are open at a time.
const MOST_OPEN: usize = 64;

/// Reads one stream. Bytes may come in any chunking; what is held is one frame, and what blocks hold back.
#[derive(Debug)]
pub struct Decoder {
    splitter: Splitter,
    state: State,
}

#[derive(Debug)]
struct State {
    place: Place,
    has_started: bool,
    /// `End` or `Error` was given.
    is_over: bool,
    open: Vec<Block>,
    has_calls: bool,
    /// Why it ends: said by `messageStop`, told when `metadata` is there too (rule 48).
    finish: Option<Finish>,
    has_metadata: bool,
}

/// An event of a block. Members are read when they are needed, whatever type they have.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OfBlock<'a> {
    #[serde(borrow)]
    content_block_index: Option<&'a RawValue>,
    #[serde(borrow)]
    start: Option<&'a RawValue>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
}

impl OfBlock<'_> {
    fn index(&self) -> u64 {
        self.content_block_index.and_then(|raw| Json::of(raw).count()).unwrap_or(0)
    }
}

impl Decoder {
    /// A reader for one exchange.
    pub fn new(ids: &Ids) -> Decoder {
        let place = Place { ids: ids.clone(), format: Model::of(&ids.model).seals(), next: 0 };
        let state = State {
            place,
            has_started: false,
            is_over: false,
            open: Vec::new(),
            has_calls: false,
            finish: None,
            has_metadata: false,
        };
        Decoder { splitter: Splitter::default(), state }
    }
}

impl Decode for Decoder {
    fn feed(&mut self, mut bytes: &[u8], out: &mut Vec<Event>) {
        while !self.state.is_over {
            match self.splitter.next(&mut bytes) {
                Some(Ok(frame)) => self.state.frame(&frame, out),
                Some(Err(fault)) => self.state.stop(error::fault(fault), out),
                None => return,
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<Event>) {
        if !self.state.is_over {
            self.state.stop(cut(), out);
        }
    }
}

impl State {
    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<Event>) {
        let is_event = frame.header(":message-type").is_none_or(|kind| kind == "event");
        if !is_event || frame.header(":exception-type").is_some() {
            return self.stop(error::exception(frame), out);
        }
        // After the end only usage counts (rule 6).
        match (frame.header(":event-type").unwrap_or_default(), &self.finish) {
            ("metadata", _) => self.metadata(frame.payload, out),
            ("messageStart", None) => self.start(out),
            ("messageStop", None) => self.message_stop(frame.payload, out),
            (name @ ("contentBlockStart" | "contentBlockDelta" | "contentBlockStop"), None) => {
                let Ok(event) = serde_json::from_slice::<OfBlock<'_>>(frame.payload) else { return };
                self.start(out);
                self.of_block(name, &event, out);
            }
            _ => {}
        }
    }

    fn start(&mut self, out: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.has_started, true) {
            out.push(Event::Start { id: String::new(), model: String::new() });
        }
    }

    fn of_block(&mut self, name: &str, event: &OfBlock<'_>, out: &mut Vec<Event>) {
        let index = event.index();
        let known = self.open.iter().position(|block| block.index == index);
        let known = known.map(|at| self.open.remove(at));
        if name != "contentBlockDelta" {
            if let Some(block) = known {
                block.close(&mut self.place, out);
            }
            let start = event.start.filter(|_| name == "contentBlockStart");
            let begun = start.and_then(|start| Block::start(index, Json::of(start), &mut self.place, out));
            self.has_calls |= begun.as_ref().is_some_and(Block::is_call);
            self.open.extend(begun);
        } else {
            let delta = event.delta.and_then(|raw| serde_json::from_str::<Delta<'_>>(raw.get()).ok());
            let grown = match delta {
                Some(delta) => Block::grow(known, index, &delta, &mut self.place, out),
                None => known,
            };
            self.open.extend(grown);
        }
        let held = self.open.iter().map(|block| block.held).fold(0, usize::saturating_add);
        if held > MOST_HELD || self.open.len() > MOST_OPEN {
            self.fail(too_large(), out);
        }
    }

    fn message_stop(&mut self, payload: &[u8], out: &mut Vec<Event>) {
        self.start(out);
        for block in std::mem::take(&mut self.open) {
            block.close(&mut self.place, out);
        }
        let object = Object::parse(payload).unwrap_or_default();
        let fields = object.object("additionalModelResponseFields");
        out.extend(native(&object, "additionalModelResponseFields").map(Event::Native));
        let word = object.string("stopReason").unwrap_or_default();
        self.finish = Some(blocks::finish(word, self.has_calls, fields.as_ref()));
        if self.has_metadata {
            self.end(out);
        }
    }

    fn metadata(&mut self, payload: &[u8], out: &mut Vec<Event>) {
        self.start(out);
        self.has_metadata = true;
        let object = Object::parse(payload).unwrap_or_default();
        out.extend(NATIVE.iter().filter_map(|name| native(&object, name)).map(Event::Native));
        out.extend(usage::read(&object).map(Event::Usage));
        if self.finish.is_some() {
            self.end(out);
        }
    }

    /// No more can be read. It is well when the answer had come to its end.
    fn stop(&mut self, error: Error, out: &mut Vec<Event>) {
        if self.finish.is_some() { self.end(out) } else { self.fail(error, out) }
    }

    fn fail(&mut self, error: Error, out: &mut Vec<Event>) {
        self.is_over = true;
        out.push(Event::Error(error));
    }

    fn end(&mut self, out: &mut Vec<Event>) {
        self.is_over = true;
        out.extend(self.finish.take().map(|finish| Event::Finish { choice: 0, finish }));
        out.push(Event::End);
    }
}
