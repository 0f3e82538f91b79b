//! What a target charges. All of it is whole pico-USD: 1 USD per million tokens is 1,000,000 pico-USD a token.

/// What a target charges for one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Per token.
    pub rates: Rates,
    /// Other rates for long prompts; ascending, each `above` once.
    pub tiers: Vec<Tier>,
    /// Other rates for tiers of service, by the provider's word in lower case; they hold for prompts of any length.
    pub service_tiers: Vec<(String, Rates)>,
    /// Per request, in pico-USD.
    pub request: Option<u64>,
    /// Per run of the provider's own tools, by name, in pico-USD.
    pub tools: Vec<(String, u64)>,
}

/// Rates for prompts above a length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tier {
    /// Prompts of more input tokens than this, cached ones included, are charged by `rates` as a whole.
    pub above: u64,
    /// All rates, those that do not differ included.
    pub rates: Rates,
}

/// Pico-USD per token. `None` is "not known", which is not free; what a part without a rate of its own costs, the
/// rules of [`cost`](super::cost) say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Input that is none of the parts below.
    pub input: Option<u64>,
    /// Input read from the provider's cache.
    pub cached_input: Option<u64>,
    /// Input written to the provider's cache for five minutes.
    pub cache_write_5m: Option<u64>,
    /// Input written to the provider's cache for an hour.
    pub cache_write_1h: Option<u64>,
    /// Output that is none of the parts below.
    pub output: Option<u64>,
    /// Output that was reasoning.
    pub reasoning: Option<u64>,
    /// Input that was sound.
    pub audio_input: Option<u64>,
    /// Input that was sound and read from the provider's cache.
    pub cached_audio_input: Option<u64>,
    /// Input that was images.
    pub image_input: Option<u64>,
    /// Output that was sound.
    pub audio_output: Option<u64>,
    /// Output that was images.
    pub image_output: Option<u64>,
}

impl Price {
    /// The rates of a tier of service, by the provider's word. Vertex puts its traffic's type before it.
    pub(super) fn of_service_tier(&self, word: &str) -> Option<&Rates> {
        let word = word.to_ascii_lowercase();
        let tier = word.strip_prefix("on_demand_").unwrap_or(&word);
        self.service_tiers.iter().find(|(name, _)| *name == tier).map(|(_, rates)| rates)
    }
}

/// Words of providers for the tier of service that the plain rates are of: what one gets without asking.
const USUAL_TIERS: &[&str] = &["standard", "default", "auto", "on_demand", "on-demand"];

/// Whether a provider's word names the tier of service that the plain rates are of; case does not matter.
pub fn is_usual_tier(word: &str) -> bool {
    USUAL_TIERS.iter().any(|usual| usual.eq_ignore_ascii_case(word))
}

impl Rates {
    /// These, and those of another where these say nothing.
    pub fn or(self, base: Rates) -> Rates {
        Rates {
            input: self.input.or(base.input),
            cached_input: self.cached_input.or(base.cached_input),
            cache_write_5m: self.cache_write_5m.or(base.cache_write_5m),
            cache_write_1h: self.cache_write_1h.or(base.cache_write_1h),
            output: self.output.or(base.output),
            reasoning: self.reasoning.or(base.reasoning),
            audio_input: self.audio_input.or(base.audio_input),
            cached_audio_input: self.cached_audio_input.or(base.cached_audio_input),
            image_input: self.image_input.or(base.image_input),
            audio_output: self.audio_output.or(base.audio_output),
            image_output: self.image_output.or(base.image_output),
        }
    }
}
