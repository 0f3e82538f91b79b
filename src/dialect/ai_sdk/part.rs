//! Parts that look the same in an answer and in a stream: calls, results, files, sources, blocks.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::metadata::{Beside, namespace};
use super::names::Names;
use super::native::{self, Shown};
use super::{file, source};
use crate::chat::json::ObjectWriter;
use crate::chat::{Args, Citation, Media, Native, Raw};
use crate::dialect::Spec;

/// A call that the client has to run; its input is the text of a JSON value.
#[derive(Debug)]
pub(super) struct Call {
    pub id: String,
    pub name: String,
    pub custom: bool,
    pub input: String,
    pub beside: Beside,
}

impl Call {
    /// What it is called with. No arguments are `{}`, and free text is a JSON text.
    pub fn json(&self) -> Cow<'_, str> {
        if self.custom {
            return Cow::Owned(serde_json::Value::from(self.input.as_str()).to_string());
        }
        if self.input.trim().is_empty() { Cow::Borrowed("{}") } else { Cow::Borrowed(&self.input) }
    }

    /// The members, `type` included.
    pub fn write(&self, provider: &str, o: &mut ObjectWriter<'_>) {
        o.set("type", "tool-call");
        o.set("toolCallId", &self.id);
        o.set("toolName", &self.name);
        o.set("input", self.json());
        self.beside.write(provider, o);
    }
}

/// The text of a call's input, as it came.
pub(super) fn input(args: &Args) -> String {
    args.as_text().to_owned()
}

/// A file; where the spec has no place for it, its URL is a source.
pub(super) fn media(media: &Media, beside: &Beside, provider: &str, spec: Spec, o: &mut ObjectWriter<'_>) {
    o.set("type", "file");
    file::write(media, spec, o);
    beside.write(provider, o);
}

/// A source, with the provider's own object where it is no page.
pub(super) fn source(citation: &Citation, id: &str, generation: Option<String>, o: &mut ObjectWriter<'_>) {
    source::write(citation, id, o);
    Beside { generation, ..source::beside(citation) }.write("", o);
}

/// Something of a provider's own, in the parts that it amounts to.
#[derive(Debug)]
pub(super) enum Own {
    Call { id: String, name: String, input: String, is_known: bool, beside: Beside },
    Result { id: String, name: String, value: Raw, is_error: bool, is_known: bool },
    Block { kind: String, beside: Beside },
}

/// Names of the calls that a provider made itself, by their ids; results do not say them.
#[derive(Debug, Default)]
pub(super) struct Known(BTreeMap<String, (String, bool)>);

impl Known {
    /// What a block amounts to. Spec 2 has no calls of tools that the client did not ask for, and no blocks.
    pub fn own(&mut self, native: &Native, names: &Names, spec: Spec) -> Vec<Own> {
        let Some(shown) = native::shown(native) else { return Vec::new() };
        let beside = Beside { extra: Some(native::beside(native)), ..Beside::default() };
        let called = |name: String| match names.client(&name) {
            Some(client) => (client.to_owned(), true),
            None => (name, false),
        };
        let mut own = match shown {
            Shown::Call { id, name, input } => {
                let (name, is_known) = called(name);
                self.0.insert(id.clone(), (name.clone(), is_known));
                vec![Own::Call { id, name, input, is_known, beside }]
            }
            Shown::Result { id, value, is_error } => match self.0.get(&id).cloned() {
                Some((name, is_known)) => vec![Own::Result { id, name, value, is_error, is_known }],
                // Of a call in an earlier answer: the SDK throws where it does not find one.
                None => vec![Own::Block { kind: format!("{}.result", namespace(&native.format)), beside }],
            },
            Shown::Both { id, name, value } => {
                let (name, is_known) = called(name);
                let call = Own::Call { id: id.clone(), name: name.clone(), input: "{}".to_owned(), is_known, beside };
                vec![call, Own::Result { id, name, value, is_error: false, is_known }]
            }
            Shown::Other(kind) => {
                vec![Own::Block { kind: format!("{}.{kind}", namespace(&native.format)), beside }]
            }
        };
        own.retain(|own| match own {
            Own::Call { is_known, .. } | Own::Result { is_known, .. } => *is_known || spec != Spec::V2,
            Own::Block { .. } => spec == Spec::V4,
        });
        own
    }
}

impl Own {
    /// The members, `type` included.
    pub fn write(&self, spec: Spec, provider: &str, o: &mut ObjectWriter<'_>) {
        match self {
            Own::Call { id, name, input, is_known, beside } => {
                o.set("type", "tool-call");
                o.set("toolCallId", id);
                o.set("toolName", name);
                o.set("input", input);
                o.set("providerExecuted", true);
                o.maybe("dynamic", (!is_known).then_some(true));
                beside.write(provider, o);
            }
            Own::Result { id, name, value, is_error, is_known } => {
                o.set("type", "tool-result");
                o.set("toolCallId", id);
                o.set("toolName", name);
                // What is null is nothing to the SDK.
                match value.get() {
                    "null" => o.object("result", |_| {}),
                    _ => o.raw("result", value),
                }
                o.maybe("isError", is_error.then_some(true));
                o.maybe("providerExecuted", (spec == Spec::V2).then_some(true));
                o.maybe("dynamic", (!is_known).then_some(true));
            }
            Own::Block { kind, beside } => {
                o.set("type", "custom");
                o.set("kind", kind);
                beside.write(provider, o);
            }
        }
    }

    /// The generation's id beside it, where there is a place.
    pub fn tell(&mut self, generation: &mut Option<String>) {
        match self {
            Own::Call { beside, .. } | Own::Block { beside, .. } => beside.generation = generation.take(),
            Own::Result { .. } => {}
        }
    }
}
