//! A stream for a client: events in, chunks out, in the order that SDKs need (docs/dialects.md, section 4).

use super::super::{reason, usage};
use super::choice::Choice;
use super::extras::Extras;
use crate::chat::json::{ObjectWriter, list, object};
use crate::chat::{Event, Ids, Raw, Request};
use crate::dialect::too_large;
use crate::error::Error;
use crate::meter::Usage;

/// Most bytes that wait for the end of their choice.
const MOST_HELD: usize = 1 << 20;

/// Writes one stream.
#[derive(Debug)]
pub struct Encoder {
    ids: Ids,
    /// What the client wants to see.
    pub(super) wants: Wants,
    frame: Frame,
    choices: Vec<Choice>,
    natives: Extras,
    usage: Usage,
    /// What the gateway says of itself.
    gateway: Option<Raw>,
    /// Why the first choice ends. It waits where the gateway has something to say before, which only the end knows.
    reason: Option<&'static str>,
    is_over: bool,
}

/// What of a request its answer depends on.
#[derive(Debug)]
pub(super) struct Wants {
    usage: bool,
    pub legacy_functions: bool,
    pub reasoning: bool,
}

/// How every chunk begins and ends.
#[derive(Debug, Default)]
pub(super) struct Frame {
    head: Vec<u8>,
    tail: &'static [u8],
}

impl Frame {
    /// Writes a chunk with one choice.
    pub fn choice(
        &self,
        index: u32,
        delta: impl FnOnce(&mut ObjectWriter<'_>),
        after: impl FnOnce(&mut ObjectWriter<'_>),
        out: &mut Vec<u8>,
    ) {
        out.extend_from_slice(&self.head);
        list(out, |l| {
            l.object(|o| {
                o.set("index", index);
                o.object("delta", delta);
                after(o);
            });
        });
        out.extend_from_slice(self.tail);
    }

    /// Writes a chunk with a delta and nothing else.
    pub fn delta(&self, index: u32, delta: impl FnOnce(&mut ObjectWriter<'_>), out: &mut Vec<u8>) {
        self.choice(index, delta, |o| o.set("finish_reason", None::<&str>), out);
    }
}

impl Encoder {
    /// A writer for one exchange.
    pub fn new(request: &Request, ids: &Ids) -> Encoder {
        let wants = Wants {
            usage: request.usage_wanted,
            legacy_functions: request.legacy_functions,
            reasoning: !request.reasoning.as_ref().is_some_and(|reasoning| reasoning.exclude),
        };
        let tail: &[u8] = if wants.usage { b",\"usage\":null}\n\n" } else { b"}\n\n" };
        Encoder {
            ids: ids.clone(),
            wants,
            frame: Frame { head: Vec::new(), tail },
            choices: Vec::new(),
            natives: Extras::default(),
            usage: Usage::default(),
            gateway: None,
            reason: None,
            is_over: false,
        }
    }

    /// What the gateway says of itself; the last word counts.
    pub fn tell(&mut self, gateway: Raw) {
        self.gateway = Some(gateway);
    }

    /// Writes what the events say. Bytes do not depend on how events are divided among calls.
    pub fn feed(&mut self, events: &[Event], out: &mut Vec<u8>) {
        for event in events {
            if self.is_over {
                return;
            }
            self.event(event, out);
            let choices = self.choices.iter().map(|choice| choice.extras.held);
            if choices.fold(self.natives.held, usize::saturating_add) > MOST_HELD {
                self.fail(&too_large(), out);
            }
        }
    }

    fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start { model, .. } => self.start(model),
            Event::Usage(later) => self.usage.merge(later),
            Event::Native(ext) => self.natives.native(ext),
            Event::Error(error) => self.fail(error, out),
            Event::End => self.end(out),
            Event::Finish { choice, finish } => {
                let word = reason::write(finish.reason, self.wants.legacy_functions);
                match *choice {
                    0 if self.gateway.is_some() => self.reason = self.reason.or(Some(word)),
                    choice => self.finish(choice, word, out),
                }
            }
            Event::Open { choice, .. }
            | Event::Text { choice, .. }
            | Event::Args { choice, .. }
            | Event::Cite { choice, .. }
            | Event::Seal { choice, .. }
            | Event::Whole { choice, .. }
            | Event::Logprobs { choice, .. }
            | Event::Close { choice, .. } => {
                self.with(*choice, |choice, frame, wants, ids| choice.event(event, frame, wants, &ids.provider, out));
            }
        }
    }

    fn finish(&mut self, choice: u32, word: &str, out: &mut Vec<u8>) {
        let natives = std::mem::take(&mut self.natives);
        self.with(choice, |choice, frame, _, _| choice.finish(natives, word, frame, out));
    }

    fn with(&mut self, index: u32, act: impl FnOnce(&mut Choice, &Frame, &Wants, &Ids)) {
        if self.frame.head.is_empty() {
            self.start("");
        }
        let known = self.choices.iter().position(|choice| choice.index == index);
        if known.is_none() {
            self.choices.push(Choice::new(index));
        }
        let place = known.unwrap_or(self.choices.len().saturating_sub(1));
        if let Some(choice) = self.choices.get_mut(place) {
            act(choice, &self.frame, &self.wants, &self.ids);
        }
    }

    /// The members that are the same in every chunk (rule 15).
    fn start(&mut self, model: &str) {
        if !self.frame.head.is_empty() {
            return;
        }
        let mut head = b"data: ".to_vec();
        object(&mut head, |o| {
            o.set("id", self.ids.answer("chatcmpl-"));
            o.set("object", "chat.completion.chunk");
            o.set("created", self.ids.created);
            o.set("model", self.ids.model(model));
        });
        head.pop();
        head.extend_from_slice(b",\"choices\":");
        self.frame.head = head;
    }

    /// The error, and no `[DONE]` (rule 23).
    fn fail(&mut self, error: &Error, out: &mut Vec<u8>) {
        self.is_over = true;
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&error.chat_body());
        out.extend_from_slice(b"\n\n");
    }

    /// What came after the last finish, usage if it was asked for, and `[DONE]` (rule 22).
    fn end(&mut self, out: &mut Vec<u8>) {
        self.is_over = true;
        if let Some(word) = self.reason.take() {
            self.gateway.take().into_iter().for_each(|gateway| self.natives.tell(gateway));
            self.finish(0, word, out);
        }
        if !self.natives.is_empty() {
            out.extend_from_slice(&self.frame.head);
            out.extend_from_slice(b"[]");
            let mut more = Vec::new();
            object(&mut more, |o| self.natives.write(o));
            more.pop();
            out.push(b',');
            out.extend_from_slice(more.get(1..).unwrap_or_default());
            out.extend_from_slice(self.frame.tail);
        }
        if self.wants.usage && self.usage.has_counts() {
            out.extend_from_slice(&self.frame.head);
            out.extend_from_slice(b"[],\"usage\":");
            object(out, |o| usage::write(&self.usage, o));
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}
