//! From the name that was asked for to the model: exact name, alias, `creator/model` of a configured vendor, then the
//! provider's own name where it leads to one model only.

use super::nearest::nearest;
use crate::access::Caller;
use crate::config::{Config, Model, ModelTarget, Timeouts};
use crate::error::{Error, printable};
use std::rc::Rc;

/// A model that was found.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The model.
    pub model: Rc<Model>,
    /// Index into `Config::models`; `None` for a model that has no name in the configuration, whose label is `other`.
    pub index: Option<usize>,
}

/// Finds a model by any of its names, or says which names are near.
pub fn resolve(config: &Config, caller: &Caller, asked: &str) -> Result<Resolved, Error> {
    let index = config.model_names.get(asked).copied().or_else(|| only_native(config, asked));
    if let Some((index, model)) = index.and_then(|index| Some((index, config.models.get(index)?))) {
        return Ok(Resolved { model: model.clone(), index: Some(index) });
    }
    if let Some(model) = unlisted(config, asked) {
        return Ok(Resolved { model: Rc::new(model), index: None });
    }
    Err(unknown(config, caller, asked))
}

fn only_native(config: &Config, asked: &str) -> Option<usize> {
    match config.native_names.get(asked).map(Vec::as_slice) {
        Some([index]) => Some(*index),
        _ => None,
    }
}

/// A `creator/model` that the document does not list but a vendor or a wildcard serves.
fn unlisted(config: &Config, asked: &str) -> Option<Model> {
    if !is_safe_name(asked) {
        return None;
    }
    let serving = config.providers.iter().enumerate().filter(|(_, provider)| provider.enabled);
    let targets: Vec<ModelTarget> = serving
        .filter_map(|(provider, entry)| {
            let model = entry.native_name(asked)?.into_owned();
            Some(ModelTarget { provider, model, weight: 1.0, priority: 0 })
        })
        .collect();
    (!targets.is_empty()).then(|| Model {
        name: asked.to_owned(),
        aliases: Vec::new(),
        targets,
        fallbacks: Vec::new(),
        timeouts: Timeouts::default(),
        context_window: None,
        max_output: None,
        supports: None,
        price: None,
    })
}

/// A name that goes into a URL or a header as it is: printable ASCII without empty or dotted segments.
fn is_safe_name(name: &str) -> bool {
    const CAP: usize = 256;
    let safe_bytes = name.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b'?' | b'#' | b'%'));
    safe_bytes && name.len() <= CAP && name.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

fn unknown(config: &Config, caller: &Caller, asked: &str) -> Error {
    let permitted = config.models.iter().map(|m| m.name.as_str()).filter(|name| caller.may_use(&config.access, name));
    let near = nearest(asked, permitted, 3);
    let mut message = format!("The model `{}` is not known here.", printable(asked));
    if !near.is_empty() {
        let near: Vec<String> = near.into_iter().map(|name| format!("`{name}`")).collect();
        message.push_str(&format!(" The nearest names are {}.", near.join(", ")));
    }
    Error::unknown_model(message)
}
