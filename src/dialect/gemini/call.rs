//! A `functionCall` that comes in pieces (`partialArgs`, Gemini 3 on Vertex).

use serde_json::{Map, Value};

use crate::chat::json::{Json, Object};

/// Deepest path, longest list: nobody's arguments are larger, and a stream could ask for any.
const DEEPEST: usize = 64;
const LONGEST: usize = 4096;
/// Most bytes of pieces that one call has.
const MOST: usize = 1 << 20;

/// Arguments on their way.
#[derive(Debug)]
pub(super) struct Growing {
    pub part: u32,
    pub has_seal: bool,
    args: Value,
    held: usize,
}

/// More was said than is held.
#[derive(Debug)]
pub(super) struct TooLarge;

impl Growing {
    pub fn new(part: u32, has_seal: bool) -> Growing {
        Growing { part, has_seal, args: Value::Object(Map::new()), held: 0 }
    }

    /// Adds what a piece says.
    pub fn add(&mut self, call: &Object<'_>) -> Result<(), TooLarge> {
        if let Some(args) = call.get("args").filter(|args| args.get().starts_with('{')) {
            self.held = self.held.saturating_add(args.get().len());
            self.args = args.value();
        }
        for piece in call.items("partialArgs") {
            self.held = self.held.saturating_add(piece.get().len());
            if let Some(piece) = piece.object() {
                self.piece(&piece);
            }
        }
        if self.held > MOST { Err(TooLarge) } else { Ok(()) }
    }

    fn piece(&mut self, piece: &Object<'_>) {
        let Some(steps) = piece.text("jsonPath").and_then(|path| steps(&path)) else { return };
        let value = ["numberValue", "boolValue"].iter().find_map(|name| piece.get(name)).map(Json::value);
        let is_null = piece.iter().any(|(name, _)| name == "nullValue");
        let Some(place) = descend(&mut self.args, &steps) else { return };
        match (piece.string("stringValue"), value) {
            // A text may come in several pieces.
            (Some(more), _) => match place {
                Value::String(text) => text.push_str(&more),
                other => *other = Value::String(more),
            },
            (None, Some(value)) => *place = value,
            (None, None) if is_null => *place = Value::Null,
            (None, None) => {}
        }
    }

    /// The JSON; empty when there are no arguments.
    pub fn json(&self) -> String {
        if self.args.as_object().is_some_and(Map::is_empty) { String::new() } else { self.args.to_string() }
    }
}

/// One step of a path.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Place(usize),
}

/// `$.a[0]['b c']`
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if steps.len() >= DEEPEST {
            return None;
        }
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, next) = after.split_at_checked(end)?;
            steps.push(Step::Name(name.to_owned()));
            rest = next;
        } else {
            let inner = rest.strip_prefix('[')?;
            let quote = inner.chars().next().filter(|quote| matches!(quote, '\'' | '"'));
            let (step, next) = match quote {
                Some(quote) => {
                    let (name, next) = inner.get(1..)?.split_once(quote)?;
                    (Step::Name(name.to_owned()), next.strip_prefix(']')?)
                }
                None => {
                    let (number, next) = inner.split_once(']')?;
                    (Step::Place(number.parse().ok()?), next)
                }
            };
            steps.push(step);
            rest = next;
        }
    }
    Some(steps)
}

/// The value at a path, made where it is missing.
fn descend<'v>(mut value: &'v mut Value, steps: &[Step]) -> Option<&'v mut Value> {
    for step in steps {
        value = match step {
            Step::Name(name) => {
                if !value.is_object() {
                    *value = Value::Object(Map::new());
                }
                value.as_object_mut()?.entry(name.clone()).or_insert(Value::Null)
            }
            Step::Place(place) => {
                if !value.is_array() {
                    *value = Value::Array(Vec::new());
                }
                let list = value.as_array_mut()?;
                if *place >= LONGEST {
                    return None;
                }
                if list.len() <= *place {
                    list.resize(place.saturating_add(1), Value::Null);
                }
                list.get_mut(*place)?
            }
        };
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_arguments_find_their_places() {
        let mut call = Growing::new(0, false);
        for piece in [
            r#"{"partialArgs":[{"jsonPath":"$.a.b[1]","stringValue":"x","willContinue":true}]}"#,
            r#"{"partialArgs":[{"jsonPath":"$.a.b[1]","stringValue":"y"},{"jsonPath":"$['c d']","numberValue":1.5}]}"#,
            r#"{"partialArgs":[{"jsonPath":"$.n","nullValue":"NULL_VALUE"},{"jsonPath":"$.t","boolValue":false}]}"#,
            r#"{"partialArgs":[{"jsonPath":"$.far[99999]","boolValue":true},{"jsonPath":"no","boolValue":true},{"jsonPath":"$[","boolValue":true},7]}"#,
        ] {
            call.add(&Object::parse(piece.as_bytes()).unwrap()).unwrap();
        }
        let json: Value = serde_json::from_str(&call.json()).unwrap();
        let expected = r#"{"a":{"b":[null,"xy"]},"c d":1.5,"n":null,"t":false,"far":[]}"#;
        assert_eq!(json, serde_json::from_str::<Value>(expected).unwrap());
        let deep = format!(r#"{{"partialArgs":[{{"jsonPath":"${}","boolValue":true}}]}}"#, ".a".repeat(100));
        call.add(&Object::parse(deep.as_bytes()).unwrap()).unwrap();
        assert_eq!(Growing::new(0, false).json(), "");
    }
}
