//! Parts that are open, and the parts of the SDK's that they become.

use super::super::part::{Call, Own};
use super::{Beside, Frame, source};
use crate::chat::Citation;
use crate::dialect::Spec;

/// A part that was opened.
#[derive(Debug)]
pub(super) enum Open {
    Block(Block),
    Call(Call),
}

impl Open {
    /// Bytes that wait.
    pub fn held(&self) -> usize {
        match self {
            Open::Block(block) => block.citations.len(),
            Open::Call(call) => call.input.len(),
        }
    }
}

/// Text or reasoning. It begins with its first piece, or with its seal: an empty one is nothing (rule 7).
#[derive(Debug)]
pub(super) struct Block {
    kind: &'static str,
    has_begun: bool,
    pub beside: Beside,
    /// Items of spec 4's list, with a comma after each.
    citations: Vec<u8>,
}

impl Block {
    /// `text` or `reasoning`.
    pub fn new(kind: &'static str) -> Block {
        Block { kind, has_begun: false, beside: Beside::default(), citations: Vec::new() }
    }

    fn write(
        &self,
        what: &str,
        part: u32,
        frame: &Frame,
        out: &mut Vec<u8>,
        more: impl FnOnce(&mut crate::chat::json::ObjectWriter<'_>),
    ) {
        frame.typed(&format!("{}-{what}", self.kind), out, |o| {
            o.set("id", part.to_string());
            more(o);
        });
    }

    fn begin(&mut self, part: u32, frame: &Frame, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.write("start", part, frame, out, |_| {});
        }
    }

    /// A piece.
    pub fn text(&mut self, part: u32, piece: &str, frame: &mut Frame, out: &mut Vec<u8>) {
        if piece.is_empty() {
            return;
        }
        self.begin(part, frame, out);
        let told = frame.generation.take();
        if told.is_some() {
            self.beside.generation = told.clone();
        }
        let beside = Beside { generation: told, ..Beside::default() };
        self.write("delta", part, frame, out, |o| {
            o.set("delta", piece);
            beside.write(&frame.ids.provider, o);
        });
    }

    /// What it is based on.
    pub fn cite(&mut self, citation: &Citation, id: &str) {
        crate::chat::json::object(&mut self.citations, |o| source::citation(citation, id, o));
        self.citations.push(b',');
    }

    /// The end, with everything that was said beside it.
    pub fn end(&mut self, part: u32, frame: &mut Frame, out: &mut Vec<u8>) {
        if !self.has_begun && self.beside.seal.is_none() {
            return;
        }
        self.begin(part, frame, out);
        if self.beside.generation.is_none() {
            self.beside.generation = frame.generation.take();
        }
        let mut list = b"[".to_vec();
        list.append(&mut self.citations);
        list.pop();
        list.push(b']');
        let citations = std::str::from_utf8(&list).ok().filter(|list| list.len() > 2).and_then(crate::chat::Raw::parse);
        self.write("end", part, frame, out, |o| {
            o.maybe_raw("citations", citations.as_ref());
            if self.beside.seal.is_some() {
                self.beside.write(&frame.ids.provider, o);
            }
        });
    }
}

/// A call begins.
pub(super) fn input_start(call: &Call, by_provider: bool, frame: &Frame, out: &mut Vec<u8>) {
    frame.typed("tool-input-start", out, |o| {
        o.set("id", &call.id);
        o.set("toolName", &call.name);
        o.maybe("inputEncoding", (call.custom && frame.spec == Spec::V4).then_some("text"));
        o.maybe("providerExecuted", by_provider.then_some(true));
        call.beside.write(&frame.ids.provider, o);
    });
}

/// The pieces of its input have ended.
pub(super) fn input_end(call: &Call, frame: &Frame, out: &mut Vec<u8>) {
    frame.typed("tool-input-end", out, |o| o.set("id", &call.id));
}

/// Something of the provider's own, which comes at once.
pub(super) fn own(own: &Own, frame: &Frame, out: &mut Vec<u8>) {
    if let Own::Call { id, name, input, is_known, .. } = own {
        frame.typed("tool-input-start", out, |o| {
            o.set("id", id);
            o.set("toolName", name);
            o.set("providerExecuted", true);
            o.maybe("dynamic", (!is_known).then_some(true));
        });
        frame.typed("tool-input-delta", out, |o| {
            o.set("id", id);
            o.set("delta", input);
        });
        frame.typed("tool-input-end", out, |o| o.set("id", id));
    }
    frame.part(out, |o| own.write(frame.spec, &frame.ids.provider, o));
}
