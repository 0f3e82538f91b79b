//! The shapes of `@ai-sdk/provider` 2.0.5, 3.0.19 and 4.0.38, written down by hand: which members a part may have, which
//! it must have, and of which type. The SDK itself checks none of them.

use serde_json::Value;
use tollgate::dialect::Spec;

/// Type, members that must be there, members that may; `s` text, `b` flag, `o` object, `l` list, `v` anything but null.
type Row = (&'static str, &'static [(&'static str, char)], &'static [(&'static str, char)]);

const META: (&str, char) = ("providerMetadata", 'o');

/// Of streams and of answers.
const PARTS: [Row; 5] = [
    (
        "tool-call",
        &[("toolCallId", 's'), ("toolName", 's'), ("input", 's')],
        &[("providerExecuted", 'b'), ("dynamic", 'b'), META],
    ),
    (
        "tool-result",
        &[("toolCallId", 's'), ("toolName", 's'), ("result", 'v')],
        &[("isError", 'b'), ("providerExecuted", 'b'), ("dynamic", 'b'), META],
    ),
    (
        "source",
        &[("sourceType", 's'), ("id", 's')],
        &[("url", 's'), ("title", 's'), ("mediaType", 's'), ("filename", 's'), META],
    ),
    ("file", &[("mediaType", 's'), ("data", 'v')], &[META]),
    ("custom", &[("kind", 's')], &[META]),
];

const STREAM: [Row; 14] = [
    ("stream-start", &[("warnings", 'l')], &[]),
    ("response-metadata", &[("id", 's'), ("timestamp", 's'), ("modelId", 's')], &[]),
    ("text-start", &[("id", 's')], &[META]),
    ("text-delta", &[("id", 's'), ("delta", 's')], &[META]),
    ("text-end", &[("id", 's')], &[("citations", 'l'), META]),
    ("reasoning-start", &[("id", 's')], &[META]),
    ("reasoning-delta", &[("id", 's'), ("delta", 's')], &[META]),
    ("reasoning-end", &[("id", 's')], &[META]),
    (
        "tool-input-start",
        &[("id", 's'), ("toolName", 's')],
        &[("inputEncoding", 's'), ("providerExecuted", 'b'), ("dynamic", 'b'), META],
    ),
    ("tool-input-delta", &[("id", 's'), ("delta", 's')], &[META]),
    ("tool-input-end", &[("id", 's')], &[META]),
    ("error", &[("error", 'o')], &[]),
    ("finish", &[("finishReason", 'v'), ("usage", 'o'), META], &[]),
    ("raw", &[("rawValue", 'v')], &[]),
];

const CONTENT: [Row; 2] =
    [("text", &[("text", 's')], &[("citations", 'l'), META]), ("reasoning", &[("text", 's')], &[META])];

/// Members that spec 2 or 3 does not know.
fn is_later(kind: &str, member: &str, spec: Spec) -> bool {
    match (kind, member) {
        (_, "citations" | "inputEncoding") | ("custom", _) => spec != Spec::V4,
        (_, "dynamic") => spec == Spec::V2,
        ("tool-result", "providerExecuted") => spec != Spec::V2,
        _ => false,
    }
}

fn is_of(value: &Value, kind: char) -> bool {
    match kind {
        's' => value.is_string(),
        'b' => value.is_boolean(),
        'o' => value.is_object(),
        'l' => value.is_array(),
        _ => !value.is_null(),
    }
}

fn check(part: &Value, rows: &[Row], spec: Spec, faults: &mut Vec<String>) {
    let kind = part["type"].as_str().unwrap_or("no type");
    let Some((_, must, may)) = rows.iter().chain(&PARTS).find(|(name, ..)| *name == kind) else {
        return faults.push(format!("unknown: {part}"));
    };
    for (name, of) in *must {
        if !is_of(&part[*name], *of) {
            faults.push(format!("{kind}.{name}: {part}"));
        }
    }
    for (name, value) in part.as_object().unwrap() {
        let known = must.iter().chain(*may).find(|(known, _)| known == name);
        let is_right = name == "type" || known.is_some_and(|(_, of)| is_of(value, *of));
        if !is_right || is_later(kind, name, spec) {
            faults.push(format!("{kind}.{name}: {part}"));
        }
    }
    match kind {
        "source" => {
            let needs: &[&str] = if part["sourceType"] == "url" { &["url"] } else { &["mediaType", "title"] };
            faults.extend(needs.iter().filter(|name| !part[**name].is_string()).map(|name| format!("source.{name}")));
        }
        "file" => {
            let is_right = match spec {
                Spec::V4 => {
                    part["data"]["type"] == "data" && part["data"]["data"].is_string()
                        || part["data"]["url"].is_string()
                }
                _ => part["data"].is_string(),
            };
            if !is_right {
                faults.push(format!("file.data: {part:.200}"));
            }
        }
        _ => {}
    }
    for (namespace, members) in part["providerMetadata"].as_object().into_iter().flatten() {
        if !members.is_object() {
            faults.push(format!("providerMetadata.{namespace}: {part}"));
        }
    }
    for citation in part["citations"].as_array().into_iter().flatten() {
        check(&citation["source"], &[], spec, faults);
    }
}

/// `finishReason`, `usage` and `warnings`.
fn ending(value: &Value, spec: Spec, faults: &mut Vec<String>) {
    const WORDS: [&str; 6] = ["stop", "length", "content-filter", "tool-calls", "error", "other"];
    let reason = &value["finishReason"];
    let word = if spec == Spec::V2 { reason } else { &reason["unified"] };
    let raw = reason.get("raw").is_none_or(Value::is_string);
    if !word.as_str().is_some_and(|word| WORDS.contains(&word)) || !raw {
        faults.push(format!("finishReason: {reason}"));
    }
    let usage = value["usage"].as_object().unwrap();
    let counts = |object: &Value, known: &[&str]| {
        object.as_object().unwrap().iter().all(|(name, count)| known.contains(&name.as_str()) && count.is_u64())
    };
    let is_right = if spec == Spec::V2 {
        let known = ["inputTokens", "outputTokens", "totalTokens", "reasoningTokens", "cachedInputTokens"];
        counts(&value["usage"], &known)
    } else {
        usage.len() == 2
            && counts(&usage["inputTokens"], &["total", "noCache", "cacheRead", "cacheWrite"])
            && counts(&usage["outputTokens"], &["total", "text", "reasoning"])
    };
    if !is_right {
        faults.push(format!("usage: {}", value["usage"]));
    }
}

/// What is wrong with the parts of a stream.
pub fn of_stream(parts: &[Value], spec: Spec) -> Vec<String> {
    let mut faults = Vec::new();
    for part in parts {
        check(part, &STREAM, spec, &mut faults);
        if part["type"] == "finish" {
            ending(part, spec, &mut faults);
        }
    }
    faults
}

/// What is wrong with a whole answer.
pub fn of_answer(answer: &Value, spec: Spec) -> Vec<String> {
    let mut faults = Vec::new();
    for part in answer["content"].as_array().unwrap() {
        check(part, &CONTENT, spec, &mut faults);
    }
    ending(answer, spec, &mut faults);
    if !answer["warnings"].is_array() || !answer["providerMetadata"]["gateway"].is_object() {
        faults.push("warnings, providerMetadata".to_owned());
    }
    faults
}

#[test]
fn a_wrong_part_is_found() {
    let of = |part: Value, spec| of_stream(&[part], spec).len();
    let call = serde_json::json!({"type": "tool-call", "toolCallId": "a", "toolName": "b", "input": {}});
    assert_eq!(of(call, Spec::V4), 2);
    assert_eq!(of(serde_json::json!({"type": "text-delta", "id": "0", "delta": "x", "y": 1}), Spec::V4), 1);
    assert_eq!(of(serde_json::json!({"type": "file", "mediaType": "a/b", "data": "x"}), Spec::V4), 1);
    assert_eq!(of(serde_json::json!({"type": "file", "mediaType": "a/b", "data": "x"}), Spec::V3), 0);
    assert_eq!(of(serde_json::json!({"type": "custom", "kind": "a.b"}), Spec::V3), 2);
    let finish = serde_json::json!({"type": "finish", "finishReason": "stop", "usage": {}, "providerMetadata": {}});
    assert_eq!((of(finish.clone(), Spec::V2), of(finish, Spec::V3)), (0, 2));
}
