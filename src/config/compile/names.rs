//! What carries a name, and that no two carry the same.

use super::super::document::Document;
use super::super::mistakes::{Path, did_you_mean, quoted};
use super::super::raw::RawGateway;
use super::Context;
use std::collections::HashMap;

/// Name -> where it stands among its kind, and in the document.
#[derive(Default)]
pub struct Index<'a>(HashMap<&'a str, (usize, Path)>);

impl<'a> Index<'a> {
    /// Adds a name; a mistake where another has it already.
    fn add(&mut self, name: &'a str, index: usize, path: Path, context: &mut Context<'_>) {
        if name.is_empty() {
            return; // a mistake of its own already
        }
        if let Some((_, first)) = self.0.get(name) {
            let text = format!("found {}, expected a name of its own: {first} has this one", quoted(name));
            context.mistakes.add(&path, text);
        } else {
            self.0.insert(name, (index, path));
        }
    }

    /// The index of a name.
    pub fn get(&self, name: &str) -> Option<usize> {
        self.0.get(name).map(|(index, _)| *index)
    }

    /// Where a name stands.
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.0.get(name).map(|(_, path)| path)
    }

    /// The index of a name that the document refers to; a mistake where nothing has it.
    pub fn resolve(&self, name: &str, path: &Path, kind: &str, context: &mut Context<'_>) -> Option<usize> {
        let found = self.get(name);
        if found.is_none() && !name.is_empty() {
            let hint = did_you_mean(name, self.sorted());
            context.mistakes.add(path, format!("found {}, expected the name of a {kind}{hint}", quoted(name)));
        }
        found
    }

    fn sorted(&self) -> Vec<&'a str> {
        let mut names: Vec<_> = self.0.keys().copied().collect();
        names.sort_unstable();
        names
    }
}

/// Every kind of name. A target names a provider or a pool, so these two share an index: pools come after the
/// providers. Models share theirs with their aliases.
#[derive(Default)]
pub struct Names<'a> {
    pub providers: Index<'a>,
    pub targets: Index<'a>,
    pub models: Index<'a>,
    pub groups: Index<'a>,
    pub keys: Index<'a>,
}

impl<'a> Names<'a> {
    /// Collects them.
    pub fn of(raw: &'a RawGateway, context: &mut Context<'_>) -> Names<'a> {
        let mut names = Names::default();
        let mut budgets = Index::default();
        for (i, entry) in raw.providers.0.iter().enumerate() {
            let path = if entry.is_bare { entry.raw.path().clone() } else { entry.raw.at("name") };
            names.targets.add(&entry.raw.name, i, path.clone(), context);
            names.providers.0.entry(&entry.raw.name).or_insert((i, path));
        }
        for (i, pool) in raw.pools.iter().enumerate() {
            names.targets.add(&pool.name, raw.providers.0.len() + i, pool.at("name"), context);
        }
        for (i, model) in raw.models.iter().enumerate() {
            names.models.add(&model.name, i, model.at("name"), context);
        }
        for (i, model) in raw.models.iter().enumerate() {
            for (n, alias) in model.aliases.iter().enumerate() {
                names.models.add(alias, i, model.at("aliases").index(n), context);
            }
        }
        for (i, group) in raw.groups.iter().enumerate() {
            names.groups.add(&group.name, i, group.at("name"), context);
        }
        for (i, key) in raw.keys.iter().enumerate() {
            names.keys.add(&key.id, i, key.at("id"), context);
        }
        for (i, budget) in raw.budgets.iter().enumerate() {
            budgets.add(&budget.id, i, budget.at("id"), context);
        }
        names
    }
}
