//! Scalars with a number in them, given as a number or as text: Envoy writes many numbers as text.

use super::decode::Leaf;
use super::tree::Tree;
use serde_json::{Value, json};
use std::time::Duration;

/// A number in text form; `None` where the text is no plain number.
pub fn parse(text: &str) -> Option<f64> {
    let numeric = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E');
    let plain = text.len() <= 32 && text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().all(numeric);
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}

/// The digits of a number that is not negative: `12`, `0.25`; never with an exponent.
fn digits(tree: &Tree) -> Option<String> {
    let number = match tree {
        Tree::Number(number) => Some(*number).filter(|number| number.is_finite()),
        Tree::Text(text) => match parse(text) {
            // As it stands: a double would round what has many digits.
            Some(_) if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') => return Some(text.clone()),
            number => number,
        },
        _ => None,
    };
    number.filter(|number| *number >= 0.0 && *number < 1e18).map(|number| number.to_string())
}

/// The number times 10^places, where that is whole and fits.
fn scaled(digits: &str, places: usize) -> Option<u64> {
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = part.trim_end_matches('0');
    if part.len() > places {
        return None;
    }
    format!("{whole}{part:0<places$}").parse().ok()
}

/// A whole number within bounds.
#[derive(Clone, Copy, Default)]
pub struct Whole<const MIN: u64, const MAX: u64>(pub u64);

impl<const MIN: u64, const MAX: u64> Leaf for Whole<MIN, MAX> {
    fn parse(tree: &Tree) -> Option<Self> {
        scaled(&digits(tree)?, 0).filter(|number| (MIN..=MAX).contains(number)).map(Whole)
    }

    fn expected() -> String {
        match MAX {
            u64::MAX => format!("a whole number of at least {MIN}"),
            _ => format!("a whole number from {MIN} to {MAX}"),
        }
    }

    fn json() -> Value {
        match MAX {
            u64::MAX => json!({ "type": "integer", "minimum": MIN }),
            _ => json!({ "type": "integer", "minimum": MIN, "maximum": MAX }),
        }
    }
}

/// A count without an upper bound.
pub type Count = Whole<1, { u64::MAX }>;

/// A share: any number above zero.
#[derive(Clone, Copy, Default)]
pub struct Weight(pub f64);

impl Leaf for Weight {
    fn parse(tree: &Tree) -> Option<Self> {
        let number = digits(tree)?.parse().ok()?;
        (number > 0.0 && number <= 1e9).then_some(Weight(number))
    }

    fn expected() -> String {
        "a number above 0".to_owned()
    }

    fn json() -> Value {
        json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1_000_000_000 })
    }
}

/// A decimal that is exact to so many places, in units of the last.
#[derive(Clone, Copy, Default)]
pub struct Decimal<const PLACES: usize = 6>(pub u64);

impl<const PLACES: usize> Leaf for Decimal<PLACES> {
    fn parse(tree: &Tree) -> Option<Self> {
        scaled(&digits(tree)?, PLACES).map(Decimal)
    }

    fn expected() -> String {
        // Many places leave few digits before them.
        let most =
            u32::try_from(PLACES).ok().and_then(|places| 10_u64.checked_pow(places)).map_or(0, |one| u64::MAX / one);
        let most = if PLACES > 6 { format!(", below {most}") } else { String::new() };
        format!("a decimal such as \"0.25\" with at most {PLACES} places{most}")
    }

    fn json() -> Value {
        let pattern = format!("^[0-9]+(\\.[0-9]{{1,{PLACES}}})?$");
        json!({ "type": ["string", "number"], "pattern": pattern, "minimum": 0 })
    }
}

impl Leaf for bool {
    fn parse(tree: &Tree) -> Option<Self> {
        match tree {
            Tree::Bool(flag) => Some(*flag),
            Tree::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn expected() -> String {
        "true or false".to_owned()
    }

    fn json() -> Value {
        json!({ "type": "boolean" })
    }
}

/// A number right before a unit, such as `30s`.
fn with_unit<'a>(tree: &'a Tree, units: &[(&str, u64)]) -> Option<u64> {
    let Tree::Text(text) = tree else { return None };
    let unit: &'a str = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let (_, size) = units.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*size)
}

/// A length of time, of a day at most and of `LEAST` milliseconds at least.
#[derive(Clone, Copy, Default)]
pub struct Span<const LEAST: u64 = 1>(pub Duration);

impl<const LEAST: u64> Leaf for Span<LEAST> {
    fn parse(tree: &Tree) -> Option<Self> {
        let millis = with_unit(tree, &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)])?;
        (LEAST..=86_400_000).contains(&millis).then_some(Span(Duration::from_millis(millis)))
    }

    fn expected() -> String {
        let least = if LEAST == 0 { "0s for none" } else { "above 0" };
        format!("a duration such as 500ms, 30s, 10m or 1h, {least} and up to 24h")
    }

    fn json() -> Value {
        json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h)$" })
    }
}

/// A number of bytes, `MAX` at most.
#[derive(Clone, Copy, Default)]
pub struct Bytes<const MAX: u64>(pub u64);

impl<const MAX: u64> Leaf for Bytes<MAX> {
    fn parse(tree: &Tree) -> Option<Self> {
        let units = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
        let bytes = with_unit(tree, &units).or_else(|| scaled(&digits(tree)?, 0))?;
        (1..=MAX).contains(&bytes).then_some(Bytes(bytes))
    }

    fn expected() -> String {
        let most = if MAX >= 1 << 30 { format!("{}GiB", MAX >> 30) } else { format!("{}MiB", MAX >> 20) };
        format!("a size in bytes such as 65536, 64KiB or 32MiB, above 0 and up to {most}")
    }

    fn json() -> Value {
        json!({ "type": ["string", "integer"], "pattern": "^[0-9]+(B|KiB|MiB|GiB)?$", "minimum": 1, "maximum": MAX })
    }
}

/// A part of a whole, from 1% to 100%.
#[derive(Clone, Copy, Default)]
pub struct Percent(pub u8);

impl Leaf for Percent {
    fn parse(tree: &Tree) -> Option<Self> {
        let percent = with_unit(tree, &[("%", 1)]).filter(|percent| (1..=100).contains(percent))?;
        u8::try_from(percent).ok().map(Percent)
    }

    fn expected() -> String {
        "a percentage from 1% to 100%".to_owned()
    }

    fn json() -> Value {
        json!({ "type": "string", "pattern": "^[0-9]{1,3}%$" })
    }
}
