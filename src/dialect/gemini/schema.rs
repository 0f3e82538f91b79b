//! The part of JSON Schema that Gemini reads in `parametersJsonSchema` and `responseJsonSchema`: the members listed at
//! `GenerationConfig.response_json_schema` of <https://ai.google.dev/api/generate-content>, and those that the older
//! `Schema` has. Others are a 400 there, or ignored. Order stays: the model writes members in the schema's order.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::chat::Raw;
use crate::chat::json::{Json, ListWriter, Object, ObjectWriter, object};

/// Members that go on as they are.
const PLAIN: [&str; 21] = [
    "$id",
    "$anchor",
    "type",
    "title",
    "description",
    "format",
    "enum",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "required",
    "propertyOrdering",
    "nullable",
    "default",
    "pattern",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "example",
];
/// Members that are read here.
const READ: [&str; 13] = [
    "$ref",
    "$defs",
    "definitions",
    "properties",
    "items",
    "additionalProperties",
    "prefixItems",
    "anyOf",
    "oneOf",
    "allOf",
    "const",
    "exclusiveMinimum",
    "exclusiveMaximum",
];
/// Nesting that is looked into; what is deeper goes on as it is.
const DEEPEST: u32 = 64;

/// A schema as Gemini reads it. A tool's input must be an object.
pub(super) fn fitted(schema: &Raw, is_input: bool) -> Raw {
    let Some(members) = schema.json().object() else { return schema.clone() };
    let mut out = Vec::new();
    object(&mut out, |o| {
        let has_type = ["type", "anyOf", "oneOf", "allOf", "$ref"].iter().any(|name| members.get(name).is_some());
        if is_input && !has_type {
            o.set("type", "object");
        }
        write(&members, 0, o);
    });
    std::str::from_utf8(&out).ok().and_then(Raw::parse).unwrap_or_else(|| schema.clone())
}

/// Members of a schema with those of its `allOf`; a name may come several times.
fn flat<'a>(schema: &Object<'a>, depth: u32) -> Vec<(String, Json<'a>)> {
    let mut members = Vec::new();
    for (name, json) in schema.iter() {
        if name != "allOf" && (PLAIN.contains(&name) || READ.contains(&name)) {
            members.push((name.to_owned(), json));
        }
    }
    if depth < DEEPEST {
        let mut known: BTreeSet<String> = members.iter().map(|(name, _)| name.clone()).collect();
        for part in schema.items("allOf").filter_map(Json::object) {
            for (name, json) in flat(&part, depth.saturating_add(1)) {
                let joins = matches!(&*name, "properties" | "required" | "$defs" | "definitions");
                if known.insert(name.clone()) || joins {
                    members.push((name, json));
                }
            }
        }
    }
    members
}

fn write(schema: &Object<'_>, depth: u32, o: &mut ObjectWriter<'_>) {
    let members = flat(schema, depth);
    let all = |name: &str| members.iter().filter(|(known, _)| known == name).map(|(_, json)| *json).collect::<Vec<_>>();
    let first = |name: &str| members.iter().find(|(known, _)| known == name).map(|(_, json)| *json);
    let is_reference = first("$ref").is_some();
    let is_text = first("type").and_then(Json::text).as_deref() == Some("string");
    // Formats that are not known make the whole request fail; they are told in words.
    let odd_format = first("format")
        .and_then(Json::text)
        .filter(|format| is_text && !matches!(&**format, "date-time" | "date" | "time"));
    let mut written: Vec<&str> = Vec::new();
    for (name, json) in &members {
        // Only names with a dollar may stand beside a reference.
        if written.contains(&&**name) || (is_reference && !name.starts_with('$') && name != "definitions") {
            continue;
        }
        written.push(name);
        match &**name {
            "$ref" => {
                let target = json.text().unwrap_or_default();
                o.set("$ref", target.replace("#/definitions/", "#/$defs/"));
            }
            "$defs" | "definitions" | "properties" => {
                let target = if name == "properties" { "properties" } else { "$defs" };
                o.object(target, |o| {
                    for (key, json) in all(name).iter().filter_map(|json| json.object()).flat_map(entries) {
                        child(&key, json, depth, o);
                    }
                });
            }
            "items" | "additionalProperties" => child(name, *json, depth, o),
            "prefixItems" | "anyOf" | "oneOf" => o.list(name, |l| {
                json.items().into_iter().flatten().for_each(|json| item(json, depth, l));
            }),
            "const" if first("enum").is_none() => {
                o.list("enum", |l| l.raw(&json.raw()));
                if first("type").is_none() && json.text().is_some() {
                    o.set("type", "string");
                }
            }
            "required" => o.list("required", |l| {
                all("required")
                    .into_iter()
                    .flat_map(|json| json.items().into_iter().flatten())
                    .for_each(|json| l.raw(&json.raw()));
            }),
            "format" if odd_format.is_some() => {
                if first("description").is_none() {
                    o.set("description", described(None, odd_format.as_deref().unwrap_or_default()));
                }
            }
            "description" if odd_format.is_some() => {
                o.set("description", described(json.text(), odd_format.as_deref().unwrap_or_default()));
            }
            "exclusiveMinimum" if first("minimum").is_none() => bound("minimum", *json, 1, o),
            "exclusiveMaximum" if first("maximum").is_none() => bound("maximum", *json, -1, o),
            "const" | "exclusiveMinimum" | "exclusiveMaximum" => {}
            name => o.raw(name, &json.raw()),
        }
    }
}

fn entries<'a>(object: Object<'a>) -> Vec<(String, Json<'a>)> {
    object.iter().map(|(key, json)| (key.to_owned(), json)).collect()
}

fn described(text: Option<Cow<'_, str>>, format: &str) -> String {
    match text {
        Some(text) => format!("{text} (format: {format})"),
        None => format!("Format: {format}"),
    }
}

/// The nearest bound that is inside; of fractions the bound itself.
fn bound(name: &str, json: Json<'_>, step: i64, o: &mut ObjectWriter<'_>) {
    match json.integer() {
        Some(whole) => o.set(name, whole.saturating_add(step)),
        None if json.number().is_some() => o.raw(name, &json.raw()),
        None => {}
    }
}

/// A schema under a name; `true` and `false` stay.
fn child(name: &str, json: Json<'_>, depth: u32, o: &mut ObjectWriter<'_>) {
    match json.object().filter(|_| depth < DEEPEST) {
        Some(schema) => o.object(name, |o| write(&schema, depth.saturating_add(1), o)),
        None => o.raw(name, &json.raw()),
    }
}

fn item(json: Json<'_>, depth: u32, l: &mut ListWriter<'_>) {
    match json.object().filter(|_| depth < DEEPEST) {
        Some(schema) => l.object(|o| write(&schema, depth.saturating_add(1), o)),
        None => l.raw(&json.raw()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PROVIDERS, pitfall 5.
    #[test]
    fn pitfall_5_members_that_gemini_refuses_go_or_are_said_otherwise() {
        for (schema, expected) in [
            (
                r#"{"$schema":"x","type":"object","properties":{},"strict":true}"#,
                r#"{"type":"object","properties":{}}"#,
            ),
            (
                r#"{"properties":{"a":{"const":"x"}}}"#,
                r#"{"type":"object","properties":{"a":{"enum":["x"],"type":"string"}}}"#,
            ),
            (
                r#"{"type":"object","properties":{"z":{"type":"integer","exclusiveMinimum":0},"a":{"type":"number","exclusiveMaximum":1.5}}}"#,
                r#"{"type":"object","properties":{"z":{"type":"integer","minimum":1},"a":{"type":"number","maximum":1.5}}}"#,
            ),
            (
                r##"{"type":"object","definitions":{"T":{"type":"string"}},"properties":{"t":{"$ref":"#/definitions/T","description":"d"}}}"##,
                r##"{"type":"object","$defs":{"T":{"type":"string"}},"properties":{"t":{"$ref":"#/$defs/T"}}}"##,
            ),
            (
                r#"{"type":"object","allOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":["string","null"]}},"required":["b"]}]}"#,
                r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":["string","null"]}},"required":["a","b"]}"#,
            ),
            (
                r#"{"type":"object","properties":{"e":{"type":"string","format":"email"},"d":{"type":"string","format":"date-time","description":"D"}}}"#,
                r#"{"type":"object","properties":{"e":{"type":"string","description":"Format: email"},"d":{"type":"string","format":"date-time","description":"D"}}}"#,
            ),
            (
                r#"{"type":"array","items":{"anyOf":[{"type":"string","not":{}},true]},"uniqueItems":true}"#,
                r#"{"type":"array","items":{"anyOf":[{"type":"string"},true]}}"#,
            ),
            (
                r#"{"type":"object","additionalProperties":{"type":"string","examples":[1]}}"#,
                r#"{"type":"object","additionalProperties":{"type":"string"}}"#,
            ),
        ] {
            let fitted = fitted(&Raw::parse(schema).unwrap(), true);
            assert_eq!(fitted.get(), expected, "{schema}");
        }
    }

    #[test]
    fn deep_and_odd_schemas_go_on() {
        let deep = format!("{}1{}", r#"{"items":"#.repeat(5000), "}".repeat(5000));
        assert!(fitted(&Raw::parse(&deep).unwrap(), false).get().len() >= deep.len());
        let nested = format!("{}{{}}{}", r#"{"allOf":["#.repeat(200), "]}".repeat(200));
        assert_eq!(fitted(&Raw::parse(&nested).unwrap(), false).get(), "{}");
        assert_eq!(fitted(&Raw::parse("true").unwrap(), true).get(), "true");
    }
}
