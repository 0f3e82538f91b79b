//! Each feature of a request, one by one: what goes upstream, what is reported as lost, what is refused.

use serde_json::{Value, json};
use tollgate::chat::{Ext, Owner, Pin, Raw, Request};
use tollgate::dialect::Facts;
use tollgate::dialect::gemini::encode_request;
use tollgate::dialect::openai::chat::decode_request;

use super::strict::{Schemas, asked, sent, studio, vertex};

const OLD: &str = "gemini-2.5-flash";
const NEW: &str = "gemini-3-flash-preview";

/// A request of one user's message, with more members.
fn with(more: Value) -> Request {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    asked(&body)
}

fn of_messages(messages: Value) -> Request {
    with(json!({"messages": messages}))
}

fn user(part: Value) -> Request {
    of_messages(json!([{"role": "user", "content": [{"type": "text", "text": "see"}, part]}]))
}

fn tool(name: &str) -> Value {
    json!({"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}})
}

/// What must stand at some places of the body (`null`: nothing), and what is reported.
fn goes_to(what: &str, request: &Request, facts: &Facts<'_>, places: &[(&str, Value)], dropped: &[&str]) {
    let Some(schemas) = Schemas::read() else { return };
    let (encoded, body) = sent(request, facts).unwrap_or_else(|field| panic!("{what}: refused for {field}"));
    let is_vertex = facts.vendor == "vertex";
    let to = format!("{what} to {} of {}", facts.model, facts.vendor);
    assert_eq!(schemas.faults("GenerateContentRequest", &body, is_vertex), [""; 0], "{to}: {body}");
    for (place, expected) in places {
        let found = body.pointer(place).cloned().unwrap_or(Value::Null);
        assert_eq!(found, *expected, "{to}: {place} of {body}");
    }
    assert_eq!(encoded.dropped.fields(), dropped, "{to}");
}

/// The same to every model of both services.
fn goes(what: &str, request: &Request, places: &[(&str, Value)], dropped: &[&str]) {
    for model in [OLD, NEW] {
        goes_to(what, request, &studio(model), places, dropped);
        goes_to(what, request, &vertex(model), places, dropped);
    }
}

fn refused(what: &str, request: &Request, field: &str) {
    for facts in [studio(OLD), vertex(OLD)] {
        assert_eq!(sent(request, &facts).err().as_deref(), Some(field), "{what}");
    }
}

#[test]
fn texts_and_roles() {
    let system = json!([{"role": "system", "content": "a"}, {"role": "developer", "content": "b"}, {"role": "user", "content": "c"}]);
    let parts = json!([{"text": "a"}, {"text": "b"}]);
    let user = json!([{"role": "user", "parts": [{"text": "c"}]}]);
    goes(
        "system and developer",
        &of_messages(system),
        &[("/systemInstruction/parts", parts), ("/contents", user)],
        &[],
    );
    let late =
        json!([{"role": "user", "content": "a"}, {"role": "system", "content": "b"}, {"role": "user", "content": "c"}]);
    let merged = json!([{"text": "a"}, {"text": "c"}]);
    let places =
        [("/systemInstruction/parts/0/text", json!("b")), ("/contents/0/parts", merged), ("/contents/1", Value::Null)];
    goes(
        "rule 15: a late system message; rule 13: neighbours are one",
        &of_messages(late),
        &places,
        &["messages.position"],
    );
    let turns = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c", "name": "bob"}]);
    let places =
        [("/contents/1", json!({"role": "model", "parts": [{"text": "b"}]})), ("/contents/2/role", json!("user"))];
    goes("turns", &of_messages(turns), &places, &["messages.name"]);
    let empty = json!([{"role": "user", "content": ""}, {"role": "assistant", "content": ""}, {"role": "user", "content": "b"}]);
    let places = [("/contents/0/parts/0/text", json!("")), ("/contents/1/parts/0/text", json!("b"))];
    // An assistant that said nothing leaves no turn.
    let (_, body) = sent(&of_messages(empty), &studio(OLD)).unwrap();
    assert_eq!(body.pointer(places[0].0).unwrap(), "", "{body}");
    let alone = json!([{"role": "system", "content": "a"}]);
    goes("nobody asks", &of_messages(alone), &[("/contents/0", json!({"role": "user", "parts": [{"text": ""}]}))], &[]);
    let refusal = json!([{"role": "user", "content": "a"}, {"role": "assistant", "refusal": "no", "content": null}, {"role": "user", "content": "b"}]);
    goes("an earlier refusal", &of_messages(refusal), &[("/contents/1/parts/0/text", json!("no"))], &[]);
    let seen = json!([{"role": "system", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]}, {"role": "user", "content": "c"}]);
    refused("a system image", &of_messages(seen), "messages.content");
}

#[test]
fn media() {
    let image = |url: &str| user(json!({"type": "image_url", "image_url": {"url": url, "detail": "auto"}}));
    let at = "/contents/0/parts/1";
    let data = json!({"inlineData": {"mimeType": "image/png", "data": "iVBORw0="}});
    goes("an image", &image("data:image/png;base64,iVBORw0="), &[(at, data)], &[]);
    for (url, mime) in [
        ("https://example.com/a.webp", "image/webp"),
        ("gs://bucket/a.png", "image/png"),
        ("https://generativelanguage.googleapis.com/v1beta/files/abc", "image/jpeg"),
        ("https://www.youtube.com/watch?v=x", "video/mp4"),
    ] {
        goes(url, &image(url), &[(at, json!({"fileData": {"mimeType": mime, "fileUri": url}}))], &[]);
    }
    let low = user(json!({"type": "image_url", "image_url": {"url": "gs://b/a.png", "detail": "low"}}));
    goes("detail", &low, &[], &["detail"]);
    let pdf = user(
        json!({"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"}}),
    );
    goes("a PDF", &pdf, &[(at, json!({"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}}))], &[]);
    let cited = user(
        json!({"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0="}, "citations": {"enabled": true}}),
    );
    goes("a PDF to cite", &cited, &[], &["messages.content.citations"]);
    let sound = user(json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}}));
    goes("sound", &sound, &[(at, json!({"inlineData": {"mimeType": "audio/mpeg", "data": "AAAA"}}))], &[]);
    let film = user(json!({"type": "video_url", "video_url": {"url": "https://example.com/a.webm"}}));
    goes(
        "a film",
        &film,
        &[(at, json!({"fileData": {"mimeType": "video/webm", "fileUri": "https://example.com/a.webm"}}))],
        &[],
    );
    let old = image("https://example.com/a.png");
    assert_eq!(sent(&old, &studio("gemini-2.0-flash")).err().as_deref(), Some("messages.content.image_url"));
    assert!(sent(&old, &vertex("gemini-2.0-flash")).is_ok());
    assert!(sent(&image("https://youtu.be/x"), &studio("gemini-2.0-flash")).is_ok());
    refused(
        "a file of an account",
        &user(json!({"type": "file", "file": {"file_id": "file-1"}})),
        "messages.content.file_id",
    );
    refused("what nobody knows", &user(json!({"type": "hologram", "hologram": {}})), "messages.content");
}

#[test]
fn tools_and_choices() {
    let schema =
        json!({"$schema": "x", "type": "object", "properties": {"a": {"const": "b"}}, "additionalProperties": false});
    let tools = json!([{"type": "function", "function": {"name": "f", "description": "d", "parameters": schema}}]);
    let fitted = json!({"type": "object", "properties": {"a": {"enum": ["b"], "type": "string"}}, "additionalProperties": false});
    let f = json!([{"functionDeclarations": [{"name": "f", "description": "d", "parametersJsonSchema": fitted}]}]);
    goes("a tool", &with(json!({"tools": tools})), &[("/tools", f), ("/toolConfig", Value::Null)], &[]);
    let allowed = |mode: &str| {
        let names = json!([{"type": "function", "function": {"name": "g"}}]);
        json!({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": names}})
    };
    for (choice, expected) in [
        (json!("auto"), json!({"mode": "AUTO"})),
        (json!("required"), json!({"mode": "ANY"})),
        (json!("none"), json!({"mode": "NONE"})),
        (json!({"type": "function", "function": {"name": "f"}}), json!({"mode": "ANY", "allowedFunctionNames": ["f"]})),
        (allowed("required"), json!({"mode": "ANY", "allowedFunctionNames": ["g"]})),
        (allowed("auto"), json!({"mode": "VALIDATED", "allowedFunctionNames": ["g"]})),
    ] {
        let request = with(json!({"tools": [tool("f"), tool("g")], "tool_choice": choice}));
        goes(&format!("tool_choice {choice}"), &request, &[("/toolConfig/functionCallingConfig", expected)], &[]);
    }
    goes("a choice of nothing", &with(json!({"tool_choice": "auto"})), &[("/toolConfig", Value::Null)], &[]);
    let one = |parallel: bool| with(json!({"tools": [tool("f")], "parallel_tool_calls": parallel}));
    goes("one call at a time", &one(false), &[], &["parallel_tool_calls"]);
    goes("several calls", &one(true), &[], &[]);
    let mut strict = tool("s");
    strict["function"]["strict"] = json!(true);
    goes("a strict tool", &with(json!({"tools": [strict]})), &[], &["tools.function.strict"]);
    let legacy = with(json!({"functions": [{"name": "f"}], "function_call": {"name": "f"}}));
    let places = [
        ("/tools/0/functionDeclarations/0/parametersJsonSchema/type", json!("object")),
        ("/toolConfig/functionCallingConfig/mode", json!("ANY")),
    ];
    goes("legacy functions", &legacy, &places, &[]);
    for (definition, expected) in [
        (json!({"type": "google_search"}), json!({"googleSearch": {}})),
        (
            json!({"type": "google_search", "google_search": {"excludeDomains": ["a.b"]}}),
            json!({"googleSearch": {"excludeDomains": ["a.b"]}}),
        ),
        (json!({"googleSearch": {}}), json!({"googleSearch": {}})),
        (json!({"type": "code_execution"}), json!({"codeExecution": {}})),
        (json!({"type": "urlContext"}), json!({"urlContext": {}})),
    ] {
        let request = with(json!({"tools": [tool("f"), definition]}));
        goes_to("a tool of Google's", &request, &vertex(NEW), &[("/tools/1", expected)], &[]);
    }
    let mixed = with(json!({"tools": [tool("f"), {"type": "google_search"}]}));
    let told = [("/toolConfig", json!({"includeServerSideToolInvocations": true}))];
    goes_to("Google's tools beside functions", &mixed, &studio(NEW), &told, &[]);
    let auto = with(json!({"tools": [tool("f"), {"type": "google_search"}], "tool_choice": "auto"}));
    goes_to(
        "the same, by choice",
        &auto,
        &studio(NEW),
        &[("/toolConfig/functionCallingConfig/mode", json!("VALIDATED"))],
        &[],
    );
    refused("Google's tools beside functions before Gemini 3", &mixed, "tools");
    let searching = with(json!({"tools": [{"type": "google_search"}, {"type": "url_context"}]}));
    goes("Google's tools alone", &searching, &[("/toolConfig", Value::Null)], &[]);
    refused("another's built-in tool", &with(json!({"tools": [{"type": "web_search_preview"}]})), "tools");
    refused("another's web search", &with(json!({"web_search_options": {}})), "web_search_options");
    refused(
        "a tool for free text",
        &with(json!({"tools": [{"type": "custom", "custom": {"name": "c"}}]})),
        "tools.custom",
    );
}

#[test]
fn output() {
    let schema = json!({"type": "object", "properties": {"z": {"type": "string", "format": "uuid"}, "a": {"type": "integer"}}, "required": ["z", "a"], "additionalProperties": false});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": true}});
    let json = with(json!({"response_format": format}));
    let fitted = json!({"type": "object", "properties": {"z": {"type": "string", "description": "Format: uuid"}, "a": {"type": "integer"}}, "required": ["z", "a"], "additionalProperties": false});
    let places = [
        ("/generationConfig/responseMimeType", json!("application/json")),
        ("/generationConfig/responseJsonSchema", fitted),
    ];
    goes("JSON of a schema", &json, &places, &[]);
    let ordered = r#"{"model":"m","messages":[],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"z":{},"a":{}}}}}}"#;
    let body = encode_request(&decode_request(ordered.as_bytes()).unwrap(), &studio(NEW)).body;
    assert!(String::from_utf8(body).unwrap().contains(r#""properties":{"z":{},"a":{}}"#), "the order of members stays");
    let any = with(json!({"response_format": {"type": "json_object"}}));
    goes("any JSON", &any, &[("/generationConfig", json!({"responseMimeType": "application/json"}))], &[]);
    let both = with(json!({"response_format": {"type": "json_object"}, "tools": [tool("f")]}));
    refused("tools and JSON before Gemini 3", &both, "response_format");
    goes_to(
        "tools and JSON",
        &both,
        &studio(NEW),
        &[("/generationConfig/responseMimeType", json!("application/json"))],
        &[],
    );
    let none = with(json!({"response_format": {"type": "json_object"}, "tools": [tool("f")], "tool_choice": "none"}));
    goes("tools that must not be called, and JSON", &none, &[], &[]);
    let images = with(json!({"modalities": ["text", "image"]}));
    goes("images", &images, &[("/generationConfig/responseModalities", json!(["TEXT", "IMAGE"]))], &[]);
    goes("text", &with(json!({"modalities": ["text"]})), &[("/generationConfig/responseModalities", Value::Null)], &[]);
    refused(
        "sound",
        &with(json!({"modalities": ["text", "audio"], "audio": {"voice": "x", "format": "wav"}})),
        "audio",
    );
    refused("sound without a voice", &with(json!({"modalities": ["audio"]})), "modalities");
}

#[test]
fn sampling_and_the_rest() {
    for (more, config, dropped) in [
        (
            json!({"temperature": 0.5, "top_p": 0.9, "top_k": 7}),
            json!({"temperature": 0.5, "topP": 0.9, "topK": 7}),
            &[][..],
        ),
        (json!({"temperature": 3}), json!({"temperature": 2.0}), &["temperature"]),
        (json!({"presence_penalty": 1, "frequency_penalty": 0}), json!({"presencePenalty": 1.0}), &[]),
        (json!({"seed": 7}), json!({"seed": 7}), &[]),
        (json!({"seed": 9_999_999_999_i64}), json!({}), &["seed"]),
        (json!({"logit_bias": {"1": 2}}), json!({}), &["logit_bias"]),
        (json!({"max_tokens": 5, "max_completion_tokens": 6}), json!({"maxOutputTokens": 6}), &[]),
        (json!({"stop": "a"}), json!({"stopSequences": ["a"]}), &[]),
        (json!({"stop": ["a", "b", "c", "d", "e"]}), json!({"stopSequences": ["a", "b", "c", "d", "e"]}), &[]),
        (json!({"n": 3}), json!({"candidateCount": 3}), &[]),
        (json!({"logprobs": true}), json!({"responseLogprobs": true}), &[]),
        (json!({"logprobs": true, "top_logprobs": 4}), json!({"responseLogprobs": true, "logprobs": 4}), &[]),
        (json!({"user": "u", "prompt_cache_key": "k"}), json!({}), &["user", "prompt_cache_key"]),
        (json!({"cache_control": {"type": "ephemeral"}}), json!({}), &["cache_control"]),
        (json!({"store": true, "verbosity": "low"}), json!({}), &["store", "verbosity"]),
        (json!({"service_tier": "auto"}), json!({}), &[]),
    ] {
        goes(&more.to_string(), &with(more.clone()), &[("/generationConfig", config)], dropped);
    }
    refused("too many answers", &with(json!({"n": 9})), "n");
    refused("too many stops", &with(json!({"stop": ["a", "b", "c", "d", "e", "f"]})), "stop");
    refused("state of another's", &with(json!({"previous_response_id": "resp_1"})), "previous_response_id");
    let labelled = with(json!({"metadata": {"team": "a-b", "Person": "x"}}));
    goes_to("labels", &labelled, &vertex(OLD), &[("/labels", json!({"team": "a-b"}))], &["metadata"]);
    goes_to("no labels", &labelled, &studio(OLD), &[("/labels", Value::Null)], &["metadata"]);
    let flex = with(json!({"service_tier": "flex"}));
    goes_to("a tier", &flex, &studio(OLD), &[], &["service_tier"]);
    let (encoded, _) = sent(&flex, &vertex(OLD)).unwrap();
    assert_eq!(encoded.headers, [("x-vertex-ai-llm-shared-request-type", "flex".to_owned())]);
    assert!(encoded.dropped.fields().is_empty());
}

#[test]
fn reasoning() {
    for (more, model, config, dropped) in [
        (json!({"reasoning_effort": "low"}), OLD, json!({"thinkingBudget": 1024, "includeThoughts": true}), &[][..]),
        (json!({"reasoning_effort": "none"}), OLD, json!({"thinkingBudget": 0}), &[]),
        (
            json!({"reasoning": {"max_tokens": 2000}}),
            OLD,
            json!({"thinkingBudget": 2000, "includeThoughts": true}),
            &[],
        ),
        (json!({"thinking": {"type": "disabled"}}), OLD, json!({"thinkingBudget": 0}), &[]),
        (json!({"reasoning": {"effort": "high", "exclude": true}}), OLD, json!({"thinkingBudget": 24_576}), &[]),
        (
            json!({"reasoning_effort": "minimal"}),
            NEW,
            json!({"thinkingLevel": "MINIMAL", "includeThoughts": true}),
            &[],
        ),
        (json!({"reasoning_effort": "none"}), NEW, json!({"thinkingLevel": "MINIMAL"}), &["reasoning"]),
        (
            json!({"reasoning": {"max_tokens": 20_000}}),
            NEW,
            json!({"thinkingLevel": "HIGH", "includeThoughts": true}),
            &[],
        ),
        (json!({"reasoning_effort": "high"}), "gemini-2.0-flash", Value::Null, &["reasoning"]),
        (
            json!({"reasoning": {"effort": "high", "summary": "auto"}}),
            NEW,
            json!({"thinkingLevel": "HIGH", "includeThoughts": true}),
            &["reasoning.summary"],
        ),
    ] {
        for facts in [studio(model), vertex(model)] {
            let places = [("/generationConfig/thinkingConfig", config.clone())];
            goes_to(&more.to_string(), &with(more.clone()), &facts, &places, dropped);
        }
    }
}

#[test]
fn what_is_googles_own() {
    let options = json!({"google": {
        "safetySettings": [{"category": "HARM_CATEGORY_HATE_SPEECH", "threshold": "BLOCK_NONE"}],
        "cachedContent": "cachedContents/x",
        "thinkingConfig": {"thinkingBudget": 77},
        "responseModalities": ["IMAGE"],
        "imageConfig": {"aspectRatio": "16:9"},
        "retrievalConfig": {"languageCode": "de"},
        "structuredOutputs": true,
    }, "anthropic": {"container": "c"}});
    let request = with(
        json!({"providerOptions": options, "reasoning_effort": "high", "modalities": ["image"], "tools": [tool("f")]}),
    );
    let config = json!({"thinkingConfig": {"thinkingBudget": 77}, "responseModalities": ["IMAGE"], "imageConfig": {"aspectRatio": "16:9"}});
    let places = [
        ("/generationConfig", config),
        ("/safetySettings/0/threshold", json!("BLOCK_NONE")),
        ("/cachedContent", json!("cachedContents/x")),
        ("/toolConfig/retrievalConfig/languageCode", json!("de")),
    ];
    goes("options", &request, &places, &["container"]);
    let mut pinned = with(json!({}));
    pinned.pins.push(Pin { owner: Owner::Google, field: "cachedContent", id: "cachedContents/y".into() });
    goes("a pinned cache", &pinned, &[("/cachedContent", json!("cachedContents/y"))], &[]);
    let mut foreign = with(json!({}));
    let value = Raw::empty_object();
    foreign.ext.push(Ext { owner: Owner::Bedrock, key: "guardrailConfig".into(), value, required: true });
    refused("another's guardrail", &foreign, "guardrailConfig");
}
