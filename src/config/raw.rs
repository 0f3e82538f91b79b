//! The document as it is written: names and values checked each by itself, not yet against each other.

use super::choice::{
    Each, FailureMode, GatewayRole, Label, PresetName, ProviderEntry, RawCredentials, UpstreamRole, Window,
};
use super::decode::{Filled, Mapping, document};
use super::leaf::{
    Alias, Free, Glob, HeaderName, HeaderValue, ModelKey, ModelName, Name, NativeName, Sha256, Url, Variable,
};
use super::number::{Bytes, Count, Decimal, Percent, Span, Weight, Whole};
use super::{Ability, Affinity, Byok, Expose, FallbackOn, Secret};

document! {
    /// The configuration of the gateway role.
    RawGateway {
        /// What the plugin is; the upstream role's document is `{role: upstream}` alone.
        required role: GatewayRole,
        /// The accounts that serve models.
        required providers: Filled<ProviderEntry>,
        /// Names for several providers.
        default pools: Vec<RawPool> = "[]",
        /// Models with settings of their own; what a provider's `models` names needs no entry here.
        default models: Vec<RawModel> = "[]",
        /// How the plan of a request is made.
        default routing: RawRouting = "{}",
        /// What keys have in common.
        default groups: Vec<RawGroup> = "[]",
        /// The clients' virtual keys.
        default keys: Vec<RawKey> = "[]",
        /// Callers without a virtual key.
        default access: RawAccess = "{}",
        /// Money or tokens over a window.
        default budgets: Vec<RawBudget> = "[]",
        /// Where spend is kept.
        default ledger: RawLedger = "{}",
        /// Labels of the metrics.
        default metrics: RawMetrics = "{}",
        /// Limits of every request.
        default limits: RawRequestLimits = "{}",
        /// Whether answers name provider, attempts and plan.
        default expose: Expose = "full",
    }
}

document! {
    /// One account at one API: one Envoy cluster. A bare name stands for `{name: ...}`.
    RawProvider {
        /// Stands in metrics and log; clients may name it in `only`, `order` and `ignore`.
        required name: Name,
        /// The Envoy cluster; without it, the name.
        optional cluster: Name,
        /// The vendor; without it, the name.
        optional preset: PresetName,
        /// Scheme, host, port and path; without it, the preset's. Must agree with the Envoy cluster.
        optional base_url: Url,
        /// Public name -> name used there. `"*": "*"` is whatever is asked.
        default models: Mapping<ModelKey, NativeName> = "{}",
        /// What authenticates us; without it, the preset's usual variable.
        optional credentials: RawCredentials,
        /// Azure's older deployments path; without it, `/openai/v1`.
        optional api_version: Name,
        /// Headers added to every attempt.
        default headers: Mapping<HeaderName, HeaderValue> = "{}",
        /// Free words that keys and requests can ask for.
        default labels: Vec<Name> = "[]",
        /// Attempts at one time per Envoy; more go to later targets.
        optional max_in_flight: Whole<1, 1_000_000>,
        /// Whether a client's own `Authorization` is passed on when its key came in `x-tollgate-key`.
        default subscription: bool = "false",
        /// Vertex: the Google Cloud project.
        optional project: Name,
        /// Vertex: the location.
        optional location: Name,
        /// Bedrock: the AWS region.
        optional region: Name,
    }
}

document! {
    /// Exactly one of `env`, `value` and `gcp_metadata`.
    RawCredential {
        /// The variable that holds it, listed in `host_env_keys` of both roles.
        optional env: Variable,
        /// The secret itself; stands in Envoy's `/config_dump`.
        optional value: Secret,
        /// A token from the GCP metadata server.
        optional gcp_metadata: RawGcpMetadata,
        /// Left out where the variable is not set.
        default optional: bool = "false",
    }
}

document! {
    /// Where the GCP metadata server is.
    RawGcpMetadata {
        /// The Envoy cluster that reaches it.
        required cluster: Name,
    }
}

document! {
    /// A name for several providers; its weight is divided equally.
    RawPool {
        /// Not the name of a provider.
        required name: Name,
        /// Their names.
        required providers: Filled<Name>,
    }
}

document! {
    /// A public model and how it is served.
    RawModel {
        /// `creator/model`.
        required name: ModelName,
        /// Other names for it.
        default aliases: Vec<Alias> = "[]",
        /// Who serves it; without it, every provider that does.
        optional targets: Filled<RawTarget>,
        /// Other models, tried in order after the targets.
        default fallbacks: Vec<Alias> = "[]",
        /// Bounds of one request.
        default timeouts: RawTimeouts = "{}",
        /// In tokens.
        optional context_window: Count,
        /// In tokens.
        optional max_output: Count,
        /// What it can do; without it, everything is assumed.
        optional supports: Vec<Ability>,
        /// USD per million tokens; overrides the catalog.
        optional price: RawPrice,
        /// Of all callers together.
        default limits: RawLimits = "{}",
    }
}

document! {
    /// One way to serve a model.
    RawTarget {
        /// A provider or a pool.
        required provider: Name,
        /// The model's name there; without it, the provider's `models`, then the public name.
        optional model: NativeName,
        /// Share among the targets of the same priority.
        default weight: Weight = "1",
        /// Lower is tried first.
        default priority: Whole<0, 1000> = "0",
    }
}

document! {
    /// Bounds of one request.
    RawTimeouts {
        /// Any one try.
        default attempt: Span = "600s",
        /// A stream's first event; without it, unbounded.
        optional first_token: Span,
        /// The whole exchange; without it, unbounded.
        optional total: Span,
    }
}

document! {
    /// USD per million tokens.
    RawPrice {
        /// Of the prompt.
        optional input: Decimal,
        /// Of the prompt's part that came from a cache.
        optional cached_input: Decimal,
        /// Of what was written to a cache for 5 minutes.
        optional cache_write_5m: Decimal,
        /// Of what was written to a cache for an hour.
        optional cache_write_1h: Decimal,
        /// Of the answer.
        optional output: Decimal,
    }
}

document! {
    /// How the plan of a request is made.
    RawRouting {
        /// What keeps its target: a conversation, a key, or nothing.
        default affinity: Affinity = "conversation",
        /// Most attempts of one request.
        default max_attempts: Whole<1, 100> = "4",
        /// Which failures lead to another attempt.
        default fallback_on: Vec<FallbackOn> =
            "[rate_limit, server_error, timeout, credential, model_missing, context_window]",
        /// When a target rests.
        default cooldown: RawCooldown = "{}",
        /// How much of a stream is seen before its headers are let through.
        default first_event_probe: RawProbe = "{}",
    }
}

document! {
    /// When a target rests.
    RawCooldown {
        /// Failures in a row.
        default after: Whole<1, 1000> = "3",
        /// Length of the rest.
        default r#for: Span = "30s",
    }
}

document! {
    /// How much of a stream is seen before its headers are let through.
    RawProbe {
        /// At most this many.
        default bytes: Bytes<{ 1 << 20 }> = "65536",
    }
}

document! {
    /// What keys have in common.
    RawGroup {
        /// Stands in metrics and log.
        required name: Name,
        /// Patterns over public model names; `*` stands for any run of characters.
        required models: Vec<Glob>,
        /// Every target must carry these.
        default labels: Vec<Name> = "[]",
        /// Of all its keys together.
        default limits: RawLimits = "{}",
        /// What callers may do with credentials of their own.
        default byok: Byok = "deny",
    }
}

document! {
    /// Requests and tokens per minute, and requests at one time.
    RawLimits {
        /// Requests in a minute.
        optional requests_per_minute: Count,
        /// Tokens in a minute.
        optional tokens_per_minute: Count,
        /// Requests at one time.
        optional concurrent: Count,
    }
}

document! {
    /// A client's virtual key: exactly one of `sha256` and `secret`.
    RawKey {
        /// Its name in log and metrics.
        required id: Name,
        /// What it shares with other keys; without it, every model is allowed.
        optional group: Name,
        /// SHA-256 of the key in hex.
        optional sha256: Sha256,
        /// The key itself, hashed at load.
        optional secret: RawSecret,
        /// Of this key alone.
        default limits: RawLimits = "{}",
    }
}

document! {
    /// Exactly one of `env` and `value`.
    RawSecret {
        /// The variable that holds it, listed in `host_env_keys` of both roles.
        optional env: Variable,
        /// The secret itself; stands in Envoy's `/config_dump`.
        optional value: Secret,
    }
}

document! {
    /// Callers without a virtual key.
    RawAccess {
        /// Let everybody in, as key `anonymous`.
        default allow_unauthenticated: bool = "false",
        /// Callers named by an Envoy filter before us.
        optional identity: RawIdentity,
    }
}

document! {
    /// Headers that an Envoy filter before us sets; it must remove them from what clients send.
    RawIdentity {
        /// Names the caller.
        required header: HeaderName,
        /// Names the group.
        optional group_header: HeaderName,
        /// Group of callers that have none.
        optional default_group: Name,
    }
}

document! {
    /// Money or tokens over a window; exactly one of `usd` and `tokens`.
    RawBudget {
        /// Stands in metrics and answers.
        required id: Name,
        /// Which requests count; without it, all.
        default r#match: RawMatch = "{}",
        /// One budget for each of these instead of one for all.
        optional each: Each,
        /// Money.
        optional usd: Decimal,
        /// Input and output tokens.
        optional tokens: Count,
        /// The window.
        required per: Window,
        /// From here on answers carry a warning.
        optional warn_at: Percent,
        /// Whether the most that a request can cost is held until it ends.
        default reserve: bool = "false",
        /// What happens over the budget; without it, 402.
        optional on_exceed: RawExceed,
    }
}

document! {
    /// Which requests count; all that is given must hold.
    RawMatch {
        /// A group.
        optional group: Name,
        /// A key.
        optional key: Name,
        /// A provider.
        optional provider: Name,
    }
}

document! {
    /// What happens over the budget.
    RawExceed {
        /// A cheaper model that serves instead.
        required r#use: Alias,
    }
}

document! {
    /// Where spend is kept; `{local: {}}` where nothing is given.
    RawLedger {
        /// Envoy's shared data: all workers of one Envoy; a restart loses it.
        optional local: RawLocal,
        /// A fleet's ledger, by Envoy's rate limit service protocol.
        optional rate_limit_service: RawRateLimitService,
    }
}

document! {
    /// Has no settings.
    RawLocal {
    }
}

document! {
    /// A fleet's ledger.
    RawRateLimitService {
        /// The Envoy cluster.
        required cluster: Name,
        /// Its domain.
        default domain: Name = "tollgate",
        /// What happens while it does not answer.
        default failure_mode: FailureMode = "allow",
    }
}

document! {
    /// Labels of the metrics.
    RawMetrics {
        /// Which of them requests, tokens, cost and refusals carry besides.
        default labels: Vec<Label> = "[]",
        /// The values of `tag` that are not `other`.
        default tags: Vec<Free> = "[]",
        /// The values of `user` that are not `other`.
        default users: Vec<Free> = "[]",
    }
}

document! {
    /// Limits of every request.
    RawRequestLimits {
        /// Largest request body.
        default request_body: Bytes<{ 1 << 30 }> = "32MiB",
    }
}

document! {
    /// The configuration of the upstream role, which takes everything else from the gateway role.
    RawUpstream {
        /// What the plugin is.
        required role: UpstreamRole,
    }
}
