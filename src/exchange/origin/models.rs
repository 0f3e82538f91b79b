//! `GET /v1/models`, `/v1/models/{id}` and `/v{1,3,4}/ai/config`: what the caller may use, in each client's shape.

use super::Visit;
use super::offer::Offer;
use super::query::Query;
use crate::catalog::{self, Entry};
use crate::chat::json::{ObjectWriter, object};
use crate::dialect::Client;
use crate::dialect::ai_sdk::{self, ModelEntry, Pricing};
use crate::error::{Error, printable};
use crate::route::{Resolved, is_served, of_entry, resolve};

/// Most models of one page of Anthropic's list, and those of a page that names no number: who asks once gets all.
const PAGE: usize = 1000;

/// The list.
pub fn models(visit: Visit<'_>, query: Query<'_>) -> Result<Vec<u8>, Error> {
    if visit.client == Client::Anthropic {
        return page(&offers(visit), query);
    }
    let mut out = Vec::new();
    object(&mut out, |o| {
        o.set("object", "list");
        o.list("data", |l| offers(visit).iter().for_each(|offer| l.object(|o| entry(offer, o))));
    });
    Ok(out)
}

/// One model by any name that a request may ask for. One that the caller may not use is unknown.
pub fn model(visit: Visit<'_>, name: &str) -> Result<Vec<u8>, Error> {
    let found = find(visit, name)?;
    let offer = Offer::of(visit, &found.model).ok_or_else(|| unknown(name))?;
    let mut out = Vec::new();
    let write = if visit.client == Client::Anthropic { info } else { entry };
    object(&mut out, |o| write(&offer, o));
    Ok(out)
}

/// The model of a name.
pub fn find(visit: Visit<'_>, name: &str) -> Result<Resolved, Error> {
    resolve(visit.config, visit.caller, name)
}

/// No such model for this caller.
pub fn unknown(name: &str) -> Error {
    Error::unknown_model(format!("The model `{}` is not known here.", printable(name)))
}

/// The list in the shape that the AI SDK's `getAvailableModels` reads; `None` for other clients.
pub fn config(visit: Visit<'_>) -> Option<Result<Vec<u8>, Error>> {
    let Client::AiSdk(spec) = visit.client else { return None };
    let offers = offers(visit);
    let entries = offers.iter().map(|offer| ModelEntry {
        id: &offer.model.name,
        name: &offer.model.name,
        description: None,
        pricing: pricing(offer),
        kind: offer.kind(),
    });
    Some(Ok(ai_sdk::config(spec, entries)))
}

/// The SDK wants both prices or none.
fn pricing(offer: &Offer) -> Option<Pricing> {
    let price = offer.price()?;
    let (input, output) = price.input.zip(price.output)?;
    Some(Pricing { input, output, cache_read: price.cache_read, cache_write: price.cache_write })
}

/// The models of the document, then those of the catalog that have no entry there.
fn offers(visit: Visit<'_>) -> Vec<Offer> {
    let config = visit.config;
    let has_entry = |entry: &Entry| config.model_names.contains_key(entry.name());
    let rest = catalog::entries().filter(|entry| !has_entry(entry) && is_served(config, *entry));
    let rest = rest.filter_map(|entry| Some(of_entry(config, entry)?.model));
    config.models.iter().cloned().chain(rest).filter_map(|model| Offer::of(visit, &model)).collect()
}

/// OpenAI's shape, and more of what is known. When a model was made is not: OpenAI's SDKs want a number there.
fn entry(offer: &Offer, o: &mut ObjectWriter<'_>) {
    let model = &offer.model;
    o.set("id", &model.name);
    o.set("object", "model");
    o.set("created", 0);
    o.set("owned_by", model.name.split('/').next().unwrap_or_default());
    o.set("name", &model.name);
    o.maybe("context_window", model.context_window);
    o.maybe("max_tokens", model.max_output);
    o.maybe("type", offer.kind().map(|kind| kind.word()));
    offer.tags(o);
    if let Some(price) = offer.price() {
        o.object("pricing", |o| {
            o.maybe("input", price.input);
            o.maybe("output", price.output);
            o.maybe("input_cache_read", price.cache_read);
            o.maybe("input_cache_write", price.cache_write);
        });
    }
}

/// Anthropic's shape; its API says the same of a model whose age is not known.
fn info(offer: &Offer, o: &mut ObjectWriter<'_>) {
    let model = &offer.model;
    o.set("type", "model");
    o.set("id", &model.name);
    o.set("display_name", &model.name);
    o.set("created_at", "1970-01-01T00:00:00Z");
    o.set("lifecycle", "active");
    o.maybe("max_input_tokens", model.context_window);
    o.maybe("max_tokens", model.max_output);
}

/// A page of Anthropic's list: `limit` models after one, or before one.
fn page(offers: &[Offer], query: Query<'_>) -> Result<Vec<u8>, Error> {
    let place = |cursor: &str| match query.get(cursor) {
        None => Ok(None),
        Some(id) => offers.iter().position(|offer| offer.model.name == id).map(Some).ok_or_else(|| {
            Error::bad_body(format!("`{cursor}` names no model of the list: `{}`.", printable(&id))).at(cursor)
        }),
    };
    let limit = match query.get("limit") {
        None => PAGE,
        Some(limit) => limit
            .parse()
            .ok()
            .filter(|limit| (1..=PAGE).contains(limit))
            .ok_or_else(|| Error::bad_body(format!("`limit` must be a number from 1 to {PAGE}.")).at("limit"))?,
    };
    let (after, before) = (place("after_id")?, place("before_id")?);
    let from = after.map_or(0, |at| at.saturating_add(1));
    let rest = offers.get(from..before.unwrap_or(offers.len())).unwrap_or_default();
    let left = rest.len().saturating_sub(limit);
    // Before a model stand those that are nearest to it.
    let backward = before.is_some() && after.is_none();
    let page = if backward { rest.get(left..) } else { rest.get(..rest.len().saturating_sub(left)) };
    let page = page.unwrap_or_default();
    let mut out = Vec::new();
    object(&mut out, |o| {
        o.list("data", |l| page.iter().for_each(|offer| l.object(|o| info(offer, o))));
        o.set("has_more", left > 0);
        o.set("first_id", page.first().map(|offer| &offer.model.name));
        o.set("last_id", page.last().map(|offer| &offer.model.name));
    });
    Ok(out)
}
