//! A price in the embedded form.
//!
//! ```text
//! rates     u16 which are there (in the order below), then each in pico-USD a token
//! price     rates; count of tiers, each above, rates; count of tiers of service, each text, rates; the fee per request
//!           plus one (0: none); count of tools, each text, fee
//! ```
//!
//! All numbers but the u16 are LEB128: seven bits a byte, the lowest first.

use super::table::TABLE;
use crate::meter::{Price, Rates, Tier};

/// The price at the beginning of some bytes.
pub fn read(bytes: &[u8]) -> Option<Price> {
    let mut reader = Reader(bytes);
    Some(Price {
        rates: reader.rates()?,
        tiers: reader.list(|r| Some(Tier { above: r.number()?, rates: r.rates()? }))?,
        service_tiers: reader.list(|r| Some((r.text()?, r.rates()?)))?,
        request: reader.number()?.checked_sub(1),
        tools: reader.list(|r| Some((r.text()?, r.number()?)))?,
    })
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<String> {
        Some(TABLE.text_of(u32::try_from(self.number()?).ok()?).to_owned())
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        (0..count).map(|_| one(self)).collect()
    }

    fn rates(&mut self) -> Option<Rates> {
        let mut bits = u16::from_le_bytes([self.byte()?, self.byte()?]);
        let mut rates = Rates::default();
        let Rates {
            input,
            cached_input,
            cache_write_5m,
            cache_write_1h,
            output,
            reasoning,
            audio_input,
            cached_audio_input,
            audio_output,
            image_output,
            image_input,
        } = &mut rates;
        for rate in [
            input,
            cached_input,
            cache_write_5m,
            cache_write_1h,
            output,
            reasoning,
            audio_input,
            cached_audio_input,
            audio_output,
            image_output,
            image_input,
        ] {
            if bits & 1 == 1 {
                *rate = Some(self.number()?);
            }
            bits >>= 1;
        }
        Some(rates)
    }
}
