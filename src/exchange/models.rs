//! `GET /v1/models`: what the caller may use, in OpenAI's list shape.

use crate::access::Caller;
use crate::config::{Config, Model};
use crate::error::{Error, printable};
use crate::route::resolve;
use serde::Serialize;

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    owned_by: &'a str,
}

impl<'a> Entry<'a> {
    fn new(model: &'a Model) -> Entry<'a> {
        let owned_by = model.name.split('/').next().unwrap_or_default();
        Entry { id: &model.name, object: "model", created: 0, owned_by }
    }
}

/// Whether the caller may use a model, and somebody serves it.
fn offered(config: &Config, caller: &Caller, model: &Model) -> bool {
    let enabled = |provider: usize| config.providers.get(provider).is_some_and(|provider| provider.enabled);
    model.targets.iter().any(|target| enabled(target.provider)) && caller.may_use(&config.access, &model.name)
}

/// The list, as a JSON body.
pub fn models(config: &Config, caller: &Caller) -> Vec<u8> {
    let offered = config.models.iter().filter(|model| offered(config, caller, model));
    let list = List { object: "list", data: offered.map(|model| Entry::new(model)).collect() };
    serde_json::to_vec(&list).unwrap_or_default()
}

/// One model by any name that a request may ask for, as a JSON body. One that the caller may not use is unknown.
pub fn model(config: &Config, caller: &Caller, name: &str) -> Result<Vec<u8>, Error> {
    let found = resolve(config, caller, name)?;
    if !offered(config, caller, &found.model) {
        return Err(Error::unknown_model(format!("The model `{}` is not known here.", printable(name))));
    }
    Ok(serde_json::to_vec(&Entry::new(&found.model)).unwrap_or_default())
}
