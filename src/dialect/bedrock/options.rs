//! What a client says in Bedrock's own terms: `providerOptions.bedrock`, under the names of the service model and of the
//! AI SDK (<https://ai-sdk.dev/providers/ai-sdk-providers/amazon-bedrock>, seen 2026-11-22).

use crate::chat::json::{Json, ObjectWriter};
use crate::chat::{Owner, Raw, Reasoning, Request};
use crate::dialect::Dropped;

/// Members of the request that stand there as the client gave them.
const CARRIED: [&str; 8] = [
    "additionalModelResponseFieldPaths",
    "guardrailConfig",
    "outputConfig",
    "performanceConfig",
    "promptVariables",
    "requestMetadata",
    "serviceTier",
    "additionalModelRequestFields",
];

/// A client's own terms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options<'a>(pub &'a Request);

impl<'a> Options<'a> {
    /// One of them; the last one counts.
    fn get(self, key: &str) -> Option<&'a Raw> {
        let ours = self.0.ext.iter().rev().filter(|ext| ext.owner == Owner::Bedrock);
        ours.into_iter().find(|ext| ext.key == key).map(|ext| &ext.value)
    }

    /// Whether the client says it.
    pub fn has(self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// How much the model thinks: the AI SDK's `reasoningConfig` comes before the request's own words.
    pub fn reasoning(self) -> Option<Reasoning> {
        let Some(config) = self.get("reasoningConfig").and_then(|raw| raw.json().object()) else {
            return self.0.reasoning.clone();
        };
        let enabled = config.text("type").map(|kind| kind != "disabled");
        let budget = config.count("budgetTokens").and_then(|budget| u32::try_from(budget).ok());
        Some(Reasoning { enabled, effort: config.string("maxReasoningEffort"), budget, ..Reasoning::default() })
    }

    /// Writes the members that stand at the top.
    pub fn write(self, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
        for key in CARRIED {
            let Some(value) = self.get(key) else { continue };
            match (key, value.json().object()) {
                ("additionalModelRequestFields", _) => {}
                // Streams alone have a mode.
                ("guardrailConfig", Some(config)) if !self.0.stream => o.object(key, |o| {
                    let rest = config.iter().filter(|(name, _)| *name != "streamProcessingMode");
                    rest.for_each(|(name, json)| o.raw(name, &json.raw()));
                }),
                ("serviceTier", None) => o.object(key, |o| o.raw("type", value)),
                _ => o.raw(key, value),
            }
        }
        let known = |key: &str| CARRIED.contains(&key) || ["reasoningConfig", "anthropicBeta"].contains(&key);
        let unknown = self.0.ext.iter().filter(|ext| ext.owner == Owner::Bedrock && !known(&ext.key));
        // They are nobody's, so that anybody's list has them.
        unknown.for_each(|ext| dropped.foreign(std::slice::from_ref(ext), Owner::OpenAi));
    }

    /// Writes `additionalModelRequestFields`: the client's own, and of ours those that it does not name.
    pub fn write_fields(self, mut ours: Vec<(&'static str, Raw)>, o: &mut ObjectWriter<'_>) {
        let theirs = self.get("additionalModelRequestFields").and_then(|raw| raw.json().object()).unwrap_or_default();
        ours.extend(self.get("anthropicBeta").map(|beta| ("anthropic_beta", beta.clone())));
        ours.retain(|(key, _)| theirs.get(key).is_none());
        if ours.is_empty() && theirs.iter().next().is_none() {
            return;
        }
        o.object("additionalModelRequestFields", |o| {
            ours.iter().for_each(|(key, value)| o.raw(key, value));
            theirs.iter().for_each(|(key, json): (&str, Json<'_>)| o.raw(key, &json.raw()));
        });
    }
}
