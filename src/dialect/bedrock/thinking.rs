//! How much the model thinks: each family has its own members among the additional fields.

use super::model::Model;
use crate::chat::{Raw, Reasoning};
use crate::dialect::Dropped;
use crate::dialect::claude::{Claude, Thinks, effort};
use crate::dialect::turns::{Turn, lacks_thinking};
use serde_json::json;

/// The least budget that Claude accepts; it must be below `maxTokens`.
const LEAST: u32 = 1024;
/// What a client wants that says no more than that the model should think.
const USUAL: u32 = 8192;
/// What is left for the answer where nobody says how much.
const ROOM: u64 = 4096;

/// What the model is told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Thinking {
    /// Members of `additionalModelRequestFields`.
    pub fields: Vec<(&'static str, Raw)>,
    /// Claude thinks, which excludes other things.
    pub is_on: bool,
    /// `maxTokens`, where the client said nothing and the budget needs it.
    pub max_tokens: Option<u64>,
}

/// What the answer has to share with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'a> {
    pub turns: &'a [Turn<'a>],
    /// As asked for, and no more than the model has.
    pub max_tokens: Option<u64>,
    /// Of the model, where known.
    pub most: Option<u64>,
    /// A call is forced, which does not go together with thinking (trap 13).
    pub is_forced: bool,
}

/// Decides.
pub(super) fn thinking(
    reasoning: Option<&Reasoning>,
    model: Model,
    around: Around<'_>,
    dropped: &mut Dropped,
) -> Thinking {
    let Some(reasoning) = reasoning else { return Thinking::default() };
    dropped.when(reasoning.summary.is_some(), "reasoning.summary");
    let is_wanted = reasoning.enabled == Some(true) || reasoning.effort.is_some() || reasoning.budget.is_some();
    match model {
        Model::Claude(claude) if reasoning.is_off() => off(claude, dropped),
        _ if !is_wanted => Thinking::default(),
        Model::Claude(claude) => self::claude(reasoning, claude, around, dropped),
        // <https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html>
        Model::Nova(generation) if generation >= 2 => nova(reasoning),
        // Both seen, and the second in pydantic-ai's profiles.
        Model::GptOss if !reasoning.is_off() => one("reasoning_effort", three(reasoning)),
        Model::Qwen if !reasoning.is_off() => {
            one("reasoning_config", if three(reasoning) == "low" { "low" } else { "high" })
        }
        _ => {
            dropped.when(!reasoning.is_off(), "reasoning");
            Thinking::default()
        }
    }
}

fn one(name: &'static str, word: &str) -> Thinking {
    Thinking { fields: vec![(name, Raw::of(&json!(word)))], ..Thinking::default() }
}

/// The effort in three words.
fn three(reasoning: &Reasoning) -> &'static str {
    match reasoning.effort_word() {
        Some("none" | "minimal" | "low") => "low",
        Some("high" | "xhigh" | "max") => "high",
        _ => "medium",
    }
}

fn nova(reasoning: &Reasoning) -> Thinking {
    let config = if reasoning.is_off() {
        json!({"type": "disabled"})
    } else {
        json!({"type": "enabled", "maxReasoningEffort": three(reasoning)})
    };
    Thinking { fields: vec![("reasoningConfig", Raw::of(&config))], ..Thinking::default() }
}

fn claude(reasoning: &Reasoning, claude: Claude, around: Around<'_>, dropped: &mut Dropped) -> Thinking {
    let is_stuck = around.is_forced && !claude.thinks_always();
    match claude.thinks() {
        _ if is_stuck => switched_off(claude, dropped),
        Thinks::Not => {
            dropped.add("reasoning");
            Thinking::default()
        }
        Thinks::Adaptive => {
            let told = match claude.tells_when_asked() && !reasoning.exclude {
                true => json!({"type": "adaptive", "display": "summarized"}),
                false => json!({"type": "adaptive"}),
            };
            let mut fields = vec![("thinking", Raw::of(&told))];
            if let Some(effort) = effort(reasoning, claude, dropped) {
                fields.push(("output_config", Raw::of(&json!({"effort": effort}))));
            }
            Thinking { fields, is_on: true, max_tokens: None }
        }
        Thinks::Budget if lacks_thinking(around.turns) => switched_off(claude, dropped),
        Thinks::Budget => budget(reasoning, around, dropped).unwrap_or_else(|| switched_off(claude, dropped)),
    }
}

/// The client wants none.
fn off(claude: Claude, dropped: &mut Dropped) -> Thinking {
    if claude.thinks_always() {
        dropped.add("reasoning");
        let least = Raw::of(&json!({"effort": "low"}));
        return Thinking { fields: vec![("output_config", least)], ..Thinking::default() };
    }
    let told = claude.thinks_by_itself().then(|| ("thinking", Raw::of(&json!({"type": "disabled"}))));
    Thinking { fields: told.into_iter().collect(), ..Thinking::default() }
}

/// The client wants it and cannot have it.
fn switched_off(claude: Claude, dropped: &mut Dropped) -> Thinking {
    dropped.add("reasoning");
    off(claude, dropped)
}

/// The budget, between the least and three quarters of all output; `None` where there is no room.
fn budget(reasoning: &Reasoning, around: Around<'_>, dropped: &mut Dropped) -> Option<Thinking> {
    let asked = reasoning.budget_tokens().unwrap_or_else(|| {
        dropped.when(reasoning.effort.is_some(), "reasoning");
        USUAL
    });
    let wanted = u64::from(asked.max(LEAST)).saturating_add(ROOM);
    let room = around.max_tokens.unwrap_or_else(|| around.most.map_or(wanted, |most| most.min(wanted)));
    if room <= u64::from(LEAST) {
        return None;
    }
    let most = u32::try_from(room.saturating_sub(room / 4)).unwrap_or(u32::MAX);
    let tokens = asked.min(most).max(LEAST);
    dropped.when(reasoning.budget.is_some_and(|budget| budget != tokens), "reasoning");
    let told = Raw::of(&json!({"type": "enabled", "budget_tokens": tokens}));
    let max_tokens = around.max_tokens.is_none().then_some(room);
    Some(Thinking { fields: vec![("thinking", told)], is_on: true, max_tokens })
}
