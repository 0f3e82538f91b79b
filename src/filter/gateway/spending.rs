//! Budgets: what a request may spend, between its plan and its way, and what it has spent, at its end.

use super::super::health::SharedData;
use super::super::routing::Whole;
use super::super::{host, ledger};
use super::{Gateway, Phase};
use crate::access::Caller;
use crate::dialect::Client;
use crate::error::Error;
use crate::exchange::{Decision, Ended, Exchange, Purse, Refused, Report, credits};
use crate::http::Headers;
use crate::meter::fleet::FailureMode;
use crate::route::{Hash, Plan, Target};
use ledger::Question;
use proxy_wasm::types::Action;

/// A request for which the fleet's ledger is asked what is left.
pub struct Asking {
    pub asker: Asker,
    purse: Purse,
    question: Question,
}

/// What is asked for.
pub enum Asker {
    /// A request that wants to go on its way.
    Request(Box<(Whole, Plan)>),
    /// `GET /v1/credits`.
    Credits(Client, Caller, Headers),
}

impl Gateway {
    /// Who may serve is known: looks whether anything is left for it, where budgets apply.
    pub(super) fn afford(&mut self, whole: Whole, plan: Plan, since: u64) -> Action {
        let mut purse = Purse::of(&self.config, &whole.caller, &whole.ask);
        if purse.is_empty() {
            return self.send(whole, plan, since);
        }
        if self.config.ledger.is_some() {
            return self.ask_ledger(Asker::Request(Box::new((whole, plan))), purse, since);
        }
        purse.look(&SharedData, since);
        self.spend(whole, plan, purse, since)
    }

    /// Somebody asks what it may still spend, and the fleet's ledger knows.
    pub(super) fn credits(&mut self, client: Client, caller: Caller, headers: Headers) -> Action {
        let purse = Purse::of_account(&self.config, &caller);
        if purse.is_empty() {
            return self.answer(&credits(&purse, self.started), Some(caller), &headers);
        }
        self.ask_ledger(Asker::Credits(client, caller, headers), purse, self.started)
    }

    fn ask_ledger(&mut self, asker: Asker, purse: Purse, since: u64) -> Action {
        let asked = self.config.ledger.as_ref().and_then(|fleet| ledger::ask(fleet, purse.shares(), since));
        match asked {
            Some(question) => {
                self.phase = Phase::Asking(Box::new(Asking { asker, purse, question }));
                Action::Pause
            }
            None => self.untold(asker, purse, since),
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
        let Asking { asker, mut purse, question } = *asking;
        let Some(standings) = question.answer(purse.shares(), status, size) else {
            self.go_on(|gateway| gateway.untold(asker, purse, now));
            return;
        };
        purse.told(standings);
        self.go_on(|gateway| match asker {
            Asker::Request(request) => gateway.spend(request.0, request.1, purse, now),
            Asker::Credits(_, caller, headers) => gateway.answer(&credits(&purse, now), Some(caller), &headers),
        });
    }

    /// The request was held until now.
    fn go_on(&mut self, with: impl FnOnce(&mut Gateway) -> Action) {
        if with(self) == Action::Continue {
            let _ = host::resume_request();
        }
    }

    /// Nobody says what is left: the failure mode says what that means.
    fn untold(&mut self, asker: Asker, mut purse: Purse, since: u64) -> Action {
        purse.untold();
        let mode = self.config.ledger.as_ref().map(|fleet| fleet.failure_mode);
        match (asker, mode) {
            (Asker::Request(request), Some(FailureMode::Allow) | None) => {
                self.spend(request.0, request.1, purse, since)
            }
            (Asker::Request(request), Some(FailureMode::Deny)) => {
                self.refuse_whole(Error::ledger_unavailable(), &request.0, since)
            }
            (Asker::Credits(client, caller, headers), _) => {
                let error = Error::ledger_unavailable();
                let refused = Refused { client, error, caller: Some(caller), operation: None };
                self.refuse(refused, None, since, &headers)
            }
        }
    }

    /// It is known what is left: sends the request on its way, or another model's, or refuses it.
    fn spend(&mut self, whole: Whole, mut plan: Plan, mut purse: Purse, since: u64) -> Action {
        // Each round settles one budget at least; that is not for a worker to rely on.
        let mut rounds = purse.shares().len().saturating_mul(2);
        let refusal = loop {
            match purse.decide(&mut plan, since) {
                Decision::Go if self.hold(&mut purse, &whole, &plan, since) => break None,
                Decision::Refuse(error) => break Some(error),
                _ if rounds == 0 => break Some(purse.refused(since)),
                Decision::Go => {}
                Decision::Use(model) => match whole.plan(&self.config, self.identity.draw, &model) {
                    Ok(cheaper) => plan = cheaper,
                    Err(_) => break Some(purse.refused(since)),
                },
            }
            rounds = rounds.saturating_sub(1);
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

    /// The report of who left before the ledger had answered.
    pub(super) fn left(&self, asker: Asker) -> Report {
        let of = |headers, caller| {
            let mut report = self.own_report(None, host::now(), headers);
            report.ended = Ended::ClientLeft;
            report.caller = Some(caller);
            report
        };
        match asker {
            Asker::Credits(_, caller, headers) => of(&headers, caller),
            Asker::Request(request) => {
                let mut report = of(&request.0.headers, request.0.caller);
                report.ask(&request.0.ask);
                report
            }
        }
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
