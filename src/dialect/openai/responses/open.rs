//! The items of a stream: which are open, what was said of them, and what is still to be said (docs/dialects.md, lines 35
//! and 36). They go by their place in the output, never by their ids, which some servers change in every event.

use super::items::{self, BETWEEN};
use crate::chat::json::{Json, Object};
use crate::chat::{Body, Citation, Event, Format, Ids, Kind, Part, Seal, ToolCall};

/// Most items of one answer, and most contents of one item.
const MOST: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Open {
    next: u32,
    items: Vec<Item>,
    /// There is something for the client to run.
    pub has_calls: bool,
    /// More came than is held.
    pub is_full: bool,
}

#[derive(Debug)]
struct Item {
    index: u64,
    what: What,
    is_done: bool,
}

#[derive(Debug)]
enum What {
    Message(Vec<Content>),
    Reasoning(Thought),
    Call {
        part: u32,
        sent: usize,
    },
    /// Told when it is done.
    Other,
}

/// One content of a message.
#[derive(Debug)]
struct Content {
    index: u64,
    part: u32,
    sent: usize,
    cited: usize,
    is_open: bool,
}

#[derive(Debug, Default)]
struct Thought {
    part: Option<u32>,
    is_summary: bool,
    /// A seal will come with the end.
    is_sealed: bool,
    /// Which part of the summary is at hand, and how much of it was said.
    index: u64,
    here: usize,
    sent: usize,
}

/// What deltas did not deliver.
fn rest(full: &str, sent: usize) -> Option<&str> {
    full.get(sent..).filter(|rest| !rest.is_empty())
}

impl Open {
    /// Whether no item has come.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    fn number(&mut self) -> u32 {
        let now = self.next;
        self.next = now.saturating_add(1);
        now
    }

    /// The place of an item; that of the last where an event names none.
    fn place(&self, index: Option<u64>) -> Option<usize> {
        self.items.iter().rposition(|item| index.is_none_or(|index| item.index == index))
    }

    fn push(&mut self, index: u64, what: What) -> Option<usize> {
        if self.items.len() >= MOST {
            self.is_full = true;
            return None;
        }
        self.items.push(Item { index, what, is_done: false });
        self.items.len().checked_sub(1)
    }

    /// An item begins. A call whose tool is not known yet waits for its end.
    pub fn added(&mut self, index: Option<u64>, item: Json<'_>, ids: &Ids, out: &mut Vec<Event>) {
        let Some(object) = item.object() else { return };
        let index = index.unwrap_or(self.items.len() as u64);
        if self.items.iter().any(|item| item.index == index) {
            return;
        }
        match object.text("type").as_deref() {
            Some("message") => drop(self.push(index, What::Message(Vec::new()))),
            Some("reasoning") => {
                let is_sealed = items::seal(&object).is_some();
                self.push(index, What::Reasoning(Thought { is_sealed, ..Thought::default() }));
            }
            Some("function_call" | "custom_tool_call") if object.text("name").is_some_and(|name| !name.is_empty()) => {
                let part = self.next;
                let call = items::call(&object, part, ids);
                let input = items::arguments(&object);
                if self.push(index, What::Call { part, sent: input.len() }).is_some() {
                    self.number();
                    self.open_call(part, call, is_custom(&object), out);
                    if !input.is_empty() {
                        out.push(Event::Args { choice: 0, part, piece: input });
                    }
                }
            }
            Some("function_call" | "custom_tool_call") | None => {}
            Some(_) => drop(self.push(index, What::Other)),
        }
    }

    fn open_call(&mut self, part: u32, call: ToolCall, custom: bool, out: &mut Vec<Event>) {
        self.has_calls = true;
        let ToolCall { id, item_id, name, caller, .. } = call;
        let kind = Kind::Call { id, item_id, name, custom, caller, seal: None };
        out.push(Event::Open { choice: 0, part, kind });
    }

    /// The content of a message, opened if it is not.
    fn content(&mut self, index: Option<u64>, content: u64, kind: &Kind, out: &mut Vec<Event>) -> Option<&mut Content> {
        let place = match self.place(index) {
            Some(place) => place,
            None => self.push(index.unwrap_or(0), What::Message(Vec::new()))?,
        };
        let part = self.next;
        let item = self.items.get_mut(place).filter(|item| !item.is_done)?;
        let What::Message(contents) = &mut item.what else { return None };
        let known = contents.iter().position(|known| known.index == content);
        let at = known.unwrap_or(contents.len());
        if known.is_none() {
            if at >= MOST {
                self.is_full = true;
                return None;
            }
            self.next = part.saturating_add(1);
            out.push(Event::Open { choice: 0, part, kind: kind.clone() });
            contents.push(Content { index: content, part, sent: 0, cited: 0, is_open: true });
        }
        contents.get_mut(at).filter(|content| content.is_open)
    }

    /// A piece of text or of a refusal.
    pub fn text(&mut self, index: Option<u64>, content: u64, kind: &Kind, piece: String, out: &mut Vec<Event>) {
        if piece.is_empty() {
            return;
        }
        if let Some(content) = self.content(index, content, kind, out) {
            content.sent = content.sent.saturating_add(piece.len());
            out.push(Event::Text { choice: 0, part: content.part, piece });
        }
    }

    /// All of a text.
    pub fn text_done(&mut self, index: Option<u64>, at: u64, kind: &Kind, full: &str, out: &mut Vec<Event>) {
        let sent = self.sent(index, at);
        if let Some(rest) = rest(full, sent) {
            self.text(index, at, kind, rest.to_owned(), out);
        }
    }

    fn sent(&self, index: Option<u64>, at: u64) -> usize {
        let item = self.place(index).and_then(|place| self.items.get(place));
        match item.map(|item| &item.what) {
            Some(What::Message(contents)) => {
                contents.iter().find(|content| content.index == at).map_or(0, |content| content.sent)
            }
            _ => 0,
        }
    }

    /// What a text is based on.
    pub fn cite(&mut self, index: Option<u64>, at: u64, citation: Citation, out: &mut Vec<Event>) {
        if let Some(content) = self.content(index, at, &Kind::Text, out) {
            content.cited = content.cited.saturating_add(1);
            out.push(Event::Cite { choice: 0, part: content.part, citation });
        }
    }

    /// A content has ended.
    pub fn content_done(&mut self, index: Option<u64>, at: u64, json: Json<'_>, out: &mut Vec<Event>) {
        let Some(part) = items::content(json) else { return };
        let (kind, text, citations) = match part.body {
            Body::Refusal(text) => (Kind::Refusal, text, Vec::new()),
            Body::Text { text, citations } => (Kind::Text, text, citations),
            _ => return,
        };
        self.text_done(index, at, &kind, &text, out);
        if let Some(content) = self.content(index, at, &kind, out) {
            let part = content.part;
            out.extend(citations.into_iter().skip(content.cited).map(|citation| Event::Cite {
                choice: 0,
                part,
                citation,
            }));
            content.is_open = false;
            out.push(Event::Close { choice: 0, part });
        }
    }

    fn thought(&mut self, index: Option<u64>) -> Option<&mut Thought> {
        let place = match self.place(index) {
            Some(place) => place,
            None => self.push(index.unwrap_or(0), What::Reasoning(Thought::default()))?,
        };
        match self.items.get_mut(place).filter(|item| !item.is_done).map(|item| &mut item.what) {
            Some(What::Reasoning(thought)) => Some(thought),
            _ => None,
        }
    }

    /// A piece of reasoning, told whole or as the part `at` of a summary.
    pub fn think(&mut self, index: Option<u64>, at: u64, is_summary: bool, piece: &str, out: &mut Vec<Event>) {
        let next = self.next;
        let Some(thought) = self.thought(index).filter(|_| !piece.is_empty()) else { return };
        let is_new = thought.part.is_none();
        let part = *thought.part.get_or_insert(next);
        if is_new {
            thought.is_summary = is_summary;
            let format = thought.is_sealed.then_some(Format::Responses);
            out.push(Event::Open { choice: 0, part, kind: Kind::Reasoning { summary: is_summary, format } });
        }
        if thought.index != at {
            (thought.index, thought.here) = (at, 0);
        }
        let is_further = is_summary && thought.here == 0 && thought.sent > 0;
        let piece = if is_further { format!("{BETWEEN}{piece}") } else { piece.to_owned() };
        thought.sent = thought.sent.saturating_add(piece.len());
        thought.here =
            thought.here.saturating_add(piece.len().saturating_sub(if is_further { BETWEEN.len() } else { 0 }));
        out.push(Event::Text { choice: 0, part, piece });
        if is_new {
            self.number();
        }
    }

    /// All of a reasoning, or of a part of a summary.
    pub fn think_done(&mut self, index: Option<u64>, at: u64, is_summary: bool, full: &str, out: &mut Vec<Event>) {
        let Some(thought) = self.thought(index) else { return };
        let here = if thought.index == at { thought.here } else { 0 };
        if let Some(rest) = rest(full, here) {
            self.think(index, at, is_summary, rest, out);
        }
    }

    /// A piece of a call's input, or what is missing of all of it.
    pub fn args(&mut self, index: Option<u64>, text: String, is_all: bool, out: &mut Vec<Event>) {
        let item = self.place(index).and_then(|place| self.items.get_mut(place)).filter(|item| !item.is_done);
        let Some(Item { what: What::Call { part, sent }, .. }) = item else { return };
        let piece = if is_all { rest(&text, *sent).unwrap_or_default().to_owned() } else { text };
        if !piece.is_empty() {
            *sent = sent.saturating_add(piece.len());
            out.push(Event::Args { choice: 0, part: *part, piece });
        }
    }

    /// An item has ended; here it is whole.
    pub fn done(&mut self, index: Option<u64>, item: Json<'_>, ids: &Ids, out: &mut Vec<Event>) {
        let Some(object) = item.object() else { return };
        let known = index.and_then(|_| self.place(index));
        let Some(place) = known.or_else(|| self.push(index.unwrap_or(self.items.len() as u64), What::Other)) else {
            return;
        };
        if self.items.get(place).is_some_and(|item| item.is_done) {
            return;
        }
        match self.items.get(place).map(|item| &item.what) {
            Some(What::Message(_)) => {
                for (at, json) in (0u64..).zip(object.items("content")) {
                    self.content_done(index, at, json, out);
                }
            }
            Some(What::Reasoning(_)) => self.think_end(index, &object, out),
            Some(What::Call { .. }) => self.args(index, items::arguments(&object), true, out),
            Some(What::Other) | None => {
                for part in items::read(item, self.next, ids) {
                    self.whole(part, is_custom(&object), out);
                }
            }
        }
        self.end(place, out);
    }

    fn think_end(&mut self, index: Option<u64>, object: &Object<'_>, out: &mut Vec<Event>) {
        let ((text, is_summary), seal) = (items::thoughts(object), items::seal(object));
        let next = self.next;
        let Some(thought) = self.thought(index) else { return };
        let is_same = thought.part.is_none() || thought.is_summary == is_summary;
        let more = rest(&text, thought.sent).filter(|_| is_same);
        if thought.part.is_none() && (more.is_some() || seal.is_some()) {
            thought.part = Some(next);
            thought.is_summary = is_summary;
            let format = seal.as_ref().map(|seal: &Seal| seal.format.clone());
            out.push(Event::Open { choice: 0, part: next, kind: Kind::Reasoning { summary: is_summary, format } });
            self.next = next.saturating_add(1);
        }
        let Some(part) = self.thought(index).and_then(|thought| thought.part) else { return };
        out.extend(more.map(|more| Event::Text { choice: 0, part, piece: more.to_owned() }));
        out.extend(seal.map(|seal| Event::Seal { choice: 0, part, seal }));
    }

    /// Closes what is open of an item.
    fn end(&mut self, place: usize, out: &mut Vec<Event>) {
        let Some(item) = self.items.get_mut(place) else { return };
        if std::mem::replace(&mut item.is_done, true) {
            return;
        }
        match &mut item.what {
            What::Message(contents) => {
                for content in contents.drain(..).filter(|content| content.is_open) {
                    out.push(Event::Close { choice: 0, part: content.part });
                }
            }
            What::Reasoning(Thought { part: Some(part), .. }) | What::Call { part, .. } => {
                out.push(Event::Close { choice: 0, part: *part });
            }
            What::Reasoning(_) | What::Other => {}
        }
    }

    /// A part that comes at once.
    fn whole(&mut self, part: Part, custom: bool, out: &mut Vec<Event>) {
        let (choice, place) = (0, self.number());
        match part.body {
            Body::Text { text, citations } => {
                out.push(Event::Open { choice, part: place, kind: Kind::Text });
                out.extend(Some(text).filter(|text| !text.is_empty()).map(|piece| Event::Text {
                    choice,
                    part: place,
                    piece,
                }));
                out.extend(citations.into_iter().map(|citation| Event::Cite { choice, part: place, citation }));
            }
            Body::Refusal(piece) => {
                out.push(Event::Open { choice, part: place, kind: Kind::Refusal });
                out.extend(Some(piece).filter(|piece| !piece.is_empty()).map(|piece| Event::Text {
                    choice,
                    part: place,
                    piece,
                }));
            }
            Body::Reasoning { text, summary } => {
                let format = part.seal.as_ref().map(|seal| seal.format.clone());
                out.push(Event::Open { choice, part: place, kind: Kind::Reasoning { summary, format } });
                out.extend(Some(text).filter(|text| !text.is_empty()).map(|piece| Event::Text {
                    choice,
                    part: place,
                    piece,
                }));
                out.extend(part.seal.map(|seal| Event::Seal { choice, part: place, seal }));
            }
            Body::Call(call) => {
                let piece = call.args.as_text().to_owned();
                self.open_call(place, call, custom, out);
                if !piece.is_empty() {
                    out.push(Event::Args { choice, part: place, piece });
                }
            }
            body => return out.push(Event::Whole { choice, part: place, body }),
        }
        out.push(Event::Close { choice, part: place });
    }

    /// Closes everything.
    pub fn close(&mut self, out: &mut Vec<Event>) {
        for place in 0..self.items.len() {
            self.end(place, out);
        }
    }
}

fn is_custom(object: &Object<'_>) -> bool {
    object.text("type").as_deref() == Some("custom_tool_call")
}
