//! The operations that a client can call, found by the path of the request.

/// What the client asks for. The word of each is the `operation` label of metrics and log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// `POST /v1/chat/completions`
    ChatCompletions,
    /// `POST /v1/completions`
    Completions,
    /// `POST /v1/responses`
    Responses,
    /// `POST /v1/embeddings`
    Embeddings,
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
    pub const ALL: [Operation; 8] = [
        Operation::ChatCompletions,
        Operation::Completions,
        Operation::Responses,
        Operation::Embeddings,
        Operation::Moderations,
        Operation::Images,
        Operation::Audio,
        Operation::Rerank,
    ];

    /// The operation of a path below `/v1`, such as `/chat/completions`; `None` where nothing is served.
    pub fn of_path(path: &str) -> Option<Operation> {
        match path {
            "/chat/completions" => Some(Operation::ChatCompletions),
            "/completions" => Some(Operation::Completions),
            "/responses" => Some(Operation::Responses),
            "/embeddings" => Some(Operation::Embeddings),
            "/moderations" => Some(Operation::Moderations),
            "/images/generations" | "/images/edits" | "/images/variations" => Some(Operation::Images),
            "/audio/speech" | "/audio/transcriptions" | "/audio/translations" => Some(Operation::Audio),
            "/rerank" => Some(Operation::Rerank),
            _ => None,
        }
    }

    /// The word in labels and log lines.
    pub fn word(self) -> &'static str {
        match self {
            Operation::ChatCompletions => "chat_completions",
            Operation::Completions => "completions",
            Operation::Responses => "responses",
            Operation::Embeddings => "embeddings",
            Operation::Moderations => "moderations",
            Operation::Images => "images",
            Operation::Audio => "audio",
            Operation::Rerank => "rerank",
        }
    }

    /// Whether requests can be translated for providers of other dialects.
    pub fn is_translated(self) -> bool {
        matches!(self, Operation::ChatCompletions | Operation::Embeddings)
    }

    /// Whether a repetition after a timeout or reset may cost a second time without anybody noticing.
    pub fn is_repeatable(self) -> bool {
        !matches!(self, Operation::Images | Operation::Audio)
    }
}
