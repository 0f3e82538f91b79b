//! Models, and how a plan is made of their targets.

use super::super::decode::Filled;
use super::super::document::document;
use super::super::leaf::{Alias, ModelName, Name, NativeName};
use super::super::number::{Bytes, Count, Span, Weight, Whole};
use super::super::{Ability, Affinity, FallbackOn};
use super::{RawLimits, RawPrice};

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
    /// When a target or a credential rests.
    RawCooldown {
        /// Failures of a target in a row after which it rests; a credential rests after one.
        default after: Whole<1, 1000> = "3",
        /// Length of the rest; of a credential, unless its provider names another. `0s`: nothing ever rests.
        default r#for: Span<0> = "30s",
    }
}

document! {
    /// How much of a stream is seen before its headers are let through.
    RawProbe {
        /// At most this many.
        default bytes: Bytes<{ 1 << 20 }> = "65536",
    }
}
