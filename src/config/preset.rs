//! What is known of a vendor; the rows are in `vendors`.

use super::vendors::PRESETS;
use crate::operation::Operation;

/// A wire format of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Dialect {
    OpenAi,
    /// OpenAI's other API; no preset's own, but some speak it too.
    Responses,
    Anthropic,
    Gemini,
    Vertex,
    VertexAnthropic,
    Bedrock,
    Cohere,
}

/// Something that clients of other gateways say in chat completions, and OpenAI's own API does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// The object `reasoning`, OpenRouter's.
    Reasoning,
    /// `cache_control` in messages and tools, Anthropic's.
    CacheControl,
    /// `response_format: {type: json}`, and files by `data` and `media_type`, Vercel's.
    OlderForms,
}

impl Extension {
    /// Every one of them.
    pub const ALL: [Extension; 3] = [Extension::Reasoning, Extension::CacheControl, Extension::OlderForms];
}

/// Where a provider wants its credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthStyle {
    /// `authorization: Bearer ...`
    Bearer,
    /// The value alone, in this header.
    Header(&'static str),
}

/// A known vendor.
#[derive(Debug, PartialEq, Eq)]
pub struct Preset {
    /// The word in the configuration.
    pub name: &'static str,
    /// The wire format.
    pub dialect: Dialect,
    /// Such as `https://api.openai.com/v1`; empty where the configuration must say it. `{region}` and `{location}`
    /// stand for the provider's own.
    pub base_url: &'static str,
    /// The usual variable of its key; empty where there is none.
    pub env: &'static str,
    /// What it serves.
    pub operations: &'static [Operation],
    /// Where the credential goes.
    pub auth: AuthStyle,
    /// The creator (first part of a public name) whose models this vendor serves under the rest of the name.
    pub creator: Option<&'static str>,
    /// Whether `stream_options` is left out: it is refused there, or usage comes without being asked for.
    pub no_stream_options: bool,
    /// The extensions of chat completions that it knows, or may know. What has others is written anew for it: in its own
    /// words, or without.
    pub extensions: &'static [Extension],
    /// Whether it is usually a pool of one's own servers, among which Envoy may choose by conversation.
    pub self_hosted: bool,
    /// OpenTelemetry's `gen_ai.provider.name`.
    pub otel_name: &'static str,
}

impl Preset {
    /// Whether its answers say what they cost.
    pub fn reports_cost(&self) -> bool {
        matches!(self.name, "openrouter" | "perplexity" | "xai")
    }

    /// The row of a name.
    pub fn find(name: &str) -> Option<&'static Preset> {
        PRESETS.iter().find(|preset| preset.name == name)
    }
}
