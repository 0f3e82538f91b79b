//! The attempts of an exchange: which step is next, and what became of each.
//!
//! Envoy decides when to try again (its retry policy, which looks for our `x-tollgate-retry`); this decides with whom,
//! and whether there is anybody left.

use super::Exchange;
use super::step::Step;
use crate::config::{Expose, Secret};
use crate::dialect::Failure;
use crate::dialect::passing::Learnt;
use crate::error::Class;
use crate::health::{Place, Tried};
use crate::meter::Usage;
use crate::route::Target;
use std::borrow::Cow;
use std::time::Duration;

/// One try of one target.
#[derive(Debug)]
pub struct Attempt {
    /// Index into the plan's targets.
    pub target: usize,
    /// Index of the provider's secret.
    pub credential: Option<usize>,
    /// Whether its request goes without seals.
    pub is_unsealed: bool,
    /// What of the request its target does not know: harmless losses, in the client's words.
    pub dropped: Vec<Cow<'static, str>>,
    /// In nanoseconds since 1970.
    pub started: u64,
    /// When it failed, in nanoseconds since 1970.
    pub ended: Option<u64>,
    /// When the first byte of the answer went on, in nanoseconds since 1970.
    pub first_byte: Option<u64>,
    /// The status that the client got, where an answer was let through.
    pub status: Option<u16>,
    /// The status that the provider answered with.
    pub answered: Option<u16>,
    /// The provider's own id.
    pub request_id: Option<String>,
    /// The model that the provider said it used.
    pub answered_model: Option<String>,
    /// What it cost in tokens, as far as its provider told.
    pub usage: Usage,
    /// Bytes that its answer said since then.
    pub said: u64,
    /// Why its answer ended, in the provider's word or OpenAI's.
    pub finish: Option<Cow<'static, str>>,
    /// Whether its terminal event has passed. SDKs hang up at `[DONE]`, before the body's own end.
    pub is_whole: bool,
    /// What became of it.
    pub end: End,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing yet.
    Running,
    /// Its answer is passing through, or was cut without a word (the attempt's context ended first).
    Answering,
    /// Its answer came to its end.
    Complete,
    /// Its answer ended without its terminal event, or with an error, after the first byte went to the client.
    Broken(Class),
    /// It failed before anything reached the client.
    Failed(Failure),
}

/// What an attempt needs to begin.
#[derive(Debug)]
pub struct Begun<'a> {
    /// Names the attempt in later calls.
    pub index: usize,
    /// Index into the plan's targets.
    pub target_index: usize,
    /// Who is tried.
    pub target: &'a Target,
    /// With what.
    pub secret: Option<&'a Secret>,
    /// Whether its request goes without seals.
    pub is_unsealed: bool,
}

/// Why an attempt must not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The plan is over; Envoy retries resets and timeouts without knowing it.
    PlanOver,
    /// Envoy is at another cluster than the target's: it would send one provider's key to another.
    WrongCluster,
    /// The target's token has not come yet, or no more.
    NoToken,
}

/// What follows a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Envoy shall try again, at the cluster that `Exchange::next_cluster` names, after this wait.
    Retry(Option<Duration>),
    /// This was the last attempt.
    Final,
}

#[derive(Debug)]
pub(super) struct Progress {
    pub(super) attempts: Vec<Attempt>,
    pub(super) misconfigured: Option<&'static str>,
    pub(super) next: Option<Step>,
    /// The place that the next attempt has, or the one under way, where places are counted.
    pub(super) place: Option<Place>,
    /// Targets that have made way for others, because they were full: tried when nothing else is left.
    pub(super) full: Vec<usize>,
    /// The client has gone, or has its answer: what attempts come to now is nobody's failure.
    closed: bool,
}

impl Progress {
    pub(super) fn new(place: Option<Place>) -> Progress {
        let next = Some(Step::at(0));
        Progress { attempts: Vec::new(), misconfigured: None, next, place, full: Vec::new(), closed: false }
    }
}

/// Longest `retry-after` that a plan of one target waits for.
const SHORT_WAIT: Duration = Duration::from_secs(2);

impl Exchange {
    /// Begins the next attempt, if the plan has one and Envoy is at its cluster.
    pub fn begin(&self, cluster: &[u8], now: u64) -> Result<Begun<'_>, Denied> {
        let mut progress = self.progress.borrow_mut();
        let Some((step, target)) = progress.next.and_then(|step| Some((step, self.plan.targets.get(step.target)?)))
        else {
            return Err(Denied::PlanOver);
        };
        if target.provider.cluster.as_bytes() != cluster {
            progress.misconfigured = Some("Envoy's cluster is not the target's.");
            progress.next = None;
            return Err(Denied::WrongCluster);
        }
        let credential = target.credentials.get(step.credential).copied();
        if let Some(token) = self.health.token(&target.provider, now) {
            let _ = target.token.set(token);
        }
        let lacks_token = target.needs_token() && target.token.get().is_none();
        let end = if lacks_token { End::Failed(Failure::no_token()) } else { End::Running };
        progress.attempts.push(Attempt {
            target: step.target,
            credential,
            is_unsealed: step.is_unsealed,
            dropped: Vec::new(),
            started: now,
            ended: None,
            first_byte: None,
            status: None,
            answered: None,
            request_id: None,
            answered_model: None,
            usage: Usage::default(),
            said: 0,
            finish: None,
            is_whole: false,
            end,
        });
        if lacks_token {
            progress.next = None;
            return Err(Denied::NoToken);
        }
        // What Envoy does by itself after a refused connection, a reset or a timeout: it goes on without asking.
        progress.next = self.after(&progress, step, Class::Connect, now);
        let (index, secret) = (progress.attempts.len() - 1, target.secret(credential));
        Ok(Begun { index, target_index: step.target, target, secret, is_unsealed: step.is_unsealed })
    }

    /// The credential that an attempt uses.
    pub fn credential_of(&self, index: usize) -> Option<&Secret> {
        let progress = self.progress.borrow();
        let attempt = progress.attempts.get(index)?;
        self.plan.targets.get(attempt.target)?.secret(attempt.credential)
    }

    /// The cluster of the step that would follow now.
    pub fn next_cluster(&self) -> Option<&str> {
        let next = self.progress.borrow().next?;
        self.plan.targets.get(next.target).map(|target| target.provider.cluster.as_str())
    }

    /// Writes a failure down and decides what follows. A second verdict on one attempt changes nothing.
    pub fn fail(&self, index: usize, failure: Failure, now: u64) -> Verdict {
        let mut progress = self.progress.borrow_mut();
        let progress = &mut *progress;
        let Some(attempt) = progress.attempts.get_mut(index).filter(|a| a.end == End::Running) else {
            return Verdict::Final;
        };
        progress.place = None;
        let lent = self.plan.targets.get(attempt.target).and_then(|target| target.lent.as_ref());
        // What is wrong with a caller's own credential is nobody else's business.
        let is_ours = lent.is_none() || !failure.error.class.is_about_credential();
        if let Some(tried) = self.tried_of(attempt).filter(|_| is_ours) {
            self.health.failed(&tried, failure.error.class, &failure.word, failure.wait, now);
        }
        let failure = match lent {
            Some(lent) => failure.of_callers_credential(Some(lent.secret.expose())),
            None => failure,
        };
        let (class, wait) = (failure.error.class, failure.error.retry_after);
        let step = self.step_of(attempt);
        attempt.end = End::Failed(self.naming(attempt.target, failure));
        attempt.ended = Some(now);
        let next = self.after(progress, step, class, now);
        let again = next == Some(step);
        let too_long = again && wait.is_some_and(|wait| wait > SHORT_WAIT);
        progress.next = next.filter(|_| !too_long).map(|next| self.with_place(progress, next, now));
        match progress.next {
            Some(_) => Verdict::Retry(wait.filter(|_| again)),
            None => Verdict::Final,
        }
    }

    /// Envoy answered because its circuit breaker was open: the attempt that had begun never left.
    pub fn overflow(&self) {
        self.progress.borrow_mut().attempts.pop_if(|attempt| attempt.end == End::Running);
    }

    /// The exchange is over. An answer that broke off after its first byte is a failure of its provider; a whole one
    /// ends a row of failures.
    pub fn close(&self, now: u64) {
        let mut progress = self.progress.borrow_mut();
        progress.place = None;
        if std::mem::replace(&mut progress.closed, true) {
            return;
        }
        let Some(attempt) = progress.attempts.last() else { return };
        let Some(tried) = self.tried_of(attempt) else { return };
        match &attempt.end {
            End::Broken(class) => self.health.failed(&tried, *class, "", None, now),
            End::Complete => self.health.completed(&tried, now),
            End::Answering if attempt.is_whole => self.health.completed(&tried, now),
            End::Running | End::Answering | End::Failed(_) => {}
        }
    }

    /// Whether the exchange is over.
    pub fn is_closed(&self) -> bool {
        self.progress.borrow().closed
    }

    fn tried_of(&self, attempt: &Attempt) -> Option<Tried<'_>> {
        let target = self.plan.targets.get(attempt.target)?;
        Some(Tried { config: &self.config, target, credential: attempt.credential })
    }

    /// Whose model is missing, where the client may know its providers: it asked for another name than was sent.
    fn naming(&self, target: usize, failure: Failure) -> Failure {
        let Some(target) = self.plan.targets.get(target) else { return failure };
        if failure.error.class != Class::ProviderModel || self.config.expose != Expose::Full {
            return failure;
        }
        let who = format!("{}:{}", target.provider.name, target.sent);
        Failure { error: failure.error.about(&who), ..failure }
    }

    /// The attempt's answer is let through to the client.
    pub fn serve(&self, index: usize, status: u16, now: u64) {
        self.note(index, |attempt| {
            attempt.status = Some(status);
            attempt.first_byte.get_or_insert(now);
            if attempt.end == End::Running {
                attempt.end = End::Answering;
            }
        });
        let mut progress = self.progress.borrow_mut();
        progress.next = None;
        if let Some(tried) = progress.attempts.get(index).and_then(|attempt| self.tried_of(attempt)) {
            self.health.answered(&tried, now);
        }
    }

    /// What of the request the attempt's target does not know.
    pub fn drop_fields(&self, index: usize, fields: &[Cow<'static, str>]) {
        self.note(index, |attempt| attempt.dropped = fields.to_vec());
    }

    /// The head of the provider's answer: its status, and the provider's id of the attempt.
    pub fn heard(&self, index: usize, status: u16, id: Option<String>) {
        self.note(index, |attempt| {
            attempt.answered = Some(status);
            attempt.request_id = id;
        });
    }

    /// What the answer has said so far; written down at every piece, since a cut gives no last word.
    pub fn learn(&self, index: usize, learnt: &Learnt) {
        self.note(index, |attempt| {
            attempt.usage.merge(&learnt.usage);
            attempt.said = learnt.said;
            if attempt.finish.is_none() {
                attempt.finish.clone_from(&learnt.finish);
            }
            attempt.is_whole = learnt.ended && learnt.error.is_none();
            if attempt.answered_model.is_none() {
                attempt.answered_model.clone_from(&learnt.model);
            }
        });
    }

    /// The attempt's answer came to its end, whole or not. A cut after the terminal event takes nothing away.
    pub fn finish(&self, index: usize, broken: Option<Class>) {
        self.note(index, |attempt| {
            if attempt.end == End::Answering {
                let broken = broken.filter(|class| *class != Class::Cut || !attempt.is_whole);
                attempt.end = broken.map_or(End::Complete, End::Broken);
            }
        });
    }

    /// Whether the time is up that the model gives to all attempts together.
    pub fn is_overdue(&self, now: u64) -> bool {
        let Some(total) = self.plan.asked.model.timeouts.total else { return false };
        let started = self.with_attempts(|attempts| attempts.first().map(|attempt| attempt.started));
        started.is_some_and(|started| Duration::from_nanos(now.saturating_sub(started)) >= nearly(total))
    }

    /// Whether the attempt has neither answered nor failed yet.
    pub fn is_running(&self, index: usize) -> bool {
        self.progress.borrow().attempts.get(index).is_some_and(|attempt| attempt.end == End::Running)
    }

    /// Who answered, if an answer was let through.
    pub fn served(&self) -> Option<Target> {
        self.with_attempts(|attempts| {
            let last = attempts.last().filter(|attempt| attempt.status.is_some())?;
            self.plan.targets.get(last.target).cloned()
        })
    }

    /// The status that the client got from a provider.
    pub fn status(&self) -> Option<u16> {
        self.with_attempts(|attempts| attempts.last()?.status)
    }

    /// Reads the attempts.
    pub fn with_attempts<T>(&self, read: impl FnOnce(&[Attempt]) -> T) -> T {
        read(&self.progress.borrow().attempts)
    }

    /// Why Envoy and the plan disagree, if they do.
    pub fn misconfigured(&self) -> Option<&'static str> {
        self.progress.borrow().misconfigured
    }

    fn note(&self, index: usize, write: impl FnOnce(&mut Attempt)) {
        if let Some(attempt) = self.progress.borrow_mut().attempts.get_mut(index) {
            write(attempt);
        }
    }
}

/// A little less than a bound. Envoy's timers run from the beginning of an event loop's turn, so on a busy worker they
/// fire some milliseconds before our clock says so.
pub fn nearly(bound: Duration) -> Duration {
    bound.saturating_sub((bound / 2).min(Duration::from_secs(2)))
}

#[cfg(test)]
mod tests;
