//! Seals: proofs of a provider that must come back unchanged, and only to their own format.

use super::Owner;

/// Proof that must return unchanged beside the part it came with.
///
/// | format | kind | stands at |
/// |---|---|---|
/// | `Anthropic` (also Claude on Bedrock and Vertex) | `Signature` | reasoning with its text |
/// | | `Redacted` | reasoning with an empty text |
/// | `Gemini` | `Encrypted` | a call, a text (perhaps empty), reasoning |
/// | `Responses` | `Encrypted`, with the item's id | reasoning, perhaps a summary, perhaps empty |
/// | `Bedrock` (models that are not Claude) | `Signature`, `Redacted` | as with Anthropic |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Who accepts it.
    pub format: Format,
    /// What it is.
    pub kind: SealKind,
    /// The proof itself.
    pub data: String,
    /// The item that it belongs to, where the format has ids (`rs_...`).
    pub id: Option<String>,
}

/// What a seal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealKind {
    /// It proves the text beside it.
    Signature,
    /// It stands in place of a text that nobody may read.
    Redacted,
    /// It holds the reasoning itself.
    Encrypted,
}

const OPENAI_CHAT: &str = "openai-chat";

/// Who accepts a seal or understands a native block.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Format {
    Anthropic,
    Responses,
    Gemini,
    Bedrock,
    Cohere,
    /// Any other, by its word; `openai-chat` is what chat completions alone understand.
    Other(String),
}

impl Format {
    /// The word in `reasoning_details[].format`; OpenRouter's where it has one.
    pub fn word(&self) -> &str {
        match self {
            Format::Anthropic => "anthropic-claude-v1",
            Format::Responses => "openai-responses-v1",
            Format::Gemini => "google-gemini-v1",
            Format::Bedrock => "amazon-bedrock-v1",
            Format::Cohere => "cohere-v2",
            Format::Other(word) => word,
        }
    }

    /// The format of a word.
    pub fn of_word(word: &str) -> Format {
        let known = [Format::Anthropic, Format::Responses, Format::Gemini, Format::Bedrock, Format::Cohere];
        known.into_iter().find(|format| format.word() == word).unwrap_or_else(|| Format::Other(word.to_owned()))
    }

    /// Whose dialect it is; Claude speaks its format through Bedrock too.
    pub fn owner(&self) -> Option<Owner> {
        Some(match self {
            Format::Anthropic => Owner::Anthropic,
            Format::Responses => Owner::Responses,
            Format::Gemini => Owner::Google,
            Format::Bedrock => Owner::Bedrock,
            Format::Cohere => Owner::Cohere,
            Format::Other(word) if word == OPENAI_CHAT => Owner::OpenAi,
            Format::Other(_) => return None,
        })
    }

    /// What chat completions alone understand.
    pub fn openai_chat() -> Format {
        Format::Other(OPENAI_CHAT.to_owned())
    }
}
