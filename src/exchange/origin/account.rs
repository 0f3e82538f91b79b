//! `GET /v1/credits`: what a key may still spend.

use crate::chat::json::object;
use crate::clock::rfc3339;
use crate::exchange::Purse;
use crate::meter::usd;

/// Of the tightest of the budgets that `Purse::of_account` finds. Nothing is sold here: without a budget there is no balance,
/// and nobody has counted.
pub fn credits(purse: &Purse, now: u64) -> Vec<u8> {
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
