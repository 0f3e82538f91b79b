//! Budgets: what they name must be there, and what they ask for must make sense together.

use super::super::document::Document;
use super::super::mistakes::quoted;
use super::super::raw::{RawBudget, RawGateway};
use super::super::{Access, Model, Provider};
use super::Context;
use super::models::known;
use super::names::Names;
use super::providers::exactly_one;
use crate::meter::{Budget, Cap, Each, Matching, Window};
use std::rc::Rc;

/// What budgets refer to.
pub struct Known<'a> {
    pub raw: &'a RawGateway,
    pub names: &'a Names<'a>,
    pub providers: &'a [Rc<Provider>],
    pub models: &'a [Rc<Model>],
    pub access: &'a Access,
}

impl Known<'_> {
    /// Every budget, in the order of the document.
    pub fn budgets(&self, context: &mut Context<'_>) -> Vec<Rc<Budget>> {
        self.raw.budgets.iter().map(|raw| Rc::new(self.budget(raw, context))).collect()
    }

    fn budget(&self, raw: &RawBudget, context: &mut Context<'_>) -> Budget {
        let given = [("usd", raw.usd.is_some()), ("tokens", raw.tokens.is_some())];
        exactly_one(raw, &given, context);
        let matching = self.matching(raw, context);
        self.check_together(raw, &matching, context);
        let on_exceed = raw.on_exceed.as_ref().and_then(|exceed| {
            let path = exceed.at("use");
            let model = known(&exceed.r#use, &path, self.raw, self.names, self.providers, context)?;
            if matching.model.as_ref() == Some(&model) {
                let text = format!("found the budget's own model, expected another than {}", quoted(&model));
                context.mistakes.add(&path, text);
            }
            Some(model)
        });
        if raw.per == Window::Total && self.raw.ledger.rate_limit_service.is_none() {
            context.forgotten.push(raw.path().to_string());
        }
        Budget {
            id: raw.id.to_string(),
            matching,
            each: raw.each,
            cap: match (raw.usd, raw.tokens) {
                (Some(usd), _) => Cap::Money(usd.0),
                (None, tokens) => Cap::Tokens(tokens.map_or(0, |tokens| tokens.0)),
            },
            per: raw.per,
            warn_at: raw.warn_at.map(|percent| percent.0),
            on_exceed,
            reserve: raw.reserve,
        }
    }

    fn matching(&self, raw: &RawBudget, context: &mut Context<'_>) -> Matching {
        let of = &raw.r#match;
        let names = self.names;
        let mut index = |kind, name: &Option<super::super::leaf::Name>, index: &super::names::Index<'_>| {
            name.as_ref().and_then(|name| index.resolve(name, &of.at(kind), kind, context))
        };
        let group = index("group", &of.group, &names.groups);
        let key = index("key", &of.key, &names.keys);
        let provider = index("provider", &of.provider, &names.providers);
        let model = of.model.as_ref();
        let model = model.and_then(|model| known(model, &of.at("model"), self.raw, names, self.providers, context));
        let text = |text: &Option<super::super::leaf::Free>| text.as_ref().map(|text| text.to_string());
        Matching { key, group, tag: text(&of.tag), user: text(&of.user), provider, model }
    }

    /// A budget that nothing could ever count on, or that is one where it says many, is a mistake.
    fn check_together(&self, raw: &RawBudget, matching: &Matching, context: &mut Context<'_>) {
        let of = &raw.r#match;
        let is_one = match raw.each {
            Some(Each::Key) => of.key.is_some().then_some("key"),
            Some(Each::Group) => of.group.is_some().then_some("group").or(of.key.is_some().then_some("key")),
            Some(Each::User) => of.user.is_some().then_some("user"),
            None => None,
        };
        if let (Some(each), Some(one)) = (raw.each, is_one) {
            let text = format!("found {}, expected none beside match.{one}: there is only one", quoted(each.word()));
            context.mistakes.add(&raw.at("each"), text);
        }
        if let (Some(key), Some(group)) = (matching.key, matching.group) {
            let its = self.access.keys.get(key).and_then(|key| key.group).or(self.access.default_group);
            if its != Some(group) {
                context.mistakes.add(&of.at("key"), "found the key of another group, expected one of match.group");
            }
        }
        if let (Some(provider), Some(name)) = (matching.provider, &matching.model) {
            let model = self.models.iter().find(|model| model.name == *name);
            if model.is_some_and(|model| !model.targets.iter().any(|target| target.provider == provider)) {
                let text = format!("found {}, expected a model that match.provider serves", quoted(name));
                context.mistakes.add(&of.at("model"), text);
            }
        }
    }
}
