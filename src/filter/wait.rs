//! Responses that are held for a while: a first event that is slow to come, a short `retry-after`.
//!
//! Nothing else wakes a held response when its provider is silent, so the root ticks while something waits; slowly
//! while this VM only holds places at providers, to say so.

use super::held::Held;
use super::{health, host};
use crate::health::BEAT_MS;
use std::cell::RefCell;
use std::rc::{Rc, Weak};

const TICK_MS: u32 = 100;
const BEAT: u32 = BEAT_MS as u32;

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

/// Says that places are held as long as they are, though no request comes.
pub fn keep_places(now: u64) {
    if health::keep(now) {
        let _ = host::set_tick_period(BEAT);
    }
}

/// Wakes whatever is due; the first tick that finds nothing is the last.
pub fn on_tick() {
    let now = host::now();
    let keeps = health::keep(now);
    if WAITERS.with_borrow(Vec::is_empty) {
        let _ = host::set_tick_period(if keeps { BEAT } else { 0 });
        return;
    }
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
    health::show();
}
