//! The wire formats of clients: whose format a request is in, as far as its path says.

/// Version of the AI SDK's own protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Spec {
    /// AI SDK 5, `/v1/ai`.
    V2,
    /// AI SDK 6, `/v3/ai`.
    V3,
    /// AI SDK 7, `/v4/ai`.
    V4,
}

/// Who reads our errors; with the operation it is the whole format of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Client {
    /// OpenAI's API: chat completions, responses, embeddings and all that is beside them.
    OpenAi,
    /// Anthropic's API.
    Anthropic,
    /// The AI SDK's gateway protocol.
    AiSdk(Spec),
}

impl Client {
    /// Where each version of the AI SDK's protocol is served.
    pub const AI_SDKS: [(&str, Spec); 3] = [("/v1/ai", Spec::V2), ("/v3/ai", Spec::V3), ("/v4/ai", Spec::V4)];

    /// The client of a path, and what stands below its prefix: `/v1`, or `/v4/ai`. Nothing below: not served.
    pub fn of_path(path: &str) -> (Client, &str) {
        for (prefix, spec) in Client::AI_SDKS {
            if let Some(below) = path.strip_prefix(prefix).filter(|below| below.starts_with('/')) {
                return (Client::AiSdk(spec), below);
            }
        }
        let below = path.strip_prefix("/v1").filter(|below| below.starts_with('/')).unwrap_or_default();
        let is_messages = below == "/messages" || below.starts_with("/messages/");
        (if is_messages { Client::Anthropic } else { Client::OpenAi }, below)
    }

    /// The word in the log's `dialect`.
    pub fn word(self) -> &'static str {
        match self {
            Client::OpenAi => "openai",
            Client::Anthropic => "anthropic",
            Client::AiSdk(_) => "ai_sdk",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_tells_the_client() {
        for (path, client, below) in [
            ("/v1/chat/completions", Client::OpenAi, "/chat/completions"),
            ("/v1/messages", Client::Anthropic, "/messages"),
            ("/v1/messages/count_tokens", Client::Anthropic, "/messages/count_tokens"),
            ("/v1/ai/language-model", Client::AiSdk(Spec::V2), "/language-model"),
            ("/v3/ai/config", Client::AiSdk(Spec::V3), "/config"),
            ("/v4/ai/embedding-model", Client::AiSdk(Spec::V4), "/embedding-model"),
            ("/v2/ai/language-model", Client::OpenAi, ""),
            ("/v1", Client::OpenAi, ""),
            ("/v1messages", Client::OpenAi, ""),
            ("/v1/aim", Client::OpenAi, "/aim"),
        ] {
            assert_eq!(Client::of_path(path), (client, below), "{path}");
        }
    }
}
