//! OpenAI's own schema of requests, strictly: no member that is not theirs.

use serde_json::{Value, json};
use tollgate::chat::Request;
use tollgate::dialect::openai::chat::decode_request;
use tollgate::dialect::openai::responses::{can_express, encode_request};
use tollgate::dialect::{Encoded, Facts};

use super::support::folder;

pub fn facts<'a>(vendor: &'a str, model: &'a str) -> Facts<'a> {
    Facts { vendor, provider: "acme", model, base_path: "/v1", ..Facts::default() }
}

pub fn asked(body: &Value) -> Request {
    decode_request(&serde_json::to_vec(body).unwrap()).unwrap_or_else(|error| panic!("{body}: {error:?}"))
}

/// What goes upstream, or the field that keeps it from going.
pub fn sent(request: &Request, facts: &Facts<'_>) -> Result<(Encoded, Value), String> {
    can_express(request, facts).map_err(|unable| unable.field.into_owned())?;
    let encoded = encode_request(request, facts);
    let body = serde_json::from_slice(&encoded.body).unwrap();
    Ok((encoded, body))
}

pub struct Params(Value);

impl Params {
    /// `None` without recordings.
    pub fn read() -> Option<Params> {
        let path = folder()?.join("specs/openai-openapi.subset.json");
        let mut spec: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        // An id is not needed where the reasoning itself comes along (seen with OpenAI, Azure and xAI).
        spec["components"]["schemas"]["ReasoningItem"]["required"] = json!(["summary", "type"]);
        // What real answers have, and the schema has not (seen with OpenAI and its SDK): null where nothing is known yet,
        // `store`, the form of an image, bytes of tokens everywhere, and the error inside of its event. The rest is ours (docs/dialects.md).
        let schemas = &mut spec["components"]["schemas"];
        let usage = schemas["ResponseUsage"].take();
        schemas["ResponseUsage"] = json!({"anyOf": [usage, {"type": "null"}]});
        for name in ["store", "provider_metadata", "provider_specific_fields"] {
            schemas["Response"]["allOf"][2]["properties"][name] = json!({});
        }
        schemas["ImageGenToolCall"]["properties"]["output_format"] = json!({"type": "string"});
        schemas["ResponseLogProb"]["properties"]["bytes"] = json!({});
        schemas["ResponseLogProb"]["properties"]["top_logprobs"]["items"]["properties"]["bytes"] = json!({});
        let error = schemas["Error"].clone();
        schemas["ResponseErrorEvent"]["properties"] =
            json!({"type": {"enum": ["error"]}, "sequence_number": {}, "error": error});
        schemas["ResponseErrorEvent"]["required"] = json!(["type", "sequence_number", "error"]);
        Some(Params(spec))
    }

    /// What is wrong with a value of a schema.
    pub fn faults_of(&self, schema: &str, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(&self.0["components"]["schemas"][schema], value, "", &mut faults);
        faults
    }

    /// What is wrong with an event of a stream; its type says what it must be.
    pub fn faults_of_event(&self, event: &Value) -> Vec<String> {
        let schemas = self.0["components"]["schemas"].as_object().unwrap();
        let is_its = |schema: &&Value| {
            schema["properties"]["type"]["enum"].as_array().is_some_and(|list| list[..] == [event["type"].clone()])
        };
        let named = schemas.iter().filter(|(name, _)| name.starts_with("Response") && name.ends_with("Event"));
        let Some(schema) = named.map(|(_, schema)| schema).find(is_its) else {
            return vec![format!("unknown: {event}")];
        };
        let mut faults = Vec::new();
        self.check(schema, event, "", &mut faults);
        faults
    }

    /// What is wrong with a request; empty when nothing is.
    pub fn faults(&self, body: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(&self.0["components"]["schemas"]["CreateResponse"], body, "", &mut faults);
        faults
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(name) => self.resolve(self.0.pointer(name.trim_start_matches('#')).unwrap()),
            None => schema,
        }
    }

    /// The members of an object's schema and of all that it consists of.
    fn members<'a>(&'a self, schema: &'a Value, into: &mut Vec<(&'a str, &'a Value)>, required: &mut Vec<&'a str>) {
        let schema = self.resolve(schema);
        into.extend(
            schema["properties"].as_object().into_iter().flatten().map(|(name, member)| (name.as_str(), member)),
        );
        required.extend(schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str));
        schema["allOf"].as_array().into_iter().flatten().for_each(|part| self.members(part, into, required));
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let schema = self.resolve(schema);
        if let Some(any) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
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
        let number = value.as_f64();
        let is_within = schema["minimum"].as_f64().is_none_or(|least| number.is_none_or(|number| number >= least))
            && schema["maximum"].as_f64().is_none_or(|most| number.is_none_or(|number| number <= most))
            && schema["maxLength"]
                .as_u64()
                .is_none_or(|most| value.as_str().is_none_or(|text| text.len() as u64 <= most));
        if !fits || !is_listed || !is_within {
            return faults.push(format!("{at}: {value:.200}"));
        }
        let (mut members, mut required) = (Vec::new(), Vec::new());
        self.members(schema, &mut members, &mut required);
        if let Some(object) = value.as_object().filter(|_| !members.is_empty()) {
            for (name, member) in object {
                match members.iter().find(|(known, _)| known == name) {
                    Some((_, schema)) => self.check(schema, member, &format!("{at}/{name}"), faults),
                    None => faults.push(format!("{at}/{name}: unknown")),
                }
            }
            let missing = required.iter().filter(|name| !object.contains_key(**name));
            faults.extend(missing.map(|name| format!("{at}/{name}: missing")));
        }
        for (i, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(&schema["items"], item, &format!("{at}/{i}"), faults);
        }
    }
}

#[test]
fn the_strict_reading_finds_what_is_wrong() {
    let Some(params) = Params::read() else { return };
    let good = serde_json::json!({"model": "m", "input": [{"role": "user", "content": "a"}], "store": false});
    assert_eq!(params.faults(&good), [""; 0]);
    for (place, value) in [
        ("/top_k", serde_json::json!(1)),
        ("/max_output_tokens", serde_json::json!(15)),
        ("/input/0/role", serde_json::json!("tool")),
        ("/input/0/name", serde_json::json!("Ann")),
        ("/tools", serde_json::json!([{"type": "function", "function": {"name": "f"}}])),
    ] {
        let mut bad = good.clone();
        let (parent, name) = place.rsplit_once('/').unwrap();
        bad.pointer_mut(parent).unwrap()[name] = value;
        assert!(!params.faults(&bad).is_empty(), "{place}");
    }
}
