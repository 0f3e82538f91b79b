//! Seals of every format in `encrypted_content` (docs/dialects.md, line 44): as `tg1.<format>.<provider>.<data>`, where
//! a format's word may have an ending that says what the seal proves.

use crate::chat::{Format, Seal, SealKind};

/// What a seal proves, as seen from the reasoning item that carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dialect) enum Place {
    /// That item.
    Own,
    /// The item after it: Gemini signs calls.
    Next,
    /// The item so many places before it: a signature that came late.
    Back(usize),
}

const NEXT: &str = "-next";
const BACK: &str = "-back";
const REDACTED: &str = "-redacted";

/// The text for `encrypted_content`.
pub(in crate::dialect) fn write(seal: &Seal, place: Place, provider: &str) -> String {
    let word = seal.format.word();
    let word = match place {
        Place::Own if seal.kind == SealKind::Redacted => format!("{word}{REDACTED}"),
        Place::Own => return seal.named(provider),
        Place::Next => format!("{word}{NEXT}"),
        Place::Back(count) => format!("{word}{BACK}{count}"),
    };
    Seal { format: Format::Other(word), ..seal.clone() }.named(provider)
}

/// A seal that came back; one without the prefix is the provider's own.
pub(in crate::dialect) fn read(seal: Seal) -> (Seal, Place) {
    let mut seal = seal.arrived();
    let mut place = Place::Own;
    let mut is_redacted = false;
    if let Format::Other(word) = &seal.format {
        let (word, rest) = word.rsplit_once('-').unwrap_or((word, ""));
        match rest {
            "next" => place = Place::Next,
            "redacted" => is_redacted = true,
            _ => match rest.strip_prefix("back").and_then(|count| count.parse().ok()) {
                Some(count) => place = Place::Back(count),
                None => return (seal, place),
            },
        }
        seal.format = Format::of_word(word);
    }
    seal.kind = match seal.format {
        _ if is_redacted => SealKind::Redacted,
        Format::Anthropic | Format::Bedrock => SealKind::Signature,
        _ => SealKind::Encrypted,
    };
    (seal, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_44_seals_of_every_format_come_back_as_they_were() {
        for (format, kind, place) in [
            (Format::Anthropic, SealKind::Signature, Place::Own),
            (Format::Anthropic, SealKind::Redacted, Place::Own),
            (Format::Bedrock, SealKind::Redacted, Place::Own),
            (Format::Responses, SealKind::Encrypted, Place::Own),
            (Format::Gemini, SealKind::Encrypted, Place::Next),
            (Format::Gemini, SealKind::Encrypted, Place::Back(12)),
        ] {
            let seal = Seal::new(format, kind, "Eq/+_==");
            let data = write(&seal, place, "azure-eu.1");
            assert!(data.starts_with("tg1.") && data.ends_with(".azure-eu.1.Eq/+_=="), "{data}");
            let came = Seal::new(Format::Responses, SealKind::Encrypted, data);
            assert_eq!(read(came), (Seal { origin: Some("azure-eu.1".into()), ..seal }, place));
        }
        let own = Seal::new(Format::Responses, SealKind::Encrypted, "gAAA");
        assert_eq!(read(own.clone()), (own, Place::Own));
        let odd = Seal::new(Format::Responses, SealKind::Encrypted, "tg1.a-b-backx.p.D");
        assert_eq!(read(odd).0.format, Format::Other("a-b-backx".into()));
    }
}
