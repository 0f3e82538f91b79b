//! Errors, recorded and synthetic.

use serde_json::Value;
use tollgate::dialect::ResponseHead;
use tollgate::dialect::openai::chat::encode_error;
use tollgate::dialect::openai::responses::failure;
use tollgate::error::Class;

use super::recorded::exchanges;
use super::support::{exchange, folder};

/// File, class, then what the client gets: status, `type`, `code`, the message's beginning.
type Row = (&'static str, Class, u16, &'static str, Option<&'static str>, &'static str);

const INVALID: &str = "invalid_request_error";
const REJECTED: Option<&str> = Some("provider_credential_rejected");
#[rustfmt::skip]
const ROWS: [Row; 7] = [
    ("openai/responses/dd.response_error.json", Class::ProviderKey, 424, "api_error", REJECTED, "The provider rejected the gateway's credential (401)."),
    ("openai/responses/pyai.multimodal_tool_return_matrix-direct-url-audio-openai_responses-.2.json", Class::BadRequest, 400, INVALID, Some("unsupported_file"), "The file type you uploaded is not supported."),
    ("xai/responses/rig.response_identity.auth_rejection_classifies_with_contract.json", Class::ProviderKey, 424, "api_error", REJECTED, "The provider rejected the gateway's credential (400)."),
    ("xai/responses/rubyllm.error_handling_with_xai_grok-4-1-fast-non-reasoning_raises_appropriate_auth_error.json", Class::ProviderKey, 424, "api_error", REJECTED, "The provider rejected the gateway's credential (400)."),
    ("synthetic-errors/openai/429-insufficient-quota.json", Class::ProviderQuota, 429, "insufficient_quota", Some("insufficient_quota"), "You exceeded"),
    ("synthetic-errors/openai/502-html.json", Class::ProviderFault, 502, "server_error", None, "The provider answered 502 without a readable error."),
    ("synthetic-errors/azure/400-content-filter.json", Class::ContentFiltered, 400, INVALID, Some("content_filter"), "The response was filtered"),
];

#[test]
fn errors_have_their_class_and_their_shape() {
    if folder().is_none() {
        return;
    }
    for (file, class, status, kind, code, message) in ROWS {
        let exchange = exchange(file);
        let head = ResponseHead { status: exchange.status, ..ResponseHead::default() };
        let error = failure(&head, &exchange.body).error;
        assert_eq!(
            (error.class, error.status, error.kind, error.code.as_deref()),
            (class, status, kind, code),
            "{file}"
        );
        assert!(error.message.starts_with(message), "{file}: {}", error.message);
        let body: Value = serde_json::from_slice(&encode_error(&error)).unwrap();
        assert_eq!(body["error"].as_object().unwrap().len(), 4, "{file}");
    }
    for exchange in exchanges().iter().filter(|exchange| exchange.status >= 400) {
        assert!(ROWS.iter().any(|row| row.0 == exchange.file), "{}", exchange.file);
    }
    println!("responses errors: tried {}, passed {}, excluded 0", ROWS.len(), ROWS.len());
}

#[test]
fn rule_7a_a_seal_that_is_rejected_has_its_class() {
    for body in [
        r#"{"error":{"message":"The encrypted content gAAA could not be verified.","type":"invalid_request_error","code":"invalid_encrypted_content"}}"#,
        r#"{"error":{"message":"The encrypted content could not be verified.","type":"invalid_request_error"}}"#,
    ] {
        let head = ResponseHead { status: 400, ..ResponseHead::default() };
        assert_eq!(failure(&head, body.as_bytes()).error.class, Class::SealRejected, "{body}");
    }
}
