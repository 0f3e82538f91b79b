//! The exchanges of this worker, by ticket: how the upstream role finds what the gateway role began.

use super::health::SharedData;
use crate::exchange::{Exchange, Mint, Ticket};
use crate::generation::take_lane;
use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::rc::Rc;

/// Filter state that names the exchange.
pub const TICKET: &str = "tollgate_exchange";
/// Filter state that the route's cluster specifier reads.
pub const CLUSTER: &str = "tollgate_cluster";
/// Filter state that a route's `hash_policy` may read: Envoy's own object for a text that can be hashed.
pub const AFFINITY: &str = "envoy.hashable_string";
/// Filter state that the access log prints.
pub const LOG: &str = "tollgate_log";

thread_local! {
    static MINT: RefCell<Mint> = RefCell::new(Mint::new(nonce(), take_lane(&SharedData)));
    static EXCHANGES: RefCell<HashMap<Ticket, Rc<Exchange>>> = RefCell::default();
}

/// 128 random bits. `RandomState` draws from WASI's random source, and differs in every VM.
fn nonce() -> u128 {
    let draw = |salt: u64| {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u64(salt);
        u128::from(hasher.finish())
    };
    (draw(1) << 64) | draw(2)
}

/// Identity of a new exchange.
pub struct Identity {
    /// Names it in filter state.
    pub ticket: Ticket,
    /// Names it to people.
    pub generation: String,
    /// A random number of its own.
    pub draw: u64,
}

/// Makes an identity.
pub fn identity(now: u64) -> Identity {
    MINT.with_borrow_mut(|mint| {
        let ticket = mint.ticket();
        Identity { ticket, generation: mint.generation(ticket, now), draw: mint.draw(ticket) }
    })
}

/// Names this VM: as random as its tickets.
pub fn vm() -> u128 {
    MINT.with_borrow(Mint::nonce)
}

/// Puts an exchange where the upstream role finds it.
pub fn insert(ticket: Ticket, exchange: Rc<Exchange>) {
    EXCHANGES.with_borrow_mut(|table| table.insert(ticket, exchange));
}

/// Finds an exchange of this VM.
pub fn find(ticket: &[u8]) -> Option<Rc<Exchange>> {
    let ticket = Ticket::from_bytes(ticket)?;
    EXCHANGES.with_borrow(|table| table.get(&ticket).cloned())
}

/// Takes an exchange out, at its end.
pub fn remove(ticket: Ticket) {
    EXCHANGES.with_borrow_mut(|table| table.remove(&ticket));
}
