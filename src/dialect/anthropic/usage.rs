//! The `usage` object. Its input does not contain what the cache gave or took; ours does (rule 18).

use crate::chat::json::{Json, Object};
use crate::meter::{Billed, Usage};

/// More tokens than any exchange can have; a larger number is a mistake, and absent.
const MOST: u64 = 1 << 40;

/// What was reported so far, in the provider's own terms. Totals are made from it when they are asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Reported {
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    usage: Usage,
}

/// The usage of a `usage` member.
pub(in crate::dialect) fn usage(raw: &[u8]) -> Usage {
    let mut reported = Reported::default();
    Json::parse(raw).into_iter().for_each(|usage| reported.add(usage));
    reported.usage().unwrap_or_default()
}

impl Reported {
    /// Takes over a report: fields replace, absent ones erase nothing (rule 17). `iterations` are what is billed: the
    /// totals leave out what other models did, and what compacted the conversation.
    pub fn add(&mut self, usage: Json<'_>) {
        let Some(object) = usage.object() else { return };
        let count = |name: &str| object.count(name).filter(|count| *count <= MOST);
        self.input = count("input_tokens").or(self.input);
        self.cache_read = count("cache_read_input_tokens").or(self.cache_read);
        self.cache_write = count("cache_creation_input_tokens").or(self.cache_write);
        let mut later =
            Usage { output: count("output_tokens"), tier: object.string("service_tier"), ..Usage::default() };
        if let Some(details) = object.object("output_tokens_details") {
            later.reasoning = details.count("thinking_tokens");
        }
        if let Some(kept) = object.object("cache_creation") {
            later.cache_write_5m = kept.count("ephemeral_5m_input_tokens");
            later.cache_write_1h = kept.count("ephemeral_1h_input_tokens");
        }
        if let Some(runs) = object.object("server_tool_use") {
            let tool = |(name, json): (&str, Json<'_>)| {
                Some((name.strip_suffix("_requests").unwrap_or(name).to_owned(), json.count()?))
            };
            later.server_tools = runs.iter().filter_map(tool).take(16).collect();
        }
        later.billed = object.items("iterations").map(billed).collect();
        later.terms = terms(&object);
        self.usage.merge(&later);
    }

    /// The usage as billed; `None` when there is no count in it.
    pub fn usage(&self) -> Option<Usage> {
        let mut usage = self.usage.clone();
        let written = [usage.cache_write_5m, usage.cache_write_1h].into_iter().flatten().reduce(u64::saturating_add);
        usage.cache_read = self.cache_read;
        usage.cache_write = self.cache_write.or(written);
        let beside = usage.cache_read.unwrap_or(0).saturating_add(usage.cache_write.unwrap_or(0));
        usage.input = self.input.map(|input| input.saturating_add(beside));
        usage.has_counts().then_some(usage)
    }
}

/// One of `iterations`; one that cannot be read has no counts, and so no price.
fn billed(iteration: Json<'_>) -> Billed {
    let mut reported = Reported::default();
    reported.add(iteration);
    let model = iteration.object().and_then(|iteration| iteration.string("model"));
    Billed { model, usage: reported.usage().unwrap_or_default() }
}

/// What changes the price: where it ran (`us` costs more), how fast, and whether it counts as an earlier request's.
/// <https://platform.claude.com/docs/en/about-claude/pricing> (seen 2026-11-22).
fn terms(usage: &Object<'_>) -> Vec<String> {
    let place = usage.string("inference_geo").filter(|place| !matches!(&**place, "global" | "not_available"));
    let speed = usage.string("speed").filter(|speed| speed != "standard");
    let credit = usage.object("fallback_credit").and_then(|credit| credit.object("status")?.string("type"));
    let credit = credit.filter(|kind| kind == "redeemed").map(|_| "fallback_credit".to_owned());
    [place, speed, credit].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reports: &[&str]) -> Usage {
        let mut reported = Reported::default();
        reports.iter().for_each(|report| reported.add(Json::parse(report.as_bytes()).unwrap()));
        reported.usage().unwrap_or_default()
    }

    #[test]
    fn trap_1_and_rule_18_the_cache_is_beside_the_input() {
        let report = r#"{"input_tokens":4,"cache_creation_input_tokens":237,"cache_read_input_tokens":9134,
            "cache_creation":{"ephemeral_5m_input_tokens":237,"ephemeral_1h_input_tokens":0},"output_tokens":156}"#;
        let usage = read(&[report]);
        assert_eq!((usage.input, usage.cache_read, usage.cache_write), (Some(9375), Some(9134), Some(237)));
        assert_eq!((usage.cache_write_5m, usage.cache_write_1h, usage.output), (Some(237), Some(0), Some(156)));
    }

    #[test]
    fn trap_18_and_rule_17_the_last_value_wins_and_the_start_is_kept() {
        let start = r#"{"input_tokens":2068,"cache_read_input_tokens":10,"output_tokens":8,"service_tier":"standard"}"#;
        let delta = r#"{"input_tokens":22397,"output_tokens":637,"server_tool_use":{"web_search_requests":2}}"#;
        let usage = read(&[start, delta]);
        assert_eq!((usage.input, usage.output, usage.tier.as_deref()), (Some(22_407), Some(637), Some("standard")));
        assert_eq!(usage.server_tools, [("web_search".to_owned(), 2)]);
        assert_eq!(read(&[start, r#"{"output_tokens":9}"#]).input, Some(2078));
    }

    #[test]
    fn what_is_billed_instead_is_told_by_iterations() {
        let report = r#"{"input_tokens":180,"output_tokens":8,"inference_geo":"us","speed":"fast","iterations":[
            {"type":"compaction","input_tokens":100,"output_tokens":82,"cache_creation_input_tokens":55096,
             "cache_creation":{"ephemeral_5m_input_tokens":55096,"ephemeral_1h_input_tokens":0}},
            {"type":"advisor_message","model":"claude-fable-5","input_tokens":7,"output_tokens":1},7]}"#;
        let usage = read(&[report, r#"{"output_tokens":9}"#]);
        assert_eq!((usage.input, usage.output), (Some(180), Some(9)));
        assert_eq!(usage.terms, ["us", "fast"]);
        let [compaction, advisor, broken] = &usage.billed[..] else { panic!("{usage:?}") };
        assert_eq!((compaction.usage.input, compaction.usage.cache_write_5m), (Some(55_196), Some(55_096)));
        assert_eq!((advisor.model.as_deref(), advisor.usage.input), (Some("claude-fable-5"), Some(7)));
        assert_eq!((compaction.model.as_deref(), broken), (None, &Billed::default()));
        let usual = r#"{"input_tokens":1,"inference_geo":"global","speed":"standard",
            "fallback_credit":{"status":{"type":"not_applied"}}}"#;
        assert!(read(&[usual]).terms.is_empty());
        let redeemed = r#"{"input_tokens":1,"fallback_credit":{"status":{"type":"redeemed"}}}"#;
        assert_eq!(read(&[redeemed]).terms, ["fallback_credit"]);
    }

    #[test]
    fn absent_is_not_zero_and_iterations_are_not_added() {
        assert!(read(&["{}", r#"{"service_tier":"batch"}"#, "[1]"]).is_empty());
        let report = r#"{"input_tokens":180,"output_tokens":8,"iterations":[{"input_tokens":100,"output_tokens":82}]}"#;
        let usage = read(&[report]);
        assert_eq!((usage.input, usage.output, usage.cache_read, usage.cache_write), (Some(180), Some(8), None, None));
        assert_eq!(read(&[r#"{"input_tokens":-1,"output_tokens":99999999999999999}"#]), Usage::default());
    }
}
