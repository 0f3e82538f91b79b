//! The part that is being written. Its block begins with the first thing that it says, because only then it is known
//! whether there is one: a part may be empty, and a thought may be redacted.

use super::ending::Beside;
use super::response::{call, caller, redacted, text, thinking};
use super::{citation, seals, wire};
use crate::chat::json::{ObjectWriter, object};
use crate::chat::{Event, Format, Kind, Raw, Seal, SealKind};
use crate::dialect::openai::responses::seals::Place;

/// The next block's index: it counts all blocks.
#[derive(Debug, Default)]
pub(super) struct Counter(u32);

impl Counter {
    /// Takes a number.
    pub fn next(&mut self) -> u32 {
        let now = self.0;
        self.0 = now.saturating_add(1);
        now
    }

    /// How many blocks there are after one that has ended, if they go on.
    pub fn since(&self, index: u32) -> usize {
        usize::try_from(self.0.saturating_sub(index)).unwrap_or(usize::MAX)
    }

    /// Writes a block that is whole from its beginning.
    pub fn whole(&mut self, block: &Raw, out: &mut Vec<u8>) {
        let index = self.next();
        let write = |o: &mut ObjectWriter<'_>| {
            let Some(object) = block.json().object() else { return };
            object.all().for_each(|(key, json)| o.raw(key, &json.raw()));
        };
        wire::start(index, write, out);
        wire::stop(index, out);
    }

    /// Writes a block of data that nobody may read.
    pub fn redacted(&mut self, data: &str, out: &mut Vec<u8>) {
        let index = self.next();
        wire::start(index, |o| redacted(data, o), out);
        wire::stop(index, out);
    }
}

/// What the encoder shows and to whom it belongs.
#[derive(Debug)]
pub(super) struct View {
    pub provider: String,
    pub shows_thoughts: bool,
}

/// A part that was opened and whose block has not ended.
#[derive(Debug)]
pub(super) struct Open {
    pub part: u32,
    /// Nothing more will be said but citations and seals, which may come late: only the next block ends this one.
    pub is_closed: bool,
    index: Option<u32>,
    what: What,
    seal: Option<Seal>,
    /// Bytes that wait.
    pub held: usize,
}

#[derive(Debug)]
enum What {
    /// Citations follow the text (line 31).
    Text {
        citations: Vec<Raw>,
    },
    Thinking,
    /// `free`: the input of a tool that takes free text, which has to be an object here.
    Call {
        has_input: bool,
        free: Option<String>,
    },
}

impl Open {
    /// A part begins; `None` for a refusal, which is no block of its own.
    pub fn new(part: u32, kind: &Kind, counter: &mut Counter, view: &View, out: &mut Vec<u8>) -> Option<Open> {
        let mut open = Open { part, is_closed: false, index: None, what: What::Thinking, seal: None, held: 0 };
        match kind {
            Kind::Refusal => return None,
            Kind::Text => open.what = What::Text { citations: Vec::new() },
            Kind::Reasoning { .. } => {}
            Kind::Call { id, name, custom, caller, seal, .. } => {
                // It is known before its call: then it stands there, where a thought would.
                if let Some(data) = seal.as_ref().and_then(|seal| seals::travelling(seal, Place::Next, &view.provider))
                {
                    counter.redacted(&data, out);
                }
                let index = counter.next();
                let block = |o: &mut ObjectWriter<'_>| {
                    call(id, name, o);
                    o.object("input", |_| {});
                    o.maybe_raw("caller", self::caller(caller.as_ref()));
                };
                wire::start(index, block, out);
                open.index = Some(index);
                open.what = What::Call { has_input: false, free: custom.then(String::new) };
            }
        }
        Some(open)
    }

    /// Whether it is a text, of which more may be said when it is closed.
    pub fn is_text(&self) -> bool {
        matches!(self.what, What::Text { .. })
    }

    /// What an event says of this part.
    pub fn event(&mut self, event: &Event, counter: &mut Counter, view: &View, beside: &mut Beside, out: &mut Vec<u8>) {
        match event {
            Event::Text { piece, .. } if !self.is_closed => self.text(piece, counter, view, out),
            Event::Args { piece, .. } if !self.is_closed => self.args(piece, out),
            Event::Cite { citation, .. } => match (&mut self.what, citation::shape(citation)) {
                (What::Text { citations }, Some(raw)) => {
                    self.held = self.held.saturating_add(raw.get().len());
                    citations.push(raw);
                    self.cite(out);
                }
                _ => beside.cite(citation),
            },
            Event::Seal { seal, .. } => self.seal = Some(seal.clone()),
            Event::Close { .. } => self.is_closed = true,
            _ => {}
        }
    }

    fn text(&mut self, piece: &str, counter: &mut Counter, view: &View, out: &mut Vec<u8>) {
        match self.what {
            What::Text { .. } if !piece.is_empty() => {
                let index = self.begin(counter, out);
                wire::delta(index, "text_delta", |o| o.set("text", piece), out);
                self.cite(out);
            }
            What::Thinking if view.shows_thoughts && !piece.is_empty() => {
                let index = self.begin(counter, out);
                wire::delta(index, "thinking_delta", |o| o.set("thinking", piece), out);
            }
            _ => {}
        }
    }

    /// The block's beginning, if it was not written yet.
    fn begin(&mut self, counter: &mut Counter, out: &mut Vec<u8>) -> u32 {
        if let Some(index) = self.index {
            return index;
        }
        let index = counter.next();
        match self.what {
            What::Text { .. } => wire::start(index, |o| text("", o), out),
            _ => wire::start(index, |o| thinking("", "", o), out),
        }
        self.index = Some(index);
        index
    }

    /// Citations that came, once there is a text.
    fn cite(&mut self, out: &mut Vec<u8>) {
        let (What::Text { citations }, Some(index)) = (&mut self.what, self.index) else { return };
        for raw in citations.drain(..) {
            wire::delta(index, "citations_delta", |o| o.raw("citation", &raw), out);
        }
        self.held = 0;
    }

    fn args(&mut self, piece: &str, out: &mut Vec<u8>) {
        let (What::Call { has_input, free }, Some(index)) = (&mut self.what, self.index) else { return };
        match free {
            Some(text) => {
                text.push_str(piece);
                self.held = text.len();
            }
            None => {
                *has_input |= !piece.trim().is_empty();
                wire::delta(index, "input_json_delta", |o| o.set("partial_json", piece), out);
            }
        }
    }

    /// What waited, and the end of the block, whose number is told.
    pub fn stop(mut self, counter: &mut Counter, view: &View, out: &mut Vec<u8>) -> Option<u32> {
        let ours = self.seal.take_if(|seal| seal.format == Format::Anthropic);
        let signature = ours.as_ref().filter(|seal| seal.kind == SealKind::Signature);
        match &self.what {
            What::Text { citations } if !citations.is_empty() => {
                self.begin(counter, out);
                self.cite(out);
            }
            What::Thinking => {
                if let Some(seal) = signature {
                    let index = self.begin(counter, out);
                    wire::delta(index, "signature_delta", |o| o.set("signature", &seal.data), out);
                }
            }
            What::Call { has_input: false, free } => {
                let mut input = Vec::new();
                object(&mut input, |o| o.maybe("input", free.as_deref()));
                let input = String::from_utf8_lossy(&input);
                if let Some(index) = self.index {
                    wire::delta(index, "input_json_delta", |o| o.set("partial_json", input), out);
                }
            }
            _ => {}
        }
        self.cut(out);
        let redacted = ours.filter(|seal| seal.kind != SealKind::Signature).map(|seal| seal.data);
        let place = match self.what {
            What::Thinking => Place::Own,
            _ if self.index.is_some() => seals::AFTER,
            _ => seals::ALONE,
        };
        let travelling = self.seal.as_ref().and_then(|seal| seals::travelling(seal, place, &view.provider));
        if let Some(data) = redacted.or(travelling) {
            counter.redacted(&data, out);
        }
        self.index
    }

    /// The end of a block that is not complete.
    pub fn cut(&self, out: &mut Vec<u8>) {
        if let Some(index) = self.index {
            wire::stop(index, out);
        }
    }
}
