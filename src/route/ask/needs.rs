//! The needs that stand at the top level of a body.

use super::paths::{
    AUDIO, EFFORT, ENABLED, FUNCTIONS, REASONING, REASONING_EFFORT, RESPONSE_FORMAT, TEXT_FORMAT, TOOLS,
};
use crate::config::Ability;
use crate::operation::Operation;
use crate::route::needs::Needs;
use crate::stream::json::{Capture, Kind, Reader};

/// What a body needs by its top-level fields. Only those of the operation's own dialect count.
pub(super) fn read(reader: &Reader, operation: Operation) -> Needs {
    let mut needs = Needs::default();
    let is_chat = match operation {
        Operation::ChatCompletions => true,
        Operation::Responses => false,
        _ => return needs,
    };
    if is_list(reader.get(TOOLS)) {
        needs.add(Ability::Tools, "tools");
    } else if is_chat && is_list(reader.get(FUNCTIONS)) {
        needs.add(Ability::Tools, "functions");
    }
    let (format, field) = if is_chat { (RESPONSE_FORMAT, "response_format") } else { (TEXT_FORMAT, "text.format") };
    if text(reader, format).as_deref() == Some("json_schema") {
        needs.add(Ability::JsonSchema, field);
    }
    if is_chat && effort(reader, REASONING_EFFORT) == Some(true) {
        needs.add(Ability::Reasoning, "reasoning_effort");
    } else if reasons(reader) {
        needs.add(Ability::Reasoning, "reasoning");
    }
    if is_chat && is_said(reader, AUDIO) {
        needs.add(Ability::Audio, "audio");
    }
    needs
}

/// `[]` asks for nothing.
fn is_list(capture: Option<&Capture>) -> bool {
    let Some(capture) = capture.filter(|capture| capture.kind == Kind::Array) else { return false };
    let raw = capture.raw.as_deref().unwrap_or_default();
    !raw.strip_prefix(b"[").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"]"))
}

/// The object `reasoning` of Responses, and of chat completions at some vendors. `none` and `false` turn it off.
fn reasons(reader: &Reader) -> bool {
    let enabled = reader.get(ENABLED).and_then(|capture| capture.raw.as_deref());
    match (effort(reader, EFFORT), enabled) {
        (Some(false), _) | (_, Some(b"false")) => false,
        (Some(true), _) | (_, Some(b"true")) => true,
        _ => REASONING.into_iter().any(|path| is_said(reader, path)),
    }
}

/// Whether an effort asks for any reasoning; `None` where nothing is said.
fn effort(reader: &Reader, path: usize) -> Option<bool> {
    is_said(reader, path).then(|| text(reader, path).as_deref() != Some("none"))
}

fn is_said(reader: &Reader, path: usize) -> bool {
    reader.get(path).is_some_and(|capture| capture.kind != Kind::Null)
}

fn text(reader: &Reader, path: usize) -> Option<String> {
    reader.get(path)?.text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ask_of;

    #[test]
    fn what_asks_for_an_ability_and_what_only_looks_like_it() {
        use Ability::{Audio, JsonSchema, Pdf, Reasoning, Tools, Vision};
        let (chat, responses) = (Operation::ChatCompletions, Operation::Responses);
        for (operation, body, expected) in [
            (chat, r#""tools":[{"type":"function"}]"#, &[(Tools, "tools")][..]),
            (chat, r#""tools":[ ]"#, &[]),
            (chat, r#""tools":null"#, &[]),
            (chat, r#""tools":[{}],"tools":[]"#, &[]),
            (chat, r#""functions":[{"name":"f"}]"#, &[(Tools, "functions")]),
            (responses, r#""functions":[{"name":"f"}]"#, &[]),
            (responses, r#""tools":[{"type":"web_search"}]"#, &[(Tools, "tools")]),
            (Operation::Embeddings, r#""tools":[{}],"reasoning_effort":"high""#, &[]),
            (chat, r#""response_format":{"type":"json_schema","json_schema":{}}"#, &[(JsonSchema, "response_format")]),
            (chat, r#""response_format":{"type":"json\u005fschema"}"#, &[(JsonSchema, "response_format")]),
            (chat, r#""response_format":{"type":"json_object"}"#, &[]),
            (chat, r#""messages":[{"response_format":{"type":"json_schema"}}]"#, &[]),
            (responses, r#""text":{"format":{"type":"json_schema"}}"#, &[(JsonSchema, "text.format")]),
            (responses, r#""text":{"format":{"type":"text"}}"#, &[]),
            (chat, r#""reasoning_effort":"low""#, &[(Reasoning, "reasoning_effort")]),
            (chat, r#""reasoning_effort":"none""#, &[]),
            (chat, r#""reasoning_effort":null"#, &[]),
            (responses, r#""reasoning_effort":"low""#, &[]),
            (responses, r#""reasoning":{"effort":"high"}"#, &[(Reasoning, "reasoning")]),
            (responses, r#""reasoning":{"summary":"auto"}"#, &[(Reasoning, "reasoning")]),
            (responses, r#""reasoning":{"effort":null,"summary":null}"#, &[]),
            (responses, r#""reasoning":{"effort":"none","summary":"auto"}"#, &[]),
            (chat, r#""reasoning":{"max_tokens":100}"#, &[(Reasoning, "reasoning")]),
            (chat, r#""reasoning":{"enabled":true}"#, &[(Reasoning, "reasoning")]),
            (chat, r#""reasoning":{"enabled":false,"max_tokens":100}"#, &[]),
            (chat, r#""reasoning":{"exclude":true}"#, &[]),
            (chat, r#""audio":{"voice":"x"}"#, &[(Audio, "audio")]),
            (chat, r#""messages":[{"content":[{"type":"image_url"}]}]"#, &[(Vision, "image_url")]),
            (responses, r#""input":[{"content":[{"type":"input_file"}]}]"#, &[(Pdf, "input_file")]),
            (
                chat,
                r#""messages":[{"content":[{"type":"input_audio"}]}],"tools":[{}]"#,
                &[(Tools, "tools"), (Audio, "input_audio")],
            ),
        ] {
            let ask = ask_of(operation, format!(r#"{{"model":"m",{body}}}"#).as_bytes()).unwrap();
            let mut needs = Needs::default();
            expected.iter().for_each(|(ability, field)| needs.add(*ability, field));
            assert_eq!(ask.options.needs, needs, "{operation:?} {body}");
        }
    }
}
