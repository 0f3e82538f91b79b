//! In what vendors of this dialect differ, by their preset's name. A vendor that is not here is like OpenAI, but older.

use crate::chat::fit_id;

/// How a vendor wants what the dialect does not settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Vendor<'a>(pub &'a str);

/// Where a vendor wants the reasoning of earlier turns back (rule 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thoughts {
    /// It does not.
    Nowhere,
    /// `reasoning_content`.
    Member,
    /// A part `thinking` in `content`.
    Part,
    /// `reasoning_details`, with seals.
    Details,
}

/// How a vendor is told how much to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// `reasoning_effort`.
    Word,
    /// `thinking`, and `reasoning_effort` for a word.
    Thinking,
    /// `reasoning`.
    Object,
}

impl Vendor<'_> {
    fn is(self, names: &[&str]) -> bool {
        names.contains(&self.0)
    }

    /// OpenAI's own models: the newer refuse `max_tokens`, and know `developer`; nobody else has to.
    pub fn is_openai(self) -> bool {
        self.is(&["openai", "azure"])
    }

    /// Mistral refuses members that it does not know.
    pub fn is_mistral(self) -> bool {
        self.is(&["mistral"])
    }

    /// OpenRouter fetches URLs, and passes on images and films.
    pub fn is_openrouter(self) -> bool {
        self.is(&["openrouter"])
    }

    pub fn thoughts(self) -> Thoughts {
        match self.0 {
            "deepseek" | "moonshot" | "moonshotai" => Thoughts::Member,
            "mistral" => Thoughts::Part,
            "openrouter" => Thoughts::Details,
            _ => Thoughts::Nowhere,
        }
    }

    pub fn effort(self) -> Effort {
        match self.0 {
            "deepseek" | "moonshot" | "moonshotai" | "zai" | "zhipu" => Effort::Thinking,
            "openrouter" => Effort::Object,
            _ => Effort::Word,
        }
    }

    /// A call's id in the letters that the vendor takes (rule 3).
    pub fn call_id(self, id: &str) -> String {
        if self.is_mistral() {
            fit_id(id, |b| b.is_ascii_alphanumeric(), 9, "")
        } else {
            fit_id(id, |b| b.is_ascii_graphic(), 40, "call_")
        }
    }
}
