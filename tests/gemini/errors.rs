//! Errors, recorded, synthetic and reported.

use serde_json::{Value, json};
use tollgate::chat::Event;
use tollgate::dialect::gemini::{decode_response, failure};
use tollgate::dialect::openai::chat::encode_error;
use tollgate::dialect::{Failure, ResponseHead};
use tollgate::error::Class;

use super::recorded::{decode, exchanges};
use super::support::{exchange, folder, ids};

fn told(status: u16, body: &[u8]) -> Failure {
    failure(&ResponseHead { status, ..ResponseHead::default() }, body)
}

/// Class, then what the client gets: status, `type`, `code`, seconds of `retry-after`, the message's beginning.
type Seen = (Class, u16, &'static str, Option<&'static str>, Option<u64>, &'static str);

const INVALID: &str = "invalid_request_error";
const SERVER: &str = "server_error";
const KEY: Seen = (
    Class::ProviderKey,
    424,
    "api_error",
    Some("provider_credential_rejected"),
    None,
    "The provider rejected the gateway's credential (400).",
);
const fn no_model(message: &'static str) -> Seen {
    (Class::ProviderModel, 404, INVALID, Some("model_not_found"), None, message)
}
const CACHE: Seen = (Class::BadRequest, 400, INVALID, Some("PERMISSION_DENIED"), None, "CachedContent not found");

const ROWS: [(&str, Seen); 15] = [
    (
        "gemini/generateContent/rig.error_envelope.nonexistent_model_error_preserves_status_and_body.json",
        no_model("models/gemini-nonexistent"),
    ),
    ("gemini/generateContent/rig.response_identity.auth_rejection_keeps_transport_shape.json", KEY),
    (
        "gemini/generateContent/rig.response_identity.provider_error_keeps_transport_shape_and_none_id.json",
        no_model("models/gemini-nonexistent"),
    ),
    (
        "gemini/generateContent/rubyllm.error_handling_with_gemini_gemini-2_5-flash_raises_appropriate_auth_error.json",
        KEY,
    ),
    (
        "gemini/streamGenerateContent/rig.error_envelope.nonexistent_model_streaming_error_preserves_status_and_body.json",
        no_model("models/gemini-nonexistent"),
    ),
    ("gemini/batchEmbedContents/pyai.TestGoogle.test_embed_error.json", no_model("models/nonexistent-model")),
    (
        "gemini/batchEmbedContents/rig.embedding_matrix.error_preserves_provider_body.json",
        no_model("models/no-such-embedding-model"),
    ),
    ("gemini/countTokens/pyai.TestGoogle.test_count_tokens_error.json", no_model("models/nonexistent-model")),
    ("gemini/models/rig.models.list_models_rejected_key_reports_api_error_with_context.json", KEY),
    ("gemini/other/rig.cached_content_matrix.edge_double_delete.3.json", CACHE),
    ("gemini/other/rig.cached_content_matrix.edge_expiry_in_the_past.2.json", CACHE),
    ("vertex/generateContent/otel.generate_content_missing_model.json", no_model("Publisher Model")),
    (
        "vertex/generateContent/pyai.multimodal_tool_return_matrix-tool_return_content-url-image-google_vertex-.4.json",
        (Class::BadRequest, 400, INVALID, Some("INVALID_ARGUMENT"), None, "Cannot fetch content from the provided URL"),
    ),
    ("synthetic-errors/gemini/500-internal.json", (Class::ProviderFault, 500, SERVER, None, None, "An internal error")),
    (
        "synthetic-errors/gemini/503-overloaded.json",
        (Class::Overloaded, 503, SERVER, Some("overloaded"), None, "The model is overloaded"),
    ),
];

fn check(what: &str, failure: &Failure, (class, status, kind, code, wait, message): Seen) {
    let error = &failure.error;
    assert_eq!((error.class, error.status, error.kind, error.code.as_deref()), (class, status, kind, code), "{what}");
    assert_eq!(error.retry_after.map(|wait| wait.as_secs()), wait, "{what}");
    assert!(error.message.starts_with(message), "{what}: {}", error.message);
    let body: Value = serde_json::from_slice(&encode_error(error)).unwrap();
    assert_eq!(body["error"].as_object().unwrap().len(), 4, "{what}");
}

#[test]
fn errors_have_their_class_and_their_shape() {
    let Some(folder) = folder() else { return };
    for (file, seen) in ROWS {
        let exchange = exchange(file);
        check(file, &told(exchange.status, &exchange.body), seen);
    }
    // None is left out.
    let recorded = exchanges().into_iter().filter(|exchange| exchange.status >= 400).map(|exchange| exchange.file);
    let synthetic = std::fs::read_dir(folder.join("synthetic-errors/gemini")).unwrap();
    let synthetic = synthetic.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let synthetic = synthetic.filter(|name| name.ends_with(".json") && !name.starts_with("200-"));
    for file in recorded.chain(synthetic) {
        assert!(ROWS.iter().any(|row| row.0.ends_with(&file)), "{file}");
    }
    println!("gemini errors: tried {}, passed {}, excluded 0", ROWS.len(), ROWS.len());
}

#[test]
fn reported_errors_too() {
    let quota = |id: &str| {
        json!([{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": id}]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.07s"}])
    };
    let violation = json!([{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": "contents[0].parts", "description": "x"}]}]);
    let limit = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier";
    for (status, word, message, details, seen) in [
        (
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota",
            quota(limit),
            (Class::ProviderLimit, 429, "rate_limit_exceeded", Some("rate_limit_exceeded"), Some(34), "You exceeded"),
        ),
        (
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota",
            quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
            (Class::ProviderQuota, 429, "insufficient_quota", Some("insufficient_quota"), Some(34), "You exceeded"),
        ),
        (
            429,
            "RESOURCE_EXHAUSTED",
            "Please retry in 2.5s.",
            json!([]),
            (Class::ProviderLimit, 429, "rate_limit_exceeded", Some("rate_limit_exceeded"), Some(2), "Please"),
        ),
        (
            429,
            "RESOURCE_EXHAUSTED",
            "Resource exhausted. Please try again later.",
            json!([]),
            (Class::ProviderLimit, 429, "rate_limit_exceeded", Some("rate_limit_exceeded"), Some(1), "Resource"),
        ),
        (
            400,
            "INVALID_ARGUMENT",
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            json!([]),
            (Class::ContextTooLong, 400, INVALID, Some("context_length_exceeded"), None, "The input"),
        ),
        (
            400,
            "INVALID_ARGUMENT",
            "Thought signature is not valid",
            json!([]),
            (Class::SealRejected, 400, INVALID, Some("INVALID_ARGUMENT"), None, "Thought"),
        ),
        (
            400,
            "INVALID_ARGUMENT",
            "Function call is missing a thought_signature in functionCall parts.",
            json!([]),
            (Class::SealRejected, 400, INVALID, Some("INVALID_ARGUMENT"), None, "Function"),
        ),
        (
            400,
            "INVALID_ARGUMENT",
            "Request contains an invalid argument.",
            violation,
            (Class::BadRequest, 400, INVALID, Some("INVALID_ARGUMENT"), None, "Request"),
        ),
        (
            400,
            "FAILED_PRECONDITION",
            "User location is not supported for the API use.",
            json!([]),
            (Class::ProviderFault, 502, SERVER, None, None, "User location"),
        ),
        (
            400,
            "INVALID_ARGUMENT",
            "Request payload size exceeds the limit: 20971520 bytes.",
            json!([]),
            (Class::TooLarge, 413, INVALID, Some("request_too_large"), None, "Request payload"),
        ),
        (
            401,
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials.",
            json!([]),
            (Class::ProviderKey, 424, "api_error", Some("provider_credential_rejected"), None, "The provider rejected"),
        ),
        (
            403,
            "PERMISSION_DENIED",
            "Permission denied on resource project x.",
            json!([]),
            (Class::ProviderKey, 424, "api_error", Some("provider_credential_rejected"), None, "The provider rejected"),
        ),
        (
            499,
            "CANCELLED",
            "The operation was cancelled.",
            json!([]),
            (Class::ProviderFault, 502, SERVER, None, None, "The operation"),
        ),
        (
            504,
            "DEADLINE_EXCEEDED",
            "Deadline expired.",
            json!([]),
            (Class::Timeout, 504, SERVER, Some("timeout"), None, "Deadline"),
        ),
    ] {
        let body = json!({"error": {"code": status, "message": message, "status": word, "details": details}});
        let failure = told(status, body.to_string().as_bytes());
        check(message, &failure, seen);
        assert_eq!(failure.word, status.to_string());
        if message.starts_with("Request contains") {
            assert_eq!(failure.error.param.as_deref(), Some("contents[0].parts"));
        }
        // The same inside of a stream, bare or in a list, is the same class (rule 46).
        let word = json!({"error": {"message": message, "status": word, "details": details, "code": status}});
        for body in [format!("data: {word}\n\n"), word.to_string(), format!("[{word}\n]")] {
            let events = decode(&[body.as_bytes()]);
            let [Event::Error(error)] = &events[..] else { panic!("{events:?}") };
            assert_eq!((error.class, error.status), (seen.0, seen.1), "{body}");
            if !body.starts_with("data") {
                let failure = decode_response(body.as_bytes(), &ids()).unwrap_err();
                assert_eq!((failure.error.class, &*failure.word), (seen.0, "error"));
            }
        }
    }
}

#[test]
fn bodies_that_say_nothing() {
    for body in
        [&b""[..], b"<html><body>502 Bad Gateway</body></html>", b"{\"error\":", b"[]", b"\"x\"", b"{\"error\":\"x\"}"]
    {
        let failure = told(502, body);
        check(
            "no words",
            &failure,
            (Class::ProviderFault, 502, SERVER, None, None, "The provider answered 502 without a readable error."),
        );
        assert!(decode_response(body, &ids()).is_err());
    }
    check(
        "503",
        &told(503, b""),
        (Class::Overloaded, 503, SERVER, Some("overloaded"), None, "The provider answered 503"),
    );
    let wait = Some(std::time::Duration::from_secs(7));
    let head = ResponseHead { status: 429, retry_after: wait, ..ResponseHead::default() };
    assert_eq!(failure(&head, b"").error.retry_after, wait);
}
