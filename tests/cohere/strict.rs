//! Cohere's documented requests, strictly: no member that is not theirs, none of another type or out of its range
//! (<https://docs.cohere.com/reference/chat>, <https://docs.cohere.com/reference/embed>).

use serde_json::Value;
use tollgate::chat::Request;
use tollgate::dialect::cohere::{can_express, encode_request};
use tollgate::dialect::openai::chat::decode_request;
use tollgate::dialect::{Encoded, Facts};

pub const FACTS: Facts<'static> = Facts {
    vendor: "cohere",
    provider: "cohere",
    model: "command-a-03-2025",
    base_path: "/v2",
    api_version: None,
    project: None,
    location: None,
    max_output: None,
    no_reasoning: false,
    no_stream_options: false,
    without_seals: false,
};

pub fn asked(body: &Value) -> Request {
    decode_request(&serde_json::to_vec(body).unwrap()).unwrap_or_else(|error| panic!("{body}: {error:?}"))
}

/// What goes to Cohere, or the field that keeps it from going.
pub fn sent(request: &Request) -> Result<(Encoded, Value), String> {
    can_express(request, &FACTS).map_err(|unable| unable.field.into_owned())?;
    let encoded = encode_request(request, &FACTS);
    let body = serde_json::from_slice(&encoded.body).unwrap();
    Ok((encoded, body))
}

/// What a member may be.
enum Is {
    Text,
    Flag,
    /// A whole number from the first to the second.
    Count(u64, u64),
    /// From the first to the second.
    Number(f64, f64),
    Word(&'static [&'static str]),
    /// Any object, such as a schema.
    Any,
    Texts(usize),
    List(&'static [Member]),
    Object(&'static [Member]),
    /// A text, or items of these types.
    Content(&'static [&'static str]),
}

/// Name, whether it must be there, what it is.
type Member = (&'static str, bool, Is);

const BODY: &[Member] = &[
    ("model", true, Is::Text),
    ("messages", true, Is::Any),
    ("stream", false, Is::Flag),
    ("tools", false, Is::List(TOOL)),
    ("strict_tools", false, Is::Flag),
    ("documents", false, Is::Any),
    (
        "citation_options",
        false,
        Is::Object(&[("mode", false, Is::Word(&["ENABLED", "DISABLED", "FAST", "ACCURATE", "OFF"]))]),
    ),
    (
        "response_format",
        false,
        Is::Object(&[("type", true, Is::Word(&["text", "json_object"])), ("json_schema", false, Is::Any)]),
    ),
    ("safety_mode", false, Is::Word(&["CONTEXTUAL", "STRICT", "OFF"])),
    ("max_tokens", false, Is::Count(0, u64::MAX)),
    ("stop_sequences", false, Is::Texts(5)),
    ("temperature", false, Is::Number(0.0, 1.0)),
    ("seed", false, Is::Count(0, u64::MAX)),
    ("frequency_penalty", false, Is::Number(0.0, 1.0)),
    ("presence_penalty", false, Is::Number(0.0, 1.0)),
    ("k", false, Is::Count(0, 500)),
    ("p", false, Is::Number(0.01, 0.99)),
    ("logprobs", false, Is::Flag),
    ("tool_choice", false, Is::Word(&["REQUIRED", "NONE"])),
    (
        "thinking",
        false,
        Is::Object(&[
            ("type", true, Is::Word(&["enabled", "disabled"])),
            ("token_budget", false, Is::Count(1, u64::MAX)),
        ]),
    ),
    ("priority", false, Is::Count(0, 999)),
];
const FUNCTION: &[Member] =
    &[("name", true, Is::Text), ("description", false, Is::Text), ("parameters", true, Is::Any)];
const TOOL: &[Member] = &[("type", true, Is::Word(&["function"])), ("function", true, Is::Object(FUNCTION))];
const CALL: &[Member] = &[
    ("id", true, Is::Text),
    ("type", true, Is::Word(&["function"])),
    ("function", true, Is::Object(&[("name", true, Is::Text), ("arguments", true, Is::Text)])),
];
const USER: &[Member] = &[("role", true, Is::Text), ("content", true, Is::Content(&["text", "image_url"]))];
const SYSTEM: &[Member] = &[("role", true, Is::Text), ("content", true, Is::Content(&["text"]))];
const TOOL_MESSAGE: &[Member] = &[
    ("role", true, Is::Text),
    ("tool_call_id", true, Is::Text),
    ("content", true, Is::Content(&["text", "document"])),
];
const ASSISTANT: &[Member] = &[
    ("role", true, Is::Text),
    ("content", false, Is::Content(&["text", "thinking"])),
    ("tool_plan", false, Is::Text),
    ("tool_calls", false, Is::List(CALL)),
];
const EMBED: &[Member] = &[
    ("model", true, Is::Text),
    ("input_type", true, Is::Word(&["search_document", "search_query", "classification", "clustering", "image"])),
    ("texts", true, Is::Texts(96)),
    ("embedding_types", true, Is::Texts(1)),
    ("output_dimension", false, Is::Count(1, 4096)),
    ("max_tokens", false, Is::Count(1, u64::MAX)),
    ("truncate", false, Is::Word(&["NONE", "START", "END"])),
    ("priority", false, Is::Count(0, 999)),
];

/// What is wrong with a chat request; empty when nothing is.
pub fn faults(body: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    object(BODY, body, "", &mut faults);
    for (i, message) in body["messages"].as_array().into_iter().flatten().enumerate() {
        let members = match message["role"].as_str() {
            Some("user") => USER,
            Some("system") => SYSTEM,
            Some("tool") => TOOL_MESSAGE,
            Some("assistant") => ASSISTANT,
            other => panic!("{other:?}"),
        };
        object(members, message, &format!("/messages/{i}"), &mut faults);
    }
    faults
}

/// The same of embeddings.
pub fn embed_faults(body: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    object(EMBED, body, "", &mut faults);
    faults
}

fn object(members: &[Member], value: &Value, at: &str, faults: &mut Vec<String>) {
    let Some(found) = value.as_object() else { return faults.push(format!("{at}: no object")) };
    for (name, member) in found {
        match members.iter().find(|(known, ..)| known == name) {
            Some((_, _, is)) => check(is, member, &format!("{at}/{name}"), faults),
            None => faults.push(format!("{at}/{name}: unknown")),
        }
    }
    let missing = members.iter().filter(|(name, must, _)| *must && !found.contains_key(*name));
    faults.extend(missing.map(|(name, ..)| format!("{at}/{name}: missing")));
}

fn check(is: &Is, value: &Value, at: &str, faults: &mut Vec<String>) {
    let fits = match is {
        Is::Text => value.is_string(),
        Is::Flag => value.is_boolean(),
        Is::Count(least, most) => value.as_u64().is_some_and(|count| (least..=most).contains(&&count)),
        Is::Number(least, most) => value.as_f64().is_some_and(|number| (least..=most).contains(&&number)),
        Is::Word(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        Is::Any => value.is_object() || value.is_array(),
        Is::Texts(most) => {
            value.as_array().is_some_and(|list| list.len() <= *most && list.iter().all(Value::is_string))
        }
        Is::Object(members) => return object(members, value, at, faults),
        Is::List(members) => {
            let Some(list) = value.as_array() else { return faults.push(format!("{at}: no list")) };
            list.iter().enumerate().for_each(|(i, item)| object(members, item, &format!("{at}/{i}"), faults));
            return;
        }
        Is::Content(types) => {
            value.is_string() || value.as_array().is_some_and(|list| list.iter().all(|item| content(types, item)))
        }
    };
    if !fits {
        faults.push(format!("{at}: {value}"));
    }
}

fn content(types: &[&str], item: &Value) -> bool {
    let kind = item["type"].as_str().unwrap_or_default();
    let has = item.as_object().unwrap().len() == 2;
    let is_said = match kind {
        "image_url" => item["image_url"]["url"].is_string(),
        "document" => item["document"]["data"].is_object(),
        name => item[name].is_string(),
    };
    has && is_said && types.contains(&kind)
}

#[test]
fn the_strict_reading_finds_what_is_wrong() {
    let good = serde_json::json!({"model": "m", "messages": [{"role": "user", "content": "a"}]});
    assert_eq!(faults(&good), [""; 0]);
    for (name, value) in [("temperature", "hot"), ("top_p", "0.1"), ("tool_choice", "auto"), ("stream", "yes")] {
        let mut bad = good.clone();
        bad[name] = value.into();
        assert_eq!(faults(&bad).len(), 1, "{name}");
    }
}
