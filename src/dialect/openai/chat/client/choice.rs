//! One choice of a stream: its role, its numbering, and what waits for its end.

use std::collections::BTreeMap;

use super::super::details::{belongs_elsewhere, encrypted, head};
use super::super::next;
use super::extras::Extras;
use super::response::{count, extra_content, image, logprobs};
use super::stream::{Frame, Wants};
use crate::chat::json::ObjectWriter;
use crate::chat::{Body, Event, Format, Kind, MediaKind, Seal, SealKind};

/// Parts beyond this are forgotten when they close; before, a seal or a citation may still come.
const MOST_KEPT: usize = 1024;

/// What is known of a choice.
#[derive(Debug, Default)]
pub(super) struct Choice {
    pub index: u32,
    pub extras: Extras,
    has_role: bool,
    is_finished: bool,
    parts: BTreeMap<u32, Part>,
    /// Characters of `content` so far.
    chars: u32,
    calls: u32,
    details: u32,
    images: u32,
}

/// A part that was opened.
#[derive(Debug)]
enum Part {
    Text { start: u32 },
    Refusal,
    Reasoning { summary: bool, format: Option<Format>, entry: Option<u32> },
    Call { index: u32, id: String, custom: bool, has_args: bool },
}

impl Choice {
    pub fn new(index: u32) -> Choice {
        Choice { index, ..Choice::default() }
    }

    /// The role, before anything else (rule 15).
    fn role(&mut self, frame: &Frame, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.has_role, true) {
            let role = |o: &mut ObjectWriter<'_>| {
                o.set("role", "assistant");
                o.set("content", "");
            };
            frame.delta(self.index, role, out);
        }
    }

    /// What an event of this choice says.
    pub fn event(&mut self, event: &Event, frame: &Frame, wants: &Wants, provider: &str, out: &mut Vec<u8>) {
        if self.is_finished {
            return;
        }
        self.role(frame, out);
        match event {
            Event::Open { part, kind, .. } => self.open(*part, kind, frame, wants, provider, out),
            Event::Text { part, piece, .. } => self.text(*part, piece, frame, wants, out),
            Event::Args { part, piece, .. } => self.args(*part, piece, frame, wants, out),
            Event::Seal { part, seal, .. } => self.seal(*part, seal, frame, wants, provider, out),
            Event::Close { part, .. } => {
                let empty = matches!(self.parts.get(part), Some(Part::Call { has_args: false, custom: false, .. }));
                if empty {
                    self.args(*part, "{}", frame, wants, out);
                }
                if self.parts.len() > MOST_KEPT {
                    self.parts.remove(part);
                }
            }
            Event::Cite { part, citation, .. } => {
                let start = if let Some(Part::Text { start }) = self.parts.get(part) { *start } else { self.chars };
                self.extras.cite(citation, start, self.chars);
            }
            Event::Whole { body: Body::Native(native), .. } => self.extras.block(native),
            Event::Whole { body: Body::Media(media), .. } if media.kind == MediaKind::Image => {
                let index = next(&mut self.images);
                frame.delta(self.index, |o| o.list("images", |l| image(media, index, l)), out);
            }
            Event::Whole { part, body, .. } => self.whole(*part, body, frame, wants, out),
            Event::Logprobs { raw, .. } => {
                let after = |o: &mut ObjectWriter<'_>| {
                    o.object("logprobs", |o| logprobs(raw, o));
                    o.set("finish_reason", None::<&str>);
                };
                frame.choice(self.index, |_| {}, after, out);
            }
            _ => {}
        }
    }

    /// What waited, and why it ends (rule 22).
    pub fn finish(&mut self, natives: Extras, word: &str, frame: &Frame, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.is_finished, true) {
            return;
        }
        self.role(frame, out);
        let extras = std::mem::take(&mut self.extras).with(natives);
        if !extras.is_empty() {
            frame.delta(self.index, |o| extras.write(o), out);
        }
        frame.choice(self.index, |_| {}, |o| o.set("finish_reason", word), out);
    }

    fn open(&mut self, part: u32, kind: &Kind, frame: &Frame, wants: &Wants, provider: &str, out: &mut Vec<u8>) {
        let opened = match kind {
            Kind::Text => Part::Text { start: self.chars },
            Kind::Refusal => Part::Refusal,
            Kind::Reasoning { summary, format } => {
                Part::Reasoning { summary: *summary, format: format.clone(), entry: None }
            }
            Kind::Call { id, name, custom, caller, seal, .. } => {
                let index = next(&mut self.calls);
                let custom = *custom;
                if wants.legacy_functions {
                    // The legacy shape holds one call.
                    if index == 0 {
                        let start = |o: &mut ObjectWriter<'_>| named(o, name, "arguments");
                        frame.delta(self.index, |o| o.object("function_call", start), out);
                    }
                } else {
                    let start = |o: &mut ObjectWriter<'_>| {
                        o.set("index", index);
                        o.set("id", id);
                        o.set("type", if custom { "custom" } else { "function" });
                        let (inner, input) = if custom { ("custom", "input") } else { ("function", "arguments") };
                        o.object(inner, |o| named(o, name, input));
                        extra_content(seal.as_ref(), caller.as_ref(), o);
                    };
                    let has_details = wants.reasoning && seal.as_ref().is_some_and(belongs_elsewhere);
                    let entry = has_details.then(|| self.number());
                    let delta = |o: &mut ObjectWriter<'_>| {
                        o.list("tool_calls", |l| l.object(start));
                        if let (Some(entry), Some(seal)) = (entry, seal) {
                            let write = |o: &mut ObjectWriter<'_>| encrypted(o, entry, seal, Some(id), provider);
                            o.list("reasoning_details", |l| l.object(write));
                        }
                    };
                    frame.delta(self.index, delta, out);
                }
                Part::Call { index, id: id.clone(), custom, has_args: false }
            }
        };
        self.parts.insert(part, opened);
    }

    /// The next index of `reasoning_details` (rule 18).
    fn number(&mut self) -> u32 {
        next(&mut self.details)
    }

    fn text(&mut self, part: u32, piece: &str, frame: &Frame, wants: &Wants, out: &mut Vec<u8>) {
        match self.parts.get_mut(&part) {
            Some(Part::Text { .. }) if !piece.is_empty() => {
                self.chars = self.chars.saturating_add(count(piece));
                frame.delta(self.index, |o| o.set("content", piece), out);
            }
            Some(Part::Refusal) if !piece.is_empty() => frame.delta(self.index, |o| o.set("refusal", piece), out),
            Some(Part::Reasoning { summary, format, entry }) if wants.reasoning && !piece.is_empty() => {
                let summary = *summary;
                let known = format.as_ref().map(|format| {
                    let is_first = entry.is_none();
                    let index = *entry.get_or_insert_with(|| next(&mut self.details));
                    (index, is_first.then_some(format))
                });
                let delta = |o: &mut ObjectWriter<'_>| {
                    o.set("reasoning_content", piece);
                    o.set("reasoning", piece);
                    if let Some((index, format)) = known {
                        o.list("reasoning_details", |l| {
                            l.object(|o| {
                                head(o, if summary { "reasoning.summary" } else { "reasoning.text" }, index);
                                o.maybe("format", format.map(Format::word));
                                o.set(if summary { "summary" } else { "text" }, piece);
                            });
                        });
                    }
                };
                frame.delta(self.index, delta, out);
            }
            _ => {}
        }
    }

    fn args(&mut self, part: u32, piece: &str, frame: &Frame, wants: &Wants, out: &mut Vec<u8>) {
        let Some(Part::Call { index, custom, has_args, .. }) = self.parts.get_mut(&part) else { return };
        *has_args = true;
        let (index, custom) = (*index, *custom);
        if wants.legacy_functions {
            if index == 0 {
                frame.delta(self.index, |o| o.object("function_call", |o| o.set("arguments", piece)), out);
            }
            return;
        }
        let (inner, input) = if custom { ("custom", "input") } else { ("function", "arguments") };
        let call = |o: &mut ObjectWriter<'_>| {
            o.set("index", index);
            o.object(inner, |o| o.set(input, piece));
        };
        frame.delta(self.index, |o| o.list("tool_calls", |l| l.object(call)), out);
    }

    /// A seal that comes after its part began.
    fn seal(&mut self, part: u32, seal: &Seal, frame: &Frame, wants: &Wants, provider: &str, out: &mut Vec<u8>) {
        let is_elsewhere = belongs_elsewhere(seal);
        let mut call = None;
        let mut beside = None;
        match self.parts.get(&part) {
            Some(Part::Call { index, id, .. }) if is_elsewhere => call = Some((*index, id.clone())),
            Some(Part::Reasoning { summary, entry, .. }) => beside = Some((*summary, *entry)),
            // Text, and what came whole: an image.
            Some(Part::Text { .. }) | None if is_elsewhere => {}
            _ => return,
        }
        if let Some((summary, entry)) = beside.filter(|_| seal.kind == SealKind::Signature && wants.reasoning) {
            let index = entry.unwrap_or_else(|| self.number());
            let write = |o: &mut ObjectWriter<'_>| {
                head(o, if summary { "reasoning.summary" } else { "reasoning.text" }, index);
                o.maybe("format", entry.is_none().then(|| seal.format.word()));
                o.set("signature", &seal.data);
            };
            return frame.delta(self.index, |o| o.list("reasoning_details", |l| l.object(write)), out);
        }
        let entry = wants.reasoning.then(|| self.number());
        if entry.is_none() && call.is_none() {
            return;
        }
        let id = call.as_ref().map(|(_, id)| id.as_str()).or(seal.id.as_deref());
        let delta = |o: &mut ObjectWriter<'_>| {
            if let Some((index, _)) = call.as_ref().filter(|_| !wants.legacy_functions) {
                o.list("tool_calls", |l| {
                    l.object(|o| {
                        o.set("index", index);
                        // The Python SDK asserts that there is a function in every piece (openai 3.54.0).
                        o.object("function", |o| o.set("arguments", ""));
                        extra_content(Some(seal), None, o);
                    });
                });
            }
            if let Some(entry) = entry {
                o.list("reasoning_details", |l| l.object(|o| encrypted(o, entry, seal, id, provider)));
            }
        };
        frame.delta(self.index, delta, out);
    }

    /// Text that comes at once.
    fn whole(&mut self, part: u32, body: &Body, frame: &Frame, wants: &Wants, out: &mut Vec<u8>) {
        let (opened, text) = match body {
            Body::Text { text, .. } => (Part::Text { start: self.chars }, text),
            Body::Refusal(text) => (Part::Refusal, text),
            Body::Reasoning { text, summary } => {
                (Part::Reasoning { summary: *summary, format: None, entry: None }, text)
            }
            _ => return,
        };
        self.parts.insert(part, opened);
        self.text(part, text, frame, wants, out);
    }
}

/// A tool's name and its empty input (rule 17).
fn named(o: &mut ObjectWriter<'_>, name: &str, input: &str) {
    o.set("name", name);
    o.set(input, "");
}
