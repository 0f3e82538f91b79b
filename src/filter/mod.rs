//! The proxy-wasm shell: callbacks of Envoy in, host calls out, no decisions of its own.
//!
//! One module serves two roles. The gateway role stands in a listener's filter chain and runs once per request; the
//! upstream role stands in each provider cluster's own chain and runs once per attempt. Both live in one VM per worker.

mod gateway;
mod health;
mod held;
mod host;
mod ledger;
mod logger;
mod meters;
mod older;
mod passing;
mod receiving;
mod root;
mod routing;
mod sending;
mod table;
mod tokens;
mod upstream;
mod wait;

#[allow(unsafe_code, missing_docs)]
mod start {
    proxy_wasm::main! {{
        super::logger::start();
        proxy_wasm::set_root_context(|_| Box::new(super::root::Root::default()));
    }}
}

use crate::exchange::Exchange;

/// Adds the time until it is dropped to the exchange's overhead.
struct Timed<'a> {
    exchange: &'a Exchange,
    since: u64,
}

impl<'a> Timed<'a> {
    fn since(exchange: &'a Exchange, since: u64) -> Timed<'a> {
        Timed { exchange, since }
    }

    fn new(exchange: &'a Exchange) -> Timed<'a> {
        Timed::since(exchange, host::now())
    }
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        let spent = host::now().saturating_sub(self.since);
        self.exchange.overhead.set(self.exchange.overhead.get().saturating_add(spent));
    }
}
