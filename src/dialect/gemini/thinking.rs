//! How much a model thinks: levels since Gemini 3, budgets before
//! (<https://ai.google.dev/gemini-api/docs/thinking>, seen 2026-11-22).

use super::model::Model;
use crate::chat::Reasoning;
use crate::chat::json::ObjectWriter;
use crate::dialect::Dropped;

/// How a model is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dial {
    /// It does not think, and refuses to be told.
    Nothing,
    /// In tokens, between these; `off` is the budget that stops it.
    Budget { least: i64, most: i64, off: Option<i64> },
    /// By words; these are the lowest, and the one for `medium`.
    Level { lowest: &'static str, medium: &'static str },
}

fn dial(model: Model<'_>) -> Dial {
    let (is_pro, is_lite) = (model.has("pro"), model.has("lite"));
    match model.version() {
        _ if model.has("image") => Dial::Nothing,
        Some((3, 0)) if is_pro => Dial::Level { lowest: "LOW", medium: "HIGH" },
        Some((3.., _)) if is_pro => Dial::Level { lowest: "LOW", medium: "MEDIUM" },
        Some((3.., _)) => Dial::Level { lowest: "MINIMAL", medium: "MEDIUM" },
        Some((2, 5..)) if is_pro => Dial::Budget { least: 128, most: 32_768, off: None },
        Some((2, 5..)) if is_lite => Dial::Budget { least: 512, most: 24_576, off: Some(0) },
        Some((2, 5..)) => Dial::Budget { least: 0, most: 24_576, off: Some(0) },
        // All of them still understand budgets.
        None if model.is_third() => Dial::Budget { least: 128, most: 24_576, off: Some(0) },
        _ => Dial::Nothing,
    }
}

/// Writes `thinkingConfig`, if there is anything to say.
pub(super) fn thinking(reasoning: &Reasoning, model: &str, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    dropped.when(reasoning.summary.is_some(), "reasoning.summary");
    let model = Model(model);
    let is_off = reasoning.is_off();
    let is_shown = !is_off && !reasoning.exclude;
    match dial(model) {
        // A model that does not think is off already.
        Dial::Nothing => dropped.when(!is_off, "reasoning"),
        Dial::Budget { least, most, off } => {
            let budget = if is_off {
                dropped.when(off.is_none(), "reasoning");
                off.unwrap_or(least)
            } else {
                // -1 leaves it to the model.
                reasoning.budget_tokens().map_or(-1, i64::from)
            };
            let fitting = if is_off || budget < 0 { budget } else { budget.clamp(least, most) };
            dropped.when(fitting != budget && reasoning.budget.is_some(), "reasoning");
            o.object("thinkingConfig", |o| {
                o.set("thinkingBudget", fitting);
                o.maybe("includeThoughts", is_shown.then_some(true));
            });
        }
        Dial::Level { lowest, medium } => {
            dropped.when(is_off, "reasoning");
            let level = match reasoning.effort_word() {
                None => None,
                Some("none" | "minimal") => Some(lowest),
                Some("low") => Some("LOW"),
                Some("medium") => Some(medium),
                Some(_) => Some("HIGH"),
            };
            o.object("thinkingConfig", |o| {
                o.maybe("thinkingLevel", level);
                o.maybe("includeThoughts", is_shown.then_some(true));
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::json::object;

    fn said(model: &str, reasoning: Reasoning) -> (String, bool) {
        let (mut out, mut dropped) = (Vec::new(), Dropped::default());
        object(&mut out, |o| thinking(&reasoning, model, &mut dropped, o));
        let text = String::from_utf8(out).unwrap();
        let inner = text.strip_prefix(r#"{"thinkingConfig":"#).and_then(|rest| rest.strip_suffix('}'));
        (inner.unwrap_or_default().replace('"', ""), !dropped.fields().is_empty())
    }

    #[test]
    fn efforts_become_levels_or_budgets() {
        let effort = |word: &str| Reasoning { effort: Some(word.into()), ..Reasoning::default() };
        for (model, word, expected, is_dropped) in [
            ("gemini-2.0-flash", "high", "", true),
            ("gemini-2.0-flash", "none", "", false),
            ("gemini-2.5-flash", "none", "{thinkingBudget:0}", false),
            ("gemini-2.5-pro", "none", "{thinkingBudget:128}", true),
            ("gemini-2.5-flash", "low", "{thinkingBudget:1024,includeThoughts:true}", false),
            ("gemini-2.5-flash", "xhigh", "{thinkingBudget:24576,includeThoughts:true}", false),
            ("gemini-2.5-pro", "xhigh", "{thinkingBudget:32768,includeThoughts:true}", false),
            ("gemini-2.5-flash-image", "low", "", true),
            ("gemini-3-pro-preview", "minimal", "{thinkingLevel:LOW,includeThoughts:true}", false),
            ("gemini-3-pro-preview", "medium", "{thinkingLevel:HIGH,includeThoughts:true}", false),
            ("gemini-3.1-pro-preview", "medium", "{thinkingLevel:MEDIUM,includeThoughts:true}", false),
            ("gemini-3-flash-preview", "minimal", "{thinkingLevel:MINIMAL,includeThoughts:true}", false),
            ("gemini-3-flash-preview", "none", "{thinkingLevel:MINIMAL}", true),
            ("gemini-3-flash-preview", "max", "{thinkingLevel:HIGH,includeThoughts:true}", false),
            ("gemini-flash-latest", "medium", "{thinkingBudget:8192,includeThoughts:true}", false),
        ] {
            assert_eq!(said(model, effort(word)), (expected.to_owned(), is_dropped), "{model} {word}");
        }
    }

    #[test]
    fn budgets_fit_and_may_be_left_to_the_model() {
        let budget = |budget| Reasoning { budget: Some(budget), ..Reasoning::default() };
        assert_eq!(
            said("gemini-2.5-flash", budget(99_999)),
            ("{thinkingBudget:24576,includeThoughts:true}".into(), true)
        );
        assert_eq!(
            said("gemini-2.5-flash-lite", budget(100)),
            ("{thinkingBudget:512,includeThoughts:true}".into(), true)
        );
        assert_eq!(said("gemini-3-flash", budget(9000)), ("{thinkingLevel:MEDIUM,includeThoughts:true}".into(), false));
        let on = Reasoning { enabled: Some(true), ..Reasoning::default() };
        assert_eq!(said("gemini-2.5-flash", on.clone()), ("{thinkingBudget:-1,includeThoughts:true}".into(), false));
        assert_eq!(said("gemini-3-flash", on), ("{includeThoughts:true}".into(), false));
        let hidden = Reasoning { exclude: true, effort: Some("low".into()), ..Reasoning::default() };
        assert_eq!(said("gemini-3-flash", hidden), ("{thinkingLevel:LOW}".into(), false));
    }
}
