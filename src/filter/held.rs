//! One attempt from its head to its end: makes the request fit its target, and decides whether the answer is let through
//! or Envoy tries again.
//!
//! It is kept apart from the context that owns it, so that a waiting response can be woken from outside of its callbacks.
//! The request's side is in `sending`, the answer's in `receiving`.

use super::passing::{Passing, Probe};
use super::{host, older, table};
use crate::chat::Raw;
use crate::config::Secret;
use crate::dialect::openai::hides_usage;
use crate::dialect::passing::Stream;
use crate::dialect::telling::Teller;
use crate::dialect::translation::Translation;
use crate::dialect::{Failure, ResponseHead};
use crate::error::Class;
use crate::exchange::{Exchange, Verdict, nearly};
use crate::meter::Usage;
use crate::stream::splice::Splice;
use host::{Buffer, Map};
use std::rc::Rc;
use std::time::Duration;

/// How long a stream's first event is waited for where the model sets no `first_token`.
const PROBE_WAIT: Duration = Duration::from_secs(5);
/// The response header that the route's `retriable_headers` looks for.
pub(super) const RETRY: &str = "x-tollgate-retry";

/// An attempt's state.
#[derive(Default)]
pub struct Held {
    pub(super) attempt: Option<Rc<Attempt>>,
    pub(super) phase: Phase,
    /// Adds what the gateway says of itself to an answer that passes.
    pub(super) teller: Option<Teller>,
}

/// What does not change while the attempt lasts.
pub(super) struct Attempt {
    pub(super) exchange: Rc<Exchange>,
    pub(super) index: usize,
    pub(super) target: usize,
    pub(super) started: u64,
    pub(super) is_unsealed: bool,
}

#[derive(Default)]
pub(super) enum Phase {
    /// The head has not come, or the attempt must not happen.
    #[default]
    Idle,
    /// The body is to be edited.
    Sending(Splice),
    /// The body is to be written anew, once all of it is there.
    Translating,
    /// The request is on its way; its answer is to be translated, or not.
    Sent(Option<Box<Translation>>),
    /// An error's body is arriving.
    Failing(ResponseHead, Option<Box<Translation>>),
    /// A stream's first event has not come.
    Probing { head: ResponseHead, probe: Probe, seen: usize },
    /// The first byte of an answer has not come, or what it costs is waited for.
    ///
    /// Once it has, it waits `until` then for the rest.
    Opening { head: ResponseHead, until: Option<u64> },
    /// An answer is arriving that can be translated only as a whole.
    Gathering(ResponseHead, Box<Translation>),
    /// A short wait before the same target is tried again.
    Resting,
    /// The answer passes through.
    Passing(Passing),
    /// Nothing is left to do.
    Over,
}

/// Tells the route's cluster specifier where Envoy goes if it tries again.
pub(super) fn steer(exchange: &Exchange) {
    if let Some(cluster) = exchange.next_cluster() {
        let _ = host::set_property(table::CLUSTER, cluster.as_bytes());
    }
}

impl Held {
    /// How much of the answer is in the buffer while it is held.
    pub fn held_size(&self) -> usize {
        match self.phase {
            Phase::Failing(..) | Phase::Probing { .. } | Phase::Opening { .. } | Phase::Gathering(..) => {
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
            Phase::Probing { .. } | Phase::Opening { .. } if older::loses_what_follows() => return,
            Phase::Probing { seen, .. } => {
                self.pass(seen, false, host::now());
            }
            Phase::Opening { .. } => self.open_document(),
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
    pub(super) fn first_event_wait(&self) -> Option<Duration> {
        let is_bounded = self.exchange.ask.stream && self.exchange.plan.asked.model.timeouts.first_token.is_some();
        (!is_bounded).then_some(PROBE_WAIT)
    }

    /// Who adds what the gateway says of itself to an answer that passes, where the client asked for it.
    pub(super) fn teller(&self, is_stream: bool) -> Option<Teller> {
        let ask = &self.exchange.ask;
        ask.wants_metadata().then(|| Teller::new(ask.operation, is_stream)).flatten()
    }

    /// What the gateway says of itself in an answer of this usage.
    pub(super) fn metadata(&self, usage: &Usage) -> Option<Raw> {
        self.exchange.metadata(self.index, usage, host::now())
    }

    pub(super) fn secret(&self) -> Option<&str> {
        self.exchange.credential_of(self.index).map(Secret::expose)
    }

    /// The reader of the answer. It reads everything that the probe has seen once more, to hide what only we asked for.
    pub(super) fn stream(&self) -> Stream {
        let target = self.exchange.plan.targets.get(self.target);
        let hides = target.is_some_and(|target| hides_usage(&self.exchange.ask, target));
        Stream::new(self.exchange.ask.operation, hides)
    }
}
