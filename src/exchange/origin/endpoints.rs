//! `GET /v1/models/{id}/endpoints`: who serves a model. What the configuration does not know is null.

use super::Visit;
use super::models::{find, unknown};
use super::offer::{Offer, Usd};
use crate::chat::json::{ObjectWriter, object};
use crate::config::{Ability, Expose, ModelTarget, Provider};
use crate::error::Error;

/// The targets that the caller's requests may go to; none where providers are not to be named.
pub fn endpoints(visit: Visit<'_>, name: &str) -> Result<Vec<u8>, Error> {
    let found = find(visit, name)?;
    let offer = Offer::of(visit, &found.model).ok_or_else(|| unknown(name))?;
    let named = if visit.config.expose == Expose::Full { &*offer.targets } else { &[] };
    let mut out = Vec::new();
    object(&mut out, |o| {
        o.object("data", |o| {
            o.set("id", &offer.model.name);
            o.set("name", &offer.model.name);
            o.set("created", 0);
            o.set("description", "");
            o.object("architecture", |o| architecture(&offer, o));
            o.list("endpoints", |l| {
                for (target, provider) in named {
                    l.object(|o| endpoint(&offer, target, provider, o));
                }
            });
        });
    });
    Ok(out)
}

fn architecture(offer: &Offer, o: &mut ObjectWriter<'_>) {
    o.set("tokenizer", None::<&str>);
    o.set("instruct_type", None::<&str>);
    o.set("modality", None::<&str>);
    let abilities = offer.abilities();
    o.list("input_modalities", |l| {
        let known = [(Ability::Vision, "image"), (Ability::Audio, "audio"), (Ability::Pdf, "file")];
        if !abilities.is_empty() {
            l.push("text");
        }
        known.iter().filter(|(ability, _)| abilities.contains(ability)).for_each(|(_, word)| l.push(word));
    });
    o.list("output_modalities", |l| {
        if !abilities.is_empty() {
            l.push("text");
        }
    });
}

fn endpoint(offer: &Offer, target: &ModelTarget, provider: &Provider, o: &mut ObjectWriter<'_>) {
    let model = &offer.model;
    o.set("name", format!("{} | {}", provider.name, target.model));
    o.set("model_name", &model.name);
    o.set("context_length", model.context_window);
    o.object("pricing", |o| {
        if let Some(price) = target.price.as_deref().map(Usd::of) {
            o.maybe("prompt", price.input);
            o.maybe("completion", price.output);
            o.maybe("input_cache_read", price.cache_read);
            o.maybe("input_cache_write", price.cache_write);
        }
    });
    o.set("provider_name", &provider.name);
    offer.tags(o);
    o.set("quantization", None::<&str>);
    o.set("max_completion_tokens", model.max_output);
    o.set("max_prompt_tokens", None::<u64>);
    o.list("supported_parameters", |l| offer.parameters(l));
    o.set("status", 0);
    for unknown in ["uptime_last_15m", "uptime_last_1h", "uptime_last_1d", "latency_last_1h", "throughput_last_1h"] {
        o.set(unknown, None::<u64>);
    }
}
