//! Usage as Anthropic reports it: what the cache gave and took stands beside the input (rule 18).

use crate::chat::json::ObjectWriter;
use crate::meter::Usage;

/// Runs that the SDK's schema wants both of, where there are any. It has no place for those of other tools.
const RUNS: [&str; 2] = ["web_search", "web_fetch"];

/// Writes the counts that are known; the schema wants input and output in any case.
pub(super) fn write(usage: &Usage, o: &mut ObjectWriter<'_>) {
    let beside = usage.cache_read.unwrap_or(0).saturating_add(usage.cache_write.unwrap_or(0));
    o.set("input_tokens", usage.input.unwrap_or(0).saturating_sub(beside));
    o.maybe("cache_creation_input_tokens", usage.cache_write);
    o.maybe("cache_read_input_tokens", usage.cache_read);
    let (short, long) = (usage.cache_write_5m, usage.cache_write_1h);
    if short.is_some() || long.is_some() {
        o.object("cache_creation", |o| {
            o.set("ephemeral_5m_input_tokens", short.unwrap_or(0));
            o.set("ephemeral_1h_input_tokens", long.unwrap_or(0));
        });
    }
    o.set("output_tokens", usage.output.unwrap_or(0));
    if let Some(reasoning) = usage.reasoning {
        o.object("output_tokens_details", |o| o.set("thinking_tokens", reasoning));
    }
    let runs = RUNS.map(|name| usage.server_tools.iter().find(|(tool, _)| tool == name).map(|(_, runs)| *runs));
    if runs.iter().any(Option::is_some) {
        o.object("server_tool_use", |o| {
            for (name, runs) in RUNS.iter().zip(runs) {
                o.set(&format!("{name}_requests"), runs.unwrap_or(0));
            }
        });
    }
    o.maybe("service_tier", usage.tier.as_deref().and_then(tier));
}

/// Tiers that the schema knows.
fn tier(word: &str) -> Option<&'static str> {
    match word {
        "standard" | "default" => Some("standard"),
        "priority" => Some("priority"),
        "batch" => Some("batch"),
        _ => None,
    }
}
