//! From the name that was asked for to the model: exact name, alias, the catalog's name, the provider's own name where it
//! leads to one model only, then any `creator/model` that a configured vendor may have.

use super::nearest::nearest;
use crate::access::Caller;
use crate::catalog::{self, Entry};
use crate::config::{Config, Listed, Model, ModelTarget, Provider, ProviderId, serving};
use crate::error::{Error, printable};
use std::rc::Rc;

/// A model that was found.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The model.
    pub model: Rc<Model>,
    /// Where its name stands; `None` for one that is in neither list, whose label is `other`.
    pub listed: Option<Listed>,
}

/// Finds a model by any of its names, or says which names are near.
pub fn resolve(config: &Config, caller: &Caller, asked: &str) -> Result<Resolved, Error> {
    let found = configured(config, asked)
        .or_else(|| of_entry(config, catalog::find(asked)?))
        .or_else(|| only_native(config, asked))
        .or_else(|| in_catalog_only_native(config, asked))
        .or_else(|| unlisted(config, asked));
    found.ok_or_else(|| unknown(config, caller, asked))
}

fn configured(config: &Config, name: &str) -> Option<Resolved> {
    at(config, *config.model_names.get(name)?)
}

fn at(config: &Config, index: usize) -> Option<Resolved> {
    Some(Resolved { model: config.models.get(index)?.clone(), listed: Some(Listed::Configured(index)) })
}

/// A model of the catalog that a configured provider serves. What the document says of it comes first.
pub fn of_entry(config: &Config, entry: Entry) -> Option<Resolved> {
    if let Some(found) = configured(config, entry.name()) {
        return Some(found);
    }
    let targets = serving(entry.name(), enabled(config));
    let model = || Rc::new(Model::catalogued(entry.name(), targets.clone()));
    (!targets.is_empty()).then(|| Resolved { model: model(), listed: Some(Listed::Catalogued(entry.place())) })
}

fn enabled(config: &Config) -> impl Iterator<Item = (ProviderId, &Rc<Provider>)> + Clone {
    config.providers.iter().enumerate().filter(|(_, provider)| provider.enabled)
}

fn only_native(config: &Config, asked: &str) -> Option<Resolved> {
    match config.native_names.get(asked).map(Vec::as_slice) {
        Some([index]) => at(config, *index),
        _ => None,
    }
}

/// A provider's own name that leads to one model of the catalog among the configured providers. `gpt-5` is the model;
/// `gpt-5-2025-08-07` is one version of it, which goes as it is to those who know it.
fn in_catalog_only_native(config: &Config, asked: &str) -> Option<Resolved> {
    let bare = || asked.split_once('/').filter(|(creator, _)| !creator.is_empty());
    version(config, asked, None).or_else(|| bare().and_then(|(creator, rest)| version(config, rest, Some(creator))))
}

fn version(config: &Config, native: &str, of: Option<&str>) -> Option<Resolved> {
    let served = |entry: &Entry| enabled(config).any(|(_, provider)| provider.is_called_here(*entry, native));
    let mut entries: Vec<Entry> = catalog::natives(native).map(catalog::Offer::entry).filter(served).collect();
    entries.dedup();
    let [entry] = *entries else { return None };
    let (creator, slug) = entry.name().split_once('/')?;
    if of.is_some_and(|of| of != creator) {
        return None;
    }
    let found = of_entry(config, entry)?;
    if slug == native {
        return Some(found);
    }
    let knows = |target: &&ModelTarget| {
        config.providers.get(target.provider).is_some_and(|provider| provider.is_called_here(entry, native))
    };
    let version = |target: &ModelTarget| {
        let price = config.providers.get(target.provider).and_then(|at| at.catalog_price(entry.name(), native));
        let price = found.model.price.clone().or(price);
        ModelTarget { model: native.to_owned(), price, ..target.clone() }
    };
    let targets: Vec<ModelTarget> = found.model.targets.iter().filter(knows).map(version).collect();
    if targets.is_empty() {
        return Some(found);
    }
    Some(Resolved { model: Rc::new(Model { targets, ..(*found.model).clone() }), ..found })
}

/// A `creator/model` that neither list has but a vendor or a wildcard serves.
fn unlisted(config: &Config, asked: &str) -> Option<Resolved> {
    if !is_safe_name(asked) {
        return None;
    }
    let targets = serving(asked, enabled(config));
    let model = || Rc::new(Model::catalogued(asked, targets.clone()));
    (!targets.is_empty()).then(|| Resolved { model: model(), listed: None })
}

/// A name that goes into a URL or a header as it is: printable ASCII without empty or dotted segments.
fn is_safe_name(name: &str) -> bool {
    const CAP: usize = 256;
    let safe_bytes = name.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b'?' | b'#' | b'%'));
    safe_bytes && name.len() <= CAP && name.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

/// Whether a model of the catalog has a target.
pub fn is_served(config: &Config, entry: Entry) -> bool {
    let mut all = enabled(config);
    all.any(|(_, provider)| provider.any_model.is_none() && provider.catalogued(entry).is_some())
}

fn unknown(config: &Config, caller: &Caller, asked: &str) -> Error {
    let catalogued = catalog::entries().filter(|entry| is_served(config, *entry)).map(|entry| -> &str { entry.name() });
    let names = config.models.iter().map(|model| model.name.as_str()).chain(catalogued);
    let permitted = names.filter(|name| caller.may_use(&config.access, name));
    let near = nearest(asked, permitted, 3);
    let mut message = format!("The model `{}` is not known here.", printable(asked));
    if !near.is_empty() {
        let near: Vec<String> = near.into_iter().map(|name| format!("`{name}`")).collect();
        message.push_str(&format!(" The nearest names are {}.", near.join(", ")));
    }
    Error::unknown_model(message)
}
