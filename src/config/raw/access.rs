//! Groups, keys, and callers without a key.

use super::super::decode::OneOrMore;
use super::super::document::document;
use super::super::endpoint::HeaderName;
use super::super::leaf::{Glob, Name, Sha256, Variable};
use super::super::number::Count;
use super::super::{Byok, Secret};

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
        /// Of each user whom its requests name (`providerOptions.gateway.user`, `ai-reporting-user`).
        default user_limits: RawLimits = "{}",
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
        /// What it shares with other keys; without it, `access.identity.default_group`, else every model is allowed.
        optional group: Name,
        /// SHA-256 of the key in hex. Several while one replaces another: each of them is this key, with its id, budgets and limits.
        optional sha256: OneOrMore<Sha256>,
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
