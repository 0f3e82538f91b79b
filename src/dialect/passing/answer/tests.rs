use super::*;
use crate::meter::Usage;

/// What a body says, the same for every way of cutting it.
fn read(body: &[u8]) -> Learnt {
    let feed = |pieces: Vec<&[u8]>| {
        let mut answer = Answer::new(Operation::ChatCompletions);
        for piece in pieces {
            answer.feed(piece);
            let nothing = Learnt { said: answer.learnt().said, ..Learnt::default() };
            assert_eq!(answer.learnt(), &nothing);
        }
        answer.finish().clone()
    };
    let whole = feed(vec![body]);
    assert_eq!(feed(body.chunks(1).collect()), whole);
    for cut in 0..body.len().min(200) {
        let (left, right) = body.split_at(cut);
        assert_eq!(feed(vec![left, right]), whole, "cut at {cut}");
    }
    whole
}

fn usage(input: u64, output: Option<u64>) -> Usage {
    Usage { input: Some(input), output, ..Usage::default() }
}

#[test]
fn every_operation_has_its_members() {
    for (name, body, usage, model, id) in [
        (
            "chat",
            r#"{"id":"c1","model":"m1","choices":[{"message":{"content":"\"usage\":{}"}}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#,
            usage(3, Some(2)),
            Some("m1"),
            Some("c1"),
        ),
        (
            "responses",
            r#"{"id":"r1","error":null,"model":"m1","output":[{"id":"x","model":"y"}],"usage":{"input_tokens":3,"output_tokens":2}}"#,
            usage(3, Some(2)),
            Some("m1"),
            Some("r1"),
        ),
        (
            "embeddings",
            r#"{"object":"list","data":[],"model":"m1","usage":{"prompt_tokens":8,"total_tokens":8}}"#,
            usage(8, None),
            Some("m1"),
            None,
        ),
        (
            "images",
            r#"{"created":1,"data":[],"usage":{"input_tokens":3,"output_tokens":2}}"#,
            usage(3, Some(2)),
            None,
            None,
        ),
        ("moderations", r#"{"id":"m","model":"m1","results":[]}"#, Usage::default(), Some("m1"), Some("m")),
        ("no names", r#"{"id":7,"model":null,"usage":[3]}"#, Usage::default(), None, None),
    ] {
        let expected =
            Learnt { usage, model: model.map(Into::into), id: id.map(Into::into), ended: true, ..Learnt::default() };
        assert_eq!(read(body.as_bytes()), expected, "{name}");
    }
}

#[test]
fn messages_and_responses_say_why_they_end() {
    for (body, expected) in [
        (r#"{"type":"message","stop_reason":"end_turn"}"#, Some("end_turn")),
        (r#"{"object":"response","status":"completed"}"#, Some("completed")),
        (r#"{"choices":[{"finish_reason":"stop"}],"status":7,"stop_reason":null}"#, None),
    ] {
        assert_eq!(read(body.as_bytes()).finish.as_deref(), expected);
    }
}

#[test]
fn what_is_not_json_teaches_nothing() {
    for body in
        [&b"ID3\x04\x00\xff\xfb"[..], b"", b"{\"model\":\"m1\"", b"<html>", b"1\n00:00 --> 00:01\nHello", b"{} {}"]
    {
        assert_eq!(read(body), Learnt::default(), "{body:?}");
    }
    assert_eq!(read(b"[]"), Learnt { ended: true, ..Learnt::default() });
}

#[test]
fn an_error_behind_a_good_status_is_seen() {
    let learnt = read(br#"{"error":{"message":"a","code":502},"user_id":"u"}"#);
    let error = StreamError { message: "a".into(), kind: None, code: Some("502".into()), status: Some(502) };
    assert_eq!(learnt.error, Some(error));
}

#[test]
fn usage_that_is_too_large_is_given_up() {
    let body = format!("{{\"usage\":{{\"prompt_tokens\":3,\"x\":\"{}\"}}}}", "x".repeat(17_000));
    assert_eq!(read(body.as_bytes()), Learnt { ended: true, usage_gave_up: true, ..Learnt::default() });
}

#[test]
fn usage_comes_with_its_tier_and_tools() {
    let of = |operation, body: &str| {
        let mut answer = Answer::new(operation);
        body.as_bytes().chunks(7).for_each(|piece| answer.feed(piece));
        let usage = answer.finish().usage.clone();
        (usage.tier, usage.server_tools, usage.cost)
    };
    let tools = |tool: &str, runs| vec![(tool.to_owned(), runs)];
    let chat = r#"{"service_tier":"flex","usage":{"prompt_tokens":3,"cost":1e-12}}"#;
    assert_eq!(of(Operation::ChatCompletions, chat), (Some("flex".to_owned()), vec![], Some(1)));
    let response = r#"{"output":[{"type":"web_search_call"},{"type":"web_search_call"}],"usage":{"input_tokens":3}"#;
    let (whole, counted) =
        (format!("{response}}}"), format!("{response},\"tool_usage\":{{\"web_search\":{{\"num_requests\":1}}}}}}"));
    assert_eq!(of(Operation::Responses, &whole), (None, tools("web_search", 2), None));
    assert_eq!(of(Operation::Responses, &counted), (None, tools("web_search", 1), None));
    assert_eq!(of(Operation::ChatCompletions, &whole), (None, vec![], None), "a word of responses alone");
    let rerank = r#"{"results":[],"meta":{"api_version":{},"billed_units":{"search_units":2}}}"#;
    assert_eq!(of(Operation::Rerank, rerank), (None, tools("search_units", 2), None));
    assert_eq!(of(Operation::ChatCompletions, r#"{"service_tier":"flex"}"#), (None, vec![], None));
}
