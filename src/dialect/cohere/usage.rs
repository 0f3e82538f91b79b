//! The `usage` object. `tokens` is what the model saw; `billed_units` leaves out what Cohere adds to the prompt, is
//! smaller, and is what costs (trap 14).

use crate::chat::json::{Json, Object};
use crate::meter::{Billed, Usage};

/// More tokens than any exchange can have; a larger number is a mistake, and absent.
const MOST: u64 = 1 << 40;

/// Reads it; `None` when there is no count in it. Cached tokens are part of the input.
pub(super) fn read(usage: Json<'_>) -> Option<Usage> {
    let object = usage.object()?;
    let (tokens, billed) = (object.object("tokens"), object.object("billed_units"));
    let count = |object: &Object<'_>, name: &str| object.count(name).filter(|count| *count <= MOST);
    let inside = |name| [&tokens, &billed].into_iter().flatten().find_map(|object| count(object, name));
    let units = billed.as_ref().filter(|_| tokens.is_some());
    let billed = units.map(|units| {
        let usage =
            Usage { input: count(units, "input_tokens"), output: count(units, "output_tokens"), ..Usage::default() };
        Billed { model: None, usage }
    });
    let read = Usage {
        input: inside("input_tokens"),
        cache_read: count(&object, "cached_tokens"),
        output: inside("output_tokens"),
        reasoning: inside("reasoning_tokens"),
        billed: billed.into_iter().filter(|billed| billed.usage.has_counts()).collect(),
        ..Usage::default()
    };
    read.has_counts().then_some(read)
}

/// What a rerank reports in `meta.billed_units`.
pub fn billed_units(raw: &[u8]) -> Usage {
    let server_tools = Object::parse(raw).map(|units| search_units(&units)).unwrap_or_default();
    Usage { server_tools, ..Usage::default() }
}

/// Searches, as runs of a tool: a query with up to 100 documents is one (<https://cohere.com/pricing>).
fn search_units(units: &Object<'_>) -> Vec<(String, u64)> {
    units.count("search_units").map(|count| ("search_units".to_owned(), count)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<[Option<u64>; 4]> {
        let usage = read(Json::parse(text.as_bytes()).unwrap())?;
        Some([usage.input, usage.cache_read, usage.output, usage.reasoning])
    }

    #[test]
    fn trap_14_tokens_count_and_not_billed_units() {
        let billed = r#""billed_units":{"input_tokens":46,"output_tokens":14}"#;
        let tokens = r#""tokens":{"input_tokens":1445,"output_tokens":43,"reasoning_tokens":7},"cached_tokens":704.0"#;
        assert_eq!(of(&format!("{{{billed},{tokens}}}")), Some([Some(1445), Some(704), Some(43), Some(7)]));
        assert_eq!(of(&format!("{{{billed}}}")), Some([Some(46), None, Some(14), None]));
    }

    #[test]
    fn what_costs_is_what_is_billed() {
        let text = r#"{"billed_units":{"input_tokens":46,"output_tokens":14},"tokens":{"input_tokens":1445,"output_tokens":43}}"#;
        let usage = read(Json::parse(text.as_bytes()).unwrap()).unwrap();
        let [Billed { model: None, usage: billed }] = &usage.billed[..] else { panic!("{usage:?}") };
        assert_eq!((billed.input, billed.output), (Some(46), Some(14)));
        let alone = read(Json::parse(br#"{"billed_units":{"input_tokens":46,"output_tokens":14}}"#).unwrap());
        assert!(alone.unwrap().billed.is_empty(), "they are the counts themselves");
        assert_eq!(billed_units(br#"{"search_units":3}"#).server_tools, [("search_units".to_owned(), 3)]);
        assert!(billed_units(b"[3]").is_empty() && billed_units(br#"{"search_units":-3}"#).is_empty());
    }

    #[test]
    fn absent_is_not_zero() {
        for text in ["{}", "null", "[]", r#"{"tokens":{}}"#, r#"{"tokens":{"input_tokens":-1}}"#, r#"{"tokens":7}"#] {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(of(r#"{"tokens":{"input_tokens":0}}"#), Some([Some(0), None, None, None]));
    }
}
