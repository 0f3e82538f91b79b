//! The access log line: one JSON object per request, exactly these fields, numbers as numbers, absent as null.

use super::report::{Report, provider_name};
use crate::config::Config;
use serde::Serialize;

/// Bytes of a usual line, and some more.
const LENGTH: usize = 1024;

#[derive(Serialize)]
struct Line<'a> {
    ts: String,
    id: &'a str,
    request_id: Option<&'a str>,
    key: Option<&'a str>,
    group: Option<&'a str>,
    user: Option<&'a str>,
    tags: &'a [String],
    operation: Option<&'a str>,
    dialect: &'a str,
    stream: Option<bool>,
    model_asked: Option<&'a str>,
    model: Option<&'a str>,
    model_sent: Option<&'a str>,
    model_answered: Option<&'a str>,
    provider: Option<&'a str>,
    credential: Option<&'a str>,
    plan: Option<&'a str>,
    attempts: Option<&'a str>,
    provider_request_id: Option<&'a str>,
    status: Option<u16>,
    error: Option<&'a str>,
    ttft_ms: Option<u64>,
    duration_ms: u64,
    overhead_us: u64,
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    output: Option<u64>,
    reasoning: Option<u64>,
    estimated: bool,
    cost_usd: Option<f64>,
    budget_left: Option<f64>,
    ended: &'a str,
}

impl Report {
    /// The line, without its line end.
    pub fn line(&self, config: &Config) -> Vec<u8> {
        let caller = self.caller.as_ref();
        let line = Line {
            ts: rfc3339(self.started),
            id: &self.generation,
            request_id: self.request_id.as_deref(),
            key: caller.map(|caller| caller.id.as_str()),
            group: caller.and_then(|caller| caller.group(&config.access)).map(|group| group.name.as_str()),
            user: self.user.as_deref(),
            tags: &self.tags,
            operation: self.operation.map(|operation| operation.word()),
            dialect: self.client.word(),
            stream: self.stream,
            model_asked: self.model_asked.as_deref(),
            model: self.model.as_deref(),
            model_sent: self.model_sent.as_deref(),
            model_answered: self.model_answered.as_deref(),
            provider: self.provider.map(|index| provider_name(config, index)),
            credential: self.credential.as_deref(),
            plan: self.plan.as_deref(),
            attempts: self.attempts.as_deref(),
            provider_request_id: self.provider_request_id.as_deref(),
            status: self.status,
            error: self.error.map(|class| class.word()),
            ttft_ms: self.ttft_ms,
            duration_ms: self.duration_ms,
            overhead_us: self.overhead_us,
            input: self.usage.input,
            cache_read: self.usage.cache_read,
            cache_write: self.usage.cache_write,
            output: self.usage.output,
            reasoning: self.usage.reasoning,
            estimated: false,
            cost_usd: None,
            budget_left: None,
            ended: self.ended.word(),
        };
        let mut bytes = Vec::with_capacity(LENGTH);
        match serde_json::to_writer(&mut bytes, &line) {
            Ok(()) => bytes,
            Err(_) => Vec::new(),
        }
    }
}

/// `2026-11-22T12:56:57.123Z` of nanoseconds since 1970.
pub fn rfc3339(ns: u64) -> String {
    let (millis, seconds) = (ns / 1_000_000 % 1_000, ns / 1_000_000_000);
    let (days, second) = ((seconds / 86_400) as i64, seconds % 86_400);
    // Days to a civil date, counting in eras of 400 years that begin on 1 March.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (h, m, s) = (second / 3_600, second / 60 % 60, second % 60);
    // Written digit by digit: `format!` with seven fields costs more than the rest of the line.
    let mut text = String::with_capacity(24);
    for (number, width, end) in [
        (year as u64, 4, '-'),
        (month as u64, 2, '-'),
        (day as u64, 2, 'T'),
        (h, 2, ':'),
        (m, 2, ':'),
        (s, 2, '.'),
        (millis, 3, 'Z'),
    ] {
        let digit = |place: u32| char::from(b'0' + (number / 10u64.pow(place) % 10) as u8);
        text.extend((0..width).rev().map(digit));
        text.push(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_in_utc() {
        for (ns, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"),
            (1_700_000_000_123_456_789, "2023-11-14T22:13:20.123Z"),
            (4_102_444_799_999_999_999, "2099-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(rfc3339(ns), expected);
        }
    }
}
