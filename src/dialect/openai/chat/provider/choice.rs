//! One choice of a stream: which parts are open, and what a delta adds to them.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::details::{Entry, belongs_elsewhere};
use super::super::{content, next};
use super::calls::Wire;
use super::response::{annotation, image};
use crate::chat::json::Json;
use crate::chat::{Body, Event, Ids, Kind, Seal};

/// Most calls of one choice.
const MOST_CALLS: usize = 1024;
/// Most bytes that wait: arguments for their tool's name, seals for their calls; and ids, which are kept.
const MOST_WAITING: usize = 1 << 20;

/// What a choice adds. Members are read when they are there, whatever type they have.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Delta<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_details: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow)]
    function_call: Option<&'a RawValue>,
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
    #[serde(borrow)]
    images: Option<&'a RawValue>,
}

/// The items of a member; none when it is no list.
fn items<'a>(raw: Option<&'a RawValue>) -> impl Iterator<Item = Json<'a>> + use<'a> {
    raw.map(Json::of).and_then(Json::items).into_iter().flatten()
}

/// More was said than is held.
#[derive(Debug)]
pub(super) struct TooLarge;

#[derive(Debug)]
pub(super) struct Growing {
    pub index: u32,
    pub is_finished: bool,
    next: u32,
    /// The text, refusal or reasoning that is open.
    open: Option<(u32, Kind)>,
    /// The entry of `reasoning_details` that the open reasoning is.
    entry: Option<u64>,
    calls: Vec<Call>,
    /// Seals of calls that have not come yet.
    waiting: Vec<Seal>,
}

/// One call.
#[derive(Debug)]
struct Call {
    part: u32,
    index: Option<u64>,
    id: Option<String>,
    /// Its tool is known, and the client too knows of it.
    is_open: bool,
    is_custom: bool,
    /// Arguments that came before the name.
    early: String,
    seal: Option<Seal>,
}

impl Growing {
    pub fn new(index: u32) -> Growing {
        Growing { index, is_finished: false, next: 0, open: None, entry: None, calls: Vec::new(), waiting: Vec::new() }
    }

    /// What a delta says.
    pub fn delta(&mut self, delta: &Delta<'_>, ids: &Ids, out: &mut Vec<Event>) -> Result<(), TooLarge> {
        let mut has_details = false;
        for entry in items(delta.reasoning_details).filter_map(Entry::read) {
            has_details = true;
            self.detail(entry, out);
        }
        if !has_details {
            let said =
                |raw: Option<&RawValue>| raw.and_then(|raw| Json::of(raw).string()).filter(|text| !text.is_empty());
            if let Some(text) = said(delta.reasoning_content).or_else(|| said(delta.reasoning)) {
                self.entry = None;
                self.text(Kind::Reasoning { summary: false, format: None }, text, out);
            }
        }
        if let Some(content) = delta.content.map(Json::of) {
            match content.string() {
                Some(text) => self.text(Kind::Text, text, out),
                None => self.list(content, out),
            }
        }
        if let Some(text) = delta.refusal.and_then(|raw| Json::of(raw).string()) {
            self.text(Kind::Refusal, text, out);
        }
        for citation in items(delta.annotations).filter_map(annotation) {
            let part = self.part(Kind::Text, out);
            out.push(Event::Cite { choice: self.index, part, citation });
        }
        for image in items(delta.images).filter_map(image) {
            self.shut(out);
            let part = self.number();
            out.push(Event::Whole { choice: self.index, part, body: image.body });
        }
        for json in items(delta.tool_calls) {
            let Some(wire) = json.object().and_then(|call| Wire::read(&call)) else { continue };
            self.call(wire, ids, out)?;
        }
        if let Some(function) = delta.function_call.and_then(|raw| Json::of(raw).object()) {
            let input = function.text("arguments").unwrap_or_default();
            let name = function.string("name").filter(|name| !name.is_empty());
            let (index, is_custom) = (Some(u64::MAX), false);
            self.call(Wire { index, id: None, name, input, is_custom, seal: None, caller: None }, ids, out)?;
        }
        Ok(())
    }

    /// Closes all parts; whether there were calls.
    pub fn close(&mut self, ids: &Ids, out: &mut Vec<Event>) -> bool {
        self.is_finished = true;
        self.shut(out);
        let mut calls = std::mem::take(&mut self.calls);
        for call in &mut calls {
            // A call without a tool's name: the client must see that there was one.
            self.announce(call, String::new(), None, ids, out);
            out.push(Event::Close { choice: self.index, part: call.part });
        }
        !calls.is_empty()
    }

    fn number(&mut self) -> u32 {
        next(&mut self.next)
    }

    /// Closes the text that is open.
    fn shut(&mut self, out: &mut Vec<Event>) {
        if let Some((part, _)) = self.open.take() {
            out.push(Event::Close { choice: self.index, part });
        }
    }

    /// The open part of a kind, opened when it is another that is.
    fn part(&mut self, kind: Kind, out: &mut Vec<Event>) -> u32 {
        if let Some((part, open)) = &self.open
            && *open == kind
        {
            return *part;
        }
        self.shut(out);
        let part = self.number();
        out.push(Event::Open { choice: self.index, part, kind: kind.clone() });
        self.open = Some((part, kind));
        part
    }

    fn text(&mut self, kind: Kind, piece: String, out: &mut Vec<Event>) {
        if !piece.is_empty() {
            let part = self.part(kind, out);
            out.push(Event::Text { choice: self.index, part, piece });
        }
    }

    /// Mistral's list of parts.
    fn list(&mut self, content: Json<'_>, out: &mut Vec<Event>) {
        let Some(items) = content.items() else { return };
        for item in items {
            let Some(read) = content::read_part(item) else { continue };
            match read.body {
                Body::Text { text, .. } => self.text(Kind::Text, text, out),
                Body::Refusal(text) => self.text(Kind::Refusal, text, out),
                Body::Reasoning { text, .. } => self.text(Kind::Reasoning { summary: false, format: None }, text, out),
                _ => {}
            }
        }
    }

    /// One entry of `reasoning_details`: a piece of the part that is open, or the next.
    fn detail(&mut self, entry: Entry, out: &mut Vec<Event>) {
        if let Some(seal) = entry.seal.as_ref().filter(|seal| belongs_elsewhere(seal) && seal.id.is_some()) {
            match self.calls.iter().find(|call| call.id == seal.id && call.is_open) {
                Some(call) => out.push(Event::Seal { choice: self.index, part: call.part, seal: seal.clone() }),
                None if self.waiting.len() < MOST_CALLS && self.held() <= MOST_WAITING => {
                    self.waiting.push(seal.clone());
                }
                None => {}
            }
            return;
        }
        let open = self.open.as_ref().and_then(|(part, kind)| match kind {
            Kind::Reasoning { format, .. } => Some((*part, format.clone())),
            _ => None,
        });
        let goes_on = open.is_some() && self.entry.is_some() && self.entry == entry.index;
        let (part, format) = match open.filter(|_| goes_on) {
            Some(open) => open,
            None => {
                self.shut(out);
                let format = entry.format.clone().or_else(|| entry.seal.as_ref().map(|seal| seal.format.clone()));
                let kind = Kind::Reasoning { summary: entry.is_summary, format: format.clone() };
                (self.part(kind, out), format)
            }
        };
        self.entry = entry.index.or(Some(u64::MAX));
        if !entry.text.is_empty() {
            out.push(Event::Text { choice: self.index, part, piece: entry.text });
        }
        if let Some(seal) = entry.seal {
            // The format stands in an entry's first piece only.
            let format = if entry.format.is_some() { seal.format } else { format.unwrap_or(seal.format) };
            out.push(Event::Seal { choice: self.index, part, seal: Seal { format, ..seal } });
            self.entry = None;
            self.shut(out);
        }
    }

    /// One object of `tool_calls`: the next piece of a call, or a new one (rule 10).
    fn call(&mut self, wire: Wire<'_>, ids: &Ids, out: &mut Vec<Event>) -> Result<(), TooLarge> {
        let known = match (wire.index, &wire.id) {
            (Some(index), _) => self.calls.iter().position(|call| call.index == Some(index)),
            (None, Some(id)) => self.calls.iter().position(|call| call.id.as_ref() == Some(id)),
            (None, None) => self.calls.len().checked_sub(1),
        };
        let place = known.unwrap_or(self.calls.len());
        if known.is_none() {
            if place >= MOST_CALLS {
                return Err(TooLarge);
            }
            self.shut(out);
            let part = self.number();
            let (early, is_custom) = (String::new(), wire.is_custom);
            self.calls.push(Call { part, index: wire.index, id: None, is_open: false, is_custom, early, seal: None });
        }
        let choice = self.index;
        let Some(mut call) = (place < self.calls.len()).then(|| self.calls.swap_remove(place)) else { return Ok(()) };
        call.id = call.id.take().or(wire.id);
        if call.is_open {
            out.extend(wire.seal.map(|seal| Event::Seal { choice, part: call.part, seal }));
            if !wire.input.is_empty() {
                out.push(Event::Args { choice, part: call.part, piece: wire.input.into_owned() });
            }
        } else {
            call.early.push_str(&wire.input);
            call.seal = call.seal.take().or(wire.seal);
            if let Some(name) = wire.name {
                self.announce(&mut call, name, wire.caller, ids, out);
            }
        }
        let is_more = known.is_none() || !call.is_open;
        // Back to its place.
        self.calls.push(call);
        let last = self.calls.len().saturating_sub(1);
        self.calls.swap(place, last);
        if is_more && self.held() > MOST_WAITING { Err(TooLarge) } else { Ok(()) }
    }

    /// Bytes that are kept of calls and of seals that wait for theirs.
    fn held(&self) -> usize {
        let seal = |seal: &Seal| seal.data.len().saturating_add(seal.id.as_ref().map_or(0, String::len));
        let calls = self.calls.iter().map(|call| {
            let id = call.id.as_ref().map_or(0, String::len);
            call.early.len().saturating_add(id).saturating_add(call.seal.as_ref().map_or(0, seal))
        });
        calls.chain(self.waiting.iter().map(seal)).fold(0, usize::saturating_add)
    }

    /// Opens a call that is not open yet.
    fn announce(
        &mut self,
        call: &mut Call,
        name: String,
        caller: Option<crate::chat::Raw>,
        ids: &Ids,
        out: &mut Vec<Event>,
    ) {
        if std::mem::replace(&mut call.is_open, true) {
            return;
        }
        let (choice, part) = (self.index, call.part);
        let id = call.id.get_or_insert_with(|| ids.call(choice, part)).clone();
        let waiting = self.waiting.iter().position(|seal| seal.id.as_ref() == Some(&id));
        let late = waiting.map(|place| self.waiting.swap_remove(place));
        let seal = call.seal.take().or(late);
        let kind = Kind::Call { id, item_id: None, name, custom: call.is_custom, caller, seal };
        out.push(Event::Open { choice, part, kind });
        let piece = std::mem::take(&mut call.early);
        if !piece.is_empty() {
            out.push(Event::Args { choice, part, piece });
        }
    }
}
