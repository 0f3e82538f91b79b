//! Why a candidate ends, in Gemini's words.

use crate::chat::Reason;
use crate::chat::json::Json;

/// Vertex gives numbers to those who ask for `enum-encoding=int`; in the order of its discovery document.
const NUMBERS: [&str; 20] = [
    "FINISH_REASON_UNSPECIFIED",
    "STOP",
    "MAX_TOKENS",
    "SAFETY",
    "RECITATION",
    "OTHER",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MALFORMED_FUNCTION_CALL",
    "MODEL_ARMOR",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "IMAGE_OTHER",
    "UNEXPECTED_TOOL_CALL",
    "NO_IMAGE",
    "MALFORMED_RESPONSE",
    "CONTINUATION",
    "TOO_MANY_TOOL_CALLS",
];

/// The word of `finishReason`; `None` while there is none.
pub(super) fn word(json: Json<'_>) -> Option<String> {
    let named = |number: u64| NUMBERS.get(usize::try_from(number).ok()?).map(|word| (*word).to_owned());
    let word = json.string().or_else(|| json.count().and_then(named)).or_else(|| Some(json.get().to_owned()))?;
    Some(word).filter(|word| !word.is_empty() && word != "FINISH_REASON_UNSPECIFIED")
}

/// What a word means. A call ends with `STOP`, perhaps in a later chunk.
pub(super) fn reason(word: &str, has_calls: bool) -> Reason {
    match word {
        "MAX_TOKENS" => Reason::Length,
        "SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "MODEL_ARMOR" => {
            Reason::Filter
        }
        word if word.starts_with("IMAGE_") => Reason::Filter,
        "OTHER"
        | "MALFORMED_FUNCTION_CALL"
        | "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "MALFORMED_RESPONSE"
        | "NO_IMAGE" => Reason::Error,
        "CONTINUATION" => Reason::Pause,
        _ if has_calls => Reason::Calls,
        _ => Reason::Stop,
    }
}
