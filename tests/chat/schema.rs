//! A strict reading of the SDK's schemas: no property that is not theirs or one of our documented extensions.

use serde_json::{Value, json};

use super::support::folder;

/// Extensions of docs/dialects.md, by the schema's definition that they stand in.
const EXTENSIONS: [(&str, &[&str]); 4] = [
    ("ChatCompletionMessage", MESSAGE),
    ("ChoiceDelta", MESSAGE),
    ("ChatCompletionMessageFunctionToolCall", &["extra_content"]),
    ("ChoiceDeltaToolCall", &["extra_content"]),
];
const MESSAGE: &[&str] =
    &["reasoning", "reasoning_content", "reasoning_details", "images", "annotations", "provider_specific_fields"];

pub struct Schema(Value);

impl Schema {
    /// `ChatCompletion` or `ChatCompletionChunk`; `None` without recordings.
    pub fn read(name: &str) -> Option<Schema> {
        let Schema(mut schema) = Schema::of(&format!("openai-sdk.{name}"), &EXTENSIONS)?;
        // What is told after the last choice has ended.
        schema["properties"]["provider_specific_fields"] = json!({});
        Some(Schema(schema))
    }

    /// Any of them, with members that its definitions may have besides; the schema itself has no name.
    pub fn of(name: &str, extensions: &[(&str, &[&str])]) -> Option<Schema> {
        let path = folder()?.join(format!("specs/{name}.schema.json"));
        let mut schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for (definition, members) in extensions {
            let place = if definition.is_empty() { &mut schema } else { &mut schema["$defs"][definition] };
            if let Some(properties) = place["properties"].as_object_mut() {
                for member in *members {
                    properties.entry(*member).or_insert(json!({}));
                }
            }
        }
        Some(Schema(schema))
    }

    /// What is wrong with a value; empty when nothing is.
    pub fn faults(&self, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(&self.0, value, "", &mut faults);
        faults
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        if let Some(name) = schema["$ref"].as_str() {
            return self.check(self.0.pointer(name.trim_start_matches('#')).unwrap(), value, at, faults);
        }
        let any = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
        if let Some(any) = any {
            let tried: Vec<Vec<String>> = any
                .iter()
                .map(|schema| {
                    let mut faults = Vec::new();
                    self.check(schema, value, at, &mut faults);
                    faults
                })
                .collect();
            if let Some(least) = tried.into_iter().min_by_key(Vec::len) {
                faults.extend(least);
            }
            return;
        }
        let fits = match schema["type"].as_str() {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("integer") => value.is_u64() || value.is_i64(),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            Some("null") => value.is_null(),
            _ => true,
        };
        let is_listed = schema["enum"].as_array().is_none_or(|list| list.contains(value));
        let is_const = schema.get("const").is_none_or(|constant| constant == value);
        if !fits || !is_listed || !is_const {
            return faults.push(format!("{at}: {value}"));
        }
        if let (Some(properties), Some(object)) = (schema["properties"].as_object(), value.as_object()) {
            for (name, member) in object {
                match properties.get(name) {
                    Some(schema) => self.check(schema, member, &format!("{at}/{name}"), faults),
                    None => faults.push(format!("{at}/{name}: unknown")),
                }
            }
            for name in schema["required"].as_array().into_iter().flatten() {
                if !object.contains_key(name.as_str().unwrap()) {
                    faults.push(format!("{at}/{name}: missing"));
                }
            }
        }
        for (i, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(&schema["items"], item, &format!("{at}/{i}"), faults);
        }
    }
}

#[test]
fn the_strict_reading_finds_what_is_wrong() {
    let Some(schema) = Schema::read("ChatCompletion") else { return };
    let message = json!({"role": "assistant", "content": "x", "reasoning": "y"});
    let good = json!({"id": "a", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]});
    assert_eq!(schema.faults(&good), [""; 0]);
    for (place, value, fault) in [
        ("/choices/0/finish_reason", json!("end_turn"), "/choices/0/finish_reason"),
        ("/choices/0/message/junk", json!(1), "/choices/0/message/junk: unknown"),
        ("/choices/0/message/content", json!(1), "/choices/0/message/content"),
        ("/created", json!("1"), "/created"),
    ] {
        let mut bad = good.clone();
        let (parent, name) = place.rsplit_once('/').unwrap();
        bad.pointer_mut(parent).unwrap()[name] = value;
        let faults = schema.faults(&bad);
        assert!(faults.len() == 1 && faults[0].starts_with(fault), "{place}: {faults:?}");
    }
}
