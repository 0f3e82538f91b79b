//! The built-in catalog: which models there are, who serves them under which name, and what they cost there.
//!
//! Generated: `make catalog` makes catalog/models.tsv and catalog/offers.tsv from public packages, and src/catalog/catalog.bin,
//! which is embedded, from those. Nothing is parsed at load; names are found by binary search. docs/catalog.md is for users.

mod price;
mod table;

use crate::config::Ability;
use crate::meter::Price;
use table::TABLE;

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Language,
    Embedding,
    Image,
    Reranking,
    Speech,
    Transcription,
}

/// Every kind, in the order of the table's numbers.
pub const KINDS: [(Kind, &str); 6] = [
    (Kind::Language, "language"),
    (Kind::Embedding, "embedding"),
    (Kind::Image, "image"),
    (Kind::Reranking, "reranking"),
    (Kind::Speech, "speech"),
    (Kind::Transcription, "transcription"),
];

/// Every ability, in the order of the table's bits.
pub const ABILITIES: [(Ability, &str); 6] = [
    (Ability::Tools, "tools"),
    (Ability::Vision, "vision"),
    (Ability::JsonSchema, "json_schema"),
    (Ability::Reasoning, "reasoning"),
    (Ability::Audio, "audio"),
    (Ability::Pdf, "pdf"),
];

/// What goes in and comes out, in the order of the table's bits.
pub const MODALITIES: [&str; 5] = ["text", "image", "audio", "file", "video"];

/// A model of the catalog, by its place in it. Places are those of one version of the catalog only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry(u16);

/// What one provider asks for a model under one or more names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer(u16);

/// The model of a public name or of another spelling of it.
pub fn find(name: &str) -> Option<Entry> {
    TABLE.model(name).or_else(|| TABLE.alias(name)).map(Entry)
}

/// All models, in the order of their names.
pub fn entries() -> impl Iterator<Item = Entry> {
    (0..TABLE.model_count()).map(Entry)
}

/// The model at a place.
pub fn at(place: usize) -> Option<Entry> {
    u16::try_from(place).ok().filter(|place| *place < TABLE.model_count()).map(Entry)
}

/// The offers of all providers that give a model this name.
pub fn natives(name: &str) -> impl Iterator<Item = Offer> {
    TABLE.natives(name).map(Offer)
}

/// The offer of a preset under a name that it uses.
pub fn native(preset: &str, name: &str) -> Option<Offer> {
    natives(name).find(|offer| offer.preset() == preset)
}

impl Entry {
    /// Its place in the catalog.
    pub fn place(self) -> usize {
        usize::from(self.0)
    }

    /// `creator/model`.
    pub fn name(self) -> &'static str {
        TABLE.model_name(self.0)
    }

    /// What it is for.
    pub fn kind(self) -> Option<Kind> {
        KINDS.get(usize::from(TABLE.model_byte(self.0, table::KIND))).map(|(kind, _)| *kind)
    }

    /// In tokens.
    pub fn context_window(self) -> Option<u64> {
        TABLE.model_number(self.0, table::CONTEXT)
    }

    /// In tokens.
    pub fn max_output(self) -> Option<u64> {
        TABLE.model_number(self.0, table::OUTPUT)
    }

    /// What it can do; `None` where no source says.
    pub fn abilities(self) -> Option<Vec<Ability>> {
        let bits = TABLE.model_byte(self.0, table::ABILITIES);
        let chosen = ABILITIES.iter().enumerate().filter(|(i, _)| is_set(bits, *i));
        is_set(bits, table::KNOWN).then(|| chosen.map(|(_, (ability, _))| *ability).collect())
    }

    /// What it takes, in words of [`MODALITIES`].
    pub fn inputs(self) -> impl Iterator<Item = &'static str> {
        modalities(TABLE.model_byte(self.0, table::INPUTS))
    }

    /// What it gives, in words of [`MODALITIES`].
    pub fn outputs(self) -> impl Iterator<Item = &'static str> {
        modalities(TABLE.model_byte(self.0, table::OUTPUTS))
    }

    /// Where its facts come from, and the date of the newest.
    pub fn source(self) -> (&'static str, &'static str) {
        TABLE.source(TABLE.model_byte(self.0, table::SOURCE))
    }

    /// All offers of it, by preset; the one under its usual name first.
    pub fn offers(self) -> impl Iterator<Item = Offer> {
        TABLE.offers(self.0).map(Offer)
    }

    /// The offer of a preset. Where names tell places, the one for a region.
    pub fn offer(self, preset: &str, region: Option<&str>) -> Option<Offer> {
        let mut offers = self.offers().filter(|offer| offer.preset() == preset);
        let Some(region) = region else { return offers.next() };
        let all: Vec<Offer> = offers.collect();
        let of = |place: &&str| all.iter().find(|offer| *offer.place() == **place);
        places(region).iter().find_map(of).or(all.first()).copied()
    }
}

impl Offer {
    /// Whose model it is.
    pub fn entry(self) -> Entry {
        Entry(TABLE.offer_model(self.0))
    }

    /// The provider's preset.
    pub fn preset(self) -> &'static str {
        TABLE.offer_preset(self.0)
    }

    /// The name to send.
    pub fn name(self) -> &'static str {
        TABLE.offer_name(self.0)
    }

    /// What it costs; `None` where that cannot be said in rates.
    pub fn price(self) -> Option<Price> {
        price::read(TABLE.offer_price(self.0)?)
    }

    /// Where its facts come from, and their date.
    pub fn source(self) -> (&'static str, &'static str) {
        TABLE.source(TABLE.offer_source(self.0))
    }

    /// `us` of Bedrock's `us.anthropic.claude-...`; empty where a name tells no place.
    fn place(self) -> &'static str {
        let mut parts = self.name().split('.');
        parts.next().filter(|place| PLACES.contains(place)).unwrap_or_default()
    }
}

/// First words of Bedrock's cross-region names.
const PLACES: [&str; 7] = ["us", "us-gov", "eu", "apac", "jp", "au", "global"];

/// Where Bedrock may serve a region's request, the nearest first. Newer models have no name but these:
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html>.
fn places(region: &str) -> &'static [&'static str] {
    match region {
        _ if region.starts_with("us-gov-") => &["us-gov", ""],
        _ if region.starts_with("us-") => &["us", "global", ""],
        _ if region.starts_with("eu-") => &["eu", "global", ""],
        "ap-northeast-1" | "ap-northeast-3" => &["jp", "apac", "global", ""],
        "ap-southeast-2" | "ap-southeast-4" => &["au", "apac", "global", ""],
        _ if region.starts_with("ap-") => &["apac", "global", ""],
        _ => &["global", ""],
    }
}

fn modalities(bits: u8) -> impl Iterator<Item = &'static str> {
    MODALITIES.iter().enumerate().filter(move |(i, _)| is_set(bits, *i)).map(|(_, word)| *word)
}

fn is_set(bits: u8, bit: usize) -> bool {
    u32::try_from(bit).ok().and_then(|bit| bits.checked_shr(bit)).is_some_and(|rest| rest & 1 == 1)
}
