//! The items of an answer, as they are written: when they begin, and whole.

use std::borrow::Cow;

use super::super::items::caller;
use super::message::Content;
use crate::chat::Raw;
use crate::chat::json::{Json, ListWriter, Object, ObjectWriter};

/// A message.
pub(super) fn message(id: &str, status: &str, contents: &[Content], o: &mut ObjectWriter<'_>) {
    o.set("id", id);
    o.set("type", "message");
    o.set("status", status);
    o.list("content", |l| contents.iter().for_each(|content| l.object(|o| content.write(o))));
    o.set("role", "assistant");
}

/// Reasoning, told as a summary; what proves it stands beside.
pub(super) fn reasoning(id: &str, summary: &str, proof: Option<&str>, o: &mut ObjectWriter<'_>) {
    o.set("id", id);
    o.set("type", "reasoning");
    o.list("summary", |l| {
        if !summary.is_empty() {
            l.object(|o| self::summary(summary, o));
        }
    });
    o.maybe("encrypted_content", proof);
}

/// A part of a summary.
pub(super) fn summary(text: &str, o: &mut ObjectWriter<'_>) {
    o.set("type", "summary_text");
    o.set("text", text);
}

/// A call that the client has to run.
#[derive(Debug)]
pub(super) struct Call {
    pub id: String,
    pub call_id: String,
    pub name: String,
    pub input: String,
    pub is_custom: bool,
    pub caller: Option<Raw>,
}

impl Call {
    /// The member that holds its input.
    pub fn member(&self) -> &'static str {
        if self.is_custom { "input" } else { "arguments" }
    }

    /// The event of a piece of its input, or of all of it.
    pub fn event(&self, is_all: bool) -> &'static str {
        match (self.is_custom, is_all) {
            (false, false) => "response.function_call_arguments.delta",
            (false, true) => "response.function_call_arguments.done",
            (true, false) => "response.custom_tool_call_input.delta",
            (true, true) => "response.custom_tool_call_input.done",
        }
    }

    /// Writes it with what was said so far.
    pub fn write(&self, status: &str, o: &mut ObjectWriter<'_>) {
        o.set("id", &self.id);
        o.set("type", if self.is_custom { "custom_tool_call" } else { "function_call" });
        if !self.is_custom {
            o.set("status", status);
        }
        o.set(self.member(), &self.input);
        o.set("call_id", &self.call_id);
        o.set("name", &self.name);
        o.maybe_raw("caller", caller(self.caller.as_ref()));
    }
}

/// An image; `form` is a word of the schema's.
pub(super) fn image(id: &str, status: &str, form: &str, data: Option<&str>, o: &mut ObjectWriter<'_>) {
    o.set("id", id);
    o.set("type", "image_generation_call");
    o.set("status", status);
    o.set("output_format", form);
    o.set("result", data);
}

/// Log probabilities in the shape of the schema, which wants bytes of every token.
pub(super) fn logprobs<'a>(entries: impl Iterator<Item = Json<'a>>, l: &mut ListWriter<'_>) {
    for entry in entries.filter_map(Json::object) {
        l.object(|o| {
            logprob(&entry, o);
            o.list("top_logprobs", |l| {
                entry.items("top_logprobs").filter_map(Json::object).for_each(|top| l.object(|o| logprob(&top, o)));
            });
        });
    }
}

fn logprob(entry: &Object<'_>, o: &mut ObjectWriter<'_>) {
    let token = entry.text("token").unwrap_or(Cow::Borrowed(""));
    o.set("token", &*token);
    o.set("logprob", entry.get("logprob").and_then(Json::number).unwrap_or(-9999.0));
    match entry.raw("bytes") {
        Some(bytes) => o.raw("bytes", &bytes),
        None => o.set("bytes", token.as_bytes()),
    }
}
