//! The request's side of an attempt: its head and its body become the target's own.

use super::held::{Attempt, Held, Phase};
use super::{Timed, host, meters, older, table};
use crate::chat::Ids;
use crate::dialect::translation::{Translation, Wanted};
use crate::dialect::{Change, Facts, RequestHead, Way, caching, own, passing, way_of};
use crate::error::Error;
use crate::exchange::{Denied, Exchange};
use crate::metric::Family;
use host::{Buffer, Map};
use proxy_wasm::types::Action;
use std::rc::Rc;

/// An attempt whose exchange is not of this VM: nothing is sent, whoever it belongs to.
fn deny_stranger() -> Action {
    meters::count(Family::Misconfigured, &[("reason", "exchange")]);
    super::gateway::deny(&Error::misconfigured("The exchange of this attempt is not known to this worker."));
    Action::Pause
}

/// An attempt that must not happen: nothing is sent, and the gateway role says why.
fn deny() -> Action {
    super::gateway::deny(&Error::no_provider("The plan is over."));
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
            Err(Denied::PlanOver | Denied::WrongCluster | Denied::NoToken) => return deny(),
        };
        let cluster = begun.target.provider.cluster.as_str();
        if let Some(next) = exchange.next_cluster().filter(|next| *next != cluster) {
            let _ = host::set_property(table::CLUSTER, next.as_bytes());
        }
        let (index, target, is_unsealed) = (begun.index, begun.target_index, begun.is_unsealed);
        self.attempt = Some(Rc::new(Attempt { exchange: exchange.clone(), index, target, started: now, is_unsealed }));
        let pristine = exchange.first_head(|| host::headers(Map::RequestHeaders));
        if is_unsealed || way_of(&exchange.ask, &begun.target.provider) != Some(Way::Pass) {
            self.phase = Phase::Translating;
            return if end { deny() } else { Action::Pause };
        }
        let edits = passing::encode(&exchange.ask, begun.target, pristine);
        exchange.drop_fields(index, edits.dropped.fields());
        let head = RequestHead {
            pristine,
            target: begun.target,
            secret: begun.secret,
            path: &edits.path,
            content_length: exchange.ask.length.saturating_add_signed(edits.body.delta()),
            dialect: &edits.headers,
        };
        if set_head(&head, begun.index == 0).is_err() {
            return deny();
        }
        if edits.body.is_empty() || end {
            self.phase = Phase::Sent(None);
            return Action::Continue;
        }
        self.phase = Phase::Sending(edits.body);
        Action::Pause
    }

    /// Edits the body's beginning once it is there; what follows passes as it is. A body that is to be translated is
    /// needed whole.
    pub fn send(&mut self, size: usize, end: bool) -> Action {
        let (Some(attempt), Phase::Sending(_) | Phase::Translating) = (self.attempt.clone(), &self.phase) else {
            return Action::Continue;
        };
        let needed = if let Phase::Sending(splice) = &self.phase { splice.end() } else { usize::MAX };
        if size < needed && !end {
            return Action::Pause;
        }
        let _timed = Timed::new(&attempt.exchange);
        let sent = match &self.phase {
            Phase::Sending(splice) => {
                let prefix = host::body(Buffer::RequestBody, 0, splice.end());
                let whole = prefix.len() == splice.end();
                let set = || host::set_body(Buffer::RequestBody, prefix.len(), &splice.apply(&prefix)).is_ok();
                (whole && set()).then_some(None)
            }
            _ => translate(&attempt).map(Some),
        };
        let Some(translation) = sent else { return deny() };
        self.phase = Phase::Sent(translation);
        Action::Continue
    }
}

/// Writes head and body anew, in the target's dialect.
fn translate(attempt: &Attempt) -> Option<Box<Translation>> {
    let Attempt { exchange, index, target, is_unsealed, .. } = attempt;
    let target = exchange.plan.targets.get(*target)?;
    let body = host::body(Buffer::RequestBody, 0, usize::MAX >> 1);
    let voice = exchange.ask.voice();
    let mut wanted = Wanted::read(&voice, &body).ok()?;
    let facts = Facts { without_seals: *is_unsealed, ..Facts::of(&target.provider, &target.model.model, &target.sent) };
    let ids = ids(exchange, target.sent.clone(), target.provider.name.clone());
    let dialects = match way_of(&exchange.ask, &target.provider)? {
        Way::Translate(dialects) => dialects,
        // Its own dialect, for what has to be left out.
        Way::Pass => own(voice.operation, &target.provider),
    };
    let dialect = wanted.dialect(dialects, &facts).ok()?;
    if exchange.ask.options.caching
        && let Wanted::Chat(request) = &mut wanted
    {
        caching::mark(request, dialect, &facts);
    }
    let (mut encoded, translation) = Translation::begin(voice, dialect, wanted, &facts, ids);
    let pristine = exchange.first_head(|| host::headers(Map::RequestHeaders));
    passing::carry_headers(&exchange.ask, dialect, pristine, &mut encoded);
    exchange.drop_fields(*index, encoded.dropped.fields());
    let head = RequestHead {
        pristine,
        target,
        secret: exchange.credential_of(*index),
        path: &encoded.path,
        content_length: encoded.body.len(),
        dialect: &encoded.headers,
    };
    set_head(&head, *index == 0).ok()?;
    host::set_body(Buffer::RequestBody, body.len(), &encoded.body).ok()?;
    Some(Box::new(translation))
}

/// What the answer needs from outside.
fn ids(exchange: &Exchange, model: String, provider: String) -> Ids {
    let seed = exchange.generation.strip_prefix("gen_").unwrap_or(&exchange.generation).to_owned();
    Ids { seed, created: exchange.started / 1_000_000_000, model, provider }
}
