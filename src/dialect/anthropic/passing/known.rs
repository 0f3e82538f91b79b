//! What not every provider of Anthropic's API knows. It answers 400 to a beta or a member that it does not know, and
//! clients send theirs without asking who will read them.

use crate::config::Dialect;
use crate::dialect::Dropped;
use crate::http::Headers;
use crate::operation::Operation;
use crate::route::{Ask, Body};
use crate::stream::json::Member;

/// The betas that Vertex takes, and the name there where it differs. Of all others it says
/// ``Unexpected value(s) `...` for the `anthropic-beta` header``: <https://github.com/anthropics/claude-code/issues/21625>,
/// <https://github.com/vercel/ai/issues/10981>; the list as LiteLLM keeps it (seen 2026-11-22):
/// <https://github.com/BerriAI/litellm/blob/main/litellm/anthropic_beta_headers_config.json>.
const BETAS_OF_VERTEX: [(&str, &str); 14] = [
    ("advanced-tool-use-2025-11-20", "tool-search-tool-2025-10-19"),
    ("compact-2026-01-12", "compact-2026-01-12"),
    ("compact-2026-09-04", "compact-2026-09-04"),
    ("computer-use-2025-01-24", "computer-use-2025-01-24"),
    ("computer-use-2025-11-24", "computer-use-2025-11-24"),
    ("context-1m-2025-08-07", "context-1m-2025-08-07"),
    ("context-management-2025-06-27", "context-management-2025-06-27"),
    ("dangerous-tool-use-2026-09-03", "dangerous-tool-use-2026-09-03"),
    ("interleaved-thinking-2025-05-14", "interleaved-thinking-2025-05-14"),
    ("per-turn-control-2026-07-01", "per-turn-control-2026-07-01"),
    ("thinking-binding-controls-2026-08-01", "thinking-binding-controls-2026-08-01"),
    ("thinking-display-updates-2026-08-18", "thinking-display-updates-2026-08-18"),
    ("tool-search-tool-2025-10-19", "tool-search-tool-2025-10-19"),
    (WEB_SEARCH, WEB_SEARCH),
];

/// The counter refuses this one: <https://github.com/anthropics/claude-code/issues/12429> (seen 2026-11-22).
const WEB_SEARCH: &str = "web-search-2025-03-05";

/// Members that Vertex does not know and that change no answer: tiers and speeds are Anthropic's own, and so is the cache
/// hint for a whole request (<https://platform.claude.com/docs/en/build-with-claude/prompt-caching>).
const NOT_AT_VERTEX: [&str; 3] = ["service_tier", "speed", "cache_control"];

/// What a provider of some dialect knows of a request of Anthropic's API.
pub struct Known {
    /// The betas, under the provider's names.
    pub betas: Vec<String>,
    /// The members of the body that it must not see.
    pub unknown: Vec<Member>,
    /// What is lost, in the client's words.
    pub dropped: Dropped,
}

impl Known {
    /// Of a request at a provider of this dialect; `head` is the request's own. Betas are Anthropic's alone.
    pub fn of(ask: &Ask, dialect: Dialect, head: &Headers) -> Known {
        let mut dropped = Dropped::default();
        let betas = betas(dialect, ask.operation, head, &mut dropped);
        let mut unknown = Vec::new();
        if let (Body::Json { own, .. }, Dialect::VertexAnthropic) = (&ask.body, dialect) {
            for (name, member) in own.iter().filter(|(name, _)| NOT_AT_VERTEX.contains(name)) {
                unknown.push(member.clone());
                dropped.add(name);
            }
        }
        Known { betas, unknown, dropped }
    }
}

fn betas(dialect: Dialect, operation: Operation, head: &Headers, dropped: &mut Dropped) -> Vec<String> {
    let values = head.iter().filter(|(name, _)| *name == b"anthropic-beta").map(|(_, value)| value);
    let words = values.flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    let mut known: Vec<String> = Vec::new();
    for word in words.filter_map(|word| std::str::from_utf8(word).ok()).filter(|word| !word.is_empty()) {
        let there = match dialect {
            Dialect::Anthropic => Some(word),
            Dialect::VertexAnthropic => name_at_vertex(word, operation),
            _ => None,
        };
        match there {
            Some(there) if known.iter().any(|have| have == there) => {}
            Some(there) => known.push(there.to_owned()),
            None => dropped.word(&format!("anthropic-beta.{word}")),
        }
    }
    known
}

fn name_at_vertex(beta: &str, operation: Operation) -> Option<&'static str> {
    let (_, there) = BETAS_OF_VERTEX.iter().find(|(asked, _)| *asked == beta)?;
    (operation != Operation::CountTokens || *there != WEB_SEARCH).then_some(*there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::headers;

    const MESSAGES: Operation = Operation::Messages;

    fn told(dialect: Dialect, operation: Operation, values: &[&str]) -> (String, String) {
        let pairs: Vec<_> = values.iter().map(|value| ("anthropic-beta", *value)).collect();
        let mut dropped = Dropped::default();
        let known = betas(dialect, operation, &headers(&pairs), &mut dropped);
        (known.join(","), dropped.fields().join(","))
    }

    #[test]
    fn betas_go_where_they_are_known() {
        let all = "files-api-2025-04-14, context-1m-2025-08-07,,web-search-2025-03-05";
        for (dialect, operation, values, known, dropped) in [
            (Dialect::Anthropic, MESSAGES, &["new-2031-01-01"][..], "new-2031-01-01", ""),
            (
                Dialect::VertexAnthropic,
                MESSAGES,
                &[all],
                "context-1m-2025-08-07,web-search-2025-03-05",
                "anthropic-beta.files-api-2025-04-14",
            ),
            (
                Dialect::VertexAnthropic,
                Operation::CountTokens,
                &[all],
                "context-1m-2025-08-07",
                "anthropic-beta.files-api-2025-04-14,anthropic-beta.web-search-2025-03-05",
            ),
            (
                Dialect::VertexAnthropic,
                MESSAGES,
                &["advanced-tool-use-2025-11-20", "tool-search-tool-2025-10-19"],
                "tool-search-tool-2025-10-19",
                "",
            ),
            (Dialect::Bedrock, MESSAGES, &["a", "b\"c"], "", "anthropic-beta.a"),
            (Dialect::VertexAnthropic, MESSAGES, &[], "", ""),
        ] {
            assert_eq!(
                told(dialect, operation, values),
                (known.to_owned(), dropped.to_owned()),
                "{dialect:?} {values:?}"
            );
        }
    }
}
