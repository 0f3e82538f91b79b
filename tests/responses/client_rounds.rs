//! The next turn of a client of Responses: what it got goes back as it was, proofs included.

use serde_json::{Value, json};
use tollgate::chat::{Args, Body, Format, Ids, Part, Response, Role, Seal, SealKind, gather};
use tollgate::dialect::{Facts, anthropic, bedrock, gemini};

use super::client_recorded::{asking, decode, decode_response, translate, written};
use super::client_requests::read;
use super::support::{Turn, events, turns};

/// A seal without where it came from.
type Proof = (Format, SealKind, String);

/// What a part says, and its proof; nothing of what stays on this side.
fn parts(parts: &[Part]) -> Vec<(String, Option<Proof>)> {
    let read = parts.iter().filter_map(|part| {
        let seal = part.seal.as_ref().map(|seal| (seal.format.clone(), seal.kind, seal.data.clone()));
        let said = match &part.body {
            Body::Text { text, .. } => format!("text {text}"),
            Body::Refusal(text) => format!("refusal {text}"),
            Body::Reasoning { text, .. } => format!("reasoning {text}"),
            Body::Call(call) => {
                // Free text is so only where a tool is known to take it.
                let args = match &call.args {
                    Args::Json(raw) => raw.value().to_string(),
                    Args::Text(text) => text.clone(),
                };
                format!("call {} {} {args}", call.id, call.name)
            }
            Body::Media(media) => format!("media {:?}", media.source),
            Body::Native(native) if native.format == Format::Responses => format!("native {}", native.block.value()),
            Body::Native(_) | Body::Result(_) => return None,
        };
        let is_empty = ["text ", "reasoning ", "refusal "].contains(&&*said);
        (!is_empty || seal.is_some()).then_some((said, seal))
    });
    read.collect()
}

/// The next request: the output as it is, a result for every call, and a word of the user's.
fn next(output: &Value, without_ids: bool) -> Value {
    let mut input = vec![json!({"role": "user", "content": "q"})];
    let items = output.as_array().unwrap().iter().cloned().map(|mut item| {
        let is_made_here =
            ["message", "reasoning", "function_call", "custom_tool_call"].iter().any(|kind| item["type"] == *kind);
        if without_ids && is_made_here {
            item.as_object_mut().unwrap().remove("id");
        }
        item
    });
    input.extend(items);
    for item in output.as_array().unwrap().iter().filter(|item| item["call_id"].is_string() && item["name"].is_string())
    {
        input.push(json!({"type": "function_call_output", "call_id": item["call_id"], "output": "done"}));
    }
    input.push(json!({"role": "user", "content": "go on"}));
    json!({"model": "m", "input": input})
}

fn answered(given: &Turn) -> Option<(Response, Value)> {
    if !given.is_stream {
        let response = decode_response(given)?;
        let output = written(&response, &asking())["output"].clone();
        return Some((response, output));
    }
    let response = gather(&decode(given.dialect, &[&given.body])).ok()?;
    let whole = translate(given.dialect, &[&given.body], &asking());
    Some((response, events(&whole).last().unwrap()["response"]["output"].clone()))
}

#[test]
fn line_44_what_was_said_goes_back_with_its_proofs() {
    let (mut count, mut sealed) = (0, 0);
    for given in turns() {
        let Some((response, output)) = answered(&given) else { continue };
        for without_ids in [false, true] {
            let request = read(&next(&output, without_ids));
            let said = request.messages.iter().filter(|message| message.role == Role::Assistant);
            let said: Vec<Part> = said.flat_map(|message| message.parts.clone()).collect();
            let mut expected = parts(&response.choices[0].parts);
            // Text between which nothing stands may be one text, or a picture's place differ.
            expected.retain(|(said, _)| !said.starts_with("media Url"));
            assert_eq!(parts(&said), expected, "{}", given.file);
            sealed += said.iter().filter(|part| part.seal.is_some()).count();
            for seal in said.iter().filter_map(|part| part.seal.as_ref()) {
                assert_eq!(seal.origin.as_deref(), Some("acme"), "{}", given.file);
            }
        }
        count += 1;
    }
    println!("rounds of responses: tried {count}, passed {count}, seals {sealed}");
    assert!(super::support::folder().is_none() || (count > 300 && sealed > 80), "{count} {sealed}");
}

fn facts<'a>(provider: &'a str, model: &'a str) -> Facts<'a> {
    Facts { vendor: provider, provider, model, base_path: "/v1", ..Facts::default() }
}

#[test]
fn case_22_thinking_goes_back_to_its_own_format_only() {
    const FILE: &str = "anthropic/messages/dd.anthropic_completion_thinking_tools.json";
    let Some(given) = turns().into_iter().find(|given| given.file == FILE) else { return };
    let (response, output) = answered(&given).unwrap();
    let signature = response.choices[0].parts.iter().find_map(|part| part.seal.as_ref()).unwrap().data.clone();
    let request = read(&next(&output, false));
    let claude = anthropic::encode_request(&request, &facts("anthropic", "claude-sonnet-4-5"));
    let on_bedrock = bedrock::encode_request(&request, &facts("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0"));
    let google = gemini::encode_request(&request, &facts("google", "gemini-2.5-pro"));
    let has = |body: &[u8], word: &str| String::from_utf8_lossy(body).contains(word);
    assert!(has(&claude.body, &signature) && has(&on_bedrock.body, &signature));
    assert!(!has(&google.body, &signature) && !has(&google.body, "tg1.") && !has(&claude.body, "tg1."));
    assert_eq!(google.dropped.fields(), ["reasoning"]);
}

#[test]
fn rules_7_and_44_seals_of_responses_go_to_the_provider_that_made_them() {
    let item = json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "tg1.openai-responses-v1.azure-eu.gAAA"});
    let call = json!({"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}"});
    let result = json!({"type": "function_call_output", "call_id": "c", "output": "r"});
    let body = |items: &[&Value]| json!({"model": "m", "input": items});
    let request = read(&body(&[&item, &call, &result]));
    let seal = request.messages[0].parts[0].seal.clone().unwrap();
    assert_eq!((&*seal.data, seal.origin.as_deref(), seal.format), ("gAAA", Some("azure-eu"), Format::Responses));
    let sent = |request: &tollgate::chat::Request, provider| {
        let encoded = tollgate::dialect::openai::responses::encode_request(request, &facts(provider, "gpt-5"));
        serde_json::from_slice::<Value>(&encoded.body).unwrap()
    };
    let own = sent(&request, "azure-eu");
    assert_eq!((&own["input"][0]["encrypted_content"], &own["input"][1]["id"]), (&json!("gAAA"), &json!("fc_1")));
    assert_eq!((&own["store"], &own["include"]), (&json!(false), &json!(["reasoning.encrypted_content"])));
    let other = sent(&request, "openai");
    assert!(!other.to_string().contains("gAAA") && !other.to_string().contains("fc_1"), "{other}");
    // Without the reasoning that belongs to it no id is sent: nobody kept it.
    let alone = sent(&read(&body(&[&call, &result])), "azure-eu");
    assert_eq!(alone["input"][0], json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}));
}

#[test]
fn seals_that_come_late_find_their_part() {
    use tollgate::chat::{Event, Finish, Kind, Reason};
    let choice = 0;
    let call = |part: u32, name: &str| Event::Open {
        choice,
        part,
        kind: Kind::Call { id: name.into(), item_id: None, name: name.into(), custom: false, caller: None, seal: None },
    };
    let proof = |part: u32, data: &str| Event::Seal {
        choice,
        part,
        seal: Seal::new(Format::Gemini, SealKind::Encrypted, data),
    };
    let text = |part: u32| {
        [Event::Open { choice, part, kind: Kind::Text }, Event::Text { choice, part, piece: format!("t{part}") }]
    };
    let [open, said] = text(0);
    let close = |part: u32| Event::Close { choice, part };
    let events_in = [
        Event::Start { id: String::new(), model: "m".into() },
        open,
        said,
        close(0),
        proof(0, "T0"),
        call(1, "a"),
        call(2, "b"),
        proof(1, "A"),
        close(1),
        close(2),
        proof(2, "B"),
        Event::Open { choice, part: 3, kind: Kind::Text },
        proof(3, "E"),
        close(3),
        Event::Finish { choice, finish: Finish::new(Reason::Calls, "") },
        Event::End,
    ];
    let (mut encoder, mut out) =
        (tollgate::dialect::openai::responses::Encoder::new(&asking(), &Ids::default()), Vec::new());
    encoder.feed(&events_in, &mut out);
    super::client_order::check("made", &out);
    let output = events(&out).last().unwrap()["response"]["output"].clone();
    let request = read(&json!({"model": "m", "input": output}));
    let seals: Vec<(String, String)> = request
        .messages
        .iter()
        .flat_map(|message| &message.parts)
        .map(|part| {
            let name = match &part.body {
                Body::Text { text, .. } => text.clone(),
                Body::Call(call) => call.name.clone(),
                other => panic!("{other:?}"),
            };
            (name, part.seal.as_ref().map(|seal| seal.data.clone()).unwrap_or_default())
        })
        .collect();
    let pair = |name: &str, seal: &str| (name.to_owned(), seal.to_owned());
    assert_eq!(seals, [pair("t0", "T0"), pair("a", "A"), pair("b", "B"), pair("", "E")]);
}
