//! How much the model thinks: `thinking` and `output_config.effort`.

use crate::chat::json::ObjectWriter;
use crate::chat::{Owner, Reasoning, Request};
use crate::dialect::Dropped;
use crate::dialect::claude::{Claude, Thinks, effort};
use crate::dialect::turns::{Turn, lacks_thinking};

/// The least budget that is accepted; it must be below `max_tokens`.
const LEAST: u32 = 1024;
/// What a client wants that says no more than that the model should think.
const USUAL: u32 = 8192;

/// What the provider is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thinking<'a> {
    /// Nothing.
    Unsaid,
    Disabled,
    Budget {
        tokens: u32,
        is_shown: bool,
    },
    Adaptive {
        effort: Option<&'a str>,
        is_shown: bool,
    },
    /// What comes next to none where it cannot be switched off.
    Least,
}

impl Thinking<'_> {
    /// Whether the client asked for it and the model does.
    pub fn is_on(self) -> bool {
        matches!(self, Thinking::Budget { .. } | Thinking::Adaptive { .. })
    }

    /// `output_config.effort`.
    pub fn effort(&self) -> Option<&str> {
        match self {
            Thinking::Adaptive { effort, .. } => *effort,
            Thinking::Least => Some("low"),
            _ => None,
        }
    }

    /// Writes `thinking`. Newer models tell their thoughts only when asked to.
    pub fn write(self, o: &mut ObjectWriter<'_>) {
        match self {
            Thinking::Unsaid | Thinking::Least => {}
            Thinking::Disabled => o.object("thinking", |o| o.set("type", "disabled")),
            Thinking::Budget { tokens, is_shown } => o.object("thinking", |o| {
                o.set("type", "enabled");
                o.set("budget_tokens", tokens);
                o.maybe("display", (!is_shown).then_some("omitted"));
            }),
            Thinking::Adaptive { is_shown, .. } => o.object("thinking", |o| {
                o.set("type", "adaptive");
                o.set("display", if is_shown { "summarized" } else { "omitted" });
            }),
        }
    }
}

/// Decides. `is_forced`: a call is forced, which does not go together with thinking (trap 13).
pub(super) fn thinking<'a>(
    request: &'a Request,
    model: Claude,
    turns: &[Turn<'_>],
    max_tokens: u64,
    is_forced: bool,
    dropped: &mut Dropped,
) -> Thinking<'a> {
    let Some(reasoning) = request.reasoning_for(Owner::Anthropic) else { return Thinking::Unsaid };
    let is_wanted = reasoning.enabled == Some(true) || reasoning.effort.is_some() || reasoning.budget.is_some();
    dropped.when(reasoning.summary.is_some(), "reasoning.summary");
    if reasoning.is_off() {
        return off(model, dropped);
    }
    if !is_wanted {
        return Thinking::Unsaid;
    }
    let is_shown = !reasoning.exclude;
    match model.thinks() {
        Thinks::Not => {
            dropped.add("reasoning");
            Thinking::Unsaid
        }
        Thinks::Adaptive if is_forced && model.thinks_always() => {
            Thinking::Adaptive { effort: effort(reasoning, model, dropped), is_shown }
        }
        _ if is_forced => switched_off(model, dropped),
        Thinks::Adaptive => Thinking::Adaptive { effort: effort(reasoning, model, dropped), is_shown },
        Thinks::Budget if lacks_thinking(turns) => switched_off(model, dropped),
        Thinks::Budget => match budget(reasoning, max_tokens, dropped) {
            Some(tokens) => Thinking::Budget { tokens, is_shown },
            None => switched_off(model, dropped),
        },
    }
}

/// The client wants none.
fn off(model: Claude, dropped: &mut Dropped) -> Thinking<'static> {
    if model.thinks_always() {
        dropped.add("reasoning");
        Thinking::Least
    } else if model.thinks_by_itself() {
        Thinking::Disabled
    } else {
        Thinking::Unsaid
    }
}

/// The client wants it and cannot have it.
fn switched_off(model: Claude, dropped: &mut Dropped) -> Thinking<'static> {
    dropped.add("reasoning");
    off(model, dropped)
}

/// The budget, between the least and three quarters of all output; `None` where there is no room.
fn budget(reasoning: &Reasoning, max_tokens: u64, dropped: &mut Dropped) -> Option<u32> {
    let asked = reasoning.budget_tokens().unwrap_or_else(|| {
        dropped.when(reasoning.effort.is_some(), "reasoning");
        USUAL
    });
    let room = u32::try_from(max_tokens).unwrap_or(u32::MAX);
    if room <= LEAST {
        return None;
    }
    let tokens = asked.min(room - room / 4).max(LEAST);
    dropped.when(reasoning.budget.is_some_and(|budget| budget != tokens), "reasoning");
    Some(tokens)
}
