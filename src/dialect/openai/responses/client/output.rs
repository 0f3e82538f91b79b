//! The output of an answer: parts become items, one after the other, and events tell of it (docs/dialects.md, lines 39 to
//! 44). A message ends when something else begins; calls may overlap.

use std::collections::BTreeMap;

use super::frame::Frame;
use super::item::{self, Call};
use super::message::{Content, Message};
use super::seals::{self, Place};
use crate::chat::json::{ListWriter, ObjectWriter, object};
use crate::chat::{Event, Ids, Raw, Request, Seal};
use crate::dialect::openai::chat::Extras;

/// All items so far.
#[derive(Debug)]
pub(super) struct Output {
    ids: Ids,
    pub seals_wanted: bool,
    pub frame: Frame,
    /// What has no place among the items.
    pub extras: Extras,
    next: u32,
    /// Items that are done, as they are written.
    done: BTreeMap<u32, Vec<u8>>,
    /// Bytes of what was said.
    held: usize,
    pub parts: BTreeMap<u32, Part>,
    pub message: Option<Message>,
    /// Log probabilities of a text to come.
    waiting: Vec<Raw>,
}

/// What a part has become.
#[derive(Debug)]
pub(super) enum Part {
    /// Text or a refusal, and the item that it was said in last.
    Text { is_refusal: bool, index: Option<u32> },
    /// Reasoning becomes an item when there is something of it.
    Reasoning { item: Option<(u32, String)>, text: String, seal: Option<Seal> },
    /// A call, and a seal that came after it began.
    Call { index: u32, call: Call, late: Option<Seal> },
    /// An item that is done.
    Done { index: u32 },
}

impl Output {
    pub fn new(request: &Request, ids: &Ids, frame: Frame) -> Output {
        Output {
            ids: ids.clone(),
            seals_wanted: request.seals_wanted,
            frame,
            extras: Extras::default(),
            next: 0,
            done: BTreeMap::new(),
            held: 0,
            parts: BTreeMap::new(),
            message: None,
            waiting: Vec::new(),
        }
    }

    /// Bytes that wait for the end: all that was said.
    pub fn held(&self) -> usize {
        self.held.saturating_add(self.extras.held)
    }

    /// Counts what is held from now on.
    pub fn hold(&mut self, bytes: usize) {
        self.held = self.held.saturating_add(bytes);
    }

    /// The items that are done, in order.
    pub fn items(&self, l: &mut ListWriter<'_>) {
        self.done.values().for_each(|item| l.written(item));
    }

    /// What an event of the one choice says.
    pub fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Open { part, kind, .. } => self.open(*part, kind, out),
            Event::Text { part, piece, .. } if !piece.is_empty() => self.text(*part, piece, out),
            Event::Args { part, piece, .. } if !piece.is_empty() => self.args(*part, piece, out),
            Event::Cite { part, citation, .. } => self.cite(*part, citation, out),
            Event::Seal { part, seal, .. } if self.seals_wanted => self.seal(*part, seal, out),
            Event::Close { part, .. } => self.close(*part, out),
            Event::Whole { part, body, .. } => self.whole(*part, body, out),
            Event::Logprobs { raw, .. } => self.log(raw),
            _ => {}
        }
    }

    fn log(&mut self, raw: &Raw) {
        self.hold(raw.get().len());
        match self.message.as_mut().and_then(|message| message.contents.last_mut()) {
            Some(content) if !content.is_settled => content.log(raw),
            _ => self.waiting.push(raw.clone()),
        }
    }

    /// Ends everything; `status` is that of a message that was still going on.
    pub fn finish(&mut self, status: &str, out: &mut Vec<u8>) {
        self.end_message(status, out);
        let open = self.parts.iter().filter(|(_, part)| matches!(part, Part::Reasoning { .. } | Part::Call { .. }));
        for part in open.map(|(part, _)| *part).collect::<Vec<u32>>() {
            self.close(part, out);
        }
    }

    /// The next item's place and its id.
    pub fn number(&mut self, prefix: &str) -> (u32, String) {
        let index = self.next;
        self.next = index.saturating_add(1);
        (index, format!("{prefix}{}_{index}", self.ids.seed))
    }

    pub fn added(&mut self, index: u32, write: impl FnOnce(&mut ObjectWriter<'_>), out: &mut Vec<u8>) {
        let event = |o: &mut ObjectWriter<'_>| {
            o.set("output_index", index);
            o.object("item", write);
        };
        self.frame.event("response.output_item.added", event, out);
    }

    pub fn done(&mut self, index: u32, write: impl FnOnce(&mut ObjectWriter<'_>), out: &mut Vec<u8>) {
        let mut item = Vec::new();
        object(&mut item, write);
        self.written(index, item, out);
    }

    pub fn written(&mut self, index: u32, item: Vec<u8>, out: &mut Vec<u8>) {
        let event = |o: &mut ObjectWriter<'_>| {
            o.set("output_index", index);
            o.written("item", &item);
        };
        self.frame.event("response.output_item.done", event, out);
        self.done.insert(index, item);
    }

    /// An item that begins and ends at once.
    pub fn whole_item(&mut self, index: u32, item: Vec<u8>, out: &mut Vec<u8>) {
        let event = |o: &mut ObjectWriter<'_>| {
            o.set("output_index", index);
            o.written("item", &item);
        };
        self.frame.event("response.output_item.added", event, out);
        self.written(index, item, out);
    }

    /// A seal that stands beside what it proves: an item of reasoning that says nothing.
    pub fn proof(&mut self, seal: &Seal, place: Place, out: &mut Vec<u8>) -> u32 {
        let (index, id) = self.number("rs_");
        let data = seals::write(seal, place, &self.ids.provider);
        self.hold(data.len());
        self.added(index, |o| item::reasoning(&id, "", None, o), out);
        self.done(index, |o| item::reasoning(&id, "", Some(&data), o), out);
        index
    }

    /// A seal of an item that is done.
    pub fn late_proof(&mut self, seal: &Seal, index: u32, out: &mut Vec<u8>) {
        let back = self.next.saturating_sub(index);
        self.proof(seal, Place::Back(usize::try_from(back).unwrap_or(1)), out);
    }

    /// What `encrypted_content` says of reasoning that carries its own proof.
    pub fn own_proof(&self, seal: &Seal) -> String {
        seals::write(seal, Place::Own, &self.ids.provider)
    }

    /// The content of the open message that a part is said in; begun where there is none.
    pub fn content(&mut self, part: u32, is_refusal: bool, out: &mut Vec<u8>) -> Option<(&mut Message, &mut Frame)> {
        let is_open = |message: &Message| {
            message.contents.last().is_some_and(|content| content.part == part && !content.is_settled)
        };
        if !self.message.as_ref().is_some_and(is_open) {
            // What proves a message proves the text before it alone.
            if self.message.as_ref().is_some_and(|message| !message.seals.is_empty()) {
                self.end_message("completed", out);
            }
            if self.message.is_none() {
                let (index, id) = self.number("msg_");
                self.added(index, |o| item::message(&id, "in_progress", &[], o), out);
                self.message = Some(Message { index, id, contents: Vec::new(), seals: Vec::new() });
            }
            self.settle(out);
            let mut content = Content::new(part, is_refusal);
            if !is_refusal {
                self.waiting.drain(..).for_each(|raw| content.log(&raw));
            }
            if let Some(message) = &mut self.message {
                let event = |o: &mut ObjectWriter<'_>| {
                    message.head(message.contents.len(), o);
                    o.object("part", |o| content.write(o));
                };
                self.frame.event("response.content_part.added", event, out);
                message.contents.push(content);
            }
        }
        Some((self.message.as_mut()?, &mut self.frame))
    }

    /// Tells the end of the content that is going on.
    fn settle(&mut self, out: &mut Vec<u8>) {
        let Some(message) = &mut self.message else { return };
        let Some(place) = message.contents.len().checked_sub(1) else { return };
        let Some(content) = message.contents.get_mut(place).filter(|content| !content.is_settled) else { return };
        content.is_settled = true;
        if !content.is_refusal {
            self.waiting.drain(..).for_each(|raw| content.log(&raw));
        }
        let Some(content) = message.contents.get(place) else { return };
        let (kind, name) = if content.is_refusal { ("refusal", "refusal") } else { ("output_text", "text") };
        let event = |o: &mut ObjectWriter<'_>| {
            message.head(place, o);
            o.set(name, &content.text);
            if !content.is_refusal {
                o.list("logprobs", |l| content.logprobs(l));
            }
        };
        self.frame.event(&format!("response.{kind}.done"), event, out);
        let event = |o: &mut ObjectWriter<'_>| {
            message.head(place, o);
            o.object("part", |o| content.write(o));
        };
        self.frame.event("response.content_part.done", event, out);
    }

    /// Ends the message that is open: something else begins, or nothing more comes.
    pub fn end_message(&mut self, status: &str, out: &mut Vec<u8>) {
        self.settle(out);
        let Some(message) = self.message.take() else { return };
        self.done(message.index, |o| item::message(&message.id, status, &message.contents, o), out);
        message.seals.iter().for_each(|seal| self.late_proof(seal, message.index, out));
    }
}
