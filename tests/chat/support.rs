//! The recordings, ways to cut them, and an independent reading of chat completions.

#[path = "recordings.rs"]
mod recordings;

use serde_json::{Value, json};
use tollgate::chat::{Event, Ids, Request};
use tollgate::dialect::decode::Decode;
use tollgate::dialect::openai::chat::Encoder;

pub use self::recordings::*;

/// The folders of another project's fixtures that hold chat completions.
const OF_CHAT: [&str; 8] = ["azure", "deepseek", "groq", "mistral", "moonshotai", "openai", "openai-compatible", "xai"];

/// Every exchange of chat completions, those of another project's fixtures last.
pub fn recordings() -> Vec<Exchange> {
    let mut read = recorded(|entry| entry["endpoint"] == "chat-completions");
    read.extend(
        fixtures(&OF_CHAT).into_iter().filter(|fixture| {
            fixture.says(if fixture.is_stream { r#""chat.completion.chunk""# } else { r#""choices""# })
        }),
    );
    read
}

pub fn ids() -> Ids {
    let [seed, model, provider] = ["01JTEST", "sent-model", "acme"].map(str::to_owned);
    Ids { seed, created: 1_700_000_000, model, provider }
}

/// What is read of a body: the same however it is cut.
pub fn however_cut<T: PartialEq>(file: &str, body: &[u8], read: impl Fn(&[&[u8]]) -> T) -> T {
    let mut cuts = cuts(body).into_iter();
    let whole = read(&cuts.next().unwrap());
    assert!(cuts.all(|pieces| read(&pieces) == whole), "{file}: depends on how it is cut");
    whole
}

/// A request that wants all there is.
pub fn asking() -> Request {
    Request { usage_wanted: true, ..Request::default() }
}

/// The events of a stream in pieces.
pub fn decoded(decoder: &mut dyn Decode, pieces: &[&[u8]]) -> Vec<Event> {
    let mut events = Vec::new();
    pieces.iter().for_each(|piece| decoder.feed(piece, &mut events));
    decoder.finish(&mut events);
    events
}

/// What a client gets of a stream in pieces.
pub fn piped(decoder: &mut dyn Decode, pieces: &[&[u8]], mut encode: impl FnMut(&[Event], &mut Vec<u8>)) -> Vec<u8> {
    let (mut events, mut out) = (Vec::new(), Vec::new());
    for piece in pieces {
        decoder.feed(piece, &mut events);
        encode(&events, &mut out);
        events.clear();
    }
    decoder.finish(&mut events);
    encode(&events, &mut out);
    out
}

/// What a client of chat completions that wants all there is gets of a stream in pieces.
pub fn chunked(decoder: &mut dyn Decode, pieces: &[&[u8]], ids: &Ids) -> Vec<u8> {
    let mut encoder = Encoder::new(&asking(), ids);
    piped(decoder, pieces, |events, out| encoder.feed(events, out))
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
