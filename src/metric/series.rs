//! A series: its family and labels, small enough to be a key, spelled out only once.

use crate::catalog::{self, Entry};
use crate::config::{Config, Listed};
use crate::error::Class;
use crate::exchange::Ended;
use crate::operation::Operation;
use std::hash::{Hash, Hasher};

/// How a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Family {
    Requests,
    Attempts,
    Fallbacks,
    Tokens,
    TokenDetails,
    CostNanousd,
    CostUnknown,
    Refusals,
    UsageMissing,
    UsageEstimated,
    Misconfigured,
    SeriesDropped,
    ConfigRejected,
    StreamErrors,
    ReasoningDropped,
    InFlight,
    TargetCooldown,
    CredentialResting,
    LedgerErrors,
    BudgetLimitNanousd,
    BudgetSpentNanousd,
    BudgetLimitTokens,
    BudgetSpentTokens,
    BuildInfo,
    ConfigInfo,
    Duration,
    TimeToFirstToken,
    TimePerOutputToken,
    Overhead,
}

impl Family {
    /// The name in Prometheus.
    pub fn name(self) -> &'static str {
        match self {
            Family::Requests => "tollgate_requests_total",
            Family::Attempts => "tollgate_attempts_total",
            Family::Fallbacks => "tollgate_fallbacks_total",
            Family::Tokens => "tollgate_tokens_total",
            Family::TokenDetails => "tollgate_token_details_total",
            Family::CostNanousd => "tollgate_cost_nanousd_total",
            Family::CostUnknown => "tollgate_cost_unknown_total",
            Family::Refusals => "tollgate_refusals_total",
            Family::UsageMissing => "tollgate_usage_missing_total",
            Family::UsageEstimated => "tollgate_usage_estimated_total",
            Family::Misconfigured => "tollgate_misconfigured_total",
            Family::SeriesDropped => "tollgate_series_dropped_total",
            Family::ConfigRejected => "tollgate_config_rejected_total",
            Family::StreamErrors => "tollgate_stream_errors_total",
            Family::ReasoningDropped => "tollgate_reasoning_dropped_total",
            Family::InFlight => "tollgate_in_flight",
            Family::TargetCooldown => "tollgate_target_cooldown",
            Family::CredentialResting => "tollgate_credential_resting",
            Family::LedgerErrors => "tollgate_ledger_errors_total",
            Family::BudgetLimitNanousd => "tollgate_budget_limit_nanousd",
            Family::BudgetSpentNanousd => "tollgate_budget_spent_nanousd",
            Family::BudgetLimitTokens => "tollgate_budget_limit_tokens",
            Family::BudgetSpentTokens => "tollgate_budget_spent_tokens",
            Family::BuildInfo => "tollgate_build_info",
            Family::ConfigInfo => "tollgate_config_info",
            Family::Duration => "tollgate_request_duration_milliseconds",
            Family::TimeToFirstToken => "tollgate_time_to_first_token_milliseconds",
            Family::TimePerOutputToken => "tollgate_time_per_output_token_microseconds",
            Family::Overhead => "tollgate_overhead_microseconds",
        }
    }

    /// How it counts.
    pub fn kind(self) -> Kind {
        match self {
            Family::InFlight
            | Family::TargetCooldown
            | Family::CredentialResting
            | Family::BudgetLimitNanousd
            | Family::BudgetSpentNanousd
            | Family::BudgetLimitTokens
            | Family::BudgetSpentTokens
            | Family::BuildInfo
            | Family::ConfigInfo => Kind::Gauge,
            Family::Duration | Family::TimeToFirstToken | Family::TimePerOutputToken | Family::Overhead => {
                Kind::Histogram
            }
            _ => Kind::Counter,
        }
    }
}

/// Which tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum TokenType {
    Input,
    Output,
    CacheRead,
    CacheWrite,
    Reasoning,
}

impl TokenType {
    fn word(self) -> &'static str {
        match self {
            TokenType::Input => "input",
            TokenType::Output => "output",
            TokenType::CacheRead => "cache_read",
            TokenType::CacheWrite => "cache_write",
            TokenType::Reasoning => "reasoning",
        }
    }
}

/// A label with its value; indexes are those of the configuration, `None` is `other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Label {
    Model(Option<Listed>),
    Provider(Option<usize>),
    FromProvider(Option<usize>),
    ToProvider(Option<usize>),
    Operation(Option<Operation>),
    Outcome(Ended),
    ErrorType(Option<Class>),
    Reason(Option<Class>),
    Type(TokenType),
    Group(Option<usize>),
    Key(Option<usize>),
    Anonymous,
    Tag(Option<usize>),
    User(Option<usize>),
    Budget(usize),
    Version,
    ConfigHash,
}

/// What stands in for every value that is not configured.
const OTHER: &str = "other";

impl Label {
    /// The label's name.
    pub fn name(self) -> &'static str {
        match self {
            Label::Model(_) => "model",
            Label::Provider(_) => "provider",
            Label::FromProvider(_) => "from_provider",
            Label::ToProvider(_) => "to_provider",
            Label::Operation(_) => "operation",
            Label::Outcome(_) => "outcome",
            Label::ErrorType(_) => "error_type",
            Label::Reason(_) => "reason",
            Label::Type(_) => "type",
            Label::Group(_) => "group",
            Label::Key(_) | Label::Anonymous => "key",
            Label::Tag(_) => "tag",
            Label::User(_) => "user",
            Label::Budget(_) => "budget",
            Label::Version => "version",
            Label::ConfigHash => "hash",
        }
    }

    /// The label's value.
    pub fn value(self, config: &Config) -> &str {
        match self {
            Label::Model(None) => OTHER,
            Label::Model(Some(Listed::Configured(index))) => {
                config.models.get(index).map_or(OTHER, |model| &model.name)
            }
            Label::Model(Some(Listed::Catalogued(place))) => catalog::at(place).map_or(OTHER, Entry::name),
            Label::Provider(index) | Label::FromProvider(index) | Label::ToProvider(index) => {
                index.and_then(|i| config.providers.get(i)).map_or(OTHER, |provider| &provider.name)
            }
            Label::Operation(operation) => operation.map_or(OTHER, Operation::word),
            Label::Outcome(ended) => ended.outcome(),
            Label::ErrorType(class) => class.map_or("none", Class::word),
            Label::Reason(class) => class.map_or(OTHER, Class::word),
            Label::Type(kind) => kind.word(),
            Label::Group(index) => index.and_then(|i| config.access.groups.get(i)).map_or(OTHER, |group| &group.name),
            Label::Key(index) => index.and_then(|i| config.access.keys.get(i)).map_or(OTHER, |key| &key.id),
            Label::Anonymous => "anonymous",
            Label::Tag(index) => entry(&config.metrics.tag, index),
            Label::User(index) => entry(&config.metrics.user, index),
            Label::Budget(index) => config.budgets.get(index).map_or(OTHER, |budget| &budget.id),
            Label::Version => env!("CARGO_PKG_VERSION"),
            Label::ConfigHash => &config.hash,
        }
    }
}

fn entry(list: &Option<Vec<String>>, index: Option<usize>) -> &str {
    list.as_ref().zip(index).and_then(|(list, index)| list.get(index)).map_or(OTHER, String::as_str)
}

/// The name for the host: `family;.;label=.=value;.;label=.=value`, which `stats_tags` takes apart again.
pub fn host_name<'a>(family: Family, labels: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut name = family.name().to_owned();
    for (label, value) in labels {
        for part in [";.;", label, "=.=", value] {
            name.push_str(part);
        }
    }
    name
}

/// Most labels of one series.
const MOST: usize = 8;

/// A family with its labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    family: Family,
    labels: [Option<Label>; MOST],
}

/// Of the labels that are there: most places are free.
impl Hash for Series {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.family.hash(hasher);
        self.labels.iter().map_while(Option::as_ref).for_each(|label| label.hash(hasher));
    }
}

impl Series {
    /// A series; labels beyond the eighth are left out (there are at most eight).
    pub fn new(family: Family, labels: &[Label]) -> Series {
        Series { family, labels: [None; MOST] }.with(labels)
    }

    /// Adds labels behind those that are there.
    pub fn with(mut self, labels: &[Label]) -> Series {
        let free = self.labels.iter_mut().filter(|slot| slot.is_none());
        for (slot, label) in free.zip(labels) {
            *slot = Some(*label);
        }
        self
    }

    /// What is counted.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The name for the host.
    pub fn host_name(&self, config: &Config) -> String {
        host_name(self.family, self.labels.iter().flatten().map(|label| (label.name(), label.value(config))))
    }

    /// The same family when too many series exist: every label that names something is `other`.
    pub fn collapsed(&self) -> Series {
        let collapse = |label: Label| match label {
            Label::Model(_) => Label::Model(None),
            Label::Provider(_) => Label::Provider(None),
            Label::FromProvider(_) => Label::FromProvider(None),
            Label::ToProvider(_) => Label::ToProvider(None),
            Label::Group(_) => Label::Group(None),
            Label::Key(_) | Label::Anonymous => Label::Key(None),
            Label::Tag(_) => Label::Tag(None),
            Label::User(_) => Label::User(None),
            same => same,
        };
        Series { family: self.family, labels: self.labels.map(|label| label.map(collapse)) }
    }
}
