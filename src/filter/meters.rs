//! Metrics of one configuration: ids are resolved once per series and worker.

use super::host;
use crate::access::Caller;
use crate::config::Config;
use crate::exchange::{Purse, Report};
use crate::metric::{Family, Kind, Label, Series, budget, nanos, samples};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

/// Most series of one worker; further ones go to `other`.
const MOST_SERIES: usize = 20_000;

/// What should never happen is there from the start: of a counter that begins with its first event, `increase` in
/// Prometheus would not see that event.
const RARE: &[(Family, &[(&str, &str)])] = &[
    (Family::ConfigRejected, &[]),
    (Family::LedgerErrors, &[("call", "charge")]),
    (Family::LedgerErrors, &[("call", "lost")]),
    (Family::LedgerErrors, &[("call", "peek")]),
    (Family::Misconfigured, &[("reason", "cluster")]),
    (Family::Misconfigured, &[("reason", "exchange")]),
    (Family::ReasoningDropped, &[]),
    (Family::SeriesDropped, &[]),
];

/// The metrics of a configuration.
pub struct Meters {
    config: Rc<Config>,
    ids: RefCell<HashMap<Series, u32, BuildHasherDefault<Quick>>>,
    /// By a metric's id: pico-USD that have not made a whole nano-USD yet.
    carried: RefCell<HashMap<u32, u64, BuildHasherDefault<Quick>>>,
}

/// A hasher for keys that no client chooses: a series is a few small numbers.
#[derive(Default)]
struct Quick(u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }
}

impl Meters {
    /// Meters without any series yet.
    pub fn new(config: Rc<Config>) -> Meters {
        Meters { config, ids: RefCell::default(), carried: RefCell::default() }
    }

    /// Writes everything that a report says.
    pub fn write(&self, report: &Report) {
        for sample in samples(report, &self.config) {
            self.add(sample.series, sample.value);
        }
    }

    /// One more exchange is under way, or one less.
    pub fn in_flight(&self, by: i64) {
        if let Some(id) = self.id(Series::new(Family::InFlight, &[])) {
            let _ = host::increment_metric(id, by);
        }
    }

    /// What is true of a configuration as long as it is in force; and zero times what may go wrong.
    pub fn announce(&self) {
        for (family, labels) in RARE {
            set(*family, labels, 0);
        }
        for (family, label) in [(Family::BuildInfo, Label::Version), (Family::ConfigInfo, Label::ConfigHash)] {
            if let Some(id) = self.id(Series::new(family, &[label])) {
                let _ = host::record_metric(id, 1);
            }
        }
    }

    /// Shows what budgets allow and what of them is spent.
    pub fn budgets(&self, purse: &Purse, caller: &Caller) {
        for (share, standing) in purse.counters() {
            for sample in budget(share, standing.spent, caller, &self.config).into_iter().flatten() {
                if let Some(id) = self.id(sample.series) {
                    let _ = host::record_metric(id, sample.value);
                }
            }
        }
    }

    fn add(&self, series: Series, value: u64) {
        let Some(id) = self.id(series) else { return };
        let value = match series.family() {
            Family::CostNanousd => nanos(self.carried.borrow_mut().entry(id).or_insert(0), value),
            _ => value,
        };
        let _ = match series.family().kind() {
            Kind::Histogram => host::record_metric(id, value),
            Kind::Counter | Kind::Gauge => host::increment_metric(id, i64::try_from(value).unwrap_or(i64::MAX)),
        };
    }

    fn id(&self, series: Series) -> Option<u32> {
        if let Some(id) = self.ids.borrow().get(&series) {
            return Some(*id);
        }
        if self.ids.borrow().len() >= MOST_SERIES && series != series.collapsed() {
            count(Family::SeriesDropped, &[]);
            return self.id(series.collapsed());
        }
        let id = host::define_metric(series.family().kind(), &series.host_name(&self.config)).ok()?;
        self.ids.borrow_mut().insert(series, id);
        Some(id)
    }
}

/// Counts something that is rare and belongs to no configuration.
pub fn count(family: Family, labels: &[(&str, &str)]) {
    if let Ok(id) = host::define_metric(family.kind(), &crate::metric::host_name(family, labels.iter().copied())) {
        let _ = host::increment_metric(id, 1);
    }
}

/// Sets a gauge, or adds to a counter, that belongs to no configuration.
pub fn set(family: Family, labels: &[(&str, &str)], value: u64) {
    if let Ok(id) = host::define_metric(family.kind(), &crate::metric::host_name(family, labels.iter().copied())) {
        let _ = host::record_metric(id, value);
    }
}
