//! How much a model thinks: words of effort and budgets of tokens, and how one is turned into the other.

/// What a client wants of the model's reasoning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reasoning {
    /// On or off, where the client says so.
    pub enabled: Option<bool>,
    /// `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`, in the client's word.
    pub effort: Option<String>,
    /// In tokens.
    pub budget: Option<u32>,
    /// `auto`, `concise`, `detailed`: how it is told.
    pub summary: Option<String>,
    /// It is not to be told at all.
    pub exclude: bool,
}

impl Reasoning {
    /// Whether the client wants none.
    pub fn is_off(&self) -> bool {
        self.enabled == Some(false) || self.effort.as_deref() == Some("none") || self.budget == Some(0)
    }

    /// The budget, asked for or made from the effort; `None` when it is off or nothing says how much.
    pub fn budget_tokens(&self) -> Option<u32> {
        if self.is_off() {
            return None;
        }
        self.budget.or_else(|| budget_of(self.effort.as_deref()?))
    }

    /// The effort, asked for or made from the budget.
    pub fn effort_word(&self) -> Option<&str> {
        if self.is_off() {
            return Some("none");
        }
        self.effort.as_deref().or_else(|| self.budget.map(effort_of))
    }
}

/// Tokens for a word, least first. Google's own table for its OpenAI endpoint, <https://ai.google.dev/gemini-api/docs/openai>
/// (minimal, low, medium, high); the last two go on from there.
const BUDGETS: [(&str, u32); 6] =
    [("minimal", 1024), ("low", 1024), ("medium", 8192), ("high", 24_576), ("xhigh", 32_768), ("max", 65_536)];

/// The budget for a word; `None` for `none` and for words that are not known.
pub fn budget_of(effort: &str) -> Option<u32> {
    BUDGETS.iter().find(|(word, _)| *word == effort).map(|(_, budget)| *budget)
}

/// The word for a budget: `none`, `low`, `medium` or `high`, which every vendor knows.
pub fn effort_of(budget: u32) -> &'static str {
    match budget {
        0 => "none",
        1..=4096 => "low",
        4097..=16_384 => "medium",
        _ => "high",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_budgets_agree() {
        for word in ["low", "medium", "high"] {
            assert_eq!(budget_of(word).map(effort_of), Some(word));
        }
        let off = Reasoning { budget: Some(0), ..Reasoning::default() };
        assert_eq!((off.budget_tokens(), off.effort_word()), (None, Some("none")));
        let both = Reasoning { budget: Some(5000), effort: Some("high".into()), ..Reasoning::default() };
        assert_eq!((both.budget_tokens(), both.effort_word()), (Some(5000), Some("high")));
    }
}
