//! Usage of OpenAI-compatible providers, in all places and under all names that they give it.

use serde::Deserialize;

use crate::meter::Usage;
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
}

type Count = Lenient<u64>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InputDetails {
    cached_tokens: Count,
    cache_write_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: Count,
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
        let input_details = [&self.prompt_tokens_details, &self.input_tokens_details];
        let cached = input_details.map(|details| details.0.as_ref().and_then(|d| count(&d.cached_tokens)));
        let written = input_details.map(|details| details.0.as_ref().and_then(|d| count(&d.cache_write_tokens)));
        let output_details = [&self.completion_tokens_details, &self.output_tokens_details];
        let reasoning = output_details.map(|details| details.0.as_ref().and_then(|d| count(&d.reasoning_tokens)));

        let input = count(&self.prompt_tokens).or(count(&self.input_tokens));
        let output = count(&self.completion_tokens).or(count(&self.output_tokens));
        let reasoning = first(&reasoning).or(count(&self.reasoning_tokens));
        Usage {
            input,
            cache_read: first(&cached)
                .or(count(&self.prompt_cache_hit_tokens))
                .or(count(&self.num_cached_tokens))
                .or(count(&self.cached_tokens)),
            cache_write: first(&written),
            output: with_reasoning(input, output, reasoning, count(&self.total_tokens)),
            reasoning,
            ..Usage::default()
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

fn first(counts: &[Option<u64>]) -> Option<u64> {
    counts.iter().copied().flatten().next()
}

#[cfg(test)]
mod tests;
