//! Which part is written and which wait: one block is open at a time (lines 26 and 27). Nothing else reorders.

use std::collections::{BTreeMap, VecDeque};

use super::ending::Beside;
use super::open::{Counter, Open, View};
use super::seals;
use crate::chat::{Body, Event, Format, Kind, MediaKind};
use crate::dialect::openai::responses::seals::Place;

/// Parts beyond this are forgotten when they have ended.
const MOST_ENDED: usize = 1024;
/// What one waiting event costs besides its texts.
const COST: usize = 64;

/// The blocks of a stream.
#[derive(Debug)]
pub(super) struct Blocks {
    view: View,
    counter: Counter,
    now: Option<Open>,
    waiting: VecDeque<Waiting>,
    waiting_held: usize,
    /// The numbers of blocks that have ended, by their parts: a seal may yet come.
    ended: BTreeMap<u32, u32>,
}

/// A part that waits for the open one to close; or a seal that came when its own part was over.
#[derive(Debug)]
struct Waiting {
    part: u32,
    events: Vec<Event>,
}

impl Blocks {
    pub fn new(view: View) -> Blocks {
        Blocks {
            view,
            counter: Counter::default(),
            now: None,
            waiting: VecDeque::new(),
            waiting_held: 0,
            ended: BTreeMap::new(),
        }
    }

    /// Bytes that wait.
    pub fn held(&self) -> usize {
        self.waiting_held.saturating_add(self.now.as_ref().map_or(0, |open| open.held))
    }

    /// What an event of a part says.
    pub fn event(&mut self, part: u32, event: &Event, beside: &mut Beside, out: &mut Vec<u8>) {
        let is_now = self.now.as_ref().is_some_and(|open| open.part == part);
        if !is_now && let Some(waiting) = self.waiting.iter_mut().rev().find(|waiting| waiting.part == part) {
            waiting.events.push(event.clone());
            self.waiting_held = self.waiting_held.saturating_add(cost(event));
        } else if is_now || self.is_free() {
            self.write(part, event, beside, out);
            self.go_on(beside, out);
        } else if matches!(event, Event::Open { .. } | Event::Whole { .. } | Event::Seal { .. }) {
            self.waiting.push_back(Waiting { part, events: vec![event.clone()] });
            self.waiting_held = self.waiting_held.saturating_add(cost(event));
        } else if let Event::Cite { citation, .. } = event {
            beside.cite(citation);
        }
    }

    fn is_free(&self) -> bool {
        self.now.as_ref().is_none_or(|open| open.is_closed)
    }

    /// Writes what waits, as far as the next part that is not closed.
    fn go_on(&mut self, beside: &mut Beside, out: &mut Vec<u8>) {
        while self.is_free()
            && let Some(waiting) = self.waiting.pop_front()
        {
            for event in &waiting.events {
                self.waiting_held = self.waiting_held.saturating_sub(cost(event));
                self.write(waiting.part, event, beside, out);
            }
        }
    }

    fn write(&mut self, part: u32, event: &Event, beside: &mut Beside, out: &mut Vec<u8>) {
        match (event, &mut self.now) {
            (Event::Open { kind, .. }, _) => self.open(part, kind, out),
            (Event::Whole { body, .. }, _) => self.whole(part, body, beside, out),
            (_, Some(open)) if open.part == part => {
                open.event(event, &mut self.counter, &self.view, beside, out);
                // A text may yet be cited or sealed: it ends when something else begins.
                if open.is_closed && !open.is_text() {
                    self.stop(out);
                }
            }
            (Event::Cite { citation, .. }, _) => beside.cite(citation),
            (Event::Seal { seal, .. }, _) => {
                self.stop(out);
                // What has no block, such as an image, does not come back, and needs no proof.
                let Some(index) = self.ended.get(&part) else { return };
                let place = Place::Back(self.counter.since(*index));
                if let Some(data) = seals::travelling(seal, place, &self.view.provider) {
                    self.counter.redacted(&data, out);
                }
            }
            _ => {}
        }
    }

    fn open(&mut self, part: u32, kind: &Kind, out: &mut Vec<u8>) {
        self.stop(out);
        self.now = Open::new(part, kind, &mut self.counter, &self.view, out);
    }

    /// A part that comes at once. What has no block goes beside the answer.
    fn whole(&mut self, part: u32, body: &Body, beside: &mut Beside, out: &mut Vec<u8>) {
        let (kind, text) = match body {
            Body::Text { text, .. } => (Kind::Text, text),
            Body::Reasoning { text, summary } => (Kind::Reasoning { summary: *summary, format: None }, text),
            Body::Native(native) if native.format == Format::Anthropic => {
                self.stop(out);
                return self.counter.whole(&native.block, out);
            }
            Body::Native(native) => return beside.extras.block(native),
            Body::Media(media) if media.kind == MediaKind::Image => return beside.image(media),
            _ => return,
        };
        self.open(part, &kind, out);
        let piece = Event::Text { choice: 0, part, piece: text.clone() };
        for event in [piece, Event::Close { choice: 0, part }] {
            self.write(part, &event, beside, out);
        }
    }

    fn stop(&mut self, out: &mut Vec<u8>) {
        if let Some(open) = self.now.take() {
            let part = open.part;
            if let Some(index) = open.stop(&mut self.counter, &self.view, out) {
                self.ended.insert(part, index);
            }
            if self.ended.len() > MOST_ENDED {
                self.ended.pop_first();
            }
        }
    }

    /// Everything that waits; a part whose end was never told ends here. Then the words of a refusal.
    pub fn end(&mut self, refusal: Option<&str>, beside: &mut Beside, out: &mut Vec<u8>) {
        self.stop(out);
        while !self.waiting.is_empty() {
            self.go_on(beside, out);
            self.stop(out);
        }
        if let Some(text) = refusal {
            self.whole(u32::MAX, &Body::Text { text: text.to_owned(), citations: Vec::new() }, beside, out);
            self.stop(out);
        }
    }

    /// The stream breaks off: the open block ends as it is, and what waits is lost.
    pub fn cut(&mut self, out: &mut Vec<u8>) {
        if let Some(open) = self.now.take() {
            open.cut(out);
        }
    }
}

/// What an event costs while it waits.
fn cost(event: &Event) -> usize {
    let bytes = match event {
        Event::Text { piece, .. } | Event::Args { piece, .. } => piece.len(),
        Event::Seal { seal, .. } => seal.data.len(),
        Event::Open { kind: Kind::Call { id, name, .. }, .. } => id.len() + name.len(),
        Event::Whole { body: Body::Native(native), .. } => native.block.get().len(),
        Event::Whole { body: Body::Text { text, .. } | Body::Reasoning { text, .. }, .. } => text.len(),
        Event::Cite { citation: crate::chat::Citation::Url(page), .. } => page.raw.get().len(),
        Event::Cite { citation: crate::chat::Citation::Native { raw, .. }, .. } => raw.get().len(),
        _ => 0,
    };
    bytes.saturating_add(COST)
}
