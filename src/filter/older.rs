//! What Envoys older than 1.39 need. Their configuration says in every endpoint's metadata whose it is; newer ones have
//! no use for that, so nothing here costs them anything.

use super::host;
use crate::config::host_metadata;
use crate::exchange::Exchange;

/// Where Envoy is: at a cluster, which ought to be the next target's, or somewhere along a chain of providers that its
/// configuration fixes. There the attempt takes the plan's step at the provider of the chosen host.
pub fn cluster(exchange: &Exchange, now: u64) -> Vec<u8> {
    let cluster = host::property("xds\0cluster_name").unwrap_or_default();
    if exchange.next_cluster().is_none_or(|next| next.as_bytes() == cluster) {
        return cluster;
    }
    let followed = provider().and_then(|provider| exchange.follow(&provider, now));
    followed.map_or(cluster, |cluster| cluster.as_bytes().to_vec())
}

/// Whether a held body must not be let go outside of its callbacks: these Envoys then lose the piece that comes next.
pub fn loses_what_follows() -> bool {
    provider().is_some()
}

/// The provider that the chosen host's metadata names.
fn provider() -> Option<String> {
    host_metadata::provider(&host::property("xds\0upstream_host_metadata")?)
}
