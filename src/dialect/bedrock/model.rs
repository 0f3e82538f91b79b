//! In what Bedrock's models differ, told by their names: `anthropic.claude-3-haiku-20240307-v1:0`, with a region in front
//! (`us.amazon.nova-pro-v1:0`), or as the ARN of either. The ARN of an application's own profile tells nothing.

use crate::chat::Format;
use crate::dialect::claude::Claude;

/// A model's name, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    /// Anthropic's.
    Claude(Claude),
    /// Amazon's, by generation.
    Nova(u32),
    /// OpenAI's open models.
    GptOss,
    Qwen,
    Mistral,
    /// Those without a tool choice: Meta, Cohere, AI21, Titan, and DeepSeek R1.
    Plain,
    /// Any other, or one whose name does not tell.
    Other,
}

impl Model {
    /// By name.
    pub fn of(name: &str) -> Model {
        let name = name.to_ascii_lowercase();
        let has = |word: &str| name.contains(word);
        if has("claude") {
            return Model::Claude(Claude::of(&name));
        }
        if let Some((_, rest)) = name.split_once("amazon.nova-") {
            let digits = rest.split('-').next().and_then(|word| word.parse().ok());
            return Model::Nova(digits.unwrap_or(1));
        }
        let plain = ["meta.", "cohere.", "ai21.", "amazon.titan", "deepseek.r1"];
        match () {
            () if has("openai.gpt-oss") => Model::GptOss,
            () if has("qwen.") => Model::Qwen,
            () if has("mistral.") => Model::Mistral,
            () if plain.iter().any(|word| has(word)) => Model::Plain,
            () => Model::Other,
        }
    }

    /// Claude, if it is.
    pub fn claude(self) -> Option<Claude> {
        if let Model::Claude(claude) = self { Some(claude) } else { None }
    }

    /// Whose seals it makes and accepts.
    pub fn seals(self) -> Format {
        if self.claude().is_some() { Format::Anthropic } else { Format::Bedrock }
    }

    /// Whether output can be held to a schema, and strict tools
    /// (<https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>).
    pub fn has_schemas(self) -> bool {
        match self {
            Model::Claude(claude) => claude.has_schemas(),
            Model::Nova(_) | Model::Plain => false,
            Model::GptOss | Model::Qwen | Model::Mistral | Model::Other => true,
        }
    }

    /// Whether one tool can be forced
    /// (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html>).
    pub fn has_tool_choice(self) -> bool {
        match self {
            Model::Claude(claude) => claude.has_tool_choice(),
            Model::Plain => false,
            _ => true,
        }
    }

    /// Whether a result says that it failed
    /// (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolResultBlock.html>).
    pub fn has_status(self) -> bool {
        matches!(self, Model::Claude(_) | Model::Nova(_))
    }

    /// Where cache points may stand (<https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>).
    pub fn caches(self) -> Caches {
        match self {
            Model::Claude(claude) if claude.caches() => Caches::Everywhere,
            Model::Nova(_) => Caches::NotInTools,
            // It may be a profile of one that does.
            Model::Other => Caches::Everywhere,
            _ => Caches::Nowhere,
        }
    }

    /// Whether a cache point may say for how long.
    pub fn has_ttl(self) -> bool {
        self.claude().is_some_and(Claude::has_schemas) || self == Model::Other
    }

    /// Whether an id is accepted letter for letter (rule 3). Claude accepts less than Bedrock does.
    pub fn takes_in_ids(self, byte: u8) -> bool {
        let is_more = matches!(byte, b'.' | b':') && self.claude().is_none();
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || is_more
    }
}

/// Where cache points may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caches {
    Everywhere,
    NotInTools,
    Nowhere,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_families_and_generations() {
        for (name, version) in [
            ("anthropic.claude-v2:1", (2, 1)),
            ("anthropic.claude-3-haiku-20240307-v1:0", (3, 0)),
            ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", (3, 7)),
            ("us.anthropic.claude-sonnet-4-20250514-v1:0", (4, 0)),
            ("global.anthropic.claude-haiku-4-5-20251001-v1:0", (4, 5)),
            ("us.anthropic.claude-opus-4-6-v1", (4, 6)),
            (
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                (4, 5),
            ),
            ("anthropic.claude-instant-v1", (1, 0)),
        ] {
            assert_eq!(Model::of(name).claude().map(Claude::version), Some(version), "{name}");
        }
        for (name, model) in [
            ("amazon.nova-micro-v1:0", Model::Nova(1)),
            ("us.amazon.nova-2-lite-v1:0", Model::Nova(2)),
            ("amazon.titan-text-lite-v1", Model::Plain),
            ("openai.gpt-oss-120b-1:0", Model::GptOss),
            ("mistral.devstral-2-123b", Model::Mistral),
            ("us.meta.llama3-3-70b-instruct-v1:0", Model::Plain),
            ("qwen.qwen3-32b-v1:0", Model::Qwen),
            ("us.deepseek.r1-v1:0", Model::Plain),
            ("deepseek.v3-v1:0", Model::Other),
            ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/1arbu5hu2sjr", Model::Other),
        ] {
            assert_eq!(Model::of(name), model, "{name}");
        }
    }
}
