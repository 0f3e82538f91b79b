//! A stream for a client: events in, stream parts out, in the order that the SDK needs (docs/dialects.md, lines 51 to 54).

mod open;

use std::collections::BTreeMap;

use super::ending;
use super::error::in_stream;
use super::file;
use super::metadata::Beside;
use super::names::Names;
use super::part::{self, Call, Known};
use super::response::head;
use super::source::{self, Sources};
use super::warnings::Warnings;
use crate::chat::json::{ObjectWriter, object};
use crate::chat::{Body, Citation, Event, Ext, Finish, Ids, Kind, Media, Raw, Reason, Request, Seal};
use crate::dialect::{Dropped, Spec, too_large};
use crate::error::Error;
use crate::meter::Usage;
use open::{Block, Open};

/// Most bytes that wait for the end of their part, or of the stream.
const MOST_HELD: usize = 1 << 20;

/// Writes one stream.
#[derive(Debug)]
pub struct Encoder {
    pub(super) frame: Frame,
    names: Names,
    warnings: Warnings,
    parts: BTreeMap<u32, Open>,
    /// What is whole, but may still be sealed: by the very next event.
    late: Option<(u32, Late)>,
    known: Known,
    sources: Sources,
    natives: Vec<Ext>,
    logprobs: Vec<Raw>,
    usage: Usage,
    finish: Option<Finish>,
    gateway: Option<Raw>,
    held: usize,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Silent,
    Begun,
    Over,
}

#[derive(Debug)]
enum Late {
    Call(Call),
    File(Box<Media>, Beside),
}

/// What every part needs.
#[derive(Debug)]
pub(super) struct Frame {
    pub spec: Spec,
    pub ids: Ids,
    /// The generation's id, until the first part that says something has told it.
    pub generation: Option<String>,
}

impl Frame {
    /// Writes one part.
    pub fn part(&self, out: &mut Vec<u8>, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        out.extend_from_slice(b"data: ");
        object(out, write);
        out.extend_from_slice(b"\n\n");
    }

    /// Writes one part with its type.
    pub fn typed(&self, kind: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.part(out, |o| {
            o.set("type", kind);
            write(o);
        });
    }
}

impl Encoder {
    /// A writer for one exchange.
    pub fn new(spec: Spec, request: &Request, ids: &Ids, dropped: &Dropped) -> Encoder {
        Encoder {
            frame: Frame { spec, ids: ids.clone(), generation: Some(ending::generation(ids)) },
            names: Names::of(request),
            warnings: Warnings::new(request, dropped),
            parts: BTreeMap::new(),
            late: None,
            known: Known::default(),
            sources: Sources::default(),
            natives: Vec::new(),
            logprobs: Vec::new(),
            usage: Usage::default(),
            finish: None,
            gateway: None,
            held: 0,
            phase: Phase::Silent,
        }
    }

    /// What the gateway says of itself at the end; the last word counts.
    pub fn tell(&mut self, gateway: Raw) {
        self.gateway = Some(gateway);
    }

    /// Writes what the events say. Bytes do not depend on how events are divided among calls.
    pub fn feed(&mut self, events: &[Event], out: &mut Vec<u8>) {
        for event in events {
            if self.phase == Phase::Over {
                return;
            }
            self.event(event, out);
            let of_parts = self.parts.values().map(Open::held).fold(self.sources.held, usize::saturating_add);
            if self.phase != Phase::Over && of_parts.saturating_add(self.held) > MOST_HELD {
                self.fail(&too_large(), out);
            }
        }
    }

    fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        if let Event::Start { model, .. } = event {
            return self.start(model, out);
        }
        self.start("", out);
        if let Event::Error(error) = event {
            return self.fail(error, out);
        }
        match event {
            Event::Seal { choice: 0, part, seal } => return self.seal(*part, seal, out),
            Event::Usage(later) => return self.usage.merge(later),
            _ => self.flush(out),
        }
        match event {
            Event::Open { choice: 0, part, kind } => self.open(*part, kind, out),
            Event::Text { choice: 0, part, piece } => {
                if let Some(Open::Block(block)) = self.parts.get_mut(part) {
                    block.text(*part, piece, &mut self.frame, out);
                }
            }
            Event::Args { choice: 0, part, piece } => {
                if let Some(Open::Call(call)) = self.parts.get_mut(part) {
                    call.input.push_str(piece);
                    self.frame.typed("tool-input-delta", out, |o| {
                        o.set("id", &call.id);
                        o.set("delta", piece);
                    });
                }
            }
            Event::Cite { choice: 0, part, citation } => self.cite(*part, citation, out),
            Event::Whole { choice: 0, part, body } => self.whole(*part, body, out),
            Event::Close { choice: 0, part } => self.close(*part, out),
            Event::Logprobs { choice: 0, raw } => {
                self.held = self.held.saturating_add(raw.get().len());
                let content =
                    raw.json().object().map(|object| object.items("content").map(|item| item.raw()).collect());
                self.logprobs.append(&mut content.unwrap_or_default());
            }
            Event::Finish { choice: 0, finish } => self.finish = self.finish.take().or_else(|| Some(finish.clone())),
            Event::Native(ext) => {
                self.held = self.held.saturating_add(ext.value.get().len());
                self.natives.push(ext.clone());
            }
            Event::End => self.end(out),
            // The SDK has one answer to a request.
            _ => {}
        }
    }

    /// `stream-start`, then who answers (line 51).
    fn start(&mut self, model: &str, out: &mut Vec<u8>) {
        if self.phase != Phase::Silent {
            return;
        }
        self.phase = Phase::Begun;
        let frame = &self.frame;
        frame.typed("stream-start", out, |o| o.list("warnings", |l| self.warnings.write(frame.spec, l)));
        frame.typed("response-metadata", out, |o| head(model, &frame.ids, o));
    }

    fn open(&mut self, part: u32, kind: &Kind, out: &mut Vec<u8>) {
        let opened = match kind {
            Kind::Text | Kind::Refusal => Open::Block(Block::new("text")),
            Kind::Reasoning { .. } => Open::Block(Block::new("reasoning")),
            Kind::Call { id, name, custom, caller, seal, .. } => {
                let extra = caller.clone().map(|caller| ("anthropic", "caller", caller));
                let name = self.names.client(name).unwrap_or(name).to_owned();
                let beside = Beside { generation: self.frame.generation.take(), seal: seal.clone(), extra };
                let call = Call { id: id.clone(), name, custom: *custom, input: String::new(), beside };
                open::input_start(&call, false, &self.frame, out);
                Open::Call(call)
            }
        };
        self.parts.insert(part, opened);
    }

    fn seal(&mut self, part: u32, seal: &Seal, out: &mut Vec<u8>) {
        match &mut self.late {
            Some((place, Late::Call(Call { beside, .. }) | Late::File(_, beside))) if *place == part => {
                beside.seal = Some(seal.clone());
            }
            _ => self.flush(out),
        }
        match self.parts.get_mut(&part) {
            Some(Open::Block(block)) => block.beside.seal = Some(seal.clone()),
            Some(Open::Call(call)) => call.beside.seal = Some(seal.clone()),
            None => {}
        }
    }

    fn cite(&mut self, part: u32, citation: &Citation, out: &mut Vec<u8>) {
        let (id, is_new) = self.sources.add(citation);
        if self.frame.spec == Spec::V4
            && let Some(Open::Block(block)) = self.parts.get_mut(&part)
        {
            block.cite(citation, &id);
        }
        if is_new {
            let generation = self.frame.generation.take();
            self.frame.part(out, |o| part::source(citation, &id, generation, o));
        }
    }

    fn close(&mut self, part: u32, out: &mut Vec<u8>) {
        match self.parts.remove(&part) {
            Some(Open::Block(mut block)) => block.end(part, &mut self.frame, out),
            Some(Open::Call(call)) => {
                open::input_end(&call, &self.frame, out);
                self.late = Some((part, Late::Call(call)));
            }
            None => {}
        }
    }

    /// What comes at once.
    fn whole(&mut self, part: u32, body: &Body, out: &mut Vec<u8>) {
        match body {
            Body::Media(media) if file::fits(media, self.frame.spec) => {
                let beside = Beside { generation: self.frame.generation.take(), ..Beside::default() };
                self.late = Some((part, Late::File(media.clone(), beside)));
            }
            Body::Native(native) => {
                for mut own in self.known.own(native, &self.names, self.frame.spec) {
                    own.tell(&mut self.frame.generation);
                    open::own(&own, &self.frame, out);
                }
            }
            Body::Text { text, .. } | Body::Refusal(text) => self.block("text", part, text, out),
            Body::Reasoning { text, .. } => self.block("reasoning", part, text, out),
            Body::Media(_) | Body::Call(_) | Body::Result(_) => {}
        }
    }

    fn block(&mut self, kind: &'static str, part: u32, text: &str, out: &mut Vec<u8>) {
        let mut block = Block::new(kind);
        block.text(part, text, &mut self.frame, out);
        block.end(part, &mut self.frame, out);
    }

    /// What waited for a seal.
    fn flush(&mut self, out: &mut Vec<u8>) {
        let provider = &*self.frame.ids.provider;
        match self.late.take() {
            Some((_, Late::Call(call))) => self.frame.part(out, |o| call.write(provider, o)),
            Some((_, Late::File(media, beside))) => {
                self.frame.part(out, |o| part::media(&media, &beside, provider, self.frame.spec, o));
            }
            None => {}
        }
    }

    /// Closes what is open, says what went wrong, and ends (line 51). A call that is not sure to be whole is not made.
    fn fail(&mut self, error: &Error, out: &mut Vec<u8>) {
        if let Some((_, Late::Call(_))) = self.late {
            self.late = None;
        }
        self.flush(out);
        for (part, open) in std::mem::take(&mut self.parts) {
            match open {
                Open::Block(mut block) => block.end(part, &mut self.frame, out),
                Open::Call(call) => open::input_end(&call, &self.frame, out),
            }
        }
        self.frame.typed("error", out, |o| o.object("error", |o| in_stream(error, o)));
        self.finish = Some(Finish::new(Reason::Error, ""));
        self.end(out);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.phase = Phase::Over;
        let frame = &self.frame;
        let finish = self.finish.take().unwrap_or_else(|| Finish::new(Reason::Error, ""));
        let logprobs = (!self.logprobs.is_empty()).then(|| {
            let mut list = Vec::new();
            crate::chat::json::list(&mut list, |l| self.logprobs.iter().for_each(|raw| l.raw(raw)));
            std::str::from_utf8(&list).ok().and_then(Raw::parse)
        });
        frame.typed("finish", out, |o| {
            ending::reason(&finish, frame.spec, o);
            ending::usage(&self.usage, frame.spec, o);
            ending::metadata(self.gateway.as_ref(), &self.natives, logprobs.flatten().as_ref(), &frame.ids, o);
        });
    }
}
