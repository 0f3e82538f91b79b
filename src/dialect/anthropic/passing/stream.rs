//! What passes by in a stream of messages: usage, model, errors, the end. The bytes go to the client as they are.

use crate::chat::json::{Json, Object, object};
use crate::dialect::anthropic::error;
use crate::dialect::anthropic::usage::Reported;
use crate::dialect::cut;
use crate::dialect::passing::{Beginning, Learnt, Said, StreamError};
use crate::stream::sse::{Event, Splitter};
use std::borrow::Cow;

/// Reads one stream of server-sent events as it passes.
#[derive(Debug)]
pub struct Stream {
    splitter: Splitter,
    reader: Reader,
}

/// What a stream has said so far.
#[derive(Debug)]
struct Reader {
    beginning: Beginning,
    reported: Reported,
    learnt: Learnt,
    said: Said,
}

impl Default for Stream {
    fn default() -> Stream {
        let (reported, learnt, said) = (Reported::default(), Learnt::default(), Said::default());
        let reader = Reader { beginning: Beginning::Undecided, reported, learnt, said };
        Stream { splitter: Splitter::default(), reader }
    }
}

impl Stream {
    /// Reads the next piece; `end` says that it is the last.
    pub fn feed(&mut self, chunk: &[u8], end: bool) {
        let mut rest = chunk;
        while let Some(event) = self.splitter.next(&mut rest) {
            match event {
                Ok(event) => self.reader.event(&event),
                Err(_) => self.reader.too_large(),
            }
        }
        if end && let Some(event) = self.splitter.finish() {
            self.reader.event(&event);
        }
    }

    /// What was learnt so far.
    pub fn learnt(&self) -> &Learnt {
        &self.reader.learnt
    }

    /// How it begins, as far as it has come.
    pub fn beginning(&self) -> &Beginning {
        &self.reader.beginning
    }

    /// The error event of a stream that was cut (line 34): SDKs take it for a complete one else. The blank line before
    /// it ends an event that was cut in its middle.
    pub fn closing(&self) -> Vec<u8> {
        let Learnt { ended, error, .. } = &self.reader.learnt;
        if *ended || error.is_some() {
            return Vec::new();
        }
        let mut event = b"\n\nevent: error\ndata: ".to_vec();
        object(&mut event, |o| {
            o.set("type", "error");
            o.object("error", |o| {
                o.set("type", "api_error");
                o.set("message", cut().message);
            });
        });
        event.extend_from_slice(b"\n\n");
        event
    }
}

impl Reader {
    /// Learns from an event. Nearly all are pieces of blocks, which say nothing of what is wanted here.
    fn event(&mut self, event: &Event<'_>) {
        if event.name == b"content_block_delta" {
            return self.piece(event.data);
        }
        let object = Object::parse(event.data).unwrap_or_default();
        let kind = object.text("type").unwrap_or_default();
        match &*kind {
            "message_start" => {
                let Some(message) = object.object("message") else { return };
                let name = |name| Learnt::name(message.string(name));
                self.learnt.model = self.learnt.model.take().or_else(|| name("model"));
                self.learnt.id = self.learnt.id.take().or_else(|| name("id"));
                self.usage(message.get("usage"));
            }
            "message_delta" => {
                self.begin();
                self.usage(object.get("usage"));
                let reason = object.object("delta").and_then(|delta| Learnt::name(delta.string("stop_reason")));
                self.learnt.finish = reason.map(Cow::Owned).or(self.learnt.finish.take());
            }
            "message_stop" => {
                self.begin();
                self.learnt.ended = self.learnt.error.is_none();
            }
            "content_block_start" => {
                self.begin();
                let name = object.object("content_block").and_then(|block| block.string("name"));
                name.into_iter().for_each(|name| self.said.call(&name));
                self.learnt.said = self.said.bytes();
            }
            "content_block_delta" => self.piece(event.data),
            "content_block_stop" => self.begin(),
            "error" => self.fail(&object),
            // Google's shape, on Vertex, or an error that is none of the dialect's.
            "" if object.get("error").is_some() || event.name == b"error" => self.fail(&object),
            _ => {}
        }
    }

    /// A piece of a block.
    fn piece(&mut self, data: &[u8]) {
        self.begin();
        if !self.said.event(data).is_empty() {
            self.said.is_usual(data);
        }
        self.learnt.said = self.said.bytes();
    }

    /// The answer has begun.
    fn begin(&mut self) {
        if self.beginning == Beginning::Undecided {
            self.beginning = Beginning::Content;
        }
    }

    /// Counts are of the whole answer so far: a later one replaces an earlier one (line 25).
    fn usage(&mut self, usage: Option<Json<'_>>) {
        let Some(usage) = usage else { return };
        self.reported.add(usage);
        self.learnt.usage = self.reported.usage().unwrap_or_default();
        if usage.object().is_some_and(|usage| usage.count("output_tokens").is_some()) {
            self.said.told();
            self.learnt.said = 0;
        }
    }

    /// What comes after the end is no part of the answer (line 6).
    fn fail(&mut self, object: &Object<'_>) {
        if self.learnt.ended || self.learnt.error.is_some() {
            return;
        }
        let failure = error::inside(object);
        self.learnt.error = Some(StreamError { message: failure.error.message.clone(), ..StreamError::default() });
        if self.beginning == Beginning::Undecided {
            self.beginning = Beginning::Failed(Box::new(failure));
        }
    }

    fn too_large(&mut self) {
        self.learnt.usage_gave_up = true;
        self.begin();
    }
}

#[cfg(test)]
mod tests;
