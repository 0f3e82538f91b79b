//! Responses that are held for a while: a first event that is slow to come, a short `retry-after`.
//!
//! Nothing else wakes a held response when its provider is silent, so the root ticks while something waits; slowly
//! while this VM only holds places at providers, to say so.

use super::held::Held;
use super::{health, host};
use crate::health::BEAT_MS;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

const TICK_MS: u32 = 100;
const BEAT: u32 = BEAT_MS as u32;
/// A root that ticks for itself has done so by then, in nanoseconds.
const TICKS_SOON: u64 = 2_000_000_000;

struct Waiter {
    context: u32,
    until: u64,
    held: Weak<RefCell<Held>>,
}

thread_local! {
    static WAITERS: RefCell<Vec<Waiter>> = RefCell::default();
    /// When a root ticked last that does so for a purpose of its own.
    static TICKED: Cell<u64> = const { Cell::new(0) };
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

/// Has the current root tick soon, for a purpose of its own.
pub fn tick_soon(ms: u32) {
    TICKED.set(host::now());
    let _ = host::set_tick_period(ms);
}

/// Says that places are held as long as they are, though no request comes.
pub fn keep_places(now: u64) {
    // Setting a period starts it anew: a root that ticks anyway would never come to it, with a request in every period.
    let ticks = now.saturating_sub(TICKED.get()) < TICKS_SOON;
    if health::keep(now) && !ticks {
        let _ = host::set_tick_period(BEAT);
    }
}

/// Wakes whatever is due. The first tick that finds nothing is the last, unless this root has a period of its own.
pub fn on_tick(own: Option<u32>) {
    let now = host::now();
    let keeps = health::keep(now);
    let waits = !WAITERS.with_borrow(Vec::is_empty);
    if own.is_some() {
        TICKED.set(now);
    }
    let periods = [own, keeps.then_some(BEAT), waits.then_some(TICK_MS)];
    let _ = host::set_tick_period(periods.into_iter().flatten().min().unwrap_or(0));
    if !waits {
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
