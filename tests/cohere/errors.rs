//! Errors, recorded and synthetic.

use serde_json::Value;
use tollgate::dialect::cohere::failure;
use tollgate::dialect::openai::chat::encode_error;
use tollgate::dialect::{Failure, ResponseHead};
use tollgate::error::Class;

use super::recorded::{exchanges, of_endpoint};
use super::support::{exchange, folder};

fn told(file: &str) -> Failure {
    let exchange = exchange(file);
    let seconds = exchange.headers["retry-after"].as_str().and_then(|text| text.parse::<f64>().ok());
    let retry_after = seconds.map(std::time::Duration::from_secs_f64);
    let head = ResponseHead { status: exchange.status, retry_after, ..ResponseHead::default() };
    failure(&head, &exchange.body)
}

/// File, class, then what the client gets: status, `type`, `code`, seconds of `retry-after`, the message's beginning.
type Row = (&'static str, Class, u16, &'static str, Option<&'static str>, Option<u64>, &'static str);

const INVALID: &str = "invalid_request_error";
const NOT_FOUND: Option<&str> = Some("model_not_found");
#[rustfmt::skip]
const ROWS: [Row; 5] = [
    ("cohere/v2-chat/rig.errors.completion_error_preserves_status_and_body.json", Class::ProviderModel, 404, INVALID, NOT_FOUND, None, "model 'command-does-not-exist' not found"),
    ("cohere/v2-chat/rubyllm.error_handling_with_cohere_command-a-03-2025_raises_appropriate_auth_error.json", Class::ProviderKey, 424, "api_error", Some("provider_credential_rejected"), None, "The provider rejected the gateway's credential (401)."),
    ("cohere/embed/pyai.TestCohere.test_embed_error.json", Class::ProviderModel, 404, INVALID, NOT_FOUND, None, "model 'nonexistent' not found"),
    ("synthetic-errors/cohere/429-rate-limit.json", Class::ProviderLimit, 429, "rate_limit_exceeded", Some("rate_limit_exceeded"), Some(1), "You are using a Trial key"),
    ("synthetic-errors/cohere/500-internal.json", Class::ProviderFault, 500, "server_error", None, None, "internal server error"),
];

#[test]
fn errors_have_their_class_and_their_shape() {
    let Some(folder) = folder() else { return };
    for (file, class, status, kind, code, wait, message) in ROWS {
        let error = told(file).error;
        assert_eq!(
            (error.class, error.status, error.kind, error.code.as_deref()),
            (class, status, kind, code),
            "{file}"
        );
        assert_eq!(error.retry_after.map(|wait| wait.as_secs()), wait, "{file}");
        assert!(error.message.starts_with(message), "{file}: {}", error.message);
        let body: Value = serde_json::from_slice(&encode_error(&error)).unwrap();
        assert_eq!(body["error"].as_object().unwrap().len(), 4, "{file}");
    }
    // None is left out.
    let recorded = exchanges().into_iter().chain(of_endpoint("embed")).filter(|exchange| exchange.status >= 400);
    let recorded = recorded.map(|exchange| exchange.file);
    let synthetic = std::fs::read_dir(folder.join("synthetic-errors/cohere")).unwrap();
    let synthetic = synthetic.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for file in recorded.chain(synthetic) {
        assert!(ROWS.iter().any(|row| row.0.ends_with(&file)), "{file}");
    }
    println!("cohere errors: tried {}, passed {}, excluded 0", ROWS.len(), ROWS.len());
}
