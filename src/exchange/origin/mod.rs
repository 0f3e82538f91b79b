//! What the gateway answers by itself: lists of models, and what an account is asked for.

mod account;
mod endpoints;
mod generation;
mod models;
mod offer;
mod query;
mod spend;

pub use account::credits;
pub use generation::record;

use crate::access::Caller;
use crate::config::Config;
use crate::dialect::Client;
use crate::error::Error;
use crate::exchange::Purse;
use crate::health::Cells;
use query::{Query, decoded};

/// The path of what a key may still spend.
pub const CREDITS: &str = "/v1/credits";

/// A GET of a caller that may ask.
#[derive(Clone, Copy)]
pub struct Visit<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Who asks.
    pub caller: &'a Caller,
    /// Whose shape the answer has.
    pub client: Client,
    /// Where generations are kept, and what was spent.
    pub cells: &'a dyn Cells,
    /// Nanoseconds since 1970.
    pub now: u64,
}

/// A JSON body for a path; `None` where nothing is served.
pub fn answer(visit: Visit<'_>, path: &str, query: &str) -> Option<Result<Vec<u8>, Error>> {
    let query = Query(query);
    Some(match path {
        "/v1/models" => models::models(visit, query),
        CREDITS => {
            let mut purse = Purse::of_account(visit.config, visit.caller);
            purse.look(visit.cells, visit.now);
            Ok(account::credits(&purse, visit.now))
        }
        "/v1/generation" => generation::generation(visit, query),
        "/v1/report" => Err(spend::report(visit.config, query)),
        "/v1/ai/config" | "/v3/ai/config" | "/v4/ai/config" => models::config(visit)?,
        _ => {
            let name = path.strip_prefix("/v1/models/")?;
            match name.strip_suffix("/endpoints") {
                Some(name) => endpoints::endpoints(visit, &decoded(name)),
                None => models::model(visit, &decoded(name)),
            }
        }
    })
}

#[cfg(test)]
mod tests;
