//! What is known when an exchange ends: made once, then written to metrics and log.

use super::attempt::{Attempt, End};
use super::{Charge, Exchange};
use crate::access::Caller;
use crate::config::{Config, Credentials, Expose, Listed};
use crate::dialect::Client;
use crate::error::{Class, Error};
use crate::meter::{Usage, estimate, usd};
use crate::operation::Operation;
use crate::route::{Ask, Target};
use std::borrow::Cow;

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// The client has the whole answer.
    Complete,
    /// The client went away.
    ClientLeft,
    /// The provider stopped in the middle.
    UpstreamCut,
    /// We answered instead of any provider.
    Refused,
    /// Every attempt failed.
    Failed,
}

impl Ended {
    /// The word in the log's `ended`.
    pub fn word(self) -> &'static str {
        match self {
            Ended::Complete => "complete",
            Ended::ClientLeft => "client_left",
            Ended::UpstreamCut => "upstream_cut",
            Ended::Refused => "refused",
            Ended::Failed => "failed",
        }
    }

    /// The word in the `outcome` label.
    pub fn outcome(self) -> &'static str {
        match self {
            Ended::Complete => "ok",
            Ended::ClientLeft => "client_left",
            Ended::UpstreamCut => "cut",
            Ended::Refused => "refused",
            Ended::Failed => "failed",
        }
    }
}

/// One attempt, as metrics count it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Where its model's name stands.
    pub model: Option<Listed>,
    /// Index into `Config::providers`.
    pub provider: usize,
    /// Whose fault; `None` when it served or is unknown.
    pub class: Option<Class>,
}

/// Everything known about an exchange at its end. Absent is absent, not zero.
#[derive(Clone, Debug)]
pub struct Report {
    /// When the request's head came, in nanoseconds since 1970.
    pub started: u64,
    /// `gen_...`
    pub generation: String,
    /// Envoy's `x-request-id`.
    pub request_id: Option<String>,
    /// Whose format the request is in.
    pub client: Client,
    /// Who asked, if known.
    pub caller: Option<Caller>,
    /// For what, if an operation was found.
    pub operation: Option<Operation>,
    /// Whether a stream was asked for.
    pub stream: Option<bool>,
    /// For attribution.
    pub user: Option<String>,
    /// For attribution.
    pub tags: Vec<String>,
    /// The name in the request.
    pub model_asked: Option<String>,
    /// The public name that served, or of the last attempt.
    pub model: Option<String>,
    /// Where that name stands: the label.
    pub model_listed: Option<Listed>,
    /// The name sent to the provider.
    pub model_sent: Option<String>,
    /// The name that the provider answered with.
    pub model_answered: Option<String>,
    /// Index into `Config::providers` of who served, or was tried last.
    pub provider: Option<usize>,
    /// Name of that provider's credential: an index, `none`, `envoy` or `gcp`.
    pub credential: Option<String>,
    /// The plan's text.
    pub plan: Option<String>,
    /// `openai:429,azure:200`
    pub attempts: Option<String>,
    /// The attempts, for metrics.
    pub tried: Vec<Tried>,
    /// The provider's own id.
    pub provider_request_id: Option<String>,
    /// What the client got.
    pub status: Option<u16>,
    /// Whose fault, when it failed.
    pub error: Option<Class>,
    /// Why the answer ended, in the provider's word or OpenAI's.
    pub finish: Option<Cow<'static, str>>,
    /// Milliseconds to the first byte of the answer.
    pub ttft_ms: Option<u64>,
    /// Milliseconds in all.
    pub duration_ms: u64,
    /// Milliseconds from the first byte to the end, where an answer came.
    pub answering_ms: Option<u64>,
    /// Microseconds inside our own callbacks.
    pub overhead_us: u64,
    /// Tokens; what the provider did not tell of an answer is estimated.
    pub usage: Usage,
    /// What they cost; unknown where no answer was let through.
    pub charge: Charge,
    /// What they would have cost without the provider's cache, in pico-USD.
    pub uncached: Option<u64>,
    /// Whether it told nothing of an answer that came to its end, or that it broke off itself.
    pub usage_missing: bool,
    /// Whether the last attempt left out reasoning, its signatures, or the wish to think.
    pub reasoning_dropped: bool,
    /// Pico-USD that are left of the tightest budget of money.
    pub budget_left: Option<u64>,
    /// How it ended.
    pub ended: Ended,
}

impl Report {
    /// The report of a request that we refused or answered ourselves.
    pub fn refused(started: u64, generation: String, now: u64, error: Option<&Error>) -> Report {
        Report {
            started,
            generation,
            request_id: None,
            client: Client::OpenAi,
            caller: None,
            operation: None,
            stream: None,
            user: None,
            tags: Vec::new(),
            model_asked: None,
            model: None,
            model_listed: None,
            model_sent: None,
            model_answered: None,
            provider: None,
            credential: None,
            plan: None,
            attempts: None,
            tried: Vec::new(),
            provider_request_id: None,
            status: error.map(|error| error.status),
            error: error.map(|error| error.class),
            finish: None,
            ttft_ms: None,
            duration_ms: now.saturating_sub(started) / 1_000_000,
            answering_ms: None,
            overhead_us: 0,
            usage: Usage::default(),
            charge: Charge::default(),
            uncached: None,
            usage_missing: false,
            reasoning_dropped: false,
            budget_left: None,
            ended: if error.is_some() { Ended::Refused } else { Ended::Complete },
        }
    }

    /// Input and output together; `None` where the provider told neither. What nobody served and what counts tokens needed
    /// none.
    pub fn tokens(&self) -> Option<u64> {
        let is_unserved = matches!(self.ended, Ended::Refused | Ended::Failed);
        match (self.usage.input, self.usage.output) {
            _ if self.operation == Some(Operation::CountTokens) => Some(0),
            (None, None) => is_unserved.then_some(0),
            (input, output) => Some(input.unwrap_or(0).saturating_add(output.unwrap_or(0))),
        }
    }

    /// Adds what the request said.
    pub fn ask(&mut self, ask: &Ask) {
        self.client = ask.client;
        self.operation = Some(ask.operation);
        self.stream = Some(ask.stream);
        self.model_asked = Some(ask.model.clone());
        self.user.clone_from(&ask.options.user);
        self.tags.clone_from(&ask.options.tags);
    }
}

impl Exchange {
    /// The report of an exchange. `refusal` is the final error that we answered with, if we did.
    pub fn report(&self, now: u64, status: Option<u16>, refusal: Option<&Error>) -> Report {
        self.with_attempts(|attempts| {
            let last = attempts.last();
            let target = last.and_then(|attempt| self.plan.targets.get(attempt.target));
            let (ended, class) = ended(last, refusal);
            let mut report = Report::refused(self.started, self.generation.clone(), now, refusal);
            report.caller = Some(self.caller.clone());
            report.ask(&self.ask);
            report.request_id = self.pristine.text("x-request-id").map(str::to_owned);
            let resolved = target.map_or(&self.plan.asked, |target| &target.model);
            report.model = Some(resolved.model.name.clone());
            report.model_listed = resolved.listed;
            report.model_sent = target.map(|target| target.sent.clone());
            report.provider = target.map(|target| target.provider_id);
            report.credential = last.zip(target).map(|(attempt, target)| credential(attempt, target));
            report.plan = Some(self.plan.to_string());
            report.attempts = (!attempts.is_empty()).then(|| self.attempts_text());
            report.tried = attempts.iter().filter_map(|attempt| self.tried(attempt)).collect();
            if let Some(attempt) = last {
                report.model_answered.clone_from(&attempt.answered_model);
                report.provider_request_id.clone_from(&attempt.request_id);
                report.usage = self.usage(attempt, ended);
                report.usage_missing = attempt.usage.is_empty()
                    && self.ask.operation.tells_usage()
                    && matches!(ended, Ended::Complete | Ended::UpstreamCut);
                report.charge = self.charge_of(attempt, &report.usage).unwrap_or_default();
                report.uncached = target.and_then(|target| self.uncached(target, &report.usage));
                report.finish.clone_from(&attempt.finish);
                report.reasoning_dropped =
                    attempt.is_unsealed || attempt.dropped.iter().any(|field| field == "reasoning");
                let since = |from: u64, to: u64| to.saturating_sub(from) / 1_000_000;
                report.ttft_ms = attempt.first_byte.map(|first| since(self.started, first));
                report.answering_ms = attempt.first_byte.map(|first| since(first, now));
            }
            report.status = status;
            report.error = class;
            report.overhead_us = self.overhead.get() / 1_000;
            report.ended = ended;
            report
        })
    }

    /// The tokens of an attempt. An answer that never began is not charged for.
    fn usage(&self, attempt: &Attempt, ended: Ended) -> Usage {
        let mut usage = attempt.usage.clone();
        let operation = self.ask.operation;
        if attempt.first_byte.is_some() && operation.tells_usage() {
            let seen = estimate::Seen {
                input: self.ask.input_estimate,
                said: attempt.said,
                is_whole: ended == Ended::Complete,
                has_output: !operation.is_embedding(),
            };
            estimate::fill(&mut usage, seen);
        }
        usage
    }

    fn tried(&self, attempt: &Attempt) -> Option<Tried> {
        let target = self.plan.targets.get(attempt.target)?;
        let class = match &attempt.end {
            End::Failed(failure) => Some(failure.error.class),
            End::Broken(class) => Some(*class),
            End::Running | End::Answering | End::Complete => None,
        };
        Some(Tried { model: target.model.listed, provider: target.provider_id, class })
    }

    /// `openai:429,azure-eastus:timeout,anthropic:200`: every attempt in order, the one that served included.
    pub fn attempts_text(&self) -> String {
        self.with_attempts(|attempts| {
            let mut text = String::with_capacity(attempts.len() * 24);
            for attempt in attempts {
                let Some(target) = self.plan.targets.get(attempt.target) else { continue };
                let word = match &attempt.end {
                    End::Failed(failure) => &*failure.word,
                    End::Running => "pending",
                    End::Broken(Class::Cut) => "cut",
                    End::Answering | End::Complete | End::Broken(_) => "200",
                };
                let comma = if text.is_empty() { "" } else { "," };
                text.extend([comma, &target.provider.name, ":", word]);
            }
            text
        })
    }

    /// Headers that tell the client who answered and what that cost; neither provider nor attempts where the configuration
    /// says `expose: minimal`.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![("x-tollgate-generation", self.generation.clone())];
        let served = self.with_attempts(|attempts| {
            let attempt = attempts.last()?;
            let dropped = (!attempt.dropped.is_empty()).then(|| attempt.dropped.join(","));
            let is_known = attempt.end == End::Complete && !self.ask.stream;
            let cost = self.charge_of(attempt, &attempt.usage).filter(|_| is_known).and_then(|charge| charge.spent());
            Some((self.plan.targets.get(attempt.target)?, attempt.request_id.clone(), dropped, cost))
        });
        let Some((target, request_id, dropped, cost)) = served else { return headers };
        headers.push(("x-tollgate-model", target.model.model.name.clone()));
        if matches!(self.ask.client, Client::AiSdk(_)) {
            headers.push(("x-model-id", target.model.model.name.clone()));
        }
        headers.extend(cost.map(|pico| ("x-tollgate-cost", usd(pico))));
        headers.extend(dropped.map(|fields| ("x-tollgate-dropped-params", fields)));
        if self.config.expose == Expose::Full {
            headers.push(("x-tollgate-provider", target.provider.name.clone()));
            headers.push(("x-tollgate-attempts", self.attempts_text()));
            headers.extend(request_id.map(|id| ("x-tollgate-provider-request-id", id)));
            if self.pristine.get("x-tollgate-explain") == Some(b"1") {
                headers.push(("x-tollgate-plan", self.plan.to_string()));
            }
        }
        headers
    }
}

fn credential(attempt: &Attempt, target: &Target) -> String {
    match (&target.provider.credentials, attempt.credential) {
        _ if target.lent.is_some() => "byok".to_owned(),
        (Credentials::Secrets(_), Some(index)) => index.to_string(),
        (Credentials::Envoy, _) => "envoy".to_owned(),
        (Credentials::GcpMetadata { .. }, _) => "gcp".to_owned(),
        _ => "none".to_owned(),
    }
}

fn ended(last: Option<&Attempt>, refusal: Option<&Error>) -> (Ended, Option<Class>) {
    if let Some(error) = refusal {
        return (Ended::Failed, Some(error.class));
    }
    match last.map(|attempt| (&attempt.end, attempt.is_whole)) {
        Some((End::Complete, _) | (End::Answering, true)) => (Ended::Complete, None),
        Some((End::Broken(class), _)) => (Ended::UpstreamCut, Some(*class)),
        // An answer that neither ended nor broke: the client was faster to leave than the provider to end.
        _ => (Ended::ClientLeft, None),
    }
}

/// The configured name of a provider, by its index.
pub fn provider_name(config: &Config, index: usize) -> &str {
    config.providers.get(index).map_or("other", |provider| provider.name.as_str())
}

#[cfg(test)]
mod tests;
