//! Where spend is kept.

use super::super::document::Document;
use super::super::raw::RawGateway;
use super::Context;
use crate::meter::fleet::Fleet;
use std::rc::Rc;

/// The fleet's ledger, if it is not Envoy's shared data that keeps what is spent.
pub fn compile(raw: &RawGateway, context: &mut Context<'_>) -> Option<Rc<Fleet>> {
    let ledger = &raw.ledger;
    let service = ledger.rate_limit_service.as_ref()?;
    if ledger.local.is_some() {
        let text = "found local and rate_limit_service, expected one of them";
        context.mistakes.add(ledger.path(), text);
    }
    for budget in raw.budgets.iter().filter(|budget| budget.reserve) {
        let text = "found true, expected false: a rate limit service holds nothing, only ledger.local does";
        context.mistakes.add(&budget.at("reserve"), text);
    }
    Some(Rc::new(Fleet {
        cluster: service.cluster.to_string(),
        domain: service.domain.to_string(),
        failure_mode: service.failure_mode,
        timeout: service.timeout.0,
    }))
}
