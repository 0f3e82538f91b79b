//! What the gateway says of itself in an answer's body: the JSON of `provider_metadata.gateway`.
//!
//! Vercel's gateway has the same members, so that tools which read its answers read ours.

use super::attempt::{Attempt, End};
use super::{Charge, Exchange};
use crate::chat::Raw;
use crate::chat::json::{ListWriter, ObjectWriter, object};
use crate::config::Expose;
use crate::meter::{Source, Usage, usd};
use crate::route::Target;

impl Exchange {
    /// In an answer of this usage that the attempt `index` gives; `None` where the client did not ask for it.
    pub fn metadata(&self, index: usize, usage: &Usage, now: u64) -> Option<Raw> {
        if !self.ask.wants_metadata() {
            return None;
        }
        let mut out = Vec::new();
        object(&mut out, |o| {
            let charge = self.with_attempts(|attempts| {
                let so_far = attempts.get(..=index).unwrap_or(attempts);
                if self.config.expose == Expose::Full {
                    o.object("routing", |o| self.routing(so_far, now, o));
                }
                so_far.last().and_then(|attempt| self.target(attempt)).map(|target| self.charge(target, usage))
            });
            o.set("generationId", &self.generation);
            charge.iter().for_each(|charge| money(charge, o));
        });
        Raw::parse(std::str::from_utf8(&out).ok()?)
    }

    fn routing(&self, attempts: &[Attempt], now: u64, o: &mut ObjectWriter<'_>) {
        let plan = &self.plan;
        let planned: Vec<&str> = plan.targets.iter().map(|target| target.provider.name.as_str()).collect();
        o.set("originalModelId", &self.ask.model);
        if let Some(first) = plan.targets.first() {
            o.set("resolvedProvider", &first.provider.name);
            o.set("resolvedProviderApiModelId", &first.sent);
        }
        let is_new = |(at, name): &(usize, &&str)| !planned.get(..*at).unwrap_or_default().contains(name);
        let fallbacks: Vec<&str> = planned.iter().enumerate().filter(is_new).map(|(_, name)| *name).skip(1).collect();
        o.set("fallbacksAvailable", fallbacks);
        o.set("planningReasoning", plan.to_string());
        o.set("canonicalSlug", &plan.asked.model.name);
        o.maybe("finalProvider", attempts.last().and_then(|last| self.target(last)).map(|last| &last.provider.name));
        let models = || attempts.chunk_by(|one, next| self.model(one) == self.model(next));
        o.set("modelAttemptCount", models().count());
        o.list("modelAttempts", |l| models().for_each(|attempts| self.model_attempt(attempts, now, l)));
        o.set("totalProviderAttemptCount", attempts.len());
    }

    /// The attempts on one public model.
    fn model_attempt(&self, attempts: &[Attempt], now: u64, l: &mut ListWriter<'_>) {
        l.object(|o| {
            o.maybe("canonicalSlug", attempts.first().and_then(|first| self.model(first)));
            o.set("success", attempts.iter().any(is_success));
            o.set("providerAttemptCount", attempts.len());
            o.list("providerAttempts", |l| attempts.iter().for_each(|attempt| self.provider_attempt(attempt, now, l)));
        });
    }

    /// Failures are told by the words of `x-tollgate-error`: a provider's own may tell something of its account.
    fn provider_attempt(&self, attempt: &Attempt, now: u64, l: &mut ListWriter<'_>) {
        const MILLISECOND: u64 = 1_000_000;
        let Some(target) = self.target(attempt) else { return };
        let (error, ended) = match &attempt.end {
            End::Failed(failure) => (Some(failure.error.class.word()), attempt.ended),
            _ => (None, Some(now)),
        };
        l.object(|o| {
            o.set("provider", &target.provider.name);
            o.set("credentialType", if target.lent.is_some() { "byok" } else { "system" });
            o.set("success", is_success(attempt));
            o.set("startTime", attempt.started / MILLISECOND);
            o.maybe("endTime", ended.map(|ended| ended / MILLISECOND));
            o.maybe("statusCode", attempt.answered);
            o.maybe("error", error);
            o.maybe("providerRequestId", attempt.request_id.as_deref());
            o.set("providerApiModelId", &target.sent);
        });
    }

    fn target(&self, attempt: &Attempt) -> Option<&Target> {
        self.plan.targets.get(attempt.target)
    }

    fn model(&self, attempt: &Attempt) -> Option<&str> {
        Some(self.target(attempt)?.model.model.name.as_str())
    }
}

/// What it cost, where that is known. `marketCost` is what a caller pays its provider itself.
fn money(charge: &Charge, o: &mut ObjectWriter<'_>) {
    o.maybe("cost", charge.spent().map(usd));
    if charge.is_byok {
        o.maybe("marketCost", charge.cost.map(|cost| usd(cost.pico)));
    }
    o.maybe("costSource", charge.source().map(Source::word));
}

/// Of an attempt whose answer is being written: one that failed came before it.
fn is_success(attempt: &Attempt) -> bool {
    !matches!(attempt.end, End::Failed(_) | End::Broken(_))
}

#[cfg(test)]
mod tests;
