//! What stands beside the text: URL citations in the standard list, what the gateway says of itself in
//! `provider_metadata`, everything else in `provider_specific_fields`.

use crate::chat::json::ObjectWriter;
use crate::chat::{Citation, Ext, Format, Link, Native, Owner, Raw};

/// A citation of the standard list. Places count characters of `content`.
#[derive(Debug)]
struct Annotation {
    start: u32,
    end: u32,
    url: String,
    title: String,
}

/// What one choice has beside its text.
#[derive(Debug, Default)]
pub(in crate::dialect) struct Extras {
    annotations: Vec<Annotation>,
    citations: Vec<Raw>,
    blocks: Vec<Native>,
    natives: Vec<(String, Raw)>,
    gateway: Option<Raw>,
    /// Bytes held.
    pub held: usize,
}

impl Extras {
    /// A citation of a text that begins at `start` in `content`, which ends at `end` so far.
    pub fn cite(&mut self, citation: &Citation, start: u32, end: u32) {
        match citation {
            Citation::Url(page) => {
                let title = page.title.clone().unwrap_or_default();
                self.held = self.held.saturating_add(page.url.len() + title.len());
                self.annotations.push(Annotation {
                    start: page.start.map_or(start, |at| start.saturating_add(at)),
                    end: page.end.map_or(end, |at| start.saturating_add(at)),
                    url: page.url.clone(),
                    title,
                });
            }
            Citation::Native { raw, .. } => {
                self.held = self.held.saturating_add(raw.get().len());
                self.citations.push(raw.clone());
            }
        }
    }

    /// A block of the provider's own.
    pub fn block(&mut self, block: &Native) {
        self.held = self.held.saturating_add(block.block.get().len());
        self.blocks.push(block.clone());
    }

    /// A trace, a grounding and the like.
    pub fn native(&mut self, ext: &Ext) {
        self.held = self.held.saturating_add(ext.value.get().len());
        self.natives.push((ext.key.clone(), ext.value.clone()));
    }

    /// What the gateway says of itself.
    pub fn tell(&mut self, gateway: Raw) {
        self.gateway = Some(gateway);
    }

    /// Both in one.
    pub fn with(mut self, more: Extras) -> Extras {
        self.natives.extend(more.natives);
        self.gateway = more.gateway.or(self.gateway);
        self
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        let has_fields = !self.citations.is_empty() || !self.blocks.is_empty() || !self.natives.is_empty();
        self.annotations.is_empty() && !has_fields && self.gateway.is_none()
    }

    /// Writes it into a message or a delta.
    pub fn write(&self, o: &mut ObjectWriter<'_>) {
        if !self.annotations.is_empty() {
            o.list("annotations", |l| {
                for Annotation { start, end, url, title } in &self.annotations {
                    l.object(|o| {
                        o.set("type", "url_citation");
                        o.object("url_citation", |o| {
                            o.set("start_index", start);
                            o.set("end_index", end);
                            o.set("url", url);
                            o.set("title", title);
                        });
                    });
                }
            });
        }
        if !self.citations.is_empty() || !self.blocks.is_empty() || !self.natives.is_empty() {
            o.object("provider_specific_fields", |o| self.fields(o));
        }
        if let Some(gateway) = &self.gateway {
            o.object("provider_metadata", |o| o.raw("gateway", gateway));
        }
    }

    fn fields(&self, o: &mut ObjectWriter<'_>) {
        if !self.blocks.is_empty() {
            o.list("blocks", |l| self.blocks.iter().for_each(|block| l.object(|o| write_block(block, o))));
        }
        if !self.citations.is_empty() {
            o.list("citations", |l| self.citations.iter().for_each(|raw| l.raw(raw)));
        }
        for (key, value) in &self.natives {
            // Perplexity's own list has the name of ours, which is for citations inside the text.
            let is_taken = !self.citations.is_empty() && key == "citations";
            if !is_taken && key != "blocks" {
                o.raw(key, value);
            }
        }
    }
}

/// `{"format","call_id"?,"name"?,"block"}`: a name says that it is a call, its id alone that it is a result.
fn write_block(native: &Native, o: &mut ObjectWriter<'_>) {
    o.set("format", native.format.word());
    match &native.link {
        Link::Call { id, name } => {
            o.set("call_id", id);
            o.set("name", name);
        }
        Link::Result { call_id } => o.set("call_id", call_id),
        Link::Alone => {}
    }
    o.raw("block", &native.block);
}

/// The blocks that a client sends back.
pub(super) fn read_blocks(fields: &crate::chat::json::Object<'_>) -> Vec<Native> {
    let read = fields.items("blocks").filter_map(|json| {
        let entry = json.object()?;
        let link = match (entry.string("name"), entry.string("call_id")) {
            (Some(name), Some(id)) => Link::Call { id, name },
            (None, Some(call_id)) => Link::Result { call_id },
            _ => Link::Alone,
        };
        Some(Native { format: Format::of_word(&entry.text("format")?), block: entry.raw("block")?, link })
    });
    // Nobody can say in another's name that something is plain chat.
    read.filter(|native| native.format.owner() != Some(Owner::OpenAi)).collect()
}
