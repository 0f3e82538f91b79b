//! Recorded answers and streams, as a client of chat completions sees them.

use serde_json::{Value, json};
use tollgate::chat::{Request, gather};
use tollgate::dialect::bedrock::decode_response;
use tollgate::dialect::openai::chat::encode_response;

use super::recorded::{blocks, counts, decode, exchanges, given, said, translate};
use super::schema::Schema;
use super::support::{Exchange, Said, events, however_cut, usage};

/// A whole answer, as the client gets it.
pub fn written(exchange: &Exchange) -> Value {
    let response = decode_response(&exchange.body, &exchange.ids());
    let response = response.unwrap_or_else(|error| panic!("{}: {error:?}", exchange.file));
    serde_json::from_slice(&encode_response(&response, &Request::default(), &exchange.ids(), None)).unwrap()
}

/// What stands beside the text: blocks of built-in tools, citations, the trace, details of reasoning.
fn beside(exchange: &Exchange, message: &Value) {
    let (file, answer) = (&exchange.file, given(exchange));
    let is_builtin = |block: &&Value| block["toolUse"]["type"] == "server_tool_use" || block["toolResult"].is_object();
    let builtin: Vec<&Value> = blocks(&answer).iter().filter(is_builtin).collect();
    let fields = &message["provider_specific_fields"];
    let told: Vec<&Value> = fields["blocks"].as_array().into_iter().flatten().map(|entry| &entry["block"]).collect();
    assert_eq!(told, builtin, "{file}");
    let cited = blocks(&answer).iter().flat_map(|block| block["citationsContent"]["citations"].as_array()).flatten();
    let told = fields["citations"].as_array().into_iter().flatten();
    assert!(told.eq(cited), "{file}: {fields}");
    assert_eq!(fields["trace"], answer["trace"], "{file}");
    let signed = blocks(&answer).iter().map(|block| &block["reasoningContent"]["reasoningText"]["signature"]);
    let signed: Vec<&Value> = signed.filter(|signature| signature.is_string()).collect();
    let details = message["reasoning_details"].as_array().into_iter().flatten();
    let told: Vec<&Value> =
        details.map(|entry| &entry["signature"]).filter(|signature| signature.is_string()).collect();
    assert_eq!(told, signed, "{file}");
}

pub fn check_answer(exchange: &Exchange, schema: &Schema) {
    let (file, answer, written) = (&exchange.file, given(exchange), written(exchange));
    assert_eq!(Said::of_answer(&written), [said(&answer)], "{file}");
    assert_eq!(usage([&written].into_iter()), counts(&answer["usage"]), "{file}");
    assert_eq!((&written["id"], &written["created"]), (&"chatcmpl-01JTEST".into(), &1_700_000_000.into()), "{file}");
    assert_eq!(written["model"], exchange.model, "{file}");
    assert_eq!(schema.faults(&written), [""; 0], "{file}");
    beside(exchange, &written["choices"][0]["message"]);
}

pub fn check_stream(exchange: &Exchange, schema: &Schema) {
    let (file, answer, ids) = (&exchange.file, given(exchange), exchange.ids());
    let whole = however_cut(file, &exchange.body, |pieces| translate(pieces, &ids));
    let events_whole = however_cut(file, &exchange.body, |pieces| decode(pieces, &ids));
    assert!(whole.ends_with(b"data: [DONE]\n\n"), "{file}");
    let chunks = events(&whole);
    assert_eq!(Said::of_stream(&chunks), [said(&answer)], "{file}");
    assert_eq!(usage(chunks.iter()), counts(&answer["usage"]), "{file}");
    for chunk in &chunks {
        assert_eq!(schema.faults(chunk), [""; 0], "{file}: {chunk}");
    }
    order(&chunks, file);
    let extras = chunks.iter().find(|chunk| chunk["choices"][0]["delta"]["provider_specific_fields"].is_object());
    let details =
        chunks.iter().flat_map(|chunk| chunk["choices"][0]["delta"]["reasoning_details"].as_array()).flatten();
    let mut message = extras.map_or(json!({}), |chunk| chunk["choices"][0]["delta"].clone());
    message["reasoning_details"] = json!(details.collect::<Vec<_>>());
    beside(exchange, &message);
    let gathered = gather(&events_whole).unwrap();
    let mut again: Value =
        serde_json::from_slice(&encode_response(&gathered, &Request::default(), &ids, None)).unwrap();
    assert_eq!(Said::of_answer(&again), [said(&answer)], "{file}: gathered");
    beside(exchange, &again["choices"][0]["message"].take());
}

/// Rules 15, 17, 21 and 22.
fn order(chunks: &[Value], file: &str) {
    assert_eq!(chunks[0]["choices"][0]["delta"], json!({"role": "assistant", "content": ""}), "{file}");
    let mut calls = 0;
    for chunk in chunks {
        assert_eq!((&chunk["id"], &chunk["model"]), (&chunks[0]["id"], &chunks[0]["model"]), "{file}");
        for call in chunk["choices"][0]["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let is_first = call["index"] == calls;
            assert!(
                call.get("id").is_some() == is_first && call["function"].get("name").is_some() == is_first,
                "{file}"
            );
            calls += u64::from(is_first);
        }
    }
    let ends = chunks.iter().filter(|chunk| chunk["choices"][0]["finish_reason"].is_string()).count();
    assert_eq!(ends, 1, "{file}");
    let usages = chunks.iter().enumerate().filter(|(_, chunk)| chunk["usage"].is_object());
    assert!(usages.map(|(place, _)| place).all(|place| place + 1 == chunks.len()), "{file}");
}

#[test]
fn recorded_answers_and_streams_mean_the_same_to_a_client() {
    let (Some(whole), Some(chunk)) = (Schema::read("ChatCompletion"), Schema::read("ChatCompletionChunk")) else {
        return;
    };
    let mut counts = [0, 0];
    for exchange in exchanges().iter().filter(|exchange| exchange.status == 200) {
        match exchange.is_stream {
            true => check_stream(exchange, &chunk),
            false => check_answer(exchange, &whole),
        }
        counts[usize::from(exchange.is_stream)] += 1;
    }
    println!(
        "bedrock answers: tried {0}, passed {0}, excluded 0; streams: tried {1}, passed {1}, excluded 0",
        counts[0], counts[1]
    );
    assert!(counts[0] >= 20 && counts[1] >= 20, "{counts:?}");
}

/// What is not Converse is not read here: it is listed, so that nothing is left out unseen.
#[test]
fn other_endpoints_are_known() {
    let mut others: Vec<String> = super::recorded::all().into_iter().map(|exchange| exchange.endpoint).collect();
    others.retain(|endpoint| !endpoint.starts_with("converse"));
    others.sort();
    others.dedup();
    if !others.is_empty() {
        assert_eq!(others, ["count-tokens", "invoke", "invoke-with-response-stream", "rerank"]);
    }
}
