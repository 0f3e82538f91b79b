//! Responses that are held for a while: a first event that is slow to come, a short `retry-after`.
//!
//! Nothing else wakes a held response when its provider is silent, so the root ticks while something waits.

use super::held::Held;
use super::host;
use std::cell::RefCell;
use std::rc::{Rc, Weak};

const TICK_MS: u32 = 100;

struct Waiter {
    context: u32,
    until: u64,
    held: Weak<RefCell<Held>>,
}

thread_local! {
    static WAITERS: RefCell<Vec<Waiter>> = RefCell::default();
}

/// Wakes a held response at a time, unless it ends or goes on before.
pub fn wait(context: u32, until: u64, held: &Rc<RefCell<Held>>) {
    let first = WAITERS.with_borrow_mut(|waiters| {
        waiters.push(Waiter { context, until, held: Rc::downgrade(held) });
        waiters.len() == 1
    });
    if first {
        let _ = host::set_tick_period(TICK_MS);
    }
}

/// Wakes whatever is due; the first tick that finds nothing is the last.
pub fn on_tick() {
    if WAITERS.with_borrow(Vec::is_empty) {
        let _ = host::set_tick_period(0);
        return;
    }
    let now = host::now();
    let due: Vec<Waiter> = WAITERS.with_borrow_mut(|waiters| {
        waiters.retain(|waiter| waiter.held.strong_count() > 0);
        waiters.extract_if(.., |waiter| waiter.until <= now).collect()
    });
    for waiter in due {
        if let Some(held) = waiter.held.upgrade()
            && host::set_effective_context(waiter.context).is_ok()
        {
            held.borrow_mut().wake();
        }
    }
}
