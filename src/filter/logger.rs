//! `log` into Envoy's own log, and a panic hook that says where but never what: a panic's text may hold a prompt.

use super::host;
use log::{Level, LevelFilter, Log, Metadata, Record};
use std::panic;

struct Logger;

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let level = match record.level() {
                Level::Trace => 0,
                Level::Debug => 1,
                Level::Info => 2,
                Level::Warn => 3,
                Level::Error => 4,
            };
            host::log(level, &record.args().to_string());
        }
    }

    fn flush(&self) {}
}

/// Sets both up, once for each VM.
pub fn start() {
    if log::set_logger(&Logger).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        host::log(5, &format!("tollgate: panicked at {place}"));
    }));
}
