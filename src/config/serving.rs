//! Who serves a public name, under which name there, and for how much: the document's word before the catalog's.

use super::{Limits, Model, ModelTarget, Provider, ProviderId, Timeouts};
use crate::catalog::{self, Entry, Offer};
use crate::meter::Price;
use std::borrow::Cow;
use std::rc::Rc;

impl Provider {
    /// The name under which it serves a public name: its `models`, then its `"*"`, then the catalog's.
    fn known_name(&self, public: &str, entry: Option<Entry>) -> Option<Cow<'_, str>> {
        if let Some((_, native)) = self.models.iter().find(|(name, _)| name == public) {
            return Some(Cow::Borrowed(native));
        }
        if let Some(any) = &self.any_model {
            return Some(Cow::Owned(any.replace('*', public)));
        }
        self.catalogued(entry?).map(|offer| Cow::Borrowed(offer.name()))
    }

    /// The catalog's name of a model here. Names at Azure are those of one's own deployments: only the document knows them.
    pub fn catalogued(&self, entry: Entry) -> Option<Offer> {
        if self.has_own_names() { None } else { entry.offer(self.preset.name, self.region.as_deref()) }
    }

    /// The rest of a public name whose creator is its preset's.
    fn creators_name(&self, public: &str) -> Option<Cow<'_, str>> {
        let rest = public.strip_prefix(self.preset.creator?)?.strip_prefix('/')?;
        Some(Cow::Owned(rest.to_owned()))
    }

    /// The name under which it serves a public name, whoever else does.
    pub fn native_name(&self, public: &str) -> Option<Cow<'_, str>> {
        self.known_name(public, catalog::find(public)).or_else(|| self.creators_name(public))
    }

    /// Whether a public name is served by it under this name, in the catalog.
    pub fn is_called_here(&self, entry: Entry, native: &str) -> bool {
        let same = |offer: Offer| offer.preset() == self.preset.name && offer.entry() == entry;
        !self.has_own_names() && catalog::natives(native).any(same)
    }

    /// What a model costs here by the catalog, by the name that is sent.
    pub fn catalog_price(&self, public: &str, sent: &str) -> Option<Rc<Price>> {
        let own = || catalog::find(public)?.offer(self.preset.name, None);
        let deployed = || if self.has_own_names() { own() } else { None };
        catalog::native(self.preset.name, sent).or_else(deployed)?.price().map(Rc::new)
    }

    fn has_own_names(&self) -> bool {
        self.preset.name == "azure"
    }
}

impl Model {
    /// A model of which the document says nothing more; the rest is the catalog's, where it has the name.
    pub fn catalogued(name: &str, targets: Vec<ModelTarget>) -> Model {
        let entry = catalog::find(name);
        Model {
            name: name.to_owned(),
            aliases: Vec::new(),
            targets,
            fallbacks: Vec::new(),
            timeouts: Timeouts::default(),
            context_window: entry.and_then(Entry::context_window),
            max_output: entry.and_then(Entry::max_output),
            supports: entry.and_then(Entry::abilities),
            limits: Limits::default(),
            price: None,
        }
    }
}

/// Every provider that serves a public name. What the catalog has goes to those whom it names; a vendor's other models, and
/// those that nobody else has, are asked of their creator under the rest of their name.
pub fn serving<'a>(
    public: &str,
    providers: impl Iterator<Item = (ProviderId, &'a Rc<Provider>)> + Clone,
) -> Vec<ModelTarget> {
    let entry = catalog::find(public);
    let target = |(provider, at): (ProviderId, &Rc<Provider>), model: Cow<'_, str>| ModelTarget {
        provider,
        price: at.catalog_price(public, &model),
        model: model.into_owned(),
        weight: 1.0,
        priority: 0,
    };
    let known = providers.clone().filter_map(|at| Some(target(at, at.1.known_name(public, entry)?)));
    let known: Vec<ModelTarget> = if entry.is_some() { known.collect() } else { Vec::new() };
    if known.is_empty() {
        return providers.filter_map(|at| Some(target(at, at.1.native_name(public)?))).collect();
    }
    known
}
