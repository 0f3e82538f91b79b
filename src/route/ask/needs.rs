//! The needs that stand at the top level of a body.

use super::paths::{
    AUDIO, EFFORT, ENABLED, FUNCTIONS, OUTPUT_CONFIG, OUTPUT_FORMAT, REASONING, REASONING_EFFORT, REASONING_WORD,
    RESPONSE_FORMAT, RESPONSE_SCHEMA, TEXT_FORMAT, THINKING, TOOLS,
};
use crate::config::Ability;
use crate::operation::Operation;
use crate::route::needs::Needs;
use crate::stream::json::{Capture, Kind, Reader};

/// What a body needs by its top-level fields. Only those of the operation's own dialect count.
pub(super) fn read(reader: &Reader, operation: Operation) -> Needs {
    match operation {
        Operation::ChatCompletions => of_chat(reader),
        Operation::Responses => of_responses(reader),
        Operation::Messages | Operation::CountTokens => of_messages(reader),
        Operation::LanguageModel => of_language_model(reader),
        _ => Needs::default(),
    }
}

fn of_chat(reader: &Reader) -> Needs {
    let mut needs = Needs::default();
    if is_list(reader.get(TOOLS)) {
        needs.add(Ability::Tools, "tools");
    } else if is_list(reader.get(FUNCTIONS)) {
        needs.add(Ability::Tools, "functions");
    }
    needs.when(is_schema(reader, RESPONSE_FORMAT), Ability::JsonSchema, "response_format");
    needs.when(effort(reader, REASONING_EFFORT) == Some(true), Ability::Reasoning, "reasoning_effort");
    needs.when(reasons(reader), Ability::Reasoning, "reasoning");
    needs.when(is_said(reader, AUDIO), Ability::Audio, "audio");
    needs
}

fn of_responses(reader: &Reader) -> Needs {
    let mut needs = Needs::default();
    needs.when(is_list(reader.get(TOOLS)), Ability::Tools, "tools");
    needs.when(is_schema(reader, TEXT_FORMAT), Ability::JsonSchema, "text.format");
    needs.when(reasons(reader), Ability::Reasoning, "reasoning");
    needs
}

fn of_messages(reader: &Reader) -> Needs {
    let mut needs = Needs::default();
    needs.when(is_list(reader.get(TOOLS)), Ability::Tools, "tools");
    needs.when(is_schema(reader, OUTPUT_CONFIG), Ability::JsonSchema, "output_config.format");
    needs.when(is_schema(reader, OUTPUT_FORMAT), Ability::JsonSchema, "output_format");
    // `adaptive` leaves it to the model.
    let thinks = text(reader, THINKING).is_some_and(|kind| kind == "enabled");
    needs.when(thinks, Ability::Reasoning, "thinking");
    needs
}

/// JSON without a schema is asked of any model.
fn of_language_model(reader: &Reader) -> Needs {
    let mut needs = Needs::default();
    needs.when(is_list(reader.get(TOOLS)), Ability::Tools, "tools");
    needs.when(is_said(reader, RESPONSE_SCHEMA), Ability::JsonSchema, "responseFormat");
    let effort = text(reader, REASONING_WORD);
    let reasons = effort.is_some_and(|effort| !matches!(effort.as_str(), "none" | "provider-default"));
    needs.when(reasons, Ability::Reasoning, "reasoning");
    needs
}

fn is_schema(reader: &Reader, path: usize) -> bool {
    text(reader, path).as_deref() == Some("json_schema")
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
        let (messages, sdk) = (Operation::Messages, Operation::LanguageModel);
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
            (messages, r#""tools":[{"name":"f"}],"functions":[{}]"#, &[(Tools, "tools")]),
            (messages, r#""thinking":{"type":"enabled","budget_tokens":1024}"#, &[(Reasoning, "thinking")]),
            (messages, r#""thinking":{"type":"adaptive"}"#, &[]),
            (messages, r#""thinking":{"type":"disabled"},"reasoning":{"effort":"high"}"#, &[]),
            (messages, r#""output_config":{"effort":"low"}"#, &[]),
            (messages, r#""output_config":{"format":{"type":"json_schema"}}"#, &[(JsonSchema, "output_config.format")]),
            (messages, r#""output_format":{"type":"json_schema"}"#, &[(JsonSchema, "output_format")]),
            (Operation::CountTokens, r#""tools":[{"name":"f"}]"#, &[(Tools, "tools")]),
            (
                messages,
                r#""messages":[{"content":[{"type":"document"},{"type":"image","source":{}}]}]"#,
                &[(Vision, "image"), (Pdf, "document")],
            ),
            (sdk, r#""tools":[{"type":"function"}],"toolChoice":{"type":"auto"}"#, &[(Tools, "tools")]),
            (sdk, r#""toolChoice":{"type":"auto"}"#, &[]),
            (sdk, r#""responseFormat":{"type":"json"}"#, &[]),
            (sdk, r#""responseFormat":{"type":"json","schema":{}}"#, &[(JsonSchema, "responseFormat")]),
            (sdk, r#""reasoning":"high""#, &[(Reasoning, "reasoning")]),
            (sdk, r#""reasoning":"none""#, &[]),
            (sdk, r#""reasoning":"provider-default""#, &[]),
            (
                sdk,
                r#""prompt":[{"content":[{"type":"file","mediaType":"image/png"},{"mediaType": "application/pdf"}]}]"#,
                &[(Vision, "file"), (Pdf, "file")],
            ),
            (sdk, r#""prompt":[{"content":[{"mediaType":"audio/wav"}]}]"#, &[(Audio, "file")]),
            (sdk, r#""prompt":[{"content":[{"mediaType":"text/plain"}]}]"#, &[]),
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
