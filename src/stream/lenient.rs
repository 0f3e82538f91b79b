//! Typed reading of members that providers fill in as they like: what has another shape than expected is absent, and
//! spoils nothing beside it.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A member that is taken when it has the expected shape. `null`, a wrong type or a number out of range is `None`;
/// use with `#[serde(default)]`, so that an absent member is `None` too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lenient<T>(pub Option<T>);

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Lenient(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(Lenient(serde_json::from_str(raw.get()).ok()))
    }
}

/// The same for an object. The derived reader of a struct would also take an array, member by member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields<T>(pub Option<T>);

impl<T> Default for Fields<T> {
    fn default() -> Self {
        Fields(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Fields<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Fields(if raw.starts_with('{') { serde_json::from_str(raw).ok() } else { None }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Outer {
        count: Lenient<u64>,
        text: Lenient<String>,
        inner: Fields<Inner>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Inner {
        count: Lenient<u64>,
    }

    #[test]
    fn other_shapes_are_absent_and_spoil_nothing() {
        for (json, count, text, inner) in [
            (r#"{"count":7,"text":"a","inner":{"count":8}}"#, Some(7), Some("a"), Some(Some(8))),
            (r#"{"count":-7,"text":"a","inner":{"count":1.5}}"#, None, Some("a"), Some(None)),
            (r#"{"count":"7","text":8,"inner":[8]}"#, None, None, None),
            (r#"{"count":null,"text":null,"inner":null}"#, None, None, None),
            (r#"{"count":99999999999999999999,"text":"\ud800","inner":{}}"#, None, None, Some(None)),
            ("{}", None, None, None),
        ] {
            let outer: Outer = serde_json::from_str(json).unwrap();
            let inner = inner.map(|count| Inner { count: Lenient(count) });
            let expected =
                Outer { count: Lenient(count), text: Lenient(text.map(str::to_owned)), inner: Fields(inner) };
            assert_eq!(outer, expected, "{json}");
        }
    }
}
