//! Estimates of recorded exchanges, read by the readers that serve requests and answers, beside what the providers
//! counted. `docs/estimates.md` states how far off they are; its numbers are those that these tests print.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

#[allow(dead_code, missing_docs, reason = "shared with the tests of the dialects")]
#[path = "chat/recordings.rs"]
mod recordings;

use recordings::{Exchange, cuts, recorded};
use serde_json::Value;
use std::collections::BTreeMap;
use tollgate::dialect::Client;
use tollgate::dialect::passing::{Answer, Stream};
use tollgate::meter::estimate::tokens_of;
use tollgate::meter::{Price, Rates, Usage, cost};
use tollgate::operation::Operation;
use tollgate::route::{Ask, AskReader};

/// An exchange of which the provider counted the tokens.
struct Counted {
    exchange: Exchange,
    operation: Operation,
    ask: Ask,
    usage: Usage,
    /// Bytes that its answer said, as they would be known had the provider counted nothing.
    said: u64,
}

/// What has been counted of exchanges in our clients' formats.
fn counted() -> Vec<Counted> {
    recorded(|entry| entry["status"] == 200).into_iter().filter_map(of).collect()
}

fn of(exchange: Exchange) -> Option<Counted> {
    let is_anthropics = exchange.provider == "anthropic";
    let client = if is_anthropics { Client::Anthropic } else { Client::OpenAi };
    let operation = Operation::of_path(client, &format!("/{}", exchange.endpoint.replace("chat-", "chat/")))?;
    let operation = Some(operation).filter(|one| one.tells_usage() && exchange.request.is_object())?;
    let said = read(operation, exchange.is_stream, &[&uncounted(&exchange)]).1;
    let usage = read(operation, exchange.is_stream, &[&exchange.body]).0;
    let ask = ask(client, operation, &exchange);
    usage.input.is_some().then_some(Counted { exchange, operation, ask, usage, said })
}

fn ask(client: Client, operation: Operation, exchange: &Exchange) -> Ask {
    let mut request = exchange.request.clone();
    // Azure's older paths name the model.
    if request.get("model").is_none() {
        request["model"] = Value::String(exchange.model.clone());
    }
    let mut reader = AskReader::new(client, operation, b"application/json").unwrap();
    reader.feed(request.to_string().as_bytes()).unwrap();
    reader.finish("/other".to_owned(), None).unwrap()
}

/// What the provider told, and the bytes that were said since.
fn read(operation: Operation, is_stream: bool, pieces: &[&[u8]]) -> (Usage, u64) {
    let learnt = if is_stream {
        let mut stream = Stream::new(operation, false);
        for piece in pieces {
            stream.feed(piece, false);
        }
        stream.feed(b"", true);
        stream.learnt().clone()
    } else {
        let mut answer = Answer::new(operation);
        pieces.iter().for_each(|piece| answer.feed(piece));
        answer.finish().clone()
    };
    (learnt.usage, learnt.said)
}

/// The answer as if its provider counted nothing.
fn uncounted(exchange: &Exchange) -> Vec<u8> {
    let without = |json: &str| -> Option<String> {
        let mut value: Value = serde_json::from_str(json).ok()?;
        let mut has_counts = false;
        for place in ["/usage", "/response/usage", "/message/usage", "/x_groq/usage"] {
            if let Some(usage) = value.pointer_mut(place) {
                has_counts |= !usage.take().is_null();
            }
        }
        has_counts.then(|| value.to_string())
    };
    let body = std::str::from_utf8(&exchange.body).unwrap();
    if !exchange.is_stream {
        return without(body).unwrap_or_else(|| body.to_owned()).into_bytes();
    }
    let line = |line: &str| {
        let data = line.strip_prefix("data:").and_then(without);
        data.map_or_else(|| line.to_owned(), |data| format!("data: {data}\n"))
    };
    body.split_inclusive('\n').map(line).collect::<String>().into_bytes()
}

/// How far estimates are off, in percent of what was counted.
struct Errors(Vec<u64>);

impl Errors {
    fn of<'a>(pairs: impl Iterator<Item = (u64, u64)> + 'a) -> Errors {
        let mut errors: Vec<u64> =
            pairs.map(|(counted, estimate)| (counted.abs_diff(estimate) * 100).div_ceil(counted)).collect();
        errors.sort_unstable();
        Errors(errors)
    }

    /// The error that so many of a hundred do not exceed.
    fn at(&self, percent: usize) -> u64 {
        self.0[(self.0.len() * percent).div_ceil(100).saturating_sub(1)]
    }
}

/// The shortest text that has an error worth stating: below, a word decides.
const LEAST: u64 = 20;

/// How much worse than stated an error may become by a few recordings more, in points of percent.
const SLACK: u64 = 5;

/// Holds what the page states in a row `| what | how many | median % | 90th percentile % |`.
fn hold(page: &str, what: &str, pairs: impl Iterator<Item = (u64, u64)>) {
    let errors = Errors::of(pairs.filter(|(counted, _)| *counted > LEAST));
    assert!(errors.0.len() >= 10, "{what}: {} are no evidence", errors.0.len());
    let (median, most) = (errors.at(50), errors.at(90));
    println!("| {what} | {} | {median} % | {most} % |", errors.0.len());
    let row = page.lines().find_map(|line| line.strip_prefix(&format!("| {what} | ")));
    let row = row.unwrap_or_else(|| panic!("docs/estimates.md does not state: {what}"));
    let stated: Vec<u64> =
        row.split('|').filter_map(|cell| cell.trim().trim_end_matches('%').trim_end().parse().ok()).collect();
    assert!(
        median <= stated[1] + SLACK && most <= stated[2] + SLACK,
        "{what}: {median} % and {most} %, {stated:?} stated"
    );
}

impl Counted {
    /// Whether all of its input stands in it as text: no data, nothing that is only named, nothing that a tool of the
    /// provider's read.
    fn is_text(&self) -> bool {
        let request = self.exchange.request.to_string();
        let others = [
            "\"data:",
            "image_url",
            "\"type\":\"image\"",
            "file_id",
            "input_file",
            "input_audio",
            "\"type\":\"file\"",
            "encrypted_content",
            "\"signature\"",
            "previous_response_id",
            "\"type\":\"url\"",
        ];
        !self.ran_tools() && !others.iter().any(|other| request.contains(other))
    }

    /// Whether the provider ran tools of its own, and read more than it was sent.
    fn ran_tools(&self) -> bool {
        // Runs of code are not counted, but their results stand in the answer.
        self.usage.server_tools.iter().any(|(_, runs)| *runs > 0) || self.exchange.says("_tool_result\"")
    }

    fn offers_tools(&self) -> bool {
        self.exchange.request["tools"].as_array().is_some_and(|tools| !tools.is_empty())
    }

    /// Whether its answer called a tool of the client's.
    fn calls(&self) -> bool {
        self.exchange.says("\"tool_use\"") || self.exchange.says("\"arguments\"")
    }

    fn has_reasoned(&self) -> bool {
        self.usage.reasoning.is_some_and(|reasoning| reasoning > 0)
    }

    fn input(&self) -> (u64, u64) {
        (self.usage.input.unwrap(), self.ask.input_estimate)
    }

    fn output(&self) -> Option<(u64, u64)> {
        Some((self.usage.output?, tokens_of(self.said)))
    }
}

#[test]
fn estimates_are_off_by_no_more_than_is_stated() {
    let all = counted();
    if all.is_empty() {
        return;
    }
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/estimates.md")).unwrap();
    let is_anthropics = |one: &&Counted| one.operation == Operation::Messages;
    let texts = || all.iter().filter(|one| one.is_text());
    let tools = || texts().filter(|one| one.offers_tools());
    hold(&page, "input: text alone", texts().filter(|one| !one.offers_tools()).map(Counted::input));
    hold(&page, "input: with tools", tools().filter(|one| !is_anthropics(one)).map(Counted::input));
    hold(&page, "input: with tools, Anthropic", tools().filter(is_anthropics).map(Counted::input));
    let answers =
        |is_wanted: fn(&Counted) -> bool| all.iter().filter(move |one| is_wanted(one)).filter_map(Counted::output);
    hold(&page, "output: text alone", answers(|one| !one.calls() && !one.has_reasoned()));
    hold(&page, "output: with calls", answers(|one| one.calls() && !one.has_reasoned()));
    hold(&page, "output: with reasoning", answers(Counted::has_reasoned));
}

/// `reserve: true` holds at least what was used, unless the provider read more than it was sent.
#[test]
fn what_is_held_covers_what_was_used() {
    let rates = Rates {
        input: Some(3),
        cached_input: Some(1),
        cache_write_5m: Some(4),
        cache_write_1h: Some(6),
        output: Some(15),
        ..Rates::default()
    };
    let price = Price { rates, ..Price::default() };
    let mut all = counted();
    let (mut held, mut input_held, mut priced) = (0, 0, 0);
    for one in &mut all {
        let most = one.ask.most(None, Some(&price));
        let used = one.usage.input.unwrap() + one.usage.output.unwrap_or(0);
        let spent = cost(&Usage { cost: None, tier: None, ..one.usage.clone() }, Some(&price)).map(|cost| cost.pico);
        priced += usize::from(spent.is_some());
        let is_held = used <= most.tokens && spent <= most.pico;
        assert!(is_held || one.ran_tools(), "{}: {used} tokens, {spent:?} used, {most:?} held", one.exchange.file);
        held += usize::from(is_held);
        // What is held for an output that comes short must not have to make up for the input.
        one.ask.max_output = Some(0);
        input_held += usize::from(one.usage.input.unwrap() <= one.ask.most(None, None).tokens);
    }
    println!("held: {held} of {}, of the input alone {input_held}; priced: {priced}", all.len());
    assert!(held * 100 >= all.len() * 97, "{held} of {}", all.len());
    assert!(input_held * 100 >= all.len() * 94, "{input_held} of {}", all.len());
    assert!(priced * 10 >= all.len() * 9, "{priced} of {}", all.len());
}

#[test]
fn cutting_changes_nothing_of_what_was_said() {
    let mut said = BTreeMap::<&str, u64>::new();
    let all = counted();
    for one in &all {
        let body = uncounted(&one.exchange);
        for pieces in cuts(&body) {
            let (usage, said) = read(one.operation, one.exchange.is_stream, &pieces);
            assert_eq!((usage.has_counts(), said), (false, one.said), "{}", one.exchange.file);
        }
        *said.entry(one.operation.word()).or_default() += one.said;
    }
    println!("bytes said: {said:?}");
    assert!(all.is_empty() || said.values().filter(|said| **said > 0).count() == 4, "{said:?}");
}
