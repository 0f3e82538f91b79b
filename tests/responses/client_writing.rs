//! Each line of docs/dialects.md about writing Responses, and what answers hold beside text.

use serde_json::{Value, json};
use tollgate::chat::{
    Args, Body, Choice, Citation, Event, Ext, Finish, Format, Ids, Kind, Link, Media, MediaKind, Native, Owner, Part,
    Raw, Reason, Request, Response, Seal, SealKind, Source, ToolCall, UrlCitation,
};
use tollgate::dialect::openai::responses::{Encoder, decode_request, encode_error, encode_response};
use tollgate::error::{Class, Error};
use tollgate::meter::Usage;

use super::client_order;
use super::client_recorded::{asking, said};
use super::strict::Params;
use super::support::{events, ids};

const START: fn() -> Event = || Event::Start { id: "x".into(), model: "claude".into() };

fn open(part: u32, kind: Kind) -> Event {
    Event::Open { choice: 0, part, kind }
}

fn text(part: u32, piece: &str) -> Event {
    Event::Text { choice: 0, part, piece: piece.into() }
}

fn close(part: u32) -> Event {
    Event::Close { choice: 0, part }
}

fn call(part: u32, id: &str, custom: bool) -> Event {
    let (id, name) = (id.into(), "f".into());
    open(part, Kind::Call { id, item_id: Some("fc_upstream".into()), name, custom, caller: None, seal: None })
}

fn args(part: u32, piece: &str) -> Event {
    Event::Args { choice: 0, part, piece: piece.into() }
}

fn thinks(summary: bool) -> Kind {
    Kind::Reasoning { summary, format: None }
}

fn ends(reason: Reason) -> [Event; 2] {
    [Event::Finish { choice: 0, finish: Finish::new(reason, "") }, Event::End]
}

/// What a stream is written as, checked as a whole.
fn write(request: &Request, given: &[Event]) -> Vec<Value> {
    let (mut encoder, mut out) = (Encoder::new(request, &ids()), Vec::new());
    encoder.feed(given, &mut out);
    let mut again = Vec::new();
    let mut encoder = Encoder::new(request, &ids());
    given.iter().for_each(|event| encoder.feed(std::slice::from_ref(event), &mut again));
    encoder.feed(&[START(), Event::End], &mut again);
    assert!(out == again, "depends on how events are given, or goes on after its end");
    client_order::check("made", &out);
    let written = events(&out);
    if let Some(spec) = Params::read() {
        written.iter().for_each(|event| assert_eq!(spec.faults_of_event(event), [""; 0], "{event}"));
    }
    written
}

fn stream(given: Vec<Event>, reason: Reason) -> Vec<Value> {
    let whole: Vec<Event> = [START()].into_iter().chain(given).chain(ends(reason)).collect();
    write(&asking(), &whole)
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap().trim_start_matches("response.")).collect()
}

#[test]
fn lines_37_38_and_39_numbers_and_ids() {
    let given = vec![
        open(0, thinks(false)),
        text(0, "t"),
        close(0),
        open(1, Kind::Text),
        text(1, "a"),
        close(1),
        call(2, "c1", false),
        close(2),
    ];
    let events = stream(given, Reason::Calls);
    assert_eq!(kinds(&events)[..2], ["created", "in_progress"]);
    assert!(
        events
            .iter()
            .filter(|event| event["response"].is_object())
            .all(|event| event["response"]["id"] == "resp_01JTEST")
    );
    let items: Vec<(u64, &str)> = events
        .iter()
        .filter(|event| event["type"] == "response.output_item.done")
        .map(|event| (event["output_index"].as_u64().unwrap(), event["item"]["id"].as_str().unwrap()))
        .collect();
    assert_eq!(items, [(0, "rs_01JTEST_0"), (1, "msg_01JTEST_1"), (2, "fc_01JTEST_2")]);
    assert_eq!(events.last().unwrap()["response"]["model"], "claude");
    assert_eq!(events[0]["response"]["created_at"], 1_700_000_000);
}

#[test]
fn line_40_each_item_in_its_order() {
    let given = vec![
        open(0, thinks(false)),
        text(0, "th"),
        text(0, "ink"),
        close(0),
        open(1, Kind::Text),
        text(1, "a"),
        text(1, "b"),
        close(1),
        open(2, Kind::Refusal),
        text(2, "no"),
        close(2),
        call(3, "c1", false),
        args(3, "{\"a\""),
        args(3, ":1}"),
        close(3),
        call(4, "c2", false),
        close(4),
        call(5, "c3", true),
        args(5, "x = 1"),
        close(5),
    ];
    let events = stream(given, Reason::Calls);
    assert_eq!(
        kinds(&events)[2..],
        [
            "output_item.added",
            "reasoning_summary_part.added",
            "reasoning_summary_text.delta",
            "reasoning_summary_text.delta",
            "reasoning_summary_text.done",
            "reasoning_summary_part.done",
            "output_item.done",
            "output_item.added",
            "content_part.added",
            "output_text.delta",
            "output_text.delta",
            "output_text.done",
            "content_part.done",
            "content_part.added",
            "refusal.delta",
            "refusal.done",
            "content_part.done",
            "output_item.done",
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
            "output_item.added",
            "custom_tool_call_input.delta",
            "custom_tool_call_input.done",
            "output_item.done",
            "completed",
        ]
    );
    let output = events.last().unwrap()["response"]["output"].as_array().unwrap();
    assert_eq!(
        output[0],
        json!({"id": "rs_01JTEST_0", "type": "reasoning", "summary": [{"type": "summary_text", "text": "think"}]})
    );
    assert_eq!(
        output[1],
        json!({"id": "msg_01JTEST_1", "type": "message", "status": "completed", "role": "assistant", "content": [
            {"type": "output_text", "annotations": [], "logprobs": [], "text": "ab"}, {"type": "refusal", "refusal": "no"}]})
    );
    assert_eq!(
        output[2],
        json!({"id": "fc_01JTEST_2", "type": "function_call", "status": "completed", "arguments": "{\"a\":1}", "call_id": "c1", "name": "f"})
    );
    assert_eq!((&output[3]["arguments"], &output[3]["call_id"]), (&json!("{}"), &json!("c2")));
    assert_eq!(
        output[4],
        json!({"id": "ctc_01JTEST_4", "type": "custom_tool_call", "input": "x = 1", "call_id": "c3", "name": "f"})
    );
}

#[test]
fn line_39_calls_may_overlap_and_text_is_never_lost() {
    let given = vec![
        open(0, Kind::Text),
        text(0, "a"),
        call(1, "c1", false),
        call(2, "c2", false),
        args(2, "[2]"),
        args(1, "[1]"),
        text(0, "b"),
        close(2),
        close(1),
        text(0, "c"),
        close(0),
    ];
    let events = stream(given, Reason::Calls);
    let answer = &events.last().unwrap()["response"];
    let kinds: Vec<&str> =
        answer["output"].as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["message", "function_call", "function_call", "message"]);
    assert_eq!(
        (said(answer).text, said(answer).calls),
        ("abc".into(), vec![("f".into(), json!([1])), ("f".into(), json!([2]))])
    );
}

#[test]
fn line_41_the_last_event_holds_all_and_no_more_than_is_allowed() {
    let mut given = vec![START(), open(0, Kind::Text)];
    given.extend((0..9).map(|_| text(0, &"x".repeat(1 << 20))));
    given.extend(ends(Reason::Stop));
    let events = write(&Request::default(), &given);
    assert_eq!(kinds(&events)[events.len() - 2..], ["error", "failed"]);
    assert_eq!(events.last().unwrap()["response"]["output"], json!([]));
    given.drain(4..9);
    assert_eq!(kinds(&write(&Request::default(), &given)).last(), Some(&"completed"));
}

#[test]
fn line_42_what_an_answer_is_incomplete_for() {
    for (reason, status, detail) in [
        (Reason::Stop, "completed", Value::Null),
        (Reason::Pause, "completed", Value::Null),
        (Reason::Error, "completed", Value::Null),
        (Reason::Length, "incomplete", json!({"reason": "max_output_tokens"})),
        (Reason::Filter, "incomplete", json!({"reason": "content_filter"})),
        (Reason::Refusal, "incomplete", json!({"reason": "content_filter"})),
    ] {
        let events = stream(vec![open(0, Kind::Text), text(0, "a"), close(0)], reason);
        let answer = &events.last().unwrap()["response"];
        assert_eq!(events.last().unwrap()["type"], format!("response.{status}"));
        assert_eq!((&answer["status"], &answer["incomplete_details"]), (&json!(status), &detail), "{reason:?}");
        assert_eq!(answer["output"][0]["status"], status);
        let parts = vec![Part::text("a")];
        let choice = Choice { parts, finish: Finish::new(reason, ""), logprobs: None };
        let response = Response { model: "claude".into(), choices: vec![choice], ..Response::default() };
        assert_eq!(*answer, whole(&response, &asking()), "{reason:?}");
    }
}

fn whole(response: &Response, request: &Request) -> Value {
    let written: Value = serde_json::from_slice(&encode_response(response, request, &ids(), None)).unwrap();
    if let Some(spec) = Params::read() {
        assert_eq!(spec.faults_of("Response", &written), [""; 0], "{written}");
    }
    written
}

#[test]
fn line_43_usage_and_log_probabilities() {
    let entry = json!({"token": "é", "logprob": -0.5, "bytes": null, "top_logprobs": [{"token": "e", "logprob": -1.0, "bytes": [101]}]});
    let usage =
        |input, output| Event::Usage(Usage { input, output, tier: Some("priority".into()), ..Usage::default() });
    let given = vec![
        usage(Some(3), None),
        open(0, Kind::Text),
        text(0, "é"),
        Event::Logprobs { choice: 0, raw: Raw::of(&json!({"content": [entry], "refusal": null})) },
        close(0),
        usage(Some(5), Some(2)),
    ];
    let events = stream(given, Reason::Stop);
    let expected = json!([{"token": "é", "logprob": -0.5, "bytes": [195, 169], "top_logprobs": [{"token": "e", "logprob": -1.0, "bytes": [101]}]}]);
    let done = events.iter().find(|event| event["type"] == "response.output_text.done").unwrap();
    assert_eq!(done["logprobs"], expected);
    let answer = &events.last().unwrap()["response"];
    assert_eq!(answer["output"][0]["content"][0]["logprobs"], expected);
    assert_eq!(
        answer["usage"],
        json!({"input_tokens": 5, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 2, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 7})
    );
    assert_eq!(answer["service_tier"], "priority");
    // Not reported is not zero.
    assert_eq!(stream(vec![], Reason::Stop).last().unwrap()["response"]["usage"], Value::Null);
}

#[test]
fn line_44_seals_only_where_they_are_asked_for_and_only_at_the_end() {
    let seal = |kind| Event::Seal { choice: 0, part: 0, seal: Seal::new(Format::Anthropic, kind, "Eq==") };
    for (request, kind, expected) in [
        (asking(), SealKind::Signature, json!("tg1.anthropic-claude-v1.acme.Eq==")),
        (asking(), SealKind::Redacted, json!("tg1.anthropic-claude-v1-redacted.acme.Eq==")),
        (Request::default(), SealKind::Signature, Value::Null),
    ] {
        let thought = [START(), open(0, thinks(false)), text(0, "t"), seal(kind), close(0)];
        let events = write(&request, &thought.into_iter().chain(ends(Reason::Stop)).collect::<Vec<_>>());
        let with = events.iter().filter(|event| event["item"]["encrypted_content"].is_string());
        let with: Vec<&str> = with.map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(with.len(), usize::from(expected.is_string()));
        assert!(with.iter().all(|kind| *kind == "response.output_item.done"));
        assert_eq!(events.last().unwrap()["response"]["output"][0]["encrypted_content"], expected);
    }
    // Nothing but a proof that nobody wants is nothing.
    let given = [START(), open(0, thinks(false)), seal(SealKind::Redacted), close(0)];
    let events = write(&Request::default(), &given.into_iter().chain(ends(Reason::Stop)).collect::<Vec<_>>());
    assert_eq!(kinds(&events), ["created", "in_progress", "completed"]);
}

#[test]
fn line_45_errors_are_told_twice() {
    for (class, code) in [
        (Class::ProviderFault, "server_error"),
        (Class::Cut, "server_error"),
        (Class::ProviderLimit, "rate_limit_exceeded"),
        (Class::ProviderQuota, "rate_limit_exceeded"),
        (Class::ContextTooLong, "invalid_prompt"),
        (Class::BadRequest, "invalid_prompt"),
    ] {
        let error = Error::new(class, 400, "some_type", "some_code", "No.").at("field");
        let body = encode_error(&error);
        for given in [vec![], vec![START(), open(0, Kind::Text), text(0, "a")]] {
            let given: Vec<Event> = given.into_iter().chain([Event::Error(error.clone())]).collect();
            let events = write(&asking(), &given);
            let [.., told, failed] = &events[..] else { panic!() };
            assert_eq!(
                told["error"],
                json!({"type": "some_type", "code": "some_code", "message": "No.", "param": "field"})
            );
            assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["error"], told["error"]);
            assert_eq!(failed["response"]["error"], json!({"code": code, "message": "No."}));
            assert_eq!((&failed["response"]["status"], &failed["response"]["output"]), (&json!("failed"), &json!([])));
        }
    }
}

fn page(start: u32, end: Option<u32>) -> Citation {
    let raw = Raw::of(&json!({"from": "provider"}));
    let (url, title) = ("https://x".to_owned(), None);
    Citation::Url(Box::new(UrlCitation {
        url,
        title,
        start: Some(start),
        end,
        quote: None,
        format: Format::Gemini,
        raw,
    }))
}

#[test]
fn line_40_citations_stand_beside_their_text() {
    let cite = |part, citation| Event::Cite { choice: 0, part, citation };
    let native = Citation::Native { format: Format::Anthropic, raw: Raw::of(&json!({"document": 1})) };
    let given = vec![
        open(0, Kind::Text),
        text(0, "é1"),
        close(0),
        open(1, Kind::Text),
        text(1, "b"),
        close(1),
        cite(0, page(0, None)),
        cite(1, page(0, Some(1))),
        cite(1, native),
        call(2, "c", false),
        close(2),
        cite(1, page(0, None)),
    ];
    let events = stream(given, Reason::Calls);
    let answer = &events.last().unwrap()["response"];
    let page = |end: u32| json!([{"type": "url_citation", "start_index": 0, "end_index": end, "url": "https://x", "title": ""}]);
    let contents = &answer["output"][0]["content"];
    assert_eq!((&contents[0]["annotations"], &contents[1]["annotations"]), (&page(2), &page(1)));
    let added = events.iter().filter(|event| event["type"] == "response.output_text.annotation.added");
    let places =
        added.map(|event| (event["content_index"].as_u64().unwrap(), event["annotation_index"].as_u64().unwrap()));
    assert_eq!(places.collect::<Vec<_>>(), [(0, 0), (1, 0)]);
    // What is no page, and what came after its message had ended, is told as the provider said it.
    assert_eq!(answer["provider_specific_fields"]["citations"], json!([{"document": 1}, {"from": "provider"}]));
}

#[test]
fn images_and_blocks() {
    let image = |source, mime: &str| Body::Media(Box::new(Media::new(MediaKind::Image, Some(mime.into()), source)));
    let block = |format| {
        Body::Native(Native { format, block: Raw::parse("{\"type\":\"web_search_call\",\n \"id\":\"ws_1\",\"status\":\"completed\",\"action\":{\"type\":\"search\",\"query\":\"q\"}}").unwrap(), link: Link::Alone })
    };
    let whole_part = |part, body| Event::Whole { choice: 0, part, body };
    let trace = Ext { owner: Owner::Bedrock, key: "trace".into(), value: Raw::of(&json!({"a": 1})), required: false };
    let given = vec![
        whole_part(0, image(Source::Base64("AAAA".into()), "image/webp")),
        whole_part(1, image(Source::Url("https://x".into()), "image/png")),
        whole_part(2, block(Format::Responses)),
        whole_part(3, block(Format::Anthropic)),
        Event::Native(trace),
    ];
    let events = stream(given, Reason::Stop);
    let answer = &events.last().unwrap()["response"];
    assert_eq!(
        answer["output"][0],
        json!({"id": "ig_01JTEST_0", "type": "image_generation_call", "status": "completed", "output_format": "webp", "result": "AAAA"})
    );
    assert_eq!((&answer["output"][1]["id"], answer["output"].as_array().unwrap().len()), (&json!("ws_1"), 2));
    assert_eq!(answer["provider_specific_fields"]["trace"], json!({"a": 1}));
    assert_eq!(answer["provider_specific_fields"]["blocks"][0]["format"], "anthropic-claude-v1");
}

#[test]
fn the_answer_repeats_what_was_asked() {
    let body = json!({
        "model": "m", "input": "Hi", "instructions": "Be brief.", "metadata": {"a": "b"}, "temperature": 0.5, "top_p": 0.25,
        "max_output_tokens": 9, "max_tool_calls": 3, "parallel_tool_calls": false, "prompt_cache_key": "k", "user": "u",
        "reasoning": {"effort": "low"}, "safety_identifier": "s", "truncation": "auto", "top_logprobs": 2, "store": true,
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": true}, "verbosity": "low"},
        "tools": [{"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": true}],
        "tool_choice": {"type": "function", "name": "f"},
    });
    let mut request = decode_request(body.to_string().as_bytes()).unwrap();
    request.messages.clear();
    let choice = Choice { parts: vec![], finish: Finish::new(Reason::Stop, ""), logprobs: None };
    let response = Response { choices: vec![choice], ..Response::default() };
    let answer = whole(&response, &request);
    for (name, value) in body.as_object().unwrap() {
        let expected = match name.as_str() {
            "model" => json!("sent-model"),
            "input" => Value::Null,
            "reasoning" => json!({"effort": "low", "summary": null}),
            // Nothing is kept here.
            "store" => json!(false),
            _ => value.clone(),
        };
        assert_eq!(answer[name], expected, "{name}");
    }
    let nothing = whole(&response, &Request::default());
    for (name, expected) in [
        ("instructions", Value::Null),
        ("metadata", json!({})),
        ("temperature", Value::Null),
        ("top_p", Value::Null),
        ("parallel_tool_calls", json!(true)),
        ("tool_choice", json!("auto")),
        ("tools", json!([])),
        ("text", json!({"format": {"type": "text"}})),
        ("truncation", json!("disabled")),
        ("error", Value::Null),
        ("previous_response_id", Value::Null),
        ("max_output_tokens", Value::Null),
        ("service_tier", Value::Null),
    ] {
        assert!(nothing.as_object().unwrap().contains_key(name), "{name}");
        assert_eq!(nothing[name], expected, "{name}");
    }
    assert!(nothing.get("provider_metadata").is_none());
}

#[test]
fn what_the_gateway_says_of_itself_stands_in_the_last_event() {
    let gateway = |cost: &str| Raw::of(&json!({"cost": cost}));
    let (mut encoder, mut out) = (Encoder::new(&Request::default(), &ids()), Vec::new());
    encoder.feed(&[START()], &mut out);
    encoder.tell(gateway("1"));
    encoder.tell(gateway("2"));
    encoder.feed(&ends(Reason::Stop), &mut out);
    let events = events(&out);
    let told: Vec<&Value> =
        events.iter().map(|event| &event["response"]["provider_metadata"]["gateway"]["cost"]).collect();
    assert_eq!(told, [&Value::Null, &Value::Null, &json!("2")]);
    let written = encode_response(&Response::default(), &Request::default(), &Ids::default(), Some(&gateway("3")));
    let written: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!((&written["provider_metadata"]["gateway"]["cost"], &written["output"]), (&json!("3"), &json!([])));
}

#[test]
fn free_text_is_so_where_the_tool_takes_it() {
    let tools = json!({"model": "m", "input": "", "tools": [{"type": "custom", "name": "free"}]});
    let request = decode_request(tools.to_string().as_bytes()).unwrap();
    let call = |name: &str| {
        let args = Args::Text("x = 1".into());
        Part::new(Body::Call(ToolCall { id: "c".into(), item_id: None, name: name.into(), args, caller: None }))
    };
    let choice =
        Choice { parts: vec![call("free"), call("other")], finish: Finish::new(Reason::Calls, ""), logprobs: None };
    let answer = whole(&Response { choices: vec![choice], ..Response::default() }, &request);
    let kinds: Vec<&Value> = answer["output"].as_array().unwrap().iter().map(|item| &item["type"]).collect();
    assert_eq!(kinds, ["custom_tool_call", "function_call"]);
    assert_eq!(answer["output"][1]["arguments"], "x = 1");
}
