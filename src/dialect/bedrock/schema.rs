//! JSON Schemas as Bedrock takes them: an input schema says that it is an object, and where Claude's output is held to a
//! schema, objects are closed and bounds are a 400
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>).

use crate::chat::Raw;
use crate::dialect::claude::UNKNOWN_KEYWORDS;
use serde_json::{Map, Value, json};

/// Schemas nested deeper are sent as they are.
const DEEPEST: u8 = 64;

/// An input schema, as it came where it says that it is an object.
pub(super) fn input(schema: &Raw) -> Raw {
    let object = schema.json().object();
    if object.as_ref().is_some_and(|object| object.text("type").is_some_and(|kind| kind == "object")) {
        return schema.clone();
    }
    let mut members = match schema.value() {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    members.insert("type".to_owned(), json!("object"));
    Raw::of(&Value::Object(members))
}

/// A schema that output is held to, and whether something of it could not be kept.
pub(super) fn strict(schema: &Raw) -> (Raw, bool) {
    let (mut value, mut has_lost, mut has_changed) = (schema.value(), false, false);
    close(&mut value, DEEPEST, &mut has_lost, &mut has_changed);
    (if has_changed && value.is_object() { Raw::of(&value) } else { schema.clone() }, has_lost)
}

fn close(schema: &mut Value, depth: u8, has_lost: &mut bool, has_changed: &mut bool) {
    let (Some(members), Some(depth)) = (schema.as_object_mut(), depth.checked_sub(1)) else { return };
    let before = members.len();
    members.retain(|name, _| !UNKNOWN_KEYWORDS.contains(&name.as_str()) && name != "$schema");
    let is_bound = |least: &Value| least.as_u64().is_some_and(|least| least > 1);
    if members.get("minItems").is_some_and(is_bound) {
        members.remove("minItems");
    }
    *has_changed |= members.len() < before;
    *has_lost |= members.len() < before;
    let is_object = members.get("type") == Some(&json!("object")) || members.contains_key("properties");
    if is_object && members.get("additionalProperties") != Some(&json!(false)) {
        let was = members.insert("additionalProperties".to_owned(), json!(false));
        *has_lost |= was.is_some_and(|was| was != json!(true));
        *has_changed = true;
    }
    for name in ["properties", "$defs", "definitions"] {
        if let Some(inner) = members.get_mut(name).and_then(Value::as_object_mut) {
            inner.values_mut().for_each(|schema| close(schema, depth, has_lost, has_changed));
        }
    }
    if let Some(items) = members.get_mut("items") {
        close(items, depth, has_lost, has_changed);
    }
    for name in ["anyOf", "allOf", "oneOf"] {
        let list = members.get_mut(name).and_then(Value::as_array_mut);
        list.into_iter().flatten().for_each(|schema| close(schema, depth, has_lost, has_changed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(value: Value) -> Raw {
        Raw::of(&value)
    }

    #[test]
    fn an_input_is_an_object() {
        let good = Raw::parse(r#"{ "type": "object", "b": 1, "a": 2 }"#).unwrap();
        assert_eq!(input(&good), good);
        assert_eq!(input(&raw(json!({"properties": {}}))).value(), json!({"type": "object", "properties": {}}));
        assert_eq!(input(&raw(json!(true))).value(), json!({"type": "object"}));
        assert_eq!(input(&raw(json!({"type": ["object", "null"]}))).value(), json!({"type": "object"}));
    }

    #[test]
    fn objects_are_closed_and_bounds_told() {
        let closed = json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false});
        assert_eq!(strict(&raw(closed.clone())), (raw(closed), false));
        let open = json!({"type": "object", "properties": {"a": {"type": "array", "minItems": 1, "items": {"properties": {}}}},
            "$defs": {"x": {"anyOf": [{"type": "object"}]}}});
        let (closed, has_lost) = strict(&raw(open));
        let object = json!({"type": "object", "additionalProperties": false});
        assert_eq!(
            closed.value(),
            json!({"type": "object", "additionalProperties": false,
            "properties": {"a": {"type": "array", "minItems": 1, "items": {"properties": {}, "additionalProperties": false}}},
            "$defs": {"x": {"anyOf": [object]}}})
        );
        assert!(!has_lost);
        let (plain, has_lost) = strict(&raw(json!({"type": "integer", "minimum": 3})));
        assert_eq!((plain.value(), has_lost), (json!({"type": "integer"}), true));
    }
}
