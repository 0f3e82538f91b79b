//! Errors, recorded and synthetic.

use serde_json::Value;
use tollgate::chat::Event;
use tollgate::dialect::bedrock::failure;
use tollgate::dialect::openai::chat::encode_error;
use tollgate::dialect::{Failure, ResponseHead};
use tollgate::error::{Again, Class, Error};

use super::recorded::{all, decode, translate};
use super::support::{Exchange, events, exchange, folder, frame, frames, ids};
use serde_json::json;

fn told(exchange: &Exchange) -> Failure {
    let error_type = exchange.headers["x-amzn-errortype"].as_str().map(str::to_owned);
    failure(&ResponseHead { status: exchange.status, error_type, ..ResponseHead::default() }, &exchange.body)
}

/// File, class, then what the client gets: status, `type`, `code`, seconds of `retry-after`, the message's beginning.
type Row = (&'static str, Class, u16, &'static str, Option<&'static str>, Option<u64>, &'static str);

const INVALID: &str = "invalid_request_error";
const SERVER: &str = "server_error";
const MISSING: Option<&str> = Some("model_not_found");
const REJECTED: Option<&str> = Some("provider_credential_rejected");
const S3: &str = "This model doesn't support the s3Uri field.";
const ROWS: [Row; 12] = [
    (
        "bedrock/converse/otel.converse_with_invalid_model.json",
        Class::ProviderModel,
        404,
        INVALID,
        MISSING,
        None,
        "The provided model identifier is invalid.",
    ),
    (
        "bedrock/converse-stream/otel.converse_stream_with_invalid_model.json",
        Class::ProviderModel,
        404,
        INVALID,
        MISSING,
        None,
        "The provided model identifier is invalid.",
    ),
    (
        "bedrock/converse-stream/pyai.bedrock_streaming_error.json",
        Class::ProviderModel,
        404,
        INVALID,
        MISSING,
        None,
        "The provided model identifier is invalid.",
    ),
    (
        "bedrock/count-tokens/pyai.bedrock_count_tokens_error.json",
        Class::ProviderModel,
        404,
        INVALID,
        MISSING,
        None,
        "The provided model identifier is invalid.",
    ),
    (
        "bedrock/converse/rig.model_ids.retired_model_id_preserves_provider_error.json",
        Class::ProviderModel,
        404,
        INVALID,
        MISSING,
        None,
        "This model version has reached the end of its life.",
    ),
    (
        "bedrock/converse/pyai.multimodal_tool_return_matrix-direct-uploaded_file-image-bedrock_claude-.2.json",
        Class::BadRequest,
        400,
        INVALID,
        None,
        None,
        S3,
    ),
    (
        "bedrock/converse/pyai.multimodal_tool_return_matrix-tool_return_content-uploaded_file-image-bedrock_claude.2.json",
        Class::BadRequest,
        400,
        INVALID,
        None,
        None,
        S3,
    ),
    (
        "bedrock/converse/rubyllm.error_handling_with_bedrock_amazon_nova-2-lite-v1_0_raises_appropriate_auth_error.json",
        Class::ProviderKey,
        424,
        "api_error",
        REJECTED,
        None,
        "The provider rejected the gateway's credential (403).",
    ),
    (
        "bedrock/invoke/dd.meta_invoke_error.json",
        Class::ProviderKey,
        424,
        "api_error",
        REJECTED,
        None,
        "The provider rejected the gateway's credential (403).",
    ),
    (
        "synthetic-errors/bedrock/424-model-error.json",
        Class::ProviderFault,
        502,
        SERVER,
        Some("provider_error"),
        None,
        "The system encountered an unexpected error",
    ),
    (
        "synthetic-errors/bedrock/429-throttling.json",
        Class::ProviderLimit,
        429,
        "rate_limit_exceeded",
        Some("rate_limit_exceeded"),
        Some(1),
        "Too many tokens, please wait",
    ),
    (
        "synthetic-errors/bedrock/503-service-unavailable.json",
        Class::Overloaded,
        503,
        SERVER,
        Some("overloaded"),
        None,
        "Bedrock is unable to process your request.",
    ),
];

#[test]
fn errors_have_their_class_and_their_shape() {
    if folder().is_none() {
        return;
    }
    for (file, class, status, kind, code, seconds, message) in ROWS {
        let failure = told(&exchange(file));
        let error = &failure.error;
        assert_eq!(
            (error.class, error.status, error.kind, error.code.as_deref()),
            (class, status, kind, code),
            "{file}"
        );
        assert_eq!(error.retry_after.map(|wait| wait.as_secs()), seconds, "{file}");
        assert!(error.message.starts_with(message), "{file}: {}", error.message);
        let body: Value = serde_json::from_slice(&encode_error(error)).unwrap();
        assert_eq!(
            (&body["error"]["type"], &body["error"]["message"]),
            (&json!(kind), &json!(error.message)),
            "{file}"
        );
    }
    let recorded: Vec<String> = all().into_iter().filter(|exchange| exchange.status >= 400).map(|it| it.file).collect();
    let missing: Vec<&String> = recorded.iter().filter(|file| !ROWS.iter().any(|row| row.0 == *file)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    println!("bedrock errors: tried {0}, passed {0}, excluded 0", ROWS.len());
}

fn last(body: &[u8]) -> Error {
    match decode(&[body], &ids()).pop() {
        Some(Event::Error(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// Exceptions and damage inside of streams (rules 2 and 48, case 21, trap 7).
#[test]
fn streams_that_fail_end_in_an_error() {
    let Some(folder) = folder() else { return };
    let mut tried = 0;
    for (file, class, status, code) in [
        ("200-stream-bad-crc", Class::ProviderFault, 502, None),
        ("200-stream-exception-internal", Class::ProviderFault, 500, None),
        ("200-stream-exception-model-stream-error", Class::ProviderFault, 502, Some("provider_error")),
        ("200-stream-exception-throttling", Class::ProviderLimit, 429, Some("rate_limit_exceeded")),
        ("200-stream-metadata-no-stop", Class::Cut, 502, Some("stream_cut")),
        ("200-stream-truncated", Class::Cut, 502, Some("stream_cut")),
    ] {
        let body = std::fs::read(folder.join(format!("synthetic-errors/bedrock/{file}.eventstream"))).unwrap();
        let error = last(&body);
        assert_eq!((error.class, error.status, error.code.as_deref()), (class, status, code), "{file}: {error:?}");
        assert_eq!(error.again, Again::MayHelp, "{file}");
        for pieces in super::support::cuts(&body) {
            let out = translate(&pieces, &ids());
            assert!(events(&out).last().unwrap()["error"]["message"].is_string(), "{file}");
            assert!(!String::from_utf8(out).unwrap().contains("[DONE]"), "{file}");
        }
        tried += 1;
    }
    let there = std::fs::read_dir(folder.join("synthetic-errors/bedrock")).unwrap();
    let streams = there.filter(|entry| entry.as_ref().unwrap().path().extension().unwrap() == "eventstream").count();
    assert_eq!(streams, tried);
}

/// Every exception of the service model, as a frame.
#[test]
fn exceptions_are_classed_by_their_name() {
    let start = frames(&[("messageStart".to_owned(), json!({"role": "assistant"}))]);
    for (name, class, status) in [
        ("internalServerException", Class::ProviderFault, 500),
        ("modelStreamErrorException", Class::ProviderFault, 502),
        ("validationException", Class::BadRequest, 400),
        ("throttlingException", Class::ProviderLimit, 429),
        ("serviceUnavailableException", Class::Overloaded, 503),
        ("modelTimeoutException", Class::Timeout, 504),
        ("aNewException", Class::ProviderFault, 500),
    ] {
        for kind in [":exception-type", ":error-code"] {
            let message = if kind == ":error-code" { "error" } else { "exception" };
            let headers = [(kind, name), (":content-type", "application/json"), (":message-type", message)];
            let body = [start.clone(), frame(&headers, br#"{"message":"so"}"#)].concat();
            let error = last(&body);
            assert_eq!((error.class, error.status, &*error.message), (class, status, "so"), "{name}");
        }
    }
    let headers = [(":message-type", "error"), (":error-code", "x"), (":error-message", "in a header")];
    assert_eq!(last(&frame(&headers, b"")).message, "in a header");
    let long = frame(
        &[(":message-type", "exception"), (":exception-type", "validationException")],
        br#"{"message":"Input is too long for requested model."}"#,
    );
    assert_eq!(last(&long).class, Class::ContextTooLong);
    assert_eq!(last(b"").class, Class::Cut);
    assert_eq!(last(b"<html>Bad Gateway</html>").class, Class::ProviderFault);
}

#[test]
fn a_200_that_is_no_answer_is_a_failure() {
    use tollgate::dialect::bedrock::decode_response;
    for body in ["", "<html>", "[]", "{}", r#"{"output":{}}"#, r#"{"output":null,"stopReason":"end_turn"}"#] {
        let failure = decode_response(body.as_bytes(), &ids()).unwrap_err();
        assert_eq!((failure.error.class, failure.error.status), (Class::ProviderFault, 502), "{body}");
    }
}
