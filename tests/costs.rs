//! Costs of recorded usage, beside what another project computes from the same prices
//! (<https://github.com/pydantic/genai-prices>): equal to the pico-USD, or different for a reason that has a name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unreachable,
    reason = "a test may panic"
)]

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tollgate::chat::Ids;
use tollgate::dialect::gemini;
use tollgate::dialect::passing::{Answer, Stream};
use tollgate::meter::{Price, Rates, Tier, Usage, cost, pico};
use tollgate::operation::Operation;

/// What one of Anthropic's searches of the web costs, in pico-USD: the list does not have it, its totals do.
const SEARCH: u64 = 10_000_000_000;

/// What a difference is due to; each is explained in `docs/costs.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Equal,
    ForeignReader,
    OtherPrices,
    Iterations,
    ServerTools,
    ServiceTier,
    NoPrice,
    CacheWrite,
}

impl Class {
    fn word(self) -> &'static str {
        match self {
            Class::Equal => "equal",
            Class::ForeignReader => "foreign reader",
            Class::OtherPrices => "other prices",
            Class::Iterations => "iterations",
            Class::ServerTools => "server tools",
            Class::ServiceTier => "service tier",
            Class::NoPrice => "no price",
            Class::CacheWrite => "cache write",
        }
    }
}

#[test]
fn recorded_usage_costs_what_others_say() {
    let Some(folder) = folder() else { return };
    let read =
        |path: &str| -> Vec<Value> { serde_json::from_slice(&std::fs::read(folder.join(path)).unwrap()).unwrap() };
    let (goldens, vendors) = (read("usage-goldens/genai-prices-usages.json"), read("prices/genai-prices.data.json"));
    let mut counts = BTreeMap::<Class, usize>::new();
    for golden in &goldens {
        for extracted in golden["extracted"].as_array().unwrap() {
            let extractors = extracted["extractors"].as_array().unwrap();
            for theirs in extractors.iter().filter(|one| one.get("input_price").is_some()) {
                let class = compare(golden, theirs, &vendors);
                *counts.entry(class).or_default() += 1;
            }
        }
    }
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/costs.md")).unwrap();
    println!("{counts:?}");
    for (class, count) in &counts {
        assert!(page.contains(&format!("| {} | {count} |", class.word())), "docs/costs.md: {} {count}", class.word());
    }
    assert!(counts[&Class::Equal] > 1800, "{counts:?}");
}

fn folder() -> Option<PathBuf> {
    let folder = std::env::var("TOLLGATE_RECORDINGS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/recordings").to_owned());
    if PathBuf::from(&folder).is_dir() {
        return Some(PathBuf::from(folder));
    }
    assert!(std::env::var("CI").is_err(), "no recordings in {folder}");
    println!("skipped: no recordings in {folder}");
    None
}

fn compare(golden: &Value, theirs: &Value, vendors: &[Value]) -> Class {
    let body = &golden["body"];
    let Some(usage) = usage(body, theirs) else { return Class::ForeignReader };
    let vendor = vendors.iter().find(|vendor| vendor["id"] == theirs["provider_id"]).unwrap();
    let model = golden["model"].as_str().unwrap().to_ascii_lowercase();
    let prices = model_of(vendor, &model, vendors).map(periods).unwrap_or_default();

    let total = theirs.get("total_price").and_then(Value::as_str);
    let theirs = ["input_price", "output_price"].map(|name| pico(theirs[name].as_str().unwrap()).unwrap());
    let charged = |usage: &Usage, price: &Price| cost(usage, Some(price)).map(|cost| cost.pico);
    let ours = |usage: &Usage, price: &Price| {
        let input = Usage { output: Some(0), reasoning: None, audio_out: None, image_out: None, ..usage.clone() };
        let input = charged(&input, price)?;
        Some([input, charged(usage, price)?.checked_sub(input)?])
    };
    let equals_at = |usage: &Usage, prices: &[Price]| prices.iter().any(|price| ours(usage, price) == Some(theirs));
    let equals = |usage: &Usage| equals_at(usage, &prices);
    if let Some(total) = total {
        let searched = |price: &Price| Price { tools: vec![("web_search".to_owned(), SEARCH)], ..price.clone() };
        assert!(prices.iter().any(|price| charged(&usage, &searched(price)) == pico(total)), "{golden}");
    }
    if equals(&usage) {
        return Class::Equal;
    }
    let class = if !usage.billed.is_empty() {
        Class::Iterations
    } else if usage.server_tools.iter().any(|(_, runs)| *runs > 0) {
        Class::ServerTools
    } else if usage.tier.as_deref().is_some_and(|tier| !tollgate::meter::is_usual_tier(tier)) {
        Class::ServiceTier
    } else if prices.iter().any(|price| price.rates.input.is_none() || price.rates.output.is_none()) {
        Class::NoPrice
    } else if usage.cache_write.is_some_and(|count| count > 0) {
        Class::CacheWrite
    } else {
        Class::OtherPrices
    };
    // Without what it is due to there is no difference.
    let plain = Usage { billed: Vec::new(), server_tools: Vec::new(), tier: None, terms: Vec::new(), ..usage.clone() };
    let explained = match class {
        Class::Iterations | Class::ServerTools | Class::ServiceTier => equals(&plain),
        Class::CacheWrite => equals(&Usage { cache_write: None, ..plain }),
        Class::NoPrice => equals_at(&plain, &prices.iter().map(free).collect::<Vec<_>>()),
        _ => model == "gemini-2.5-flash-image" || prices.is_empty(),
    };
    assert!(explained, "{class:?}: {golden} {theirs:?} {usage:?} {prices:?}");
    class
}

/// What has no price costs nothing with them.
fn free(price: &Price) -> Price {
    let nothing = Rates { input: Some(0), output: Some(0), ..Rates::default() };
    Price { rates: price.rates.or(nothing), ..price.clone() }
}

/// The usage as our readers read it; `None` where the other project reads one vendor's body by the rules of another.
fn usage(body: &Value, theirs: &Value) -> Option<Usage> {
    let flavour = theirs["api_flavor"].as_str().unwrap();
    let vendor = theirs["provider_id"].as_str().unwrap();
    let given = &body["usage"];
    let is_anthropics = given.get("cache_creation_input_tokens").is_some();
    let is_responses = given.get("input_tokens").is_some() && given.get("total_tokens").is_some();
    let passing = |operation| {
        let mut answer = Answer::new(operation);
        answer.feed(json!({ "usage": given }).to_string().as_bytes());
        answer.finish().usage.clone()
    };
    let usage = match (vendor, flavour) {
        ("google", "default") => {
            let body = json!({"candidates": [{"finishReason": "STOP"}], "usageMetadata": body["usageMetadata"]});
            let ids = Ids { seed: "01J".into(), ..Ids::default() };
            gemini::decode_response(body.to_string().as_bytes(), &ids).unwrap().usage?
        }
        (_, "anthropic") | ("anthropic", "default") if is_anthropics && !is_responses => passing(Operation::Messages),
        (_, "responses") if is_responses => passing(Operation::Responses),
        (_, "chat") | ("groq" | "mistral", "default") if !is_anthropics => passing(Operation::ChatCompletions),
        (_, "embeddings") if given.get("completion_tokens").is_none() => passing(Operation::Embeddings),
        _ => return None,
    };
    // What the provider says itself would win.
    Some(Usage { cost: None, ..usage })
}

/// A model of the price list by a name of it.
fn model_of<'a>(vendor: &'a Value, name: &str, vendors: &'a [Value]) -> Option<&'a Value> {
    let own = vendor["models"].as_array().unwrap().iter().find(|model| is_match(&model["match"], name));
    own.or_else(|| {
        let others = vendor["fallback_model_providers"].as_array().into_iter().flatten();
        let mut others = others.filter_map(|id| vendors.iter().find(|other| other["id"] == *id));
        others.find_map(|other| model_of(other, name, vendors))
    })
}

fn is_match(rule: &Value, name: &str) -> bool {
    let (kind, value) = rule.as_object().unwrap().iter().next().unwrap();
    let text = || value.as_str().unwrap();
    let mut rules = value.as_array().into_iter().flatten();
    match kind.as_str() {
        "equals" => name == text(),
        "contains" => name.contains(text()),
        "starts_with" => name.starts_with(text()),
        "ends_with" => name.ends_with(text()),
        "or" => rules.any(|rule| is_match(rule, name)),
        "and" => rules.all(|rule| is_match(rule, name)),
        // Dated names of models that nothing was recorded of.
        "regex" => false,
        _ => panic!("{rule}"),
    }
}

/// A model's price in each period that the list tells of; a recording does not say when it was made.
fn periods(model: &Value) -> Vec<Price> {
    match &model["prices"] {
        Value::Array(periods) => periods.iter().map(|period| price(&period["prices"])).collect(),
        one => vec![price(one)],
    }
}

fn price(listed: &Value) -> Price {
    let tiers_of = |value: &Value| value["tiers"].as_array().cloned().unwrap_or_default();
    let mut starts: Vec<u64> =
        listed.as_object().unwrap().values().flat_map(tiers_of).map(|tier| tier["start"].as_u64().unwrap()).collect();
    starts.sort_unstable();
    starts.dedup();
    let rates = |above: u64| {
        let of = |name: &str| {
            let value = listed.get(name)?;
            let reached =
                tiers_of(value).into_iter().rfind(|tier| tier["start"].as_u64().unwrap() <= above && above > 0);
            let rate = reached.map_or_else(|| value.get("base").unwrap_or(value).clone(), |tier| tier["price"].clone());
            let pico_per_million = pico(&rate.to_string()).unwrap();
            assert_eq!(pico_per_million % 1_000_000, 0, "{rate} is finer than a pico-USD a token");
            Some(pico_per_million / 1_000_000)
        };
        Rates {
            input: of("input_mtok"),
            cached_input: of("cache_read_mtok"),
            cache_write_5m: of("cache_write_mtok"),
            // They know one price of writes.
            cache_write_1h: of("cache_write_mtok"),
            output: of("output_mtok"),
            audio_input: of("input_audio_mtok"),
            cached_audio_input: of("cache_audio_read_mtok"),
            audio_output: of("output_audio_mtok"),
            ..Rates::default()
        }
    };
    let tiers = starts.iter().map(|start| Tier { above: *start, rates: rates(*start) }).collect();
    Price { rates: rates(0), tiers, ..Price::default() }
}

/// OpenRouter, Perplexity and xAI say what they charge: the last amount above zero in a recorded body.
#[test]
fn recorded_amounts_are_read_to_the_last_place() {
    let Some(folder) = folder() else { return };
    let mut read = 0;
    for folder in
        ["openrouter/chat-completions", "perplexity/chat-completions", "xai/responses"].map(|name| folder.join(name))
    {
        let operation = if folder.ends_with("responses") { Operation::Responses } else { Operation::ChatCompletions };
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mut body = std::fs::read_to_string(&path).unwrap();
            let is_stream = path.extension().is_some_and(|extension| extension == "sse");
            if !is_stream {
                let recorded: Value = serde_json::from_str(&body).unwrap();
                recorded["response"]["body"].as_str().unwrap_or("null").clone_into(&mut body);
            }
            let learnt = if is_stream {
                let mut stream = Stream::new(operation, false);
                body.as_bytes().chunks(100).for_each(|piece| drop(stream.feed(piece, false)));
                stream.feed(b"", true);
                stream.learnt().usage.cost
            } else {
                let mut answer = Answer::new(operation);
                answer.feed(body.as_bytes());
                answer.finish().usage.cost
            };
            assert_eq!(learnt, told(&body), "{}", path.display());
            read += usize::from(learnt.is_some());
        }
    }
    println!("amounts read: {read}");
    assert!(read >= 8, "{read}");
}

/// What a body says, found without parsing it.
fn told(body: &str) -> Option<u64> {
    let numbers = |name: &str| -> Vec<String> {
        let after = body.split(name).skip(1).map(|rest| rest.trim_start_matches([':', ' ']));
        after.map(|rest| rest.split([',', '}', ' ', '\n']).next().unwrap().to_owned()).collect()
    };
    let last = |amounts: Vec<Option<u64>>| amounts.into_iter().flatten().rfind(|amount| *amount > 0);
    let usd = |name| last(numbers(name).iter().map(|text| pico(text)).collect());
    let ticks = last(numbers("\"cost_in_usd_ticks\"").iter().map(|text| text.parse().ok()).collect());
    usd("\"cost\"").or_else(|| usd("\"total_cost\"")).or(ticks.map(|ticks| ticks * 100))
}
