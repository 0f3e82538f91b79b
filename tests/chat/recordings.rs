//! The recordings, read in one place for all tests: exchanges with real providers, and another project's fixtures.

use std::path::PathBuf;

use serde_json::Value;
use tollgate::config::Dialect;

/// One exchange. Of fixtures and of synthetic errors less is known: the rest is empty.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    pub file: String,
    /// The folder, such as `openai` or `vercel/openai`.
    pub provider: String,
    pub endpoint: String,
    pub model: String,
    pub status: u16,
    pub headers: Value,
    pub is_stream: bool,
    pub url: String,
    /// The request's body.
    pub request: Value,
    pub body: Vec<u8>,
}

/// A turn of a conversation that was answered with 200.
pub struct Turn {
    pub file: String,
    pub provider: String,
    pub dialect: Dialect,
    pub is_stream: bool,
    pub model: String,
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

/// Those that the index says this of.
pub fn recorded(is_wanted: impl Fn(&Value) -> bool) -> Vec<Exchange> {
    let Some(folder) = folder() else { return Vec::new() };
    let index = std::fs::read_to_string(folder.join("index.jsonl")).unwrap();
    let entries = index.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let word = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let read = entries.filter(is_wanted).map(|entry| Exchange {
        endpoint: word(&entry, "endpoint"),
        model: word(&entry, "model"),
        ..exchange(&word(&entry, "file"))
    });
    read.collect()
}

/// One file of recordings or of synthetic errors.
pub fn exchange(file: &str) -> Exchange {
    let path = folder().unwrap().join(file);
    let exchange: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let response = &exchange["response"];
    let body = match (response["body_file"].as_str(), response["body_text"].as_str()) {
        (Some(name), _) => std::fs::read(path.with_file_name(name)).unwrap(),
        (None, Some(text)) => text.as_bytes().to_vec(),
        (None, None) => serde_json::to_vec(&response["body"]).unwrap(),
    };
    Exchange {
        file: file.to_owned(),
        provider: file.split('/').next().unwrap().to_owned(),
        status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
        headers: response["headers"].clone(),
        is_stream: response["body_file"].is_string(),
        url: exchange["request"]["url"].as_str().unwrap_or_default().to_owned(),
        request: exchange["request"]["body"].clone(),
        body,
        ..Exchange::default()
    }
}

/// Another project's fixtures of these providers: answers, and streams of which it kept the payloads.
pub fn fixtures(providers: &[&str]) -> Vec<Exchange> {
    let Some(folder) = folder() else { return Vec::new() };
    let names = |folder: PathBuf| {
        let mut names: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let mut read = Vec::new();
    for provider in providers.iter().map(|provider| format!("vercel/{provider}")) {
        for name in names(folder.join(&provider)) {
            let file = format!("{provider}/{name}");
            let text = std::fs::read_to_string(folder.join(&file)).unwrap();
            let is_stream = name.ends_with(".txt");
            let body = match (is_stream, &*provider) {
                (false, _) => text.into_bytes(),
                (true, "vercel/amazon-bedrock") => frames(&text.lines().filter_map(named).collect::<Vec<_>>()),
                (true, _) => lines(&text),
            };
            let model = if provider.ends_with("bedrock") { "anthropic.claude-3-haiku-20240307-v1:0" } else { "" };
            let (provider, model) = (provider.clone(), model.to_owned());
            read.push(Exchange { file, provider, model, status: 200, is_stream, body, ..Exchange::default() });
        }
    }
    read
}

impl Exchange {
    /// Whether its answer says this somewhere.
    pub fn says(&self, words: &str) -> bool {
        self.body.windows(words.len()).any(|window| window == words.as_bytes())
    }
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

/// One `data:` payload a line, as a stream.
pub fn lines(text: &str) -> Vec<u8> {
    let events = text.lines().filter(|line| !line.is_empty()).map(|line| format!("data: {line}\n\n"));
    events.collect::<String>().into_bytes()
}

/// `{"messageStop":{...}}`, as Bedrock's fixtures have it.
fn named(line: &str) -> Option<(String, Value)> {
    let event: Value = serde_json::from_str(line).ok()?;
    event.as_object()?.iter().next().map(|(name, payload)| (name.clone(), payload.clone()))
}

/// One frame of Bedrock's, with its headers.
pub fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap());
        head.extend(name.as_bytes());
        head.push(7);
        head.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        head.extend(value.as_bytes());
    }
    let length = |n: usize| u32::try_from(n).unwrap().to_be_bytes();
    let mut out = length(16 + head.len() + payload.len()).to_vec();
    out.extend(length(head.len()));
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out.extend(head);
    out.extend(payload);
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out
}

/// A stream of Bedrock's.
pub fn frames(events: &[(String, Value)]) -> Vec<u8> {
    let one = |(name, payload): &(String, Value)| {
        let headers =
            [(":event-type", name.as_str()), (":content-type", "application/json"), (":message-type", "event")];
        frame(&headers, payload.to_string().as_bytes())
    };
    events.iter().flat_map(one).collect()
}

/// All turns of every provider, those of fixtures last.
pub fn turns() -> Vec<Turn> {
    const PROVIDERS: [&str; 12] = [
        "amazon-bedrock",
        "anthropic",
        "azure",
        "cohere",
        "deepseek",
        "google",
        "groq",
        "mistral",
        "moonshotai",
        "openai",
        "openai-compatible",
        "xai",
    ];
    let recorded = recorded(|entry| entry["status"] == 200);
    let recorded = recorded.into_iter().filter_map(|exchange| {
        let dialect = match &*exchange.endpoint {
            "chat-completions" => Dialect::OpenAi,
            "responses" => Dialect::Responses,
            "messages" => Dialect::Anthropic,
            "generateContent" | "streamGenerateContent" if exchange.provider == "vertex" => Dialect::Vertex,
            "generateContent" | "streamGenerateContent" => Dialect::Gemini,
            "converse" | "converse-stream" => Dialect::Bedrock,
            "v2-chat" => Dialect::Cohere,
            _ => return None,
        };
        Some(turn(exchange, dialect))
    });
    let fixtures = fixtures(&PROVIDERS).into_iter().filter_map(|fixture| {
        let is_response = || fixture.says(r#""object": "response""#) || fixture.says(r#""object":"response""#);
        let dialect = match &*fixture.provider {
            "vercel/anthropic" => Dialect::Anthropic,
            "vercel/google" => Dialect::Gemini,
            "vercel/amazon-bedrock" if is_converse(&fixture) => Dialect::Bedrock,
            "vercel/cohere" if is_chat_of_cohere(&fixture) => Dialect::Cohere,
            "vercel/amazon-bedrock" | "vercel/cohere" => return None,
            _ if fixture.says(r#""choices""#) => Dialect::OpenAi,
            _ if is_response() => Dialect::Responses,
            _ => return None,
        };
        Some(turn(fixture, dialect))
    });
    recorded.chain(fixtures).collect()
}

/// Else a fixture is of ranking.
pub fn is_converse(fixture: &Exchange) -> bool {
    fixture.is_stream || fixture.says("\"output\"")
}

/// Else a fixture is of vectors or of ranking.
pub fn is_chat_of_cohere(fixture: &Exchange) -> bool {
    fixture.is_stream || fixture.says("finish_reason")
}

fn turn(exchange: Exchange, dialect: Dialect) -> Turn {
    let Exchange { file, provider, is_stream, model, body, .. } = exchange;
    Turn { file, provider, dialect, is_stream, model, body }
}
