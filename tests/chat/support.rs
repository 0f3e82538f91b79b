//! The recordings, ways to cut them, and an independent reading of chat completions.

use std::path::PathBuf;

use serde_json::{Value, json};
use tollgate::chat::Ids;

/// One recorded exchange.
pub struct Recording {
    pub file: String,
    pub provider: String,
    pub is_stream: bool,
    pub is_success: bool,
    pub request: Value,
    pub body: Vec<u8>,
}

/// The folder of the recordings; `None`, said in one line, when it is absent.
pub fn folder() -> Option<PathBuf> {
    let named = std::env::var("TOLLGATE_RECORDINGS").ok().map(PathBuf::from);
    let folder = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/recordings"));
    if folder.join("index.jsonl").is_file() {
        return Some(folder);
    }
    assert!(std::env::var("CI").is_err(), "no recordings in {}", folder.display());
    println!("skipped: no recordings in {}", folder.display());
    None
}

/// Every exchange of chat completions.
pub fn recordings() -> Vec<Recording> {
    let Some(folder) = folder() else { return Vec::new() };
    let index = std::fs::read_to_string(folder.join("index.jsonl")).unwrap();
    let entries = index.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let read = entries.filter(|entry| entry["endpoint"] == "chat-completions").map(|entry| {
        let file = entry["file"].as_str().unwrap().to_owned();
        let path = folder.join(&file);
        let exchange: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let response = &exchange["response"];
        let body = match (response["body_file"].as_str(), response["body_text"].as_str()) {
            (Some(name), _) => std::fs::read(path.with_file_name(name)).unwrap(),
            (None, Some(text)) => text.as_bytes().to_vec(),
            (None, None) => serde_json::to_vec(&response["body"]).unwrap(),
        };
        Recording {
            file,
            provider: entry["provider"].as_str().unwrap().to_owned(),
            is_stream: entry["stream"] == "sse",
            is_success: entry["status"] == 200,
            request: exchange["request"]["body"].clone(),
            body,
        }
    });
    read.chain(fixtures(&folder.join("vercel"))).collect()
}

/// The answers and streams among another project's fixtures that are chat completions.
fn fixtures(folder: &std::path::Path) -> Vec<Recording> {
    let folders = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut paths: Vec<PathBuf> =
        folders.flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path())).collect();
    paths.sort();
    let read = paths.into_iter().filter_map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let is_stream = text.contains(r#""chat.completion.chunk""#) && path.extension()? == "txt";
        let is_answer = path.extension()? == "json" && text.contains(r#""choices""#);
        let body = if is_stream {
            let events = text.lines().filter(|line| !line.is_empty()).map(|line| format!("data: {line}\n\n"));
            events.collect::<String>().into_bytes()
        } else {
            text.into_bytes()
        };
        let provider = path.parent()?.file_name()?.to_str()?.to_owned();
        let file = path.display().to_string();
        let recording = Recording { file, provider, is_stream, is_success: true, request: Value::Null, body };
        (is_stream || is_answer).then_some(recording)
    });
    read.collect()
}

pub fn ids() -> Ids {
    let [seed, model, provider] = ["01JTEST", "sent-model", "acme"].map(str::to_owned);
    Ids { seed, created: 1_700_000_000, model, provider }
}

/// Ways of cutting a body: whole, byte by byte, in small pieces, and at 50 places that only the body decides.
pub fn cuts(body: &[u8]) -> Vec<Vec<&[u8]>> {
    let mut seed = body.iter().fold(7u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    let mut places: Vec<usize> = (0..50)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % (body.len() + 1)
        })
        .collect();
    places.sort_unstable();
    places.push(body.len());
    let mut from = 0;
    let random = places.into_iter().map(|to| &body[std::mem::replace(&mut from, to)..to]).collect();
    vec![vec![body], body.chunks(1).collect(), body.chunks(7).collect(), random]
}

/// The data of each event.
pub fn events(body: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(body).unwrap().replace("\r\n", "\n");
    let data = |event: &str| {
        let lines: Vec<&str> =
            event.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim_start).collect();
        serde_json::from_str(&lines.join("\n")).ok()
    };
    text.split("\n\n").filter_map(data).collect()
}

/// What an answer or a stream says, read name by name: the same shape for both, comparable with `==`.
#[derive(Debug, Default, PartialEq)]
pub struct Said {
    pub text: String,
    pub thoughts: String,
    pub refusal: String,
    /// Name and parsed arguments.
    pub calls: Vec<(String, Value)>,
    pub finish: String,
    pub pages: Vec<String>,
}

fn text_of(content: &Value, kind: &str) -> String {
    match content {
        Value::String(text) if kind == "text" => text.clone(),
        Value::Array(items) => {
            items.iter().filter(|item| item["type"] == kind).map(|item| inner(&item[kind])).collect()
        }
        _ => String::new(),
    }
}

fn inner(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(|item| inner(&item["text"])).collect(),
        _ => String::new(),
    }
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Said {
    /// Adds a message, or a delta: pieces of calls go by their index.
    fn add(&mut self, message: &Value, pieces: &mut Vec<(u64, String, String)>) {
        self.text += &text_of(&message["content"], "text");
        let details: String =
            message["reasoning_details"].as_array().into_iter().flatten().map(|entry| word(&entry["text"])).collect();
        let thoughts = [word(&message["reasoning_content"]), word(&message["reasoning"]), details];
        let thoughts = thoughts.into_iter().find(|text| !text.is_empty());
        self.thoughts += &thoughts.unwrap_or_else(|| text_of(&message["content"], "thinking"));
        self.refusal += &word(&message["refusal"]);
        let pages = message["annotations"].as_array().into_iter().flatten();
        self.pages.extend(pages.map(|page| word(&page["url_citation"]["url"])));
        let calls = message["tool_calls"].as_array().into_iter().flatten().enumerate();
        for (place, call) in calls {
            let index = call["index"].as_u64().unwrap_or(place as u64);
            let (name, args) = (word(&call["function"]["name"]), word(&call["function"]["arguments"]));
            match pieces.iter_mut().find(|piece| piece.0 == index) {
                Some(piece) => piece.2 += &args,
                None => pieces.push((index, name, args)),
            }
        }
        if message["function_call"].is_object() {
            let function = &message["function_call"];
            pieces.push((u64::MAX, word(&function["name"]), word(&function["arguments"])));
        }
    }

    fn end(&mut self, pieces: Vec<(u64, String, String)>) {
        let args = |text: String| {
            if text.trim().is_empty() { json!({}) } else { serde_json::from_str(&text).unwrap_or(json!(text)) }
        };
        self.calls = pieces.into_iter().map(|(_, name, text)| (name, args(text))).collect();
    }

    /// What a provider's choices are to a client: some providers say `stop` after calls.
    pub fn for_client(choices: Vec<Said>, is_legacy: bool) -> Vec<Said> {
        let told = choices.into_iter().map(|mut said| {
            if said.finish == "function_call" || (said.finish == "stop" && !said.calls.is_empty()) {
                said.finish = if is_legacy { "function_call" } else { "tool_calls" }.to_owned();
            }
            said
        });
        told.collect()
    }

    /// The choices of an answer.
    pub fn of_answer(body: &Value) -> Vec<Said> {
        let choices = body["choices"].as_array().unwrap().iter().map(|choice| {
            let (mut said, mut pieces) = (Said::default(), Vec::new());
            said.add(&choice["message"], &mut pieces);
            said.finish = word(&choice["finish_reason"]);
            said.end(pieces);
            said
        });
        choices.collect()
    }

    /// The choices of a stream, by index.
    pub fn of_stream(events: &[Value]) -> Vec<Said> {
        let mut choices: Vec<(Said, Vec<_>)> = Vec::new();
        for choice in events.iter().flat_map(|event| event["choices"].as_array().into_iter().flatten()) {
            let index = choice["index"].as_u64().unwrap_or(0) as usize;
            choices.resize_with(choices.len().max(index + 1), Default::default);
            let (said, pieces) = &mut choices[index];
            said.add(&choice["delta"], pieces);
            // OpenRouter says it twice.
            if choice["finish_reason"].is_string() {
                said.finish = word(&choice["finish_reason"]);
            }
        }
        let ended = choices.into_iter().map(|(mut said, pieces)| {
            said.end(pieces);
            said
        });
        ended.collect()
    }
}

/// The last usage of an answer's or a stream's objects: input, cached, output, reasoning.
pub fn usage<'a>(objects: impl DoubleEndedIterator<Item = &'a Value>) -> Option<[Option<u64>; 4]> {
    let places = ["/usage", "/x_groq/usage"];
    let place =
        |object: &'a Value| places.iter().find_map(|place| object.pointer(place).filter(|usage| usage.is_object()));
    let usage = objects.rev().find_map(place)?;
    let find = |names: &[&str]| names.iter().find_map(|name| usage.pointer(name)?.as_u64());
    let (input, output) = (find(&["/prompt_tokens"]), find(&["/completion_tokens"]));
    let reasoning = find(&["/completion_tokens_details/reasoning_tokens", "/reasoning_tokens"]);
    let cached = find(&[
        "/prompt_tokens_details/cached_tokens",
        "/prompt_cache_hit_tokens",
        "/num_cached_tokens",
        "/cached_tokens",
    ]);
    // xAI counts reasoning beside the output, which shows in the total.
    let sum = input.unwrap_or(0) + output.unwrap_or(0) + reasoning.unwrap_or(0);
    let is_beside = reasoning.unwrap_or(0) > 0 && find(&["/total_tokens"]) == Some(sum);
    Some([input, cached, if is_beside { output.zip(reasoning).map(|(a, b)| a + b) } else { output }, reasoning])
}

/// Where two values differ.
pub fn differences(a: &Value, b: &Value, at: &str, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(one), Value::Object(other)) => {
            let names: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                differences(&a[name], &b[name], &format!("{at}/{name}"), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (i, (a, b)) in one.iter().zip(other).enumerate() {
                differences(a, b, &format!("{at}/{i}"), found);
            }
        }
        _ if a != b => found.push(format!("{at}: {a:.300} instead of {b:.300}")),
        _ => {}
    }
}
