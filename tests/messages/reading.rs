//! Anthropic's messages and streams as its SDKs read them, and what the intermediate form says beside it.

use serde_json::{Value, json};
use tollgate::chat::{Body, Choice, Format, Reason, Response, SealKind};

use super::schema::Schema;

/// What a message says, in the words of nobody's tests but these.
#[derive(Debug, Default, PartialEq)]
pub struct Said {
    pub text: String,
    pub thoughts: String,
    pub signatures: Vec<String>,
    pub redacted: Vec<String>,
    /// Id, name and input.
    pub calls: Vec<(String, String, Value)>,
    pub pages: Vec<String>,
    pub stop_reason: String,
    /// Input without cache, read, written, output, reasoning.
    pub usage: [Option<u64>; 5],
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What travels behind its format and its provider.
fn proof(data: &str) -> String {
    let travelled = data.strip_prefix("tg1.").map(|rest| rest.rsplit_once(".acme.").unwrap().1);
    travelled.unwrap_or(data).to_owned()
}

/// Of a message.
pub fn said(message: &Value) -> Said {
    let blocks = message["content"].as_array().unwrap();
    let of = |kind: &'static str| blocks.iter().filter(move |block| block["type"] == kind);
    let pages = of("text").flat_map(|block| block["citations"].as_array().into_iter().flatten());
    let count = |name: &str| message.pointer(&format!("/usage/{name}")).and_then(Value::as_u64);
    let signatures = of("thinking").map(|block| word(&block["signature"]));
    Said {
        text: of("text").map(|block| word(&block["text"])).collect(),
        thoughts: of("thinking").map(|block| word(&block["thinking"])).collect(),
        signatures: signatures.filter(|signature| !signature.is_empty()).collect(),
        redacted: of("redacted_thinking").map(|block| proof(&word(&block["data"]))).collect(),
        calls: of("tool_use").map(|b| (word(&b["id"]), word(&b["name"]), b["input"].clone())).collect(),
        pages: pages.filter_map(|page| page["url"].as_str()).map(str::to_owned).collect(),
        stop_reason: word(&message["stop_reason"]),
        usage: [
            count("input_tokens"),
            count("cache_read_input_tokens"),
            count("cache_creation_input_tokens"),
            count("output_tokens"),
            count("output_tokens_details/thinking_tokens"),
        ],
    }
}

/// What a message should say of an answer, by docs/dialects.md.
pub fn expected(response: &Response) -> Said {
    let choice: &Choice = &response.choices[0];
    let explained = choice.finish.detail.as_ref().is_some_and(|detail| detail.value()["explanation"].is_string());
    let (mut said, mut refusal) = (Said::default(), String::new());
    for part in &choice.parts {
        match &part.body {
            Body::Text { text, citations } => {
                said.text += text;
                let pages = citations.iter().filter_map(|citation| match citation {
                    tollgate::chat::Citation::Url(page) => Some(page.url.clone()),
                    tollgate::chat::Citation::Native { .. } => None,
                });
                said.pages.extend(pages);
            }
            Body::Refusal(text) => refusal += text,
            Body::Reasoning { text, .. } => said.thoughts += text,
            Body::Call(call) => said.calls.push((call.id.clone(), call.name.clone(), call.args.to_object().value())),
            _ => {}
        }
        if let Some(seal) = &part.seal {
            match (&seal.format, seal.kind) {
                (Format::Anthropic, SealKind::Signature) => said.signatures.push(seal.data.clone()),
                (Format::Anthropic, _) => said.redacted.push(seal.data.clone()),
                _ => said.redacted.push(seal.data.clone()),
            }
        }
    }
    let has_refused = !refusal.is_empty();
    if !explained {
        said.text += &refusal;
    }
    said.stop_reason = match choice.finish.reason {
        Reason::Calls => "tool_use",
        Reason::Length if choice.finish.raw == "model_context_window_exceeded" => "model_context_window_exceeded",
        Reason::Length => "max_tokens",
        Reason::Filter | Reason::Refusal => "refusal",
        Reason::Pause => "pause_turn",
        Reason::Stop | Reason::Error if has_refused => "refusal",
        Reason::Stop if choice.finish.stop_sequence.is_some() => "stop_sequence",
        Reason::Stop | Reason::Error => "end_turn",
    }
    .to_owned();
    let usage = response.usage.clone().unwrap_or_default();
    let beside = usage.cache_read.unwrap_or(0) + usage.cache_write.unwrap_or(0);
    said.usage = [
        Some(usage.input.unwrap_or(0).saturating_sub(beside)),
        usage.cache_read,
        usage.cache_write,
        Some(usage.output.unwrap_or(0)),
        usage.reasoning,
    ];
    said
}

/// Name and value of each event, as `event:` and `data:` say.
pub fn events(body: &[u8]) -> Vec<(String, Value)> {
    let text = std::str::from_utf8(body).unwrap();
    assert!(text.is_empty() || text.ends_with("\n\n"), "{text}");
    let read = text.split_terminator("\n\n").map(|event| {
        let (name, data) = event.split_once('\n').unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        (name.strip_prefix("event: ").unwrap().to_owned(), data)
    });
    read.collect()
}

/// Lines 26, 28, 29, 30 and 34: how events may follow each other. Whether the stream ends well, or with an error.
pub fn check_order(body: &[u8], file: &str) -> bool {
    let (mut open, mut next, mut phase) = (None::<(u64, String, u32, bool)>, 0, "new");
    let events = events(body);
    let breaks_off = events.last().is_some_and(|(name, _)| name == "error");
    for (name, event) in events {
        assert_eq!(event["type"], json!(name), "{file}: line 28");
        let index = event["index"].as_u64();
        match (&*name, phase) {
            ("message_start", "new") => phase = "begun",
            ("content_block_start", "begun") => {
                assert!(open.is_none() && index == Some(next), "{file}: {event}");
                let block = &event["content_block"];
                match block["type"].as_str().unwrap() {
                    "tool_use" => assert_eq!(block["input"], json!({}), "{file}: line 29"),
                    "thinking" => assert_eq!(
                        (&block["thinking"], &block["signature"]),
                        (&json!(""), &json!("")),
                        "{file}: line 30"
                    ),
                    "text" => assert_eq!(block["text"], json!(""), "{file}"),
                    _ => {}
                }
                open = Some((next, word(&block["type"]), 0, false));
                next += 1;
            }
            ("content_block_delta", "begun") => {
                let (at, kind, deltas, is_signed) = open.as_mut().unwrap();
                assert_eq!(index, Some(*at), "{file}: {event}");
                let delta = &event["delta"];
                let fits = match delta["type"].as_str().unwrap() {
                    "text_delta" => kind == "text" && delta["text"] != "",
                    "citations_delta" => kind == "text",
                    "thinking_delta" => kind == "thinking" && delta["thinking"] != "",
                    "signature_delta" => kind == "thinking" && delta["signature"] != "",
                    "input_json_delta" => kind == "tool_use",
                    _ => false,
                };
                assert!(fits && !*is_signed, "{file}: {kind} {event}");
                *is_signed = delta["type"] == "signature_delta";
                *deltas += 1;
            }
            ("content_block_stop", "begun") => {
                let (at, kind, deltas, _) = open.take().unwrap();
                assert_eq!(index, Some(at), "{file}");
                let is_whole = !["text", "thinking", "tool_use"].contains(&&*kind);
                assert!((deltas == 0) == is_whole || breaks_off, "{file}: {kind} with {deltas} deltas");
            }
            ("message_delta", "begun") => {
                assert!(open.is_none(), "{file}");
                phase = "told";
            }
            ("message_stop", "told") => phase = "stopped",
            ("error", "new" | "begun") => {
                assert!(open.is_none(), "{file}: case 17");
                phase = "failed";
            }
            _ => panic!("{file}: {name} when {phase}"),
        }
    }
    assert!(["stopped", "failed"].contains(&phase), "{file}: line 2: {phase}");
    phase == "stopped"
}

/// Members that are ours, by definition.
const EXTENSIONS: [(&str, &[&str]); 6] = [
    ("", OURS),
    ("RawMessageDeltaEvent", OURS),
    ("BetaRawMessageDeltaEvent", OURS),
    ("MessageDeltaUsage", &["cache_creation", "service_tier"]),
    ("BetaMessageDeltaUsage", &["cache_creation", "service_tier"]),
    ("Message", OURS),
];
const OURS: &[&str] = &["provider_specific_fields", "provider_metadata", "context_management"];

/// The SDK's schema of a message or of an event, and the one of its betas.
pub struct Schemas([Schema; 2]);

impl Schemas {
    pub fn read(name: &str) -> Option<Schemas> {
        let [plain, beta] =
            ["", "Beta"].map(|beta| Schema::of(&format!("anthropic-sdk.{}", name.replacen('*', beta, 1)), &EXTENSIONS));
        Some(Schemas([plain?, beta?]))
    }

    /// Whether nothing is wrong with a value. A block that is newer than the SDK is Anthropic's own.
    pub fn fit(&self, value: &Value) -> bool {
        const NEWER: [&str; 1] = ["fallback"];
        let mut value = value.clone();
        let is_newer = |block: &Value| NEWER.contains(&block["type"].as_str().unwrap_or_default());
        if let Some(blocks) = value.get_mut("content").and_then(Value::as_array_mut) {
            blocks.retain(|block| !is_newer(block));
        }
        is_newer(&value["content_block"]) || self.faults(&value).is_empty()
    }

    /// What is wrong with a value; the betas know blocks that the other does not.
    pub fn faults(&self, value: &Value) -> Vec<String> {
        let [plain, beta] = [&self.0[0], &self.0[1]].map(|schema| schema.faults(value));
        if beta.is_empty() { beta } else { plain }
    }
}
