//! Seals of other formats. This one has no place for them but `redacted_thinking`, where they travel with the name of
//! their format (docs/dialects.md, line 44): before the call that they prove, or after a thought or a text.

use crate::chat::{Body, Format, Part, Seal, SealKind};

/// A seal of another format, as it travels.
pub(super) fn travelling(seal: &Seal, provider: &str) -> Option<String> {
    (seal.format != Format::Anthropic).then(|| seal.named(provider))
}

/// Brings the seals that travelled back to the parts that they prove.
pub(super) fn settle(parts: Vec<Part>) -> Vec<Part> {
    let mut settled: Vec<Part> = Vec::with_capacity(parts.len());
    let mut of_call: Option<Seal> = None;
    let mut parts = parts.into_iter().peekable();
    while let Some(mut part) = parts.next() {
        let is_bare = matches!(&part.body, Body::Reasoning { text, .. } if text.is_empty());
        let Some(mut seal) = part.seal.take_if(|seal| is_bare && seal.format != Format::Anthropic) else {
            part.seal = part.seal.take().or(of_call.take());
            settled.push(part);
            continue;
        };
        let before = settled.last_mut().filter(|part| part.seal.is_none());
        let is_thought = matches!(&before, Some(Part { body: Body::Reasoning { .. }, .. }));
        seal.kind = match seal.format {
            Format::Bedrock if is_thought => SealKind::Signature,
            Format::Bedrock => SealKind::Redacted,
            _ => SealKind::Encrypted,
        };
        let is_gemini = seal.format == Format::Gemini;
        if is_gemini && parts.peek().is_some_and(|next| matches!(next.body, Body::Call(_))) {
            of_call = Some(seal);
        } else if let Some(before) = before.filter(|part| proves(&seal, part)) {
            if let Body::Reasoning { summary, .. } = &mut before.body {
                *summary = seal.format == Format::Responses;
            }
            before.seal = Some(seal);
        } else if is_gemini {
            settled.push(Part::text("").sealed(Some(seal)));
        } else {
            settled.push(part.sealed(Some(seal)));
        }
    }
    settled
}

/// Whether a seal can belong to the part before it.
fn proves(seal: &Seal, part: &Part) -> bool {
    match part.body {
        Body::Reasoning { .. } => true,
        Body::Text { .. } | Body::Call(_) => seal.format == Format::Gemini,
        _ => false,
    }
}
