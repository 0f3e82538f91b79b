//! From a request that is whole to its plan, and on its way to the first target.

use super::{host, table};
use crate::access::{Caller, is_credential};
use crate::config::Config;
use crate::dialect::Client;
use crate::dialect::passing;
use crate::dialect::translation::Foreign;
use crate::error::Error;
use crate::exchange::{Admitted, Exchange, Refused, Ticket, attribute};
use crate::http::Headers;
use crate::operation::Operation;
use crate::route::{Ask, Plan, Request, byok, plan};
use host::{Buffer, Map};

/// A request that has been read to its end.
pub struct Whole {
    pub client: Client,
    pub caller: Caller,
    pub operation: Operation,
    pub ask: Ask,
    pub headers: Headers,
}

/// One that cannot be read.
pub struct Unread {
    pub refused: Refused,
    pub headers: Headers,
}

impl Whole {
    /// What was read of a request, once its end is there.
    pub fn read(admitted: Admitted, headers: Headers) -> Result<Whole, Box<Unread>> {
        let Admitted { client, caller, operation, path, reader, .. } = admitted;
        match reader.finish(path, headers.get("x-tollgate-session")) {
            Ok(ask) => Ok(Whole { client, caller, operation, ask, headers }),
            Err(error) => {
                let refused = Refused { client, error, caller: Some(caller), operation: Some(operation) };
                Err(Box::new(Unread { refused, headers }))
            }
        }
    }

    /// Adds what its headers say of who asks, and with what.
    pub fn attribute(&mut self) -> Result<(), Error> {
        attribute(&mut self.ask.options, &self.headers)
    }

    /// Who may serve it under a model's name.
    pub fn plan(&self, config: &Config, draw: u64, asked: &str) -> Result<Plan, Error> {
        let Whole { ask, headers, .. } = self;
        let body = || host::body(Buffer::RequestBody, 0, usize::MAX >> 1);
        let is_strict = headers.get("x-tollgate-strict") == Some(b"1");
        let foreign = Foreign::new(ask.voice(), body, is_strict);
        plan(&Request {
            config,
            caller: &self.caller,
            operation: self.operation,
            asked,
            options: &ask.options,
            conversation: ask.conversation,
            draw,
            pinned: ask.pinned,
            subscription: byok::subscription(headers).as_ref(),
            first_only: headers.get("x-tollgate-fallback") == Some(b"off"),
            refusal: &|provider, model, sent| {
                let loss = || passing::refuses(ask, provider, headers);
                foreign.refusal(ask, provider, model, sent).or_else(|| is_strict.then(loss).flatten())
            },
        })
    }

    /// Its refusal.
    pub fn refused(&self, error: Error) -> Refused {
        let (caller, operation) = (Some(self.caller.clone()), Some(self.operation));
        Refused { client: self.client, error, caller, operation }
    }
}

/// What the upstream role and Envoy's router need to know: the ticket, the first cluster, bounds of time and number.
/// Everything of the client's that must not leave goes.
pub fn send(exchange: &Exchange, ticket: Ticket) {
    let plan = &exchange.plan;
    let Some(first) = plan.targets.first() else { return };
    for (name, _) in exchange.pristine.iter() {
        if is_credential(name) || name.starts_with(b"x-envoy-") || name.starts_with(b"x-tollgate-") {
            let _ = host::remove_header(Map::RequestHeaders, name);
        }
    }
    let timeouts = plan.asked.model.timeouts;
    // One more where rejected seals can be left out.
    let unsealed = usize::from(exchange.ask.operation.is_chat());
    let retries = plan.most_attempts().saturating_sub(1).max(1).saturating_add(unsealed).to_string();
    let _ = host::set_header(Map::RequestHeaders, "x-envoy-max-retries", retries.as_bytes());
    if let Some(per_try) = timeouts.timer(exchange.ask.stream) {
        let per_try = per_try.as_millis().to_string();
        let _ = host::set_header(Map::RequestHeaders, "x-envoy-upstream-rq-per-try-timeout-ms", per_try.as_bytes());
    }
    if let Some(total) = timeouts.total {
        let total = total.as_millis().to_string();
        let _ = host::set_header(Map::RequestHeaders, "x-envoy-upstream-rq-timeout-ms", total.as_bytes());
    }
    if plan.targets.iter().any(|target| target.provider.preset.self_hosted) {
        let _ = host::set_filter_state(table::AFFINITY, &format!("{:016x}", plan.affinity));
    }
    let _ = host::set_property(table::TICKET, &ticket.to_bytes());
    let _ = host::set_property(table::CLUSTER, first.provider.cluster.as_bytes());
    let _ = host::clear_route_cache();
}
