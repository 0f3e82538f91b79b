//! Each feature of a request, one by one: what goes upstream, what is reported as lost, what is refused.

use serde_json::{Value, json};
use tollgate::chat::Request;

use super::strict::{Model, asked, facts, sent};

pub const OLD: &str = "anthropic.claude-3-haiku-20240307-v1:0";
pub const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
pub const NEW: &str = "us.anthropic.claude-opus-4-8";
pub const NOVA: &str = "us.amazon.nova-pro-v1:0";
pub const NOVA_2: &str = "us.amazon.nova-2-lite-v1:0";
pub const OSS: &str = "openai.gpt-oss-120b-1:0";
pub const LLAMA: &str = "us.meta.llama3-3-70b-instruct-v1:0";

/// A request of one user's message, with more members.
pub fn with(more: Value) -> Request {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    asked(&body)
}

pub fn of_messages(messages: Value) -> Request {
    with(json!({"messages": messages}))
}

pub fn tool(name: &str) -> Value {
    json!({"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}})
}

/// What must stand at some places of the body (`null`: nothing), and what is reported.
pub fn goes(what: &str, request: &Request, model: &str, places: &[(&str, Value)], dropped: &[&str]) {
    let (encoded, body) = sent(request, &facts(model)).unwrap_or_else(|field| panic!("{what}: refused for {field}"));
    if let Some(model) = Model::read() {
        assert_eq!(model.faults(&body, request.stream), [""; 0], "{what}: {body}");
    }
    for (place, expected) in places {
        let found = body.pointer(place).cloned().unwrap_or(Value::Null);
        assert_eq!(found, *expected, "{what} to {model}: {place} of {body}");
    }
    assert_eq!(encoded.dropped.fields(), dropped, "{what} to {model}");
}

pub fn refused(what: &str, request: &Request, model: &str, field: &str) {
    assert_eq!(sent(request, &facts(model)).err().as_deref(), Some(field), "{what} to {model}");
}

const FIELDS: &str = "/additionalModelRequestFields";

#[test]
fn sampling_and_limits() {
    let plain = with(json!({}));
    goes(
        "nothing",
        &plain,
        CLAUDE,
        &[("/inferenceConfig", Value::Null), (FIELDS, Value::Null), ("/toolConfig", Value::Null)],
        &[],
    );
    let all = with(json!({"max_completion_tokens": 9, "temperature": 0.5, "stop": ["x", ""]}));
    let config = json!({"maxTokens": 9, "temperature": 0.5, "stopSequences": ["x"]});
    goes("limits", &all, CLAUDE, &[("/inferenceConfig", config)], &["stop"]);
    goes(
        "white space stops others",
        &with(json!({"stop": "\n"})),
        NOVA,
        &[("/inferenceConfig/stopSequences/0", json!("\n"))],
        &[],
    );
    goes(
        "white space does not stop Claude",
        &with(json!({"stop": "\n"})),
        CLAUDE,
        &[("/inferenceConfig", Value::Null)],
        &["stop"],
    );
    let hot = with(json!({"temperature": 1.7}));
    goes("too hot", &hot, NOVA, &[("/inferenceConfig/temperature", json!(1.0))], &["temperature"]);
    let both = with(json!({"temperature": 0.5, "top_p": 0.9}));
    goes("both", &both, OLD, &[("/inferenceConfig/topP", json!(0.9))], &[]);
    goes("both to a Claude that takes one", &both, CLAUDE, &[("/inferenceConfig/topP", Value::Null)], &["top_p"]);
    goes(
        "both to a Claude that takes none",
        &both,
        NEW,
        &[("/inferenceConfig", Value::Null)],
        &["temperature", "top_p"],
    );
    goes(
        "usual ones to a Claude that takes none",
        &with(json!({"temperature": 1, "top_p": 1})),
        NEW,
        &[("/inferenceConfig", Value::Null)],
        &[],
    );
    for (model, place, lost) in [
        (CLAUDE, "/additionalModelRequestFields/top_k", false),
        (NOVA, "/additionalModelRequestFields/inferenceConfig/topK", false),
        ("mistral.devstral-2-123b", "/additionalModelRequestFields/top_k", false),
        (NEW, "", true),
        (LLAMA, "", true),
    ] {
        let request = with(json!({"top_k": 10}));
        let expected = if lost { (FIELDS, Value::Null) } else { (place, json!(10)) };
        goes("top_k", &request, model, &[expected], if lost { &["top_k"] } else { &[] });
    }
    let lost = with(
        json!({"frequency_penalty": 0.1, "presence_penalty": 0.1, "seed": 1, "logit_bias": {"1": 2}, "user": "u", "prompt_cache_key": "k", "store": true}),
    );
    let names = ["frequency_penalty", "presence_penalty", "seed", "logit_bias", "user", "prompt_cache_key", "store"];
    goes("what there is not", &lost, NOVA, &[("/inferenceConfig", Value::Null)], &names);
    refused("several answers", &with(json!({"n": 2})), NOVA, "n");
    refused("logprobs", &with(json!({"logprobs": true})), NOVA, "logprobs");
    refused("sound out", &with(json!({"modalities": ["text", "audio"]})), NOVA, "modalities");
    let capped = tollgate::dialect::Facts { max_output: Some(100), ..facts(NOVA) };
    let (encoded, body) = sent(&with(json!({"max_tokens": 200})), &capped).unwrap();
    assert_eq!(
        (&body["inferenceConfig"]["maxTokens"], encoded.dropped.fields()),
        (&json!(100), &["max_tokens".into()][..])
    );
}

#[test]
fn tools_and_choices() {
    let described = json!({"type": "function", "function": {"name": "f", "description": "d", "parameters": {"properties": {"a": {"type": "integer", "minimum": 1}}}}});
    let spec = json!({"toolSpec": {"name": "f", "description": "d", "inputSchema": {"json": {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}}}}});
    goes("a tool", &with(json!({"tools": [described]})), CLAUDE, &[("/toolConfig", json!({"tools": [spec]}))], &[]);
    let mut silent = tool("f");
    silent["function"]["description"] = json!("");
    goes(
        "an empty description",
        &with(json!({"tools": [silent]})),
        CLAUDE,
        &[("/toolConfig/tools/0/toolSpec/description", Value::Null)],
        &[],
    );
    let named = json!({"type": "function", "function": {"name": "f"}});
    for (choice, expected, lost) in [
        (json!("auto"), json!({"auto": {}}), &[][..]),
        (json!("required"), json!({"any": {}}), &["tool_choice"]),
        (named.clone(), json!({"tool": {"name": "f"}}), &["tool_choice"]),
    ] {
        let request = with(json!({"tools": [tool("f")], "tool_choice": choice}));
        goes("a choice", &request, NOVA, &[("/toolConfig/toolChoice", expected)], &[]);
        goes("a choice where there is none", &request, LLAMA, &[("/toolConfig/toolChoice", Value::Null)], lost);
    }
    let none = with(json!({"tools": [tool("f")], "tool_choice": "none"}));
    goes("no call: no tools", &none, CLAUDE, &[("/toolConfig", Value::Null)], &[]);
    let allowed = json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "g"}}]}});
    let some = with(json!({"tools": [tool("f"), tool("g")], "tool_choice": allowed}));
    let places = [
        ("/toolConfig/tools/0/toolSpec/name", json!("g")),
        ("/toolConfig/tools/1", Value::Null),
        ("/toolConfig/toolChoice", json!({"any": {}})),
    ];
    goes("some of the tools", &some, CLAUDE, &places, &[]);
    goes("a choice of nothing", &with(json!({"tool_choice": "auto"})), CLAUDE, &[("/toolConfig", Value::Null)], &[]);
    let legacy = with(json!({"functions": [{"name": "f"}], "function_call": {"name": "f"}}));
    goes("legacy functions", &legacy, CLAUDE, &[("/toolConfig/toolChoice/tool/name", json!("f"))], &[]);
    for (choice, model, expected, place, lost) in [
        (json!(null), CLAUDE, json!({"type": "auto", "disable_parallel_tool_use": true}), Value::Null, &[][..]),
        (json!("auto"), CLAUDE, json!({"type": "auto", "disable_parallel_tool_use": true}), Value::Null, &[]),
        (json!("required"), CLAUDE, json!({"disable_parallel_tool_use": true}), json!({"any": {}}), &[]),
        (json!("required"), NOVA, Value::Null, json!({"any": {}}), &["parallel_tool_calls"]),
        (json!("required"), OLD, Value::Null, json!({"any": {}}), &["parallel_tool_calls"]),
    ] {
        let mut more = json!({"tools": [tool("f")], "parallel_tool_calls": false, "tool_choice": choice});
        more.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let places = [("/additionalModelRequestFields/tool_choice", expected), ("/toolConfig/toolChoice", place)];
        goes("one call at a time", &with(more), model, &places, lost);
    }
    goes(
        "many calls at a time",
        &with(json!({"tools": [tool("f")], "parallel_tool_calls": true})),
        NOVA,
        &[(FIELDS, Value::Null)],
        &[],
    );
    let system = json!({"systemTool": {"name": "nova_code_interpreter"}});
    goes(
        "a built-in tool",
        &with(json!({"tools": [tool("f"), system]})),
        NOVA_2,
        &[("/toolConfig/tools/1", system)],
        &[],
    );
    refused(
        "another's built-in tool",
        &with(json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]})),
        CLAUDE,
        "tools",
    );
    refused("another's web search", &with(json!({"web_search_options": {}})), CLAUDE, "web_search_options");
    refused(
        "a tool for free text",
        &with(json!({"tools": [{"type": "custom", "custom": {"name": "c"}}]})),
        CLAUDE,
        "tools.custom",
    );
    refused("a name that is none", &with(json!({"tools": [tool("a.b")]})), CLAUDE, "tools.function.name");
    let mut strict = tool("s");
    strict["function"]["strict"] = json!(true);
    let closed = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let places = [
        ("/toolConfig/tools/0/toolSpec/strict", json!(true)),
        ("/toolConfig/tools/0/toolSpec/inputSchema/json", closed),
    ];
    goes("a strict tool", &with(json!({"tools": [strict]})), CLAUDE, &places, &[]);
    for model in [OLD, NOVA] {
        goes(
            "a strict tool for others",
            &with(json!({"tools": [strict]})),
            model,
            &[("/toolConfig/tools/0/toolSpec/strict", Value::Null)],
            &["tools.function.strict"],
        );
    }
    let many = with(json!({"tools": vec![strict; 21]}));
    goes(
        "more strict tools than 20",
        &many,
        CLAUDE,
        &[("/toolConfig/tools/20/toolSpec/strict", Value::Null)],
        &["tools.function.strict"],
    );
    goes("the same for others", &many, OSS, &[("/toolConfig/tools/20/toolSpec/strict", json!(true))], &[]);
}

#[test]
fn answers_in_json() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "integer", "minimum": 3}}, "required": ["a"]});
    let asked = |more: Value| {
        let mut body = json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "description": "d", "schema": schema}}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        with(body)
    };
    let closed =
        r#"{"additionalProperties":false,"properties":{"a":{"type":"integer"}},"required":["a"],"type":"object"}"#;
    let format = |schema: &str| json!({"type": "json_schema", "structure": {"jsonSchema": {"schema": schema, "name": "n", "description": "d"}}});
    let lost = ["response_format.json_schema.schema"];
    goes(
        "a schema, in text",
        &asked(json!({})),
        CLAUDE,
        &[("/outputConfig/textFormat", format(closed)), ("/toolConfig", Value::Null)],
        &lost,
    );
    goes(
        "a schema for others, as it came",
        &asked(json!({})),
        OSS,
        &[("/outputConfig/textFormat", format(&schema.to_string()))],
        &[],
    );
    let spec = |place: &str| format!("/toolConfig/tools/{place}");
    for model in [OLD, NOVA] {
        let places = [
            (&*spec("0/toolSpec/name"), json!("tollgate_json_answer")),
            (&*spec("0/toolSpec/inputSchema/json"), schema.clone()),
            ("/toolConfig/toolChoice/tool/name", json!("tollgate_json_answer")),
            ("/outputConfig", Value::Null),
        ];
        goes("a schema where there is none: a tool", &asked(json!({})), model, &places, &[]);
        let places = [
            (&*spec("1/toolSpec/name"), json!("tollgate_json_answer")),
            ("/toolConfig/toolChoice", json!({"any": {}})),
        ];
        goes("beside tools", &asked(json!({"tools": [tool("f")]})), model, &places, &[]);
        let forced = asked(json!({"tools": [tool("f")], "tool_choice": "required"}));
        goes(
            "calls come first",
            &forced,
            model,
            &[(&*spec("1"), Value::Null), ("/toolConfig/toolChoice", json!({"any": {}}))],
            &[],
        );
    }
    goes(
        "a schema where nothing can be forced",
        &asked(json!({})),
        LLAMA,
        &[("/toolConfig/toolChoice", Value::Null)],
        &["response_format"],
    );
    let any = with(json!({"response_format": {"type": "json_object"}}));
    goes(
        "any JSON",
        &any,
        CLAUDE,
        &[("/toolConfig/tools/0/toolSpec/inputSchema/json", json!({"type": "object"}))],
        &[],
    );
    goes(
        "plain text",
        &with(json!({"response_format": {"type": "text"}})),
        CLAUDE,
        &[("/outputConfig", Value::Null)],
        &[],
    );
}

#[test]
fn thinking() {
    let effort = |word: &str| with(json!({"reasoning_effort": word}));
    let budget = |tokens: u32| json!({"type": "enabled", "budget_tokens": tokens});
    let place = "/additionalModelRequestFields/thinking";
    let places = [(place, budget(8192)), ("/inferenceConfig/maxTokens", json!(8192 + 4096))];
    goes("an effort as a budget, with room for it", &effort("medium"), CLAUDE, &places, &[]);
    let places = [(place, budget(3000)), ("/inferenceConfig", json!({"maxTokens": 4000}))];
    let asked = with(json!({"reasoning": {"max_tokens": 3900}, "max_tokens": 4000, "temperature": 0.3, "top_k": 4}));
    goes("a budget that leaves room for an answer", &asked, CLAUDE, &places, &["reasoning", "temperature", "top_k"]);
    goes(
        "no room",
        &with(json!({"reasoning_effort": "low", "max_tokens": 1000})),
        CLAUDE,
        &[(place, Value::Null)],
        &["reasoning"],
    );
    let adaptive = json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}});
    goes("as the recording has it", &effort("high"), "us.anthropic.claude-sonnet-4-6", &[(FIELDS, adaptive)], &[]);
    goes(
        "since 4.7 thoughts are told to those who ask",
        &effort("xhigh"),
        NEW,
        &[(place, json!({"type": "adaptive", "display": "summarized"}))],
        &[],
    );
    goes(
        "less than there is",
        &effort("xhigh"),
        "us.anthropic.claude-opus-4-6-v1",
        &[("/additionalModelRequestFields/output_config/effort", json!("high"))],
        &["reasoning"],
    );
    goes("a model that cannot", &effort("high"), OLD, &[(FIELDS, Value::Null)], &["reasoning"]);
    goes("none", &effort("none"), CLAUDE, &[(FIELDS, Value::Null)], &[]);
    goes(
        "none where it is usual",
        &effort("none"),
        "us.anthropic.claude-sonnet-5",
        &[(place, json!({"type": "disabled"}))],
        &[],
    );
    goes(
        "none where it cannot be",
        &effort("none"),
        "us.anthropic.claude-fable-5-1",
        &[("/additionalModelRequestFields/output_config/effort", json!("low"))],
        &["reasoning"],
    );
    let forced = with(json!({"reasoning_effort": "high", "tools": [tool("f")], "tool_choice": "required"}));
    goes(
        "trap 13: a forced call",
        &forced,
        CLAUDE,
        &[(FIELDS, Value::Null), ("/toolConfig/toolChoice", json!({"any": {}}))],
        &["reasoning"],
    );
    let nova = json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}});
    goes("Nova", &effort("minimal"), NOVA_2, &[(FIELDS, nova)], &[]);
    goes("Nova, off", &effort("none"), NOVA_2, &[(FIELDS, json!({"reasoningConfig": {"type": "disabled"}}))], &[]);
    goes("the first Nova", &effort("high"), NOVA, &[(FIELDS, Value::Null)], &["reasoning"]);
    goes("as the recording has it", &effort("medium"), OSS, &[(FIELDS, json!({"reasoning_effort": "medium"}))], &[]);
    goes("Qwen", &effort("medium"), "qwen.qwen3-32b-v1:0", &[(FIELDS, json!({"reasoning_config": "high"}))], &[]);
    goes("others", &effort("medium"), LLAMA, &[(FIELDS, Value::Null)], &["reasoning"]);
    goes(
        "how it is told",
        &with(json!({"reasoning": {"enabled": true, "summary": "auto"}})),
        NEW,
        &[(place, json!({"type": "adaptive", "display": "summarized"}))],
        &["reasoning.summary"],
    );
    goes(
        "not told",
        &with(json!({"reasoning": {"effort": "low", "exclude": true}})),
        NEW,
        &[(place, json!({"type": "adaptive"}))],
        &[],
    );
}

#[test]
fn cache_hints() {
    let hint = json!({"type": "ephemeral", "ttl": "1h"});
    let part = |text: &str| json!({"type": "text", "text": text, "cache_control": hint});
    let mut cached = tool("f");
    cached["cache_control"] = json!({"type": "ephemeral"});
    let request = with(
        json!({"tools": [cached, tool("g")], "messages": [{"role": "system", "content": [part("s")]}, {"role": "user", "content": [part("a"), {"type": "text", "text": "b"}]}]}),
    );
    let point = json!({"cachePoint": {"type": "default", "ttl": "1h"}});
    let plain = json!({"cachePoint": {"type": "default"}});
    let places = [
        ("/toolConfig/tools/1", plain.clone()),
        ("/system/1", point.clone()),
        ("/messages/0/content/1", point.clone()),
        ("/messages/0/content/2/text", json!("b")),
    ];
    goes("cache points", &request, CLAUDE, &places, &[]);
    let places = [
        ("/toolConfig/tools/1/toolSpec/name", json!("g")),
        ("/system/1", plain.clone()),
        ("/messages/0/content/1", plain.clone()),
    ];
    goes("not in tools, and not for how long", &request, NOVA, &places, &["cache_control"]);
    let places = [
        ("/toolConfig/tools/1/toolSpec/name", json!("g")),
        ("/system/1", Value::Null),
        ("/messages/0/content/1/text", json!("b")),
    ];
    goes("nowhere", &request, LLAMA, &places, &["cache_control"]);
    let many = json!([{"role": "user", "content": [part("1"), part("2"), part("3"), part("4"), part("5")]}]);
    let places = [
        ("/messages/0/content/1/text", json!("2")),
        ("/messages/0/content/2", point.clone()),
        ("/messages/0/content/8", point.clone()),
        ("/messages/0/content/9", Value::Null),
    ];
    goes("more than four: the last ones", &of_messages(many), CLAUDE, &places, &["cache_control"]);
    let whole = with(json!({"cache_control": {"type": "ephemeral"}}));
    goes("of the request as a whole", &whole, CLAUDE, &[("/messages/0/content/1", plain.clone())], &[]);
    let history = json!([{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c", "content": [part("r")]}]);
    goes("after a result", &of_messages(history), CLAUDE, &[("/messages/2/content/1", point)], &[]);
}

#[test]
fn bedrocks_own_terms() {
    let own = |options: Value| with(json!({"providerOptions": {"bedrock": options}}));
    let guardrail = json!({"guardrailIdentifier": "v9kpg6yrwhs2", "guardrailVersion": "DRAFT", "trace": "enabled"});
    let mut streaming = guardrail.clone();
    streaming["streamProcessingMode"] = json!("async");
    goes("a guardrail", &own(json!({"guardrailConfig": streaming})), NOVA, &[("/guardrailConfig", guardrail)], &[]);
    let stream = with(json!({"stream": true, "providerOptions": {"bedrock": {"guardrailConfig": streaming}}}));
    goes("a guardrail on a stream", &stream, NOVA, &[("/guardrailConfig", streaming)], &[]);
    let all = json!({"performanceConfig": {"latency": "optimized"}, "promptVariables": {"a": {"text": "b"}}, "requestMetadata": {"k": "v"},
        "additionalModelResponseFieldPaths": ["/stop_sequence"], "serviceTier": {"type": "flex"}});
    let places: Vec<(String, Value)> =
        all.as_object().unwrap().iter().map(|(key, value)| (format!("/{key}"), value.clone())).collect();
    let places: Vec<(&str, Value)> = places.iter().map(|(place, value)| (&**place, value.clone())).collect();
    goes("members of the request", &own(all.clone()), NOVA, &places, &[]);
    goes(
        "a tier as the AI SDK says it",
        &own(json!({"serviceTier": "priority"})),
        NOVA,
        &[("/serviceTier", json!({"type": "priority"}))],
        &[],
    );
    let fields = with(
        json!({"reasoning_effort": "low", "top_k": 3, "providerOptions": {"bedrock": {"additionalModelRequestFields": {"top_k": 9, "x": [1.50]}, "anthropicBeta": ["b"]}}}),
    );
    let expected = json!({"thinking": {"type": "enabled", "budget_tokens": 1024}, "anthropic_beta": ["b"], "top_k": 9, "x": [1.5]});
    goes("fields of the model: the client's come first", &fields, CLAUDE, &[(FIELDS, expected)], &["top_k"]);
    let reasoning = own(json!({"reasoningConfig": {"type": "enabled", "budgetTokens": 2000}}));
    goes(
        "reasoning as the AI SDK says it",
        &reasoning,
        CLAUDE,
        &[("/additionalModelRequestFields/thinking/budget_tokens", json!(2000))],
        &[],
    );
    goes("what nobody knows", &own(json!({"aNewOption": 1})), NOVA, &[("/aNewOption", Value::Null)], &["aNewOption"]);
    let others =
        with(json!({"providerOptions": {"google": {"safetySettings": []}, "bedrock": {}}, "verbosity": "low"}));
    goes("what is another's", &others, NOVA, &[("/safetySettings", Value::Null)], &["safetySettings", "verbosity"]);
    refused("state of an account", &with(json!({"previous_response_id": "resp_1"})), NOVA, "previous_response_id");
}

#[test]
fn accounts() {
    let metadata = with(json!({"metadata": {"team": "a-b", "note": "gr\u{fc}n"}}));
    goes("metadata that fits", &metadata, NOVA, &[("/requestMetadata", json!({"team": "a-b"}))], &["metadata"]);
    let many: serde_json::Map<String, Value> = (0..20).map(|i| (format!("k{i}"), json!("v"))).collect();
    goes(
        "more than 16",
        &with(json!({"metadata": many})),
        NOVA,
        &[("/requestMetadata/k5", json!("v")), ("/requestMetadata/k9", Value::Null)],
        &["metadata"],
    );
    for (tier, expected, lost) in [
        ("auto", Value::Null, &[][..]),
        ("default", json!({"type": "default"}), &[]),
        ("flex", json!({"type": "flex"}), &[]),
        ("priority", json!({"type": "priority"}), &[]),
        ("scale", Value::Null, &["service_tier"]),
    ] {
        goes("a tier", &with(json!({"service_tier": tier})), NOVA, &[("/serviceTier", expected)], lost);
    }
    let (encoded, body) =
        sent(&with(json!({"stream": true, "stream_options": {"include_usage": true}})), &facts(NOVA)).unwrap();
    assert_eq!(encoded.headers, [("accept", "application/vnd.amazon.eventstream".to_owned())]);
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["messages"]);
}
