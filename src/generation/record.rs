//! What is kept of a generation, and its bytes.

use crate::meter::{Cost, Source};

/// Of the form of the bytes; others are not read.
const VERSION: u8 = 3;
/// Stands for a number that is not known.
const UNKNOWN: u64 = u64::MAX;
/// Numbers of a record.
const NUMBERS: usize = 11;

/// Who made a generation, and alone may read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The caller's id.
    pub id: String,
    /// Whether that is the id of a key: an identity of the same name is somebody else.
    pub has_key: bool,
}

/// One generation. `None` is "not reported".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// `gen_...`
    pub id: String,
    /// Who made it.
    pub owner: Owner,
    /// When its request's head came, in nanoseconds since 1970.
    pub started: u64,
    /// The public name of the model that served, or was tried last.
    pub model: String,
    /// The configured name of who served, or was tried last.
    pub provider: String,
    /// Whether the caller's own credential was used.
    pub is_byok: bool,
    /// Whether a stream was asked for.
    pub streamed: bool,
    /// Why the answer ended, in the provider's word or OpenAI's.
    pub finish: String,
    /// Milliseconds to the first byte.
    pub latency_ms: Option<u64>,
    /// Milliseconds in all.
    pub duration_ms: u64,
    /// Tokens, as in `Usage`.
    pub input: Option<u64>,
    /// The part of `input` that was read from the provider's cache.
    pub cache_read: Option<u64>,
    /// The part of `input` that was written to it.
    pub cache_write: Option<u64>,
    /// Tokens of the answer.
    pub output: Option<u64>,
    /// The part of `output` that was reasoning.
    pub reasoning: Option<u64>,
    /// Whether any of these is an estimate.
    pub estimated: bool,
    /// Searches of the web that the provider ran.
    pub web_searches: Option<u64>,
    /// What its provider charges, whoever pays.
    pub cost: Option<Cost>,
    /// What it would have cost without the provider's cache, in pico-USD.
    pub uncached: Option<u64>,
}

impl Record {
    /// Its bytes: the form's version, flags, the numbers, then each text with its length before it.
    pub fn write(&self) -> Vec<u8> {
        let Record { id, owner, model, provider, finish, .. } = self;
        let texts = [id, &owner.id, model, provider, finish];
        let length: usize = texts.iter().map(|text| text.len().saturating_add(2)).sum();
        let mut bytes = Vec::with_capacity(length.saturating_add(2 + 8 * NUMBERS));
        let is_reported = self.cost.is_some_and(|cost| cost.source == Source::Reported);
        let flags = [self.streamed, owner.has_key, self.is_byok, is_reported, self.estimated];
        let flags = flags.iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(*flag));
        bytes.extend([VERSION, flags]);
        let known = [self.started, self.duration_ms].map(Some);
        let told = [
            self.latency_ms,
            self.input,
            self.cache_read,
            self.cache_write,
            self.output,
            self.reasoning,
            self.web_searches,
            self.cost.map(|cost| cost.pico),
            self.uncached,
        ];
        for number in known.into_iter().chain(told) {
            bytes.extend(number.unwrap_or(UNKNOWN).to_le_bytes());
        }
        for text in texts {
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            bytes.extend(length.to_le_bytes());
            bytes.extend(text.as_bytes());
        }
        bytes
    }

    /// Reads a record; what cannot be read is not there.
    pub fn read(bytes: &[u8]) -> Option<Record> {
        let (&[VERSION, flags], rest) = bytes.split_first_chunk()? else { return None };
        let (numbers, mut texts) = rest.split_at_checked(8 * NUMBERS)?;
        let mut numbers = numbers.as_chunks().0.iter().map(|number| u64::from_le_bytes(*number));
        let started = numbers.next()?;
        let duration_ms = numbers.next()?;
        let mut told = numbers.map(|number| Some(number).filter(|number| *number != UNKNOWN));
        let record = Record {
            id: text(&mut texts)?,
            owner: Owner { id: text(&mut texts)?, has_key: flags & 2 != 0 },
            started,
            model: text(&mut texts)?,
            provider: text(&mut texts)?,
            is_byok: flags & 4 != 0,
            streamed: flags & 1 != 0,
            finish: text(&mut texts)?,
            duration_ms,
            latency_ms: told.next()?,
            input: told.next()?,
            cache_read: told.next()?,
            cache_write: told.next()?,
            output: told.next()?,
            reasoning: told.next()?,
            estimated: flags & 16 != 0,
            web_searches: told.next()?,
            cost: told
                .next()?
                .map(|pico| Cost { pico, source: if flags & 8 != 0 { Source::Reported } else { Source::Computed } }),
            uncached: told.next()?,
        };
        texts.is_empty().then_some(record)
    }
}

/// Takes the next text.
fn text(rest: &mut &[u8]) -> Option<String> {
    let (length, after) = rest.split_first_chunk()?;
    let (text, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    *rest = after;
    String::from_utf8(text.to_vec()).ok()
}
