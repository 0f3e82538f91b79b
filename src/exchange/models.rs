//! `GET /v1/models`: what the caller may use, in OpenAI's list shape.

use crate::access::Caller;
use crate::config::{Config, Model};
use crate::error::{Error, printable};
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

/// One model by its public name or alias, as a JSON body.
pub fn model(config: &Config, caller: &Caller, name: &str) -> Result<Vec<u8>, Error> {
    let found = config.model_names.get(name).and_then(|index| config.models.get(*index));
    let found = found.filter(|model| offered(config, caller, model));
    let Some(model) = found else {
        return Err(Error::unknown_model(format!("The model `{}` is not known here.", printable(name))));
    };
    Ok(serde_json::to_vec(&Entry::new(model)).unwrap_or_default())
}
