//! The root contexts: one per plugin of each VM. They load the configuration and make the contexts of requests.

use super::gateway::Gateway;
use super::meters::{self, Meters, count};
use super::tokens::Tokens;
use super::upstream::Upstream;
use super::{host, ledger, wait};
use crate::config::{Config, Plugin};
use crate::metric::Family;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};
use std::rc::Rc;

/// Largest plugin configuration that is read.
const CONFIGURATION_CAP: usize = 64 << 20;
/// Shared data: the hash of the configuration that has been announced in the log.
const ANNOUNCED: &str = "tollgate.announced";

/// What this plugin is.
#[derive(Default)]
pub enum Root {
    /// No configuration was accepted: nothing passes.
    #[default]
    Closed,
    /// Once per request.
    Gateway(Rc<Config>, Rc<Meters>, Tokens),
    /// Once per attempt.
    Upstream,
    /// Measures what the two places cost by themselves.
    Noop,
}

impl Context for Root {
    fn on_http_call_response(&mut self, call: u32, _: usize, size: usize, _: usize) {
        if let Root::Gateway(_, _, tokens) = self {
            tokens.answered(call, size);
        }
    }

    fn on_grpc_call_response(&mut self, call: u32, status: u32, _: usize) {
        ledger::answered(call, status);
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, size: usize) -> bool {
        let bytes = host::body(host::Buffer::PluginConfiguration, 0, size.min(CONFIGURATION_CAP));
        match Plugin::load(&bytes, &|name| std::env::var(name).ok()) {
            Ok(Plugin::Gateway(config)) => {
                let config: Rc<Config> = Rc::from(config);
                let meters = Rc::new(Meters::new(config.clone()));
                meters.announce();
                announce(&config);
                let tokens = Tokens::new(&config);
                tokens.start();
                ledger::start();
                *self = Root::Gateway(config, meters, tokens);
                true
            }
            Ok(Plugin::Upstream) => {
                *self = Root::Upstream;
                true
            }
            Ok(Plugin::Noop) => {
                *self = Root::Noop;
                true
            }
            Err(mistakes) => {
                count(Family::ConfigRejected, &[]);
                for mistake in mistakes.messages() {
                    log::error!("tollgate: configuration rejected: {mistake}");
                }
                false
            }
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        Some(match self {
            Root::Gateway(config, meters, _) => Box::new(Gateway::new(config.clone(), meters.clone())),
            Root::Upstream => Box::new(Upstream::new(id)),
            Root::Noop => Box::new(Noop),
            Root::Closed => Box::new(Closed),
        })
    }

    fn on_tick(&mut self) {
        let now = host::now();
        let next = match self {
            Root::Gateway(_, _, tokens) => [ledger::on_tick(now), tokens.on_tick(now)].into_iter().flatten().min(),
            _ => None,
        };
        wait::on_tick(next);
    }
}

/// One line for all the workers that load the same configuration; the one before is in force no more.
fn announce(config: &Config) {
    let (said, cas) = host::shared(ANNOUNCED).unwrap_or((Vec::new(), u32::MAX));
    if said == config.hash.as_bytes() || host::set_shared(ANNOUNCED, config.hash.as_bytes(), cas).is_err() {
        return;
    }
    if let Some(before) = std::str::from_utf8(&said).ok().filter(|before| !before.is_empty()) {
        meters::set(Family::ConfigInfo, &[("hash", before)], 0);
    }
    let enabled = config.providers.iter().filter(|provider| provider.enabled);
    let names: Vec<&str> = enabled.map(|provider| provider.name.as_str()).collect();
    log::info!(
        "tollgate {}: {} providers ({}), {} models, configuration {}",
        env!("CARGO_PKG_VERSION"),
        names.len(),
        names.join(", "),
        config.models.len(),
        config.hash
    );
    for warning in &config.warnings {
        log::warn!("tollgate: {warning}");
    }
}

/// Lets everything through untouched.
struct Noop;

impl Context for Noop {}
impl HttpContext for Noop {}

/// Lets nothing through.
struct Closed;

impl Context for Closed {}
impl HttpContext for Closed {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        super::gateway::deny(&crate::error::Error::misconfigured("The gateway has no configuration."));
        Action::Pause
    }
}
