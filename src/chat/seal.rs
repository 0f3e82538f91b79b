//! Seals: proofs of a provider that must come back unchanged, and only to their own format.

use std::borrow::Cow;

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
    /// The provider that made it, where it came back with that name (rules 7 and 44).
    pub origin: Option<String>,
}

impl Seal {
    /// A seal without an item.
    pub fn new(format: Format, kind: SealKind, data: impl Into<String>) -> Seal {
        Seal { format, kind, data: data.into(), id: None, origin: None }
    }

    /// The seal as it travels through another dialect (rule 44): those of Responses, which are bound to an account,
    /// carry their provider's name.
    pub fn travelling(&self, provider: &str) -> Cow<'_, str> {
        if self.format == Format::Responses && !provider.is_empty() {
            return Cow::Owned(self.named(provider));
        }
        Cow::Borrowed(&self.data)
    }

    /// The seal as it travels where nothing beside it says whose it is (rule 44): with its format and its provider.
    pub fn named(&self, provider: &str) -> String {
        format!("{PREFIX}{}.{provider}.{}", self.format.word(), self.data)
    }

    /// Undoes [`Seal::travelling`] and [`Seal::named`]; other data stays as it is.
    pub fn arrived(mut self) -> Seal {
        let travelled = self.data.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.'));
        if let Some((format, rest)) = travelled
            && let Some((provider, data)) = rest.rsplit_once('.')
        {
            self.format = Format::of_word(format);
            self.origin = Some(provider.to_owned());
            self.data = data.to_owned();
        }
        self
    }
}

const PREFIX: &str = "tg1.";

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_44_a_seal_that_travels_names_its_provider_and_arrives_as_it_was() {
        let seal = Seal::new(Format::Responses, SealKind::Encrypted, "gAAA-_=");
        let data = seal.travelling("azure-eu.1");
        assert_eq!(data, "tg1.openai-responses-v1.azure-eu.1.gAAA-_=");
        let arrived = Seal::new(Format::Other("?".into()), SealKind::Encrypted, data).arrived();
        assert_eq!(arrived, Seal { origin: Some("azure-eu.1".into()), ..seal });
        let signature = Seal::new(Format::Anthropic, SealKind::Signature, "Eq.==");
        assert_eq!(signature.travelling("anthropic"), "Eq.==");
        assert_eq!(signature.clone().arrived(), signature);
        let gemini = Seal::new(Format::Gemini, SealKind::Encrypted, "Cg==");
        assert_eq!(gemini.named("google"), "tg1.google-gemini-v1.google.Cg==");
        let data = gemini.named("");
        let arrived = Seal::new(Format::Anthropic, SealKind::Encrypted, data).arrived();
        assert_eq!((arrived.format, &*arrived.data), (Format::Gemini, "Cg=="));
    }
}
