//! The `usage` object.

use crate::chat::json::{Json, Object};
use crate::dialect::openai::usage::Reported;
use crate::meter::Usage;

/// xAI's `cost_in_usd_ticks`: 10^10 of them are a dollar (<https://docs.x.ai/docs/guides/cost-tracking>).
const PICO_PER_TICK: u64 = 100;

/// The usage of a response, with the tier that served it; `None` when there is no count in it.
pub(super) fn read(response: &Object<'_>) -> Option<Usage> {
    let usage: Json<'_> = response.get("usage")?;
    let reported: Reported = serde_json::from_str(usage.get()).ok()?;
    let ticks = usage.object()?.count("cost_in_usd_ticks");
    let read = Usage { cost: ticks.and_then(|ticks| ticks.checked_mul(PICO_PER_TICK)), ..reported.usage() };
    read.has_counts().then(|| Usage { tier: response.string("service_tier"), ..read })
}
