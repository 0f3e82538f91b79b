//! What a client of Responses gets of every recorded answer and stream, whoever gave it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate::chat::{Event, Format, Raw, Request, Response, gather};
use tollgate::config::Dialect;
use tollgate::dialect::openai::responses;
use tollgate::dialect::spoken;

use super::client_order;
use super::strict::Params;
use super::support::{Said, Turn, decoded, events, folder, however_cut, ids, piped, turns};

/// The events of a stream in pieces.
pub fn decode(dialect: Dialect, pieces: &[&[u8]]) -> Vec<Event> {
    decoded(&mut *spoken::decoder(dialect, &ids()), pieces)
}

pub fn decode_response(turn: &Turn) -> Option<Response> {
    spoken::decode_response(turn.dialect, &turn.body, &ids()).ok()
}

/// A request that wants all there is.
pub fn asking() -> Request {
    Request { seals_wanted: true, usage_wanted: true, ..Request::default() }
}

/// What the client gets of a stream in pieces; the gateway speaks before its end.
pub fn translate(dialect: Dialect, pieces: &[&[u8]], request: &Request) -> Vec<u8> {
    let mut encoder = responses::Encoder::new(request, &ids());
    encoder.tell(Raw::of(&json!({"generationId": "gen_1"})));
    piped(&mut *spoken::decoder(dialect, &ids()), pieces, |events, out| encoder.feed(events, out))
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
    let written = tollgate::dialect::openai::chat::encode_response(response, &asking(), &ids(), None);
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
    for given in turns() {
        let (tried, passed, errors) = counts.entry((given.provider.clone(), given.is_stream)).or_default();
        *tried += 1;
        let file = &given.file;
        let request = asking();
        if given.is_stream {
            let whole = however_cut(file, &given.body, |pieces| translate(given.dialect, pieces, &request));
            let events = events(&whole);
            client_order::check(file, &whole);
            for event in &events {
                assert_eq!(spec.faults_of_event(event), [""; 0], "{file}: {event}");
            }
            let read: Vec<Event> = decode(given.dialect, &[&given.body]);
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
    for given in turns().iter().filter(|given| given.is_stream && given.body.len() > 600) {
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
    for given in turns().iter().filter(|given| !given.is_stream) {
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
