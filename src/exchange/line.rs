//! The access log line: one JSON object per request, exactly these fields, numbers as numbers, absent as null.

use super::report::{Report, provider_name};
use crate::clock::rfc3339;
use crate::config::Config;
use crate::meter::usd;
use serde::Serialize;

/// Bytes of a usual line, and some more.
const LENGTH: usize = 1024;

/// A value of the line; what is absent is null.
enum Value<'a> {
    Text(Option<&'a str>),
    Texts(&'a [String]),
    Number(Option<u64>),
    Flag(Option<bool>),
    /// Pico-USD, as a decimal number of USD.
    Usd(Option<u64>),
}

impl Report {
    /// The line, without its line end. Every request writes one, so a table does it and a loop: a serializer has code of
    /// its own for each field, and looks through the names as well for what has to be escaped.
    pub fn line(&self, config: &Config) -> Vec<u8> {
        use Value::{Flag, Number, Text, Texts, Usd};
        let caller = self.caller.as_ref();
        let group = caller.and_then(|caller| caller.group(&config.access));
        let time = rfc3339(self.started);
        let fields = [
            ("ts", Text(Some(&time))),
            ("id", Text(Some(&self.generation))),
            ("request_id", Text(self.request_id.as_deref())),
            ("key", Text(caller.map(|caller| caller.id.as_str()))),
            ("group", Text(group.map(|group| group.name.as_str()))),
            ("user", Text(self.user.as_deref())),
            ("tags", Texts(&self.tags)),
            ("operation", Text(self.operation.map(|operation| operation.word()))),
            ("dialect", Text(Some(self.client.word()))),
            ("stream", Flag(self.stream)),
            ("model_asked", Text(self.model_asked.as_deref())),
            ("model", Text(self.model.as_deref())),
            ("model_sent", Text(self.model_sent.as_deref())),
            ("model_answered", Text(self.model_answered.as_deref())),
            ("provider", Text(self.provider.map(|index| provider_name(config, index)))),
            ("credential", Text(self.credential.as_deref())),
            ("plan", Text(self.plan.as_deref())),
            ("attempts", Text(self.attempts.as_deref())),
            ("provider_request_id", Text(self.provider_request_id.as_deref())),
            ("status", Number(self.status.map(u64::from))),
            ("error", Text(self.error.map(|class| class.word()))),
            ("ttft_ms", Number(self.ttft_ms)),
            ("duration_ms", Number(Some(self.duration_ms))),
            ("overhead_us", Number(Some(self.overhead_us))),
            ("input", Number(self.usage.input)),
            ("cache_read", Number(self.usage.cache_read)),
            ("cache_write", Number(self.usage.cache_write)),
            ("output", Number(self.usage.output)),
            ("reasoning", Number(self.usage.reasoning)),
            ("estimated", Flag(Some(self.usage.estimated))),
            ("cost_usd", Usd(self.charge.spent())),
            ("budget_left", Usd(self.budget_left)),
            ("ended", Text(Some(self.ended.word()))),
        ];
        let mut line = Vec::with_capacity(LENGTH);
        for (name, value) in &fields {
            line.extend_from_slice(if line.is_empty() { b"{\"" } else { b",\"" });
            line.extend_from_slice(name.as_bytes());
            line.extend_from_slice(b"\":");
            value.write(&mut line);
        }
        line.push(b'}');
        line
    }
}

impl Value<'_> {
    fn write(&self, line: &mut Vec<u8>) {
        match self {
            Value::Text(Some(text)) if is_plain(text) => {
                line.push(b'"');
                line.extend_from_slice(text.as_bytes());
                line.push(b'"');
            }
            Value::Text(text) => write(text, line),
            Value::Texts(texts) => write(texts, line),
            Value::Number(number) => write(number, line),
            Value::Flag(flag) => write(flag, line),
            Value::Usd(Some(pico)) => line.extend_from_slice(usd(*pico).as_bytes()),
            Value::Usd(None) => write(&(), line),
        }
    }
}

fn write(value: &impl Serialize, line: &mut Vec<u8>) {
    // Texts, numbers and flags cannot fail to be written into memory.
    let _ = serde_json::to_writer(line, value);
}

/// Whether nothing in a text has to be escaped.
fn is_plain(text: &str) -> bool {
    !text.bytes().fold(false, |odd, byte| odd | (byte < 0x20) | (byte == b'"') | (byte == b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: Value<'_>) -> String {
        let mut line = Vec::new();
        value.write(&mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn values_are_json_whatever_stands_in_them() {
        for text in ["", "plain é", "a \"quote\"", "back\\slash", "line\nend", "\u{1}\u{7f}", "\u{2028}"] {
            assert_eq!(written(Value::Text(Some(text))), serde_json::to_string(text).unwrap());
        }
        assert_eq!(written(Value::Texts(&["a".to_owned(), "\"".to_owned()])), r#"["a","\""]"#);
        assert_eq!(written(Value::Number(Some(u64::MAX))), u64::MAX.to_string());
        assert_eq!(written(Value::Flag(Some(false))), "false");
        assert_eq!(written(Value::Usd(Some(1_250_001))), "0.000001250001");
        for absent in [Value::Text(None), Value::Number(None), Value::Flag(None), Value::Usd(None)] {
            assert_eq!(written(absent), "null");
        }
    }
}
