//! The `usage` object, read with everything that vendors add, and written as OpenAI has it.

use crate::chat::json::{Json, ObjectWriter};
use crate::dialect::openai::usage;
use crate::meter::Usage;

/// Reads a `usage` object; `None` when there is no count in it.
pub(super) fn read(usage: Json<'_>) -> Option<Usage> {
    Some(usage::usage(usage.get().as_bytes())).filter(Usage::has_counts)
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
