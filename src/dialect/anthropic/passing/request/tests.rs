use super::*;
use crate::config::Config;
use crate::testing::{ask_of, config, headers, plan_of};
use serde_json::json;
use std::rc::Rc;

/// `m` is `claude@1` at Anthropic itself, and `v` at Vertex.
fn both() -> Rc<Config> {
    let target = |provider: &str| json!([{"provider": provider, "model": "claude@1"}]);
    config(json!({
        "providers": [
            {"name": "anthropic", "credentials": [{"value": "sk-a"}]},
            {"name": "vertex-anthropic", "project": "p-1", "location": "eu", "credentials": [{"value": "token"}]},
        ],
        "models": [
            {"name": "acme/m", "aliases": ["m"], "targets": target("anthropic")},
            {"name": "acme/v", "aliases": ["v"], "targets": target("vertex-anthropic")},
        ],
    }))
}

fn encoded(operation: Operation, head: &[(&str, &str)], path: &str, body: &str) -> (Edits, String) {
    let mut ask = ask_of(operation, body.as_bytes()).unwrap();
    ask.path = path.to_owned();
    let edits = encode(&ask, &plan_of(&both(), &ask).unwrap().targets[0], &headers(head));
    let sent = String::from_utf8(edits.body.apply(body.as_bytes())).unwrap();
    assert_eq!(sent.len() as isize - body.len() as isize, edits.body.delta());
    (edits, sent)
}

fn sent(operation: Operation, body: &str) -> (String, String) {
    let (edits, sent) = encoded(operation, &[], "/messages", body);
    (sent, edits.dropped.fields().join(","))
}

#[test]
fn at_anthropic_only_the_spans_change() {
    for (body, expected) in [
        ("{ \"model\" :\t\"m\" , \"max_tokens\": 1.0e1 }", "{ \"model\" :\t\"claude@1\" , \"max_tokens\": 1.0e1 }"),
        (r#"{"models":["v"],"model":"m","x":{"model":"m"}}"#, r#"{"model":"claude@1","x":{"model":"m"}}"#),
        (r#"{"model":"m","providerOptions":{"gateway":{"user":"u"}}}"#, r#"{"model":"claude@1"}"#),
        (r#"{"model":"m","provider":{},"route":1}"#, r#"{"model":"claude@1","provider":{},"route":1}"#),
        (
            r#"{"model":"m","service_tier":"auto","cache_control":{},"speed":"fast","anthropic_version":"x"}"#,
            r#"{"model":"claude@1","service_tier":"auto","cache_control":{},"speed":"fast","anthropic_version":"x"}"#,
        ),
    ] {
        for operation in [Operation::Messages, Operation::CountTokens] {
            assert_eq!(sent(operation, body), (expected.to_owned(), String::new()), "{body}");
        }
    }
}

#[test]
fn nothing_to_edit_is_nothing_edited() {
    let provider = json!({"name": "anthropic", "credentials": [{"value": "sk-a"}], "models": {"*": "*"}});
    let config = config(json!({"providers": [provider], "models": []}));
    let ask = ask_of(Operation::Messages, b"{\"model\" : \"claude\" }").unwrap();
    let edits = encode(&ask, &plan_of(&config, &ask).unwrap().targets[0], &headers(&[]));
    assert!(edits.body.is_empty());
}

#[test]
fn at_vertex_the_model_is_in_the_path_and_the_version_in_the_body() {
    const VERSION: &str = r#""anthropic_version":"vertex-2023-10-16""#;
    for (operation, body, expected, dropped) in [
        (Operation::Messages, r#"{"model":"v"}"#, format!("{{{VERSION}}}"), ""),
        (
            Operation::Messages,
            r#"{"model":"v","max_tokens":1.0,"stream":true}"#,
            format!(r#"{{{VERSION},"max_tokens":1.0,"stream":true}}"#),
            "",
        ),
        (
            Operation::Messages,
            r#"{"a":1,"model":"x","anthropic_version":"y","models":[],"model":"v"}"#,
            format!(r#"{{{VERSION},"a":1}}"#),
            "",
        ),
        (
            Operation::Messages,
            r#"{"service_tier":"auto","model":"v","cache_control":{"type":"ephemeral"},"speed":"fast","top_k":1}"#,
            format!(r#"{{{VERSION},"top_k":1}}"#),
            "service_tier,cache_control,speed",
        ),
        (
            Operation::CountTokens,
            r#"{"model":"v","messages":[]}"#,
            format!(r#"{{{VERSION},"model":"claude@1","messages":[]}}"#),
            "",
        ),
    ] {
        assert_eq!(sent(operation, body), (expected, dropped.to_owned()), "{body}");
    }
}

#[test]
fn paths_are_the_providers() {
    const VERTEX: &str = "/v1/projects/p-1/locations/eu/publishers/anthropic/models";
    for (operation, path, body, expected) in [
        (Operation::Messages, "/messages", r#"{"model":"m","stream":true}"#, "/v1/messages".to_owned()),
        (Operation::Messages, "/messages?beta=true", r#"{"model":"m"}"#, "/v1/messages?beta=true".to_owned()),
        (Operation::CountTokens, "/messages/count_tokens", r#"{"model":"m"}"#, "/v1/messages/count_tokens".to_owned()),
        (Operation::Messages, "/messages?beta=true", r#"{"model":"v"}"#, format!("{VERTEX}/claude@1:rawPredict")),
        (
            Operation::Messages,
            "/messages",
            r#"{"model":"v","stream":true}"#,
            format!("{VERTEX}/claude@1:streamRawPredict"),
        ),
        (
            Operation::CountTokens,
            "/messages/count_tokens",
            r#"{"model":"v"}"#,
            format!("{VERTEX}/count-tokens:rawPredict"),
        ),
    ] {
        assert_eq!(encoded(operation, &[], path, body).0.path, expected);
    }
}

#[test]
fn version_and_betas_are_the_clients() {
    let beta = ("anthropic-beta", "context-1m-2025-08-07,files-api-2025-04-14");
    for (head, model, version, betas, dropped) in [
        (&[][..], "m", VERSION, "", ""),
        (&[("anthropic-version", "2024-01-01"), beta], "m", "2024-01-01", beta.1, ""),
        (
            &[("anthropic-version", "2024-01-01"), beta],
            "v",
            "",
            "context-1m-2025-08-07",
            "anthropic-beta.files-api-2025-04-14",
        ),
    ] {
        let (edits, _) = encoded(Operation::Messages, head, "/messages", &format!(r#"{{"model":"{model}"}}"#));
        let expected = [("anthropic-version", version.to_owned()), (BETA, betas.to_owned())];
        assert_eq!((&edits.headers[..], edits.dropped.fields().join(",")), (&expected[..], dropped.to_owned()));
    }
}

#[test]
fn a_request_that_was_written_anew_carries_what_its_target_knows() {
    let ask = ask_of(Operation::Messages, br#"{"model":"m"}"#).unwrap();
    let head = headers(&[("anthropic-version", "2024-01-01"), (BETA, "context-1m-2025-08-07")]);
    for (dialect, betas, dropped) in [
        (Dialect::Anthropic, "context-1m-2025-08-07,own-1", ""),
        (Dialect::VertexAnthropic, "context-1m-2025-08-07,own-1", ""),
        (Dialect::OpenAi, "", "anthropic-beta.context-1m-2025-08-07"),
    ] {
        let own = if dialect == Dialect::OpenAi { vec![] } else { vec![(BETA, "own-1".to_owned())] };
        let mut encoded = Encoded { headers: own, ..Encoded::default() };
        carry_headers(&ask, dialect, &head, &mut encoded);
        assert_eq!(encoded.headers, [("anthropic-version", String::new()), (BETA, betas.to_owned())], "{dialect:?}");
        assert_eq!(encoded.dropped.fields().join(","), dropped);
    }
}

#[test]
fn an_error_in_place_of_an_answer_is_a_refusal() {
    for (body, expected) in [
        (r#"{"type":"error","error":{"type":"overloaded_error","message":"a"}}"#, Some(503)),
        (r#"{"error":{"message":"a"}}"#, Some(500)),
        (r#"{"type":"error","error":{"type":"overloaded"#, None),
        (r#"{"type":"message","content":[],"error":{}}"#, None),
        (r#"{"input_tokens":3,"error":{}}"#, None),
        (r#"{"type":"message","error":null}"#, None),
        ("[]", None),
    ] {
        assert_eq!(refusal(body.as_bytes()).map(|failure| failure.error.status), expected, "{body}");
    }
}
