//! Makes the embedded form of the tables (src/catalog/table.rs says what it is), and compares it with what is checked in.

use crate::rows::{Row, path, price, table, words};
use std::collections::{BTreeMap, HashMap};
use tollgate::catalog::{self, ABILITIES, KINDS, MODALITIES};
use tollgate::meter::{Price, Rates};

/// What the catalog may add to the module.
const MOST_BYTES: usize = 200 * 1024;

/// All texts as one run of bytes: a text that stands in a longer one is not written again.
struct Texts {
    run: String,
    places: HashMap<String, u32>,
}

impl Texts {
    fn of(mut all: Vec<String>) -> Texts {
        all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        let mut texts = Texts { run: String::new(), places: HashMap::new() };
        for text in all {
            let place = texts.run.find(&text).unwrap_or_else(|| {
                texts.run.push_str(&text);
                texts.run.len() - text.len()
            });
            let length = u8::try_from(text.len()).unwrap();
            texts.places.insert(text, u32::try_from(place).unwrap() << 8 | u32::from(length));
        }
        texts
    }

    fn get(&self, text: &str) -> [u8; 4] {
        self.places[text].to_le_bytes()
    }
}

fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn rates(out: &mut Vec<u8>, rates: &Rates) {
    let all = [
        rates.input,
        rates.cached_input,
        rates.cache_write_5m,
        rates.cache_write_1h,
        rates.output,
        rates.reasoning,
        rates.audio_input,
        rates.cached_audio_input,
        rates.audio_output,
        rates.image_output,
        rates.image_input,
    ];
    let bits = all.iter().enumerate().fold(0u16, |bits, (i, rate)| bits | u16::from(rate.is_some()) << i);
    out.extend(bits.to_le_bytes());
    all.into_iter().flatten().for_each(|rate| number(out, rate));
}

fn packed(price: &Price, texts: &Texts) -> Vec<u8> {
    let mut out = Vec::new();
    let text = |text: &str| u64::from(u32::from_le_bytes(texts.get(text)));
    rates(&mut out, &price.rates);
    number(&mut out, price.tiers.len() as u64);
    for tier in &price.tiers {
        number(&mut out, tier.above);
        rates(&mut out, &tier.rates);
    }
    number(&mut out, price.service_tiers.len() as u64);
    for (word, service) in &price.service_tiers {
        number(&mut out, text(word));
        rates(&mut out, service);
    }
    number(&mut out, price.request.map_or(0, |fee| fee + 1));
    number(&mut out, price.tools.len() as u64);
    for (tool, fee) in &price.tools {
        number(&mut out, text(tool));
        number(&mut out, *fee);
    }
    out
}

fn bits(words: &[String], known: &[&str]) -> u8 {
    words.iter().fold(0, |bits, word| bits | 1 << known.iter().position(|known| known == word).unwrap())
}

/// The embedded form.
fn pack(models: &[Row], offers: &[Row]) -> Vec<u8> {
    let origin = |row: &Row| (row["source"].clone(), row["date"].clone());
    let mut sources: Vec<(String, String)> = models.iter().chain(offers).map(origin).collect();
    sources.sort();
    sources.dedup();
    let source = |row: &Row| sources.iter().position(|known| *known == origin(row)).unwrap() as u8;
    let mut presets: Vec<&str> = offers.iter().map(|row| &*row["preset"]).collect();
    presets.sort_unstable();
    presets.dedup();
    let mut all: Vec<String> = presets.iter().map(|preset| preset.to_string()).collect();
    all.extend(sources.iter().flat_map(|(source, date)| [source.clone(), date.clone()]));
    all.extend(models.iter().flat_map(|row| std::iter::once(row["name"].clone()).chain(words(row, "aliases"))));
    for row in offers {
        all.extend(words(row, "names"));
        let price = price(row).unwrap_or_default();
        all.extend(price.service_tiers.into_iter().map(|(word, _)| word));
        all.extend(price.tools.into_iter().map(|(tool, _)| tool));
    }
    let texts = Texts::of(all);

    let abilities: Vec<&str> = ABILITIES.iter().map(|(_, word)| *word).collect();
    let (mut model_bytes, mut offer_bytes, mut prices) = (Vec::new(), Vec::new(), Vec::<u8>::new());
    let (mut names, mut aliases) = (BTreeMap::new(), BTreeMap::new());
    let mut places: HashMap<Vec<u8>, u32> = HashMap::new();
    for (i, row) in models.iter().enumerate() {
        let known = row["abilities"] != "?";
        let able = if known { bits(&words(row, "abilities"), &abilities) | 1 << 7 } else { 0 };
        let first = offers.iter().position(|offer| offer["model"] == row["name"]).unwrap();
        let count = |column: &str| row[column].parse().unwrap_or(0u32).to_le_bytes();
        model_bytes.extend(texts.get(&row["name"]));
        model_bytes.extend(count("context_window"));
        model_bytes.extend(count("max_output"));
        model_bytes.extend((first as u16).to_le_bytes());
        model_bytes.push(KINDS.iter().position(|(_, word)| *word == row["kind"]).unwrap() as u8);
        model_bytes.push(able);
        model_bytes.extend(["inputs", "outputs"].map(|column| bits(&words(row, column), &MODALITIES)));
        model_bytes.extend([source(row), 0]);
        for alias in words(row, "aliases") {
            assert_eq!(aliases.insert(alias.clone(), i as u16), None, "{alias}");
        }
    }
    for (i, row) in offers.iter().enumerate() {
        let model = models.iter().position(|model| model["name"] == row["model"]).unwrap();
        let price = price(row).map(|price| packed(&price, &texts));
        let place = price.map(|price| {
            *places.entry(price.clone()).or_insert_with(|| {
                prices.extend(&price);
                (prices.len() - price.len()) as u32
            })
        });
        offer_bytes.extend((model as u16).to_le_bytes());
        offer_bytes.extend([presets.iter().position(|known| *known == row["preset"]).unwrap() as u8, source(row)]);
        offer_bytes.extend(texts.get(&words(row, "names")[0]));
        offer_bytes.extend(place.unwrap_or(u32::MAX).to_le_bytes());
        for name in words(row, "names") {
            names.insert((name, i as u16), i as u16);
        }
    }

    let counts = [models.len(), offers.len(), names.len(), aliases.len(), presets.len(), sources.len(), prices.len()];
    let mut out: Vec<u8> = counts.iter().flat_map(|count| (*count as u32).to_le_bytes()).collect();
    out.extend(model_bytes);
    out.extend(offer_bytes);
    for (name, index) in names.iter().map(|((name, _), i)| (name, i)).chain(&aliases) {
        out.extend(texts.get(name));
        out.extend(index.to_le_bytes());
    }
    presets.iter().for_each(|preset| out.extend(texts.get(preset)));
    sources.iter().for_each(|(source, date)| out.extend([texts.get(source), texts.get(date)].concat()));
    out.extend(prices);
    out.extend(texts.run.bytes());
    out
}

/// Compares, or writes where `TOLLGATE_WRITE` is set.
#[test]
fn generated_the_embedded_form_is_current_and_small() {
    let packed = pack(&table("models.tsv"), &table("offers.tsv"));
    if std::env::var_os("TOLLGATE_WRITE").is_some() {
        std::fs::write(path("../src/catalog/catalog.bin"), &packed).unwrap();
    }
    assert!(
        std::fs::read(path("../src/catalog/catalog.bin")).unwrap_or_default() == packed,
        "renew it with: make catalog"
    );
    assert!(packed.len() <= MOST_BYTES, "{} bytes", packed.len());
}

#[test]
fn every_row_is_found_as_it_stands_in_the_tables() {
    let (models, offers) = (table("models.tsv"), table("offers.tsv"));
    assert!(models.len() >= 300, "{}", models.len());
    assert_eq!(catalog::entries().count(), models.len());
    for row in &models {
        let entry = catalog::find(&row["name"]).unwrap();
        assert_eq!(entry.name(), row["name"]);
        assert_eq!(catalog::at(entry.place()), Some(entry));
        assert_eq!(entry.context_window(), row["context_window"].parse().ok(), "{row:?}");
        assert_eq!(entry.max_output(), row["max_output"].parse().ok(), "{row:?}");
        assert_eq!(KINDS.iter().find(|(kind, _)| Some(*kind) == entry.kind()).unwrap().1, row["kind"]);
        let word = |ability| ABILITIES.iter().find(|(known, _)| *known == ability).unwrap().1;
        let abilities = entry.abilities().map(|able| able.into_iter().map(word).collect::<Vec<_>>().join(" "));
        assert_eq!(abilities.unwrap_or("?".to_owned()), row["abilities"], "{row:?}");
        assert_eq!(entry.inputs().collect::<Vec<_>>(), words(row, "inputs"));
        assert_eq!(entry.outputs().collect::<Vec<_>>(), words(row, "outputs"));
        assert_eq!(entry.source(), (&*row["source"], &*row["date"]));
        for alias in words(row, "aliases") {
            assert_eq!(catalog::find(&alias), Some(entry), "{alias}");
        }
    }
    assert_eq!(catalog::entries().map(|entry| entry.offers().count()).sum::<usize>(), offers.len());
    for row in &offers {
        for name in words(row, "names") {
            let offer = catalog::native(&row["preset"], &name).unwrap();
            assert_eq!((offer.entry().name(), offer.preset()), (&*row["model"], &*row["preset"]), "{name}");
            assert_eq!(offer.price(), price(row), "{name}");
            assert_eq!(offer.name(), words(row, "names")[0]);
            assert_eq!(offer.source(), (&*row["source"], &*row["date"]));
            assert!(offer.entry().offers().any(|known| known == offer));
        }
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    for name in ["", "openai/", "openai/gpt-5x", "zzz/zzz", "a", "openai/gpt-5 ", "OPENAI/GPT-5"] {
        assert_eq!(catalog::find(name), None, "{name}");
    }
    assert_eq!(catalog::native("anthropic", "gpt-5"), None);
    assert_eq!(catalog::native("", ""), None);
    assert_eq!(catalog::natives("").count(), 0);
    assert_eq!(catalog::at(60_000), None);
}
