//! What a client sends back of an answer is what the provider said, its proofs in their places (rules 6 to 11, line 44).

use serde_json::{Value, json};
use tollgate::chat::{Body, Event, Format, Kind, Media, MediaKind, Part, Request, Seal, SealKind, Source, gather};
use tollgate::config::Dialect;
use tollgate::dialect::anthropic::client::{decode_request, encode_response};
use tollgate::dialect::{Encoded, Facts, bedrock, gemini, openai, spoken};

use super::anthropic::message_of;
use super::streams::{args, call, close, open, sealed, stream, text, thought};
use super::support::{exchange, folder, turns};

/// The next turn of a client that sends the answer back as it is.
fn next_turn(message: &Value) -> Value {
    let calls = message["content"].as_array().unwrap().iter().filter(|block| block["type"] == "tool_use");
    let mut said: Vec<Value> =
        calls.map(|call| json!({"type": "tool_result", "tool_use_id": call["id"], "content": "done"})).collect();
    said.push(json!({"type": "text", "text": "Go on."}));
    json!({"model": "acme/m", "max_tokens": 1000, "messages": [{"role": "user", "content": "Hi"},
        {"role": "assistant", "content": message["content"]}, {"role": "user", "content": said}]})
}

fn parts_of(message: &Value) -> Vec<Part> {
    let request = decode_request(next_turn(message).to_string().as_bytes()).unwrap();
    request.messages[1].parts.clone()
}

/// A part as others see it; what says nothing and proves nothing is none.
fn kept(parts: &[Part]) -> Vec<(String, Option<(Format, String)>)> {
    let told = parts.iter().filter_map(|part| {
        let what = match &part.body {
            Body::Text { text, .. } | Body::Refusal(text) => format!("text {text}"),
            Body::Reasoning { text, .. } => format!("thought {text}"),
            Body::Call(call) => format!("call {} {}", call.id, call.args.to_object().value()),
            Body::Native(native) if native.format == Format::Anthropic => native.block.value().to_string(),
            _ => return None,
        };
        let seal = part.seal.as_ref().map(|seal| (seal.format.clone(), seal.data.clone()));
        (seal.is_some() || !what.ends_with(' ')).then_some((what, seal))
    });
    told.collect()
}

#[test]
fn line_44_every_recorded_answer_comes_back_with_its_seals_in_their_places() {
    let (mut tried, mut seals) = (0, 0);
    for exchange in turns() {
        let response = if exchange.is_stream {
            let told = exchange.events(&[&exchange.body]);
            if told.last() != Some(&Event::End) {
                continue;
            }
            gather(&told).unwrap()
        } else {
            let Ok(response) = spoken::decode_response(exchange.dialect, &exchange.body, &exchange.ids()) else {
                continue;
            };
            response
        };
        let message: Value = if exchange.is_stream {
            message_of(&exchange.translate(&[&exchange.body]))
        } else {
            serde_json::from_slice(&encode_response(&response, &Request::default(), &exchange.ids(), None)).unwrap()
        };
        let explained = message["stop_details"]["explanation"].is_string();
        let mut parts = response.choices[0].parts.clone();
        parts.retain(|part| !(explained && matches!(part.body, Body::Refusal(_))));
        let expected = kept(&parts);
        let back = kept(&parts_of(&message));
        let first = back.iter().zip(&expected).find(|(back, expected)| back != expected);
        assert_eq!((first, back.len()), (None, expected.len()), "{}", exchange.file);
        tried += 1;
        seals += expected.iter().filter(|(_, seal)| seal.is_some()).count();
    }
    println!("histories: {tried}, seals: {seals}");
    assert!(folder().is_none() || (tried > 300 && seals > 50), "{tried} {seals}");
}

fn facts<'a>(model: &'a str, provider: &'a str) -> Facts<'a> {
    Facts { model, provider, base_path: "/v1", ..Facts::default() }
}

fn sent(encoded: &Encoded) -> Value {
    serde_json::from_slice(&encoded.body).unwrap()
}

/// Gemini signs the first of parallel calls, and may sign text, also late.
#[test]
fn rule_11_and_case_9_geminis_signatures_come_back_where_they_were() {
    let seal = |data: &str| Seal::new(Format::Gemini, SealKind::Encrypted, data);
    let told = [
        open(0, thought()),
        text(0, "Hm"),
        close(0),
        open(1, call("c1", Some(seal("Cg1=")))),
        args(1, "{}"),
        close(1),
        open(2, call("c2", None)),
        close(2),
    ];
    let message = message_of(&stream(&told));
    let kinds: Vec<&str> =
        message["content"].as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["thinking", "redacted_thinking", "tool_use", "tool_use"]);
    assert_eq!(message["content"][1]["data"], "tg1.google-gemini-v1-next.acme.Cg1=");
    let request = decode_request(next_turn(&message).to_string().as_bytes()).unwrap();
    let contents = sent(&gemini::encode_request(&request, &facts("gemini-3-pro", "acme")))["contents"].clone();
    let parts = contents[1]["parts"].as_array().unwrap();
    let signatures: Vec<&Value> = parts.iter().map(|part| &part["thoughtSignature"]).collect();
    assert_eq!(signatures, [&json!("Cg1="), &Value::Null], "{contents}");
    // Whoever is asked instead gets no proof of another's, and call and result.
    let openai = sent(&openai::chat::encode_request(&request, &facts("gpt-5", "openai")));
    assert!(!openai.to_string().contains("Cg1="), "{openai}");
    assert_eq!(openai["messages"][1]["tool_calls"].as_array().map(Vec::len), Some(2));

    let late = [open(0, Kind::Text), text(0, "Hi"), sealed(0, Format::Gemini, SealKind::Encrypted, "Cg2="), close(0)];
    let parts = parts_of(&message_of(&stream(&late)));
    assert_eq!(kept(&parts), [("text Hi".to_owned(), Some((Format::Gemini, "Cg2=".to_owned())))]);
}

/// Whatever stands beside: a late seal of an earlier block, a signed text before a call, an image.
#[test]
fn rule_6_a_seal_proves_what_it_proved() {
    let signed = |part, data: &str| sealed(part, Format::Gemini, SealKind::Encrypted, data);
    let seal = |data: &str| Some((Format::Gemini, data.to_owned()));
    let text_then_call = [
        open(0, Kind::Text),
        text(0, "Hi"),
        signed(0, "T="),
        close(0),
        open(1, call("c1", None)),
        close(1),
        open(2, call("c2", None)),
        close(2),
        signed(1, "L="),
        open(3, Kind::Text),
        signed(3, "E="),
        close(3),
    ];
    let expected = [
        ("text Hi".to_owned(), seal("T=")),
        ("call c1 {}".to_owned(), seal("L=")),
        ("call c2 {}".to_owned(), None),
        ("text ".to_owned(), seal("E=")),
    ];
    assert_eq!(kept(&parts_of(&message_of(&stream(&text_then_call)))), expected);
    let media = Media::new(MediaKind::Image, None, Source::Base64("iVBORw0KGgo=".into()));
    let image = Event::Whole { choice: 0, part: 1, body: Body::Media(Box::new(media)) };
    let told = [open(0, Kind::Text), text(0, "Hi"), close(0), image, signed(1, "I=")];
    assert_eq!(kept(&parts_of(&message_of(&stream(&told)))), [("text Hi".to_owned(), None)]);
}

/// A client may leave blocks out: then no seal goes where it does not belong.
#[test]
fn rule_6_a_seal_without_its_block_goes_nowhere() {
    let lost = json!({"content": [{"type": "redacted_thinking", "data": "tg1.google-gemini-v1-back1.acme.L="},
        {"type": "text", "text": "Hi"}]});
    assert_eq!(kept(&parts_of(&lost)), [("text Hi".to_owned(), None)]);
    let last = json!({"content": [{"type": "text", "text": "Hi"},
        {"type": "redacted_thinking", "data": "tg1.google-gemini-v1-next.acme.L="}]});
    assert_eq!(kept(&parts_of(&last)), [("text Hi".to_owned(), None)]);
}

#[test]
fn rule_7_and_case_23_seals_of_responses_go_to_their_own_account() {
    let told = [
        open(0, thought()),
        text(0, "Sum"),
        sealed(0, Format::Responses, SealKind::Encrypted, "gAAA-_="),
        close(0),
        open(1, Kind::Text),
        text(1, "Hi"),
        close(1),
    ];
    let message = message_of(&stream(&told));
    assert_eq!(message["content"][0]["signature"], "");
    assert_eq!(message["content"][1]["data"], "tg1.openai-responses-v1.acme.gAAA-_=");
    let request = decode_request(next_turn(&message).to_string().as_bytes()).unwrap();
    let input = |provider: &str| {
        sent(&openai::responses::encode_request(&request, &facts("gpt-5", provider)))["input"].to_string()
    };
    assert!(input("acme").contains(r#""encrypted_content":"gAAA-_=""#) && input("acme").contains("Sum"));
    assert!(!input("other").contains("gAAA"), "{}", input("other"));
}

#[test]
fn case_22_thinking_goes_to_claude_and_to_nobody_else() {
    if folder().is_none() {
        return;
    }
    let recorded = exchange("anthropic/messages/dd.anthropic_completion_thinking_tools.json");
    let message: Value = serde_json::from_slice(&recorded.body).unwrap();
    let signature = message["content"][0]["signature"].as_str().unwrap().to_owned();
    let request = decode_request(next_turn(&message).to_string().as_bytes()).unwrap();
    let claude = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    let bedrock = sent(&bedrock::encode_request(&request, &facts(claude, "aws")));
    let thought = &bedrock["messages"][1]["content"][0]["reasoningContent"]["reasoningText"];
    assert_eq!(thought["signature"], json!(signature), "{bedrock}");
    for (dialect, model) in [(Dialect::Gemini, "gemini-3-pro"), (Dialect::OpenAi, "gpt-5")] {
        let encoded = spoken::encode_request(dialect, &request, &facts(model, "p"));
        let body = sent(&encoded).to_string();
        assert!(!body.contains(&signature) && body.contains("done"), "{body}");
        assert!(encoded.dropped.fields().contains(&"reasoning".into()), "{:?}", encoded.dropped);
    }
}

/// A page that Anthropic did not find is told, and is not sent to it as its own.
#[test]
fn citations_of_others_do_not_go_to_anthropic() {
    let cited = json!({"type": "web_search_result_location", "url": "https://a", "title": null, "cited_text": "",
        "encrypted_index": ""});
    let message = json!({"content": [{"type": "text", "text": "Hi", "citations": [cited]}]});
    let parts = parts_of(&message);
    assert!(matches!(&parts[0].body, Body::Text { citations, .. } if citations.is_empty()), "{parts:?}");
}

/// A stream and an answer of the same parts are the same message.
#[test]
fn streams_and_answers_are_one() {
    let mut tried = 0;
    for exchange in turns().iter().filter(|exchange| exchange.is_stream) {
        let told = exchange.events(&[&exchange.body]);
        if told.last() != Some(&Event::End) {
            continue;
        }
        let response = gather(&told).unwrap();
        let whole = encode_response(&response, &Request::default(), &exchange.ids(), None);
        let whole: Value = serde_json::from_slice(&whole).unwrap();
        let streamed = message_of(&exchange.translate(&[&exchange.body]));
        assert_eq!(kept(&parts_of(&whole)), kept(&parts_of(&streamed)), "{}", exchange.file);
        for name in ["stop_reason", "stop_sequence", "stop_details", "model", "id"] {
            assert_eq!(whole[name], streamed[name], "{}: {name}", exchange.file);
        }
        assert_eq!(whole["usage"]["output_tokens"], streamed["usage"]["output_tokens"], "{}", exchange.file);
        tried += 1;
    }
    assert!(folder().is_none() || tried > 120, "{tried}");
}
