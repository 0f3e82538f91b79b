//! In what Anthropic's models differ, wherever they run, told by their names: `claude-3-7-sonnet-20250219`, `claude-opus-4-1@20250805`,
//! `claude-fable-5-1`. A name that is not here is taken for a newer one.

use super::Dropped;
use crate::chat::{Reasoning, effort_of};

/// Most tools that are held to their schema (seen: 21 are a 400).
pub(super) const MOST_STRICT: usize = 20;

/// The tool that stands for an answer in JSON, where a model has no other way to be held to it. What it is called with
/// is the answer's text.
pub(super) const ANSWER: &str = "tollgate_json_answer";

/// Keywords that are a 400 where output is held to a schema
/// (<https://platform.claude.com/docs/en/build-with-claude/structured-outputs>). Anthropic's SDKs move them into the
/// description.
pub(super) const UNKNOWN_KEYWORDS: [&str; 14] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "contains",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "propertyNames",
];

/// A model's name, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claude {
    version: (u32, u32),
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Opus,
    /// Fable and Mythos.
    Largest,
    Other,
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

impl Claude {
    /// By name. Models of others that speak this dialect are like Claude 4.
    pub fn of(name: &str) -> Claude {
        let name = name.to_ascii_lowercase();
        let kind = match &*name {
            name if name.contains("opus") => Kind::Opus,
            name if name.contains("fable") || name.contains("mythos") => Kind::Largest,
            _ => Kind::Other,
        };
        let version = match name.split_once("claude") {
            Some((_, rest)) => version(rest).unwrap_or((u32::MAX, 0)),
            None => (4, 0),
        };
        Claude { version, kind }
    }

    /// Its generation.
    #[cfg(test)]
    pub fn version(self) -> (u32, u32) {
        self.version
    }

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

    /// Whether it cannot be told not to think: `disabled` is a 400.
    pub fn thinks_always(self) -> bool {
        self.kind == Kind::Largest || (self.kind == Kind::Opus && self.version >= (5, 5))
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

    /// An answer whose beginning the client wrote is a 400 since 4.6.
    pub fn takes_beginnings(self) -> bool {
        self.version < (4, 6)
    }

    /// `output_config.format` and `strict` tools came with 4.5.
    pub fn has_schemas(self) -> bool {
        self.version >= (4, 5)
    }

    /// Whether it can be told to call one tool at a time (seen to be refused by Bedrock before 4.5).
    pub fn has_single_calls(self) -> bool {
        self.version >= (4, 5)
    }

    /// Whether it has tools: all but the first do.
    pub fn has_tool_choice(self) -> bool {
        self.version >= (3, 0)
    }

    /// Whether Bedrock caches what it is told.
    pub fn caches(self) -> bool {
        self.version >= (3, 5)
    }

    /// Most output tokens that every model of the generation has; a catalogue that knows more comes first.
    pub fn max_output(self) -> u64 {
        match self.version {
            version if version < (3, 5) => 4096,
            version if version < (3, 7) => 8192,
            version if version < (4, 5) => 32_000,
            version if version < (4, 7) => 64_000,
            _ => 128_000,
        }
    }
}

/// The first number of at most two digits, and the one beside it.
fn version(rest: &str) -> Option<(u32, u32)> {
    let mut words = rest.split(|c: char| !c.is_ascii_alphanumeric());
    let number = |word: &str| if word.len() <= 2 { word.parse::<u32>().ok() } else { None };
    let major = words.by_ref().find_map(|word| number(word.strip_prefix('v').unwrap_or(word)))?;
    Some((major, words.next().and_then(number).unwrap_or(0)))
}

/// How hard a model with efforts thinks, in a word that it knows.
pub(super) fn effort<'a>(reasoning: &'a Reasoning, claude: Claude, dropped: &mut Dropped) -> Option<&'a str> {
    let asked = reasoning.effort.as_deref().or_else(|| reasoning.budget.map(effort_of))?;
    let known = match asked {
        "minimal" => Some("low"),
        "low" | "medium" | "high" | "max" => Some(asked),
        "xhigh" if claude.tells_when_asked() => Some(asked),
        "xhigh" => Some("high"),
        _ => None,
    };
    let is_less = known.is_none() || (asked == "xhigh" && known != Some(asked));
    dropped.when(is_less, "reasoning");
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_generations() {
        for (name, version) in [
            ("claude-3-haiku-20240307", (3, 0)),
            ("claude-3-5-sonnet-v2@20241022", (3, 5)),
            ("claude-3-7-sonnet-latest", (3, 7)),
            ("claude-sonnet-4-20250514", (4, 0)),
            ("claude-opus-4@20250514", (4, 0)),
            ("anthropic/claude-opus-4.1", (4, 1)),
            ("claude-haiku-4-5-20251001", (4, 5)),
            ("us.anthropic.claude-opus-4-6-v1", (4, 6)),
            ("claude-opus-4-7@default", (4, 7)),
            ("claude-sonnet-5", (5, 0)),
            ("claude-fable-5-1", (5, 1)),
            ("claude-mythos-preview", (u32::MAX, 0)),
            ("glm-4.6", (4, 0)),
        ] {
            assert_eq!(Claude::of(name).version, version, "{name}");
        }
        let always = ["claude-fable-5", "claude-mythos-preview", "claude-opus-5-5"];
        assert!(always.iter().all(|name| Claude::of(name).thinks_always()));
        assert!(!["claude-opus-5", "claude-sonnet-5-5"].iter().any(|name| Claude::of(name).thinks_always()));
    }
}
