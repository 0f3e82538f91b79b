//! What is answered: told in each format, whole and as a stream, and looked for in it.

use serde_json::{Value, json};
use tollgate::chat::{
    Args, Body, Choice, Citation, Event, Finish, Format as Whose, Ids, Kind, Media, MediaKind, Part, Raw, Reason,
    Request, Response, Seal, SealKind, Source, ToolCall, UrlCitation,
};
use tollgate::dialect::{Dropped, cut, heard};
use tollgate::error::{Class, Error};
use tollgate::meter::Usage;
use tollgate::operation::Operation;

use super::PIXEL;
use super::clients::{Cell, Format, Row};
use super::requests::{ANTHROPIC, messages, read, said, sent};

pub const ROWS: &[Row] = &[
    ("answers and streams: text", |format| told(format, vec![Part::text("spoken")], &["spoken"])),
    ("reasoning", |format| told(format, vec![thought(), Part::text("spoken")], &["pondered"])),
    ("parallel calls", |format| told(format, vec![call(1), call(2)], &["call_1", "call_2", "tool_1", "tool_2", "77"])),
    ("pages that a text is based on", |format| told(format, vec![cited()], &[PAGE])),
    ("images", |format| told(format, vec![image()], &[PIXEL])),
    ("tokens: input, output, cached, reasoning", |format| Cell::Is(counts(format))),
    ("what the gateway did: `provider_metadata`", |format| told(format, vec![Part::text("spoken")], &["gen_told"])),
    ("why it ended", |format| Cell::Is(ends(format))),
    ("signatures of reasoning return to their provider", |format| Cell::Is(returns(format))),
    ("errors in the client's own shape and status", |format| Cell::Is(errs(format))),
    ("a stream that was cut says so", |format| Cell::Is(cuts(format))),
];

const PAGE: &str = "https://example.com/page";

fn thought() -> Part {
    let seal = Seal::new(Whose::Anthropic, SealKind::Signature, "c2lnbmVk");
    Part::new(Body::Reasoning { text: "pondered".to_owned(), summary: false }).sealed(Some(seal))
}

fn call(number: u8) -> Part {
    let args = Args::Json(Raw::parse(r#"{"a":77}"#).unwrap());
    let (id, name) = (format!("call_{number}"), format!("tool_{number}"));
    Part::new(Body::Call(ToolCall { id, item_id: None, name, args, caller: None }))
}

fn cited() -> Part {
    let raw = Raw::of(&json!({"type": "url_citation", "url": PAGE}));
    let (url, title) = (PAGE.to_owned(), Some("Page".to_owned()));
    let page = UrlCitation { url, title, start: Some(0), end: Some(6), quote: None, format: Whose::Responses, raw };
    Part::new(Body::Text { text: "spoken".to_owned(), citations: vec![Citation::Url(Box::new(page))] })
}

fn image() -> Part {
    let source = Source::Base64(PIXEL.to_owned());
    Part::new(Body::Media(Box::new(Media::new(MediaKind::Image, Some("image/png".to_owned()), source))))
}

fn ids() -> Ids {
    let [seed, model, provider] = ["01J", "sent-model", "anthropic"].map(str::to_owned);
    Ids { seed, created: 1, model, provider }
}

fn gateway() -> Raw {
    Raw::of(&json!({"generationId": "gen_told"}))
}

fn usage() -> Usage {
    let [input, output, read, thought] = [70_001, 60_002, 5_003, 4_004].map(Some);
    Usage { input, output, cache_read: read, reasoning: thought, ..Usage::default() }
}

/// A question that wants to see all there is.
fn question(format: &Format, stream: bool) -> Request {
    let mut body = messages(format, json!([{"role": "user", "content": said(format, "Hi")}]));
    match format.operation {
        Operation::ChatCompletions if stream => body["stream_options"] = json!({"include_usage": true}),
        Operation::Responses => body["include"] = json!(["reasoning.encrypted_content"]),
        _ => {}
    }
    read(format, body)
}

fn whole(format: &Format, parts: Vec<Part>, reason: Reason) -> Vec<u8> {
    let choice = Choice { parts, finish: Finish::new(reason, ""), logprobs: None };
    let response = Response { choices: vec![choice], usage: Some(usage()), ..Response::default() };
    let request = question(format, false);
    format.voice(false).encode_response(&response, &request, &ids(), &Dropped::default(), Some(&gateway()))
}

/// The same as a stream, part by part.
fn streamed(format: &Format, parts: Vec<Part>, reason: Reason) -> Vec<u8> {
    let mut events = vec![Event::Start { id: String::new(), model: String::new() }];
    for (part, said) in (0..).zip(parts) {
        events.extend(events_of(part, said));
    }
    events.push(Event::Finish { choice: 0, finish: Finish::new(reason, "") });
    events.extend([Event::Usage(usage()), Event::End]);
    fed(format, &events)
}

fn events_of(part: u32, said: Part) -> Vec<Event> {
    let choice = 0;
    let (kind, inside) = match said.body {
        Body::Text { text: piece, citations } => {
            let mut inside = vec![Event::Text { choice, part, piece }];
            inside.extend(citations.into_iter().map(|citation| Event::Cite { choice, part, citation }));
            (Kind::Text, inside)
        }
        Body::Reasoning { text: piece, summary } => {
            (Kind::Reasoning { summary, format: Some(Whose::Anthropic) }, vec![Event::Text { choice, part, piece }])
        }
        Body::Call(ToolCall { id, name, args, .. }) => {
            let kind = Kind::Call { id, item_id: None, name, custom: false, caller: None, seal: None };
            (kind, vec![Event::Args { choice, part, piece: args.as_text().to_owned() }])
        }
        body => return vec![Event::Whole { choice, part, body }],
    };
    let mut events = vec![Event::Open { choice, part, kind }];
    events.extend(inside);
    events.extend(said.seal.map(|seal| Event::Seal { choice, part, seal }));
    events.push(Event::Close { choice, part });
    events
}

fn fed(format: &Format, events: &[Event]) -> Vec<u8> {
    let mut encoder = format.voice(true).encoder(&question(format, true), &ids(), &Dropped::default());
    let mut out = Vec::new();
    encoder.tell(gateway());
    encoder.feed(events, &mut out);
    out
}

fn has(body: &[u8], word: &str) -> bool {
    std::str::from_utf8(body).unwrap().contains(word)
}

/// Whether all of the words are told, in both ways.
fn told(format: &Format, parts: Vec<Part>, words: &[&str]) -> Cell {
    let both = [whole(format, parts.clone(), Reason::Stop), streamed(format, parts, Reason::Stop)];
    Cell::Is(both.iter().all(|body| words.iter().all(|word| has(body, word))))
}

/// Anthropic counts what the cache gave beside the input.
fn counts(format: &Format) -> bool {
    let input = if format.operation == Operation::Messages { "64998" } else { "70001" };
    matches!(told(format, vec![Part::text("spoken")], &[input, "60002", "5003", "4004"]), Cell::Is(true))
}

/// Each reason reads differently.
fn ends(format: &Format) -> bool {
    let said = |reason| whole(format, vec![Part::text("spoken")], reason);
    let all = [Reason::Stop, Reason::Length, Reason::Filter].map(said);
    all[0] != all[1] && all[1] != all[2] && all[0] != all[2]
}

/// The answer as the history of the next question.
fn returns(format: &Format) -> bool {
    let body = whole(format, vec![thought(), Part::text("spoken")], Reason::Stop);
    let answer: Value = serde_json::from_slice(&body).unwrap();
    let user = |text| json!({"role": "user", "content": said(format, text)});
    let mut talk = vec![user("Hi")];
    match format.operation {
        Operation::Responses => talk.extend(answer["output"].as_array().unwrap().clone()),
        Operation::Messages => talk.push(json!({"role": "assistant", "content": answer["content"]})),
        Operation::LanguageModel => {
            let mut parts = answer["content"].clone();
            for part in parts.as_array_mut().unwrap() {
                let metadata = part.as_object_mut().unwrap().remove("providerMetadata");
                part["providerOptions"] = metadata.unwrap_or(json!({}));
            }
            talk.push(json!({"role": "assistant", "content": parts}));
        }
        _ => talk.push(answer["choices"][0]["message"].clone()),
    }
    talk.push(user("Go on"));
    let sent = sent(&read(format, messages(format, json!(talk))), ANTHROPIC).unwrap_or_default();
    sent.contains(r#""thinking":"pondered""#) && sent.contains(r#""signature":"c2lnbmVk""#)
}

fn errs(format: &Format) -> bool {
    let limit = Error::new(Class::ProviderLimit, 429, "rate_limit_error", "rate_limit_exceeded", "too many");
    let faulty = Error::new(Class::BadRequest, 400, "invalid_request_error", "", "not so");
    let body = |error| -> Value {
        serde_json::from_slice(&heard::encode_error(format.client, error, "gen_1", "acme/m")).unwrap()
    };
    let (limited, refused) = (body(&limit), body(&faulty));
    let kinds = [&limited, &refused].map(|body| body["error"]["type"].as_str().unwrap_or_default());
    limited["error"]["message"] == "too many"
        && kinds[0] != kinds[1]
        && [&limit, &faulty].map(|error| heard::status(format.client, error)) == [429, 400]
}

fn cuts(format: &Format) -> bool {
    let mut events = vec![Event::Start { id: String::new(), model: String::new() }];
    events.extend(events_of(0, Part::text("half")));
    events.pop();
    events.push(Event::Error(cut()));
    has(&fed(format, &events), "ended before its answer was complete")
}
