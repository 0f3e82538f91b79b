//! `reasoning_details`: reasoning with its seals, in the shape that OpenRouter introduced
//! (<https://openrouter.ai/docs/use-cases/reasoning-tokens>).

use std::collections::{BTreeMap, VecDeque};

use super::next;
use crate::chat::json::{Json, ListWriter, Object, ObjectWriter};
use crate::chat::{Body, Format, Part, Seal, SealKind, ToolCall};

/// One entry.
#[derive(Debug)]
pub(super) struct Entry {
    pub text: String,
    pub is_summary: bool,
    pub index: Option<u64>,
    pub format: Option<Format>,
    pub id: Option<String>,
    pub seal: Option<Seal>,
}

impl Entry {
    /// Reads one; `None` for what is no object.
    pub(super) fn read(json: Json<'_>) -> Option<Entry> {
        let object: Object<'_> = json.object()?;
        let kind = object.text("type").unwrap_or_default();
        let format = object.text("format").map(|word| Format::of_word(&word));
        let id = object.string("id");
        let is_summary = kind == "reasoning.summary";
        let text = object.string(if is_summary { "summary" } else { "text" }).unwrap_or_default();
        let proof = |name| object.string(name).filter(|data| !data.is_empty());
        let named = || format.clone().unwrap_or_else(|| Format::Other("unknown".to_owned()));
        let seal = match (proof("signature"), proof("data")) {
            (Some(data), _) => Some((SealKind::Signature, data)),
            (None, Some(data)) => Some((SealKind::Encrypted, data)),
            (None, None) => None,
        };
        let seal = seal.map(|(kind, data)| {
            let mut seal = Seal { id: id.clone(), ..Seal::new(named(), kind, data) }.arrived();
            let has_redacted = matches!(seal.format, Format::Anthropic | Format::Bedrock);
            if seal.kind == SealKind::Encrypted && has_redacted {
                seal.kind = SealKind::Redacted;
            }
            seal
        });
        Some(Entry { text, is_summary, index: object.count("index"), format, id, seal })
    }
}

/// What a message's entries say.
#[derive(Debug, Default)]
pub(super) struct Details {
    /// Reasoning, in order.
    pub parts: Vec<Part>,
    /// Gemini's seals, which belong to a call or to the text.
    pub elsewhere: Elsewhere,
}

/// Seals of what is no reasoning.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    of_calls: BTreeMap<String, VecDeque<Seal>>,
    /// Those that name no call, in order.
    pub of_text: Vec<Seal>,
}

impl Elsewhere {
    fn push(&mut self, mut seal: Seal) {
        match seal.id.take() {
            Some(id) => self.of_calls.entry(id).or_default().push_back(seal),
            None => self.of_text.push(seal),
        }
    }

    /// Seals the calls that have none yet.
    pub(super) fn seal_calls(&mut self, parts: &mut [Part]) {
        for part in parts {
            if let Body::Call(ToolCall { id, .. }) = &part.body {
                let found = self.of_calls.get_mut(id).and_then(VecDeque::pop_front);
                part.seal = part.seal.take().or(found);
            }
        }
    }
}

impl Details {
    /// Reads a list. Entries of one index are pieces of one; a summary and the encrypted item with its id are one part.
    pub(super) fn read<'a>(list: impl Iterator<Item = Json<'a>>) -> Details {
        let mut details = Details::default();
        let mut before: Option<Entry> = None;
        for mut entry in list.filter_map(Entry::read) {
            if let Some(seal) = entry.seal.take_if(|seal| belongs_elsewhere(seal)) {
                details.elsewhere.push(seal);
                continue;
            }
            let goes_on = before.as_ref().is_some_and(|before| entry.goes_on(before));
            match details.parts.last_mut().filter(|_| goes_on) {
                Some(part) => {
                    if let Body::Reasoning { text, .. } = &mut part.body {
                        text.push_str(&entry.text);
                    }
                    if let Some(mut seal) = entry.seal.take() {
                        // The format stands in the first piece only.
                        if entry.format.is_none()
                            && let Some(format) = before.as_ref().and_then(|before| before.format.clone())
                        {
                            seal.format = format;
                        }
                        part.seal.get_or_insert(seal);
                    }
                    if let Some(before) = &mut before {
                        before.id = before.id.take().or(entry.id);
                    }
                }
                None => {
                    let body = Body::Reasoning { text: std::mem::take(&mut entry.text), summary: entry.is_summary };
                    details.parts.push(Part::new(body).sealed(entry.seal.take()));
                    before = Some(entry);
                }
            }
        }
        details
    }
}

impl Entry {
    fn goes_on(&self, before: &Entry) -> bool {
        let is_item = self.text.is_empty() && self.id.is_some() && self.id == before.id;
        is_item || (self.index.is_some() && self.index == before.index)
    }
}

/// Whether a seal is Gemini's, which proves a call or a text.
pub(super) fn belongs_elsewhere(seal: &Seal) -> bool {
    seal.format == Format::Gemini && seal.kind == SealKind::Encrypted
}

/// Writes the entries of an answer's part, if it has any; `count` goes on with them.
pub(super) fn write(part: &Part, provider: &str, count: &mut u32, l: &mut ListWriter<'_>) {
    let Some(seal) = &part.seal else { return };
    match &part.body {
        Body::Reasoning { text, summary } => {
            let is_beside = seal.kind == SealKind::Signature;
            if is_beside || !text.is_empty() {
                let index = next(count);
                l.object(|o| {
                    head(o, if *summary { "reasoning.summary" } else { "reasoning.text" }, index);
                    o.set("format", seal.format.word());
                    o.maybe("id", seal.id.as_deref());
                    o.set(if *summary { "summary" } else { "text" }, text);
                    o.maybe("signature", is_beside.then(|| seal.travelling(provider)));
                });
            }
            if !is_beside {
                let index = next(count);
                l.object(|o| encrypted(o, index, seal, seal.id.as_deref(), provider));
            }
        }
        Body::Call(ToolCall { id, .. }) if belongs_elsewhere(seal) => {
            let index = next(count);
            l.object(|o| encrypted(o, index, seal, Some(id), provider));
        }
        Body::Text { .. } | Body::Media(_) | Body::Native(_) if belongs_elsewhere(seal) => {
            let index = next(count);
            l.object(|o| encrypted(o, index, seal, None, provider));
        }
        _ => {}
    }
}

/// The members that every entry begins with.
pub(super) fn head(o: &mut ObjectWriter<'_>, kind: &str, index: u32) {
    o.set("type", kind);
    o.set("index", index);
}

/// An entry that is nothing but a seal.
pub(super) fn encrypted(o: &mut ObjectWriter<'_>, index: u32, seal: &Seal, id: Option<&str>, provider: &str) {
    head(o, "reasoning.encrypted", index);
    o.set("format", seal.format.word());
    o.maybe("id", id);
    o.set("data", seal.travelling(provider));
}
