//! The fleet's ledger, called by gRPC: a question before a request goes on its way, a charge after its end.
//!
//! A question belongs to its request's context, and its answer comes there. A charge does not: the request is gone by
//! then, its client often too. So charges wait in this worker's [`Dues`], and the root sends them from its tick, a
//! millisecond later; while a message is under way the answer to it sends the next one.

use super::meters::count;
use super::{host, wait};
use crate::meter::dues::{self, Dues, Ended};
use crate::meter::fleet::{Counter, Fleet, Useless, peek, standings};
use crate::meter::{Share, Standing, rls};
use crate::metric::Family;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// Time between a charge and the tick that sends it, in milliseconds.
const SOON_MS: u32 = 1;
/// Time between two ticks when nothing is due: the charges of a root that is gone are for another one to send.
const SELDOM_MS: u32 = 1_000;
/// Time between two lines about a service that answers, and says nothing of use.
const QUIET: u64 = 60_000_000_000;

thread_local! {
    /// One for each service that this worker has charged.
    static DUES: RefCell<Vec<Dues>> = RefCell::default();
    /// Whether a tick will come soon. Asking again would put it off.
    static TICKS: Cell<bool> = const { Cell::new(false) };
    static COMPLAINED: Cell<u64> = const { Cell::new(0) };
}

/// A question under way.
pub struct Question {
    /// Its answer comes with this number, in `on_grpc_call_response` of the request's context.
    pub call: u32,
    fleet: Rc<Fleet>,
    counters: Vec<Counter>,
}

/// Asks what the counters of these shares hold. `None`: the question cannot even be sent.
pub fn ask(fleet: &Rc<Fleet>, shares: &[Share], now: u64) -> Option<Question> {
    let counters: Vec<Counter> = shares.iter().map(|share| Counter::of(share, now)).collect();
    let call = call(fleet, &peek(&fleet.domain, &counters), fleet.timeout);
    if call.is_none() {
        failed("peek");
    }
    Some(Question { call: call?, fleet: fleet.clone(), counters })
}

impl Question {
    /// What was answered, in the order of the shares; `status` and `size` are the callback's. `None`: nothing of use, and
    /// the failure mode says what happens.
    pub fn answer(&self, shares: &[Share], status: u32, size: usize) -> Option<Vec<Standing>> {
        let answer = (status == 0).then(|| host::body(host::Buffer::GrpcMessage, 0, size));
        let told = answer.map(|answer| standings(shares, &self.counters, &answer));
        let Some(Ok(mut told)) = told else {
            failed("peek");
            told.and_then(Result::err).iter().for_each(complain);
            return None;
        };
        DUES.with_borrow(|all| {
            let Some(dues) = all.iter().find(|dues| dues.is_for(&self.fleet)) else { return };
            for (standing, counter) in told.iter_mut().zip(&self.counters) {
                standing.spent = standing.spent.saturating_add(dues.of(counter));
            }
        });
        Some(told)
    }
}

/// Charges shares with pico-USD or tokens, as their budgets count.
pub fn charge(fleet: &Rc<Fleet>, charges: impl IntoIterator<Item = (Share, u64)>, now: u64) {
    let due = DUES.with_borrow_mut(|all| {
        if !all.iter().any(|dues| dues.is_for(fleet)) {
            all.push(Dues::new(fleet.clone()));
        }
        let dues = all.iter_mut().find(|dues| dues.is_for(fleet))?;
        for (share, amount) in charges {
            if !dues.add(Counter::of(&share, now), amount) {
                failed("lost");
            }
        }
        dues.due(now)
    });
    if due == Some(0) && !TICKS.replace(true) {
        wait::tick_soon(SOON_MS);
    }
}

/// Has this root send what another one has left behind.
pub fn start() {
    if DUES.with_borrow(|all| !all.is_empty()) {
        wait::tick_soon(SELDOM_MS);
    }
}

/// Sends what is due, and says in how many milliseconds to look again; `None` where nothing has ever been charged.
pub fn on_tick(now: u64) -> Option<u32> {
    TICKS.set(false);
    DUES.with_borrow_mut(|all| {
        all.iter_mut().for_each(|dues| send(dues, now));
        let due = all.iter().filter_map(|dues| dues.due(now)).min().map(|due| due.div_ceil(1_000_000));
        let ms = due.and_then(|due| u32::try_from(due).ok()).unwrap_or(SELDOM_MS);
        (!all.is_empty()).then_some(ms.clamp(SOON_MS, SELDOM_MS))
    })
}

/// The answer to a call of the root has come, or none.
pub fn answered(call: u32, status: u32) {
    let now = host::now();
    DUES.with_borrow_mut(|all| {
        for dues in all {
            match dues.answered(call, status == 0, now) {
                Ended::Unknown => continue,
                Ended::Taken => send(dues, now),
                Ended::Failed => failed("charge"),
            }
        }
    });
}

fn send(dues: &mut Dues, now: u64) {
    let is_well = dues.send(now, |fleet, message| call(fleet, message, dues::TIMEOUT));
    if !is_well {
        failed("charge");
    }
}

fn call(fleet: &Fleet, message: &[u8], timeout: Duration) -> Option<u32> {
    host::grpc_call(&fleet.cluster, rls::SERVICE, rls::METHOD, message, timeout).ok()
}

fn failed(call: &str) {
    count(Family::LedgerErrors, &[("call", call)]);
}

/// A service that counts nothing is set up wrongly, and would be for every request.
fn complain(useless: &Useless) {
    let now = host::now();
    if now.saturating_sub(COMPLAINED.replace(now)) > QUIET {
        log::warn!("tollgate: the rate limit service is of no use as a ledger: {useless}");
    }
}
