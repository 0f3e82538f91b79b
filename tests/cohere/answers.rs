//! Whole answers and streams.

use serde_json::{Value, json};
use tollgate::chat::{Body, Citation, Raw, gather};
use tollgate::dialect::cohere::decode_response;

use super::recorded::{decode, exchanges, given, said, translate, used, written};
use super::schema::Schema;
use super::support::{Exchange, Said, events, exchange, folder, however_cut, ids, usage};

/// Ids of calls, in order.
fn call_ids(calls: &Value) -> Vec<&Value> {
    calls.as_array().into_iter().flatten().map(|call| &call["id"]).collect()
}

fn check_answer(exchange: &Exchange, schema: &Schema) {
    let (file, given, written) = (&exchange.file, given(exchange), written(&exchange.body));
    assert_eq!(Said::of_answer(&written), [said(&given)], "{file}");
    assert_eq!(usage([&written].into_iter()), Some(used(&given)), "{file}");
    assert_eq!(written["model"], "sent-model", "{file}: Cohere does not say");
    let message = &written["choices"][0]["message"];
    assert_eq!(call_ids(&message["tool_calls"]), call_ids(&given["message"]["tool_calls"]), "{file}");
    let citations = given["message"]["citations"].as_array().filter(|list| !list.is_empty());
    assert_eq!(message["provider_specific_fields"]["citations"].as_array(), citations, "{file}");
    assert_eq!(schema.faults(&written), [""; 0], "{file}");
}

fn check_stream(exchange: &Exchange, schema: &Schema) {
    let (file, given) = (&exchange.file, given(exchange));
    let whole = however_cut(file, &exchange.body, translate);
    let chunks = events(&whole);
    if given["finish_reason"] == "ERROR" {
        let last = chunks.last().unwrap();
        assert_eq!(last["error"]["type"], "server_error", "{file}: {last}");
        assert!(!String::from_utf8(whole).unwrap().contains("[DONE]"), "{file}");
        return;
    }
    assert!(whole.ends_with(b"data: [DONE]\n\n"), "{file}");
    assert_eq!(Said::of_stream(&chunks), [said(&given)], "{file}");
    assert_eq!(usage(chunks.iter()), Some(used(&given)), "{file}");
    for chunk in &chunks {
        assert_eq!(schema.faults(chunk), [""; 0], "{file}");
    }
    // The stream amounts to the answer that its parts make.
    let mut gathered = gather(&decode(&[&exchange.body])).unwrap();
    let mut whole = decode_response(&serde_json::to_vec(&given).unwrap(), &ids()).unwrap();
    for response in [&mut gathered, &mut whole] {
        response.id.clear();
        for part in &mut response.choices[0].parts {
            let Body::Text { citations, .. } = &mut part.body else { continue };
            for citation in citations {
                // In one order of members.
                let Citation::Native { raw, .. } = citation else { panic!("{file}: {citation:?}") };
                *raw = Raw::of(&raw.value());
            }
        }
    }
    assert_eq!(gathered, whole, "{file}");
}

#[test]
fn recorded_answers_mean_the_same_on_the_other_side() {
    let (Some(answer), Some(chunk)) = (Schema::read("ChatCompletion"), Schema::read("ChatCompletionChunk")) else {
        return;
    };
    let (mut answers, mut streams, mut failed) = (0, 0, Vec::new());
    for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
        if exchange.is_stream {
            check_stream(exchange, &chunk);
            streams += 1;
            if given(exchange)["finish_reason"] == "ERROR" {
                failed.push(exchange.file.clone());
            }
        } else {
            check_answer(exchange, &answer);
            answers += 1;
        }
    }
    println!("cohere answers: tried {answers}, passed {answers}, excluded 0");
    println!("cohere streams: tried {streams}, passed {streams} ({} with an error), excluded 0", failed.len());
    assert!(answers >= 15 && streams >= 12 && failed.len() == 2, "{answers} {streams} {failed:?}");
}

#[test]
fn rule_50_case_15_an_error_at_the_end_is_an_error_also_after_a_plan() {
    if folder().is_none() {
        return;
    }
    let chunks = events(&translate(&[&exchange("cohere/v2-chat/lccohere.sql_agent.1.json").body]));
    let error = &chunks.last().unwrap()["error"];
    let message = "your request resulted in an invalid tool generation. Try updating the messages or tool definitions";
    assert_eq!(*error, json!({"message": message, "type": "server_error", "param": null, "code": null}));
    assert!(chunks.iter().all(|chunk| chunk.get("usage").is_none_or(Value::is_null)));
    let thoughts: String = chunks
        .iter()
        .filter_map(|chunk| chunk.pointer("/choices/0/delta/reasoning_content"))
        .map(|text| text.as_str().unwrap())
        .collect();
    assert!(thoughts.starts_with("I will "), "{thoughts}");
}

#[test]
fn case_16_trap_9_a_call_without_arguments_and_a_plan() {
    let Some(found) = exchanges().into_iter().find(|found| found.file.ends_with("cohere-empty-tool-call.chunks.txt"))
    else {
        return;
    };
    let chunks = events(&translate(&[&found.body]));
    let said = &Said::of_stream(&chunks)[0];
    assert_eq!((&*said.text, &*said.thoughts), ("", "I will use the currentTime tool to find the current time."));
    assert_eq!(said.calls, [("currentTime".to_owned(), json!({}))]);
    assert_eq!(usage(chunks.iter()).unwrap()[..2], [Some(1445), Some(704)]);
    let arguments: String = chunks
        .iter()
        .filter_map(|chunk| chunk.pointer("/choices/0/delta/tool_calls/0/function/arguments"))
        .map(|text| text.as_str().unwrap())
        .collect();
    assert_eq!(arguments, "{}");
}

#[test]
fn trap_14_unknown_reasons_are_legal_ones() {
    for (word, calls, reason) in [
        ("COMPLETE", false, "stop"),
        ("STOP_SEQUENCE", false, "stop"),
        ("MAX_TOKENS", false, "length"),
        ("TOOL_CALL", true, "tool_calls"),
        ("COMPLETE", true, "tool_calls"),
        ("SOMETHING_NEW", false, "stop"),
    ] {
        let call = json!([{"id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]);
        let message = json!({"role": "assistant", "tool_calls": if calls { call } else { json!(null) }});
        let body = json!({"id": "x", "message": message, "finish_reason": word}).to_string();
        assert_eq!(written(body.as_bytes())["choices"][0]["finish_reason"], reason, "{word}");
    }
}

#[test]
fn rule_2_a_stream_cut_anywhere_ends_in_an_error() {
    for exchange in exchanges().iter().filter(|exchange| exchange.is_stream) {
        let end = exchange.body.windows(12).rposition(|bytes| bytes.starts_with(b"\"message-end")).unwrap_or(0);
        for at in [0, end / 3, end / 2, end.saturating_sub(1)] {
            let out = translate(&[&exchange.body[..at]]);
            let last = events(&out).pop().unwrap();
            assert_eq!(last["error"]["code"], "stream_cut", "{} at {at}: {last}", exchange.file);
            assert!(!out.ends_with(b"[DONE]\n\n"), "{}", exchange.file);
        }
    }
}

#[test]
fn log_probabilities_are_told_in_openais_shape() {
    let piece = json!({"text": "Hi", "token_ids": [1], "logprobs": [-0.25]});
    let body = json!({"id": "x", "message": {"content": [{"type": "text", "text": "Hi"}]},
        "finish_reason": "COMPLETE", "logprobs": [piece]});
    let expected = json!({"content": [{"token": "Hi", "logprob": -0.25, "bytes": [72, 105], "top_logprobs": []}],
        "refusal": null});
    assert_eq!(written(body.to_string().as_bytes())["choices"][0]["logprobs"], expected);
    let stream = [
        json!({"type": "message-start", "id": "x"}),
        json!({"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Hi"}}}, "logprobs": piece}),
        json!({"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}),
    ];
    let stream: String = stream.iter().map(|event| format!("data: {event}\n\n")).collect();
    let chunks = events(&translate(&[stream.as_bytes()]));
    let told: Vec<&Value> = chunks
        .iter()
        .filter_map(|chunk| chunk.pointer("/choices/0/logprobs"))
        .filter(|logprobs| !logprobs.is_null())
        .collect();
    assert_eq!(told, [&expected]);
}

#[test]
fn citations_stay_with_their_text_wherever_they_come() {
    let citation = |kind: &str| json!({"start": 0, "end": 1, "text": "a", "sources": [], "type": kind});
    let event = |kind: &str, message: Value| json!({"type": kind, "index": 0, "delta": {"message": message}});
    let cite = |kind: &str| event("citation-start", json!({"citations": citation(kind)}));
    let text = |text: &str| event("content-delta", json!({"content": {"text": text}}));
    let end = json!({"type": "message-end", "delta": {"finish_reason": "COMPLETE"}});
    let plan = event("tool-plan-delta", json!({"tool_plan": "p"}));
    let call = event("tool-call-start", json!({"tool_calls": {"id": "c", "function": {"name": "f", "arguments": ""}}}));
    for (given, expected) in [
        (vec![text("ab"), cite("TEXT_CONTENT"), end.clone()], vec!["TEXT_CONTENT"]),
        (vec![text("ab"), json!({"type": "content-end", "index": 0}), cite("LATE"), end.clone()], vec!["LATE"]),
        (vec![plan.clone(), cite("PLAN"), text("ab"), end.clone()], vec!["PLAN"]),
        (vec![plan, cite("PLAN"), call, end], vec!["PLAN"]),
    ] {
        let stream: String = given.iter().map(|event| format!("data: {event}\n\n")).collect();
        let chunks = events(&translate(&[stream.as_bytes()]));
        let told = chunks.iter().find_map(|chunk| chunk.pointer("/choices/0/delta/provider_specific_fields/citations"));
        let kinds: Vec<&Value> = told.unwrap().as_array().unwrap().iter().map(|citation| &citation["type"]).collect();
        assert_eq!(kinds, expected, "{given:?}");
        // No text is made up for a citation where there is one.
        let parts = gather(&decode(&[stream.as_bytes()])).unwrap().choices.remove(0).parts;
        let texts: Vec<&str> = parts.iter().filter_map(tollgate::chat::Part::as_text).collect();
        let is_said = given.iter().any(|event| event["delta"]["message"]["content"]["text"] == "ab");
        assert_eq!(texts, [if is_said { "ab" } else { "" }], "{given:?}");
    }
}

#[test]
fn citations_name_the_content_that_they_belong_to() {
    let cite =
        |text: &str, index: Value| json!({"start": 0, "end": 1, "text": text, "sources": [], "content_index": index});
    let content =
        json!([{"type": "thinking", "thinking": "t"}, {"type": "text", "text": "a"}, {"type": "text", "text": "b"}]);
    let citations = json!([cite("a", json!(1)), cite("b", json!(2)), cite("?", Value::Null), cite("t", json!(0))]);
    let body = json!({"message": {"content": content, "citations": citations}, "finish_reason": "COMPLETE"});
    let parts = decode_response(body.to_string().as_bytes(), &ids()).unwrap().choices.remove(0).parts;
    let cited = parts.iter().map(|part| match &part.body {
        Body::Text { citations, .. } => citations.len(),
        _ => 0,
    });
    assert_eq!(cited.collect::<Vec<_>>(), [0, 3, 1]);
}
