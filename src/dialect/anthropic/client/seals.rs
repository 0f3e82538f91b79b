//! Seals of other formats. This one has no place for them but `redacted_thinking`, where they travel with the name of
//! their format and with what they prove (docs/dialects.md, line 44): the call that follows, the block so many before, or
//! the thought that they stand after.

use crate::chat::{Body, Format, Part, Seal};
use crate::dialect::openai::responses::seals::{Place, read, write};

/// It proves a text that says nothing: it has no block.
pub(super) const ALONE: Place = Place::Back(0);
/// It follows its block.
pub(super) const AFTER: Place = Place::Back(1);

/// A seal of another format, as it travels.
pub(super) fn travelling(seal: &Seal, place: Place, provider: &str) -> Option<String> {
    (seal.format != Format::Anthropic).then(|| write(seal, place, provider))
}

/// A part that is nothing but a seal of another format.
fn travelled(part: &Part) -> Option<(Seal, Place)> {
    let is_bare = matches!(&part.body, Body::Reasoning { text, .. } if text.is_empty());
    let seal = part.seal.as_ref().filter(|seal| is_bare && seal.format != Format::Anthropic)?;
    Some(read(seal.clone()))
}

/// Brings the seals that travelled back to the parts that they prove.
pub(super) fn settle(parts: Vec<Part>) -> Vec<Part> {
    let mut settled: Vec<Part> = Vec::with_capacity(parts.len());
    // Where each block's part is, of those that came so far.
    let mut places: Vec<Option<usize>> = Vec::with_capacity(parts.len());
    let mut of_next: Option<Seal> = None;
    for mut part in parts {
        let Some((seal, place)) = travelled(&part) else {
            part.seal = part.seal.take().or(of_next.take());
            places.push(Some(settled.len()));
            settled.push(part);
            continue;
        };
        let at = match place {
            Place::Own => places.last().copied().flatten(),
            Place::Back(count) if count > 0 => places.iter().nth_back(count - 1).copied().flatten(),
            Place::Back(_) | Place::Next => None,
        };
        let before = at.and_then(|at| settled.get_mut(at)).filter(|before| before.seal.is_none());
        let is_thought = matches!(&before, Some(Part { body: Body::Reasoning { .. }, .. }));
        places.push(None);
        match (place, before) {
            (Place::Next, _) => of_next = Some(seal),
            (Place::Own, Some(before)) if is_thought => {
                if let Body::Reasoning { summary, .. } = &mut before.body {
                    *summary = seal.format == Format::Responses;
                }
                before.seal = Some(seal);
            }
            (Place::Own, _) => settled.push(Part { seal: Some(seal), ..part }),
            (Place::Back(0), _) => settled.push(Part::text("").sealed(Some(seal))),
            // Its block did not come back: then neither does it.
            (Place::Back(_), before) => before.into_iter().for_each(|before| before.seal = Some(seal.clone())),
        }
    }
    settled
}
