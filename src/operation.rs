//! The operations that a client can call, found by the path of the request.

use crate::dialect::Client;

/// What the client asks for. The word of each is the `operation` label of metrics and log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// `POST /v1/chat/completions`
    ChatCompletions,
    /// `POST /v1/completions`
    Completions,
    /// `POST /v1/responses`
    Responses,
    /// `POST /v1/messages`
    Messages,
    /// `POST /v1/messages/count_tokens`
    CountTokens,
    /// `POST /v{1,3,4}/ai/language-model`
    LanguageModel,
    /// `POST /v1/embeddings`
    Embeddings,
    /// `POST /v{1,3,4}/ai/embedding-model`
    EmbeddingModel,
    /// `POST /v1/moderations`
    Moderations,
    /// `POST /v1/images/*`
    Images,
    /// `POST /v1/audio/*`
    Audio,
    /// `POST /v1/rerank`
    Rerank,
}

impl Operation {
    /// Every operation, in the order of the documentation.
    pub const ALL: [Operation; 12] = [
        Operation::ChatCompletions,
        Operation::Completions,
        Operation::Responses,
        Operation::Messages,
        Operation::CountTokens,
        Operation::LanguageModel,
        Operation::Embeddings,
        Operation::EmbeddingModel,
        Operation::Moderations,
        Operation::Images,
        Operation::Audio,
        Operation::Rerank,
    ];

    /// Where it is served, below the prefix of its clients ([`Client::of_path`]).
    pub fn paths(self) -> &'static [&'static str] {
        match self {
            Operation::ChatCompletions => &["/chat/completions"],
            Operation::Completions => &["/completions"],
            Operation::Responses => &["/responses"],
            Operation::Messages => &["/messages"],
            Operation::CountTokens => &["/messages/count_tokens"],
            Operation::LanguageModel => &["/language-model"],
            Operation::Embeddings => &["/embeddings"],
            Operation::EmbeddingModel => &["/embedding-model"],
            Operation::Moderations => &["/moderations"],
            Operation::Images => &["/images/generations", "/images/edits", "/images/variations"],
            Operation::Audio => &["/audio/speech", "/audio/transcriptions", "/audio/translations"],
            Operation::Rerank => &["/rerank"],
        }
    }

    /// The operation of a path below a client's own prefix ([`Client::of_path`]), such as `/chat/completions`; `None`
    /// where nothing is served.
    pub fn of_path(client: Client, path: &str) -> Option<Operation> {
        let is_ai_sdk = matches!(client, Client::AiSdk(_));
        Operation::ALL.into_iter().find(|one| one.is_ai_sdk() == is_ai_sdk && one.paths().contains(&path))
    }

    /// The word in labels and log lines.
    pub fn word(self) -> &'static str {
        match self {
            Operation::ChatCompletions => "chat_completions",
            Operation::Completions => "completions",
            Operation::Responses => "responses",
            Operation::Messages => "messages",
            Operation::CountTokens => "count_tokens",
            Operation::LanguageModel => "language_model",
            Operation::Embeddings => "embeddings",
            Operation::EmbeddingModel => "embedding_model",
            Operation::Moderations => "moderations",
            Operation::Images => "images",
            Operation::Audio => "audio",
            Operation::Rerank => "rerank",
        }
    }

    /// Whether it is a turn of a conversation, in whichever format.
    pub fn is_chat(self) -> bool {
        use Operation::{ChatCompletions, LanguageModel, Messages, Responses};
        matches!(self, ChatCompletions | Responses | Messages | LanguageModel)
    }

    /// Whether it is one of Anthropic's API, which has its own words for what is read in passing.
    pub fn is_anthropics(self) -> bool {
        matches!(self, Operation::Messages | Operation::CountTokens)
    }

    /// Whether it is one of the AI SDK's protocol, which stands below prefixes of its own.
    pub fn is_ai_sdk(self) -> bool {
        matches!(self, Operation::LanguageModel | Operation::EmbeddingModel)
    }

    /// Whether vectors are asked for, in whichever format.
    pub fn is_embedding(self) -> bool {
        matches!(self, Operation::Embeddings | Operation::EmbeddingModel)
    }

    /// Whether answers tell how many tokens they were; where they do not, that is estimated.
    pub fn tells_usage(self) -> bool {
        self.is_chat() || self.is_embedding() || self == Operation::Completions
    }

    /// Whether requests can be translated for providers of other dialects.
    pub fn is_translated(self) -> bool {
        self.is_chat() || self.is_embedding()
    }

    /// Whether a repetition after a timeout or reset may cost a second time without anybody noticing.
    pub fn is_repeatable(self) -> bool {
        !matches!(self, Operation::Images | Operation::Audio)
    }
}
