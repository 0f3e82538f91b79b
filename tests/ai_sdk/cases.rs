//! Cases of docs/dialects.md, as clients of the AI SDK see them.

use serde_json::{Value, json};
use tollgate::chat::Request;
use tollgate::config::Dialect;
use tollgate::dialect::Spec;

use super::order::in_order;
use super::recorded::{SPECS, translate, turn};
use super::support::{events, folder};

/// The parts of a recorded stream; none without recordings.
fn parts(name: &str, spec: Spec) -> Option<Vec<Value>> {
    folder()?;
    let turn = turn(name).unwrap_or_else(|| panic!("{name}"));
    let parts = events(&translate(turn.dialect, spec, &[&turn.body], &Request::default()));
    in_order(&parts, name);
    Some(parts)
}

fn of<'a>(parts: &'a [Value], kind: &str) -> Vec<&'a Value> {
    parts.iter().filter(|part| part["type"] == kind).collect()
}

fn text(parts: &[Value], kind: &str) -> String {
    of(parts, kind).iter().map(|part| part["delta"].as_str().unwrap()).collect()
}

fn reason(parts: &[Value]) -> String {
    let reason = &parts.last().unwrap()["finishReason"];
    reason["unified"].as_str().or(reason.as_str()).unwrap().to_owned()
}

#[test]
fn case_1_a_built_in_tool_is_the_providers() {
    for spec in SPECS {
        let Some(parts) = parts("pyai.bedrock_model_code_execution_tool_stream", spec) else { return };
        let calls = of(&parts, "tool-call");
        let own: Vec<_> = calls.iter().filter(|call| call["providerExecuted"] != true).collect();
        assert_eq!((own.len(), &own[0]["toolName"]), (1, &json!("final_result")));
        let run = usize::from(spec != Spec::V2);
        assert_eq!((calls.len() - 1, of(&parts, "tool-result").len()), (run, run), "{spec:?}");
        assert_eq!(reason(&parts), "tool-calls");
    }
}

#[test]
fn case_3_what_a_guardrail_let_through_stays() {
    for spec in SPECS {
        let Some(parts) = parts("ollmetry.nova_converse_stream_with_events_with_content", spec) else { return };
        assert!(text(&parts, "text-delta").starts_with("{ADDRESS} is the capital"));
        assert_eq!(reason(&parts), "content-filter");
        assert!(parts.last().unwrap()["usage"].to_string().contains(|c: char| c.is_ascii_digit()));
    }
}

#[test]
fn case_4_a_call_without_input_is_an_empty_object() {
    let Some(parts) = parts("amazon-bedrock-tool-no-args.chunks.txt", Spec::V4) else { return };
    assert_eq!(of(&parts, "tool-call")[0]["input"], "{}");
    let usage = &parts.last().unwrap()["usage"];
    assert_eq!((&usage["inputTokens"]["total"], &usage["outputTokens"]["total"]), (&json!(100), &json!(25)));
}

#[test]
fn case_5_web_searches_are_sources_and_no_calls_of_the_clients() {
    for spec in SPECS {
        let Some(parts) = parts("pyai.anthropic_model_web_search_tool_stream", spec) else { return };
        assert!(of(&parts, "tool-call").iter().all(|call| call["providerExecuted"] == true));
        assert_eq!(reason(&parts), "stop");
        let sources = of(&parts, "source");
        let mut urls: Vec<&str> = sources.iter().map(|source| source["url"].as_str().unwrap()).collect();
        let count = urls.len();
        urls.sort_unstable();
        urls.dedup();
        assert!(count > 0 && urls.len() == count, "{count} sources of {} pages", urls.len());
        let input = if spec == Spec::V2 { "/usage/inputTokens" } else { "/usage/inputTokens/total" };
        assert_eq!(parts.last().unwrap().pointer(input).unwrap(), 22_397);
    }
}

#[test]
fn case_6_a_second_message_start_changes_nothing() {
    let Some(parts) = parts("duplicate-message-start.chunks.txt", Spec::V2) else { return };
    assert_eq!(of(&parts, "response-metadata").len(), 1);
    let usage = &parts.last().unwrap()["usage"];
    assert_eq!((&usage["inputTokens"], &usage["outputTokens"]), (&json!(17), &json!(227)));
}

#[test]
fn case_7_a_refusal_is_a_filtered_answer() {
    let Some(parts) = parts("anthropic-refusal.chunks.txt", Spec::V4) else { return };
    assert_eq!(reason(&parts), "content-filter");
    assert!(of(&parts, "error").is_empty());
}

#[test]
fn case_8_a_block_of_an_unknown_type_is_custom() {
    let Some(whole) = parts("anthropic-fallback.chunks.txt", Spec::V4) else { return };
    assert!(of(&whole, "custom").iter().all(|block| block["kind"] == "anthropic.fallback"));
    assert_eq!(of(&whole, "custom").len(), 1);
    let usage = &whole.last().unwrap()["usage"];
    assert_eq!((&usage["inputTokens"]["total"], &usage["outputTokens"]["total"]), (&json!(412), &json!(264)));
    assert!(of(&parts("anthropic-fallback.chunks.txt", Spec::V3).unwrap(), "custom").is_empty());
}

#[test]
fn case_11_the_signature_stands_at_the_first_call_only() {
    let Some(parts) = parts("google-stream-no-args-tool-call.chunks.txt", Spec::V4) else { return };
    let calls = of(&parts, "tool-call");
    let names: Vec<_> =
        calls.iter().map(|call| (call["toolName"].as_str().unwrap(), call["input"].as_str().unwrap())).collect();
    let screen = |input| ("read_screen", input);
    assert_eq!(
        names,
        [("read_theme", "{}"), screen(r#"{"id":"A"}"#), screen(r#"{"id":"B"}"#), screen(r#"{"id":"C"}"#)]
    );
    let sealed: Vec<bool> =
        calls.iter().map(|call| call["providerMetadata"]["google"]["thoughtSignature"].is_string()).collect();
    assert_eq!(sealed, [true, false, false, false]);
}

#[test]
fn case_16_a_plan_is_reasoning() {
    let Some(parts) = parts("cohere-empty-tool-call.chunks.txt", Spec::V3) else { return };
    assert!(!text(&parts, "reasoning-delta").is_empty());
    assert_eq!(of(&parts, "tool-call")[0]["input"], "{}");
    let input = &parts.last().unwrap()["usage"]["inputTokens"];
    assert_eq!(*input, json!({"total": 1445, "noCache": 741, "cacheRead": 704}));
}

#[test]
fn case_17_an_error_after_a_200_has_its_own_status() {
    for spec in SPECS {
        let Some(parts) = parts("pyai.tool_use_failed_error_streaming.1", spec) else { return };
        let [.., end, error, finish] = &parts[..] else { panic!() };
        assert_eq!((&end["type"], &error["error"]["statusCode"]), (&json!("reasoning-end"), &json!(400)));
        assert_eq!(error["error"]["type"], "invalid_request_error");
        assert_eq!((&finish["type"], reason(&parts)), (&json!("finish"), "error".to_owned()));
        assert!(!text(&parts, "reasoning-delta").is_empty());
    }
}

#[test]
fn case_19_ids_that_change_open_nothing() {
    let Some(parts) = parts("github-copilot-id-rotation.1.chunks.txt", Spec::V4) else { return };
    assert_eq!((of(&parts, "text-start").len(), of(&parts, "reasoning-start").len()), (1, 1));
}

#[test]
fn case_21_a_stream_that_stops_is_an_error() {
    let Some(folder) = folder() else { return };
    for (file, dialect) in [
        ("anthropic/200-stream-truncated.sse", Dialect::Anthropic),
        ("bedrock/200-stream-truncated.eventstream", Dialect::Bedrock),
    ] {
        let body = std::fs::read(folder.join("synthetic-errors").join(file)).unwrap();
        for spec in SPECS {
            let parts = events(&translate(dialect, spec, &[&body], &Request::default()));
            in_order(&parts, file);
            assert_eq!((of(&parts, "error").len(), reason(&parts)), (1, "error".to_owned()));
        }
    }
}
