//! How a provider serves an operation: as the client wrote it, or translated.

use super::spoken;
use crate::config::{Dialect, Provider};
use crate::operation::Operation;
use crate::route::Ask;

/// How a provider is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Bytes pass, edited where routing needs it.
    Pass,
    /// The request is translated, into the first of these that can say it.
    Translate(&'static [Dialect]),
}

/// How a provider serves an operation; `None` when it does not.
pub fn way(operation: Operation, provider: &Provider) -> Option<Way> {
    let preset = provider.preset;
    let serves = |operation| provider.operations.contains(&operation);
    let is_claude = matches!(preset.dialect, Dialect::Anthropic | Dialect::VertexAnthropic);
    let passes = match operation {
        Operation::Messages | Operation::CountTokens => is_claude && serves(Operation::ChatCompletions),
        // A format that no provider speaks.
        Operation::LanguageModel | Operation::EmbeddingModel => false,
        _ => preset.dialect == Dialect::OpenAi && serves(operation),
    };
    if passes {
        return Some(Way::Pass);
    }
    if operation.is_embedding() {
        let is_able = serves(Operation::Embeddings) && spoken::embeds(preset.dialect);
        return is_able.then_some(Way::Translate(alone(preset.dialect)));
    }
    if !operation.is_chat() || !serves(Operation::ChatCompletions) {
        return None;
    }
    // Of chat completions these two keep their models' reasoning to themselves. The older Azure has no responses.
    let tells_more = matches!(preset.name, "openai" | "azure") && provider.api_version.is_none();
    Some(Way::Translate(if tells_more { &[Dialect::Responses, Dialect::OpenAi] } else { alone(preset.dialect) }))
}

/// The dialect of those who serve an operation as it comes, for a request that has to be written anew all the same.
pub fn own(operation: Operation, provider: &Provider) -> &'static [Dialect] {
    match operation {
        Operation::Responses => &[Dialect::Responses],
        _ => alone(provider.preset.dialect),
    }
}

/// How a provider serves a request. One that would pass is written anew, in its own dialect, where it says what the
/// provider does not know, wants something done to its messages, or brings seals of others.
pub fn way_of(ask: &Ask, provider: &Provider) -> Option<Way> {
    let is_rewritten = match ask.operation {
        Operation::ChatCompletions => ask.extensions.iter().any(|one| !provider.preset.extensions.contains(one)),
        Operation::Messages => ask.options.caching || ask.has_travelling_seals,
        Operation::Responses => ask.has_travelling_seals,
        _ => false,
    };
    match way(ask.operation, provider)? {
        Way::Pass if is_rewritten => Some(Way::Translate(own(ask.operation, provider))),
        way => Some(way),
    }
}

fn alone(dialect: Dialect) -> &'static [Dialect] {
    match dialect {
        Dialect::OpenAi => &[Dialect::OpenAi],
        Dialect::Responses => &[Dialect::Responses],
        Dialect::Anthropic => &[Dialect::Anthropic],
        Dialect::Gemini => &[Dialect::Gemini],
        Dialect::Vertex => &[Dialect::Vertex],
        Dialect::VertexAnthropic => &[Dialect::VertexAnthropic],
        Dialect::Bedrock => &[Dialect::Bedrock],
        Dialect::Cohere => &[Dialect::Cohere],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use serde_json::{Value, json};

    fn provider(more: Value) -> Config {
        let mut provider =
            json!({"name": "p", "preset": "openai-compatible", "base_url": "http://p.test/v1", "credentials": "none"});
        for (key, value) in more.as_object().unwrap() {
            provider[key] = value.clone();
        }
        let document = json!({"role": "gateway", "providers": [provider], "access": {"allow_unauthenticated": true}});
        Config::load(document.to_string().as_bytes(), &|_| Some("k".to_owned())).unwrap()
    }

    #[test]
    fn what_passes_and_what_is_translated() {
        const CHAT: Option<Way> = Some(Way::Translate(&[Dialect::OpenAi]));
        const BOTH: Option<Way> = Some(Way::Translate(&[Dialect::Responses, Dialect::OpenAi]));
        const CLAUDE: Option<Way> = Some(Way::Translate(&[Dialect::Anthropic]));
        use Operation::{
            ChatCompletions, CountTokens, EmbeddingModel, Embeddings, Images, LanguageModel, Messages, Responses,
        };
        let plain = json!({});
        let chat_only = json!({"operations": ["chat_completions"]});
        let claude = json!({"preset": "anthropic", "credentials": [{"value": "k"}]});
        let openai = json!({"preset": "openai", "credentials": [{"value": "k"}]});
        for (settings, operation, expected) in [
            (&plain, ChatCompletions, Some(Way::Pass)),
            (&plain, Responses, Some(Way::Pass)),
            (&plain, Embeddings, Some(Way::Pass)),
            (&plain, Messages, CHAT),
            (&plain, LanguageModel, CHAT),
            (&plain, EmbeddingModel, CHAT),
            (&plain, CountTokens, None),
            (&chat_only, ChatCompletions, Some(Way::Pass)),
            (&chat_only, Responses, CHAT),
            (&chat_only, Embeddings, None),
            (&chat_only, EmbeddingModel, None),
            (&chat_only, Images, None),
            (&openai, Messages, BOTH),
            (&openai, LanguageModel, BOTH),
            (&claude, Messages, Some(Way::Pass)),
            (&claude, CountTokens, Some(Way::Pass)),
            (&claude, ChatCompletions, CLAUDE),
            (&claude, Responses, CLAUDE),
            (&claude, Embeddings, None),
        ] {
            let config = provider(settings.clone());
            assert_eq!(way(operation, &config.providers[0]), expected, "{settings} {operation:?}");
        }
    }
}
