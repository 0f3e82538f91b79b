//! One request and its answer: what was asked, the plan, the attempts, and the report at the end.
//!
//! The gateway role makes an exchange and removes it; the upstream role of each attempt finds it by its [`Ticket`]
//! and writes down what happens. Both roles of a worker share it, one at a time.

mod admit;
mod answer;
mod attempt;
mod chain;
mod cost;
mod limits;
mod line;
mod metadata;
mod origin;
mod purse;
mod report;
mod step;
mod ticket;

pub use admit::{Admission, Admitted, Refused, admit, attribute};
pub use answer::{Told, from_envoy, last_word};
pub use attempt::{Attempt, Begun, Denied, End, Verdict, nearly};
pub use cost::Charge;
pub use limits::{Entered, Entering, enter, is_providers_limit};
pub use origin::{credits, record};
pub use purse::{Decision, Purse};
pub use report::{Ended, Report, Tried};
pub use ticket::{Mint, Ticket};

use crate::access::Caller;
use crate::config::Config;
use crate::health::{Health, arrange};
use crate::http::Headers;
use crate::route::{Ask, Plan};
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

/// One request and its answer.
#[derive(Debug)]
pub struct Exchange {
    /// `gen_...`
    pub generation: String,
    /// When the request's head came, in nanoseconds since 1970.
    pub started: u64,
    /// The configuration that it runs under, to its end.
    pub config: Rc<Config>,
    /// Who asked.
    pub caller: Caller,
    /// For what.
    pub ask: Ask,
    /// Who may serve it.
    pub plan: Plan,
    /// The request's head, as the client sent it.
    pub pristine: Headers,
    /// Time spent in our own callbacks, in nanoseconds.
    pub overhead: Cell<u64>,
    health: Rc<Health>,
    first_head: OnceCell<Headers>,
    progress: RefCell<attempt::Progress>,
}

impl Exchange {
    /// Starts an exchange: what rests or is full goes to the end of its plan.
    pub fn new(
        (generation, started): (String, u64),
        config: Rc<Config>,
        caller: Caller,
        ask: Ask,
        mut plan: Plan,
        pristine: Headers,
        health: Rc<Health>,
    ) -> Exchange {
        let place = arrange(&mut plan, &config, &health, started);
        Exchange {
            generation,
            started,
            config,
            caller,
            ask,
            plan,
            pristine,
            overhead: Cell::new(0),
            health,
            first_head: OnceCell::new(),
            progress: RefCell::new(attempt::Progress::new(place)),
        }
    }

    /// The request's head as the first attempt found it, before any edit: what every attempt starts from.
    pub fn first_head(&self, read: impl FnOnce() -> Headers) -> &Headers {
        self.first_head.get_or_init(read)
    }
}
