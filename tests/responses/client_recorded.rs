//! What a client of Responses gets of every recorded answer and stream, whoever gave it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use tollgate::chat::{Event, Format, Ids, Raw, Request, Response, gather};
use tollgate::dialect::openai::{chat, responses};
use tollgate::dialect::{anthropic, bedrock, cohere, gemini};

use super::client_order;
use super::strict::Params;
use super::support::{Said, cuts, events, folder, ids};

/// The dialects of providers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dialect {
    Chat,
    Responses,
    Anthropic,
    Gemini,
    Bedrock,
    Cohere,
}

pub struct Given {
    pub file: String,
    pub provider: String,
    pub dialect: Dialect,
    pub is_stream: bool,
    pub body: Vec<u8>,
}

fn dialect(provider: &str, endpoint: &str) -> Option<Dialect> {
    Some(match (provider, endpoint) {
        (_, "chat-completions") => Dialect::Chat,
        (_, "responses") => Dialect::Responses,
        ("anthropic", "messages") => Dialect::Anthropic,
        (_, "generateContent" | "streamGenerateContent") => Dialect::Gemini,
        ("bedrock", "converse" | "converse-stream") => Dialect::Bedrock,
        ("cohere", "v2-chat") => Dialect::Cohere,
        _ => return None,
    })
}

/// Every recorded answer that is none of errors alone, then those of another project.
pub fn answers() -> Vec<Given> {
    let Some(folder) = folder() else { return Vec::new() };
    let index = std::fs::read_to_string(folder.join("index.jsonl")).unwrap();
    let entries = index.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let read = entries.filter(|entry| entry["status"] == 200).filter_map(|entry| {
        let (file, provider) = (entry["file"].as_str()?.to_owned(), entry["provider"].as_str()?.to_owned());
        let dialect = dialect(&provider, entry["endpoint"].as_str()?)?;
        let path = folder.join(&file);
        let exchange: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let response = &exchange["response"];
        let body = match (response["body_file"].as_str(), response["body_text"].as_str()) {
            (Some(name), _) => std::fs::read(path.with_file_name(name)).unwrap(),
            (None, Some(text)) => text.as_bytes().to_vec(),
            (None, None) => serde_json::to_vec(&response["body"]).unwrap(),
        };
        Some(Given { file, provider, dialect, is_stream: response["body_file"].is_string(), body })
    });
    let mut read: Vec<Given> = read.collect();
    for (name, usual) in [
        ("anthropic", Dialect::Anthropic),
        ("google", Dialect::Gemini),
        ("google-vertex", Dialect::Gemini),
        ("cohere", Dialect::Cohere),
        ("openai", Dialect::Chat),
        ("azure", Dialect::Chat),
        ("deepseek", Dialect::Chat),
        ("groq", Dialect::Chat),
        ("mistral", Dialect::Chat),
        ("moonshotai", Dialect::Chat),
        ("openai-compatible", Dialect::Chat),
        ("xai", Dialect::Chat),
    ] {
        read.extend(fixtures(&folder.join("vercel").join(name), name, usual));
    }
    read
}

fn fixtures(folder: &Path, name: &str, usual: Dialect) -> Vec<Given> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = paths.into_iter().filter_map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let is_stream = path.extension().unwrap() == "txt";
        let is_responses = text.contains(if is_stream { r#""response.created""# } else { r#""object": "response""# });
        let dialect = if is_responses { Dialect::Responses } else { usual };
        let words = match dialect {
            Dialect::Chat => [r#""choices""#, r#""choices""#],
            Dialect::Responses => ["response", "response"],
            Dialect::Anthropic => ["message_start", r#""content""#],
            Dialect::Gemini => ["candidates", r#""candidates""#],
            Dialect::Cohere => ["message-start", r#""message""#],
            Dialect::Bedrock => return None,
        };
        if !text.contains(words[usize::from(!is_stream)]) {
            return None;
        }
        let lines = text.lines().filter(|line| !line.is_empty()).map(|line| format!("data: {line}\n\n"));
        let body = if is_stream { lines.collect::<String>() } else { text.clone() }.into_bytes();
        let file = format!("vercel/{name}/{}", path.file_name()?.to_str()?);
        Some(Given { file, provider: format!("vercel/{name}"), dialect, is_stream, body })
    });
    read.collect()
}

/// The events of pieces, piece by piece, and those of the end.
pub fn decode(dialect: Dialect, pieces: &[&[u8]], ids: &Ids) -> Vec<Vec<Event>> {
    macro_rules! with {
        ($decoder:expr) => {{
            let mut decoder = $decoder;
            let mut read: Vec<Vec<Event>> = Vec::new();
            for piece in pieces {
                let mut events = Vec::new();
                decoder.feed(piece, &mut events);
                read.push(events);
            }
            let mut events = Vec::new();
            decoder.finish(&mut events);
            read.push(events);
            read
        }};
    }
    match dialect {
        Dialect::Chat => with!(chat::Decoder::new(ids)),
        Dialect::Responses => with!(responses::Decoder::new(ids)),
        Dialect::Anthropic => with!(anthropic::Decoder::new(ids)),
        Dialect::Gemini => with!(gemini::Decoder::new(ids)),
        Dialect::Bedrock => with!(bedrock::Decoder::new(ids)),
        Dialect::Cohere => with!(cohere::Decoder::new(ids)),
    }
}

pub fn decode_response(given: &Given) -> Option<Response> {
    let (body, ids) = (&given.body, &ids());
    let read = match given.dialect {
        Dialect::Chat => chat::decode_response(body, ids),
        Dialect::Responses => responses::decode_response(body, ids),
        Dialect::Anthropic => anthropic::decode_response(body, ids),
        Dialect::Gemini => gemini::decode_response(body, ids),
        Dialect::Bedrock => bedrock::decode_response(body, ids),
        Dialect::Cohere => cohere::decode_response(body, ids),
    };
    read.ok()
}

/// A request that wants all there is.
pub fn asking() -> Request {
    Request { seals_wanted: true, usage_wanted: true, ..Request::default() }
}

/// What the client gets of a stream in pieces; the gateway speaks before its end.
pub fn translate(dialect: Dialect, pieces: &[&[u8]], request: &Request) -> Vec<u8> {
    let (mut encoder, mut out) = (responses::Encoder::new(request, &ids()), Vec::new());
    encoder.tell(Raw::of(&json!({"generationId": "gen_1"})));
    decode(dialect, pieces, &ids()).iter().for_each(|events| encoder.feed(events, &mut out));
    out
}

pub fn written(response: &Response, request: &Request) -> Value {
    let gateway = Raw::of(&json!({"generationId": "gen_1"}));
    serde_json::from_slice(&responses::encode_response(response, request, &ids(), Some(&gateway))).unwrap()
}

/// What a `response` object says, in the words of chat completions.
pub fn said(answer: &Value) -> Said {
    let items = || answer["output"].as_array().unwrap().iter();
    let of = |kind: &'static str| items().filter(move |item| item["type"] == kind);
    let contents = || of("message").flat_map(|item| item["content"].as_array().unwrap());
    let text = |kind: &str, member: &str| -> String {
        contents().filter(|content| content["type"] == kind).map(|content| content[member].as_str().unwrap()).collect()
    };
    let calls = items().filter_map(|item| {
        let input = item["arguments"].as_str().or(item["input"].as_str())?;
        Some((item["name"].as_str()?.to_owned(), serde_json::from_str(input).unwrap_or(json!(input))))
    });
    let calls: Vec<(String, Value)> = calls.collect();
    let thoughts = of("reasoning").flat_map(|item| item["summary"].as_array().unwrap());
    let pages = contents().flat_map(|content| content["annotations"].as_array().into_iter().flatten());
    let finish = match (answer["status"].as_str().unwrap(), answer["incomplete_details"]["reason"].as_str()) {
        ("incomplete", Some("max_output_tokens")) => "length",
        ("incomplete", Some("content_filter")) => "content_filter",
        ("completed", None) if calls.is_empty() => "stop",
        ("completed", None) => "tool_calls",
        other => panic!("{other:?}"),
    };
    Said {
        text: text("output_text", "text"),
        thoughts: thoughts.map(|part| part["text"].as_str().unwrap()).collect(),
        refusal: text("refusal", "refusal"),
        calls,
        finish: finish.to_owned(),
        pages: pages.map(|page| page["url"].as_str().unwrap().to_owned()).collect(),
    }
}

/// Input, cached, output, reasoning; what is not known must be a number all the same.
fn used(answer: &Value) -> Option<[u64; 4]> {
    let usage = answer["usage"].as_object()?;
    let usage = Value::Object(usage.clone());
    let places = [
        "/input_tokens",
        "/input_tokens_details/cached_tokens",
        "/output_tokens",
        "/output_tokens_details/reasoning_tokens",
    ];
    Some(places.map(|place| usage.pointer(place).unwrap().as_u64().unwrap()))
}

/// The same answer as a client of chat completions sees it, which other tests compare with what the provider said.
fn other(response: &Response) -> (Said, Option<[u64; 4]>) {
    let written = chat::encode_response(response, &asking(), &ids(), None);
    let written: Value = serde_json::from_slice(&written).unwrap();
    let mut said = Said::of_answer(&written).remove(0);
    if said.finish == "stop" && !said.calls.is_empty() {
        said.finish = "tool_calls".to_owned();
    }
    let usage = response.usage.as_ref().filter(|usage| usage.has_counts());
    let count = |count: Option<u64>| count.unwrap_or(0);
    let used = usage.map(|usage| [usage.input, usage.cache_read, usage.output, usage.reasoning].map(count));
    (said, used)
}

/// Whether an answer holds what is no item here: media at URLs.
fn compare(file: &str, answer: &Value, response: &Response) {
    let (mut expected, used_there) = other(response);
    let mut mine = said(answer);
    if mine.finish != expected.finish {
        // A filter or a limit beside calls: the reason is one word there, and stands beside the calls here.
        assert_eq!((mine.finish.as_str(), expected.finish.as_str()), ("stop", "tool_calls"), "{file}");
    }
    (mine.finish, expected.finish) = (String::new(), String::new());
    assert_eq!(mine, expected, "{file}");
    assert_eq!(used(answer), used_there, "{file}");
    let ids = |answer: &Value| -> Vec<String> {
        let calls = answer["output"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| item["arguments"].is_string() || item["input"].is_string());
        calls.map(|item| item["call_id"].as_str().unwrap().to_owned()).collect()
    };
    let given = response.choices[0].parts.iter().filter_map(|part| match &part.body {
        tollgate::chat::Body::Call(call) => Some(call.id.clone()),
        _ => None,
    });
    assert_eq!(ids(answer), given.collect::<Vec<_>>(), "{file}");
}

/// Seals as the client sees them, in order.
fn seals(answer: &Value) -> Vec<String> {
    let items = answer["output"].as_array().unwrap().iter();
    items.filter_map(|item| Some(item["encrypted_content"].as_str()?.to_owned())).collect()
}

#[test]
fn every_recorded_answer_is_a_response() {
    let Some(spec) = Params::read() else { return };
    let mut counts = BTreeMap::<(String, bool), (usize, usize, usize)>::new();
    let (mut sealed, mut failed) = (0, Vec::new());
    for given in answers() {
        let (tried, passed, errors) = counts.entry((given.provider.clone(), given.is_stream)).or_default();
        *tried += 1;
        let file = &given.file;
        let request = asking();
        if given.is_stream {
            let mut cuts = cuts(&given.body).into_iter();
            let whole = translate(given.dialect, &cuts.next().unwrap(), &request);
            for pieces in cuts {
                assert!(translate(given.dialect, &pieces, &request) == whole, "{file}: depends on how it is cut");
            }
            let events = events(&whole);
            client_order::check(file, &whole);
            for event in &events {
                assert_eq!(spec.faults_of_event(event), [""; 0], "{file}: {event}");
            }
            let read: Vec<Event> = decode(given.dialect, &[&given.body], &ids()).concat();
            let Ok(response) = gather(&read) else {
                assert_eq!(events.last().unwrap()["type"], "response.failed", "{file}");
                *errors += 1;
                failed.push(file.clone());
                continue;
            };
            let answer = &events.last().unwrap()["response"];
            compare(file, answer, &response);
            // The same as if it had been no stream, but for where late seals stand.
            let late = |answer: &Value| {
                let mut answer = answer.clone();
                if !seals(&answer).is_empty() {
                    answer["output"] = Value::Null;
                }
                answer
            };
            assert_eq!(late(answer), late(&written(&response, &request)), "{file}");
            assert_eq!(seals(answer).len(), seals(&written(&response, &request)).len(), "{file}");
            sealed += seals(answer).len();
        } else {
            let Some(response) = decode_response(&given) else {
                *errors += 1;
                failed.push(file.clone());
                continue;
            };
            let answer = written(&response, &request);
            assert_eq!(spec.faults_of("Response", &answer), [""; 0], "{file}: {answer}");
            compare(file, &answer, &response);
            sealed += seals(&answer).len();
        }
        *passed += 1;
    }
    for ((provider, is_stream), (tried, passed, errors)) in &counts {
        println!(
            "to a client of responses, {provider}, stream {is_stream}: tried {tried}, passed {passed}, errors of the provider {errors}"
        );
    }
    println!("seals {sealed}; errors: {failed:#?}");
    let all = counts.values().fold((0, 0, 0), |all, one| (all.0 + one.0, all.1 + one.1, all.2 + one.2));
    println!("in all: tried {}, passed {}, errors {}", all.0, all.1, all.2);
    assert_eq!(all.0, all.1 + all.2);
    assert!(all.1 >= 300 && all.2 <= 12 && sealed > 40, "{all:?}, {sealed}");
}

#[test]
fn rule_2_line_45_a_stream_cut_anywhere_ends_in_error_and_failure() {
    let mut count = 0;
    for given in answers().iter().filter(|given| given.is_stream && given.body.len() > 600) {
        for at in [0, given.body.len() / 3, given.body.len() / 2] {
            let whole = translate(given.dialect, &[&given.body[..at]], &asking());
            let events = events(&whole);
            if events.last().unwrap()["type"] == "response.completed" {
                // What was cut away came after its end.
                continue;
            }
            client_order::check(&given.file, &whole);
            let [.., error, last] = &events[..] else { panic!("{events:?}") };
            assert_eq!((&error["type"], &last["type"]), (&json!("error"), &json!("response.failed")), "{}", given.file);
            count += 1;
        }
    }
    assert!(count > 100 || folder().is_none(), "{count}");
}

#[test]
fn seals_of_all_formats_name_format_and_provider() {
    let mut formats: Vec<String> = Vec::new();
    for given in answers().iter().filter(|given| !given.is_stream) {
        let Some(response) = decode_response(given) else { continue };
        let answer = written(&response, &asking());
        for seal in seals(&answer) {
            let rest = seal.strip_prefix("tg1.").unwrap_or_else(|| panic!("{seal}"));
            let (format, rest) = rest.split_once('.').unwrap();
            assert!(rest.starts_with("acme."), "{seal}");
            formats.push(format.to_owned());
        }
        // Only where they were asked for.
        assert!(seals(&written(&response, &Request::default())).is_empty(), "{}", given.file);
    }
    if folder().is_some() {
        for format in [Format::Anthropic, Format::Gemini, Format::Responses] {
            assert!(formats.iter().any(|word| word.starts_with(format.word())), "{format:?}");
        }
    }
}
