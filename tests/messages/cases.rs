//! The cases of docs/dialects.md, as a client of Anthropic's sees them.

use serde_json::{Value, json};
use tollgate::chat::Event;

use super::anthropic::message_of;
use super::reading::{check_order, events, said};
use super::support::{Turn, folder, turns};

fn exchange(file: &str) -> Option<Turn> {
    folder()?;
    // Fixtures go by their stream's name, recordings by the name of their exchange.
    let name = file.trim_end_matches(".sse").trim_end_matches(".eventstream");
    Some(turns().into_iter().find(|exchange| exchange.file.contains(name) && exchange.is_stream).unwrap())
}

/// The message of a stream that ends well.
fn message(file: &str) -> Option<Value> {
    let exchange = exchange(file)?;
    let body = exchange.translate(&[&exchange.body]);
    assert!(check_order(&body, file), "{file}");
    Some(message_of(&body))
}

#[test]
fn case_1_built_in_tools_of_bedrock_are_no_calls() {
    let Some(message) = message("bedrock/converse-stream/pyai.bedrock_model_code_execution_tool_stream") else {
        return;
    };
    let calls = said(&message).calls;
    assert_eq!(calls.iter().map(|call| call.1.as_str()).collect::<Vec<_>>(), ["final_result"]);
    assert_eq!(message["stop_reason"], "tool_use");
}

#[test]
fn case_2_bedrocks_citations_stand_in_the_block_of_their_text() {
    let file = "bedrock/converse-stream/rubyllm.citations_with_bedrock_claude-haiku-4-5_streams_citations";
    let Some(message) = message(file) else { return };
    let cited: Vec<&Value> =
        message["content"].as_array().unwrap().iter().filter(|b| b["citations"].is_array()).collect();
    assert!(!cited.is_empty(), "{message}");
    for block in cited {
        assert!(!block["text"].as_str().unwrap().is_empty());
        let place = &block["citations"][0];
        let kind = place["type"].as_str().unwrap();
        assert!(["char_location", "page_location", "content_block_location"].contains(&kind), "{place}");
        assert!(!place["cited_text"].as_str().unwrap().is_empty() && place["document_index"].is_u64(), "{place}");
    }
}

#[test]
fn case_3_a_guardrail_is_a_refusal_with_its_text() {
    let Some(message) = message("bedrock/converse-stream/ollmetry.nova_converse_stream_with_events_with_content")
    else {
        return;
    };
    assert!(said(&message).text.starts_with("{ADDRESS} is the capital"), "{message}");
    assert_eq!(message["stop_reason"], "refusal");
    assert!(message["usage"]["output_tokens"].as_u64() > Some(0));
}

#[test]
fn case_4_a_call_without_input() {
    let Some(message) = message("amazon-bedrock-tool-no-args.chunks") else { return };
    let said = said(&message);
    assert_eq!(said.calls[0].2, json!({}));
    assert_eq!((said.usage[0], said.usage[3]), (Some(100), Some(25)));
}

#[test]
fn case_6_a_message_begins_once() {
    let Some(exchange) = exchange("vercel/anthropic/duplicate-message-start") else { return };
    let body = exchange.translate(&[&exchange.body]);
    assert_eq!(events(&body).iter().filter(|(name, _)| name == "message_start").count(), 1);
    let usage = said(&message_of(&body)).usage;
    assert_eq!((usage[0], usage[3]), (Some(17), Some(227)));
}

#[test]
fn case_7_a_refusal_is_explained() {
    let Some(message) = message("vercel/anthropic/anthropic-refusal.chunks") else { return };
    assert_eq!((&message["content"], &message["stop_reason"]), (&json!([]), &json!("refusal")));
    assert!(message["stop_details"]["explanation"].is_string(), "{message}");
}

#[test]
fn case_8_another_model_took_over() {
    let Some(message) = message("vercel/anthropic/anthropic-fallback.chunks") else { return };
    assert_eq!(message["content"][0]["type"], "fallback");
    let usage = said(&message).usage;
    let input = usage[0].unwrap_or(0) + usage[1].unwrap_or(0) + usage[2].unwrap_or(0);
    assert_eq!((input, usage[3]), (412, Some(264)));
}

#[test]
fn case_10_a_signature_without_text() {
    let file = "streamGenerateContent/rig.streaming_multimodal_tool_results.streaming_history_preserves_hybrid_tool_result_ima.2";
    let Some(message) = message(file) else { return };
    assert_eq!(said(&message).redacted.len(), 1, "{message}");
    let is_empty = |block: &Value| block["type"] == "text" && block["text"] == "";
    assert!(!message["content"].as_array().unwrap().iter().any(is_empty));
}

#[test]
fn case_11_calls_of_gemini_in_pieces() {
    let Some(message) = message("vercel/google/google-stream-no-args-tool-call") else { return };
    let calls = said(&message).calls;
    let told: Vec<(&str, &Value)> = calls.iter().map(|(_, name, input)| (name.as_str(), input)).collect();
    let [a, b, c] = ["A", "B", "C"].map(|id| json!({"id": id}));
    let screen = "read_screen";
    assert_eq!(told, [("read_theme", &json!({})), (screen, &a), (screen, &b), (screen, &c)]);
    assert_eq!(said(&message).redacted.len(), 1);
    assert_eq!(said(&message).usage[3], Some(241));
}

#[test]
fn case_15_and_case_17_what_came_before_then_the_error() {
    for (file, status) in [
        ("cohere/v2-chat/lccohere.sql_agent.1", "api_error"),
        ("groq/chat-completions/pyai.tool_use_failed_error_streaming.1", "invalid_request_error"),
    ] {
        let Some(exchange) = exchange(file) else { return };
        let body = exchange.translate(&[&exchange.body]);
        assert!(!check_order(&body, file));
        let told = events(&body);
        assert_eq!(told.last().unwrap().1["error"]["type"], status, "{file}");
        assert_eq!(told[told.len() - 2].0, "content_block_stop", "{file}");
    }
}

#[test]
fn case_16_a_plan_is_a_thought() {
    let Some(message) = message("vercel/cohere/cohere-empty-tool-call") else { return };
    let said = said(&message);
    assert!(said.text.is_empty() && !said.thoughts.is_empty(), "{said:?}");
    assert_eq!(said.calls[0].2, json!({}));
    assert_eq!((said.usage[0], said.usage[1]), (Some(1445 - 704), Some(704)));
}

#[test]
fn case_18_perplexitys_words_come_once() {
    let Some(exchange) = exchange("perplexity/chat-completions/rig.streaming.streaming_smoke") else { return };
    let body = exchange.translate(&[&exchange.body]);
    assert!(check_order(&body, "perplexity"));
    let told = exchange.events(&[&exchange.body]);
    let words = told.iter().filter_map(|event| match event {
        Event::Text { piece, .. } => Some(piece.as_str()),
        _ => None,
    });
    assert_eq!(said(&message_of(&body)).text, words.collect::<String>());
    let usages = told.iter().filter_map(|event| match event {
        Event::Usage(usage) => usage.output,
        _ => None,
    });
    assert_eq!(said(&message_of(&body)).usage[3], usages.reduce(|_, last| last));
}

#[test]
fn case_19_one_thought_and_one_text() {
    let Some(message) = message("vercel/openai/github-copilot-id-rotation") else { return };
    let kinds: Vec<&Value> = message["content"].as_array().unwrap().iter().map(|block| &block["type"]).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "text").count(), 1, "{kinds:?}");
}

#[test]
fn case_21_a_stream_that_stops_is_an_error() {
    use tollgate::config::Dialect;
    let Some(folder) = folder() else { return };
    for (file, dialect) in [
        ("synthetic-errors/anthropic/200-stream-truncated", Dialect::Anthropic),
        ("synthetic-errors/bedrock/200-stream-truncated", Dialect::Bedrock),
    ] {
        let kind = if dialect == Dialect::Bedrock { "eventstream" } else { "sse" };
        let body = std::fs::read(folder.join(format!("{file}.{kind}"))).unwrap();
        let (file, model) = (file.to_owned(), "anthropic.claude-sonnet-4-5".to_owned());
        let exchange = Turn { file, provider: String::new(), dialect, is_stream: true, model, body };
        let body = exchange.translate(&[&exchange.body]);
        assert!(!check_order(&body, &exchange.file));
        assert_eq!(events(&body).pop().unwrap().1["error"]["type"], "api_error");
    }
}
