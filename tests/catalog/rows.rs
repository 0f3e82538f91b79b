//! The tables as they are reviewed.

use std::collections::HashMap;
use tollgate::meter::{Price, Rates, Tier};

/// A line of a table, by the names of its columns.
pub type Row = HashMap<String, String>;

pub fn path(file: &str) -> String {
    format!("{}/catalog/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// `models.tsv` or `offers.tsv`.
pub fn table(file: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(path(file)).unwrap();
    let mut lines = text.lines().map(|line| line.split('\t'));
    let columns: Vec<&str> = lines.next().unwrap().collect();
    lines.map(|cells| columns.iter().map(|name| name.to_string()).zip(cells.map(str::to_owned)).collect()).collect()
}

pub fn words(row: &Row, column: &str) -> Vec<String> {
    row[column].split_whitespace().map(str::to_owned).collect()
}

/// USD with at most `places` places, in units of the last of them.
fn scaled(text: &str, places: usize) -> u64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= places, "{text}");
    format!("{whole}{part:0<places$}").parse().unwrap()
}

fn pairs(text: &str) -> Vec<(&str, &str)> {
    text.split_whitespace().map(|pair| pair.split_once('=').unwrap()).collect()
}

fn rates(text: &str) -> Rates {
    let mut rates = Rates::default();
    for (name, usd) in pairs(text) {
        let rate = match name {
            "input" => &mut rates.input,
            "cached_input" => &mut rates.cached_input,
            "cache_write_5m" => &mut rates.cache_write_5m,
            "cache_write_1h" => &mut rates.cache_write_1h,
            "output" => &mut rates.output,
            "reasoning" => &mut rates.reasoning,
            "audio_input" => &mut rates.audio_input,
            "cached_audio_input" => &mut rates.cached_audio_input,
            "audio_output" => &mut rates.audio_output,
            "image_output" => &mut rates.image_output,
            "image_input" => &mut rates.image_input,
            other => panic!("{other}"),
        };
        *rate = Some(scaled(usd, 6));
    }
    rates
}

fn groups(text: &str) -> Vec<(&str, Rates)> {
    let groups = text.split("; ").filter(|group| !group.is_empty());
    groups.map(|group| group.split_once(' ').unwrap()).map(|(key, text)| (key, rates(text))).collect()
}

/// The price of an offer's row; `None` where there is none.
pub fn price(row: &Row) -> Option<Price> {
    let fees = pairs(&row["fees"]);
    let fee = |usd: &str| scaled(usd, 12);
    let price = Price {
        rates: rates(&row["price"]),
        tiers: groups(&row["tiers"])
            .into_iter()
            .map(|(above, rates)| Tier { above: above.parse().unwrap(), rates })
            .collect(),
        service_tiers: groups(&row["services"]).into_iter().map(|(word, rates)| (word.to_owned(), rates)).collect(),
        request: fees.iter().find(|(name, _)| *name == "request").map(|(_, usd)| fee(usd)),
        tools: fees.iter().filter(|(name, _)| *name != "request").map(|(n, usd)| (n.to_string(), fee(usd))).collect(),
    };
    (price != Price::default()).then_some(price)
}
