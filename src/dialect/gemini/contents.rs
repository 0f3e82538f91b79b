//! `systemInstruction` and `contents` of a request.

use super::media::media;
use super::model::Model;
use super::results::{Calls, results, takes_ids};
use crate::chat::json::{ListWriter, ObjectWriter};
use crate::chat::{Body, Format, Message, Owner, Part, Raw, Request, Role, Seal, ToolCall};
use crate::dialect::{Dropped, Facts};

/// What Google documents for calls that have no signature of their own, because another model or a client without
/// `extra_content` made them: <https://ai.google.dev/gemini-api/docs/thought-signatures> (seen 2026-11-22).
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// Writes both. System messages are joined (rule 15), neighbours of one role merged (rule 13).
pub(super) fn contents(request: &Request, facts: &Facts<'_>, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    let is_system = |message: &&Message| matches!(message.role, Role::System | Role::Developer);
    let texts: Vec<&str> =
        request.messages.iter().filter(is_system).flat_map(|message| &message.parts).filter_map(words).collect();
    let others = || request.messages.iter().skip_while(is_system);
    dropped.when(others().any(|message| is_system(&message)), "messages.position");
    dropped.when(request.messages.iter().any(|message| message.name.is_some()), "messages.name");
    if !texts.is_empty() {
        o.object("systemInstruction", |o| {
            o.list("parts", |l| texts.iter().for_each(|text| l.object(|o| o.set("text", text))));
        });
    }
    let turns: Vec<&Message> = request.messages.iter().filter(|message| !is_system(message)).collect();
    let mut calls = Calls::default();
    let mut writer = Writer { facts, dropped, calls: &mut calls };
    o.list("contents", |l| {
        let mut groups = turns.chunk_by(|one, next| is_model(one) == is_model(next)).peekable();
        if groups.peek().is_none() {
            content(false, l, |l| l.object(|o| o.set("text", "")));
        }
        for group in groups {
            writer.turn(group, l);
        }
    });
}

/// The text of a system message's part; a document's words count.
fn words(part: &Part) -> Option<&str> {
    let text = match &part.body {
        Body::Text { text, .. } => text,
        Body::Media(media) => match &media.source {
            crate::chat::Source::Text(text) => text,
            _ => return None,
        },
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty()).map(String::as_str)
}

fn is_model(message: &Message) -> bool {
    message.role == Role::Assistant
}

fn content(is_model: bool, l: &mut ListWriter<'_>, write: impl FnOnce(&mut ListWriter<'_>)) {
    l.object(|o| {
        o.set("role", if is_model { "model" } else { "user" });
        o.list("parts", write);
    });
}

struct Writer<'w> {
    facts: &'w Facts<'w>,
    dropped: &'w mut Dropped,
    calls: &'w mut Calls,
}

impl Writer<'_> {
    /// All neighbours of one role as one content.
    fn turn(&mut self, group: &[&Message], l: &mut ListWriter<'_>) {
        let is_model = group.first().is_some_and(|message| is_model(message));
        let parts: Vec<&Part> = group.iter().flat_map(|message| &message.parts).collect();
        if is_model {
            return self.model(&parts, l);
        }
        let is_said = |part: &&&Part| !matches!(part.body, Body::Result(_)) && !is_nothing(part);
        content(false, l, |l| {
            let written = results(&parts, self.calls, self.facts, self.dropped, l);
            parts.iter().filter(is_said).for_each(|part| self.part(part, None, l));
            // A turn must say something.
            if !written && !parts.iter().any(|part| is_said(&part)) {
                l.object(|o| o.set("text", ""));
            }
        });
    }

    fn model(&mut self, parts: &[&Part], l: &mut ListWriter<'_>) {
        self.calls.step(parts);
        let is_kept = |part: &&&Part| match &part.body {
            // Thoughts are for people; only a signature makes them worth sending back (rule 8).
            Body::Reasoning { .. } => self.signature(part).is_some(),
            Body::Native(native) => native.format == Format::Gemini,
            _ => !is_nothing(part) || self.signature(part).is_some(),
        };
        let kept: Vec<&Part> = parts.iter().filter(is_kept).copied().collect();
        let is_lost = |part: &&Part| match &part.body {
            Body::Reasoning { .. } => self.signature(part).is_none(),
            _ => part.seal.is_some() && self.signature(part).is_none(),
        };
        let (reasoning, blocks) = (parts.iter().any(is_lost), parts.iter().any(is_foreign_block));
        self.dropped.when(reasoning, "reasoning");
        self.dropped.when(blocks, "blocks");
        if kept.is_empty() {
            return;
        }
        // Of parallel calls the first has the signature (rules 9 and 11).
        let first = kept.iter().position(|part| matches!(part.body, Body::Call(_)));
        let needs_one = Model(self.facts.model).is_third();
        content(true, l, |l| {
            for (place, part) in kept.iter().enumerate() {
                let missing = Some(NO_SIGNATURE).filter(|_| needs_one && Some(place) == first);
                let signature = self.signature(part).or(missing).map(str::to_owned);
                self.part(part, signature.as_deref(), l);
            }
        });
    }

    /// The proof that may be sent (rules 6 and 7a).
    fn signature<'p>(&self, part: &'p Part) -> Option<&'p str> {
        let is_ours = |seal: &&Seal| seal.format == Format::Gemini && !self.facts.without_seals;
        part.seal.as_ref().filter(is_ours).map(|seal| &*seal.data)
    }

    fn part(&mut self, part: &Part, signature: Option<&str>, l: &mut ListWriter<'_>) {
        if let Body::Native(native) = &part.body {
            return self.native(&native.block, l);
        }
        l.object(|o| {
            match &part.body {
                Body::Text { text, .. } | Body::Refusal(text) => o.set("text", text),
                Body::Reasoning { text, .. } => {
                    o.set("text", text);
                    o.set("thought", true);
                }
                Body::Media(media) => {
                    let is_lost = media.title.is_some() || media.context.is_some() || media.citations;
                    self.dropped.when(is_lost, "messages.content.citations");
                    self.dropped.when(media.detail.as_deref().is_some_and(|word| word != "auto"), "detail");
                    self::media(media, o);
                }
                Body::Call(call) => self::call(call, takes_ids(self.facts), o),
                Body::Result(_) | Body::Native(_) => {}
            }
            o.maybe("thoughtSignature", signature);
            for ext in part.ext.iter().filter(|ext| ext.owner == Owner::Google) {
                o.raw(&ext.key, &ext.value);
            }
        });
    }

    /// A part of Gemini's own, such as code that it ran, as it came; without its signature where that is asked for.
    fn native(&mut self, block: &Raw, l: &mut ListWriter<'_>) {
        let object = block.json().object().filter(|_| self.facts.without_seals);
        match object {
            Some(object) => l.object(|o| {
                let rest = object.iter().filter(|(name, _)| *name != "thoughtSignature");
                rest.for_each(|(name, json)| o.raw(name, &json.raw()));
            }),
            None => l.raw(block),
        }
    }
}

/// Gemini refuses empty text.
fn is_nothing(part: &Part) -> bool {
    part.as_text().is_some_and(str::is_empty) || matches!(&part.body, Body::Refusal(text) if text.is_empty())
}

fn is_foreign_block(part: &&Part) -> bool {
    matches!(&part.body, Body::Native(native) if native.format != Format::Gemini)
}

fn call(call: &ToolCall, with_id: bool, o: &mut ObjectWriter<'_>) {
    o.object("functionCall", |o| {
        o.maybe("id", with_id.then_some(&call.id));
        o.set("name", &call.name);
        o.raw("args", &call.args.to_object());
    });
}
