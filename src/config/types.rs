//! What a configuration is, once compiled.

use super::{Preset, Secret};
use crate::error::Class;
use crate::meter::fleet::Fleet;
use crate::meter::{Budget, Price};
use crate::operation::Operation;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

/// Index into `Config::providers`.
pub type ProviderId = usize;

/// A whole gateway configuration.
#[derive(Debug)]
pub struct Config {
    /// Enabled and disabled providers, in the order of the document.
    pub providers: Vec<Rc<Provider>>,
    /// Every model that has a name of its own: the `models` list and the public names in the providers' maps.
    pub models: Vec<Rc<Model>>,
    /// Public names and aliases -> index into `models`.
    pub model_names: HashMap<String, usize>,
    /// Names used at providers -> indexes into `models`; a name that leads to one model only is an answer.
    pub native_names: HashMap<String, Vec<usize>>,
    /// Whether any model says what it supports, so that requests must be looked at for what they need.
    pub tells_abilities: bool,
    /// How plans are made.
    pub routing: Routing,
    /// Who may call.
    pub access: Access,
    /// What may be spent, in the order of the document.
    pub budgets: Vec<Rc<Budget>>,
    /// The fleet's ledger; without one, spend is kept in Envoy's shared data.
    pub ledger: Option<Rc<Fleet>>,
    /// Labels of metrics.
    pub metrics: MetricLabels,
    /// Largest request body in bytes.
    pub request_body_limit: u64,
    /// Whether answers name providers, attempts and plans.
    pub expose: Expose,
    /// FNV-1a of the document, in hex: the `hash` label of `tollgate_config_info`.
    pub hash: String,
    /// What the operator should know, one line each: disabled providers, `{value}` secrets.
    pub warnings: Vec<String>,
}

/// One account at one API: one Envoy cluster, one dialect, its credentials.
#[derive(Debug)]
pub struct Provider {
    /// The configured name: a metric label and the word clients use in `only`, `order`, `ignore`.
    pub name: String,
    /// The Envoy cluster.
    pub cluster: String,
    /// The vendor's row.
    pub preset: &'static Preset,
    /// Where requests go.
    pub base: BaseUrl,
    /// Public model name -> name used there, in the order of the document.
    pub models: Vec<(String, String)>,
    /// `"*": "..."` of `models`: any other public name; a `*` in the value stands for the asked name.
    pub any_model: Option<String>,
    /// What authenticates us.
    pub credentials: Credentials,
    /// Only for Azure's deployments path; `None` means `/openai/v1`.
    pub api_version: Option<String>,
    /// Headers added to every attempt; names are lower case.
    pub headers: Vec<(String, String)>,
    /// Names of the pools that it is in.
    pub pools: Vec<String>,
    /// Free words that keys and requests can ask for.
    pub labels: Vec<String>,
    /// What it serves: its preset's operations, or those of them that the document lists.
    pub operations: Vec<Operation>,
    /// Attempts at one time per Envoy; more go to later targets.
    pub max_in_flight: Option<u32>,
    /// Whether a client's own `Authorization` is passed on when its key came in `x-tollgate-key`.
    pub subscription: bool,
    /// Vertex: the Google Cloud project.
    pub project: Option<String>,
    /// Vertex: the location.
    pub location: Option<String>,
    /// Bedrock: the AWS region.
    pub region: Option<String>,
    /// False when no credential is left: it takes part in no plan.
    pub enabled: bool,
}

impl Provider {
    /// One of its secrets.
    pub fn secret(&self, index: usize) -> Option<&Secret> {
        match &self.credentials {
            Credentials::Secrets(secrets) => secrets.get(index),
            _ => None,
        }
    }

    /// The Envoy cluster through which its token is fetched, if it goes by one.
    pub fn metadata_cluster(&self) -> Option<&str> {
        match &self.credentials {
            Credentials::GcpMetadata { cluster } => Some(cluster),
            _ => None,
        }
    }
}

/// `scheme://authority/path`, the path without its last slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    /// `https` or `http`.
    pub scheme: String,
    /// Host, and the port where it is not the scheme's own.
    pub authority: String,
    /// Empty, or `/v1` and the like.
    pub path: String,
}

/// What authenticates us at a provider.
#[derive(Debug)]
pub enum Credentials {
    /// Nothing is sent.
    None,
    /// An Envoy upstream filter after ours signs or injects.
    Envoy,
    /// At least one secret, unless the provider is disabled.
    Secrets(Vec<Secret>),
    /// A token from the GCP metadata server, fetched through this cluster.
    GcpMetadata {
        /// The Envoy cluster that reaches the metadata server.
        cluster: String,
    },
}

/// A public model and how it is served.
#[derive(Clone, Debug)]
pub struct Model {
    /// `creator/model`.
    pub name: String,
    /// Other names for it.
    pub aliases: Vec<String>,
    /// Sorted by priority, then by the order of the document; pools are resolved, their weight divided equally.
    pub targets: Vec<ModelTarget>,
    /// Public names of models tried after the targets, in order.
    pub fallbacks: Vec<String>,
    /// Bounds of one request.
    pub timeouts: Timeouts,
    /// In tokens.
    pub context_window: Option<u64>,
    /// In tokens.
    pub max_output: Option<u64>,
    /// `None`: everything is assumed.
    pub supports: Option<Vec<Ability>>,
    /// Of all callers together.
    pub limits: Limits,
    /// What it costs at all of its targets; overrides the catalog.
    pub price: Option<Rc<Price>>,
}

/// Where the name of a model stands. Only such names become labels, so their number has an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Listed {
    /// Index into `Config::models`.
    Configured(usize),
    /// Place in the catalog.
    Catalogued(usize),
}

/// One provider that serves a model.
#[derive(Clone, Debug)]
pub struct ModelTarget {
    /// Who serves it.
    pub provider: ProviderId,
    /// The model's name there.
    pub model: String,
    /// Share among the targets of one priority; above zero.
    pub weight: f64,
    /// Lower is tried first.
    pub priority: u32,
    /// What it costs there: the configuration's word, else the catalog's.
    pub price: Option<Rc<Price>>,
}

/// Bounds of one request; `None` is unbounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Any one try. Default 600 s.
    pub attempt: Duration,
    /// A stream's first event.
    pub first_token: Option<Duration>,
    /// The whole exchange.
    pub total: Option<Duration>,
}

impl Timeouts {
    /// The `attempt` that needs no timer of its own: Envoy's `per_try_idle_timeout` is as long.
    const USUAL: Duration = Duration::from_secs(600);

    /// How long one try may take: until a stream's first event, or until any answer.
    pub fn of_one_try(&self, stream: bool) -> Duration {
        self.first_token.filter(|_| stream).unwrap_or(self.attempt)
    }

    /// What Envoy's per-try timer is set to. Once it has run out, Envoy drops its idle timer too, so it is set only where
    /// it says something of its own.
    pub fn timer(&self, stream: bool) -> Option<Duration> {
        Some(self.of_one_try(stream)).filter(|bound| *bound != Self::USUAL)
    }
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts { attempt: Timeouts::USUAL, first_token: None, total: None }
    }
}

/// What a model can do, where the configuration says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Ability {
    Tools,
    Vision,
    JsonSchema,
    Reasoning,
    Audio,
    Pdf,
}

/// How plans are made.
#[derive(Clone, Debug)]
pub struct Routing {
    /// What keeps its target. Default conversation.
    pub affinity: Affinity,
    /// Most attempts of one request. Default 4.
    pub max_attempts: u32,
    /// Which failures lead to another attempt. Default: all but `content_filter`.
    pub fallback_on: Vec<FallbackOn>,
    /// Failures in a row after which a target rests, and for how long. Default 3, 30 s.
    pub cooldown: Cooldown,
    /// Bytes of a stream looked at before its headers are let through. Default 65536.
    pub probe_bytes: usize,
}

/// What keeps its target as long as the plan allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Affinity {
    /// The conversation and the key.
    #[default]
    Conversation,
    /// The key.
    Key,
    /// Nothing: targets are drawn at random by weight.
    None,
}

/// A kind of failure that may lead to another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FallbackOn {
    RateLimit,
    ServerError,
    Timeout,
    Credential,
    ModelMissing,
    ContextWindow,
    ContentFilter,
}

impl FallbackOn {
    /// The kind of a provider's failure; `None` for what the request itself is at fault for.
    pub fn of(class: Class) -> Option<FallbackOn> {
        match class {
            Class::ProviderLimit | Class::ProviderQuota => Some(FallbackOn::RateLimit),
            Class::ProviderFault | Class::Overloaded | Class::Connect | Class::Cut => Some(FallbackOn::ServerError),
            Class::Timeout => Some(FallbackOn::Timeout),
            Class::ProviderKey => Some(FallbackOn::Credential),
            Class::ProviderModel => Some(FallbackOn::ModelMissing),
            Class::ContextTooLong => Some(FallbackOn::ContextWindow),
            Class::ContentFiltered => Some(FallbackOn::ContentFilter),
            _ => None,
        }
    }
}

/// When a target rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cooldown {
    /// Failures in a row.
    pub after: u32,
    /// Length of the rest.
    pub rest: Duration,
}

/// Who may call.
#[derive(Debug)]
pub struct Access {
    /// SHA-256 of a key -> index into `keys`.
    pub by_hash: HashMap<[u8; 32], usize>,
    /// The virtual keys.
    pub keys: Vec<Key>,
    /// The groups.
    pub groups: Vec<Group>,
    /// Callers without a key are let in, as key `anonymous`.
    pub allow_unauthenticated: bool,
    /// Callers named by an Envoy filter before us.
    pub identity: Option<Identity>,
    /// Group of callers that have none of their own, as an index into `groups`.
    pub default_group: Option<usize>,
}

/// A client's virtual key.
#[derive(Debug)]
pub struct Key {
    /// Its name in log and metrics.
    pub id: String,
    /// Index into `Access::groups`.
    pub group: Option<usize>,
    /// Of the key alone.
    pub limits: Limits,
}

/// What keys have in common.
#[derive(Debug)]
pub struct Group {
    /// Its name in log and metrics.
    pub name: String,
    /// Globs over public names; `*` stands for any run of characters.
    pub models: Vec<String>,
    /// Every target must carry these.
    pub labels: Vec<String>,
    /// Of all its keys together.
    pub limits: Limits,
    /// Of each user that its requests name.
    pub user_limits: Limits,
    /// What callers may do with credentials of their own.
    pub byok: Byok,
}

/// Limits per minute, and at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Limits {
    pub requests_per_minute: Option<u64>,
    pub tokens_per_minute: Option<u64>,
    pub concurrent: Option<u64>,
}

/// What callers may do with credentials of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Byok {
    /// Refused. The default.
    #[default]
    Deny,
    /// Used where given.
    Allow,
    /// Ours are never used.
    Require,
}

/// Headers set by an Envoy filter before us.
#[derive(Debug)]
pub struct Identity {
    /// Names the caller; lower case.
    pub header: String,
    /// Names the group; lower case.
    pub group_header: Option<String>,
}

/// Labels that `tollgate_requests_total`, `_tokens_total`, `_cost_nanousd_total` and `_refusals_total` carry besides.
#[derive(Debug, Default)]
pub struct MetricLabels {
    /// `group`.
    pub group: bool,
    /// `key`.
    pub key: bool,
    /// `tag`, and the values that are not `other`.
    pub tag: Option<Vec<String>>,
    /// `user`, and the values that are not `other`.
    pub user: Option<Vec<String>>,
}

/// How much of the inside answers show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expose {
    /// Provider, attempts, plan, provider request id.
    #[default]
    Full,
    /// None of them.
    Minimal,
}
