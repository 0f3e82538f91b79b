//! Errors, in the words by which the SDK tells its classes apart (docs/dialects.md, section 5).

use crate::chat::json::{ObjectWriter, object};
use crate::error::{Class, Error};

/// The status is the same for every client; the SDK tries again by it alone.
pub fn status(error: &Error) -> u16 {
    error.status
}

/// The body of an error. `model` is what the client asked for, which the SDK shows where nobody knows it; `generation`
/// is the whole id, `gen_...`, and may be empty.
pub fn encode_error(error: &Error, generation: &str, model: &str) -> Vec<u8> {
    let kind = kind(error);
    let mut out = Vec::new();
    object(&mut out, |o| {
        o.object("error", |o| {
            o.set("message", error.whole_message());
            o.set("type", kind);
            if kind == "model_not_found" {
                o.object("param", |o| o.set("modelId", model));
            } else {
                o.set("param", error.param.as_deref());
            }
            o.set("code", error.code.as_deref());
        });
        o.maybe("generationId", Some(generation).filter(|id| !id.is_empty()));
    });
    out
}

/// The members of an error in a stream, which is an HTTP answer no more: it says its status itself.
pub(super) fn in_stream(error: &Error, o: &mut ObjectWriter<'_>) {
    o.set("message", error.whole_message());
    o.set("type", kind(error));
    o.set("statusCode", error.status);
}

/// The SDK knows these and takes everything else for `internal_server_error`.
fn kind(error: &Error) -> &'static str {
    match (error.class, error.status) {
        (Class::GatewayKey, _) | (_, 401) => "authentication_error",
        (Class::Budget, _) | (_, 402) => "quota_for_entity_exceeded",
        (Class::KeyForbidden, _) | (_, 403) => "forbidden",
        (Class::UnknownModel | Class::ProviderModel, 404) => "model_not_found",
        (_, 404) => "not_found",
        (_, 424) => "failed_dependency",
        (_, 429) => "rate_limit_exceeded",
        (_, 408 | 500..) => "internal_server_error",
        _ => "invalid_request_error",
    }
}
