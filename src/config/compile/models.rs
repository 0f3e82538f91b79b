//! Models: who serves each, under which name, and what is tried after.

use super::super::document::Document;
use super::super::mistakes::{Path, did_you_mean, quoted};
use super::super::raw::{RawGateway, RawModel, RawTarget, RawTimeouts};
use super::super::serving::serving;
use super::super::{Model, ModelTarget, Provider, ProviderId, Timeouts};
use super::names::Names;
use super::{Context, limits, price};
use crate::catalog;
use std::collections::HashMap;
use std::rc::Rc;

/// The entries of `models`, then the public names of the providers' maps that have none.
pub fn compile(
    raw: &RawGateway,
    names: &Names<'_>,
    providers: &[Rc<Provider>],
    context: &mut Context<'_>,
) -> Vec<Rc<Model>> {
    let pools = pools(raw, names, context);
    let mut models: Vec<Rc<Model>> = Vec::new();
    for model in &raw.models {
        let price = model.price.as_ref().map(|raw| Rc::new(price::compile(raw, context)));
        let mut targets = targets(model, names, &pools, providers, context);
        targets.iter_mut().for_each(|target| target.price = price.clone().or(target.price.take()));
        let catalogued = Model::catalogued(&model.name, targets);
        models.push(Rc::new(Model {
            aliases: model.aliases.iter().map(|alias| alias.to_string()).collect(),
            fallbacks: fallbacks(model, raw, names, providers, context),
            timeouts: timeouts(&model.timeouts),
            context_window: model.context_window.map(|count| count.0).or(catalogued.context_window),
            max_output: model.max_output.map(|count| count.0).or(catalogued.max_output),
            supports: model.supports.clone().or(catalogued.supports.clone()),
            limits: limits(&model.limits),
            price,
            ..catalogued
        }));
    }
    for entry in &raw.providers.0 {
        for (key, _, path) in &entry.raw.models.0 {
            let public: &str = key;
            if public == "*" || models.iter().any(|model| model.name == public) {
                continue;
            }
            if let Some(alias) = names.models.path(public) {
                let name = names.models.get(public).and_then(|i| raw.models.get(i)).map_or("", |model| &*model.name);
                let text = format!("found an alias, expected the model's own name {}: {alias} says so", quoted(name));
                context.mistakes.add(path, text);
                continue;
            }
            models.push(Rc::new(Model::catalogued(public, serving(public, providers.iter().enumerate()))));
        }
    }
    models
}

/// Whether anything that can be asked says what it supports: a model of the document, or of the catalog.
pub fn tell_abilities(models: &[Rc<Model>], providers: &[Rc<Provider>]) -> bool {
    let is_in_catalog = |provider: &Rc<Provider>| catalog::entries().any(|entry| provider.catalogued(entry).is_some());
    models.iter().any(|model| model.supports.is_some()) || providers.iter().any(is_in_catalog)
}

/// Public names and aliases -> index.
pub fn names(models: &[Rc<Model>]) -> HashMap<String, usize> {
    let all = models.iter().enumerate();
    all.flat_map(|(i, model)| std::iter::once(&model.name).chain(&model.aliases).map(move |name| (name.clone(), i)))
        .collect()
}

/// Names at providers -> indexes.
pub fn native_names(models: &[Rc<Model>]) -> HashMap<String, Vec<usize>> {
    let mut names: HashMap<String, Vec<usize>> = HashMap::new();
    for (i, model) in models.iter().enumerate() {
        for target in &model.targets {
            let indexes = names.entry(target.model.clone()).or_default();
            if indexes.last() != Some(&i) {
                indexes.push(i);
            }
        }
    }
    names
}

/// The providers of each pool.
fn pools(raw: &RawGateway, names: &Names<'_>, context: &mut Context<'_>) -> Vec<Vec<ProviderId>> {
    let mut pools = Vec::new();
    for pool in &raw.pools {
        let mut members = Vec::new();
        for (i, name) in pool.providers.0.iter().enumerate() {
            let path = pool.at("providers").index(i);
            if let Some(provider) = names.providers.resolve(name, &path, "provider", context) {
                if members.contains(&provider) {
                    context.mistakes.add(&path, format!("found {} a second time, expected it once", quoted(name)));
                }
                members.push(provider);
            }
        }
        pools.push(members);
    }
    pools
}

fn targets(
    model: &RawModel,
    names: &Names<'_>,
    pools: &[Vec<ProviderId>],
    providers: &[Rc<Provider>],
    context: &mut Context<'_>,
) -> Vec<ModelTarget> {
    let path = model.at("targets");
    let Some(listed) = &model.targets else {
        let targets = serving(&model.name, providers.iter().enumerate());
        if targets.is_empty() && !model.name.is_empty() && !context.mistakes.has(&path) {
            let text = format!("missing, expected at least one target: no provider serves {}", quoted(&model.name));
            context.mistakes.add(&path, text);
        }
        return targets;
    };
    let mut targets = Vec::new();
    for target in &listed.0 {
        let found = names.targets.resolve(&target.provider, &target.at("provider"), "provider or pool", context);
        let Some(index) = found else { continue };
        match index.checked_sub(providers.len()).and_then(|pool| pools.get(pool)) {
            Some(members) => {
                targets.extend(members.iter().filter_map(|i| one(model, target, *i, members.len(), providers)))
            }
            None => targets.extend(one(model, target, index, 1, providers)),
        }
    }
    targets.sort_by_key(|target| target.priority);
    targets
}

/// One provider of a target; the weight of a pool is divided equally.
fn one(
    model: &RawModel,
    target: &RawTarget,
    provider: ProviderId,
    share: usize,
    providers: &[Rc<Provider>],
) -> Option<ModelTarget> {
    let at = providers.get(provider)?;
    let own = target.model.as_ref().map(|name| name.to_string());
    let mapped = || at.native_name(&model.name).map(|name| name.into_owned());
    let sent = own.or_else(mapped).unwrap_or_else(|| model.name.to_string());
    Some(ModelTarget {
        provider,
        price: at.catalog_price(&model.name, &sent),
        model: sent,
        weight: target.weight.0 / share as f64,
        priority: u32::try_from(target.priority.0).ok()?,
    })
}

/// The public names of the models tried after the targets.
fn fallbacks(
    model: &RawModel,
    raw: &RawGateway,
    names: &Names<'_>,
    providers: &[Rc<Provider>],
    context: &mut Context<'_>,
) -> Vec<String> {
    let mut fallbacks: Vec<String> = Vec::new();
    for (i, asked) in model.fallbacks.iter().enumerate() {
        let path = model.at("fallbacks").index(i);
        let Some(name) = known(asked, &path, raw, names, providers, context) else { continue };
        if name == *model.name {
            context.mistakes.add(&path, format!("found the model itself, expected another than {}", quoted(&name)));
        } else if fallbacks.contains(&name) {
            context.mistakes.add(&path, format!("found {} a second time, expected it once", quoted(&name)));
        }
        fallbacks.push(name);
    }
    fallbacks
}

/// The public name of a model that something serves; a mistake where nothing does.
pub fn known(
    asked: &str,
    path: &Path,
    raw: &RawGateway,
    names: &Names<'_>,
    providers: &[Rc<Provider>],
    context: &mut Context<'_>,
) -> Option<String> {
    // The catalog knows other spellings of a name; requests go by its own.
    let named = catalog::find(asked).map_or(asked, |entry| entry.name());
    let listed = names.models.get(asked).or_else(|| names.models.get(named));
    if let Some(entry) = listed.and_then(|i| raw.models.get(i)) {
        return Some(entry.name.to_string());
    }
    let asked = named;
    if providers.iter().any(|provider| asked.contains('/') && provider.native_name(asked).is_some()) {
        return Some(asked.to_owned());
    }
    let served = raw.models.iter().map(|model| &*model.name);
    let served =
        served.chain(providers.iter().flat_map(|provider| provider.models.iter().map(|(name, _)| name.as_str())));
    let hint = did_you_mean(asked, served);
    context.mistakes.add(path, format!("found {}, expected a model that a provider serves{hint}", quoted(asked)));
    None
}

fn timeouts(raw: &RawTimeouts) -> Timeouts {
    let span = |span: &Option<super::super::number::Span>| span.map(|span| span.0);
    Timeouts { attempt: raw.attempt.0, first_token: span(&raw.first_token), total: span(&raw.total) }
}
