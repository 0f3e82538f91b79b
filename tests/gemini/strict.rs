//! A strict reading of the schemas of Google's requests: the protos of AI Studio, the discovery document of Vertex. No
//! property that is not theirs.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate::chat::Request;
use tollgate::dialect::gemini::{can_express, encode_request};
use tollgate::dialect::openai::chat::decode_request;
use tollgate::dialect::{Encoded, Facts};

use super::support::folder;

pub struct Schemas {
    studio: Protos,
    vertex: Value,
}

/// Messages and their fields; enumerations and their words.
#[derive(Default)]
struct Protos {
    messages: BTreeMap<String, BTreeMap<String, (String, bool)>>,
    words: BTreeMap<String, Vec<String>>,
}

/// Newer than the protos at hand, seen in recorded requests or documented at <https://ai.google.dev/api>.
const NEWER: [(&str, &str, &str); 3] = [
    ("ThinkingConfig", "thinkingLevel", "string"),
    ("FunctionResponsePart", "fileData", "FileData"),
    ("ToolConfig", "includeServerSideToolInvocations", "bool"),
];

impl Schemas {
    /// `None` without recordings.
    pub fn read() -> Option<Schemas> {
        let folder = folder()?.join("specs");
        let mut studio = Protos::default();
        let mut paths: Vec<_> = std::fs::read_dir(folder.join("generativelanguage-v1beta")).unwrap().collect();
        paths.sort_by_key(|path| path.as_ref().unwrap().path());
        for path in paths {
            studio.read(&std::fs::read_to_string(path.unwrap().path()).unwrap());
        }
        for (message, field, kind) in NEWER {
            let fields = studio.messages.get_mut(message).unwrap();
            fields.insert(field.to_owned(), (kind.to_owned(), false));
        }
        let path = folder.join("vertex-aiplatform-v1.generateContent.discovery-subset.json");
        let vertex: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        Some(Schemas { studio, vertex: vertex["schemas"].clone() })
    }

    /// What is wrong with a body; empty when nothing is.
    pub fn faults(&self, message: &str, body: &Value, is_vertex: bool) -> Vec<String> {
        let mut faults = Vec::new();
        if is_vertex {
            let schema = json!({"$ref": format!("GoogleCloudAiplatformV1{message}")});
            self.check(&schema, body, "", &mut faults);
        } else {
            self.studio.check(message, body, "", &mut faults);
        }
        faults
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        if let Some(name) = schema["$ref"].as_str() {
            return self.check(&self.vertex[name], value, at, faults);
        }
        let fits = match schema["type"].as_str() {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("integer") => value.is_u64() || value.is_i64(),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            Some("any") => true,
            _ => false,
        };
        let is_listed = schema["enum"].as_array().is_none_or(|list| list.contains(value));
        if !fits || !is_listed {
            return faults.push(format!("{at}: {value}"));
        }
        // An object without properties is free; one that is a message without any says so by its id.
        let is_message = schema["properties"].is_object() || schema["id"].is_string();
        for (name, member) in value.as_object().into_iter().flatten() {
            match schema["properties"].get(name) {
                Some(schema) => self.check(schema, member, &format!("{at}/{name}"), faults),
                None if is_message => faults.push(format!("{at}/{name}: unknown")),
                None => {}
            }
        }
        for (i, item) in value.as_array().into_iter().flatten().enumerate() {
            if schema["items"].is_object() {
                self.check(&schema["items"], item, &format!("{at}/{i}"), faults);
            }
        }
    }
}

impl Protos {
    fn read(&mut self, text: &str) {
        let text: String = text.lines().map(|line| line.split("//").next().unwrap().to_owned() + " ").collect();
        let (mut scopes, mut statement, mut brackets) = (Vec::<(String, String)>::new(), String::new(), 0);
        for letter in text.chars() {
            match letter {
                '[' => brackets += 1,
                ']' => brackets -= 1,
                '{' if brackets == 0 => {
                    let mut words = statement.split_whitespace();
                    let (kind, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                    if kind == "message" {
                        self.messages.entry(name.to_owned()).or_default();
                    }
                    scopes.push((kind.to_owned(), name.to_owned()));
                    statement.clear();
                    continue;
                }
                '}' if brackets == 0 => {
                    scopes.pop();
                    statement.clear();
                    continue;
                }
                ';' if brackets == 0 => {
                    self.statement(&scopes, &statement);
                    statement.clear();
                    continue;
                }
                _ => {}
            }
            statement.push(letter);
        }
    }

    fn statement(&mut self, scopes: &[(String, String)], statement: &str) {
        let Some((kind, name)) = scopes.iter().rfind(|(kind, _)| kind != "oneof") else { return };
        let named = statement.split_once("json_name = \"").map(|(_, rest)| rest.split('"').next().unwrap().to_owned());
        let statement = statement.split('[').next().unwrap();
        let Some((declaration, _)) = statement.split_once('=') else { return };
        let words: Vec<&str> = declaration.split_whitespace().collect();
        if kind == "enum" {
            self.words.entry(name.clone()).or_default().push(words[0].to_owned());
        } else if kind == "message" && words[0] != "option" {
            let is_list = words[0] == "repeated";
            let is_map = words[0].starts_with("map<");
            let kind = if is_map { "map" } else { words[words.len() - 2] };
            let kind = kind.rsplit('.').next().unwrap().to_owned();
            let field = named.unwrap_or_else(|| camel(words[words.len() - 1]));
            self.messages.get_mut(name).unwrap().insert(field, (kind, is_list));
        }
    }

    fn check(&self, message: &str, value: &Value, at: &str, faults: &mut Vec<String>) {
        let Some(object) = value.as_object() else { return faults.push(format!("{at}: {value}")) };
        for (name, member) in object {
            let at = format!("{at}/{name}");
            let Some((kind, is_list)) = self.messages[message].get(name) else {
                faults.push(format!("{at}: unknown"));
                continue;
            };
            let items = if *is_list { member.as_array().cloned() } else { Some(vec![member.clone()]) };
            let Some(items) = items else {
                faults.push(format!("{at}: {member}"));
                continue;
            };
            for (i, item) in items.into_iter().enumerate() {
                let at = if *is_list { format!("{at}/{i}") } else { at.clone() };
                let fits = match kind.as_str() {
                    "string" | "bytes" => item.is_string(),
                    "bool" => item.is_boolean(),
                    "int32" | "int64" => item.is_u64() || item.is_i64(),
                    "float" | "double" => item.is_number(),
                    "Struct" | "map" => item.is_object(),
                    "Value" => true,
                    kind if self.words.contains_key(kind) => {
                        item.as_str().is_some_and(|word| self.words[kind].iter().any(|known| known == word))
                    }
                    kind => {
                        self.check(kind, &item, &at, faults);
                        true
                    }
                };
                if !fits {
                    faults.push(format!("{at}: {item}"));
                }
            }
        }
    }
}

fn camel(snake: &str) -> String {
    let mut words = snake.split('_');
    let mut out = words.next().unwrap().to_owned();
    for word in words {
        let (first, rest) = word.split_at(1);
        out += &(first.to_uppercase() + rest);
    }
    out
}

/// What is known of a target at AI Studio.
pub fn studio(model: &str) -> Facts<'_> {
    Facts { vendor: "google", provider: "google", model, base_path: "/v1beta", ..Facts::default() }
}

/// The same on Vertex.
pub fn vertex(model: &str) -> Facts<'_> {
    let place = Facts { project: Some("my-project"), location: Some("europe-west4"), ..studio(model) };
    Facts { vendor: "vertex", provider: "vertex", base_path: "/v1", ..place }
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

#[test]
fn the_strict_reading_finds_what_is_wrong() {
    let Some(schemas) = Schemas::read() else { return };
    let parts = json!([{"functionCall": {"name": "f", "args": {"any": 1}}, "thoughtSignature": "x"}]);
    let good = json!({
        "contents": [{"role": "user", "parts": parts}],
        "tools": [{"functionDeclarations": [{"name": "f", "description": "", "parametersJsonSchema": {"type": "object"}}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
        "generationConfig": {"temperature": 1, "responseJsonSchema": {}, "thinkingConfig": {"includeThoughts": true}},
    });
    for is_vertex in [false, true] {
        assert_eq!(schemas.faults("GenerateContentRequest", &good, is_vertex), [""; 0]);
        for (place, value) in [
            ("/junk", json!(1)),
            ("/contents/0/parts/0/functionCall/junk", json!(1)),
            ("/contents/0/parts/0/text", json!(1)),
            ("/toolConfig/functionCallingConfig/mode", json!("auto")),
            ("/generationConfig/max_tokens", json!(1)),
            ("/tools/0/functionDeclarations", json!({})),
        ] {
            let mut bad = good.clone();
            let (parent, name) = place.rsplit_once('/').unwrap();
            bad.pointer_mut(parent).unwrap()[name] = value;
            let faults = schemas.faults("GenerateContentRequest", &bad, is_vertex);
            assert!(faults.len() == 1 && faults[0].starts_with(place), "{is_vertex} {place}: {faults:?}");
        }
    }
}
