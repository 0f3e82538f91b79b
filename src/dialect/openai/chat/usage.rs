//! The `usage` object, read with everything that vendors add, and written as OpenAI has it.

use crate::chat::json::{Json, Object, ObjectWriter};
use crate::dialect::openai::usage::Reported;
use crate::meter::Usage;

/// Reads a `usage` object; `None` when there is no count in it.
pub(super) fn read(usage: Json<'_>) -> Option<Usage> {
    let object = usage.object()?;
    let reported: Reported = serde_json::from_str(usage.get()).ok()?;
    let inside = |object: &Object<'_>, names: [&str; 2], name| {
        names.iter().find_map(|details| object.object(details)?.count(name))
    };
    let input = |name| inside(&object, ["prompt_tokens_details", "input_tokens_details"], name);
    let output = |name| inside(&object, ["completion_tokens_details", "output_tokens_details"], name);
    let read = Usage {
        audio_in: input("audio_tokens"),
        audio_out: output("audio_tokens"),
        image_out: output("image_tokens"),
        cost: cost(&object),
        ..reported.usage()
    };
    read.has_counts().then_some(read)
}

/// In pico-USD: OpenRouter's `cost`, Perplexity's `cost.total_cost` (both in USD).
fn cost(usage: &Object<'_>) -> Option<u64> {
    let cost = usage.get("cost")?;
    let usd = cost.number().or_else(|| cost.object()?.get("total_cost")?.number())?;
    let pico = (usd * 1e12).round();
    (0.0..1e18).contains(&pico).then_some(pico as u64)
}

/// Writes it. The three totals must be there; a part that was not reported is not.
pub(super) fn write(usage: &Usage, o: &mut ObjectWriter<'_>) {
    let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
    o.set("prompt_tokens", input);
    o.set("completion_tokens", output);
    o.set("total_tokens", input.saturating_add(output));
    if usage.cache_read.is_some() || usage.cache_write.is_some() || usage.audio_in.is_some() {
        o.object("prompt_tokens_details", |o| {
            o.maybe("cached_tokens", usage.cache_read);
            o.maybe("cache_write_tokens", usage.cache_write);
            o.maybe("audio_tokens", usage.audio_in);
        });
    }
    if usage.reasoning.is_some() || usage.audio_out.is_some() {
        o.object("completion_tokens_details", |o| {
            o.maybe("reasoning_tokens", usage.reasoning);
            o.maybe("audio_tokens", usage.audio_out);
        });
    }
}
