//! What clients call the fields of a request: the dialects of providers name what they cannot say in the words of chat
//! completions.

use super::client::Client;
use crate::operation::Operation;
use std::borrow::Cow;

/// A word of chat completions, and the client's own.
type Words = &'static [(&'static str, &'static str)];

const RESPONSES: Words = &[
    ("max_tokens", "max_output_tokens"),
    ("messages", "input"),
    ("messages.content", "input.content"),
    ("messages.content.citations", "input.content.citations"),
    ("messages.content.file", "input.content.input_file"),
    ("messages.content.file_id", "input.content.file_id"),
    ("messages.content.image_url", "input.content.input_image"),
    ("messages.content.image_url.detail", "input.content.detail"),
    ("messages.content.input_audio", "input.content.input_audio"),
    ("messages.images", "input.image_generation_call"),
    ("response_format", "text.format"),
    ("response_format.json_schema.schema", "text.format.schema"),
    ("tools.function.name", "tools.name"),
    ("tools.function.parameters", "tools.parameters"),
    ("tools.function.strict", "tools.strict"),
];

const MESSAGES: Words = &[
    ("messages.content.file", "messages.content.document"),
    ("messages.content.image_url", "messages.content.image"),
    ("parallel_tool_calls", "tool_choice.disable_parallel_tool_use"),
    ("response_format", "output_config.format"),
    ("response_format.json_schema.schema", "output_config.format.schema"),
    ("stop", "stop_sequences"),
    ("tools.function.name", "tools.name"),
    ("tools.function.parameters", "tools.input_schema"),
    ("tools.function.strict", "tools.strict"),
    ("user", "metadata.user_id"),
];

const AI_SDK: Words = &[
    ("frequency_penalty", "frequencyPenalty"),
    ("max_tokens", "maxOutputTokens"),
    ("messages", "prompt"),
    ("messages.content", "prompt.content"),
    ("messages.content.file", "prompt.content.file"),
    ("messages.content.file_id", "prompt.content.file"),
    ("messages.content.image_url", "prompt.content.file"),
    ("messages.content.input_audio", "prompt.content.file"),
    ("messages.content.video_url", "prompt.content.file"),
    ("presence_penalty", "presencePenalty"),
    ("response_format", "responseFormat"),
    ("response_format.json_schema.schema", "responseFormat.schema"),
    ("stop", "stopSequences"),
    ("tool_choice", "toolChoice"),
    ("tools.function.name", "tools.name"),
    ("tools.function.parameters", "tools.inputSchema"),
    ("tools.function.strict", "tools.strict"),
    ("top_k", "topK"),
    ("top_p", "topP"),
];

/// The client's word; what it calls the same, or has no word for, stays.
pub(super) fn of(client: Client, operation: Operation, field: &str) -> Option<&'static str> {
    let words = match client {
        Client::Anthropic => MESSAGES,
        Client::AiSdk(_) => AI_SDK,
        Client::OpenAi if operation == Operation::Responses => RESPONSES,
        Client::OpenAi => return None,
    };
    words.iter().find(|(known, _)| *known == field).map(|(_, word)| *word)
}

/// The same of a word that is held.
pub(super) fn renamed(client: Client, operation: Operation, field: Cow<'static, str>) -> Cow<'static, str> {
    of(client, operation, &field).map_or(field, Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Spec;

    #[test]
    fn fields_have_the_clients_names() {
        let spec = Client::AiSdk(Spec::V4);
        for (client, operation, field, word) in [
            (Client::OpenAi, Operation::ChatCompletions, "messages.content.file", "messages.content.file"),
            (Client::OpenAi, Operation::Responses, "messages.content.file", "input.content.input_file"),
            (Client::Anthropic, Operation::Messages, "messages.content.file", "messages.content.document"),
            (spec, Operation::LanguageModel, "messages.content.file", "prompt.content.file"),
            (spec, Operation::LanguageModel, "seed", "seed"),
        ] {
            assert_eq!(renamed(client, operation, Cow::Borrowed(field)), word);
        }
    }
}
