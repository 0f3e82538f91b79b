//! A strict reading of the schema of Anthropic's requests: no property that is not theirs.

use serde_json::Value;
use tollgate::chat::Request;
use tollgate::dialect::anthropic::{can_express, encode_request};
use tollgate::dialect::openai::chat::decode_request;
use tollgate::dialect::{Encoded, Facts};

use super::support::folder;

pub struct Params(Value);

impl Params {
    /// `None` without recordings.
    pub fn read() -> Option<Params> {
        let path = folder()?.join("specs/anthropic-sdk.MessageCreateParams.schema.json");
        Some(Params(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()))
    }

    /// What is wrong with a body; empty when nothing is. Vertex has the version in place of the model.
    pub fn faults(&self, body: &[u8], is_vertex: bool) -> Vec<String> {
        let mut body: Value = serde_json::from_slice(body).unwrap();
        if is_vertex {
            let object = body.as_object_mut().unwrap();
            assert_eq!(object.remove("anthropic_version").unwrap(), "vertex-2023-10-16");
            assert!(object.insert("model".into(), "claude".into()).is_none());
        }
        let mut faults = Vec::new();
        self.check(&self.0, &body, "", &mut faults);
        faults
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        if let Some(name) = schema["$ref"].as_str() {
            return self.check(self.0.pointer(name.trim_start_matches('#')).unwrap(), value, at, faults);
        }
        if let Some(any) = schema["anyOf"].as_array() {
            let tried = any.iter().map(|schema| {
                let mut faults = Vec::new();
                self.check(schema, value, at, &mut faults);
                faults
            });
            return faults.extend(tried.min_by_key(Vec::len).unwrap());
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
            let is_open = schema["additionalProperties"] == true;
            for (name, member) in object {
                match properties.get(name) {
                    Some(schema) => self.check(schema, member, &format!("{at}/{name}"), faults),
                    // Not in the SDK's schema, but in the API: https://platform.claude.com/docs/en/api/messages.
                    None if is_open || (at.is_empty() && ["temperature", "top_p", "top_k"].contains(&&**name)) => {}
                    None => faults.push(format!("{at}/{name}: unknown")),
                }
            }
            let required = schema["required"].as_array().into_iter().flatten();
            let missing = required.filter(|name| !object.contains_key(name.as_str().unwrap()));
            faults.extend(missing.map(|name| format!("{at}/{name}: missing")));
        }
        for (i, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(&schema["items"], item, &format!("{at}/{i}"), faults);
        }
    }
}

/// What is known of a target.
pub fn facts(model: &str) -> Facts<'_> {
    Facts { vendor: "anthropic", provider: "anthropic", model, base_path: "/v1", ..Facts::default() }
}

/// The same on Vertex.
pub fn on_vertex(model: &str) -> Facts<'_> {
    let place = Facts { project: Some("my-project"), location: Some("europe-west1"), ..facts(model) };
    Facts { vendor: "vertex-anthropic", provider: "vertex", ..place }
}

/// A request of chat completions.
pub fn asked(body: &Value) -> Request {
    decode_request(body.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error:?}: {body}"))
}

/// The request as it goes out, or the field that cannot be said.
pub fn sent(request: &Request, facts: &Facts<'_>) -> Result<(Encoded, Value), String> {
    can_express(request, facts).map_err(|unable| unable.field.into_owned())?;
    let encoded = encode_request(request, facts);
    let body = serde_json::from_slice(&encoded.body).unwrap();
    Ok((encoded, body))
}
