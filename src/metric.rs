//! What Prometheus sees: which series an exchange adds to, and how a series is named so that Envoy's `stats_tags` turn
//! it into labels.
//!
//! Label values come from configured names only; everything else is `other`, so no client can make a series.

mod series;

pub use series::{Family, Kind, Label, Series, TokenType, host_name};

use crate::access::Caller;
use crate::config::{Config, MetricLabels};
use crate::exchange::{Ended, Report};
use crate::meter::{Cap, Each, Share};
use std::rc::Rc;

/// Money is shown in nano-USD: Envoy's numbers are whole ones, and pico-USD would not last them long.
const PICO_IN_NANO: u64 = 1_000;

/// One value for one series: a counter's step or a histogram's observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Which series.
    pub series: Series,
    /// How much; of costs in pico-USD, since what is below the metric's nano-USD must not be lost.
    pub value: u64,
}

/// Everything that a report adds to metrics.
pub fn samples(report: &Report, config: &Config) -> Vec<Sample> {
    let mut samples = Vec::with_capacity(12);
    let mut add = |series: Series, value: u64| samples.push(Sample { series, value });
    let model = Label::Model(report.model_listed);
    let provider = Label::Provider(report.provider);
    let operation = Label::Operation(report.operation);
    let wished = wished(report, config);

    let requests = [model, provider, operation, Label::Outcome(report.ended)];
    add(Series::new(Family::Requests, &requests).with(&wished), 1);
    if report.ended == Ended::Refused {
        add(Series::new(Family::Refusals, &[Label::Reason(report.error)]).with(&wished), 1);
        return samples;
    }
    for tried in &report.tried {
        let labels = [Label::Model(tried.model), Label::Provider(Some(tried.provider)), Label::ErrorType(tried.class)];
        add(Series::new(Family::Attempts, &labels), 1);
    }
    for (from, to) in report.tried.iter().zip(report.tried.iter().skip(1)) {
        if from.provider != to.provider {
            let ends = [Label::FromProvider(Some(from.provider)), Label::ToProvider(Some(to.provider))];
            add(Series::new(Family::Fallbacks, &[Label::Model(from.model), ends[0], ends[1]]), 1);
        }
    }
    let usage = &report.usage;
    for (family, kind, tokens) in [
        (Family::Tokens, TokenType::Input, usage.input),
        (Family::Tokens, TokenType::Output, usage.output),
        (Family::TokenDetails, TokenType::CacheRead, usage.cache_read),
        (Family::TokenDetails, TokenType::CacheWrite, usage.cache_write),
        (Family::TokenDetails, TokenType::Reasoning, usage.reasoning),
    ] {
        if let Some(tokens) = tokens {
            let series = Series::new(family, &[model, provider, Label::Type(kind)]);
            add(if family == Family::Tokens { series.with(&wished) } else { series }, tokens);
        }
    }
    match report.charge.spent() {
        Some(pico) if pico > 0 => add(Series::new(Family::CostNanousd, &[model, provider]).with(&wished), pico),
        None if usage.has_counts() => add(Series::new(Family::CostUnknown, &[model, provider]), 1),
        _ => {}
    }
    if report.usage_missing {
        add(Series::new(Family::UsageMissing, &[model, provider]), 1);
    }
    if usage.estimated {
        add(Series::new(Family::UsageEstimated, &[model, provider]), 1);
    }
    if report.ended == Ended::UpstreamCut {
        add(Series::new(Family::StreamErrors, &[provider]), 1);
    }
    if report.reasoning_dropped {
        add(Series::new(Family::ReasoningDropped, &[]), 1);
    }
    let timed = [model, provider, operation];
    add(Series::new(Family::Duration, &timed), report.duration_ms);
    add(Series::new(Family::Overhead, &timed), report.overhead_us);
    if let Some(ttft) = report.ttft_ms {
        add(Series::new(Family::TimeToFirstToken, &timed), ttft);
    }
    if let Some(pace) = time_per_output_token(report) {
        add(Series::new(Family::TimePerOutputToken, &timed), pace);
    }
    samples
}

/// Microseconds from token to token, of streams that said how many there were.
fn time_per_output_token(report: &Report) -> Option<u64> {
    let is_told = report.stream == Some(true) && !report.usage.estimated;
    let gaps = report.usage.output?.checked_sub(1).filter(|_| is_told)?;
    report.answering_ms?.saturating_mul(1_000).checked_div(gaps)
}

/// What a counter's budget allows and what of it is spent, as two gauges. That of one for each key, group or user says whose
/// it is; `None` where that is no name of the configuration.
pub fn budget(share: &Share, spent: u64, caller: &Caller, config: &Config) -> Option<[Sample; 2]> {
    let index = config.budgets.iter().position(|budget| Rc::ptr_eq(budget, &share.budget))?;
    let whose = match share.budget.each {
        None => None,
        Some(Each::Key) => Some(key_of(Some(caller))).filter(|key| *key != Label::Key(None)).map(Some)?,
        Some(Each::Group) => Some(Label::Group(Some(caller.group?))),
        Some(Each::User) => Some(Label::User(Some(listed(config.metrics.user.as_ref()?, share.of.as_ref())?))),
    };
    let (families, limit, unit) = match share.budget.cap {
        Cap::Money(pico) => ([Family::BudgetLimitNanousd, Family::BudgetSpentNanousd], pico, PICO_IN_NANO),
        Cap::Tokens(tokens) => ([Family::BudgetLimitTokens, Family::BudgetSpentTokens], tokens, 1),
    };
    let [of_limit, of_spent] =
        families.map(|family| Series::new(family, &[Label::Budget(index)]).with(whose.as_slice()));
    let sample = |series, amount: u64| Some(Sample { series, value: amount.checked_div(unit)? });
    Some([sample(of_limit, limit)?, sample(of_spent, spent)?])
}

/// The labels that `metrics.labels` asks for.
fn wished(report: &Report, config: &Config) -> Vec<Label> {
    let MetricLabels { group, key, tag, user } = &config.metrics;
    let caller = report.caller.as_ref();
    let mut labels = Vec::new();
    if *group {
        labels.push(Label::Group(caller.and_then(|caller| caller.group)));
    }
    if *key {
        labels.push(key_of(caller));
    }
    if let Some(list) = tag {
        labels.push(Label::Tag(report.tags.iter().find_map(|tag| listed(list, Some(tag)))));
    }
    if let Some(list) = user {
        labels.push(Label::User(listed(list, report.user.as_ref())));
    }
    labels
}

/// Whole nano-USD of what is added in pico-USD to what was `left` of earlier sums; what is left now stays there.
pub fn nanos(left: &mut u64, pico: u64) -> u64 {
    let sum = left.saturating_add(pico);
    *left = sum % PICO_IN_NANO;
    sum / PICO_IN_NANO
}

fn key_of(caller: Option<&Caller>) -> Label {
    match caller {
        Some(caller) if caller.key.is_none() && caller.id == "anonymous" => Label::Anonymous,
        caller => Label::Key(caller.and_then(|caller| caller.key)),
    }
}

fn listed(list: &[String], value: Option<&String>) -> Option<usize> {
    value.and_then(|value| list.iter().position(|entry| entry == value))
}

#[cfg(test)]
mod tests;
