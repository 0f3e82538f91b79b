//! A stream for a client: events in, events of Anthropic's out, in the order that SDKs need (docs/dialects.md, section
//! 4, lines 26 to 34).

use std::collections::BTreeSet;

use super::ending::{self, Beside};
use super::open::View;
use super::order::Blocks;
use super::{error, usage, wire};
use crate::chat::json::ObjectWriter;
use crate::chat::{Body, Event, Finish, Ids, Kind, Raw, Reason, Request};
use crate::dialect::too_large;
use crate::error::Error;
use crate::meter::Usage;

/// Most bytes that wait.
const MOST_HELD: usize = 1 << 20;

/// Writes one stream.
#[derive(Debug)]
pub struct Encoder {
    ids: Ids,
    phase: Phase,
    model: String,
    usage: Usage,
    blocks: Blocks,
    beside: Beside,
    /// A refusal is a text, or what `stop_details` says: only the finish tells.
    refusal: String,
    refusals: BTreeSet<u32>,
    finish: Option<Finish>,
    gateway: Option<Raw>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// `message_start` waits for the first usage, or for anything else.
    New,
    Begun,
    Over,
}

impl Encoder {
    /// A writer for one exchange.
    pub fn new(request: &Request, ids: &Ids) -> Encoder {
        let shows_thoughts = !request.reasoning.as_ref().is_some_and(|reasoning| reasoning.exclude);
        let view = View { provider: ids.provider.clone(), shows_thoughts };
        Encoder {
            ids: ids.clone(),
            phase: Phase::New,
            model: String::new(),
            usage: Usage::default(),
            blocks: Blocks::new(view),
            beside: Beside::default(),
            refusal: String::new(),
            refusals: BTreeSet::new(),
            finish: None,
            gateway: None,
        }
    }

    /// What the gateway says of itself; the last word counts.
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
            if self.blocks.held().saturating_add(self.beside.held()).saturating_add(self.refusal.len()) > MOST_HELD {
                self.fail(&too_large(), out);
            }
        }
    }

    fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start { model, .. } => self.model.clone_from(model),
            Event::Error(error) => self.fail(error, out),
            Event::Usage(later) => {
                self.usage.merge(later);
                self.begin(out);
            }
            Event::Native(ext) => {
                self.begin(out);
                self.beside.native(ext);
            }
            Event::Finish { choice: 0, finish } => self.finish = Some(finish.clone()),
            Event::End => self.end(out),
            // A client of this format asks for one answer.
            Event::Open { choice: 0, part, .. }
            | Event::Text { choice: 0, part, .. }
            | Event::Args { choice: 0, part, .. }
            | Event::Cite { choice: 0, part, .. }
            | Event::Seal { choice: 0, part, .. }
            | Event::Whole { choice: 0, part, .. }
            | Event::Close { choice: 0, part } => self.part(*part, event, out),
            _ => {}
        }
    }

    fn part(&mut self, part: u32, event: &Event, out: &mut Vec<u8>) {
        self.begin(out);
        match event {
            Event::Open { kind: Kind::Refusal, .. } => {
                self.refusals.insert(part);
            }
            Event::Whole { body: Body::Refusal(text), .. } => self.refusal.push_str(text),
            Event::Text { piece, .. } if self.refusals.contains(&part) => self.refusal.push_str(piece),
            Event::Close { .. } if self.refusals.remove(&part) => {}
            _ => self.blocks.event(part, event, &mut self.beside, out),
        }
    }

    /// `message_start`, with the usage that is known (line 32).
    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.phase != Phase::New {
            return;
        }
        self.phase = Phase::Begun;
        let (ids, model, usage) = (&self.ids, &self.model, &self.usage);
        let message = |o: &mut ObjectWriter<'_>| {
            o.object("message", |o| {
                o.set("id", ids.answer("msg_"));
                o.set("type", "message");
                o.set("role", "assistant");
                o.set("model", ids.model(model));
                o.list("content", |_| {});
                o.set("stop_reason", None::<&str>);
                o.set("stop_sequence", None::<&str>);
                o.object("usage", |o| usage::write(usage, o));
            });
        };
        wire::event("message_start", message, out);
    }

    /// What waited, one `message_delta` with all that is known by now, and the end.
    fn end(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        self.phase = Phase::Over;
        let finish = self.finish.take().unwrap_or_else(|| Finish::new(Reason::Stop, ""));
        let has_refused = !self.refusal.is_empty();
        let refusal = Some(self.refusal.as_str()).filter(|_| has_refused && !ending::is_explained(&finish));
        self.blocks.end(refusal, &mut self.beside, out);
        let beside = std::mem::take(&mut self.beside);
        let delta = |o: &mut ObjectWriter<'_>| {
            o.object("delta", |o| {
                ending::write(&finish, has_refused, o);
                beside.container(o);
            });
            o.object("usage", |o| usage::write(&self.usage, o));
            beside.rest(o);
            ending::gateway(self.gateway.as_ref(), o);
        };
        wire::event("message_delta", delta, out);
        wire::event("message_stop", |_| {}, out);
    }

    /// The open block ends, then the error, and nothing else (line 34).
    fn fail(&mut self, error: &Error, out: &mut Vec<u8>) {
        self.phase = Phase::Over;
        self.blocks.cut(out);
        wire::event("error", |o| error::inner(error, o), out);
    }
}
