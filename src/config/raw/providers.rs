//! Providers, their credentials, and pools.

use super::super::Secret;
use super::super::choice::{PresetName, RawCredentials};
use super::super::decode::{Filled, Mapping};
use super::super::document::document;
use super::super::endpoint::{HeaderName, HeaderValue, Url};
use super::super::leaf::{ModelKey, Name, NativeName, Variable};
use super::super::number::Whole;
use crate::operation::Operation;

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
        /// What it serves, where that is less than its preset says; the rest is translated where it can be.
        optional operations: Vec<Operation>,
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
