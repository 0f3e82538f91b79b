//! `GET /v1/credits`: what a key may still spend.

use super::Visit;
use crate::chat::json::object;
use crate::clock::rfc3339;
use crate::exchange::Purse;
use crate::meter::usd;

/// Of the tightest budget of money on which all that the caller asks counts. Nothing is sold here: without a budget there is no
/// balance, and nobody has counted. What a fleet's ledger keeps is not known here either.
pub fn credits(visit: Visit<'_>) -> Vec<u8> {
    let Visit { config, caller, cells, now, .. } = visit;
    let mut purse = Purse::default();
    if config.ledger.is_none() {
        purse = Purse::of_account(config, caller);
        purse.look(cells, now);
    }
    let tightest = purse.counters().min_by_key(|(share, standing)| standing.left(share.budget.cap));
    let mut out = Vec::new();
    object(&mut out, |o| {
        let Some((share, standing)) = tightest else {
            o.set("balance", "0");
            o.set("total_used", "0");
            return o.set("budget", None::<&str>);
        };
        let budget = &*share.budget;
        o.set("balance", usd(standing.left(budget.cap)));
        o.set("total_used", usd(standing.spent));
        o.object("budget", |o| {
            o.set("id", &budget.id);
            o.set("limit", usd(budget.cap.amount()));
            o.set("held", usd(standing.held));
            o.set("per", budget.per.word());
            o.set("resets_at", budget.per.bounds(now).1.map(rfc3339));
        });
    });
    out
}

#[cfg(test)]
mod tests;
