//! An independent reading of Gemini's answers.

use serde_json::{Value, json};

use super::support::Said;

fn finish(word: &Value, has_calls: bool) -> &'static str {
    match word.as_str().unwrap_or(if *word == json!(2) { "MAX_TOKENS" } else { "" }) {
        "" => "",
        "STOP" if has_calls => "tool_calls",
        "MAX_TOKENS" => "length",
        "SAFETY" | "RECITATION" | "PROHIBITED_CONTENT" => "content_filter",
        _ => "stop",
    }
}

/// The choices of an answer, or of a stream's chunks.
pub fn said(chunks: &[Value]) -> Vec<Said> {
    let mut choices: Vec<Said> = Vec::new();
    for chunk in chunks {
        if chunk["promptFeedback"]["blockReason"].is_string() {
            choices.push(Said { finish: "content_filter".into(), ..Said::default() });
        }
        for (place, candidate) in chunk["candidates"].as_array().into_iter().flatten().enumerate() {
            let index = candidate["index"].as_u64().map_or(place, |index| index as usize);
            choices.resize_with(choices.len().max(index + 1), Default::default);
            add(&mut choices[index], candidate);
        }
    }
    choices
}

fn add(choice: &mut Said, candidate: &Value) {
    for part in candidate["content"]["parts"].as_array().into_iter().flatten() {
        let text = part["text"].as_str().unwrap_or_default();
        if part["thought"] == true {
            choice.thoughts += text
        } else {
            choice.text += text
        }
        let call = &part["functionCall"];
        if let Some(name) = call["name"].as_str() {
            choice
                .calls
                .push((name.to_owned(), if call["args"].is_object() { call["args"].clone() } else { json!({}) }));
        }
        for piece in call["partialArgs"].as_array().into_iter().flatten() {
            let name = piece["jsonPath"].as_str().unwrap().trim_start_matches("$.").to_owned();
            let args = &mut choice.calls.last_mut().unwrap().1;
            let before = args[&name].as_str().unwrap_or_default().to_owned();
            args[&name] = json!(before + piece["stringValue"].as_str().unwrap());
        }
    }
    let grounding = &candidate["groundingMetadata"];
    let chunks = &grounding["groundingChunks"];
    for support in grounding["groundingSupports"].as_array().into_iter().flatten() {
        for index in support["groundingChunkIndices"].as_array().into_iter().flatten() {
            let uri = chunks[index.as_u64().unwrap() as usize]["web"]["uri"].as_str();
            choice.pages.extend(uri.map(str::to_owned));
        }
    }
    if !candidate["finishReason"].is_null() {
        choice.finish = finish(&candidate["finishReason"], !choice.calls.is_empty()).to_owned();
    }
}

/// The last usage: input, cached, output, reasoning.
pub fn usage(chunks: &[Value]) -> Option<[Option<u64>; 4]> {
    let last = |name: &str| chunks.iter().rev().find_map(|chunk| chunk["usageMetadata"][name].as_u64());
    let sum = |one: Option<u64>, other: Option<u64>| one.map_or(other, |one| Some(one + other.unwrap_or(0)));
    let (prompt, tools) = (last("promptTokenCount"), last("toolUsePromptTokenCount"));
    let (candidates, thoughts) = (last("candidatesTokenCount"), last("thoughtsTokenCount"));
    let counts = [sum(prompt, tools), last("cachedContentTokenCount"), sum(candidates, thoughts), thoughts];
    counts.iter().any(Option::is_some).then_some(counts)
}

/// Chat completions have a total for either side, reported or not.
pub fn shown(usage: Option<[Option<u64>; 4]>) -> Option<[Option<u64>; 4]> {
    usage.map(|[input, cached, output, reasoning]| [input.or(Some(0)), cached, output.or(Some(0)), reasoning])
}

/// All signatures, in order.
pub fn signatures(chunks: &[Value]) -> Vec<String> {
    let candidates = chunks.iter().flat_map(|chunk| chunk["candidates"].as_array().into_iter().flatten());
    let parts = candidates.flat_map(|candidate| candidate["content"]["parts"].as_array().into_iter().flatten());
    parts.filter_map(|part| part["thoughtSignature"].as_str().map(str::to_owned)).collect()
}
