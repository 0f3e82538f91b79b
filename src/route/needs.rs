//! What a request needs that not every model can do.

use crate::config::{Ability, Model};

/// What a request needs of a model, each with the field that asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs(Vec<(Ability, &'static str)>);

impl Needs {
    /// The request needs this, because of a field.
    pub fn add(&mut self, ability: Ability, field: &'static str) {
        if !self.has(ability) {
            self.0.push((ability, field));
        }
    }

    /// The same, if it does.
    pub fn when(&mut self, does: bool, ability: Ability, field: &'static str) {
        if does {
            self.add(ability, field);
        }
    }

    /// Whether the request needs this.
    pub fn has(&self, ability: Ability) -> bool {
        self.0.iter().any(|(have, _)| *have == ability)
    }

    /// The field that asks for more than a model can do. A model that does not say what it supports can do everything.
    pub fn beyond(&self, model: &Model) -> Option<&'static str> {
        let supports = model.supports.as_ref()?;
        self.0.iter().find(|(ability, _)| !supports.contains(ability)).map(|(_, field)| *field)
    }
}
