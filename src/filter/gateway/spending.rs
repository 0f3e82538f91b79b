//! Budgets: what a request may spend, between its plan and its way, and what it has spent, at its end.

use super::super::health::SharedData;
use super::super::routing::Whole;
use super::super::{host, ledger};
use super::{Gateway, Phase};
use crate::error::Error;
use crate::exchange::{Decision, Exchange, Purse, Report};
use crate::meter::fleet::FailureMode;
use crate::route::{Hash, Plan, Target};
use ledger::Question;
use proxy_wasm::types::Action;

/// A request whose fleet's ledger is asked what is left.
pub struct Asking {
    pub whole: Whole,
    plan: Plan,
    purse: Purse,
    question: Question,
}

impl Gateway {
    /// Who may serve is known: looks whether anything is left for it, where budgets apply.
    pub(super) fn afford(&mut self, whole: Whole, plan: Plan, since: u64) -> Action {
        let mut purse = Purse::of(&self.config, &whole.caller, &whole.ask);
        if purse.is_empty() {
            return self.send(whole, plan, since);
        }
        let Some(fleet) = &self.config.ledger else {
            purse.look(&SharedData, since);
            return self.spend(whole, plan, purse, since);
        };
        match ledger::ask(fleet, purse.shares(), since) {
            Some(question) => {
                self.phase = Phase::Asking(Box::new(Asking { whole, plan, purse, question }));
                Action::Pause
            }
            None => self.spend_untold(whole, plan, purse, since),
        }
    }

    /// The fleet's ledger has answered, or will not.
    pub(super) fn answered(&mut self, call: u32, status: u32, size: usize) {
        let Phase::Asking(asking) = std::mem::replace(&mut self.phase, Phase::Waiting) else { return };
        if asking.question.call != call {
            self.phase = Phase::Asking(asking);
            return;
        }
        let now = host::now();
        let Asking { whole, plan, mut purse, question } = *asking;
        let action = match question.answer(purse.shares(), status, size) {
            Some(standings) => {
                purse.told(standings);
                self.spend(whole, plan, purse, now)
            }
            None => self.spend_untold(whole, plan, purse, now),
        };
        if action == Action::Continue {
            let _ = host::resume_request();
        }
    }

    /// Nobody says what is left: the failure mode says what that means.
    fn spend_untold(&mut self, whole: Whole, plan: Plan, mut purse: Purse, since: u64) -> Action {
        purse.untold();
        match self.config.ledger.as_ref().map(|fleet| fleet.failure_mode) {
            Some(FailureMode::Deny) => self.refuse_whole(Error::ledger_unavailable(), &whole, since),
            Some(FailureMode::Allow) | None => self.spend(whole, plan, purse, since),
        }
    }

    /// It is known what is left: sends the request on its way, or another model's, or refuses it.
    fn spend(&mut self, whole: Whole, mut plan: Plan, mut purse: Purse, since: u64) -> Action {
        let refusal = loop {
            match purse.decide(&mut plan, since) {
                Decision::Go if self.hold(&mut purse, &whole, &plan, since) => break None,
                Decision::Go => {}
                Decision::Refuse(error) => break Some(error),
                Decision::Use(model) => match whole.plan(&self.config, self.identity.draw, &model) {
                    Ok(cheaper) => plan = cheaper,
                    Err(_) => break Some(purse.refused(since)),
                },
            }
        };
        if let Some(error) = refusal {
            self.meters.budgets(&purse, &whole.caller);
            return self.refuse_whole(error, &whole, since);
        }
        self.purse = purse;
        self.send(whole, plan, since)
    }

    fn hold(&self, purse: &mut Purse, whole: &Whole, plan: &Plan, since: u64) -> bool {
        let id = Hash::default().with(&self.identity.ticket.to_bytes()).finish();
        let most = |target: &Target| whole.ask.most(target.model.model.max_output, target.price.as_deref());
        purse.hold(&SharedData, plan, &most, id, since)
    }

    /// Counts what was spent, and ends what was held for it.
    pub(super) fn charge(&mut self, report: &mut Report, exchange: Option<&Exchange>) {
        if self.purse.is_empty() {
            return;
        }
        let served = exchange.and_then(Exchange::served);
        let (pico, now) = (report.charge.spent(), host::now());
        let tokens = report.usage.input.unwrap_or(0).saturating_add(report.usage.output.unwrap_or(0));
        if let Some(fleet) = &self.config.ledger {
            let amounts = self.purse.amounts(served.as_ref(), pico, tokens);
            let charges = self.purse.shares().iter().cloned().zip(amounts.iter().copied());
            ledger::charge(fleet, charges.filter(|(_, amount)| *amount > 0), now);
            self.purse.spent(&amounts);
        } else {
            self.purse.charge(&SharedData, served.as_ref(), pico, tokens, now);
        }
        report.budget_left = self.purse.left();
        if let Some(caller) = &report.caller {
            self.meters.budgets(&self.purse, caller);
        }
    }
}
