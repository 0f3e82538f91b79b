use super::*;
use crate::dialect::passing::Answer;
use crate::operation::Operation;

fn head(status: u16) -> ResponseHead {
    ResponseHead { status, ..ResponseHead::default() }
}

/// Status and body of a provider; class, then status, type and code for the client.
#[test]
fn classes_and_rows() {
    use Class::*;
    const INVALID: &str = "invalid_request_error";
    const SERVER: &str = "server_error";
    for (status, body, class, seen) in [
        (400, r#"{"error":{"message":"no","code":"bad_thing","param":"p"}}"#, BadRequest, (400, INVALID, "bad_thing")),
        (
            400,
            r#"{"error":{"message":"x","code":"context_length_exceeded"}}"#,
            ContextTooLong,
            (400, INVALID, "context_length_exceeded"),
        ),
        (
            413,
            r#"{"error":{"message":"This model's maximum context length is 8"}}"#,
            ContextTooLong,
            (400, INVALID, "context_length_exceeded"),
        ),
        (422, r#"{"detail":"Prompt is too long"}"#, ContextTooLong, (400, INVALID, "context_length_exceeded")),
        (
            400,
            r#"{"error":{"message":"x","code":"content_filter"}}"#,
            ContentFiltered,
            (400, INVALID, "content_filter"),
        ),
        (
            400,
            r#"{"error":"Incorrect API key provided: xx"}"#,
            ProviderKey,
            (424, "api_error", "provider_credential_rejected"),
        ),
        (401, "", ProviderKey, (424, "api_error", "provider_credential_rejected")),
        (402, "{}", ProviderKey, (424, "api_error", "provider_credential_rejected")),
        (403, "{}", ProviderKey, (424, "api_error", "provider_credential_rejected")),
        (404, "{}", ProviderModel, (404, INVALID, "model_not_found")),
        (
            400,
            r#"{"error":{"message":"x","code":"model_not_found"}}"#,
            ProviderModel,
            (404, INVALID, "model_not_found"),
        ),
        (408, "", Timeout, (504, SERVER, "timeout")),
        (409, "", ProviderFault, (502, SERVER, "")),
        (413, "", TooLarge, (413, INVALID, "request_too_large")),
        (422, r#"{"error":{"message":"x","code":"c"}}"#, Unprocessable, (422, INVALID, "c")),
        (424, "", ProviderFault, (502, SERVER, "provider_error")),
        (429, "", ProviderLimit, (429, "rate_limit_exceeded", "rate_limit_exceeded")),
        (
            429,
            r#"{"error":{"message":"x","type":"insufficient_quota"}}"#,
            ProviderQuota,
            (429, "insufficient_quota", "insufficient_quota"),
        ),
        (500, "", ProviderFault, (500, SERVER, "")),
        (502, "<html>", ProviderFault, (502, SERVER, "")),
        (503, "", Overloaded, (503, SERVER, "overloaded")),
        (504, "", Timeout, (504, SERVER, "timeout")),
        (529, "", Overloaded, (503, SERVER, "overloaded")),
        (418, "", BadRequest, (400, INVALID, "")),
        (599, "", ProviderFault, (502, SERVER, "")),
        (302, "", ProviderFault, (502, SERVER, "")),
    ] {
        let failure = failure(&head(status), body.as_bytes(), None);
        let error = &failure.error;
        assert_eq!(error.class, class, "{status} {body}");
        assert_eq!((error.status, error.kind, error.code.as_deref().unwrap_or_default()), seen, "{status} {body}");
    }
}

#[test]
fn words_of_every_shape() {
    let none = "The provider answered 500 without a readable error.";
    for (body, expected) in [
        (r#"{"error":{"message":"a","code":1,"param":null}}"#, "a"),
        (r#"{"error":"a"}"#, "a"),
        (r#"{"message":"a"}"#, "a"),
        (r#"{"detail":"a"}"#, "a"),
        (r#"{"detail":[{"msg":"a"}]}"#, r#"[{"msg":"a"}]"#),
        (r#"[{"error":{"message":"a"}}]"#, "a"),
        (r#"{"error":{}}"#, none),
        (r#"{"error":{"message":" <html>"}}"#, none),
        ("<html>", none),
        ("", none),
        ("null", none),
        ("[]", none),
    ] {
        assert_eq!(failure(&head(500), body.as_bytes(), None).error.message, expected, "{body}");
    }
}

#[test]
fn a_providers_echo_of_our_secret_is_taken_out() {
    let body = br#"{"error":{"message":"bad sk-1 and sk-1","code":"sk-1","param":"sk-1"}}"#;
    let error = failure(&head(400), body, Some("sk-1")).error;
    assert_eq!(error.message, "bad *** and ***");
    assert_eq!((error.code.as_deref(), error.param.as_deref()), (Some("***"), Some("***")));
    // About our credential the provider's words are not shown at all.
    let rejected = failure(&head(401), br#"{"error":{"message":"key sk-1 of org ACME"}}"#, Some("sk-1")).error;
    assert_eq!(rejected.message, "The provider rejected the gateway's credential (401).");
}

#[test]
fn waits_come_from_the_header_then_from_words() {
    let words = |text: &str| {
        failure(&head(429), format!(r#"{{"error":{{"message":"{text}"}}}}"#).as_bytes(), None).error.retry_after
    };
    for (text, seconds) in [
        ("Please try again in 5.871s.", 5.871),
        ("try again in 20ms", 0.02),
        ("try again in 1m3s", 63.0),
        ("Please try again in 1h12m30.5s. Need more tokens?", 4350.5),
        ("try again in 2m", 120.0),
        ("try again in 5 minutes", 1.0),
        ("try again in 1.2.3s", 1.0),
        ("try again in 999999999999999999999999h", 1.0),
        ("try again in s", 1.0),
        ("try again in 7", 1.0),
        ("no hint", 1.0),
    ] {
        assert_eq!(words(text), Some(Duration::from_secs_f64(seconds)), "{text}");
    }
    let told = ResponseHead { retry_after: Some(Duration::from_secs(9)), ..head(429) };
    let error = failure(&told, br#"{"error":{"message":"try again in 5s"}}"#, None).error;
    assert_eq!(error.retry_after, Some(Duration::from_secs(9)));
    assert_eq!(failure(&head(500), b"", None).error.retry_after, None);
}

/// OpenAI sends both, and the whole second is the coarser one: it would double a wait of 400 ms.
#[test]
fn of_two_waits_the_milliseconds_count() {
    let wait = |pairs: &[(&str, &str)]| ResponseHead::read(&crate::testing::headers(pairs)).retry_after;
    let both = [("retry-after", "1"), ("retry-after-ms", "400")];
    assert_eq!(wait(&both), Some(Duration::from_millis(400)));
    for other in ["soon", "0", "-1"] {
        let pairs = [("retry-after", "1"), ("retry-after-ms", other)];
        assert_eq!(wait(&pairs), Some(Duration::from_secs(1)), "{other}");
    }
    assert_eq!(wait(&both[..1]), Some(Duration::from_secs(1)));
}

#[test]
fn errors_inside_a_stream() {
    let of = |kind: &str, status: Option<u16>| {
        let error = StreamError {
            message: "m".to_owned(),
            kind: (!kind.is_empty()).then(|| kind.to_owned()),
            status,
            ..StreamError::default()
        };
        let failure = stream_failure(&error, None);
        (failure.word.into_owned(), failure.error.class)
    };
    for (kind, status, class) in [
        ("overloaded_error", None, Class::Overloaded),
        ("rate_limit_error", None, Class::ProviderLimit),
        ("invalid_request_error", None, Class::BadRequest),
        ("authentication_error", None, Class::ProviderKey),
        ("not_found_error", None, Class::ProviderModel),
        ("server_error", None, Class::ProviderFault),
        ("", None, Class::ProviderFault),
        ("server_error", Some(429), Class::ProviderLimit),
        ("overloaded_error", Some(200), Class::Overloaded),
    ] {
        assert_eq!(of(kind, status), ("error".to_owned(), class), "{kind} {status:?}");
    }
}

#[test]
fn an_error_in_place_of_an_answer_is_a_refusal() {
    for (body, expected) in [
        (r#"{"error":{"message":"a","code":502},"user_id":"u"}"#, Some("a")),
        (r#" {"error":"a","choices":null} "#, Some("a")),
        (r#"{"error":{"message":"a","code":502}"#, None), // not whole
        (r#"{"error":null,"id":"r"}"#, None),
        (r#"{"error":{}}"#, None),
        (r#"{"id":"r","status":"failed","error":{"message":"a"},"output":[]}"#, None),
        (r#"{"error":{"message":"a"},"choices":[]}"#, None),
        (r#"{"choices":[{"message":{"content":"{\"error\":\"a\"}"}}]}"#, None),
        (r#"[{"error":{"message":"a"}}]"#, None),
    ] {
        let found = refusal(body.as_bytes()).map(|error| error.message);
        assert_eq!(found.as_deref(), expected, "{body}");
        let mut answer = Answer::new(Operation::ChatCompletions);
        answer.feed(body.as_bytes());
        assert!(expected.is_none() || answer.has_error(), "{body}");
    }
}
