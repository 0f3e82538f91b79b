//! The gateway role: once per request. It reads the head and the body, makes the plan, and writes the report.

mod limits;
mod spending;

use super::meters::Meters;
use super::routing::{self, Whole};
use super::{Timed, health, host, table, wait};
use crate::access::Caller;
use crate::config::Config;
use crate::dialect::Client;
use crate::dialect::heard::{encode_error, status as status_for};
use crate::error::{Class, Error};
use crate::exchange::{
    Admission, Admitted, End, Ended, Entered, Exchange, Purse, Refused, Report, admit, from_envoy, record,
};
use crate::generation;
use crate::http::{Headers, encode};
use crate::route::{Ask, Plan};
use host::{Buffer, Map};
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use spending::Asking;
use std::rc::Rc;

/// One request.
pub struct Gateway {
    config: Rc<Config>,
    meters: Rc<Meters>,
    identity: table::Identity,
    started: u64,
    phase: Phase,
    /// What the request may spend.
    purse: Purse,
    /// What the request has taken of its limits.
    entered: Option<Entered>,
    in_flight: bool,
    /// Nanoseconds in our callbacks, before there is an exchange to count them.
    spent: u64,
}

enum Phase {
    /// The head has not come.
    Waiting,
    /// The body is arriving.
    Reading(Box<Reading>),
    /// The fleet's ledger is asked what is left of budgets.
    Asking(Box<Asking>),
    /// A provider answers, or will.
    Routed(Rc<Exchange>),
    /// We answered; the report is ready.
    Answered(Box<Report>),
    /// The report has been written.
    Reported,
}

struct Reading {
    admitted: Admitted,
    headers: Headers,
}

impl Gateway {
    /// A request that has just come.
    pub fn new(config: Rc<Config>, meters: Rc<Meters>) -> Gateway {
        let started = host::now();
        let identity = table::identity(started);
        Gateway {
            config,
            meters,
            identity,
            started,
            phase: Phase::Waiting,
            purse: Purse::default(),
            entered: None,
            in_flight: false,
            spent: 0,
        }
    }

    /// Answers with an error of ours, and prepares the report.
    fn refuse(&mut self, refused: Refused, ask: Option<&Ask>, since: u64, headers: &Headers) -> Action {
        let mut report = self.own_report(Some(&refused.error), since, headers);
        report.client = refused.client;
        report.caller = refused.caller;
        report.operation = refused.operation;
        report.status = Some(status_for(refused.client, &refused.error));
        ask.into_iter().for_each(|ask| report.ask(ask));
        self.answer_error(&refused.error, report)
    }

    /// The report of a request that no provider gets; `since` is when the callback began that ends it.
    fn own_report(&self, error: Option<&Error>, since: u64, headers: &Headers) -> Report {
        let now = host::now();
        let mut report = Report::refused(self.started, self.identity.generation.clone(), now, error);
        report.request_id = headers.text("x-request-id").map(str::to_owned);
        report.overhead_us = self.spent.saturating_add(now.saturating_sub(since)) / 1_000;
        report
    }

    fn answer_error(&mut self, error: &Error, report: Report) -> Action {
        let model = report.model_asked.as_deref().unwrap_or_default();
        let told = [("x-tollgate-generation", self.identity.generation.clone())];
        respond(report.client, error, &self.identity.generation, model, &told);
        self.phase = Phase::Answered(Box::new(report));
        Action::Pause
    }

    fn answer(&mut self, body: &[u8], caller: Option<Caller>, headers: &Headers) -> Action {
        let mut report = self.own_report(None, self.started, headers);
        report.status = Some(200);
        report.caller = caller;
        self.phase = Phase::Answered(Box::new(report));
        let json: &[(&[u8], &[u8])] = &[(b"content-type", b"application/json")];
        let json = if body.is_empty() { &[] } else { json };
        let generation = [(&b"x-tollgate-generation"[..], self.identity.generation.as_bytes())];
        let head = encode(json.iter().chain(&generation).copied());
        let _ = host::respond(200, "tollgate", &head, body);
        Action::Pause
    }

    /// Reads what has come of the body; `size` is all of it so far.
    fn read(&mut self, size: usize, end: bool) -> Action {
        let Phase::Reading(reading) = &mut self.phase else { return Action::Continue };
        let since = host::now();
        let limit = self.config.request_body_limit;
        let seen = reading.admitted.reader.length();
        let outcome = if size as u64 > limit {
            Err(Error::too_large(limit))
        } else {
            let chunk = host::body(Buffer::RequestBody, seen, size.saturating_sub(seen));
            reading.admitted.reader.feed(&chunk)
        };
        // Whatever is wrong with the first piece of a body that is too large: it is too large, however it is cut.
        let is_declared_large = reading.admitted.declared.is_some_and(|declared| declared > limit);
        let outcome = outcome.map_err(|error| if is_declared_large { Error::too_large(limit) } else { error });
        match outcome {
            Ok(()) if !end => {
                self.spent = self.spent.saturating_add(host::now().saturating_sub(since));
                Action::Pause
            }
            Ok(()) => self.route(since),
            Err(error) => self.refuse_reading(error, since),
        }
    }

    fn refuse_reading(&mut self, error: Error, since: u64) -> Action {
        let Phase::Reading(reading) = std::mem::replace(&mut self.phase, Phase::Waiting) else { return Action::Pause };
        let Admitted { client, caller, operation, .. } = reading.admitted;
        let refused = Refused { client, error, caller: Some(caller), operation: Some(operation) };
        self.refuse(refused, None, since, &reading.headers)
    }

    /// The request is whole: makes the plan and sends the request on its way.
    fn route(&mut self, since: u64) -> Action {
        let Phase::Reading(reading) = std::mem::replace(&mut self.phase, Phase::Waiting) else { return Action::Pause };
        let Reading { admitted, headers } = *reading;
        let mut whole = match Whole::read(admitted, headers) {
            Ok(whole) => whole,
            Err(unread) => return self.refuse(unread.refused, None, since, &unread.headers),
        };
        let attributed = whole.attribute();
        match attributed.and_then(|()| whole.plan(&self.config, self.identity.draw, &whole.ask.model)) {
            Ok(plan) => self.afford(whole, plan, since),
            Err(error) => self.refuse_whole(error, &whole, since),
        }
    }

    fn refuse_whole(&mut self, error: Error, whole: &Whole, since: u64) -> Action {
        self.refuse(whole.refused(error), Some(&whole.ask), since, &whole.headers)
    }

    /// Begins the exchange.
    fn send(&mut self, whole: Whole, plan: Plan, since: u64) -> Action {
        if let Err(error) = self.enter(&whole, &plan, since) {
            return self.refuse_whole(error, &whole, since);
        }
        let identity = (self.identity.generation.clone(), self.started);
        let Whole { caller, ask, headers, .. } = whole;
        let exchange =
            Rc::new(Exchange::new(identity, self.config.clone(), caller, ask, plan, headers, health::shared()));
        routing::send(&exchange, self.identity.ticket);
        wait::keep_places(since);
        exchange.overhead.set(self.spent);
        table::insert(self.identity.ticket, exchange.clone());
        drop(Timed::since(&exchange, since));
        self.phase = Phase::Routed(exchange);
        Action::Continue
    }

    /// The head of a response that a provider let through, or of one that Envoy made by itself.
    fn respond_routed(&mut self, exchange: &Rc<Exchange>) -> Action {
        let served = exchange.with_attempts(|attempts| {
            attempts.last().is_some_and(|attempt| !matches!(attempt.end, End::Running | End::Failed(_)))
        });
        if served {
            let _timed = Timed::new(exchange);
            let limits = self.replace_limits(exchange.ask.client);
            let own = exchange.headers().into_iter().chain(self.purse.headers(self.started));
            for (name, value) in own.chain(limits) {
                let _ = host::set_header(Map::ResponseHeaders, name, value.as_bytes());
            }
            return Action::Continue;
        }
        let head = host::headers(Map::ResponseHeaders);
        if is_overflow() {
            exchange.overflow();
        }
        let error = lost(&head).or_else(overdue).unwrap_or_else(|| exchange.final_error(status(&head)));
        if exchange.misconfigured().is_some() || is_cluster_missing() {
            super::meters::count(crate::metric::Family::Misconfigured, &[("reason", "cluster")]);
        }
        let client = exchange.ask.client;
        let report = exchange.report(host::now(), Some(status_for(client, &error)), Some(&error));
        self.phase = Phase::Answered(Box::new(report));
        let told: Vec<_> = exchange.headers().into_iter().chain(self.limit_headers(client)).collect();
        respond(client, &error, &exchange.generation, &exchange.ask.model, &told);
        Action::Pause
    }
}

/// The status that Envoy was about to send.
fn envoys_status() -> u16 {
    status(&host::headers(Map::ResponseHeaders))
}

fn status(head: &Headers) -> u16 {
    head.text(":status").and_then(|status| status.parse().ok()).unwrap_or(503)
}

/// The upstream role is in another VM and does not know the exchange: it said so in a header of its answer (of a
/// provider's answer these headers never get here), and has counted it. Or Envoy had no cluster of the target's name.
fn lost(head: &Headers) -> Option<Error> {
    if head.get("x-tollgate-error") == Some(Class::Misconfigured.word().as_bytes()) {
        return Some(Error::misconfigured(
            "The exchange is not known to the provider's filter: its VM is another one.",
        ));
    }
    is_cluster_missing().then(|| Error::misconfigured("Envoy has no cluster for the target."))
}

/// What Envoy says about an answer of its own.
fn details() -> Vec<u8> {
    host::property("response\0code_details").unwrap_or_default()
}

fn is_cluster_missing() -> bool {
    details() == b"cluster_not_found"
}

/// A circuit breaker of the cluster was open.
fn is_overflow() -> bool {
    details().ends_with(b"{overflow}")
}

/// The time was over that Envoy gives to all attempts together, or to silence, whatever they have said until then.
fn overdue() -> Option<Error> {
    matches!(&*details(), b"response_timeout" | b"stream_idle_timeout").then(|| from_envoy(504))
}

/// Refuses an attempt. The gateway role, which knows the client, answers in its own words instead.
pub fn deny(error: &Error) {
    respond(Client::OpenAi, error, "", "", &[]);
}

/// Answers with an error, in the client's shape.
fn respond(client: Client, error: &Error, generation: &str, model: &str, more: &[(&'static str, String)]) {
    let own = error.headers();
    let json: (&[u8], &[u8]) = (b"content-type", b"application/json");
    let told = own.iter().chain(more).map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let head = encode(std::iter::once(json).chain(told));
    let body = encode_error(client, error, generation, model);
    let _ = host::respond(status_for(client, error), error.class.word(), &head, &body);
}

impl Context for Gateway {
    fn on_grpc_call_response(&mut self, call: u32, status: u32, size: usize) {
        self.answered(call, status, size);
    }

    fn on_done(&mut self) -> bool {
        table::remove(self.identity.ticket);
        if self.in_flight {
            self.meters.in_flight(-1);
        }
        true
    }
}

impl HttpContext for Gateway {
    fn on_http_request_headers(&mut self, _: usize, end: bool) -> Action {
        let headers = host::headers(Map::RequestHeaders);
        match admit(&self.config, &headers, end, &health::SharedData, self.started) {
            Ok(Admission::Read(admitted)) => {
                self.spent = host::now().saturating_sub(self.started);
                self.phase = Phase::Reading(Box::new(Reading { admitted: *admitted, headers }));
                self.in_flight = true;
                self.meters.in_flight(1);
                Action::Pause
            }
            Ok(Admission::Answer(body, caller)) => self.answer(&body, caller, &headers),
            Ok(Admission::Credits(client, caller)) => self.credits(client, caller, headers),
            Err(refused) => self.refuse(*refused, None, self.started, &headers),
        }
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        match self.phase {
            Phase::Routed(_) => Action::Continue,
            _ => {
                let action = self.read(size, end);
                if matches!(self.phase, Phase::Answered(_)) { Action::Pause } else { action }
            }
        }
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        if let Phase::Reading(reading) = &self.phase {
            // The body ended without the body callback seeing it.
            let rest = host::body(Buffer::RequestBody, reading.admitted.reader.length(), usize::MAX >> 1).len();
            let size = reading.admitted.reader.length().saturating_add(rest);
            return self.read(size, true);
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        match &self.phase {
            Phase::Routed(exchange) => {
                let exchange = exchange.clone();
                self.respond_routed(&exchange)
            }
            // Envoy answered while the request was still arriving: too large, too slow.
            Phase::Reading(_) => self.refuse_reading(from_envoy(envoys_status()), host::now()),
            Phase::Asking(_) | Phase::Waiting | Phase::Answered(_) | Phase::Reported => Action::Continue,
        }
    }

    fn on_log(&mut self) {
        let report = match std::mem::replace(&mut self.phase, Phase::Reported) {
            Phase::Answered(mut report) => {
                self.charge(&mut report, None);
                *report
            }
            Phase::Routed(exchange) => {
                let now = host::now();
                exchange.close(now);
                let mut report = exchange.report(now, exchange.status(), None);
                self.charge(&mut report, Some(&exchange));
                report
            }
            // The client left before its request was whole, or on its way.
            Phase::Reading(reading) => {
                let mut report = self.own_report(None, host::now(), &reading.headers);
                report.ended = Ended::ClientLeft;
                report.caller = Some(reading.admitted.caller);
                report.operation = Some(reading.admitted.operation);
                report
            }
            Phase::Asking(asking) => self.left(asking.asker),
            Phase::Waiting | Phase::Reported => return,
        };
        if let Some(entered) = self.entered.take() {
            entered.settle(report.tokens(), host::now());
        }
        if report.operation.is_some() || report.error.is_some() {
            self.meters.write(&report);
        }
        if let Some(record) = record(&report, &self.config) {
            generation::keep(&health::SharedData, &record);
        }
        let _ = host::set_property(table::LOG, &report.line(&self.config));
        health::show();
    }
}
