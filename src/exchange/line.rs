//! The access log line: one JSON object per request, exactly these fields, numbers as numbers, absent as null.

use super::report::{Report, provider_name};
use crate::clock::rfc3339;
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
