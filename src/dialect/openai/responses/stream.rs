//! A stream: bytes in, events out (docs/dialects.md, lines 3, 35 and 36).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::open::Open;
use super::response::{finish, listed, natives};
use super::{items, usage};
use crate::chat::json::{Json, Object};
use crate::chat::{Event, Ids, Kind};
use crate::dialect::decode::{Events, Reader};
use crate::dialect::openai::{StreamError, stream_failure};
use crate::dialect::{cut, too_large};
use crate::stream::lenient::Fields;

/// Reads one stream. Bytes may come in any chunking; what is held is one event at most.
pub type Decoder = Events<State>;

/// What was read so far.
#[derive(Debug)]
pub struct State {
    ids: Ids,
    has_started: bool,
    /// `End` or `Error` was given.
    is_over: bool,
    open: Open,
}

/// One event. Members are read when they are needed, whatever type they have.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wire<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    output_index: Option<&'a RawValue>,
    #[serde(borrow)]
    content_index: Option<&'a RawValue>,
    #[serde(borrow)]
    summary_index: Option<&'a RawValue>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(borrow)]
    part: Option<&'a RawValue>,
    #[serde(borrow)]
    annotation: Option<&'a RawValue>,
    #[serde(borrow)]
    logprobs: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
}

fn count(raw: Option<&RawValue>) -> Option<u64> {
    raw.and_then(|raw| Json::of(raw).count())
}

/// A text; some servers send an object where its JSON should be.
fn text(raw: Option<&RawValue>) -> String {
    let json = raw.map(Json::of).filter(|json| !json.is_null());
    json.map(|json| json.string().unwrap_or_else(|| json.get().to_owned())).unwrap_or_default()
}

impl Reader for State {
    /// The terminal one holds the whole answer again, with the request's instructions and tools.
    const MOST_EVENT: usize = 4 << 20;

    fn new(ids: &Ids) -> State {
        State { ids: ids.clone(), has_started: false, is_over: false, open: Open::default() }
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn event(&mut self, name: &[u8], data: &[u8], out: &mut Vec<Event>) {
        let Some(wire) = serde_json::from_slice::<Fields<Wire<'_>>>(data).ok().and_then(|wire| wire.0) else { return };
        let said = wire.kind.and_then(|raw| Json::of(raw).text());
        let kind = said.as_deref().or_else(|| std::str::from_utf8(name).ok()).unwrap_or_default();
        let (index, at) = (count(wire.output_index), count(wire.content_index).unwrap_or(0));
        match kind {
            "response.created" | "response.queued" | "response.in_progress" => return self.start(wire.response, out),
            "response.completed" | "response.incomplete" => return self.end(wire.response, out),
            "error" | "response.failed" | "response.cancelled" => return self.failed(name, data, out),
            _ if kind.is_empty() && name.is_empty() => {
                if StreamError::read(name, data).is_some() {
                    self.failed(name, data, out);
                }
                return;
            }
            _ => self.start(None, out),
        }
        let (open, ids) = (&mut self.open, &self.ids);
        match (kind, wire.item.map(Json::of), wire.part.map(Json::of)) {
            ("response.output_item.added", Some(item), _) => open.added(index, item, ids, out),
            ("response.output_item.done", Some(item), _) => open.done(index, item, ids, out),
            ("response.content_part.done", _, Some(part)) => open.content_done(index, at, part, out),
            ("response.output_text.delta", ..) => open.text(index, at, &Kind::Text, text(wire.delta), out),
            ("response.output_text.done", ..) => open.text_done(index, at, &Kind::Text, &text(wire.text), out),
            ("response.refusal.delta", ..) => open.text(index, at, &Kind::Refusal, text(wire.delta), out),
            ("response.refusal.done", ..) => open.text_done(index, at, &Kind::Refusal, &text(wire.refusal), out),
            ("response.output_text.annotation.added", ..) => {
                if let Some(citation) = wire.annotation.and_then(|raw| items::citation(Json::of(raw))) {
                    open.cite(index, at, citation, out);
                }
            }
            ("response.reasoning_summary_text.delta", ..) => {
                let at = count(wire.summary_index).unwrap_or(0);
                open.think(index, at, true, &text(wire.delta), out);
            }
            ("response.reasoning_summary_text.done", ..) => {
                let at = count(wire.summary_index).unwrap_or(0);
                open.think_done(index, at, true, &text(wire.text), out);
            }
            ("response.reasoning_text.delta", ..) => open.think(index, at, false, &text(wire.delta), out),
            ("response.reasoning_text.done", ..) => open.think_done(index, at, false, &text(wire.text), out),
            ("response.function_call_arguments.delta" | "response.custom_tool_call_input.delta", ..) => {
                open.args(index, text(wire.delta), false, out);
            }
            ("response.function_call_arguments.done" | "response.custom_tool_call_input.done", ..) => {
                open.args(index, text(wire.arguments.or(wire.input)), true, out);
            }
            _ => {}
        }
        if kind == "response.output_text.delta" {
            let entries = wire.logprobs.and_then(|raw| Json::of(raw).items());
            let entries = entries.and_then(listed);
            out.extend(entries.map(|raw| Event::Logprobs { choice: 0, raw }));
        }
        if self.open.is_full {
            self.fail(too_large(), out);
        }
    }

    /// Too early: the response had not ended (rule 3).
    fn finish(&mut self, out: &mut Vec<Event>) {
        self.fail(cut(), out);
    }

    fn fail(&mut self, error: crate::error::Error, out: &mut Vec<Event>) {
        self.is_over = true;
        out.push(Event::Error(error));
    }
}

impl State {
    fn start(&mut self, response: Option<&RawValue>, out: &mut Vec<Event>) {
        if std::mem::replace(&mut self.has_started, true) {
            return;
        }
        let response = response.and_then(|raw| Json::of(raw).object()).unwrap_or_default();
        let said = |name| response.string(name).unwrap_or_default();
        out.push(Event::Start { id: said("id"), model: said("model") });
    }

    /// The terminal event, which holds the whole answer: what no event told is told now.
    fn end(&mut self, response: Option<&RawValue>, out: &mut Vec<Event>) {
        self.start(response, out);
        let response: Object<'_> = response.and_then(|raw| Json::of(raw).object()).unwrap_or_default();
        if self.open.is_empty() {
            for (index, item) in (0u64..).zip(response.items("output")) {
                self.open.done(Some(index), item, &self.ids, out);
            }
        }
        self.open.close(out);
        out.extend(natives(&response).into_iter().map(Event::Native));
        out.extend(usage::read(&response).map(Event::Usage));
        out.push(Event::Finish { choice: 0, finish: finish(&response, self.open.has_calls) });
        out.push(Event::End);
        self.is_over = true;
    }

    fn failed(&mut self, name: &[u8], data: &[u8], out: &mut Vec<Event>) {
        let error = StreamError::read(name, data).unwrap_or_default();
        self.fail(stream_failure(&error, None).error, out);
    }
}
