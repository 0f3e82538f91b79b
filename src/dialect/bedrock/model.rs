//! In what Bedrock's models differ, told by their names: `anthropic.claude-3-haiku-20240307-v1:0`, with a region in front
//! (`us.amazon.nova-pro-v1:0`), or as the ARN of either. The ARN of an application's own profile tells nothing.

use crate::chat::Format;

/// A model's name, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    /// Anthropic's, by version; a name without one is taken for a newer one.
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

/// Claude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claude {
    version: (u32, u32),
    is_opus: bool,
    /// Fable and Mythos.
    is_largest: bool,
}

impl Model {
    /// By name.
    pub fn of(name: &str) -> Model {
        let name = name.to_ascii_lowercase();
        let has = |word: &str| name.contains(word);
        if let Some((_, rest)) = name.split_once("claude") {
            let version = version(rest).unwrap_or((u32::MAX, 0));
            let is_largest = has("fable") || has("mythos");
            return Model::Claude(Claude { version, is_opus: has("opus"), is_largest });
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
            Model::Claude(claude) => claude.version >= (4, 5),
            Model::Nova(_) | Model::Plain => false,
            Model::GptOss | Model::Qwen | Model::Mistral | Model::Other => true,
        }
    }

    /// Whether one tool can be forced
    /// (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html>).
    pub fn has_tool_choice(self) -> bool {
        match self {
            Model::Claude(claude) => claude.version >= (3, 0),
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
            Model::Claude(claude) if claude.version >= (3, 5) => Caches::Everywhere,
            Model::Nova(_) => Caches::NotInTools,
            // It may be a profile of one that does.
            Model::Other => Caches::Everywhere,
            _ => Caches::Nowhere,
        }
    }

    /// Whether a cache point may say for how long.
    pub fn has_ttl(self) -> bool {
        self.claude().is_some_and(|claude| claude.version >= (4, 5)) || self == Model::Other
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

/// How a model is told to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thinks {
    /// It cannot.
    Not,
    /// With a budget of tokens.
    Budget,
    /// As much as it likes, guided by an effort.
    Adaptive,
}

/// The same lines as on Anthropic's own API (<https://platform.claude.com/docs/en/build-with-claude/extended-thinking>).
impl Claude {
    /// Extended thinking came with 3.7; budgets went with 4.7.
    pub fn thinks(self) -> Thinks {
        match self.version {
            version if version < (3, 7) => Thinks::Not,
            version if version < (4, 6) => Thinks::Budget,
            _ => Thinks::Adaptive,
        }
    }

    /// Whether it thinks unless told not to.
    pub fn thinks_by_itself(self) -> bool {
        self.version >= (5, 0)
    }

    /// Whether it cannot be told not to think.
    pub fn thinks_always(self) -> bool {
        self.is_largest || (self.is_opus && self.version >= (5, 5))
    }

    /// Since 4.7 thoughts are told only to those who ask for them, and there is an effort `xhigh`.
    pub fn tells_when_asked(self) -> bool {
        self.version >= (4, 7)
    }

    /// `temperature`, `top_p` and `top_k` are a 400 since 4.7.
    pub fn has_sampling(self) -> bool {
        self.version < (4, 7)
    }

    /// `temperature` and `top_p` together are a 400 since 4.1.
    pub fn takes_both(self) -> bool {
        self.version < (4, 1)
    }

    /// Whether the answer's beginning can be given: a 400 since 4.6.
    pub fn takes_prefill(self) -> bool {
        self.version < (4, 6)
    }

    /// Whether it can be told to call one tool at a time (seen to be refused before 4.5).
    pub fn has_single_calls(self) -> bool {
        self.version >= (4, 5)
    }
}

/// The first number of at most two digits, and the one beside it.
fn version(rest: &str) -> Option<(u32, u32)> {
    let mut words = rest.split(|c: char| !c.is_ascii_alphanumeric());
    let number = |word: &str| if word.len() <= 2 { word.parse::<u32>().ok() } else { None };
    let major = words.by_ref().find_map(|word| number(word.strip_prefix('v').unwrap_or(word)))?;
    Some((major, words.next().and_then(number).unwrap_or(0)))
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
            assert_eq!(Model::of(name).claude().map(|claude| claude.version), Some(version), "{name}");
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
