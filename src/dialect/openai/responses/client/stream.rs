//! A stream for a client: events in, events out, in the order that SDKs need (docs/dialects.md, lines 37 to 45).

use super::answer::{Answer, State};
use super::frame::Frame;
use super::output::Output;
use crate::chat::json::ObjectWriter;
use crate::chat::{Event, Ids, Raw, Reason, Request};
use crate::dialect::too_large;
use crate::error::Error;
use crate::meter::Usage;

/// Most bytes of an answer: its last event says all of it again.
const MOST_HELD: usize = 8 << 20;

/// Writes one stream.
#[derive(Debug)]
pub struct Encoder {
    ids: Ids,
    answer: Answer,
    output: Output,
    reason: Option<Reason>,
    usage: Usage,
    has_started: bool,
    is_over: bool,
}

impl Encoder {
    /// A writer for one exchange.
    pub fn new(request: &Request, ids: &Ids) -> Encoder {
        Encoder {
            ids: ids.clone(),
            answer: Answer::new(request, ids),
            output: Output::new(request, ids, Frame::default()),
            reason: None,
            usage: Usage::default(),
            has_started: false,
            is_over: false,
        }
    }

    /// What the gateway says of itself, for the last event.
    pub fn tell(&mut self, gateway: Raw) {
        self.output.extras.tell(gateway);
    }

    /// Writes what the events say. Bytes do not depend on how events are divided among calls.
    pub fn feed(&mut self, events: &[Event], out: &mut Vec<u8>) {
        for event in events {
            if self.is_over {
                return;
            }
            self.event(event, out);
            if self.output.held() > MOST_HELD {
                self.fail(&too_large(), out);
            }
        }
    }

    fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start { model, .. } => self.start(model, out),
            Event::Usage(later) => self.usage.merge(later),
            Event::Native(ext) => self.output.extras.native(ext),
            Event::Error(error) => self.fail(error, out),
            Event::End => self.end(out),
            Event::Open { choice: 0, .. }
            | Event::Text { choice: 0, .. }
            | Event::Args { choice: 0, .. }
            | Event::Cite { choice: 0, .. }
            | Event::Seal { choice: 0, .. }
            | Event::Whole { choice: 0, .. }
            | Event::Logprobs { choice: 0, .. }
            | Event::Close { choice: 0, .. }
                if self.reason.is_none() =>
            {
                self.start("", out);
                self.output.event(event, out);
            }
            Event::Finish { choice: 0, finish } if self.reason.is_none() => {
                self.start("", out);
                self.reason = Some(finish.reason);
                self.output.finish(State::Ended(finish.reason).status(), out);
            }
            // There is one choice: nobody can ask for more here.
            _ => {}
        }
    }

    /// The first two events.
    fn start(&mut self, model: &str, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.has_started, true) {
            return;
        }
        self.ids.model(model).clone_into(&mut self.answer.model);
        for kind in ["response.created", "response.in_progress"] {
            let answer = &self.answer;
            let event = |o: &mut ObjectWriter<'_>| {
                o.object("response", |o| answer.write(State::InProgress, None, None, o));
            };
            self.output.frame.event(kind, event, out);
        }
    }

    /// The terminal event, which holds the whole answer.
    fn last(&mut self, state: State<'_>, out: &mut Vec<u8>) {
        self.is_over = true;
        let mut frame = std::mem::take(&mut self.output.frame);
        let event = |o: &mut ObjectWriter<'_>| {
            o.object("response", |o| self.answer.write(state, Some(&self.output), Some(&self.usage), o));
        };
        frame.event(&format!("response.{}", state.status()), event, out);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.start("", out);
        self.last(State::Ended(self.reason.unwrap_or(Reason::Stop)), out);
    }

    /// The error, on which SDKs raise, and the failure, for those who wait for an end (line 45).
    fn fail(&mut self, error: &Error, out: &mut Vec<u8>) {
        self.start("", out);
        let event = |o: &mut ObjectWriter<'_>| {
            o.object("error", |o| {
                o.set("type", error.kind);
                o.set("code", error.code.as_deref());
                o.set("message", &error.message);
                o.set("param", error.param.as_deref());
            });
        };
        self.output.frame.event("error", event, out);
        self.last(State::Failed(error), out);
    }
}
