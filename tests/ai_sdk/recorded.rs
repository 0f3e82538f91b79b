//! Recorded answers of every provider, and what the intermediate form says of them.

use serde_json::Value;
use tollgate::chat::{Args, Body, Citation, Event, Raw, Reason, Request, Response};
use tollgate::config::Dialect;
use tollgate::dialect::ai_sdk::Encoder;
use tollgate::dialect::{Dropped, Spec, spoken};
use tollgate::meter::Usage;

use super::support::{Turn, decoded, ids, piped, turns};

pub const SPECS: [Spec; 3] = [Spec::V2, Spec::V3, Spec::V4];

/// The turn of that file's name.
pub fn turn(name: &str) -> Option<Turn> {
    turns().into_iter().find(|turn| turn.file.contains(name))
}

/// The events of a stream in pieces.
pub fn decode(dialect: Dialect, pieces: &[&[u8]]) -> Vec<Event> {
    decoded(&mut *spoken::decoder(dialect, &ids()), pieces)
}

/// What a client gets of a stream in pieces.
pub fn translate(dialect: Dialect, spec: Spec, pieces: &[&[u8]], request: &Request) -> Vec<u8> {
    let mut encoder = Encoder::new(spec, request, &ids(), &Dropped::default());
    encoder.tell(gateway());
    piped(&mut *spoken::decoder(dialect, &ids()), pieces, |events, out| encoder.feed(events, out))
}

/// What a client gets of events at once.
pub fn written(spec: Spec, events: &[Event]) -> Vec<u8> {
    let mut out = Vec::new();
    Encoder::new(spec, &Request::default(), &ids(), &Dropped::default()).feed(events, &mut out);
    out
}

/// What the gateway says of itself.
pub fn gateway() -> Raw {
    Raw::parse(r#"{"routing":{"finalProvider":"acme"},"generationId":"gen_01JTEST","cost":"0.1"}"#).unwrap()
}

/// What an answer says, whoever says it.
#[derive(Debug, Default, PartialEq)]
pub struct Said {
    pub text: String,
    pub thoughts: String,
    /// Names and inputs.
    pub calls: Vec<(String, Value)>,
    pub pages: Vec<String>,
    pub files: usize,
    pub finish: String,
    /// Input, cached, written, output, reasoning.
    pub usage: [Option<u64>; 5],
}

/// An input: as JSON where it is, else its text.
pub fn input(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

impl Said {
    /// What the intermediate form says.
    pub fn of(response: &Response, spec: Spec) -> Said {
        let mut said = Said::default();
        let choice = &response.choices[0];
        for part in &choice.parts {
            match &part.body {
                Body::Text { text, citations } => {
                    said.text += text;
                    for citation in citations {
                        if let Citation::Url(page) = citation
                            && !said.pages.contains(&page.url)
                        {
                            said.pages.push(page.url.clone());
                        }
                    }
                }
                Body::Refusal(text) => said.text += text,
                Body::Reasoning { text, .. } => said.thoughts += text,
                Body::Call(call) => {
                    let args = if let Args::Json(raw) = &call.args { raw.value() } else { input(call.args.as_text()) };
                    said.calls.push((call.name.clone(), args));
                }
                Body::Media(media) => {
                    let is_url = matches!(media.source, tollgate::chat::Source::Url(_));
                    said.files += usize::from(spec == Spec::V4 || !is_url);
                }
                _ => {}
            }
        }
        said.finish = match choice.finish.reason {
            Reason::Stop | Reason::Pause => "stop",
            Reason::Length => "length",
            Reason::Calls => "tool-calls",
            Reason::Filter | Reason::Refusal => "content-filter",
            Reason::Error => "error",
        }
        .to_owned();
        let usage = response.usage.clone().unwrap_or_default();
        let Usage { input, cache_read, cache_write, output, reasoning, .. } = usage;
        said.usage = [input, cache_read, cache_write.filter(|_| spec != Spec::V2), output, reasoning];
        said
    }

    /// How an answer or a stream's last part ends.
    pub fn end(&mut self, value: &Value, spec: Spec) {
        let count = |path: &str| value["usage"].pointer(path).and_then(Value::as_u64);
        if spec == Spec::V2 {
            self.finish = value["finishReason"].as_str().unwrap().to_owned();
            self.usage = [
                count("/inputTokens"),
                count("/cachedInputTokens"),
                None,
                count("/outputTokens"),
                count("/reasoningTokens"),
            ];
        } else {
            self.finish = value["finishReason"]["unified"].as_str().unwrap().to_owned();
            self.usage = [
                count("/inputTokens/total"),
                count("/inputTokens/cacheRead"),
                count("/inputTokens/cacheWrite"),
                count("/outputTokens/total"),
                count("/outputTokens/reasoning"),
            ];
        }
    }

    /// A part that looks the same in answers and in streams; whether it is one.
    pub fn part(&mut self, part: &Value) {
        match part["type"].as_str().unwrap() {
            "tool-call" if part["providerExecuted"] != true => {
                let name = part["toolName"].as_str().unwrap().to_owned();
                self.calls.push((name, input(part["input"].as_str().unwrap())));
            }
            "source" if part["sourceType"] == "url" => self.pages.push(part["url"].as_str().unwrap().to_owned()),
            "file" => self.files += 1,
            _ => {}
        }
    }
}
