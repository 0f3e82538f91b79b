//! One block of a stream: what it is, and what it holds back until it ends.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::media::image_type;
use super::super::{ANSWER, blocks, native};
use crate::chat::json::{Json, object};
use crate::chat::{Args, Body, Citation, Event, Format, Ids, Kind, Media, MediaKind, Raw, Seal, SealKind, Source};

/// What all blocks of a stream share.
#[derive(Debug)]
pub(super) struct Place {
    pub ids: Ids,
    /// Of the seals that the model makes.
    pub format: Format,
    /// The next part's number.
    pub next: u32,
}

impl Place {
    fn number(&mut self) -> u32 {
        let part = self.next;
        self.next = part.saturating_add(1);
        part
    }

    fn open(&mut self, kind: Kind, out: &mut Vec<Event>) -> u32 {
        let part = self.number();
        out.push(Event::Open { choice: 0, part, kind });
        part
    }
}

/// What a block adds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Delta<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_use: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_result: Option<&'a RawValue>,
    #[serde(borrow)]
    citation: Option<&'a RawValue>,
    #[serde(borrow)]
    image: Option<&'a RawValue>,
}

/// A block that is open.
#[derive(Debug)]
pub(super) struct Block {
    pub index: u64,
    /// Bytes held back.
    pub held: usize,
    what: What,
}

#[derive(Debug)]
enum What {
    /// Citations come before their text, which ends later (rule 31).
    Text {
        part: u32,
        citations: Vec<Citation>,
    },
    Thought {
        part: u32,
        kind: SealKind,
        proof: String,
    },
    /// A client's call; the tool that stands for an answer in JSON is text.
    Call {
        part: u32,
        is_answer: bool,
    },
    /// A built-in tool's call, or a block that is not known here: what it began with, and the input's text.
    Native {
        name: String,
        start: Raw,
        input: String,
    },
    /// A built-in tool's result.
    Result {
        start: Raw,
        items: Vec<Raw>,
    },
    Image {
        mime: Option<String>,
        data: String,
    },
}

impl Block {
    fn new(index: u64, what: What) -> Block {
        Block { index, held: 0, what }
    }

    /// Whether it is a call that the client has to run.
    pub fn is_call(&self) -> bool {
        matches!(self.what, What::Call { is_answer: false, .. })
    }

    /// What `contentBlockStart` says; `None` for what begins with its first delta.
    pub fn start(index: u64, start: Json<'_>, place: &mut Place, out: &mut Vec<Event>) -> Option<Block> {
        let object = start.object()?;
        let (name, json) = object.iter().next()?;
        let inner = json.object().unwrap_or_default();
        let what = match name {
            "toolUse" if !native::is_builtin(&inner) => {
                let name = inner.string("name").unwrap_or_default();
                let is_answer = name == ANSWER;
                let id = inner.string("toolUseId").filter(|id| !id.is_empty());
                let id = id.unwrap_or_else(|| place.ids.call(0, place.next));
                let call = Kind::Call { id, item_id: None, name, custom: false, caller: None, seal: None };
                What::Call { part: place.open(if is_answer { Kind::Text } else { call }, out), is_answer }
            }
            "toolResult" => What::Result { start: json.raw(), items: Vec::new() },
            "image" => {
                What::Image { mime: inner.text("format").map(|format| image_type(&format)), data: String::new() }
            }
            "text" | "reasoningContent" => return None,
            name => What::Native { name: name.to_owned(), start: json.raw(), input: String::new() },
        };
        Some(Block { held: json.get().len(), ..Block::new(index, what) })
    }

    /// What `contentBlockDelta` says. A block of another kind ends first; the one that is open then is given back.
    pub fn grow(
        known: Option<Block>,
        index: u64,
        delta: &Delta<'_>,
        place: &mut Place,
        out: &mut Vec<Event>,
    ) -> Option<Block> {
        if let Some(text) = delta.text.and_then(|raw| Json::of(raw).string()) {
            if text.is_empty() {
                return known;
            }
            let block = Block::text(known, index, place, out);
            if let What::Text { part, .. } = block.what {
                out.push(Event::Text { choice: 0, part, piece: text });
            }
            return Some(block);
        }
        if let Some(citation) = delta.citation {
            let mut block = Block::text(known, index, place, out);
            block.held = block.held.saturating_add(citation.get().len());
            if let What::Text { citations, .. } = &mut block.what {
                citations.push(blocks::citation(Json::of(citation)));
            }
            return Some(block);
        }
        if let Some(thought) = delta.reasoning_content {
            return Block::thought(known, index, Json::of(thought), place, out);
        }
        let mut block = known?;
        let Block { what, held, .. } = &mut block;
        let mut hold = |length: usize| *held = held.saturating_add(length);
        match what {
            What::Call { part, is_answer } => {
                let input = delta.tool_use.and_then(|raw| Json::of(raw).object()?.get("input"));
                let piece = input.map(|json| json.string().unwrap_or_else(|| json.get().to_owned()));
                let (choice, part) = (0, *part);
                out.extend(piece.filter(|piece| !piece.is_empty()).map(|piece| match is_answer {
                    true => Event::Text { choice, part, piece },
                    false => Event::Args { choice, part, piece },
                }));
            }
            What::Native { input, .. } => {
                if let Some(piece) = delta.tool_use.and_then(|raw| Json::of(raw).object()?.string("input")) {
                    hold(piece.len());
                    input.push_str(&piece);
                }
            }
            What::Result { items, .. } => {
                for json in delta.tool_result.and_then(|raw| Json::of(raw).items()).into_iter().flatten() {
                    hold(json.get().len());
                    items.push(json.raw());
                }
            }
            What::Image { data, .. } => {
                let bytes = delta.image.and_then(|raw| Json::of(raw).object()?.object("source")?.string("bytes"));
                if let Some(bytes) = bytes {
                    hold(bytes.len());
                    data.push_str(&bytes);
                }
            }
            What::Text { .. } | What::Thought { .. } => {}
        }
        Some(block)
    }

    /// The text that is open; it has no start of its own (rule 48).
    fn text(known: Option<Block>, index: u64, place: &mut Place, out: &mut Vec<Event>) -> Block {
        if let Some(block) = known {
            if matches!(block.what, What::Text { .. }) {
                return block;
            }
            block.close(place, out);
        }
        Block::new(index, What::Text { part: place.open(Kind::Text, out), citations: Vec::new() })
    }

    /// Reasoning: text, a signature after it, or what nobody may read.
    fn thought(
        known: Option<Block>,
        index: u64,
        json: Json<'_>,
        place: &mut Place,
        out: &mut Vec<Event>,
    ) -> Option<Block> {
        let Some(object) = json.object() else { return known };
        let said = |name| object.string(name).filter(|text| !text.is_empty());
        let (text, redacted) = (said("text"), said("redactedContent"));
        let kind = if redacted.is_some() { SealKind::Redacted } else { SealKind::Signature };
        let proof = redacted.or_else(|| said("signature"));
        if text.is_none() && proof.is_none() {
            return known;
        }
        let mut block = match known {
            Some(block) if matches!(block.what, What::Thought { kind: open, .. } if open == kind) => block,
            other => {
                if let Some(other) = other {
                    other.close(place, out);
                }
                let format = Some(place.format.clone());
                let part = place.open(Kind::Reasoning { summary: false, format }, out);
                Block::new(index, What::Thought { part, kind, proof: String::new() })
            }
        };
        if let What::Thought { part, proof: whole, .. } = &mut block.what {
            let (choice, part) = (0, *part);
            out.extend(text.map(|piece| Event::Text { choice, part, piece }));
            if let Some(piece) = proof {
                block.held = block.held.saturating_add(piece.len());
                whole.push_str(&piece);
            }
        }
        Some(block)
    }

    /// It ends: what it held back is told.
    pub fn close(self, place: &mut Place, out: &mut Vec<Event>) {
        let choice = 0;
        match self.what {
            What::Text { part, citations } => {
                out.extend(citations.into_iter().map(|citation| Event::Cite { choice, part, citation }));
                out.push(Event::Close { choice, part });
            }
            What::Thought { part, kind, proof } => {
                if !proof.is_empty() {
                    out.push(Event::Seal { choice, part, seal: Seal::new(place.format.clone(), kind, proof) });
                }
                out.push(Event::Close { choice, part });
            }
            What::Call { part, .. } => out.push(Event::Close { choice, part }),
            What::Native { name, start, input } => {
                let is_call = name == "toolUse";
                let whole = whole(&name, &start, |o| {
                    if is_call {
                        o.raw("input", &Args::parse(&input).to_object());
                    }
                });
                tell(whole, place, out);
            }
            What::Result { start, items } => {
                let whole = whole("toolResult", &start, |o| {
                    o.list("content", |l| items.iter().for_each(|item| l.raw(item)));
                });
                tell(whole, place, out);
            }
            What::Image { mime, data } if !data.is_empty() => {
                let body = Body::Media(Box::new(Media::new(MediaKind::Image, mime, Source::Base64(data))));
                out.push(Event::Whole { choice, part: place.number(), body });
            }
            What::Image { .. } => {}
        }
    }
}

/// A block as it stands in a whole answer.
fn whole(name: &str, start: &Raw, rest: impl FnOnce(&mut crate::chat::json::ObjectWriter<'_>)) -> Vec<u8> {
    let mut whole = Vec::new();
    let begun = start.json().object().unwrap_or_default();
    object(&mut whole, |o| {
        o.object(name, |o| {
            begun.iter().for_each(|(key, json)| o.raw(key, &json.raw()));
            rest(o);
        });
    });
    whole
}

fn tell(whole: Vec<u8>, place: &mut Place, out: &mut Vec<Event>) {
    if let Some(json) = Json::parse(&whole) {
        let body = Body::Native(native::block(json.raw()));
        out.push(Event::Whole { choice: 0, part: place.number(), body });
    }
}
