//! JSON that keeps its bytes: reading members without a tree, writing them in order.

pub mod expect;
mod read;
mod write;

pub use read::{Json, Object};
pub use write::{ListWriter, ObjectWriter, list, object};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

/// A JSON value as the bytes it came in.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Raw(Box<RawValue>);

impl Raw {
    /// The value in a text; `None` when it is not one JSON value.
    pub fn parse(text: &str) -> Option<Raw> {
        serde_json::from_str(text).ok()
    }

    /// A value written anew; its members in alphabetical order.
    pub fn of(value: &Value) -> Raw {
        serde_json::value::to_raw_value(value).map_or_else(|_| Raw(RawValue::NULL.to_owned()), Raw)
    }

    /// `{}`
    pub fn empty_object() -> Raw {
        Raw::of(&Value::Object(serde_json::Map::new()))
    }

    /// The bytes as text.
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// As a tree; `null` when it is nested too deep.
    pub fn value(&self) -> Value {
        serde_json::from_str(self.get()).unwrap_or(Value::Null)
    }

    /// For looking inside.
    pub fn json(&self) -> Json<'_> {
        Json::of(&self.0)
    }
}

impl PartialEq for Raw {
    fn eq(&self, other: &Raw) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Raw {}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

impl From<&RawValue> for Raw {
    fn from(raw: &RawValue) -> Raw {
        Raw(raw.to_owned())
    }
}
