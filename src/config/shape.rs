//! The JSON Schema and the reference of the document, made from its description.

use serde_json::{Map, Value, json};
use std::fmt::Write;

/// What can stand at one place.
pub enum Shape {
    /// A scalar: its schema, and how the reference names it.
    Leaf { json: Value, kind: String },
    /// A list of at least so many.
    List { item: Box<Shape>, least: usize },
    /// Free keys.
    Mapping { key: Box<Shape>, value: Box<Shape> },
    /// Known keys.
    Document { about: &'static str, fields: Vec<Field> },
    /// One of several forms.
    Either(Vec<Shape>),
}

/// A field of a mapping.
pub struct Field {
    pub name: &'static str,
    pub about: &'static str,
    pub required: bool,
    pub default: Option<&'static str>,
    pub shape: Shape,
}

/// The sentences of a documentation comment in one line.
fn one_line(about: &str) -> String {
    about.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A default as JSON.
fn value(text: &str) -> Value {
    let scalar = |text: &str| match text {
        "true" | "false" => json!(text == "true"),
        _ => text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number)),
    };
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some("") => json!([]),
        Some(items) => items.split(", ").map(scalar).collect(),
        None if text == "{}" => json!({}),
        None => scalar(text),
    }
}

impl Shape {
    /// Its JSON Schema.
    pub fn schema(&self) -> Value {
        match self {
            Shape::Leaf { json, .. } => json.clone(),
            Shape::List { item, least: 0 } => json!({ "type": "array", "items": item.schema() }),
            Shape::List { item, least } => json!({ "type": "array", "items": item.schema(), "minItems": least }),
            Shape::Mapping { key, value } => {
                json!({ "type": "object", "propertyNames": key.schema(), "additionalProperties": value.schema() })
            }
            Shape::Either(forms) => json!({ "anyOf": forms.iter().map(Shape::schema).collect::<Vec<_>>() }),
            Shape::Document { about, fields } => {
                let properties: Map<_, _> = fields.iter().map(|f| (f.name.to_owned(), f.schema())).collect();
                let required: Vec<_> = fields.iter().filter(|f| f.required).map(|f| f.name).collect();
                json!({
                    "type": "object",
                    "description": one_line(about),
                    "properties": properties,
                    "required": required,
                    "additionalProperties": false,
                })
            }
        }
    }

    /// How the reference names its type.
    fn kind(&self) -> String {
        match self {
            Shape::Leaf { kind, .. } => kind.clone(),
            Shape::List { item, .. } => format!("list: {}", item.kind()),
            Shape::Mapping { key, value } => format!("mapping: {} -> {}", key.kind(), value.kind()),
            Shape::Document { .. } => "mapping".to_owned(),
            Shape::Either(forms) => forms.iter().map(Shape::kind).collect::<Vec<_>>().join("; or "),
        }
    }

    /// The mapping inside, and how its path goes on.
    fn inner(&self, suffix: &str) -> Option<(String, &[Field])> {
        match self {
            Shape::Document { fields, .. } => Some((suffix.to_owned(), fields)),
            Shape::List { item, .. } => item.inner(&format!("{suffix}[]")),
            Shape::Either(forms) => forms.iter().find_map(|form| form.inner(suffix)),
            _ => None,
        }
    }
}

impl Field {
    fn schema(&self) -> Value {
        let mut schema = self.shape.schema();
        if let Value::Object(members) = &mut schema {
            members.insert("description".to_owned(), json!(one_line(self.about)));
            if let Some(default) = self.default {
                members.insert("default".to_owned(), value(default));
            }
        }
        schema
    }

    /// One line of the table, then those of the mapping inside.
    fn rows(&self, path: &str, out: &mut String) {
        let path = if path.is_empty() { self.name.to_owned() } else { format!("{path}.{}", self.name) };
        let default = match self.default {
            Some(text) => format!("`{text}`"),
            None if self.required => "required".to_owned(),
            None => "-".to_owned(),
        };
        let kind = self.shape.kind().replace('|', "\\|");
        let _ = writeln!(out, "| `{path}` | {kind} | {default} | {} |", one_line(self.about));
        if let Some((suffix, fields)) = self.shape.inner("") {
            fields.iter().for_each(|field| field.rows(&format!("{path}{suffix}"), out));
        }
    }
}

/// The table of every path below a mapping.
pub fn table(shape: &Shape) -> String {
    let mut out = String::from("| path | type | default | meaning |\n|---|---|---|---|\n");
    if let Some((_, fields)) = shape.inner("") {
        fields.iter().for_each(|field| field.rows("", &mut out));
    }
    out
}
