//! The counters: which descriptor has one, and what it says.

use crate::Result;
use crate::messages::{Descriptor, Duration, Limit, OK, OVER_LIMIT, Request, Response, Status};
use limitador::limit::{self, Condition, Namespace};
use limitador::storage::AsyncStorage;
use limitador::storage::redis::AsyncRedisStorage;
use limitador::{AsyncRateLimiter, AsyncRateLimiterBuilder};
use std::collections::HashMap;

pub struct Limits {
    limiter: AsyncRateLimiter,
    domain: Namespace,
}

impl Limits {
    /// Counters in the Redis at a URL, by rules `key,key,...=limit/seconds`.
    pub async fn new(redis: &str, domain: &str, rules: &[String]) -> Result<Limits> {
        let storage = AsyncStorage::with_counter_storage(Box::new(AsyncRedisStorage::new(redis).await?));
        let limiter = AsyncRateLimiterBuilder::new(storage).build();
        for rule in rules {
            limiter.add_limit(limit(domain, rule)?);
        }
        Ok(Limits { limiter, domain: domain.into() })
    }

    /// Adds each descriptor's hits to its counter, none if they are 0, and says what the counters hold then. A descriptor
    /// without a counter is within its limit, and has none.
    pub async fn answer(&self, request: &Request) -> Result<Response> {
        let mut statuses = Vec::new();
        let mut line = Vec::new();
        for descriptor in &request.descriptors {
            let hits = descriptor.hits_addend.as_ref().map(|hits| hits.value);
            let hits = hits.unwrap_or_else(|| request.hits_addend.max(1).into());
            line.push(told(descriptor, hits));
            let is_ours = request.domain == self.domain.as_ref();
            statuses.push(if is_ours { self.count(descriptor, hits).await? } else { within() });
        }
        println!("{}", line.join(" | "));
        let is_over = statuses.iter().any(|status| status.code == OVER_LIMIT);
        Ok(Response { overall_code: if is_over { OVER_LIMIT } else { OK }, statuses })
    }

    async fn count(&self, descriptor: &Descriptor, hits: u64) -> Result<Status> {
        let entries = descriptor.entries.iter().map(|entry| (entry.key.clone(), entry.value.clone()));
        let values: HashMap<String, String> = entries.collect();
        if hits > 0 {
            self.limiter.update_counters(&self.domain, &values, i64::try_from(hits)?).await?;
        }
        let checked = self.limiter.check_rate_limited_and_update(&self.domain, &values, 0, true).await?;
        let Some(counter) = checked.counters.first() else { return Ok(within()) };
        Ok(Status {
            code: if checked.limited { OVER_LIMIT } else { OK },
            current_limit: Some(Limit { requests_per_unit: u32::try_from(counter.max_value())? }),
            limit_remaining: u32::try_from(counter.remaining().unwrap_or(counter.max_value()).max(0))?,
            duration_until_reset: counter.expires_in().map(|left| Duration { seconds: left.as_secs() as i64 }),
        })
    }
}

/// The status of a descriptor that no rule knows.
fn within() -> Status {
    Status { code: OK, ..Status::default() }
}

/// `7 month=2026-11 budget=search ...`
fn told(descriptor: &Descriptor, hits: u64) -> String {
    let entries = descriptor.entries.iter().map(|entry| format!("{}={}", entry.key, entry.value));
    [hits.to_string()].into_iter().chain(entries).collect::<Vec<_>>().join(" ")
}

fn limit(domain: &str, rule: &str) -> Result<limit::Limit> {
    let (keys, rate) = rule.split_once('=').ok_or("a rule is key,key,...=limit/seconds")?;
    let (most, seconds) = rate.split_once('/').ok_or("a rate is limit/seconds")?;
    Ok(limit::Limit::new(domain, most.parse()?, seconds.parse()?, Vec::<Condition>::new(), keys.split(',')))
}
