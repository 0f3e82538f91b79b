//! JSON Schemas as Anthropic takes them: an input schema must say that it is an object, and a schema that output is held
//! to may hold part of the keywords only (<https://platform.claude.com/docs/en/build-with-claude/structured-outputs>).

use crate::chat::Raw;
use crate::chat::json::{Json, ListWriter, Object, ObjectWriter};
use crate::dialect::claude::UNKNOWN_KEYWORDS;

/// Schemas nested deeper are sent as they are.
const DEEPEST: u8 = 64;

/// Writes an input schema under its name. Root members keep their order; `type` is added where it is missing.
pub(super) fn input(schema: &Raw, o: &mut ObjectWriter<'_>) {
    let object = schema.json().object();
    o.object("input_schema", |o| {
        let Some(object) = object else {
            o.set("type", "object");
            return o.object("properties", |_| {});
        };
        if object.get("type").is_none() {
            o.set("type", "object");
        }
        object.all().for_each(|(key, json)| o.raw(key, &json.raw()));
    });
}

/// Writes a schema that output is held to; whether something of it could not be kept.
pub(super) fn strict(name: &str, schema: &Raw, o: &mut ObjectWriter<'_>) -> bool {
    let mut has_lost = false;
    match schema.json().object() {
        Some(object) => o.object(name, |o| write(&object, DEEPEST, &mut has_lost, o)),
        None => o.raw(name, schema),
    }
    has_lost
}

fn write(schema: &Object<'_>, depth: u8, has_lost: &mut bool, o: &mut ObjectWriter<'_>) {
    let is_object = schema.text("type").as_deref() == Some("object") || schema.get("properties").is_some();
    let (mut description, mut lost) = (None, String::new());
    let mut lose = |key: &str, json: Json<'_>| {
        let comma = if lost.is_empty() { "" } else { ", " };
        lost.push_str(&format!("{comma}{key}: {}", json.get()));
    };
    for (key, json) in schema.all() {
        match key {
            "$schema" => {}
            _ if json.is_null() && !matches!(key, "const" | "default") => {}
            "description" => description = json.string(),
            "additionalProperties" if is_object => {
                if json.flag() != Some(false) {
                    lose(key, json);
                }
            }
            "minItems" if json.count().is_some_and(|least| least > 1) => lose(key, json),
            _ if UNKNOWN_KEYWORDS.contains(&key) => lose(key, json),
            "properties" | "$defs" | "definitions" => match json.object() {
                Some(members) => o.object(key, |o| {
                    for (name, json) in members.iter() {
                        member(name, json, depth, has_lost, o);
                    }
                }),
                None => o.raw(key, &json.raw()),
            },
            "items" => member(key, json, depth, has_lost, o),
            "anyOf" | "allOf" | "oneOf" => {
                let key = if key == "oneOf" { "anyOf" } else { key };
                o.list(key, |l| json.items().into_iter().flatten().for_each(|json| item(json, depth, has_lost, l)));
            }
            _ => o.raw(key, &json.raw()),
        }
    }
    if is_object {
        o.set("additionalProperties", false);
    }
    if !lost.is_empty() {
        *has_lost = true;
        let before = description.map(|text| text + "\n\n").unwrap_or_default();
        description = Some(format!("{before}{{{lost}}}"));
    }
    o.maybe("description", description);
}

fn member(name: &str, json: Json<'_>, depth: u8, has_lost: &mut bool, o: &mut ObjectWriter<'_>) {
    match (json.object(), depth.checked_sub(1)) {
        (Some(object), Some(depth)) => o.object(name, |o| write(&object, depth, has_lost, o)),
        _ => o.raw(name, &json.raw()),
    }
}

fn item(json: Json<'_>, depth: u8, has_lost: &mut bool, l: &mut ListWriter<'_>) {
    match (json.object(), depth.checked_sub(1)) {
        (Some(object), Some(depth)) => l.object(|o| write(&object, depth, has_lost, o)),
        _ => l.raw(&json.raw()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::json::object;

    fn written(write: impl FnOnce(&mut ObjectWriter<'_>)) -> String {
        let mut out = Vec::new();
        object(&mut out, write);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_input_schema_is_an_object() {
        for (given, expected) in [
            (r#"{"type":"object","properties":{"b":{},"a":{}}}"#, r#"{"type":"object","properties":{"b":{},"a":{}}}"#),
            (r#"{"properties":{}}"#, r#"{"type":"object","properties":{}}"#),
            ("{}", r#"{"type":"object"}"#),
            ("true", r#"{"type":"object","properties":{}}"#),
        ] {
            let text = written(|o| input(&Raw::parse(given).unwrap(), o));
            assert_eq!(text, format!(r#"{{"input_schema":{expected}}}"#));
        }
    }

    #[test]
    fn what_a_strict_schema_may_not_hold_goes_into_the_description() {
        let schema = r#"{"$schema":"x","type":"object","properties":{"z":{"type":"integer","minLength":null,"default":null,"minimum":1,"maximum":5,"description":"how many"},
            "a":{"oneOf":[{"type":"string","minLength":2},{"type":"null"}]},"l":{"type":"array","minItems":2,"items":{"type":"object","properties":{}}}},
            "required":["z"]}"#;
        let mut has_lost = false;
        let text = written(|o| has_lost = strict("schema", &Raw::parse(schema).unwrap(), o));
        assert!(has_lost);
        let z = r#""z":{"type":"integer","default":null,"description":"how many\n\n{minimum: 1, maximum: 5}"}"#;
        let a = r#""a":{"anyOf":[{"type":"string","description":"{minLength: 2}"},{"type":"null"}]}"#;
        let items = r#""items":{"type":"object","properties":{},"additionalProperties":false}"#;
        let l = format!(r#""l":{{"type":"array",{items},"description":"{{minItems: 2}}"}}"#);
        let rest = r#""required":["z"],"additionalProperties":false"#;
        assert_eq!(text, format!(r#"{{"schema":{{"type":"object","properties":{{{z},{a},{l}}},{rest}}}}}"#));
    }

    #[test]
    fn a_plain_schema_loses_nothing_however_deep() {
        let deep = format!(r#"{}{{"type":"null"}}{}"#, r#"{"items":"#.repeat(200), "}".repeat(200));
        let mut has_lost = true;
        let text = written(|o| has_lost = strict("s", &Raw::parse(&deep).unwrap(), o));
        assert!(!has_lost);
        assert_eq!(text, format!(r#"{{"s":{deep}}}"#));
    }
}
