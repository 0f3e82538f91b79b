//! The answer's side of an attempt: let through, translated, or left for the next target.

use super::held::{Attempt, Held, Phase, RETRY, steer};
use super::passing::{Passing, Probe};
use super::{Timed, host};
use crate::clock::nanos;
use crate::dialect::passing::{self, Answer, Beginning, Learnt, Stream};
use crate::dialect::{Failure, ResponseHead, is_kept_from_client};
use crate::error::Class;
use crate::exchange::Verdict;
use host::{Buffer, Map};
use proxy_wasm::types::Action;
use std::time::Duration;

/// Most bytes of an error that are read.
const ERROR_CAP: usize = 64 << 10;

/// Most bytes of a document that wait for its end, so that its headers can say what it cost.
const COST_CAP: usize = 64 << 10;
/// How long its first bytes wait for the others at most.
const HOLD: Duration = Duration::from_millis(300);

/// What Envoy shall do with what has come, and until when to wait for more.
type Next = (Action, Option<u64>);

impl Held {
    /// The head of the provider's answer. A stream's headers and an error's wait for what decides about them.
    pub fn open(&mut self, end: bool) -> Next {
        let Some(attempt) = self.attempt.clone() else { return (Action::Continue, None) };
        let now = host::now();
        let _timed = Timed::since(&attempt.exchange, now);
        let translation = match std::mem::take(&mut self.phase) {
            Phase::Sent(translation) => translation,
            _ => None,
        };
        let headers = host::headers(Map::ResponseHeaders);
        let head = ResponseHead::read(&headers);
        for (name, _) in headers.iter().filter(|(name, _)| is_kept_from_client(name)) {
            let _ = host::remove_header(Map::ResponseHeaders, name);
        }
        attempt.exchange.heard(attempt.index, head.status, head.request_id.clone());
        if !head.is_success() {
            self.phase = Phase::Failing(head, translation);
            return if end { self.fail_told(0, now) } else { (Action::Pause, None) };
        }
        self.teller = if translation.is_none() { attempt.teller(head.is_stream) } else { None };
        if head.is_stream || self.teller.is_some() {
            let _ = host::remove_header(Map::ResponseHeaders, b"content-length");
        }
        if head.is_stream {
            let until = attempt.first_event_wait().map(|wait| attempt.started.saturating_add(nanos(wait)));
            let probe = match translation {
                Some(mut translation) => {
                    let _ = host::set_header(Map::ResponseHeaders, "content-type", b"text/event-stream");
                    translation.open_stream();
                    Probe::Translated(translation)
                }
                None => Probe::Events(Box::new(Stream::new(attempt.exchange.ask.operation, false))),
            };
            self.phase = Phase::Probing { head, probe, seen: 0 };
            return if end { self.probe(0, true, now) } else { (Action::Pause, until) };
        }
        self.phase = match translation {
            Some(translation) => Phase::Gathering(head, translation),
            None => Phase::Opening { head, until: None },
        };
        if end { self.body_at(&attempt, 0, true, now) } else { (Action::Pause, None) }
    }

    /// More of the provider's answer; while it is held, `size` is all of it so far.
    pub fn body(&mut self, size: usize, end: bool) -> Next {
        let Some(attempt) = self.attempt.clone() else { return (Action::Continue, None) };
        let now = host::now();
        let _timed = Timed::since(&attempt.exchange, now);
        self.body_at(&attempt, size, end, now)
    }

    fn body_at(&mut self, attempt: &Attempt, size: usize, end: bool, now: u64) -> Next {
        match self.phase {
            Phase::Failing(..) if !end && size < ERROR_CAP => (Action::Pause, None),
            Phase::Failing(..) => self.fail_told(size, now),
            Phase::Probing { .. } => self.probe(size, end, now),
            Phase::Resting => (Action::Pause, None),
            Phase::Opening { .. } if !end => self.hold(attempt, size, now),
            Phase::Opening { .. } => self.document(attempt, size, true, now),
            Phase::Gathering(..) if !end => (Action::Pause, None),
            Phase::Gathering(..) => self.gathered(attempt, size, now),
            Phase::Passing(_) => (self.pass(size, end, now), None),
            Phase::Idle | Phase::Sending(_) | Phase::Translating | Phase::Sent(_) | Phase::Over => {
                (Action::Continue, None)
            }
        }
    }

    fn probe(&mut self, size: usize, end: bool, now: u64) -> Next {
        let (Some(attempt), Phase::Probing { head, probe, seen }) = (&self.attempt, &mut self.phase) else {
            return (Action::Continue, None);
        };
        let chunk = host::body(Buffer::ResponseBody, *seen, size.saturating_sub(*seen));
        *seen = size;
        let failure = match probe.read(&chunk, end, attempt) {
            Beginning::Content => return (self.pass(size, end, now), None),
            Beginning::Failed(failure) => *failure,
            Beginning::Undecided if end && !probe.has_ended() => {
                let message = "The provider's stream was empty.".to_owned();
                let said = crate::dialect::Said { message, ..Default::default() };
                Failure::told(Class::ProviderFault, head.status, said, None)
            }
            Beginning::Undecided if end || size >= attempt.exchange.config.routing.probe_bytes => {
                return (self.pass(size, end, now), None);
            }
            Beginning::Undecided => return (Action::Pause, None),
        };
        self.fail(failure, now)
    }

    fn fail_told(&mut self, size: usize, now: u64) -> Next {
        let (Some(attempt), Phase::Failing(head, translation)) = (&self.attempt, &self.phase) else {
            return (Action::Continue, None);
        };
        let body = host::body(Buffer::ResponseBody, 0, size.min(ERROR_CAP));
        let failure = match translation {
            Some(translation) => translation.failure(head, &body, attempt.secret()),
            None => passing::failure(attempt.exchange.ask.operation, head, &body, attempt.secret()),
        };
        self.fail(failure, now)
    }

    /// Writes the failure down. Envoy tries again because of the header, at the cluster that stands in filter state.
    fn fail(&mut self, failure: Failure, now: u64) -> Next {
        let Some(attempt) = &self.attempt else { return (Action::Continue, None) };
        self.phase = Phase::Over;
        match attempt.exchange.fail(attempt.index, failure, now) {
            Verdict::Final => (Action::Continue, None),
            Verdict::Retry(wait) => {
                steer(&attempt.exchange);
                if let Some(wait) = wait {
                    self.phase = Phase::Resting;
                    return (Action::Pause, Some(now.saturating_add(nanos(wait))));
                }
                let _ = host::set_header(Map::ResponseHeaders, RETRY, b"1");
                (Action::Continue, None)
            }
        }
    }

    /// Lets the answer through; its first call decides that this attempt serves.
    pub(super) fn pass(&mut self, size: usize, end: bool, now: u64) -> Action {
        let Some(attempt) = self.attempt.clone() else { return Action::Continue };
        let mut passing = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Passing(passing) => passing,
            Phase::Probing { head, probe, seen } => {
                attempt.exchange.serve(attempt.index, head.status, now);
                match probe {
                    Probe::Events(_) => Passing::Events(Box::new(attempt.stream())),
                    Probe::Translated(translation) => Passing::Translated { translation, seen },
                }
            }
            other => {
                self.phase = other;
                return Action::Continue;
            }
        };
        passing.pass(size, end, &attempt);
        self.passed(&attempt, passing, end);
        Action::Continue
    }

    /// The first bytes of a document wait a moment for the rest: only then its head can say what it cost. Blanks at its
    /// beginning keep connections alive while a model thinks (DeepSeek), so they go on at once.
    fn hold(&mut self, attempt: &Attempt, size: usize, now: u64) -> Next {
        let Phase::Opening { head, until } = &mut self.phase else { return (Action::Continue, None) };
        if size == 0 {
            return (Action::Pause, None);
        }
        let is_first = until.is_none();
        let until = *until.get_or_insert(now.saturating_add(nanos(HOLD)));
        let is_blank = || host::body(Buffer::ResponseBody, 0, size.min(64)).iter().all(u8::is_ascii_whitespace);
        if !head.is_json || size >= COST_CAP || now >= until || (is_first && is_blank()) {
            return self.document(attempt, size, false, now);
        }
        (Action::Pause, is_first.then_some(until))
    }

    /// The rest of a document is slow to come: its head goes on without it.
    pub(super) fn open_document(&mut self) {
        let Some(attempt) = self.attempt.clone() else { return };
        let size = self.held_size();
        self.document(&attempt, size, false, host::now());
        if let Phase::Resting = self.phase {
            // It has waited for long enough.
            self.phase = Phase::Over;
            let _ = host::set_header(Map::ResponseHeaders, RETRY, b"1");
        }
    }

    /// An answer that is no stream: all of it, or its first bytes where it is long or slow. An error in its place, if it is
    /// whole, is a failure like any other.
    fn document(&mut self, attempt: &Attempt, size: usize, end: bool, now: u64) -> Next {
        let Phase::Opening { head, .. } = &self.phase else { return (Action::Continue, None) };
        let operation = attempt.exchange.ask.operation;
        let mut passing = Passing::Document(Box::new(Answer::new(operation)));
        passing.pass(size, end, attempt);
        let refusal = passing.may_refuse().then(|| host::body(Buffer::ResponseBody, 0, size.min(ERROR_CAP)));
        if let Some(failure) = refusal.and_then(|body| passing::refusal(operation, &body, attempt.secret())) {
            return self.fail(failure, now);
        }
        attempt.exchange.serve(attempt.index, head.status, now);
        self.passed(attempt, passing, end);
        (Action::Continue, None)
    }

    /// An answer is whole that can be translated only as a whole. One that cannot be read is a failure like any other.
    fn gathered(&mut self, attempt: &Attempt, size: usize, now: u64) -> Next {
        let Phase::Gathering(head, mut translation) = std::mem::replace(&mut self.phase, Phase::Over) else {
            return (Action::Continue, None);
        };
        let body = host::body(Buffer::ResponseBody, 0, size);
        let answer = match translation.answer(&body, attempt.secret(), &|usage| attempt.metadata(usage)) {
            Ok(answer) => answer,
            Err(failure) => return self.fail(*failure, now),
        };
        let length = answer.len().to_string();
        let _ = host::set_header(Map::ResponseHeaders, "content-type", b"application/json");
        let _ = host::set_header(Map::ResponseHeaders, "content-length", length.as_bytes());
        let _ = host::set_body(Buffer::ResponseBody, body.len(), &answer);
        attempt.exchange.serve(attempt.index, head.status, now);
        self.end_with(attempt, translation.learnt(), None);
        (Action::Continue, None)
    }

    /// What has passed by now is written down.
    fn passed(&mut self, attempt: &Attempt, passing: Passing, end: bool) {
        if let Some(teller) = &mut self.teller {
            let piece = host::body(Buffer::ResponseBody, 0, usize::MAX >> 1);
            let told = teller.feed(&piece, end, &|| attempt.metadata(&passing.learnt().usage));
            let _ = host::set_body(Buffer::ResponseBody, piece.len(), &told);
        }
        if end {
            self.end_with(attempt, passing.learnt(), passing.fault());
        } else {
            attempt.exchange.learn(attempt.index, passing.learnt());
            self.phase = Phase::Passing(passing);
        }
    }

    fn end_with(&mut self, attempt: &Attempt, learnt: &Learnt, fault: Option<Class>) {
        attempt.exchange.learn(attempt.index, learnt);
        attempt.exchange.finish(attempt.index, fault);
        self.phase = Phase::Over;
    }
}
