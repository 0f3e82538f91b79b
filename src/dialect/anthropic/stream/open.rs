//! One block of a stream while it grows.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::chat::json::{Json, Object, object};
use crate::chat::{Body, Citation, Event, Format, Ids, Kind, Raw, Seal};
use crate::dialect::anthropic::{ANSWER, blocks};

/// The pieces that a block grows by.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Delta<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow)]
    partial_json: Option<&'a RawValue>,
    #[serde(borrow)]
    signature: Option<&'a RawValue>,
    #[serde(borrow)]
    citation: Option<&'a RawValue>,
}

impl Delta<'_> {
    /// The kind of block that it belongs to, where that needs no more.
    pub fn kind(&self) -> Option<Kind> {
        if self.text.is_some() { Some(Kind::Text) } else { self.thinking.map(|_| thinking()) }
    }
}

fn thinking() -> Kind {
    Kind::Reasoning { summary: false, format: Some(Format::Anthropic) }
}

/// The text of a piece; `None` where there is nothing in it (rule 7).
fn piece(raw: Option<&RawValue>) -> Option<String> {
    raw.and_then(|raw| Json::of(raw).string()).filter(|piece| !piece.is_empty())
}

/// A block that has begun and not ended.
#[derive(Debug)]
pub(super) struct Open {
    pub index: u64,
    /// Bytes that wait for the end.
    pub held: usize,
    part: u32,
    what: What,
}

#[derive(Debug)]
enum What {
    /// Citations are of the whole text, and may come before it (seen): they wait for its end.
    Text(Vec<Citation>),
    /// The last signature counts.
    Thinking(Option<Seal>),
    /// `input` is what the start said, until a piece comes.
    Call { input: Option<Raw>, is_answer: bool },
    /// Carried whole: what the start said, the input in pieces, and other texts that grow.
    Native { block: Raw, input: String, texts: BTreeMap<String, String> },
}

impl Open {
    /// What a start says; `None` for what is no block.
    pub fn new(index: u64, part: u32, block: Json<'_>, ids: &Ids, out: &mut Vec<Event>) -> Option<Open> {
        let object = block.object()?;
        let name = object.string("name").unwrap_or_default();
        let mut held = 0;
        let (kind, what) = match &*object.text("type")? {
            "text" => {
                let citations: Vec<_> = object.items("citations").filter_map(blocks::citation).collect();
                held = citations.iter().map(size).sum();
                (Kind::Text, What::Text(citations))
            }
            "thinking" => (thinking(), What::Thinking(object.string("signature").and_then(blocks::signature))),
            "redacted_thinking" => (thinking(), What::Thinking(Some(blocks::redacted(&object)))),
            "tool_use" => {
                let input = object.raw("input").filter(|input| !["{}", "\"\""].contains(&input.get()));
                held = input.as_ref().map_or(0, |input| input.get().len());
                let is_answer = name == ANSWER;
                let (id, caller) = (blocks::call_id(&object, part, ids), blocks::caller(&object));
                let call = Kind::Call { id, item_id: None, name, custom: false, caller, seal: None };
                (if is_answer { Kind::Text } else { call }, What::Call { input, is_answer })
            }
            _ => {
                let what = What::Native { block: block.raw(), input: String::new(), texts: BTreeMap::new() };
                return Some(Open { index, held: block.get().len(), part, what });
            }
        };
        let text = match &what {
            What::Text(_) => object.string("text"),
            What::Thinking(_) => object.string("thinking"),
            // Whatever else a call has.
            _ => None,
        };
        let open = Open { index, held, part, what };
        out.push(Event::Open { choice: 0, part, kind });
        out.extend(text.filter(|text| !text.is_empty()).map(|piece| Event::Text { choice: 0, part, piece }));
        Some(open)
    }

    /// A block whose start was left out.
    pub fn implied(index: u64, part: u32, kind: Kind, out: &mut Vec<Event>) -> Open {
        let what = if kind == Kind::Text { What::Text(Vec::new()) } else { What::Thinking(None) };
        out.push(Event::Open { choice: 0, part, kind });
        Open { index, held: 0, part, what }
    }

    /// Whether the client has to run it.
    pub fn is_call(&self) -> bool {
        matches!(self.what, What::Call { is_answer: false, .. })
    }

    /// A piece. What does not belong to the kind of block is skipped (rule 4).
    pub fn delta(&mut self, delta: &Delta<'_>, raw: &RawValue, out: &mut Vec<Event>) {
        let Open { part, held, what, .. } = self;
        let part = *part;
        let mut hold = |bytes: usize| *held = held.saturating_add(bytes);
        match what {
            What::Text(citations) => {
                out.extend(piece(delta.text).map(|piece| Event::Text { choice: 0, part, piece }));
                let citation = delta.citation.and_then(|raw| blocks::citation(Json::of(raw)));
                hold(citation.as_ref().map_or(0, size));
                citations.extend(citation);
            }
            What::Thinking(seal) => {
                out.extend(piece(delta.thinking).map(|piece| Event::Text { choice: 0, part, piece }));
                if let Some(signature) = piece(delta.signature) {
                    *held = signature.len();
                    *seal = blocks::signature(signature);
                }
            }
            What::Call { input, is_answer } => {
                if let Some(piece) = piece(delta.partial_json) {
                    *input = None;
                    out.push(match is_answer {
                        true => Event::Text { choice: 0, part, piece },
                        false => Event::Args { choice: 0, part, piece },
                    });
                }
            }
            What::Native { input, texts, .. } => {
                if delta.partial_json.is_some() {
                    let piece = piece(delta.partial_json).unwrap_or_default();
                    hold(piece.len());
                    input.push_str(&piece);
                } else if let Some(object) = Json::of(raw).object() {
                    hold(raw.get().len());
                    grow(texts, &object);
                }
            }
        }
    }

    /// The end.
    pub fn close(self, out: &mut Vec<Event>) {
        let part = self.part;
        match self.what {
            What::Native { block, input, texts } => {
                let body = Body::Native(blocks::native(whole(block, &input, texts)));
                return out.push(Event::Whole { choice: 0, part, body });
            }
            What::Text(citations) => {
                out.extend(citations.into_iter().map(|citation| Event::Cite { choice: 0, part, citation }));
            }
            What::Thinking(Some(seal)) => out.push(Event::Seal { choice: 0, part, seal }),
            What::Call { input: Some(input), is_answer } => {
                let piece = input.json().string().unwrap_or_else(|| input.get().to_owned());
                out.push(match is_answer {
                    true => Event::Text { choice: 0, part, piece },
                    false => Event::Args { choice: 0, part, piece },
                });
            }
            _ => {}
        }
        out.push(Event::Close { choice: 0, part });
    }
}

fn size(citation: &Citation) -> usize {
    match citation {
        Citation::Url(page) => page.raw.get().len(),
        Citation::Native { raw, .. } => raw.get().len(),
    }
}

/// Texts of a delta that is not known: `{"type":"compaction_delta","content":"..."}` adds to `content`.
fn grow(texts: &mut BTreeMap<String, String>, delta: &Object<'_>) {
    for (key, json) in delta.iter().filter(|(key, _)| *key != "type") {
        let Some(text) = json.text() else { continue };
        texts.entry(key.to_owned()).or_default().push_str(&text);
    }
}

/// The block as it would stand in an answer that is not a stream.
fn whole(block: Raw, input: &str, mut texts: BTreeMap<String, String>) -> Raw {
    let input = Raw::parse(input);
    if input.is_none() && texts.is_empty() {
        return block;
    }
    let Some(members) = block.json().object() else { return block };
    let mut out = Vec::new();
    object(&mut out, |o| {
        for (key, json) in members.all().filter(|(key, _)| !(*key == "input" && input.is_some())) {
            match texts.remove(key) {
                Some(more) => o.set(key, json.string().unwrap_or_default() + &more),
                None => o.raw(key, &json.raw()),
            }
        }
        texts.iter().for_each(|(key, text)| o.set(key, text));
        o.maybe_raw("input", input.as_ref());
    });
    String::from_utf8(out).ok().and_then(|text| Raw::parse(&text)).unwrap_or(block)
}
