//! What the workers tell each other about targets and credentials, in Envoy's shared data.

use super::{host, meters, table};
use crate::health::{BEAT_MS, Cells, Change, Health, Rester};
use crate::metric::Family;
use std::cell::Cell;
use std::rc::Rc;

thread_local! {
    static HEALTH: Rc<Health> = Rc::new(Health::new(Box::new(SharedData), table::vm()));
    static NEXT_BEAT: Cell<u64> = const { Cell::new(0) };
}

/// Envoy's shared data.
pub struct SharedData;

impl Cells for SharedData {
    fn get(&self, name: &str) -> Option<(Vec<u8>, u32)> {
        host::shared(name)
    }

    fn set(&self, name: &str, value: &[u8], cas: u32) -> bool {
        host::set_shared(name, value, cas).is_ok()
    }

    fn put(&self, name: &str, value: &[u8]) {
        let _ = host::set_shared(name, value, 0);
    }
}

/// This worker's view.
pub fn shared() -> Rc<Health> {
    HEALTH.with(Rc::clone)
}

/// Says that this VM's places are still held, where it is time. False if there are none.
pub fn keep(now: u64) -> bool {
    HEALTH.with(|health| {
        if !health.holds_places() {
            return false;
        }
        if now >= NEXT_BEAT.get() {
            health.beat(now);
            NEXT_BEAT.set(now.saturating_add(BEAT_MS.saturating_mul(1_000_000)));
        }
        true
    })
}

/// Writes the gauges of what has begun to rest or is back.
pub fn show() {
    for Change { provider, what, rests } in HEALTH.with(|health| health.changes()) {
        let value = u64::from(rests);
        match what {
            Rester::Target(model) => {
                let model = model.as_deref().unwrap_or("other");
                meters::set(Family::TargetCooldown, &[("model", model), ("provider", &provider)], value);
            }
            Rester::Credential(index) => {
                let index = index.to_string();
                meters::set(Family::CredentialResting, &[("provider", &provider), ("credential", &index)], value);
            }
        }
    }
}
