//! The limits of one request: of its group, key, user and model, all together.
//!
//! They are taken once it is known who may serve the request, and corrected when it is over. A request that is refused
//! takes nothing.

use crate::access::Caller;
use crate::clock::rfc3339;
use crate::config::{Config, Limits, Model};
use crate::dialect::Client;
use crate::error::{Again, Class, Error, printable};
use crate::health::{Health, Place, Room};
use crate::meter::limit::{Full, Kind, Left, Rate, Taken, take};
use crate::route::Hash;
use std::rc::Rc;
use std::time::Duration;

/// Cells for the users of all groups together. Their names come from clients and may be any, the cells are these.
const USER_CELLS: u64 = 1024;
/// When a request that found no place may come again: nobody knows when one is free.
const NO_PLACE: Duration = Duration::from_secs(1);

/// Who enters, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Entering<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Whose format the answer has.
    pub client: Client,
    /// Who asks.
    pub caller: &'a Caller,
    /// For whom, as the request says.
    pub user: Option<&'a str>,
    /// The model that it asks for.
    pub model: &'a Model,
    /// The tokens that it will need, as far as can be told.
    pub tokens: u64,
    /// In nanoseconds since 1970.
    pub now: u64,
}

/// What a request has taken of its limits. Its places are free again when it is dropped.
#[derive(Debug)]
pub struct Entered {
    taken: Vec<Taken>,
    places: Vec<Place>,
    health: Rc<Health>,
}

/// Somebody with limits: told to people, and where they are counted.
struct Holder {
    told: String,
    name: String,
    id: u64,
    limits: Limits,
}

/// Takes one request of every limit that applies, or of none.
pub fn enter(entering: &Entering<'_>, health: &Rc<Health>) -> Result<Entered, Error> {
    let Entering { client, tokens, now, .. } = *entering;
    let holders = holders(entering);
    let (rates, whose): (Vec<Rate>, Vec<&Holder>) = holders.iter().filter_map(|one| Some((one.rate()?, one))).unzip();
    let taken = take(health.cells(), &rates, tokens, now).map_err(|full| {
        let whose = whose.get(full.index).map_or("", |holder| &holder.told);
        refusal(whose, &full, client, now)
    })?;
    let mut entered = Entered { taken, places: Vec::new(), health: health.clone() };
    for holder in &holders {
        let Some(most) = holder.limits.concurrent else { continue };
        let room = Room::among(&format!("limit/{}", holder.name), holder.id);
        match health.enter(room, u32::try_from(most).unwrap_or(u32::MAX), now) {
            Some(place) => entered.places.push(place),
            None => {
                entered.undo(now);
                return Err(no_place(&holder.told, most));
            }
        }
    }
    Ok(entered)
}

/// Who of group, key, user and model has limits.
fn holders(entering: &Entering<'_>) -> Vec<Holder> {
    let Entering { config, caller, user, model, .. } = *entering;
    let mut holders = Vec::new();
    let mut add = |limits: Limits, holder: &dyn Fn() -> (String, String, u64)| {
        if limits != Limits::default() {
            let (told, name, id) = holder();
            holders.push(Holder { told, name, id, limits });
        }
    };
    let named = |kind: &str, name: &str| (format!("{kind} `{name}`"), format!("{kind}/{name}"), 0);
    let group = caller.group(&config.access);
    if let Some(group) = group {
        add(group.limits, &|| named("group", &group.name));
    }
    if let Some(key) = caller.key.and_then(|key| config.access.keys.get(key)) {
        add(key.limits, &|| named("key", &key.id));
    }
    if let Some((group, user)) = group.zip(user) {
        add(group.user_limits, &|| {
            let id = Hash::default().with(group.name.as_bytes()).with(user.as_bytes()).finish();
            let told = format!("user `{}` of group `{}`", printable(user), group.name);
            (told, format!("user/{}", id % USER_CELLS), id)
        });
    }
    add(model.limits, &|| named("model", &model.name));
    holders
}

impl Holder {
    fn rate(&self) -> Option<Rate> {
        let Limits { requests_per_minute: requests, tokens_per_minute: tokens, .. } = self.limits;
        let cell = || format!("tollgate.limit.{}", self.name);
        (requests.is_some() || tokens.is_some()).then(|| Rate { cell: cell(), id: self.id, requests, tokens })
    }
}

impl Entered {
    /// Whether requests or tokens per minute are limited, so that the provider's own limits are not the client's.
    pub fn has_rates(&self) -> bool {
        !self.taken.is_empty()
    }

    /// How the tightest limit of requests stood after this one, and that of tokens.
    pub fn headers(&self, client: Client, now: u64) -> Vec<(&'static str, String)> {
        let tightest = |of: fn(&Taken) -> Option<Left>| self.taken.iter().filter_map(of).min_by_key(|l| l.remaining);
        let requests = tightest(|taken| taken.requests).map(|left| headers(Kind::Requests, left, client, now));
        let tokens = tightest(|taken| taken.tokens).map(|left| headers(Kind::Tokens, left, client, now));
        requests.into_iter().chain(tokens).flatten().collect()
    }

    /// The request is over: its places are free, and its tokens are these. `None`: nobody knows, so what was thought stays.
    pub fn settle(self, tokens: Option<u64>, now: u64) {
        if let Some(tokens) = tokens {
            self.taken.iter().for_each(|taken| taken.correct(self.health.cells(), tokens, now));
        }
    }

    /// The request is refused after all.
    pub fn undo(self, now: u64) {
        self.taken.iter().for_each(|taken| taken.give_back(self.health.cells(), now));
    }
}

/// Whether a header of an answer tells of the provider's limits.
pub fn is_providers_limit(name: &[u8]) -> bool {
    name.starts_with(b"x-ratelimit-") || name.starts_with(b"anthropic-ratelimit-")
}

fn refusal(whose: &str, full: &Full, client: Client, now: u64) -> Error {
    let (kind, field) = match full.kind {
        Kind::Requests => ("requests", "requests_per_minute"),
        Kind::Tokens => ("tokens", "tokens_per_minute"),
    };
    let (limit, wait) = (full.left.limit, seconds(full.wait));
    let message = format!(
        "Rate limit reached for {whose}: {limit} {kind} in any 60 seconds (`{field}`). Try again in {wait} seconds."
    );
    limited(kind, message, full.wait).telling(headers(full.kind, full.left, client, now))
}

fn no_place(whose: &str, most: u64) -> Error {
    let message =
        format!("Rate limit reached for {whose}: {most} requests at one time (`concurrent`). Try again in 1 second.");
    limited("requests", message, NO_PLACE)
}

fn limited(kind: &'static str, message: String, wait: Duration) -> Error {
    let mut error = Error::new(Class::Limit, 429, kind, "rate_limit_exceeded", message);
    error.again = Again::MayHelp;
    error.retry_after = Some(wait);
    error
}

/// `12.3`
fn seconds(wait: Duration) -> String {
    let tenths = wait.as_millis().div_ceil(100);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A limit in OpenAI's headers; to Anthropic's clients in Anthropic's besides.
fn headers(kind: Kind, left: Left, client: Client, now: u64) -> Vec<(&'static str, String)> {
    let [limit, remaining, reset, theirs_limit, theirs_remaining, theirs_reset] = match kind {
        Kind::Requests => [
            "x-ratelimit-limit-requests",
            "x-ratelimit-remaining-requests",
            "x-ratelimit-reset-requests",
            "anthropic-ratelimit-requests-limit",
            "anthropic-ratelimit-requests-remaining",
            "anthropic-ratelimit-requests-reset",
        ],
        Kind::Tokens => [
            "x-ratelimit-limit-tokens",
            "x-ratelimit-remaining-tokens",
            "x-ratelimit-reset-tokens",
            "anthropic-ratelimit-tokens-limit",
            "anthropic-ratelimit-tokens-remaining",
            "anthropic-ratelimit-tokens-reset",
        ],
    };
    let until = left.whole.saturating_sub(now / 1_000_000);
    let mut headers = vec![
        (limit, left.limit.to_string()),
        (remaining, left.remaining.to_string()),
        (reset, duration(Duration::from_millis(until))),
    ];
    if client == Client::Anthropic {
        let whole = left.whole.saturating_mul(1_000_000).max(now);
        headers.push((theirs_limit, left.limit.to_string()));
        headers.push((theirs_remaining, left.remaining.to_string()));
        headers.push((theirs_reset, rfc3339(whole)));
    }
    headers
}

/// `1m0s`, `12s`, `20ms`: as OpenAI writes them. Whole seconds are rounded up.
fn duration(length: Duration) -> String {
    let (millis, seconds) = (length.as_millis(), length.as_millis().div_ceil(1_000));
    match (millis, seconds / 60) {
        (..1_000, _) => format!("{millis}ms"),
        (_, 0) => format!("{seconds}s"),
        (_, minutes) => format!("{minutes}m{}s", seconds % 60),
    }
}

#[cfg(test)]
mod tests;
