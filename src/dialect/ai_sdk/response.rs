//! A whole answer.

use std::collections::BTreeSet;

use super::ending;
use super::file;
use super::metadata::Beside;
use super::names::Names;
use super::part::{self, Call, Known};
use super::source::{self, Sources};
use super::warnings::Warnings;
use crate::chat::json::{ListWriter, ObjectWriter, object};
use crate::chat::{Args, Body, Citation, Finish, Ids, Part, Raw, Reason, Request, Response};
use crate::clock::rfc3339;
use crate::dialect::{Dropped, Spec};
use crate::meter::Usage;

/// Writes the body of a 200. The SDK has one answer to a request.
pub fn encode_response(
    spec: Spec,
    response: &Response,
    request: &Request,
    ids: &Ids,
    dropped: &Dropped,
    gateway: Option<&Raw>,
) -> Vec<u8> {
    let choice = response.choices.first();
    let nothing = Finish::new(Reason::Error, "");
    let logprobs = choice.and_then(|choice| choice.logprobs.as_ref()?.json().object()?.raw("content"));
    let mut writer = Writer {
        spec,
        ids,
        names: Names::of(request),
        customs: request.custom_tools(),
        known: Known::default(),
        sources: Sources::default(),
    };
    let mut out = Vec::new();
    object(&mut out, |o| {
        o.list("content", |l| {
            let parts = choice.map(|choice| &choice.parts[..]).unwrap_or_default();
            parts.iter().for_each(|part| writer.part(part, l));
        });
        ending::reason(choice.map_or(&nothing, |choice| &choice.finish), spec, o);
        ending::usage(response.usage.as_ref().unwrap_or(&Usage::default()), spec, o);
        o.list("warnings", |l| Warnings::new(request, dropped).write(spec, l));
        ending::metadata(gateway, &response.native, logprobs.as_ref(), ids, o);
        o.object("response", |o| head(&response.model, ids, o));
    });
    out
}

/// What identifies an answer.
pub(super) fn head(model: &str, ids: &Ids, o: &mut ObjectWriter<'_>) {
    o.set("id", ending::generation(ids));
    o.set("modelId", ids.model(model));
    o.set("timestamp", rfc3339(ids.created.saturating_mul(1_000_000_000)));
}

struct Writer<'r> {
    spec: Spec,
    ids: &'r Ids,
    names: Names,
    customs: BTreeSet<&'r str>,
    known: Known,
    sources: Sources,
}

impl Writer<'_> {
    fn part(&mut self, part: &Part, l: &mut ListWriter<'_>) {
        let provider = &*self.ids.provider;
        let beside = Beside { seal: part.seal.clone(), ..Beside::default() };
        match &part.body {
            Body::Text { text, citations } => self.text(text, citations, &beside, l),
            Body::Refusal(text) => self.text(text, &[], &beside, l),
            Body::Reasoning { text, .. } => {
                if !text.is_empty() || !beside.is_empty() {
                    l.object(|o| {
                        o.set("type", "reasoning");
                        o.set("text", text);
                        beside.write(provider, o);
                    });
                }
            }
            Body::Media(media) if file::fits(media, self.spec) => {
                l.object(|o| part::media(media, &beside, provider, self.spec, o));
            }
            Body::Call(call) => {
                let extra = call.caller.clone().map(|caller| ("anthropic", "caller", caller));
                let name = self.names.client(&call.name).unwrap_or(&call.name).to_owned();
                let custom = matches!(call.args, Args::Text(_)) && self.customs.contains(call.name.as_str());
                let input = part::input(&call.args);
                let call = Call { id: call.id.clone(), name, custom, input, beside: Beside { extra, ..beside } };
                l.object(|o| call.write(provider, o));
            }
            Body::Native(native) => {
                for own in self.known.own(native, &self.names, self.spec) {
                    l.object(|o| own.write(self.spec, provider, o));
                }
            }
            Body::Media(_) | Body::Result(_) => {}
        }
    }

    fn text(&mut self, text: &str, citations: &[Citation], beside: &Beside, l: &mut ListWriter<'_>) {
        let ids: Vec<(&Citation, String, bool)> = citations
            .iter()
            .map(|citation| {
                let (id, is_new) = self.sources.add(citation);
                (citation, id, is_new)
            })
            .collect();
        if !text.is_empty() || !beside.is_empty() {
            l.object(|o| {
                o.set("type", "text");
                o.set("text", text);
                if self.spec == Spec::V4 && !ids.is_empty() {
                    o.list("citations", |l| {
                        ids.iter().for_each(|(citation, id, _)| l.object(|o| source::citation(citation, id, o)));
                    });
                }
                beside.write(&self.ids.provider, o);
            });
        }
        for (citation, id, _) in ids.iter().filter(|(.., is_new)| *is_new) {
            l.object(|o| part::source(citation, id, None, o));
        }
    }
}
