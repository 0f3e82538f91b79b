//! Fetches the tokens that providers go by, from the root's tick: a worker for all workers, long before they are over.

use super::{health, host, wait};
use crate::config::Config;
use crate::token::{FETCH, Fault, Fresh, HOST, LARGEST, PATH, Turn, read};
use host::{Buffer, Map};

/// The first look of a worker whose configuration has just come. Not at once: Envoy tries a new configuration in a VM that
/// it throws away, and that one must not begin a fetch which nobody ends.
const FIRST_MS: u32 = 10;
/// Longest time between two looks: another worker's fetch may have come to nothing.
const LONGEST_MS: u64 = 1_000;

/// The tokens of one configuration.
pub struct Tokens {
    /// The clusters of the metadata servers.
    clusters: Vec<String>,
    fetches: Vec<Fetch>,
}

/// One that is under way.
struct Fetch {
    call: u32,
    cluster: String,
    began: u64,
}

impl Tokens {
    /// Those that a configuration needs.
    pub fn new(config: &Config) -> Tokens {
        let enabled = config.providers.iter().filter(|provider| provider.enabled);
        let mut clusters: Vec<String> = enabled.filter_map(|one| one.metadata_cluster()).map(str::to_owned).collect();
        clusters.sort();
        clusters.dedup();
        Tokens { clusters, fetches: Vec::new() }
    }

    /// Has this root tick, if there is anything to fetch.
    pub fn start(&self) {
        if !self.clusters.is_empty() {
            wait::tick_soon(FIRST_MS);
        }
    }

    /// Fetches what is due, and says in how many milliseconds to look again.
    pub fn on_tick(&mut self, now: u64) -> Option<u32> {
        let mut next: Option<u64> = None;
        for cluster in &self.clusters {
            let ms = match health::shared().turn(cluster, now) {
                Turn::Now => {
                    self.fetches.extend(begin(cluster, now));
                    LONGEST_MS
                }
                Turn::At(at) => at.saturating_sub(now) / 1_000_000 + 1,
            };
            next = Some(next.map_or(ms, |next| next.min(ms)));
        }
        next.map(|ms| u32::try_from(ms.clamp(u64::from(FIRST_MS), LONGEST_MS)).unwrap_or(FIRST_MS))
    }

    /// The answer to a call has come, or none; only now its head and body can be read.
    pub fn answered(&mut self, call: u32, size: usize) {
        let Some(at) = self.fetches.iter().position(|fetch| fetch.call == call) else { return };
        let Fetch { cluster, began, .. } = self.fetches.swap_remove(at);
        let head = host::headers(Map::Call);
        let status = head.text(":status").and_then(|status| status.parse().ok()).unwrap_or(0);
        // One byte more tells that there is more.
        let body = host::body(Buffer::CallBody, 0, size.min(LARGEST.saturating_add(1)));
        end(&cluster, read(status, &body), began);
    }
}

/// Sends a fetch off. No `x-forwarded-for` goes along, which a metadata server refuses: Envoy adds none to such calls.
fn begin(cluster: &str, now: u64) -> Option<Fetch> {
    let headers = [(":path", PATH), (":authority", HOST), ("metadata-flavor", "Google")];
    match host::get(cluster, &headers, FETCH) {
        Ok(call) => Some(Fetch { call, cluster: cluster.to_owned(), began: now }),
        Err(_) => {
            end(cluster, Err(Fault::Unreachable), now);
            None
        }
    }
}

/// Writes down what a fetch has brought. A token that is replaced in time is not worth a line.
fn end(cluster: &str, fetched: Result<Fresh, Fault>, began: u64) {
    match health::shared().fetched(cluster, fetched, began, host::now()) {
        Err((fault, wait)) => {
            log::warn!("tollgate: no token by cluster {cluster}: {fault}; next try in {} s", wait.as_secs_f32());
        }
        Ok(failures) if failures > 0 => log::info!("tollgate: a token has come by cluster {cluster}"),
        Ok(_) => {}
    }
}
