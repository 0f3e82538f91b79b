//! The list of endpoints that the tests on Envoy go by (tests/endpoints.txt) is the code's own: an endpoint or a way to serve
//! one that is not in it would be in no test of what is charged.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use serde_json::{Value, json};
use std::collections::BTreeSet;
use tollgate::config::{Config, PRESETS};
use tollgate::dialect::{Client, Way, way};
use tollgate::operation::Operation;

struct Row {
    path: &'static str,
    operation: &'static str,
    presets: Vec<&'static str>,
}

fn rows() -> Vec<Row> {
    let lines = include_str!("endpoints.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split_whitespace().filter(|word| *word != "*");
            Row { path: words.next().unwrap(), operation: words.next().unwrap(), presets: words.collect() }
        })
        .collect()
}

/// Every path below which a `POST` is served.
fn paths() -> BTreeSet<(String, &'static str)> {
    let prefixes = |operation: Operation| match operation.is_ai_sdk() {
        true => Client::AI_SDKS.iter().map(|(prefix, _)| *prefix).collect(),
        false => vec!["/v1"],
    };
    let of = |operation: Operation| {
        let below = operation.paths();
        let whole = prefixes(operation)
            .into_iter()
            .flat_map(move |prefix| below.iter().map(move |path| format!("{prefix}{path}")));
        whole.map(move |path| (path, operation.word()))
    };
    Operation::ALL.into_iter().flat_map(of).collect()
}

#[test]
fn every_endpoint_is_in_the_list() {
    let listed: BTreeSet<_> = rows().iter().map(|row| (row.path.to_owned(), row.operation)).collect();
    assert_eq!(listed, paths());
    for row in rows() {
        let (client, below) = Client::of_path(row.path);
        let operation = Operation::of_path(client, below).map(Operation::word);
        assert_eq!(operation, Some(row.operation), "{}", row.path);
    }
}

/// A provider of a preset, with as much as it has to be told.
fn configured(preset: &str) -> Config {
    let mut provider = json!({"name": "p", "preset": preset, "credentials": [{"value": "k"}]});
    let told = [("base_url", "http://p.test/v1"), ("project", "p"), ("location", "l"), ("region", "r")];
    let more = told.into_iter().find_map(|(key, value)| {
        let config = load(&provider);
        provider[key] = Value::from(value);
        config
    });
    more.or_else(|| load(&provider)).unwrap_or_else(|| panic!("{provider}"))
}

fn load(provider: &Value) -> Option<Config> {
    let document = json!({"role": "gateway", "providers": [provider], "access": {"allow_unauthenticated": true}});
    Config::load(document.to_string().as_bytes(), &|_| None).ok()
}

/// How a preset serves an operation, and in whose format.
fn served(operation: Operation, config: &Config) -> Option<String> {
    let provider = config.providers.first().unwrap();
    way(operation, provider).map(|way| match way {
        Way::Pass => format!("{:?} as it is", provider.preset.dialect),
        Way::Translate(dialects) => format!("translated into {dialects:?}"),
    })
}

#[test]
fn every_way_to_serve_an_endpoint_is_in_the_list_once() {
    let configs: Vec<_> = PRESETS.iter().map(|preset| (preset.name, configured(preset.name))).collect();
    for row in rows() {
        let operation = Operation::ALL.into_iter().find(|one| one.word() == row.operation).unwrap();
        let all: BTreeSet<_> = configs.iter().filter_map(|(_, config)| served(operation, config)).collect();
        let of = |name: &&str| {
            configs.iter().find(|(preset, _)| preset == name).and_then(|(_, config)| served(operation, config))
        };
        let listed: Vec<_> =
            row.presets.iter().map(|name| of(name).unwrap_or_else(|| panic!("{} of {name}", row.path))).collect();
        assert_eq!(listed.len(), all.len(), "{}: {listed:?}", row.path);
        assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), all, "{}", row.path);
    }
}
