//! What the parts of an answer become: text goes into the open message, all else is an item of its own.

use super::item::{self, Call};
use super::output::{Output, Part};
use super::seals::Place;
use crate::chat::json::ObjectWriter;
use crate::chat::{Body, Citation, Format, Kind, Media, MediaKind, Native, Seal, Source};

/// Parts beyond this are forgotten when they close; before, a seal may still come.
const MOST_KEPT: usize = 1024;

/// The words that the schema has for an image's form.
const FORMS: [&str; 5] = ["image/png", "image/webp", "image/jpeg", "image/gif", "image/svg"];

impl Output {
    pub fn open(&mut self, part: u32, kind: &Kind, out: &mut Vec<u8>) {
        let opened = match kind {
            Kind::Text => Part::Text { is_refusal: false, index: None },
            Kind::Refusal => Part::Text { is_refusal: true, index: None },
            Kind::Reasoning { .. } => Part::Reasoning { item: None, text: String::new(), seal: None },
            Kind::Call { id, name, custom, caller, seal, .. } => {
                self.end_message("completed", out);
                if let Some(seal) = seal.as_ref().filter(|_| self.seals_wanted) {
                    self.proof(seal, Place::Next, out);
                }
                let (index, made) = self.number(if *custom { "ctc_" } else { "fc_" });
                let (call_id, name, caller) = (id.clone(), name.clone(), caller.clone());
                let call = Call { id: made, call_id, name, input: String::new(), is_custom: *custom, caller };
                self.added(index, |o| call.write("in_progress", o), out);
                Part::Call { index, call, late: None }
            }
        };
        self.parts.insert(part, opened);
    }

    pub fn text(&mut self, part: u32, piece: &str, out: &mut Vec<u8>) {
        self.hold(piece.len());
        match self.parts.get_mut(&part) {
            Some(Part::Text { is_refusal, .. }) => {
                let is_refusal = *is_refusal;
                self.say(part, is_refusal, piece, out);
            }
            Some(Part::Reasoning { item, text, .. }) => {
                text.push_str(piece);
                let known = item.clone();
                self.think(part, known, piece, out);
            }
            _ => {}
        }
    }

    fn say(&mut self, part: u32, is_refusal: bool, piece: &str, out: &mut Vec<u8>) {
        let Some((message, frame)) = self.content(part, is_refusal, out) else { return };
        let index = message.index;
        let place = message.contents.len().saturating_sub(1);
        let event = |o: &mut ObjectWriter<'_>| {
            message.head(place, o);
            o.set("delta", piece);
            if !is_refusal {
                o.list("logprobs", |_| {});
            }
        };
        frame.event(if is_refusal { "response.refusal.delta" } else { "response.output_text.delta" }, event, out);
        if let Some(content) = message.contents.last_mut() {
            content.text.push_str(piece);
        }
        self.parts.insert(part, Part::Text { is_refusal, index: Some(index) });
    }

    fn think(&mut self, part: u32, known: Option<(u32, String)>, piece: &str, out: &mut Vec<u8>) {
        let (index, id) = match known {
            Some(known) => known,
            None => {
                self.end_message("completed", out);
                let (index, id) = self.number("rs_");
                self.added(index, |o| item::reasoning(&id, "", None, o), out);
                let event = |o: &mut ObjectWriter<'_>| {
                    of_summary(index, &id, o);
                    o.object("part", |o| item::summary("", o));
                };
                self.frame.event("response.reasoning_summary_part.added", event, out);
                if let Some(Part::Reasoning { item, .. }) = self.parts.get_mut(&part) {
                    *item = Some((index, id.clone()));
                }
                (index, id)
            }
        };
        let event = |o: &mut ObjectWriter<'_>| {
            of_summary(index, &id, o);
            o.set("delta", piece);
        };
        self.frame.event("response.reasoning_summary_text.delta", event, out);
    }

    pub fn args(&mut self, part: u32, piece: &str, out: &mut Vec<u8>) {
        let Some(Part::Call { index, call, .. }) = self.parts.get_mut(&part) else { return };
        call.input.push_str(piece);
        let event = |o: &mut ObjectWriter<'_>| {
            o.set("item_id", &call.id);
            o.set("output_index", *index);
            o.set("delta", piece);
        };
        self.frame.event(call.event(false), event, out);
        self.hold(piece.len());
    }

    pub fn cite(&mut self, part: u32, citation: &Citation, out: &mut Vec<u8>) {
        let Citation::Url(page) = citation else { return self.extras.cite(citation, 0, 0) };
        let open = self.message.as_ref().and_then(|message| message.contents.iter().rposition(|c| c.part == part));
        let place = match open {
            Some(place) => place,
            // Nothing was said of it yet.
            None if matches!(self.parts.get(&part), Some(Part::Text { is_refusal: false, index: None })) => {
                let Some((message, _)) = self.content(part, false, out) else { return };
                let place = message.contents.len().saturating_sub(1);
                let index = Some(message.index);
                self.parts.insert(part, Part::Text { is_refusal: false, index });
                place
            }
            // Its message is done.
            None => {
                let late = Citation::Native { format: page.format.clone(), raw: page.raw.clone() };
                return self.extras.cite(&late, 0, 0);
            }
        };
        let Some(message) = &mut self.message else { return };
        let Some(content) = message.contents.get_mut(place).filter(|content| !content.is_refusal) else { return };
        let (number, written) = content.cite(page);
        let event = |o: &mut ObjectWriter<'_>| {
            message.head(place, o);
            o.set("annotation_index", number);
            o.written("annotation", &written);
        };
        self.frame.event("response.output_text.annotation.added", event, out);
        self.hold(written.len());
    }

    pub fn seal(&mut self, part: u32, seal: &Seal, out: &mut Vec<u8>) {
        match self.parts.get_mut(&part) {
            Some(Part::Reasoning { seal: place, .. } | Part::Call { late: place, .. }) => *place = Some(seal.clone()),
            Some(Part::Text { index: Some(index), .. }) => {
                let index = *index;
                match self.message.as_mut().filter(|message| message.index == index) {
                    Some(message) => message.seals.push(seal.clone()),
                    None => self.late_proof(seal, index, out),
                }
            }
            Some(Part::Done { index }) => {
                let index = *index;
                self.end_message("completed", out);
                self.late_proof(seal, index, out);
            }
            // Text of which nothing was said, and what is no item.
            Some(Part::Text { index: None, .. }) | None => {
                self.end_message("completed", out);
                self.proof(seal, Place::Own, out);
            }
        }
    }

    pub fn close(&mut self, part: u32, out: &mut Vec<u8>) {
        let index = match self.parts.remove(&part) {
            // Its content ends with the message, or when another begins: a citation may come.
            Some(text @ Part::Text { .. }) => {
                self.keep(part, text);
                return;
            }
            Some(Part::Reasoning { item, text, seal }) => self.end_thought(item, &text, seal.as_ref(), out),
            Some(Part::Call { index, call, late }) => {
                self.end_call(index, call, out);
                if let Some(seal) = late {
                    self.end_message("completed", out);
                    self.late_proof(&seal, index, out);
                }
                Some(index)
            }
            Some(Part::Done { index }) => Some(index),
            None => None,
        };
        if let Some(index) = index {
            self.keep(part, Part::Done { index });
        }
    }

    fn keep(&mut self, number: u32, part: Part) {
        if self.parts.len() < MOST_KEPT {
            self.parts.insert(number, part);
        }
    }

    fn end_thought(
        &mut self,
        item: Option<(u32, String)>,
        text: &str,
        seal: Option<&Seal>,
        out: &mut Vec<u8>,
    ) -> Option<u32> {
        let Some((index, id)) = item else {
            // Nothing was said: redacted, or for the provider alone.
            let seal = seal?;
            self.end_message("completed", out);
            return Some(self.proof(seal, Place::Own, out));
        };
        let event = |o: &mut ObjectWriter<'_>| {
            of_summary(index, &id, o);
            o.set("text", text);
        };
        self.frame.event("response.reasoning_summary_text.done", event, out);
        let event = |o: &mut ObjectWriter<'_>| {
            of_summary(index, &id, o);
            o.object("part", |o| item::summary(text, o));
        };
        self.frame.event("response.reasoning_summary_part.done", event, out);
        let proof = seal.map(|seal| self.own_proof(seal));
        self.done(index, |o| item::reasoning(&id, text, proof.as_deref(), o), out);
        Some(index)
    }

    fn end_call(&mut self, index: u32, mut call: Call, out: &mut Vec<u8>) {
        if call.input.is_empty() && !call.is_custom {
            // Empty arguments are no JSON (rule 21).
            call.input.push_str("{}");
            let event = |o: &mut ObjectWriter<'_>| {
                o.set("item_id", &call.id);
                o.set("output_index", index);
                o.set("delta", "{}");
            };
            self.frame.event(call.event(false), event, out);
        }
        let event = |o: &mut ObjectWriter<'_>| {
            o.set("item_id", &call.id);
            o.set("output_index", index);
            if !call.is_custom {
                o.set("name", &call.name);
            }
            o.set(call.member(), &call.input);
        };
        self.frame.event(call.event(true), event, out);
        self.done(index, |o| call.write("completed", o), out);
    }

    /// What comes at once.
    pub fn whole(&mut self, part: u32, body: &Body, out: &mut Vec<u8>) {
        match body {
            Body::Text { text, citations } => {
                self.open(part, &Kind::Text, out);
                self.text(part, text, out);
                citations.iter().for_each(|citation| self.cite(part, citation, out));
            }
            Body::Refusal(text) => {
                self.open(part, &Kind::Refusal, out);
                self.text(part, text, out);
            }
            Body::Reasoning { text, summary } => {
                self.open(part, &Kind::Reasoning { summary: *summary, format: None }, out);
                self.text(part, text, out);
            }
            Body::Media(media) => self.image(part, media, out),
            Body::Native(native) => self.native(part, native, out),
            Body::Call(_) | Body::Result(_) => {}
        }
    }

    /// An image, the only media that an item exists for.
    fn image(&mut self, part: u32, media: &Media, out: &mut Vec<u8>) {
        let Source::Base64(data) = &media.source else { return };
        if media.kind != MediaKind::Image {
            return;
        }
        self.end_message("completed", out);
        self.hold(data.len());
        let (index, id) = self.number("ig_");
        let form = FORMS.iter().find(|form| media.mime.as_deref() == Some(form)).unwrap_or(&"image/png");
        let form = form.strip_prefix("image/").unwrap_or(form);
        self.added(index, |o| item::image(&id, "in_progress", form, None, o), out);
        self.done(index, |o| item::image(&id, "completed", form, Some(data), o), out);
        self.keep(part, Part::Done { index });
    }

    /// An item of this dialect is one again; another's block stands beside the output.
    fn native(&mut self, part: u32, native: &Native, out: &mut Vec<u8>) {
        if native.format != Format::Responses {
            return self.extras.block(native);
        }
        self.end_message("completed", out);
        self.hold(native.block.get().len());
        let (index, _) = self.number("");
        self.whole_item(index, native.block.get().as_bytes().to_vec(), out);
        self.keep(part, Part::Done { index });
    }
}

/// The members of an event that say which summary it is about; there is one part of it.
fn of_summary(index: u32, id: &str, o: &mut ObjectWriter<'_>) {
    o.set("item_id", id);
    o.set("output_index", index);
    o.set("summary_index", 0);
}
