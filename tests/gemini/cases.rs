//! The numbered cases of docs/dialects.md and the pitfalls of other projects that concern Gemini.

use serde_json::{Value, json};
use tollgate::chat::gather;
use tollgate::dialect::gemini::decode_response;

use super::recorded::{answer, decode, fixture, translate};
use super::strict::{asked, sent, studio, vertex};
use super::support::{Said, events, exchange, folder, ids, lines, usage};

/// What a client gets of a stream.
fn streamed(body: &[u8]) -> (Vec<Value>, Said) {
    let out = translate(&[body]);
    assert!(out.ends_with(b"data: [DONE]\n\n"), "{}", String::from_utf8_lossy(&out));
    let chunks = events(&out);
    let said = Said::of_stream(&chunks).remove(0);
    (chunks, said)
}

fn deltas(chunks: &[Value]) -> Vec<&Value> {
    chunks.iter().flat_map(|chunk| chunk["choices"].as_array().unwrap()).map(|choice| &choice["delta"]).collect()
}

/// Also pitfall 2: the finish comes in a later chunk, and says `STOP`.
#[test]
fn case_9_a_call_and_its_finish_in_two_chunks() {
    if folder().is_none() {
        return;
    }
    let recorded = exchange("gemini/streamGenerateContent/pyai.google_streaming_tool_call_thought_signature.1.json");
    let (chunks, said) = streamed(&recorded.body);
    assert_eq!((said.calls, &*said.finish), (vec![("get_country".to_owned(), json!({}))], "tool_calls"));
    let deltas = deltas(&chunks);
    let call =
        deltas.iter().find_map(|delta| delta["tool_calls"][0]["id"].is_string().then(|| &delta["tool_calls"][0]));
    let signature = call.unwrap()["extra_content"]["google"]["thought_signature"].as_str().unwrap();
    assert!(String::from_utf8_lossy(&recorded.body).contains(signature));
    // Pitfall 3: thoughts are output.
    assert_eq!(usage(chunks.iter()), Some([Some(29), None, Some(212), Some(202)]));
}

#[test]
fn case_10_a_signature_with_empty_text_is_an_entry_of_its_own() {
    if folder().is_none() {
        return;
    }
    let recorded =
        fixture("rig.streaming_multimodal_tool_results.streaming_history_preserves_hybrid_tool_result_ima.2.json");
    let (chunks, said) = streamed(&recorded.body);
    assert_eq!(said.text, "The dominant color in the image is red.");
    let deltas = deltas(&chunks);
    assert!(deltas[1..].iter().all(|delta| delta["content"] != ""));
    let entries: Vec<&Value> =
        deltas.iter().flat_map(|delta| delta["reasoning_details"].as_array().into_iter().flatten()).collect();
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (&entries[0]["type"], &entries[0]["format"]),
        (&json!("reasoning.encrypted"), &json!("google-gemini-v1"))
    );
    assert!(entries[0].get("id").is_none());
}

#[test]
fn case_11_calls_in_pieces_and_without_arguments() {
    if folder().is_none() {
        return;
    }
    let (chunks, said) = streamed(&fixture("google-stream-no-args-tool-call.chunks.txt").body);
    let expected = [
        ("read_theme", json!({})),
        ("read_screen", json!({"id": "A"})),
        ("read_screen", json!({"id": "B"})),
        ("read_screen", json!({"id": "C"})),
    ];
    assert_eq!(said.calls, expected.map(|(name, args)| (name.to_owned(), args)));
    assert_eq!(said.finish, "tool_calls");
    let deltas = deltas(&chunks);
    let calls: Vec<&Value> =
        deltas.iter().flat_map(|delta| delta["tool_calls"].as_array().into_iter().flatten()).collect();
    let opened: Vec<&&Value> = calls.iter().filter(|call| call["id"].is_string()).collect();
    assert_eq!(opened.iter().map(|call| call["index"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1, 2, 3]);
    let ids: std::collections::BTreeSet<&str> = opened.iter().map(|call| call["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 4);
    let sealed: Vec<bool> = opened.iter().map(|call| call["extra_content"].is_object()).collect();
    assert_eq!(sealed, [true, false, false, false]);
    let first: String = calls
        .iter()
        .filter(|call| call["index"] == 0)
        .map(|call| call["function"]["arguments"].as_str().unwrap())
        .collect();
    assert_eq!(first, "{}");
    assert_eq!(usage(chunks.iter()).unwrap()[2], Some(241));
}

#[test]
fn case_12_two_candidates_with_thoughts() {
    if folder().is_none() {
        return;
    }
    let written = answer(&fixture("rig.thought_text_matrix.text_response_across_two_candidates.json").body);
    let choices = Said::of_answer(&written);
    assert_eq!(choices.iter().map(|choice| &*choice.text).collect::<Vec<_>>(), ["RedRed", "Red"]);
    assert!(choices.iter().all(|choice| choice.thoughts.starts_with("**My")));
    // Rule 47: text after a second thought is a part of its own.
    let recorded = fixture("rig.thought_text_matrix.text_response_across_two_candidates.json");
    assert_eq!(decode_response(&recorded.body, &ids()).unwrap().choices[0].parts.len(), 4);
}

#[test]
fn case_13_a_blocked_prompt_is_an_answer() {
    let Some(folder) = folder() else { return };
    let recorded = fixture("pyai.google_model_armor_prompt_template_text_gets_blocked.2.json");
    let written = answer(&recorded.body);
    let message = &written["choices"][0]["message"];
    assert_eq!((&written["choices"][0]["finish_reason"], &message["content"]), (&json!("content_filter"), &json!("")));
    assert!(written.get("usage").is_none());
    assert_eq!(message["provider_specific_fields"]["promptFeedback"]["blockReason"], "MODEL_ARMOR");
    let stream = format!("data: {}\n\n", serde_json::from_slice::<Value>(&recorded.body).unwrap());
    assert_eq!(streamed(stream.as_bytes()).1.finish, "content_filter");
    let synthetic: Value =
        serde_json::from_slice(&std::fs::read(folder.join("synthetic-errors/gemini/200-prompt-blocked.json")).unwrap())
            .unwrap();
    let written = answer(synthetic["response"]["body"].to_string().as_bytes());
    assert_eq!(written["choices"][0]["finish_reason"], "content_filter");
    assert_eq!(written["usage"]["prompt_tokens"], 12);
}

#[test]
fn case_14_reasons_may_be_numbers() {
    if folder().is_none() {
        return;
    }
    let written = answer(&fixture("otel.generate_content_extra_params.json").body);
    assert_eq!(
        (&written["choices"][0]["finish_reason"], &written["choices"][0]["message"]["content"]),
        (&json!("length"), &json!(""))
    );
    assert_eq!(usage([&written].into_iter()), Some([Some(5), None, Some(4), Some(4)]));
}

#[test]
fn case_22_seals_of_others_stay_where_they_are() {
    let blocks = json!([{"type": "thinking", "thinking": "hm", "signature": "claudes"}]);
    let call = json!({"id": "toolu_1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let request = asked(&json!({"model": "m", "messages": [{"role": "user", "content": "a"},
        {"role": "assistant", "content": null, "thinking_blocks": blocks, "tool_calls": [call]}, {"role": "tool", "tool_call_id": "toolu_1", "content": "r"}]}));
    let (encoded, body) = sent(&request, &studio("gemini-2.5-flash")).unwrap();
    let parts = json!([{"functionCall": {"id": "toolu_1", "name": "f", "args": {}}}]);
    assert_eq!(body["contents"][1]["parts"], parts);
    assert_eq!(
        body["contents"][2]["parts"],
        json!([{"functionResponse": {"id": "toolu_1", "name": "f", "response": {"output": "r"}}}])
    );
    assert_eq!(encoded.dropped.fields(), ["reasoning"]);
}

#[test]
fn case_24_images_of_results_stand_in_them_or_after_them() {
    let call =
        |id: &str| json!({"id": id, "type": "function", "function": {"name": format!("f{id}"), "arguments": "{}"}});
    let image = json!([{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]);
    // The results in another order than the calls (rule 13).
    let messages = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": null, "tool_calls": [call("1"), call("2")]},
        {"role": "tool", "tool_call_id": "2", "content": "{\"b\":1}"}, {"role": "tool", "tool_call_id": "1", "content": image}, {"role": "user", "content": "go on"}]);
    let request = asked(&json!({"model": "m", "messages": messages}));
    let inline = json!({"inlineData": {"mimeType": "image/png", "data": "AA=="}});
    let result = |id: &str, response: Value| json!({"functionResponse": {"id": id, "name": format!("f{id}"), "response": response}});
    let (first, second) = (result("1", json!({"output": "see"})), result("2", json!({"b": 1})));
    let (_, old) = sent(&request, &studio("gemini-2.5-flash")).unwrap();
    assert_eq!(old["contents"][2]["parts"], json!([first, second, inline, {"text": "go on"}]));
    let (_, new) = sent(&request, &studio("gemini-3-flash-preview")).unwrap();
    let mut holding = first.clone();
    holding["functionResponse"]["parts"] = json!([inline]);
    assert_eq!(new["contents"][2]["parts"], json!([holding, second, {"text": "go on"}]));
}

/// Results of Gemini 3 hold images and documents only.
#[test]
fn sounds_of_results_stand_after_them() {
    let call = json!({"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let sound = json!([{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]);
    let messages = json!([{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": sound}]);
    let request = asked(&json!({"model": "m", "messages": messages}));
    let (_, body) = sent(&request, &studio("gemini-3-flash-preview")).unwrap();
    let parts = &body["contents"][2]["parts"];
    assert_eq!(parts[1], json!({"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}));
    assert!(parts[0]["functionResponse"].get("parts").is_none());
}

/// Vertex refuses the ids that it gives itself; calls and results go by name and order there.
#[test]
fn vertex_gets_no_ids() {
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let messages = json!([{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call("1"), call("2")]},
        {"role": "tool", "tool_call_id": "2", "content": "two"}, {"role": "tool", "tool_call_id": "1", "content": "one"}]);
    let request = asked(&json!({"model": "m", "messages": messages}));
    let (_, body) = sent(&request, &vertex("gemini-2.5-flash")).unwrap();
    let call = json!({"functionCall": {"name": "f", "args": {}}});
    let result = |text: &str| json!({"functionResponse": {"name": "f", "response": {"output": text}}});
    assert_eq!(body["contents"][1]["parts"], json!([call, call]));
    assert_eq!(body["contents"][2]["parts"], json!([result("one"), result("two")]));
}

#[test]
fn rule_4_results_find_the_nearest_call_then_the_next_place() {
    let call =
        |id: &str, name: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}});
    let result = |id: &str, content: &str| json!({"role": "tool", "tool_call_id": id, "content": content});
    let messages = json!([{"role": "user", "content": "a"},
        {"role": "assistant", "tool_calls": [call("x", "one")]}, result("x", "1"),
        {"role": "assistant", "tool_calls": [call("x", "two"), call("y", "three")]}, result("x", "2"), result("lost", "3"), result("nobody", "4")]);
    let (_, body) = sent(&asked(&json!({"model": "m", "messages": messages})), &studio("gemini-2.5-flash")).unwrap();
    let names = |turn: usize| {
        let parts = body["contents"][turn]["parts"].as_array().unwrap().iter();
        parts
            .map(|part| {
                (
                    part["functionResponse"]["name"].as_str().unwrap().to_owned(),
                    part["functionResponse"]["response"]["output"].as_str().unwrap().to_owned(),
                )
            })
            .collect::<Vec<_>>()
    };
    let expected = |list: &[(&str, &str)]| {
        list.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(names(2), expected(&[("one", "1")]));
    assert_eq!(names(4), expected(&[("two", "2"), ("three", "3"), ("nobody", "4")]));
}

#[test]
fn results_that_failed_say_so() {
    let call = json!({"id": "1", "type": "function", "function": {"name": "f", "arguments": "[1]"}});
    for (content, expected) in [("no", json!({"error": "no"})), ("{\"a\":1}", json!({"error": {"a": 1}}))] {
        let messages = json!([{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "1", "content": content, "is_error": true}]);
        let (_, body) =
            sent(&asked(&json!({"model": "m", "messages": messages})), &studio("gemini-2.5-flash")).unwrap();
        assert_eq!(body["contents"][2]["parts"][0]["functionResponse"]["response"], expected);
        assert_eq!(body["contents"][1]["parts"][0]["functionCall"]["args"], json!({"input": [1]}));
    }
}

#[test]
fn rule_46_parts_open_by_kind_and_signatures_seal_what_came_before() {
    let part = |part: Value| json!({"candidates": [{"content": {"parts": [part]}}]}).to_string();
    let body = lines(
        &[
            part(json!({"text": "hm", "thought": true})),
            part(json!({"text": "a"})),
            part(json!({"text": "b", "thoughtSignature": "S1"})),
            part(json!({"text": "c"})),
            part(json!({"functionCall": {"name": "f", "args": {"x": 1}}})),
            part(json!({"text": "", "thoughtSignature": "S2"})),
            part(json!({"thoughtSignature": "S3"})),
            part(json!({"inlineData": {"mimeType": "image/png", "data": "AA=="}, "thoughtSignature": "S4"})),
            part(json!({"inlineData": {"mimeType": "image/png", "data": "draft"}, "thought": true})),
            part(json!({"functionCall": {}})),
            json!({"candidates": [{"finishReason": "STOP"}]}).to_string(),
            part(json!({"text": "after the end"})),
        ]
        .join("\n"),
    );
    let response = gather(&decode(&[&body])).unwrap();
    let parts: Vec<String> = response.choices[0]
        .parts
        .iter()
        .map(|part| {
            let seal = part.seal.as_ref().map_or("", |seal| &seal.data);
            format!("{:?} {seal}", part.body).chars().filter(|c| !c.is_whitespace()).collect::<String>()
        })
        .collect();
    let (starts, ends): (Vec<&str>, Vec<&str>) = (
        vec![
            "Reasoning{text:\"hm\"",
            "Text{text:\"ab\"",
            "Text{text:\"c\"",
            "Call(ToolCall",
            "Text{text:\"\"",
            "Media(Media{kind:Image",
        ],
        vec!["}", "S1", "}", "S2", "S3", "S4"],
    );
    assert_eq!(parts.len(), starts.len(), "{parts:#?}");
    for (part, (start, end)) in parts.iter().zip(starts.iter().zip(ends)) {
        assert!(part.starts_with(start) && part.ends_with(end), "{part}");
    }
}

#[test]
fn images_out_and_logprobs() {
    let chosen = json!([{"token": "é", "logProbability": -0.5}, {"token": "x", "logProbability": -1}]);
    let tops = json!([{"candidates": [{"token": "é", "logProbability": -0.5}, {"token": "e", "logProbability": -2}]}]);
    let candidate = json!({"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AA=="}}, {"text": "ex"}]},
        "finishReason": "STOP", "logprobsResult": {"chosenCandidates": chosen, "topCandidates": tops}});
    let body = json!({"candidates": [candidate], "modelVersion": "m"}).to_string();
    let written = answer(body.as_bytes());
    let choice = &written["choices"][0];
    assert_eq!(choice["message"]["images"][0]["image_url"]["url"], "data:image/png;base64,AA==");
    let top =
        json!([{"token": "é", "logprob": -0.5, "bytes": [195, 169]}, {"token": "e", "logprob": -2.0, "bytes": [101]}]);
    assert_eq!(
        choice["logprobs"]["content"][0],
        json!({"token": "é", "logprob": -0.5, "bytes": [195, 169], "top_logprobs": top})
    );
    assert_eq!(choice["logprobs"]["content"][1]["top_logprobs"], json!([]));
    let (chunks, _) = streamed(format!("data: {body}\n\n").as_bytes());
    assert!(chunks.iter().any(|chunk| chunk["choices"][0]["logprobs"]["content"][0]["token"] == "é"));
}

#[test]
fn urls_that_an_answer_is_based_on() {
    if folder().is_none() {
        return;
    }
    let written = answer(&fixture("pyai.google_model_web_fetch_tool.json").body);
    let message = &written["choices"][0]["message"];
    let cited = &message["annotations"][0]["url_citation"];
    assert_eq!(
        (&cited["url"], &cited["title"], &cited["start_index"]),
        (&json!("https://ai.pydantic.dev"), &json!("Pydantic AI"), &json!(0))
    );
    assert_eq!(cited["end_index"], 131);
    let fields = &message["provider_specific_fields"];
    assert!(fields["groundingMetadata"].is_object() && fields["urlContextMetadata"].is_object());
}

/// Rule: blocks of the provider's own tools never become calls, and come back as they were.
#[test]
fn code_that_ran_is_a_block() {
    if folder().is_none() {
        return;
    }
    let written = answer(
        &fixture("rubyllm.code_execution_with_gemini_gemini-3_5-flash_runs_code_server-side_and_replays_the_tu.1.json")
            .body,
    );
    let message = &written["choices"][0]["message"];
    assert_eq!(written["choices"][0]["finish_reason"], "stop");
    assert!(message.get("tool_calls").is_none());
    let blocks = &message["provider_specific_fields"]["blocks"];
    assert_eq!(
        (&blocks[0]["name"], &blocks[0]["call_id"], &blocks[1]["call_id"]),
        (&json!("code_execution"), &json!("call_46063"), &json!("call_46063"))
    );
    let back = asked(
        &json!({"model": "m", "messages": [{"role": "user", "content": "a"}, message, {"role": "user", "content": "b"}]}),
    );
    let (encoded, body) = sent(&back, &studio("gemini-3-flash-preview")).unwrap();
    let parts = body["contents"][1]["parts"].as_array().unwrap();
    assert_eq!((&parts[0], &parts[1]), (&blocks[0]["block"], &blocks[1]["block"]));
    assert!(parts[2]["thoughtSignature"].is_string() && encoded.dropped.fields().is_empty());
    let (_, other) =
        sent(&back, &tollgate::dialect::Facts { without_seals: true, ..studio("gemini-3-flash-preview") }).unwrap();
    assert!(!other.to_string().contains("thoughtSignature"), "{other}");
}
