//! `providerMetadata` of parts, which comes back as their `providerOptions`: seals, and what else has no place.
//!
//! A later one on the same part replaces the earlier, so that each says everything so far.

use crate::chat::json::{Object, ObjectWriter};
use crate::chat::{Format, Owner, Raw, Seal, SealKind};

/// Where seals stand that no package of the SDK knows.
const OURS: &str = "tollgate";

/// The namespace of whoever understands a seal or a block.
pub(super) fn namespace(format: &Format) -> &'static str {
    match format {
        Format::Anthropic => "anthropic",
        Format::Bedrock => "bedrock",
        Format::Gemini => "google",
        Format::Responses => "openai",
        Format::Cohere => "cohere",
        Format::Other(_) => OURS,
    }
}

/// The namespace of an owner's extensions.
pub(super) fn namespace_of(owner: Owner) -> &'static str {
    match owner {
        Owner::OpenAi | Owner::Responses => "openai",
        Owner::Anthropic => "anthropic",
        Owner::Google => "google",
        Owner::Bedrock => "bedrock",
        Owner::Cohere => "cohere",
    }
}

/// The format of a namespace.
pub(super) fn format_of(namespace: &str) -> Option<Format> {
    Some(match namespace {
        "anthropic" => Format::Anthropic,
        "bedrock" => Format::Bedrock,
        "google" | "vertex" => Format::Gemini,
        "openai" | "azure" => Format::Responses,
        _ => return None,
    })
}

/// The seal in a part's options; the first that is one counts.
pub(super) fn seal(namespaces: &Object<'_>) -> Option<Seal> {
    namespaces.iter().find_map(|(name, json)| read(name, &json.object()?)).map(Seal::arrived)
}

fn read(namespace: &str, options: &Object<'_>) -> Option<Seal> {
    let said = |name: &str| options.string(name).filter(|data| !data.is_empty());
    if namespace == OURS {
        let format = Format::of_word(&options.text("format")?);
        let kind = kind_of(&options.text("kind")?)?;
        return Some(Seal { id: options.string("id"), ..Seal::new(format, kind, said("data")?) });
    }
    let format = format_of(namespace)?;
    match format {
        Format::Anthropic | Format::Bedrock => {
            let signature = said("signature").map(|data| (SealKind::Signature, data));
            let (kind, data) = signature.or_else(|| said("redactedData").map(|data| (SealKind::Redacted, data)))?;
            Some(Seal::new(format, kind, data))
        }
        Format::Gemini => Some(Seal::new(format, SealKind::Encrypted, said("thoughtSignature")?)),
        _ => {
            let data = said("reasoningEncryptedContent")?;
            Some(Seal { id: said("itemId"), ..Seal::new(format, SealKind::Encrypted, data) })
        }
    }
}

fn kind_of(word: &str) -> Option<SealKind> {
    [SealKind::Signature, SealKind::Redacted, SealKind::Encrypted].into_iter().find(|kind| self::word(*kind) == word)
}

fn word(kind: SealKind) -> &'static str {
    match kind {
        SealKind::Signature => "signature",
        SealKind::Redacted => "redacted",
        SealKind::Encrypted => "encrypted",
    }
}

/// What stands beside one part.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    /// The generation's id: on the first part that says something.
    pub generation: Option<String>,
    pub seal: Option<Seal>,
    /// A member of a namespace that the part itself has no place for.
    pub extra: Option<(&'static str, &'static str, Raw)>,
}

impl Beside {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.generation.is_none() && self.seal.is_none() && self.extra.is_none()
    }

    /// Writes `providerMetadata`, if there is any.
    pub fn write(&self, provider: &str, o: &mut ObjectWriter<'_>) {
        if self.is_empty() {
            return;
        }
        o.object("providerMetadata", |o| {
            if let Some(generation) = &self.generation {
                o.object("gateway", |o| o.set("generationId", generation));
            }
            let of_seal = self.seal.as_ref().map(|seal| namespace(&seal.format));
            if let (Some(seal), Some(name)) = (&self.seal, of_seal) {
                o.object(name, |o| {
                    proof(seal, provider, o);
                    if let Some((_, key, value)) = self.extra.as_ref().filter(|(whose, ..)| *whose == name) {
                        o.raw(key, value);
                    }
                });
            }
            if let Some((name, key, value)) = self.extra.as_ref().filter(|(whose, ..)| of_seal != Some(whose)) {
                o.object(name, |o| o.raw(key, value));
            }
        });
    }
}

fn proof(seal: &Seal, provider: &str, o: &mut ObjectWriter<'_>) {
    let data = seal.travelling(provider);
    match (&seal.format, seal.kind) {
        (Format::Anthropic | Format::Bedrock, SealKind::Signature) => o.set("signature", data),
        (Format::Anthropic | Format::Bedrock, _) => o.set("redactedData", data),
        (Format::Gemini, _) => o.set("thoughtSignature", data),
        (Format::Responses, _) => {
            o.maybe("itemId", seal.id.as_deref());
            o.set("reasoningEncryptedContent", data);
        }
        (format, kind) => {
            o.set("format", format.word());
            o.set("kind", word(kind));
            o.maybe("id", seal.id.as_deref());
            o.set("data", data);
        }
    }
}
