//! Recorded answers of every provider, and what the intermediate form says of them.

use serde_json::Value;
use tollgate::chat::{Args, Body, Citation, Event, Raw, Reason, Request, Response};
use tollgate::config::Dialect;
use tollgate::dialect::ai_sdk::Encoder;
use tollgate::dialect::{Dropped, Spec, spoken};
use tollgate::meter::Usage;

use super::bedrock;
use super::support::{folder, ids};

pub const SPECS: [Spec; 3] = [Spec::V2, Spec::V3, Spec::V4];

pub struct Exchange {
    pub file: String,
    pub dialect: Dialect,
    pub is_stream: bool,
    pub body: Vec<u8>,
}

/// Every turn of a conversation that was answered with 200.
pub fn exchanges() -> Vec<Exchange> {
    let Some(folder) = folder() else { return Vec::new() };
    let index = std::fs::read_to_string(folder.join("index.jsonl")).unwrap();
    let entries = index.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut read: Vec<Exchange> = entries
        .filter(|entry| entry["status"] == 200)
        .filter_map(|entry| {
            let dialect = match entry["endpoint"].as_str()? {
                "chat-completions" => Dialect::OpenAi,
                "responses" => Dialect::Responses,
                "messages" => Dialect::Anthropic,
                "generateContent" | "streamGenerateContent" => Dialect::Gemini,
                "converse" | "converse-stream" => Dialect::Bedrock,
                "v2-chat" => Dialect::Cohere,
                _ => return None,
            };
            let bedrock::Exchange { file, is_stream, body, .. } = bedrock::exchange(entry["file"].as_str()?);
            Some(Exchange { file, dialect, is_stream, body })
        })
        .collect();
    for exchange in bedrock::exchanges().into_iter().filter(|exchange| exchange.file.starts_with("vercel")) {
        let bedrock::Exchange { file, is_stream, body, .. } = exchange;
        read.push(Exchange { file, dialect: Dialect::Bedrock, is_stream, body });
    }
    let folders = std::fs::read_dir(folder.join("vercel")).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = folders
        .filter(|path| path.is_dir() && !path.ends_with("amazon-bedrock"))
        .flat_map(|path| std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()))
        .collect();
    paths.sort();
    read.extend(paths.iter().filter_map(|path| fixture(path)));
    read
}

/// Another project's fixture, by what its text says.
fn fixture(path: &std::path::Path) -> Option<Exchange> {
    let text = std::fs::read_to_string(path).unwrap();
    let is_stream = path.extension()? == "txt";
    let folder = path.parent()?.file_name()?.to_str()?;
    let dialect = match folder {
        "anthropic" => Dialect::Anthropic,
        "google" => Dialect::Gemini,
        "cohere" if !text.contains("embeddings") && !text.contains("relevance_score") => Dialect::Cohere,
        "cohere" | "google-vertex" => return None,
        _ if text.contains(r#""choices""#) => Dialect::OpenAi,
        _ if text.contains(r#""response"#) && !text.contains(r#""error": {"#) => Dialect::Responses,
        _ => return None,
    };
    let body = if is_stream {
        let events = text.lines().filter(|line| !line.is_empty()).map(|line| format!("data: {line}\n\n"));
        events.collect::<String>().into_bytes()
    } else {
        text.into_bytes()
    };
    let file = format!("vercel/{folder}/{}", path.file_name()?.to_str()?);
    Some(Exchange { file, dialect, is_stream, body })
}

/// The exchange of that file's name.
pub fn exchange(name: &str) -> Option<Exchange> {
    exchanges().into_iter().find(|exchange| exchange.file.ends_with(name) || exchange.file.contains(name))
}

/// The events of a stream in pieces.
pub fn decode(dialect: Dialect, pieces: &[&[u8]]) -> Vec<Event> {
    let (mut decoder, mut events) = (spoken::decoder(dialect, &ids()), Vec::new());
    pieces.iter().for_each(|piece| decoder.feed(piece, &mut events));
    decoder.finish(&mut events);
    events
}

/// What a client gets of a stream in pieces.
pub fn translate(dialect: Dialect, spec: Spec, pieces: &[&[u8]], request: &Request) -> Vec<u8> {
    let mut decoder = spoken::decoder(dialect, &ids());
    let mut encoder = Encoder::new(spec, request, &ids(), &Dropped::default());
    let (mut events, mut out) = (Vec::new(), Vec::new());
    encoder.tell(gateway());
    for piece in pieces {
        decoder.feed(piece, &mut events);
        encoder.feed(&events, &mut out);
        events.clear();
    }
    decoder.finish(&mut events);
    encoder.feed(&events, &mut out);
    out
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
