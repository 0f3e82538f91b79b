//! Budgets and the ledger: not in force yet, and checked all the same, so that they start without a surprise.

use super::super::Provider;
use super::super::document::Document;
use super::super::raw::RawGateway;
use super::Context;
use super::models::known;
use super::names::Names;
use super::providers::exactly_one;
use std::rc::Rc;

/// What they refer to must be there.
pub fn check(raw: &RawGateway, names: &Names<'_>, providers: &[Rc<Provider>], context: &mut Context<'_>) {
    for budget in &raw.budgets {
        let given = [("usd", budget.usd.is_some()), ("tokens", budget.tokens.is_some())];
        exactly_one(budget, &given, context);
        let of = &budget.r#match;
        let references = [
            ("group", &of.group, &names.groups),
            ("key", &of.key, &names.keys),
            ("provider", &of.provider, &names.providers),
        ];
        for (kind, name, index) in references {
            if let Some(name) = name {
                index.resolve(name, &of.at(kind), kind, context);
            }
        }
        if let Some(exceed) = &budget.on_exceed {
            known(&exceed.r#use, &exceed.at("use"), raw, names, providers, context);
        }
    }
    let ledger = &raw.ledger;
    if ledger.local.is_some() && ledger.rate_limit_service.is_some() {
        let text = "found local and rate_limit_service, expected one of them";
        context.mistakes.add(ledger.path(), text);
    }
}
