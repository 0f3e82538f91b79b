//! The message that is open: its contents, and what stands beside their text.

use super::item;
use crate::chat::json::{ListWriter, ObjectWriter, object};
use crate::chat::{Raw, Seal, UrlCitation};

/// A message that is not done yet.
#[derive(Debug)]
pub(super) struct Message {
    /// Its place in the output.
    pub index: u32,
    pub id: String,
    pub contents: Vec<Content>,
    /// What proves its text; told after it.
    pub seals: Vec<Seal>,
}

impl Message {
    /// The members of an event that say which content it is about.
    pub fn head(&self, content: usize, o: &mut ObjectWriter<'_>) {
        o.set("item_id", &self.id);
        o.set("output_index", self.index);
        o.set("content_index", content);
    }
}

/// One content of a message.
#[derive(Debug)]
pub(super) struct Content {
    /// The part that it comes from.
    pub part: u32,
    pub is_refusal: bool,
    pub text: String,
    /// Its end was told.
    pub is_settled: bool,
    annotations: Vec<Vec<u8>>,
    logprobs: Vec<Raw>,
}

impl Content {
    pub fn new(part: u32, is_refusal: bool) -> Content {
        let (annotations, logprobs) = (Vec::new(), Vec::new());
        Content { part, is_refusal, text: String::new(), is_settled: false, annotations, logprobs }
    }

    /// Adds a page, whose places count characters; gives its number and what is written of it.
    pub fn cite(&mut self, page: &UrlCitation) -> (usize, Vec<u8>) {
        let said = || u32::try_from(self.text.chars().count()).unwrap_or(u32::MAX);
        let mut written = Vec::new();
        object(&mut written, |o| {
            o.set("type", "url_citation");
            o.set("start_index", page.start.unwrap_or(0));
            o.set("end_index", page.end.unwrap_or_else(said));
            o.set("url", &page.url);
            o.set("title", page.title.as_deref().unwrap_or_default());
        });
        self.annotations.push(written.clone());
        (self.annotations.len().saturating_sub(1), written)
    }

    /// Adds log probabilities: `{"content":[...],"refusal":...}`.
    pub fn log(&mut self, raw: &Raw) {
        self.logprobs.push(raw.clone());
    }

    /// The list of `logprobs`.
    pub fn logprobs(&self, l: &mut ListWriter<'_>) {
        for raw in &self.logprobs {
            item::logprobs(raw.json().object().unwrap_or_default().items("content"), l);
        }
    }

    /// Writes it with what was said so far.
    pub fn write(&self, o: &mut ObjectWriter<'_>) {
        if self.is_refusal {
            o.set("type", "refusal");
            return o.set("refusal", &self.text);
        }
        o.set("type", "output_text");
        o.list("annotations", |l| self.annotations.iter().for_each(|page| l.written(page)));
        o.list("logprobs", |l| self.logprobs(l));
        o.set("text", &self.text);
    }
}
