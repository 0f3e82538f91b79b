//! One event of a stream: whether it is worth reading, and what it says.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::hosted::{self, ToolUsage};
use super::super::usage::Reported;
use crate::dialect::passing::Learnt;
use crate::meter::Usage;
use crate::operation::Operation;
use crate::stream::lenient::{Fields, Lenient};

static USAGE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""usage""#));
static ERROR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""error""#));
static FINISH: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""finish_reason""#));
static INDEX: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""index""#));
static RESPONSE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""response""#));
static COMPLETED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#".completed""#));
static FAILED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""response.failed""#));
static SEQUENCE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#""sequence_number""#));
static PIECE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#".delta""#));
static DONE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#".done""#));

/// Whether an event can say anything that we want to know. A word inside a text does not count, because there its
/// quotes are escaped.
pub(super) fn matters(operation: Operation, data: &[u8]) -> bool {
    let usual = has(&ERROR, data, b"null");
    match operation {
        Operation::ChatCompletions | Operation::Completions => {
            usual || has(&FINISH, data, b"null") || has(&USAGE, data, b"null") || has(&INDEX, data, b"0")
        }
        Operation::Responses => usual || RESPONSE.find(data).is_some(),
        Operation::Images | Operation::Audio => {
            usual || has(&USAGE, data, b"null") || COMPLETED.find(data).is_some() || DONE.find(data).is_some()
        }
        _ => usual || has(&USAGE, data, b"null"),
    }
}

/// Whether an event of responses is a piece of a text, of reasoning or of arguments.
pub(super) fn is_piece(name: &[u8], data: &[u8]) -> bool {
    const TYPE: usize = 96;
    if !name.is_empty() {
        return name.ends_with(b".delta");
    }
    PIECE.find(data.get(..TYPE).unwrap_or(data)).is_some()
}

/// The number of an event of responses.
pub(super) fn sequence(data: &[u8]) -> Option<u64> {
    let after = data.get(SEQUENCE.find(data)?.saturating_add(SEQUENCE.needle().len())..)?;
    let digits = after.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    std::str::from_utf8(digits.get(..end)?).ok()?.parse().ok()
}

/// Whether an event can be an error.
pub(super) fn may_fail(data: &[u8]) -> bool {
    has(&ERROR, data, b"null") || FAILED.find(data).is_some()
}

/// Whether a word stands in the data other than as the key of this value.
fn has(word: &Finder<'_>, data: &[u8], value: &[u8]) -> bool {
    word.find_iter(data).any(|at| {
        let after = data.get(at.saturating_add(word.needle().len())..).unwrap_or_default().trim_ascii_start();
        !after.strip_prefix(b":").is_some_and(|after| {
            let rest = after.trim_ascii_start().strip_prefix(value);
            rest.is_some_and(|rest| !rest.first().is_some_and(u8::is_ascii_alphanumeric))
        })
    })
}

/// What an event says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Read {
    id: Lenient<String>,
    model: Lenient<String>,
    #[serde(rename = "type")]
    kind: Lenient<String>,
    choices: Lenient<Vec<Fields<Choice>>>,
    usage: Fields<Reported>,
    x_groq: Fields<Groq>,
    response: Fields<Response>,
    service_tier: Lenient<String>,
    error: Option<IgnoredAny>,
    /// Azure's verdicts on the prompt, which come in a chunk without choices.
    prompt_filter_results: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice {
    index: Lenient<u32>,
    finish_reason: Option<Lenient<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Groq {
    usage: Fields<Reported>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Response {
    id: Lenient<String>,
    model: Lenient<String>,
    usage: Fields<Reported>,
    service_tier: Lenient<String>,
    output: Lenient<Vec<Fields<Item>>>,
    tool_usage: Fields<ToolUsage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Item {
    #[serde(rename = "type")]
    kind: Lenient<String>,
}

impl Response {
    /// Runs of the provider's own tools.
    fn server_tools(&self) -> Vec<(String, u64)> {
        let items = self.output.0.iter().flatten().filter_map(|item| item.0.as_ref()?.kind.0.as_deref());
        hosted::runs(items, self.tool_usage.0.as_ref().and_then(ToolUsage::searches))
    }
}

impl Read {
    /// Reads the data of an event; `None` when it is not a JSON object.
    pub(super) fn new(data: &[u8]) -> Option<Read> {
        serde_json::from_slice::<Fields<Read>>(data).ok()?.0
    }

    /// The usage, from wherever it stands, with the tier that served and the tools that ran. Groq repeats it in a place of
    /// its own, which counts when it is alone.
    pub(super) fn usage(&self) -> Usage {
        let groq = self.x_groq.0.as_ref().and_then(|groq| groq.usage.0.as_ref());
        let response = self.response.0.as_ref();
        let reported = response.and_then(|response| response.usage.0.as_ref());
        let usage = self.usage.0.as_ref().or(reported).or(groq).map(Reported::usage).unwrap_or_default();
        if !usage.has_counts() {
            return usage;
        }
        let tier = self.service_tier.0.as_ref().or(response.and_then(|response| response.service_tier.0.as_ref()));
        let server_tools = response.map(Response::server_tools).unwrap_or_default();
        Usage { tier: tier.cloned(), server_tools, ..usage }
    }

    pub(super) fn model(&self) -> Option<String> {
        name(&self.model).or_else(|| name(&self.response.0.as_ref()?.model))
    }

    pub(super) fn id(&self) -> Option<String> {
        name(&self.id).or_else(|| name(&self.response.0.as_ref()?.id))
    }

    /// The choices of a chunk by index, and whether each says why it ends.
    pub(super) fn choices(&self) -> impl Iterator<Item = (u32, bool)> {
        let choices = self.choices.0.iter().flatten().filter_map(|choice| choice.0.as_ref());
        choices.map(|choice| (choice.index.0.unwrap_or(0), choice.finish_reason.is_some()))
    }

    /// Why the first choice ends, or how the response does.
    pub(super) fn finish(&self, operation: Operation) -> Option<String> {
        let choices = self.choices.0.iter().flatten().filter_map(|choice| choice.0.as_ref());
        let first = choices.filter(|choice| choice.index.0.unwrap_or(0) == 0);
        let mut words = first.filter_map(|choice| name(choice.finish_reason.as_ref()?));
        let ending = || self.kind.0.as_deref()?.strip_prefix("response.").map(str::to_owned);
        words.next().or_else(|| ending().filter(|_| operation == Operation::Responses && self.is_last(operation)))
    }

    /// Whether this is the last event of an operation that names its events.
    pub(super) fn is_last(&self, operation: Operation) -> bool {
        let kind = self.kind.0.as_deref().unwrap_or_default();
        match operation {
            Operation::Responses => matches!(kind, "response.completed" | "response.incomplete" | "response.failed"),
            Operation::Images => kind.ends_with(".completed"),
            Operation::Audio => kind.ends_with(".done"),
            _ => false,
        }
    }

    /// Whether a client that has not asked for usage would miss nothing.
    pub(super) fn is_only_usage(&self) -> bool {
        let is_without_choices = self.choices.0.as_ref().is_some_and(Vec::is_empty);
        is_without_choices && self.usage.0.is_some() && self.error.is_none() && self.prompt_filter_results.is_none()
    }
}

fn name(text: &Lenient<String>) -> Option<String> {
    Learnt::name(text.0.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_comes_with_its_tier_and_tools() {
        let tools = |runs: &[(&str, u64)]| -> Vec<(String, u64)> {
            runs.iter().map(|(tool, runs)| ((*tool).to_owned(), *runs)).collect()
        };
        for (data, tier, expected) in [
            (r#"{"choices":[],"service_tier":"flex","usage":{"prompt_tokens":3}}"#, Some("flex"), tools(&[])),
            (r#"{"choices":[],"service_tier":7,"usage":{"prompt_tokens":3}}"#, None, tools(&[])),
            (r#"{"choices":[],"service_tier":"flex","usage":null}"#, None, tools(&[])),
            (
                r#"{"type":"response.completed","response":{"service_tier":"priority","usage":{"input_tokens":3},"output":[
                    {"type":"web_search_call"},{"type":"web_search_call"},{"type":"file_search_call"},{"type":"message"},7]}}"#,
                Some("priority"),
                tools(&[("web_search", 2), ("file_search", 1)]),
            ),
            (
                r#"{"type":"response.completed","response":{"usage":{"input_tokens":3},"output":[{"type":"web_search_call"}],
                    "tool_usage":{"web_search":{"num_requests":4}}}}"#,
                None,
                tools(&[("web_search", 4)]),
            ),
        ] {
            let usage = Read::new(data.as_bytes()).unwrap().usage();
            assert_eq!((usage.tier.as_deref(), usage.server_tools), (tier, expected), "{data}");
        }
    }
}
