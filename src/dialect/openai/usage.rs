//! Usage of OpenAI-compatible providers, in all places and under all names that they give it.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::meter::{Usage, pico};
use crate::stream::lenient::{Fields, Lenient};

/// More tokens than any exchange can have; a larger number is a mistake, and absent.
const MOST: u64 = 1 << 40;

/// A `usage` object. Counts that are negative, not integers or absurd are absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reported {
    // Chat completions, completions, embeddings.
    prompt_tokens: Count,
    completion_tokens: Count,
    total_tokens: Count,
    prompt_tokens_details: Fields<InputDetails>,
    completion_tokens_details: Fields<OutputDetails>,
    // Responses, images, audio.
    input_tokens: Count,
    output_tokens: Count,
    input_tokens_details: Fields<InputDetails>,
    output_tokens_details: Fields<OutputDetails>,
    /// DeepSeek, beside the details.
    prompt_cache_hit_tokens: Count,
    /// Mistral, instead of the details.
    num_cached_tokens: Count,
    /// Moonshot, instead of the details.
    cached_tokens: Count,
    /// Perplexity, instead of the details.
    reasoning_tokens: Count,
    /// OpenRouter: a number of USD. Perplexity: parts and their sum.
    cost: Price,
    /// OpenRouter: whether an account of the operator's own at the provider behind it was used.
    is_byok: Lenient<bool>,
    cost_details: Fields<CostDetails>,
    /// xAI: <https://docs.x.ai/docs/guides/cost-tracking>.
    cost_in_usd_ticks: Lenient<u64>,
}

/// 10^10 of xAI's ticks are a dollar.
const PICO_PER_TICK: u64 = 100;

type Count = Lenient<u64>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InputDetails {
    cached_tokens: Count,
    cache_write_tokens: Count,
    audio_tokens: Count,
    image_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: Count,
    audio_tokens: Count,
    image_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CostDetails {
    upstream_inference_cost: Usd,
}

/// A number of USD, in pico-USD; read from its digits. Anything else is absent.
#[derive(Debug, Default)]
struct Usd(Option<u64>);

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Usd(pico(<&RawValue>::deserialize(deserializer)?.get())))
    }
}

/// What a provider says that it costs.
#[derive(Debug, Default)]
enum Price {
    #[default]
    Unsaid,
    /// OpenRouter.
    Number(u64),
    /// Perplexity.
    Total(u64),
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Parts {
            total_cost: Usd,
        }
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let total = || serde_json::from_str::<Fields<Parts>>(raw).ok()?.0?.total_cost.0.map(Price::Total);
        Ok(pico(raw).map(Price::Number).or_else(total).unwrap_or_default())
    }
}

/// The usage of a `usage` member.
pub(in crate::dialect) fn usage(raw: &[u8]) -> Usage {
    serde_json::from_slice::<Fields<Reported>>(raw)
        .ok()
        .and_then(|read| read.0)
        .map(|read| read.usage())
        .unwrap_or_default()
}

impl Reported {
    /// The usage as billed.
    pub(super) fn usage(&self) -> Usage {
        let of_input = |name: fn(&InputDetails) -> &Count| {
            let details = [&self.prompt_tokens_details, &self.input_tokens_details];
            details.into_iter().find_map(|details| count(name(details.0.as_ref()?)))
        };
        let of_output = |name: fn(&OutputDetails) -> &Count| {
            let details = [&self.completion_tokens_details, &self.output_tokens_details];
            details.into_iter().find_map(|details| count(name(details.0.as_ref()?)))
        };
        let input = count(&self.prompt_tokens).or(count(&self.input_tokens));
        let output = count(&self.completion_tokens).or(count(&self.output_tokens));
        let reasoning = of_output(|details| &details.reasoning_tokens).or(count(&self.reasoning_tokens));
        Usage {
            input,
            cache_read: of_input(|details| &details.cached_tokens)
                .or(count(&self.prompt_cache_hit_tokens))
                .or(count(&self.num_cached_tokens))
                .or(count(&self.cached_tokens)),
            cache_write: of_input(|details| &details.cache_write_tokens),
            audio_in: of_input(|details| &details.audio_tokens),
            image_in: of_input(|details| &details.image_tokens),
            output: with_reasoning(input, output, reasoning, count(&self.total_tokens)),
            reasoning,
            audio_out: of_output(|details| &details.audio_tokens),
            image_out: of_output(|details| &details.image_tokens),
            cost: self.cost(),
            ..Usage::default()
        }
    }

    /// In pico-USD. Where OpenRouter used an account of the operator's own at the provider behind it, that one's bill
    /// comes on top of its fee. A sum of zero is none: Perplexity says so until its last chunk, and Azure of xAI's models.
    fn cost(&self) -> Option<u64> {
        match self.cost {
            Price::Number(fee) if self.is_byok.0 == Some(true) => {
                let behind = self.cost_details.0.as_ref().and_then(|details| details.upstream_inference_cost.0);
                fee.checked_add(behind?)
            }
            Price::Number(pico) => Some(pico),
            Price::Total(pico) => Some(pico).filter(|pico| *pico > 0),
            Price::Unsaid => {
                self.cost_in_usd_ticks.0.filter(|ticks| *ticks > 0).and_then(|ticks| ticks.checked_mul(PICO_PER_TICK))
            }
        }
    }
}

/// The output, reasoning included. Most providers count it in; xAI's chat completions do not, which shows in a total
/// that is the sum of all three.
fn with_reasoning(input: Option<u64>, output: Option<u64>, reasoning: Option<u64>, total: Option<u64>) -> Option<u64> {
    let (Some(visible), Some(hidden)) = (output, reasoning) else { return output };
    let sum = visible.saturating_add(hidden);
    let is_beside = hidden > visible || total == Some(sum.saturating_add(input.unwrap_or(0)));
    if is_beside { Some(sum) } else { output }
}

fn count(count: &Count) -> Option<u64> {
    count.0.filter(|count| *count <= MOST)
}

#[cfg(test)]
mod tests;
