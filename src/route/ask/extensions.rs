//! What a chat completion says that OpenAI's own API does not know.

use super::paths::{REASONING_WORD, RESPONSE_FORMAT};
use crate::config::Extension;
use crate::operation::Operation;
use crate::route::deep::Deep;
use crate::stream::json::{Kind, Reader};

/// The extensions that a body uses.
pub(super) fn read(reader: &Reader, deep: &Deep, operation: Operation) -> Vec<Extension> {
    if operation != Operation::ChatCompletions {
        return Vec::new();
    }
    let has_reasoning = reader.get(REASONING_WORD).is_some_and(|capture| capture.kind == Kind::Object);
    let is_json = reader.get(RESPONSE_FORMAT).and_then(|capture| capture.text()).as_deref() == Some("json");
    let said = [
        (Extension::Reasoning, has_reasoning),
        (Extension::CacheControl, deep.has_cache_control()),
        (Extension::OlderForms, is_json || deep.has_media_type()),
    ];
    said.into_iter().filter(|(_, is_said)| *is_said).map(|(extension, _)| extension).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ask_of;

    #[test]
    fn extensions_are_found_and_words_about_them_are_not() {
        use Extension::{CacheControl, OlderForms, Reasoning};
        for (body, expected) in [
            (r#""reasoning":{"exclude":true}"#, &[Reasoning][..]),
            (r#""reasoning":{}"#, &[Reasoning]),
            (r#""reasoning":null,"reasoning_effort":"low""#, &[]),
            (r#""messages":[{"role":"assistant","reasoning":{"a":1}}]"#, &[]),
            (r#""messages":[{"role":"user","cache_control":{"type":"ephemeral"}}]"#, &[CacheControl]),
            (r#""tools":[{"cache_control" : {"type":"ephemeral"}}]"#, &[CacheControl]),
            (r#""cache_control":{"type":"ephemeral"}"#, &[CacheControl]),
            (r#""messages":[{"cache_control":null,"content":"\"cache_control\":{"}]"#, &[]),
            (r#""response_format":{"type":"json","schema":{}}"#, &[OlderForms]),
            (r#""response_format":{"type":"json_schema","json_schema":{}}"#, &[]),
            (r#""messages":[{"content":[{"file":{"data":"AA","media_type":"a/b"}}]}]"#, &[OlderForms]),
            (r#""reasoning":{},"tools":[{"cache_control":{}}]"#, &[Reasoning, CacheControl]),
        ] {
            let body = format!(r#"{{"model":"m",{body}}}"#);
            let found = |operation| ask_of(operation, body.as_bytes()).unwrap().extensions;
            assert_eq!(found(Operation::ChatCompletions), expected, "{body}");
            assert_eq!(found(Operation::Responses), [], "{body}");
        }
    }
}
