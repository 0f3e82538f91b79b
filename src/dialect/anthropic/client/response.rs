//! A whole answer for a client.

use super::ending::{self, Beside};
use super::{citation, seals, usage};
use crate::chat::json::{ListWriter, ObjectWriter, object};
use crate::chat::{Body, Choice, Format, Ids, MediaKind, Part, Raw, Request, Response, Seal, SealKind};
use crate::dialect::openai::responses::seals::Place;

/// Writes the body of a 200. `gateway`: what the gateway says of itself.
pub fn encode_response(response: &Response, request: &Request, ids: &Ids, gateway: Option<&Raw>) -> Vec<u8> {
    let shows_thoughts = !request.reasoning.as_ref().is_some_and(|reasoning| reasoning.exclude);
    let mut writer = Writer { provider: &ids.provider, shows_thoughts, beside: Beside::default() };
    response.native.iter().for_each(|ext| writer.beside.native(ext));
    let mut out = Vec::new();
    object(&mut out, |o| {
        o.set("id", ids.answer("msg_"));
        o.set("type", "message");
        o.set("role", "assistant");
        o.set("model", ids.model(&response.model));
        let ending = response.choices.first().map(|choice| (choice, refusal(choice)));
        o.list("content", |l| {
            let Some((choice, refusal)) = &ending else { return };
            choice.parts.iter().for_each(|part| writer.part(part, l));
            if !refusal.is_empty() && !ending::is_explained(&choice.finish) {
                l.object(|o| text(refusal, o));
            }
        });
        match &ending {
            Some((choice, refusal)) => ending::write(&choice.finish, !refusal.is_empty(), o),
            None => o.set("stop_reason", None::<&str>),
        }
        o.object("usage", |o| usage::write(&response.usage.clone().unwrap_or_default(), o));
        writer.beside.container(o);
        writer.beside.rest(o);
        ending::gateway(gateway, o);
    });
    out
}

/// The words of a refusal; they come last, as in a stream.
fn refusal(choice: &Choice) -> String {
    let words = choice.parts.iter().filter_map(|part| match &part.body {
        Body::Refusal(text) => Some(text.as_str()),
        _ => None,
    });
    words.collect()
}

struct Writer<'w> {
    provider: &'w str,
    shows_thoughts: bool,
    beside: Beside,
}

impl Writer<'_> {
    /// The blocks of a part, of which there may be none.
    fn part(&mut self, part: &Part, l: &mut ListWriter<'_>) {
        let provider = self.provider;
        let seal = |place: Place, l: &mut ListWriter<'_>| {
            if let Some(data) = part.seal.as_ref().and_then(|seal| seals::travelling(seal, place, provider)) {
                l.object(|o| redacted(&data, o));
            }
        };
        match &part.body {
            Body::Text { text, citations } => {
                let mut shaped = Vec::new();
                for citation in citations {
                    match citation::shape(citation) {
                        Some(raw) => shaped.push(raw),
                        None => self.beside.cite(citation),
                    }
                }
                let is_block = !text.is_empty() || !shaped.is_empty();
                if is_block {
                    l.object(|o| {
                        self::text(text, o);
                        if !shaped.is_empty() {
                            o.list("citations", |l| shaped.iter().for_each(|raw| l.raw(raw)));
                        }
                    });
                }
                seal(if is_block { seals::AFTER } else { seals::ALONE }, l);
            }
            Body::Reasoning { text, .. } => {
                self.thought(text, part.seal.as_ref(), l);
                seal(Place::Own, l);
            }
            Body::Call(call) => {
                seal(Place::Next, l);
                l.object(|o| {
                    self::call(&call.id, &call.name, o);
                    o.raw("input", &call.args.to_object());
                    o.maybe_raw("caller", caller(call.caller.as_ref()));
                });
            }
            Body::Native(native) if native.format == Format::Anthropic => l.raw(&native.block),
            Body::Native(native) => self.beside.extras.block(native),
            Body::Media(media) if media.kind == MediaKind::Image => self.beside.image(media),
            Body::Media(_) | Body::Refusal(_) | Body::Result(_) => {}
        }
    }

    fn thought(&self, text: &str, seal: Option<&Seal>, l: &mut ListWriter<'_>) {
        let ours = seal.filter(|seal| seal.format == Format::Anthropic);
        let signature = ours.filter(|seal| seal.kind == SealKind::Signature).map(|seal| seal.data.as_str());
        let text = if self.shows_thoughts { text } else { "" };
        if !text.is_empty() || signature.is_some() {
            l.object(|o| thinking(text, signature.unwrap_or_default(), o));
        }
        if let Some(seal) = ours.filter(|_| signature.is_none()) {
            l.object(|o| redacted(&seal.data, o));
        }
    }
}

pub(super) fn text(text: &str, o: &mut ObjectWriter<'_>) {
    o.set("type", "text");
    o.set("text", text);
}

pub(super) fn thinking(text: &str, signature: &str, o: &mut ObjectWriter<'_>) {
    o.set("type", "thinking");
    o.set("thinking", text);
    o.set("signature", signature);
}

pub(super) fn redacted(data: &str, o: &mut ObjectWriter<'_>) {
    o.set("type", "redacted_thinking");
    o.set("data", data);
}

/// Who called, where it is a program of Anthropic's: those of others are not known here.
pub(super) fn caller(caller: Option<&Raw>) -> Option<&Raw> {
    let is_known = |kind: &str| kind == "direct" || kind.starts_with("code_execution");
    caller.filter(|raw| raw.json().object().and_then(|o| o.string("type")).is_some_and(|kind| is_known(&kind)))
}

/// The beginning of a call, without its input.
pub(super) fn call(id: &str, name: &str, o: &mut ObjectWriter<'_>) {
    o.set("type", "tool_use");
    o.set("id", id);
    o.set("name", name);
}
