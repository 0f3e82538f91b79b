//! A whole answer.

use super::{Ext, Part, Raw};
use crate::meter::Usage;

/// An answer that is not a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    /// The provider's id; may be empty.
    pub id: String,
    /// The model in the provider's words; empty where it does not say.
    pub model: String,
    /// At least one, by index.
    pub choices: Vec<Choice>,
    /// `None` where the provider reports no count at all.
    pub usage: Option<Usage>,
    /// Guardrail traces, grounding, prompt filters.
    pub native: Vec<Ext>,
}

/// One of several answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What is said, in order.
    pub parts: Vec<Part>,
    /// Why it ends.
    pub finish: Finish,
    /// In OpenAI's shape: `{"content":[...],"refusal":...}`.
    pub logprobs: Option<Raw>,
}

/// Why an answer ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    /// For every dialect.
    pub reason: Reason,
    /// The provider's own word.
    pub raw: String,
    /// The text at which the model stopped, where the provider names it.
    pub stop_sequence: Option<String>,
    /// What the provider adds, such as the explanation of a refusal.
    pub detail: Option<Raw>,
}

impl Finish {
    /// A reason and the provider's word for it.
    pub fn new(reason: Reason, raw: impl Into<String>) -> Finish {
        Finish { reason, raw: raw.into(), stop_sequence: None, detail: None }
    }
}

/// Why an answer ends, in the words of no provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The model was done, or met a stop sequence.
    Stop,
    /// Its tokens were used up.
    Length,
    /// The client has calls to run.
    Calls,
    /// A filter cut it.
    Filter,
    /// The model would not.
    Refusal,
    /// The provider's own tools paused; the client sends the turn back as it is.
    Pause,
    /// The model failed, but what it said counts (malformed calls and the like).
    Error,
}
