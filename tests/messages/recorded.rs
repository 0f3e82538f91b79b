//! Recorded answers and streams of every provider.

use serde_json::Value;
use tollgate::chat::{Event, Ids, Raw, Request};
use tollgate::config::Dialect;
use tollgate::dialect::anthropic::client::Encoder;
use tollgate::dialect::spoken;

use super::support::{folder, ids};
use super::{anthropic, bedrock};

/// One recorded answer with the status 200.
pub struct Exchange {
    pub file: String,
    pub provider: String,
    pub dialect: Dialect,
    pub is_stream: bool,
    pub model: String,
    pub body: Vec<u8>,
}

impl Exchange {
    pub fn ids(&self) -> Ids {
        Ids { model: self.model.clone(), ..ids() }
    }

    /// The events of its stream, in pieces.
    pub fn events(&self, pieces: &[&[u8]]) -> Vec<Event> {
        let (mut decoder, mut events) = (spoken::decoder(self.dialect, &self.ids()), Vec::new());
        pieces.iter().for_each(|piece| decoder.feed(piece, &mut events));
        decoder.finish(&mut events);
        events
    }

    /// What a client gets of its stream, in pieces.
    pub fn translate(&self, pieces: &[&[u8]]) -> Vec<u8> {
        let mut decoder = spoken::decoder(self.dialect, &self.ids());
        let mut encoder = Encoder::new(&Request::default(), &self.ids());
        let (mut events, mut out) = (Vec::new(), Vec::new());
        for piece in pieces {
            decoder.feed(piece, &mut events);
            // It is told at the latest before the end.
            if events.contains(&Event::End) {
                encoder.tell(gateway());
            }
            encoder.feed(&events, &mut out);
            events.clear();
        }
        decoder.finish(&mut events);
        encoder.tell(gateway());
        encoder.feed(&events, &mut out);
        out
    }
}

/// What the gateway says of itself.
pub fn gateway() -> Raw {
    Raw::parse(r#"{"generationId":"gen_01JTEST","cost":"0.00012"}"#).unwrap()
}

fn dialect(provider: &str, endpoint: &str) -> Option<Dialect> {
    Some(match endpoint {
        "chat-completions" => Dialect::OpenAi,
        "responses" => Dialect::Responses,
        "messages" => Dialect::Anthropic,
        "generateContent" | "streamGenerateContent" if provider == "vertex" => Dialect::Vertex,
        "generateContent" | "streamGenerateContent" => Dialect::Gemini,
        "converse" | "converse-stream" => Dialect::Bedrock,
        "v2-chat" => Dialect::Cohere,
        _ => return None,
    })
}

/// All of them: recordings, then another project's fixtures.
pub fn exchanges() -> Vec<Exchange> {
    let Some(folder) = folder() else { return Vec::new() };
    let index = std::fs::read_to_string(folder.join("index.jsonl")).unwrap();
    let mut read = Vec::new();
    for line in index.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let word = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        if entry["status"] == 200
            && let Some(dialect) = dialect(&word("provider"), &word("endpoint"))
        {
            let (file, provider, model) = (word("file"), word("provider"), word("model"));
            let is_stream = entry["stream"].is_string();
            let body = anthropic::exchange(&file).body;
            read.push(Exchange { file, provider, dialect, is_stream, model, body });
        }
    }
    read.extend(fixtures(&folder.join("vercel")));
    read
}

fn fixtures(folder: &std::path::Path) -> Vec<Exchange> {
    let model = "anthropic.claude-3-haiku-20240307-v1:0";
    let of_bedrock = bedrock::exchanges().into_iter().filter(|exchange| exchange.file.starts_with("vercel"));
    let mut read: Vec<Exchange> = of_bedrock
        .map(|exchange| Exchange {
            file: exchange.file,
            provider: "vercel/amazon-bedrock".to_owned(),
            dialect: Dialect::Bedrock,
            is_stream: exchange.is_stream,
            model: model.to_owned(),
            body: exchange.body,
        })
        .collect();
    let folders = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut paths: Vec<_> =
        folders.flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path())).collect();
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let vendor = path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        let dialect = match &*vendor {
            "amazon-bedrock" => continue,
            "anthropic" => Dialect::Anthropic,
            "google" => Dialect::Gemini,
            "cohere" if !text.contains("embeddings") && !text.contains("relevance_score") => Dialect::Cohere,
            _ if text.contains(r#""chat.completion"#) => Dialect::OpenAi,
            _ if text.contains(r#""object":"response""#) || text.contains(r#""object": "response""#) => {
                Dialect::Responses
            }
            _ => continue,
        };
        let is_stream = path.extension().unwrap() == "txt";
        let events = || text.lines().filter(|line| !line.is_empty()).map(|line| format!("data: {line}\n\n"));
        let body = if is_stream { events().collect::<String>() } else { text.clone() }.into_bytes();
        let file = format!("vercel/{vendor}/{}", path.file_name().unwrap().to_str().unwrap());
        let provider = format!("vercel/{vendor}");
        read.push(Exchange { file, provider, dialect, is_stream, model: String::new(), body });
    }
    read
}
