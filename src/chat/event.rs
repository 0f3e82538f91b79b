//! A stream, event by event.

use super::{Body, Citation, Ext, Finish, Format, Raw, Seal};
use crate::error::Error;
use crate::meter::Usage;

/// One event. `part` counts up from 0 inside a choice and is never reused; parts may overlap. A decoder closes every
/// part that it opened before it says how the choice ends.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Event {
    /// Exactly once, first; missing only where an `Error` is all there is. Both may be empty where the provider does not say.
    Start { id: String, model: String },
    /// A part begins.
    Open { choice: u32, part: u32, kind: Kind },
    /// Text, refusal or reasoning, by the kind that is open; never empty.
    Text { choice: u32, part: u32, piece: String },
    /// JSON text of a call, or text of a custom tool; never empty.
    Args { choice: u32, part: u32, piece: String },
    /// What a text is based on; Gemini says it at the end, of texts that are closed already too.
    Cite { choice: u32, part: u32, citation: Citation },
    /// Whole, at most once per part; also for a call that is closed already.
    Seal { choice: u32, part: u32, seal: Seal },
    /// Open, content and close in one: media, native blocks.
    Whole { choice: u32, part: u32, body: Body },
    /// In OpenAI's shape: `{"content":[...],"refusal":...}`, a piece of the lists.
    Logprobs { choice: u32, raw: Raw },
    /// A part ends.
    Close { choice: u32, part: u32 },
    /// Once per choice, after its parts.
    Finish { choice: u32, finish: Finish },
    /// Any number; merged, shown once.
    Usage(Usage),
    /// Guardrail trace, grounding, prompt filter.
    Native(Ext),
    /// Last; excludes `End`.
    Error(Error),
    /// Last; only after a `Finish` of every choice.
    End,
}

/// What a part is that opens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Text,
    Refusal,
    /// `format`: of the seals that this provider gives to such parts, when it does.
    Reasoning {
        summary: bool,
        format: Option<Format>,
    },
    /// As in `ToolCall`; `custom`: its input is free text; `seal`: where it is known already.
    Call {
        id: String,
        item_id: Option<String>,
        name: String,
        custom: bool,
        caller: Option<Raw>,
        seal: Option<Seal>,
    },
}
