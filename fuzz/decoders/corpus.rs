//! What a decoder is tried with: small inputs written by hand, and recorded traffic where there is any. Recordings are
//! read where they are, and never become part of the repository.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Target, outside};

/// Longer inputs slow a fuzzer down and show nothing new.
const MOST: usize = 12 * 1024;

/// Which recordings a decoder is tried with.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    None,
    /// Requests of an endpoint, or of all.
    Requests(&'static str),
    /// Whole answers of these providers, or of this endpoint.
    Answers(&'static [&'static str]),
    /// Streams of these providers, or of this endpoint.
    Streams(&'static [&'static str]),
    /// Frames of event streams, as lines.
    Frames,
    /// Answers with vectors.
    Embedded,
    /// Answers with a status that is an error.
    Errors,
    /// No recordings: the seeds as a `google.protobuf.Struct`.
    Structs,
}

/// One recorded exchange, or what another project kept of one.
#[derive(Default)]
struct Exchange {
    provider: String,
    endpoint: String,
    status: u64,
    is_stream: bool,
    request: Vec<u8>,
    body: Vec<u8>,
    lines: Vec<u8>,
}

/// The inputs of a decoder, those written by hand first; none longer than what is sensible.
pub fn of(target: &Target) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = if folder.ends_with("fuzz") { folder.parent().expect("the repository").to_owned() } else { folder };
    let mut inputs = seeds(&root.join("fuzz/seeds").join(target.seeds));
    if target.seeds == "documents" {
        inputs.extend(std::fs::read(root.join("tests/config/example.json")));
    }
    if matches!(target.source, Source::Structs) {
        inputs = inputs.iter().filter_map(|json| outside::struct_of(json)).collect();
    }
    assert!(!inputs.is_empty(), "no seeds for {}", target.name);
    inputs.extend(recorded(&root).iter().filter_map(|exchange| pick(target.source, exchange)));
    inputs.retain(|input| input.len() <= MOST && !input.is_empty());
    inputs
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}

/// A file is an input, but for a line end that an editor added.
fn seeds(folder: &Path) -> Vec<Vec<u8>> {
    files(folder).iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

fn pick(source: Source, exchange: &Exchange) -> Option<Vec<u8>> {
    let Exchange { provider, endpoint, status, is_stream, request, body, lines } = exchange;
    let is_whole = *status < 400 && !is_stream;
    let is_chat = !["embed", "Embed", "models", "count", "predict"].iter().any(|word| endpoint.contains(word));
    let is_of = |of: &[&str]| of.contains(&provider.as_str()) || of.contains(&endpoint.as_str());
    let found = match source {
        Source::None | Source::Structs => return None,
        Source::Requests(of) => (of.is_empty() || of == endpoint).then_some(request),
        Source::Answers(of) => (is_whole && is_chat && is_of(of)).then_some(body),
        Source::Streams(of) => (*is_stream && is_of(of)).then_some(body),
        Source::Frames => Some(lines),
        Source::Embedded => (is_whole && (!is_chat || endpoint == "invoke")).then_some(body),
        Source::Errors => (*status >= 400).then_some(body),
    };
    found.cloned()
}

/// Every recorded exchange; none, said in one line, where there are no recordings.
fn recorded(root: &Path) -> Vec<Exchange> {
    let named = std::env::var("TOLLGATE_RECORDINGS").ok().map(PathBuf::from);
    let folder = named.unwrap_or_else(|| root.join("../shared/recordings"));
    let Ok(index) = std::fs::read_to_string(folder.join("index.jsonl")) else {
        assert!(std::env::var("CI").is_err(), "no recordings in {}", folder.display());
        println!("seeds only: no recordings in {}", folder.display());
        return Vec::new();
    };
    let entries = index.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let ours = entries.filter_map(|entry| {
        let exchange = exchange(&folder.join(entry["file"].as_str()?))?;
        Some(Exchange { provider: text(&entry["provider"]), endpoint: text(&entry["endpoint"]), ..exchange })
    });
    let made = files(&folder.join("synthetic-errors")).into_iter().flat_map(|folder| files(&folder));
    let made = made.filter(|path| path.extension().is_some_and(|word| word == "json"));
    let made = made.filter_map(|path| Some(Exchange { provider: parent(&path), ..exchange(&path)? }));
    let others = files(&folder.join("vercel")).into_iter().flat_map(|folder| files(&folder));
    ours.chain(made).chain(others.filter_map(|path| fixture(&path))).collect()
}

fn parent(path: &Path) -> String {
    path.parent().and_then(|folder| folder.file_name()).unwrap_or_default().to_string_lossy().into_owned()
}

fn exchange(path: &Path) -> Option<Exchange> {
    let exchange: Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    let response = &exchange["response"];
    let beside = |member: &Value| std::fs::read(path.with_file_name(member.as_str()?)).ok();
    let body = beside(&response["body_file"]);
    Some(Exchange {
        status: response["status"].as_u64()?,
        is_stream: body.is_some(),
        request: serde_json::to_vec(&exchange["request"]["body"]).ok()?,
        body: body.or_else(|| match &response["body_text"] {
            Value::String(text) => Some(text.clone().into_bytes()),
            _ => serde_json::to_vec(&response["body"]).ok(),
        })?,
        lines: beside(&response["events_file"]).map(|events| lines(&events)).unwrap_or_default(),
        ..Exchange::default()
    })
}

/// A word and a payload a line, as `streams::framed` takes them.
fn lines(events: &[u8]) -> Vec<u8> {
    let events = events.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let line = |event: Value| {
        let of = |name: &str| event["headers"][name].as_str().map(str::to_owned);
        let word = of(":event-type").or_else(|| Some(format!("!{}", of(":exception-type")?)));
        format!("{} {}\n", word.unwrap_or_default(), event["payload"])
    };
    events.map(line).collect::<String>().into_bytes()
}

/// Another project's fixture: a whole answer, or one `data:` payload a line.
fn fixture(path: &Path) -> Option<Exchange> {
    let text = std::fs::read_to_string(path).ok()?;
    let is_stream = path.extension()? == "txt";
    let events = text.lines().filter(|line| !line.is_empty()).map(|line| format!("data: {line}\n\n"));
    let body = if is_stream { events.collect::<String>() } else { text.clone() };
    let lines = if is_stream && parent(path) == "amazon-bedrock" { wrapped(&text) } else { Vec::new() };
    Some(Exchange {
        provider: parent(path),
        status: 200,
        is_stream,
        body: body.into_bytes(),
        lines,
        ..Exchange::default()
    })
}

/// The same of payloads that stand in a member named by the word.
fn wrapped(text: &str) -> Vec<u8> {
    let events = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Map<String, Value>>(line).ok());
    let line = |(word, payload): (String, Value)| format!("{word} {payload}\n");
    events.flat_map(|event| event.into_iter().take(1).map(line)).collect::<String>().into_bytes()
}
