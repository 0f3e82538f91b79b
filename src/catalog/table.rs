//! The embedded form: records of one size each, sorted by name. All numbers are little-endian.
//!
//! ```text
//! header   7 counts (u32): models, offers, names, aliases, presets, sources, bytes of prices
//! model    text name, u32 context, u32 output, u16 first offer, u8 kind, u8 abilities, u8 inputs, u8 outputs, u8 source, 0
//! offer    u16 model, u8 preset, u8 source, text name, u32 place of its price (u32::MAX: none)
//! name     text name, u16 offer; alias: text name, u16 model; preset: text; source: text source, text date
//! prices   see `price`
//! texts    one run of bytes; a text is u32: its place << 8 | its length
//! ```

use std::sync::LazyLock;

static BYTES: &[u8] = include_bytes!("catalog.bin");

/// The table.
pub static TABLE: LazyLock<Table> = LazyLock::new(|| Table::of(BYTES));

const HEADER: usize = 28;
const MODEL: usize = 20;
const OFFER: usize = 12;
const NAME: usize = 6;
const TEXT: usize = 4;
const ORIGIN: usize = 8;

/// Places of bytes and numbers in a model's record.
pub const CONTEXT: usize = 4;
pub const OUTPUT: usize = 8;
pub const KIND: usize = 14;
pub const ABILITIES: usize = 15;
pub const INPUTS: usize = 16;
pub const OUTPUTS: usize = 17;
pub const SOURCE: usize = 18;
/// The bit of the abilities that says that they are known.
pub const KNOWN: usize = 7;

/// The sections.
pub struct Table {
    models: &'static [u8],
    offers: &'static [u8],
    names: &'static [u8],
    aliases: &'static [u8],
    presets: &'static [u8],
    sources: &'static [u8],
    prices: &'static [u8],
    texts: &'static [u8],
}

impl Table {
    fn of(bytes: &'static [u8]) -> Table {
        let mut rest = bytes.get(HEADER..).unwrap_or_default();
        let mut at = 0;
        let mut section = |size: usize| {
            let count = usize::try_from(u32_at(bytes, at).unwrap_or_default()).unwrap_or_default();
            at = at.saturating_add(4);
            let (taken, left) = rest.split_at_checked(count.saturating_mul(size)).unwrap_or_default();
            rest = left;
            taken
        };
        Table {
            models: section(MODEL),
            offers: section(OFFER),
            names: section(NAME),
            aliases: section(NAME),
            presets: section(TEXT),
            sources: section(ORIGIN),
            prices: section(1),
            texts: rest,
        }
    }

    /// How many models there are.
    pub fn model_count(&self) -> u16 {
        u16::try_from(self.models.len().checked_div(MODEL).unwrap_or_default()).unwrap_or(u16::MAX)
    }

    /// The model of a public name.
    pub fn model(&self, name: &str) -> Option<u16> {
        let place = self.lower_bound(self.models, MODEL, name);
        self.is_named(self.models, MODEL, place, name).then(|| u16::try_from(place).ok()).flatten()
    }

    /// The model of another spelling.
    pub fn alias(&self, name: &str) -> Option<u16> {
        let place = self.lower_bound(self.aliases, NAME, name);
        self.is_named(self.aliases, NAME, place, name).then(|| self.of_name(self.aliases, place)).flatten()
    }

    /// The offers under a provider's own name.
    pub fn natives(&self, name: &str) -> impl Iterator<Item = u16> {
        let first = self.lower_bound(self.names, NAME, name);
        let same = (first..).take_while(move |place| self.is_named(self.names, NAME, *place, name));
        same.filter_map(|place| self.of_name(self.names, place)).collect::<Vec<_>>().into_iter()
    }

    /// `creator/model`.
    pub fn model_name(&self, model: u16) -> &'static str {
        self.text(record(self.models, MODEL, model.into()), 0)
    }

    /// A byte of a model's record.
    pub fn model_byte(&self, model: u16, at: usize) -> u8 {
        record(self.models, MODEL, model.into()).get(at).copied().unwrap_or_default()
    }

    /// A number of a model's record; zero is none.
    pub fn model_number(&self, model: u16, at: usize) -> Option<u64> {
        u32_at(record(self.models, MODEL, model.into()), at).filter(|number| *number > 0).map(u64::from)
    }

    /// The offers of a model.
    pub fn offers(&self, model: u16) -> std::ops::Range<u16> {
        let first = |model: u16| u16_at(record(self.models, MODEL, model.into()), 12);
        let all = u16::try_from(self.offers.len().checked_div(OFFER).unwrap_or_default()).unwrap_or(u16::MAX);
        first(model).unwrap_or_default()..model.checked_add(1).and_then(first).unwrap_or(all)
    }

    /// Whose offer it is.
    pub fn offer_model(&self, offer: u16) -> u16 {
        u16_at(record(self.offers, OFFER, offer.into()), 0).unwrap_or_default()
    }

    /// The preset of an offer.
    pub fn offer_preset(&self, offer: u16) -> &'static str {
        let preset = record(self.offers, OFFER, offer.into()).get(2).copied().unwrap_or_default();
        self.text(record(self.presets, TEXT, preset.into()), 0)
    }

    /// The name to send.
    pub fn offer_name(&self, offer: u16) -> &'static str {
        self.text(record(self.offers, OFFER, offer.into()), 4)
    }

    /// The source of an offer, as a number.
    pub fn offer_source(&self, offer: u16) -> u8 {
        record(self.offers, OFFER, offer.into()).get(3).copied().unwrap_or_default()
    }

    /// The bytes from an offer's price on.
    pub fn offer_price(&self, offer: u16) -> Option<&'static [u8]> {
        let place = u32_at(record(self.offers, OFFER, offer.into()), 8)?;
        self.prices.get(usize::try_from(place).ok()?..)
    }

    /// A source and its date.
    pub fn source(&self, number: u8) -> (&'static str, &'static str) {
        let record = record(self.sources, ORIGIN, number.into());
        (self.text(record, 0), self.text(record, TEXT))
    }

    /// The text of a number.
    pub fn text_of(&self, reference: u32) -> &'static str {
        let [place @ .., _] = reference.to_be_bytes();
        let [high, middle, low] = place;
        let start = u32::from_be_bytes([0, high, middle, low]);
        let length = reference & 0xff;
        let bounds = usize::try_from(start).ok().zip(usize::try_from(start.saturating_add(length)).ok());
        let bytes = bounds.and_then(|(start, end)| self.texts.get(start..end)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    fn text(&self, record: &[u8], at: usize) -> &'static str {
        u32_at(record, at).map(|reference| self.text_of(reference)).unwrap_or_default()
    }

    fn of_name(&self, section: &'static [u8], place: usize) -> Option<u16> {
        u16_at(record(section, NAME, place), TEXT)
    }

    fn is_named(&self, section: &'static [u8], size: usize, place: usize, name: &str) -> bool {
        !name.is_empty() && self.text(record(section, size, place), 0) == name
    }

    /// The place of the first record whose name is not before this one.
    fn lower_bound(&self, section: &'static [u8], size: usize, name: &str) -> usize {
        let (mut low, mut high) = (0, section.len().checked_div(size).unwrap_or_default());
        while low < high {
            let middle = low.midpoint(high);
            if self.text(record(section, size, middle), 0) < name {
                low = middle.saturating_add(1);
            } else {
                high = middle;
            }
        }
        low
    }
}

fn record(section: &'static [u8], size: usize, place: usize) -> &'static [u8] {
    let start = place.saturating_mul(size);
    section.get(start..start.saturating_add(size)).unwrap_or_default()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}
