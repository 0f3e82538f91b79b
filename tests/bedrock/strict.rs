//! A strict reading of AWS's service model: no member that is not in it, lengths and letters where it says them.

use serde_json::Value;
use tollgate::chat::Request;
use tollgate::dialect::bedrock::{can_express, encode_request};
use tollgate::dialect::openai::chat::decode_request;
use tollgate::dialect::{Encoded, Facts};

use super::support::folder;

pub struct Model(Value);

impl Model {
    /// `None` without recordings.
    pub fn read() -> Option<Model> {
        let path = folder()?.join("specs/bedrock-runtime.service-2.json");
        Some(Model(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()))
    }

    /// What is wrong with a body; empty when nothing is.
    pub fn faults(&self, body: &Value, is_stream: bool) -> Vec<String> {
        let mut body = body.clone();
        // It stands in the path.
        body["modelId"] = "anthropic.claude-v2".into();
        let mut faults = Vec::new();
        self.check(if is_stream { "ConverseStreamRequest" } else { "ConverseRequest" }, &body, "", &mut faults);
        faults
    }

    fn check(&self, name: &str, value: &Value, at: &str, faults: &mut Vec<String>) {
        let shape = &self.0["shapes"][name];
        if shape["document"] == true {
            return;
        }
        let length = match value {
            Value::String(text) => Some(text.chars().count() as f64),
            Value::Array(items) => Some(items.len() as f64),
            Value::Object(members) if shape["type"] == "map" => Some(members.len() as f64),
            number => number.as_f64(),
        };
        let is_short = shape["min"].as_f64().is_some_and(|least| length.is_some_and(|length| length < least));
        let is_long = shape["max"].as_f64().is_some_and(|most| length.is_some_and(|length| length > most));
        let letters = match name {
            "ToolName" => "_-",
            "ToolUseId" => "_.:-",
            "RequestMetadataKeyString" | "RequestMetadataValueString" => " \t\n:_@$#=/+,-.",
            _ => "",
        };
        let fits = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || letters.contains(c));
        let is_foreign = !letters.is_empty() && !value.as_str().is_some_and(fits);
        let is_unlisted = shape["enum"].as_array().is_some_and(|list| !list.contains(value));
        let is_kind = match shape["type"].as_str().unwrap() {
            "structure" | "map" => value.is_object(),
            "list" => value.is_array(),
            "string" | "blob" => value.is_string(),
            "integer" | "long" => value.is_u64() || value.is_i64(),
            "float" | "double" => value.is_number(),
            "boolean" => value.is_boolean(),
            other => panic!("{other}"),
        };
        if !is_kind || is_short || is_long || is_foreign || is_unlisted {
            return faults.push(format!("{at}: {name}: {value:.300}"));
        }
        match shape["type"].as_str().unwrap() {
            "structure" => self.structure(shape, value, at, faults),
            "list" => {
                for (i, item) in value.as_array().unwrap().iter().enumerate() {
                    self.check(shape["member"]["shape"].as_str().unwrap(), item, &format!("{at}/{i}"), faults);
                }
            }
            "map" => {
                for (key, item) in value.as_object().unwrap() {
                    self.check(shape["key"]["shape"].as_str().unwrap(), &Value::from(key.as_str()), at, faults);
                    self.check(shape["value"]["shape"].as_str().unwrap(), item, &format!("{at}/{key}"), faults);
                }
            }
            "blob" => {
                let text = value.as_str().unwrap().trim_end_matches('=');
                if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/') {
                    faults.push(format!("{at}: no base64"));
                }
            }
            _ => {}
        }
    }

    fn structure(&self, shape: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let object = value.as_object().unwrap();
        for (member, item) in object {
            match shape["members"][member]["shape"].as_str() {
                Some(name) => self.check(name, item, &format!("{at}/{member}"), faults),
                None => faults.push(format!("{at}/{member}: unknown")),
            }
        }
        for name in shape["required"].as_array().into_iter().flatten() {
            if !object.contains_key(name.as_str().unwrap()) {
                faults.push(format!("{at}/{}: missing", name.as_str().unwrap()));
            }
        }
        if shape["union"] == true && object.len() != 1 {
            faults.push(format!("{at}: {} members of a union", object.len()));
        }
    }
}

/// What a client of chat completions asks for.
pub fn asked(body: &Value) -> Request {
    decode_request(&serde_json::to_vec(body).unwrap()).unwrap_or_else(|error| panic!("{body}: {error:?}"))
}

pub fn facts(model: &str) -> Facts<'_> {
    Facts { model, provider: "acme", vendor: "bedrock", ..Facts::default() }
}

/// What goes upstream, or the field for which it does not.
pub fn sent(request: &Request, facts: &Facts<'_>) -> Result<(Encoded, Value), String> {
    can_express(request, facts).map_err(|unable| unable.field.into_owned())?;
    let encoded = encode_request(request, facts);
    let body = serde_json::from_slice(&encoded.body).unwrap();
    Ok((encoded, body))
}

#[test]
fn the_strict_reading_finds_what_is_wrong() {
    use serde_json::json;
    let Some(model) = Model::read() else { return };
    let good = json!({"messages": [{"role": "user", "content": [{"text": "a"}]}], "inferenceConfig": {"maxTokens": 1}});
    assert_eq!(model.faults(&good, false), [""; 0]);
    for (place, value, fault) in [
        ("/messages/0/role", json!("tool"), "/messages/0/role"),
        ("/messages/0/junk", json!(1), "/messages/0/junk: unknown"),
        (
            "/messages/0/content/0/image",
            json!({"format": "png", "source": {"bytes": "AA=="}}),
            "/messages/0/content/0: 2",
        ),
        ("/inferenceConfig/maxTokens", json!(0), "/inferenceConfig/maxTokens"),
        ("/inferenceConfig/temperature", json!(1.5), "/inferenceConfig/temperature"),
        ("/toolConfig", json!({"tools": []}), "/toolConfig/tools"),
        (
            "/toolConfig",
            json!({"tools": [{"toolSpec": {"name": "a b", "inputSchema": {"json": {}}}}]}),
            "/toolConfig/tools/0/toolSpec/name",
        ),
        ("/guardrailConfig", json!({"streamProcessingMode": "sync"}), "/guardrailConfig/streamProcessingMode: unknown"),
    ] {
        let mut bad = good.clone();
        let (parent, name) = place.rsplit_once('/').unwrap();
        bad.pointer_mut(parent).unwrap()[name] = value;
        let faults = model.faults(&bad, false);
        assert!(faults.len() == 1 && faults[0].starts_with(fault), "{place}: {faults:?}");
    }
}

/// The strict reading agrees with what the provider took.
#[test]
fn recorded_requests_of_bedrock_are_valid() {
    let Some(model) = Model::read() else { return };
    let folder = folder().unwrap();
    for exchange in super::recorded::exchanges().iter().filter(|exchange| exchange.file.starts_with("bedrock/")) {
        let recorded: Value = serde_json::from_slice(&std::fs::read(folder.join(&exchange.file)).unwrap()).unwrap();
        let faults = model.faults(&recorded["request"]["body"], exchange.is_stream);
        assert_eq!(faults, [""; 0], "{}", exchange.file);
    }
}
