//! The `usage` object. Its input does not contain what the cache gave or took; ours does (rule 18).

use crate::chat::json::{Json, Object};
use crate::meter::Usage;

/// More tokens than any exchange can have; a larger number is a mistake, and absent.
const MOST: u64 = 1 << 40;

/// The usage of an answer or of a stream's `metadata`, with the tier beside it; `None` when there is no count in it.
pub(super) fn read(answer: &Object<'_>) -> Option<Usage> {
    let object = answer.object("usage")?;
    let count = |name: &str| object.count(name).filter(|count| *count <= MOST);
    // The wire has each of the two under two names (rule 19).
    let twice = |name: &str, other: &str| count(name).or_else(|| count(other));
    let mut usage = Usage {
        output: count("outputTokens"),
        cache_read: twice("cacheReadInputTokens", "cacheReadInputTokenCount"),
        cache_write: twice("cacheWriteInputTokens", "cacheWriteInputTokenCount"),
        tier: answer.object("serviceTier").and_then(|tier| tier.string("type")),
        ..Usage::default()
    };
    for kept in object.items("cacheDetails").filter_map(Json::object) {
        let written = kept.count("inputTokens").filter(|count| *count <= MOST);
        match kept.text("ttl").as_deref() {
            Some("5m") => usage.cache_write_5m = written,
            Some("1h") => usage.cache_write_1h = written,
            _ => {}
        }
    }
    let beside = usage.cache_read.unwrap_or(0).saturating_add(usage.cache_write.unwrap_or(0));
    usage.input = count("inputTokens").map(|input| input.saturating_add(beside));
    if let Some(runs) = object.object("serverToolUsage") {
        let tool = |(name, json): (&str, Json<'_>)| Some((name.to_owned(), json.count()?));
        usage.server_tools = runs.iter().filter_map(tool).take(16).collect();
    }
    usage.has_counts().then_some(usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(answer: &str) -> Option<Usage> {
        read(&Object::parse(answer.as_bytes()).unwrap())
    }

    #[test]
    fn trap_1_and_rule_18_the_cache_is_beside_the_input() {
        let usage = of(r#"{"usage":{"inputTokens":3,"outputTokens":61,"totalTokens":2435,"cacheReadInputTokens":2074,
            "cacheReadInputTokenCount":2074,"cacheWriteInputTokens":297,"cacheWriteInputTokenCount":297,
            "cacheDetails":[{"ttl":"5m","inputTokens":197},{"ttl":"1h","inputTokens":100},7]},"serviceTier":{"type":"flex"}}"#);
        let usage = usage.unwrap();
        assert_eq!((usage.input, usage.output), (Some(2374), Some(61)));
        assert_eq!((usage.cache_read, usage.cache_write), (Some(2074), Some(297)));
        assert_eq!(
            (usage.cache_write_5m, usage.cache_write_1h, usage.tier.as_deref()),
            (Some(197), Some(100), Some("flex"))
        );
    }

    #[test]
    fn rule_19_one_field_in_two_spellings_counts_once() {
        let usage =
            of(r#"{"usage":{"inputTokens":1,"cacheReadInputTokenCount":5,"cacheWriteInputTokenCount":7}}"#).unwrap();
        assert_eq!((usage.input, usage.cache_read, usage.cache_write), (Some(13), Some(5), Some(7)));
    }

    #[test]
    fn absent_is_not_zero() {
        for none in [
            r#"{}"#,
            r#"{"usage":{}}"#,
            r#"{"usage":[]}"#,
            r#"{"usage":{"inputTokens":-1}}"#,
            r#"{"serviceTier":{"type":"flex"}}"#,
        ] {
            assert_eq!(of(none), None, "{none}");
        }
        let usage = of(r#"{"usage":{"inputTokens":0,"outputTokens":99999999999999999,"serverToolUsage":{}}}"#).unwrap();
        assert_eq!(usage, Usage { input: Some(0), ..Usage::default() });
    }
}
