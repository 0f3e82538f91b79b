//! Recorded exchanges of Gemini, and ways through both dialects.

use serde_json::Value;
use tollgate::chat::{Event, Request};
use tollgate::dialect::gemini::{Decoder, decode_response};
use tollgate::dialect::openai::chat::{Encoder, encode_response};

use super::support::{folder, ids};

pub struct Exchange {
    pub file: String,
    pub provider: String,
    pub status: u16,
    pub is_stream: bool,
    pub body: Vec<u8>,
}

/// The generations, those of another project's fixtures last.
pub fn exchanges() -> Vec<Exchange> {
    let Some(folder) = folder() else { return Vec::new() };
    let index = std::fs::read_to_string(folder.join("index.jsonl")).unwrap();
    let entries = index.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let ours = entries.filter(|entry| {
        let is_ours = entry["provider"] == "gemini" || entry["provider"] == "vertex";
        is_ours && (entry["endpoint"] == "generateContent" || entry["endpoint"] == "streamGenerateContent")
    });
    let mut read: Vec<Exchange> = ours.map(|entry| exchange(entry["file"].as_str().unwrap())).collect();
    let fixtures = std::fs::read_dir(folder.join("vercel/google")).unwrap();
    let mut paths: Vec<_> = fixtures.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let is_stream = path.extension().unwrap() == "txt";
        let body = if is_stream { lines(&text) } else { text.into_bytes() };
        let file = format!("vercel/google/{}", path.file_name().unwrap().to_str().unwrap());
        let provider = "vercel/google".to_owned();
        read.push(Exchange { file, provider, status: 200, is_stream, body });
    }
    read
}

/// One `data:` payload a line, as a stream.
pub fn lines(text: &str) -> Vec<u8> {
    let events = text.lines().filter(|line| !line.is_empty()).map(|line| format!("data: {line}\n\n"));
    events.collect::<String>().into_bytes()
}

/// One recorded exchange, by its file.
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
        is_stream: response["body_file"].is_string(),
        body,
    }
}

/// The fixture of that name.
pub fn fixture(name: &str) -> Exchange {
    exchanges().into_iter().find(|exchange| exchange.file.ends_with(name)).unwrap_or_else(|| panic!("no {name}"))
}

/// A request that wants all there is.
pub fn asking() -> Request {
    Request { usage_wanted: true, ..Request::default() }
}

/// The events of a stream in pieces.
pub fn decode(pieces: &[&[u8]]) -> Vec<Event> {
    let (mut decoder, mut events) = (Decoder::new(&ids()), Vec::new());
    pieces.iter().for_each(|piece| decoder.feed(piece, &mut events));
    decoder.finish(&mut events);
    events
}

/// What a client of chat completions gets of a stream in pieces.
pub fn translate(pieces: &[&[u8]]) -> Vec<u8> {
    let (mut decoder, mut encoder) = (Decoder::new(&ids()), Encoder::new(&asking(), &ids()));
    let (mut events, mut out) = (Vec::new(), Vec::new());
    for piece in pieces {
        decoder.feed(piece, &mut events);
        encoder.feed(&events, &mut out);
        events.clear();
    }
    decoder.finish(&mut events);
    encoder.feed(&events, &mut out);
    out
}

/// What a client of chat completions gets of a whole answer.
pub fn answer(body: &[u8]) -> Value {
    let response = decode_response(body, &ids()).unwrap_or_else(|failure| panic!("{failure:?}"));
    serde_json::from_slice(&encode_response(&response, &asking(), &ids(), None)).unwrap()
}
