//! What a model costs.

use super::super::document::document;
use super::super::leaf::Name;
use super::super::number::{Decimal, Whole};
use crate::meter::Rates;

/// Describes a mapping that says what tokens cost, beside what stands before and after that.
macro_rules! rates {
    ($(#[doc = $about:literal])+ $name:ident { $($before:tt)* } $({ $($after:tt)* })?) => {
        document! {
            $(#[doc = $about])+
            $name {
                $($before)*
                /// Of the prompt, where no line below says otherwise.
                optional input: Decimal,
                /// Of the prompt's part that came from the provider's cache; without it, as `input`.
                optional cached_input: Decimal,
                /// Of what was written to the provider's cache for 5 minutes; without it, as `input`.
                optional cache_write_5m: Decimal,
                /// Of what was written to the provider's cache for an hour; without it, unknown, or as `input` where
                /// there is no `cache_write_5m` either.
                optional cache_write_1h: Decimal,
                /// Of the answer, where no line below says otherwise.
                optional output: Decimal,
                /// Of the answer's part that was reasoning; without it, as `output`.
                optional reasoning: Decimal,
                /// Of the prompt's part that was sound; without it, as `input`.
                optional audio_input: Decimal,
                /// Of sound that came from the provider's cache; without it, as `cached_input`.
                optional cached_audio_input: Decimal,
                /// Of the prompt's part that was images; without it, as `input`.
                optional image_input: Decimal,
                /// Of the answer's part that was sound; without it, as `output`.
                optional audio_output: Decimal,
                /// Of the answer's part that was images; without it, as `output`.
                optional image_output: Decimal,
                $($($after)*)?
            }
        }

        impl $name {
            /// USD per million tokens in millionths is pico-USD per token.
            pub fn rates(&self) -> Rates {
                let pico = |usd: &Option<Decimal>| usd.map(|usd| usd.0);
                Rates {
                    input: pico(&self.input),
                    cached_input: pico(&self.cached_input),
                    cache_write_5m: pico(&self.cache_write_5m),
                    cache_write_1h: pico(&self.cache_write_1h),
                    output: pico(&self.output),
                    reasoning: pico(&self.reasoning),
                    audio_input: pico(&self.audio_input),
                    cached_audio_input: pico(&self.cached_audio_input),
                    image_input: pico(&self.image_input),
                    audio_output: pico(&self.audio_output),
                    image_output: pico(&self.image_output),
                }
            }
        }
    };
}

rates! {
    /// USD per million tokens.
    RawPrice {} {
        /// USD for every request, beside its tokens.
        optional request: Decimal<12>,
        /// What the provider's own tools cost; runs of a tool without a price make the cost of a request unknown.
        default tools: Vec<RawToolPrice> = "[]",
        /// Other prices for long prompts, shortest first; what one leaves out stays as it is.
        default tiers: Vec<RawTier> = "[]",
        /// Other prices for tiers of service; what one leaves out stays as it is. A tier without an entry makes the
        /// cost of a request unknown.
        default service_tiers: Vec<RawServiceTier> = "[]",
    }
}

rates! {
    /// Prices of long prompts.
    RawTier {
        /// Prompts of more tokens than this, cached ones included, cost this as a whole.
        required above: Whole<1, { u64::MAX }>,
    }
}

rates! {
    /// Prices of a tier of service.
    RawServiceTier {
        /// The provider's word, such as `flex` or `priority`.
        required name: Name,
    }
}

document! {
    /// The price of a tool of the provider's.
    RawToolPrice {
        /// Such as `web_search`.
        required name: Name,
        /// USD for each run.
        required usd: Decimal<12>,
    }
}
