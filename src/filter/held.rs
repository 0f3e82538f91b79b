//! One attempt from its head to its end: makes the request fit its target, and decides whether the answer is let through
//! or Envoy tries again.
//!
//! It is kept apart from the context that owns it, so that a waiting response can be woken from outside of its callbacks.

use super::passing::Passing;
use super::{Timed, host, meters, older, table};
use crate::dialect::openai::{self, First, Stream};
use crate::dialect::{self, Change, Failure, RequestHead, ResponseHead, is_kept_from_client};
use crate::error::{Class, Error};
use crate::exchange::{Denied, Exchange, Verdict, nearly};
use crate::metric::Family;
use crate::stream::splice::Splice;
use host::{Buffer, Map};
use proxy_wasm::types::Action;
use std::rc::Rc;
use std::time::Duration;

/// Most bytes of an error that are read.
const ERROR_CAP: usize = 64 << 10;
/// How long a stream's first event is waited for where the model sets no `first_token`.
const PROBE_WAIT: Duration = Duration::from_secs(5);
/// The response header that the route's `retriable_headers` looks for.
const RETRY: &str = "x-tollgate-retry";

/// An attempt's state.
#[derive(Default)]
pub struct Held {
    attempt: Option<Rc<Attempt>>,
    phase: Phase,
}

/// What does not change while the attempt lasts.
struct Attempt {
    exchange: Rc<Exchange>,
    index: usize,
    target: usize,
    started: u64,
}

#[derive(Default)]
enum Phase {
    /// The head has not come, or the attempt must not happen.
    #[default]
    Idle,
    /// The body is to be edited.
    Sending(Splice),
    /// The request is on its way.
    Sent,
    /// An error's body is arriving.
    Failing(ResponseHead),
    /// A stream's first event has not come.
    Probing { head: ResponseHead, probe: Box<Stream>, seen: usize },
    /// The first byte of an answer has not come.
    Opening(ResponseHead),
    /// A short wait before the same target is tried again.
    Resting,
    /// The answer passes through.
    Passing(Passing),
    /// Nothing is left to do.
    Over,
}

/// An attempt whose exchange is not of this VM: nothing is sent, whoever it belongs to.
fn deny_stranger() -> Action {
    meters::count(Family::Misconfigured, &[("reason", "exchange")]);
    super::gateway::respond(&Error::misconfigured("The exchange of this attempt is not known to this worker."), None);
    Action::Pause
}

/// An attempt that must not happen: nothing is sent, and the gateway role says why.
fn deny() -> Action {
    super::gateway::respond(&Error::no_provider("The plan is over."), None);
    Action::Pause
}

/// Puts an attempt's head in place: the first changes what it found, later ones replace what an earlier one left.
fn set_head(head: &RequestHead<'_>, first: bool) -> Result<(), host::Status> {
    if !first {
        return host::set_headers(Map::RequestHeaders, &head.encode());
    }
    head.changes().iter().try_for_each(|change| match change {
        Change::Remove(name) => host::remove_header(Map::RequestHeaders, name),
        Change::Set(name, value) => host::set_header(Map::RequestHeaders, name, value),
    })
}

/// Tells the route's cluster specifier where Envoy goes if it tries again.
fn steer(exchange: &Exchange) {
    if let Some(cluster) = exchange.next_cluster() {
        let _ = host::set_property(table::CLUSTER, cluster.as_bytes());
    }
}

impl Held {
    /// Makes the head the target's own, unless the attempt must not happen.
    pub fn begin(&mut self, end: bool) -> Action {
        let now = host::now();
        let ticket = host::property(table::TICKET).unwrap_or_default();
        let Some(exchange) = table::find(&ticket) else { return deny_stranger() };
        let cluster = older::cluster(&exchange, now);
        let _timed = Timed::since(&exchange, now);
        let begun = match exchange.begin(&cluster, now) {
            Ok(begun) => begun,
            Err(Denied::PlanOver | Denied::WrongCluster) => return deny(),
        };
        let edits = match dialect::encode(&exchange.ask, begun.target) {
            Ok(edits) => edits,
            Err(_) => return deny(),
        };
        let head = RequestHead {
            pristine: exchange.first_head(|| host::headers(Map::RequestHeaders)),
            target: begun.target,
            secret: begun.secret,
            path: &edits.path,
            content_length: exchange.ask.length.saturating_add_signed(edits.body.delta()),
        };
        if set_head(&head, begun.index == 0).is_err() {
            return deny();
        }
        let cluster = begun.target.provider.cluster.as_str();
        if let Some(next) = exchange.next_cluster().filter(|next| *next != cluster) {
            let _ = host::set_property(table::CLUSTER, next.as_bytes());
        }
        let (index, target) = (begun.index, begun.target_index);
        self.attempt = Some(Rc::new(Attempt { exchange: exchange.clone(), index, target, started: now }));
        if edits.body.is_empty() || end {
            self.phase = Phase::Sent;
            return Action::Continue;
        }
        self.phase = Phase::Sending(edits.body);
        Action::Pause
    }

    /// Edits the body's beginning once it is there; what follows passes as it is.
    pub fn send(&mut self, size: usize, end: bool) -> Action {
        let Phase::Sending(splice) = &self.phase else { return Action::Continue };
        if size < splice.end() && !end {
            return Action::Pause;
        }
        let edited = {
            let _timed = self.attempt.as_ref().map(|attempt| Timed::new(&attempt.exchange));
            let prefix = host::body(Buffer::RequestBody, 0, splice.end());
            let whole = prefix.len() == splice.end();
            whole && host::set_body(Buffer::RequestBody, prefix.len(), &splice.apply(&prefix)).is_ok()
        };
        if !edited {
            return deny();
        }
        self.phase = Phase::Sent;
        Action::Continue
    }

    /// The head of the provider's answer. A stream's headers and an error's wait for what decides about them.
    pub fn open(&mut self, end: bool) -> (Action, Option<u64>) {
        let Some(attempt) = self.attempt.clone() else { return (Action::Continue, None) };
        let now = host::now();
        let _timed = Timed::since(&attempt.exchange, now);
        let headers = host::headers(Map::ResponseHeaders);
        let head = ResponseHead::read(&headers);
        for (name, _) in headers.iter().filter(|(name, _)| is_kept_from_client(name)) {
            let _ = host::remove_header(Map::ResponseHeaders, name);
        }
        attempt.exchange.name_request(attempt.index, head.request_id.clone());
        if !head.is_success() {
            self.phase = Phase::Failing(head);
            return if end { self.fail_told(0, now) } else { (Action::Pause, None) };
        }
        if head.is_stream {
            let _ = host::remove_header(Map::ResponseHeaders, b"content-length");
            let until = attempt.first_event_wait().map(|wait| attempt.started.saturating_add(nanos(wait)));
            let probe = Box::new(Stream::new(attempt.exchange.ask.operation, false));
            self.phase = Phase::Probing { head, probe, seen: 0 };
            return if end { self.probe(0, true, now) } else { (Action::Pause, until) };
        }
        self.phase = Phase::Opening(head);
        if end {
            return self.document(0, true, now);
        }
        (Action::Pause, None)
    }

    /// More of the provider's answer; while it is held, `size` is all of it so far.
    pub fn body(&mut self, size: usize, end: bool) -> (Action, Option<u64>) {
        let Some(attempt) = self.attempt.clone() else { return (Action::Continue, None) };
        let now = host::now();
        let _timed = Timed::since(&attempt.exchange, now);
        match self.phase {
            Phase::Failing(_) if !end && size < ERROR_CAP => (Action::Pause, None),
            Phase::Failing(_) => self.fail_told(size, now),
            Phase::Probing { .. } => self.probe(size, end, now),
            Phase::Resting => (Action::Pause, None),
            Phase::Opening(_) if size == 0 && !end => (Action::Pause, None),
            Phase::Opening(_) => self.document(size, end, now),
            Phase::Passing(_) => (self.pass(size, end, now), None),
            Phase::Idle | Phase::Sending(_) | Phase::Sent | Phase::Over => (Action::Continue, None),
        }
    }

    fn probe(&mut self, size: usize, end: bool, now: u64) -> (Action, Option<u64>) {
        let (Some(attempt), Phase::Probing { head, probe, seen }) = (&self.attempt, &mut self.phase) else {
            return (Action::Continue, None);
        };
        let chunk = host::body(Buffer::ResponseBody, *seen, size.saturating_sub(*seen));
        *seen = size;
        probe.feed(&chunk, end);
        let failure = match probe.first() {
            First::Content => return (self.pass(size, end, now), None),
            First::Error(error) => openai::stream_failure(error, attempt.secret()),
            First::Undecided if end && !probe.learnt().ended => {
                let said =
                    dialect::Said { message: "The provider's stream was empty.".to_owned(), ..Default::default() };
                Failure::told(Class::ProviderFault, head.status, said, None)
            }
            First::Undecided if end || size >= attempt.exchange.config.routing.probe_bytes => {
                return (self.pass(size, end, now), None);
            }
            First::Undecided => return (Action::Pause, None),
        };
        self.fail(failure, now)
    }

    fn fail_told(&mut self, size: usize, now: u64) -> (Action, Option<u64>) {
        let (Some(attempt), Phase::Failing(head)) = (&self.attempt, &self.phase) else {
            return (Action::Continue, None);
        };
        let body = host::body(Buffer::ResponseBody, 0, size.min(ERROR_CAP));
        let failure = openai::failure(head, &body, attempt.secret());
        self.fail(failure, now)
    }

    /// Writes the failure down. Envoy tries again because of the header, at the cluster that stands in filter state.
    fn fail(&mut self, failure: Failure, now: u64) -> (Action, Option<u64>) {
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
    fn pass(&mut self, size: usize, end: bool, now: u64) -> Action {
        let Some(attempt) = self.attempt.clone() else { return Action::Continue };
        let Attempt { exchange, index, .. } = &*attempt;
        let mut passing = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Passing(passing) => passing,
            Phase::Probing { head, .. } => {
                exchange.serve(*index, head.status, now);
                Passing::Events(exchange.ask.operation, Box::new(attempt.stream()))
            }
            other => {
                self.phase = other;
                return Action::Continue;
            }
        };
        passing.pass(size, end);
        self.passed(&attempt, passing, end);
        Action::Continue
    }

    /// The first bytes of an answer that is no stream. An error in its place, if it is whole, is a failure like any other.
    fn document(&mut self, size: usize, end: bool, now: u64) -> (Action, Option<u64>) {
        let (Some(attempt), Phase::Opening(head)) = (self.attempt.clone(), &self.phase) else {
            return (Action::Continue, None);
        };
        let mut passing = Passing::Document(Box::default());
        passing.pass(size, end);
        let refusal = passing.may_refuse().then(|| host::body(Buffer::ResponseBody, 0, size.min(ERROR_CAP)));
        if let Some(error) = refusal.and_then(|body| openai::refusal(&body)) {
            return self.fail(openai::stream_failure(&error, attempt.secret()), now);
        }
        attempt.exchange.serve(attempt.index, head.status, now);
        self.passed(&attempt, passing, end);
        (Action::Continue, None)
    }

    /// What has passed by now is written down.
    fn passed(&mut self, attempt: &Attempt, passing: Passing, end: bool) {
        attempt.exchange.learn(attempt.index, passing.learnt());
        if end {
            attempt.exchange.finish(attempt.index, passing.fault());
            self.phase = Phase::Over;
        } else {
            self.phase = Phase::Passing(passing);
        }
    }

    /// How much of the answer is in the buffer while it is held.
    pub fn held_size(&self) -> usize {
        match self.phase {
            Phase::Failing(_) | Phase::Probing { .. } | Phase::Opening(_) => {
                host::body(Buffer::ResponseBody, 0, usize::MAX >> 1).len()
            }
            _ => 0,
        }
    }

    /// The wait is over: a silent stream's headers go through, a resting attempt is tried again.
    pub fn wake(&mut self) {
        match self.phase {
            Phase::Resting => {
                self.phase = Phase::Over;
                let _ = host::set_header(Map::ResponseHeaders, RETRY, b"1");
            }
            Phase::Probing { .. } if older::loses_what_follows() => return,
            Phase::Probing { seen, .. } => {
                self.pass(seen, false, host::now());
            }
            _ => return,
        }
        let _ = host::resume_response();
    }

    /// The attempt is over, for whatever reason. What was neither answered nor failed was refused, reset or too slow.
    pub fn end(&mut self) {
        let Some(attempt) = self.attempt.take() else { return };
        let Attempt { exchange, index, started, .. } = &*attempt;
        if exchange.is_closed() {
            return;
        }
        if !exchange.is_running(*index) {
            exchange.finish(*index, Some(Class::Cut));
            return;
        }
        let now = host::now();
        let elapsed = Duration::from_nanos(now.saturating_sub(*started));
        // No address of our own: there was no connection, or it was not usable yet. Nothing has been sent then.
        let is_connected = host::property("upstream\0local_address").is_some_and(|address| !address.is_empty());
        let (class, word) = if !is_connected {
            (Class::Connect, "connect")
        } else if elapsed >= attempt.bound() || exchange.is_overdue(now) {
            (Class::Timeout, "timeout")
        } else {
            (Class::Cut, "reset")
        };
        if let Verdict::Retry(_) = exchange.fail(*index, Failure::silent(class, word), now) {
            steer(exchange);
        }
    }
}

impl Attempt {
    /// The time that Envoy gives one try; a little less.
    fn bound(&self) -> Duration {
        nearly(self.exchange.plan.asked.model.timeouts.of_one_try(self.exchange.ask.stream))
    }

    /// How long the headers of a silent stream are held. With a `first_token` Envoy's own timer ends the attempt: one of
    /// ours for the same moment would now and then come first, and let the headers of a stream through that is to fail.
    fn first_event_wait(&self) -> Option<Duration> {
        let is_bounded = self.exchange.ask.stream && self.exchange.plan.asked.model.timeouts.first_token.is_some();
        (!is_bounded).then_some(PROBE_WAIT)
    }

    fn secret(&self) -> Option<&str> {
        self.exchange.secret_of(self.index)
    }

    /// The reader of the answer. It reads everything that the probe has seen once more, to hide what only we asked for.
    fn stream(&self) -> Stream {
        let target = self.exchange.plan.targets.get(self.target);
        let hides = target.is_some_and(|target| openai::hides_usage(&self.exchange.ask, target));
        Stream::new(self.exchange.ask.operation, hides)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
