//! Errors, recorded and synthetic.

use serde_json::Value;
use tollgate::dialect::anthropic::failure;
use tollgate::dialect::openai::chat::encode_error;
use tollgate::dialect::{Failure, ResponseHead};
use tollgate::error::Class;

use super::recorded::exchanges;
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
const SERVER: &str = "server_error";
const ROWS: [Row; 10] = [
    (
        "anthropic/messages/pyai.anthropic_explicit_effort_xhigh_unsupported_model_errors.json",
        Class::BadRequest,
        400,
        INVALID,
        None,
        None,
        "This model does not support effort",
    ),
    (
        "anthropic/messages/rig.strict_schema_limits.twenty_one_strict_tools_are_rejected.json",
        Class::BadRequest,
        400,
        INVALID,
        None,
        None,
        "Too many strict tools",
    ),
    (
        "anthropic/messages/rig.strict_schema_matrix.boolean_root_schema_is_rejected_for_tool_input.json",
        Class::BadRequest,
        400,
        INVALID,
        None,
        None,
        "tools.0.custom.input_schema",
    ),
    (
        "anthropic/messages/rubyllm.real_error_scenarios_anthropic_claude-haiku-4-5_handles_context_length_exceeded_erro.json",
        Class::ContextTooLong,
        400,
        INVALID,
        Some("context_length_exceeded"),
        None,
        "prompt is too long",
    ),
    (
        "anthropic/messages/rig.error_identity_edge.streamed_agent_run_failure_exposes_error_identity_accessors.json",
        Class::ProviderKey,
        424,
        "api_error",
        Some("provider_credential_rejected"),
        None,
        "The provider rejected the gateway's credential (401).",
    ),
    (
        "anthropic/messages/rig.error_envelope.nonexistent_model_error_preserves_status_and_body.json",
        Class::ProviderModel,
        404,
        INVALID,
        Some("model_not_found"),
        None,
        "model: claude-nonexistent-rig-test",
    ),
    (
        "anthropic/count_tokens/pyai.anthropic_count_tokens_error.json",
        Class::ProviderModel,
        404,
        INVALID,
        Some("model_not_found"),
        None,
        "model: claude-does-not-exist",
    ),
    (
        "synthetic-errors/anthropic/429-rate-limit.json",
        Class::ProviderLimit,
        429,
        "rate_limit_exceeded",
        Some("rate_limit_exceeded"),
        Some(1),
        "Number of requests",
    ),
    (
        "synthetic-errors/anthropic/500-api-error.json",
        Class::ProviderFault,
        500,
        SERVER,
        None,
        None,
        "Internal server error",
    ),
    (
        "synthetic-errors/anthropic/529-overloaded.json",
        Class::Overloaded,
        503,
        SERVER,
        Some("overloaded"),
        None,
        "Overloaded",
    ),
];

#[test]
fn errors_have_their_class_and_their_shape() {
    let Some(folder) = folder() else { return };
    for (file, class, status, kind, code, wait, message) in ROWS {
        let failure = told(file);
        let error = &failure.error;
        assert_eq!(
            (error.class, error.status, error.kind, error.code.as_deref()),
            (class, status, kind, code),
            "{file}"
        );
        assert_eq!(error.retry_after.map(|wait| wait.as_secs()), wait, "{file}");
        assert!(error.message.starts_with(message), "{file}: {}", error.message);
        let body: Value = serde_json::from_slice(&encode_error(error)).unwrap();
        assert_eq!(body["error"].as_object().unwrap().len(), 4, "{file}");
    }
    // None is left out.
    let recorded = exchanges().into_iter().filter(|exchange| exchange.status >= 400).map(|exchange| exchange.file);
    let synthetic = std::fs::read_dir(folder.join("synthetic-errors/anthropic")).unwrap();
    let synthetic = synthetic.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let synthetic = synthetic.filter(|name| name.ends_with(".json") && !name.starts_with("200-"));
    for file in recorded.chain(synthetic) {
        assert!(ROWS.iter().any(|row| row.0.ends_with(&file)), "{file}");
    }
    println!("anthropic errors: tried {}, passed {}, excluded 0", ROWS.len(), ROWS.len());
}
