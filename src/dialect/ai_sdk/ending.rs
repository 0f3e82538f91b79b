//! How an answer ends: `finishReason`, `usage`, and what the gateway and the provider say of the whole.

use std::collections::BTreeMap;

use super::metadata::namespace_of;
use crate::chat::json::ObjectWriter;
use crate::chat::{Ext, Finish, Ids, Raw, Reason};
use crate::dialect::Spec;
use crate::meter::Usage;

/// The generation's id, as the gateway calls it.
pub(super) fn generation(ids: &Ids) -> String {
    ids.answer("gen_")
}

/// A word in spec 2, with the provider's own later.
pub(super) fn reason(finish: &Finish, spec: Spec, o: &mut ObjectWriter<'_>) {
    let word = match finish.reason {
        Reason::Stop | Reason::Pause => "stop",
        Reason::Length => "length",
        Reason::Calls => "tool-calls",
        Reason::Filter | Reason::Refusal => "content-filter",
        Reason::Error => "error",
    };
    match spec {
        Spec::V2 => o.set("finishReason", word),
        Spec::V3 | Spec::V4 => o.object("finishReason", |o| {
            o.set("unified", word);
            o.maybe("raw", Some(&finish.raw).filter(|raw| !raw.is_empty()));
        }),
    }
}

/// Flat in spec 2. A count that nobody reported is absent, as are the differences that would need it.
pub(super) fn usage(usage: &Usage, spec: Spec, o: &mut ObjectWriter<'_>) {
    let Usage { input, output, reasoning, cache_read, cache_write, .. } = *usage;
    let rest = |total: Option<u64>, parts: [Option<u64>; 2]| {
        let known = parts.iter().flatten().copied().reduce(u64::saturating_add)?;
        Some(total?.saturating_sub(known))
    };
    if spec == Spec::V2 {
        return o.object("usage", |o| {
            o.maybe("inputTokens", input);
            o.maybe("outputTokens", output);
            o.maybe("totalTokens", input.zip(output).map(|(input, output)| input.saturating_add(output)));
            o.maybe("reasoningTokens", reasoning);
            o.maybe("cachedInputTokens", cache_read);
        });
    }
    o.object("usage", |o| {
        o.object("inputTokens", |o| {
            o.maybe("total", input);
            o.maybe("noCache", rest(input, [cache_read, cache_write]));
            o.maybe("cacheRead", cache_read);
            o.maybe("cacheWrite", cache_write);
        });
        o.object("outputTokens", |o| {
            o.maybe("total", output);
            o.maybe("text", rest(output, [reasoning, None]));
            o.maybe("reasoning", reasoning);
        });
    });
}

/// `providerMetadata` of the whole: the gateway's, and the provider's traces, groundings, log probabilities.
pub(super) fn metadata(
    gateway: Option<&Raw>,
    natives: &[Ext],
    logprobs: Option<&Raw>,
    ids: &Ids,
    o: &mut ObjectWriter<'_>,
) {
    let mut said: BTreeMap<&str, Vec<(&str, &Raw)>> = BTreeMap::new();
    for Ext { owner, key, value, .. } in natives {
        said.entry(namespace_of(*owner)).or_default().push((key, value));
    }
    if let Some(logprobs) = logprobs {
        said.entry("openai").or_default().push(("logprobs", logprobs));
    }
    o.object("providerMetadata", |o| {
        match gateway {
            Some(gateway) => o.raw("gateway", gateway),
            None => o.object("gateway", |o| o.set("generationId", generation(ids))),
        }
        for (name, members) in said {
            o.object(name, |o| members.iter().for_each(|(key, value)| o.raw(key, value)));
        }
    });
}
