//! The words of `finish_reason`.

use crate::chat::Reason;

/// What a provider's word means. Calls count whatever the word is (rule 13).
pub(super) fn read(word: &str, has_calls: bool) -> Reason {
    match word {
        "length" | "max_tokens" | "model_length" => Reason::Length,
        "content_filter" => Reason::Filter,
        "tool_calls" | "function_call" => Reason::Calls,
        // DeepSeek, OpenRouter.
        "insufficient_system_resource" | "error" => Reason::Error,
        _ if has_calls => Reason::Calls,
        _ => Reason::Stop,
    }
}

/// The word for a client; the list is closed.
pub(super) fn write(reason: Reason, legacy: bool) -> &'static str {
    match reason {
        Reason::Length => "length",
        Reason::Calls if legacy => "function_call",
        Reason::Calls => "tool_calls",
        Reason::Filter | Reason::Refusal => "content_filter",
        Reason::Stop | Reason::Pause | Reason::Error => "stop",
    }
}
