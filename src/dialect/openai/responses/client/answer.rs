//! The `response` object around the items: it repeats what the client asked for.

use super::super::request::{format, native, shared};
use super::super::tools;
use super::output::Output;
use crate::chat::json::{ObjectWriter, object};
use crate::chat::{Ids, Raw, Reason, Request};
use crate::dialect::Dropped;
use crate::error::{Class, Error};
use crate::meter::Usage;

/// Tiers that the schema knows.
const TIERS: [&str; 7] = ["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"];

/// What is the same in every event that holds the object.
#[derive(Debug)]
pub(super) struct Answer {
    id: String,
    created: u64,
    /// Who answers, once it is known.
    pub model: String,
    /// The members that repeat the request, as they are written.
    echo: Vec<u8>,
}

/// How far it is, and how it ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum State<'a> {
    InProgress,
    Ended(Reason),
    Failed(&'a Error),
}

impl State<'_> {
    /// The word of `status`, which is also that of the event.
    pub fn status(self) -> &'static str {
        match self {
            State::InProgress => "in_progress",
            State::Failed(_) => "failed",
            State::Ended(reason) if incomplete(reason).is_some() => "incomplete",
            State::Ended(_) => "completed",
        }
    }
}

/// What an answer is incomplete for (line 42).
fn incomplete(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::Length => Some("max_output_tokens"),
        Reason::Filter | Reason::Refusal => Some("content_filter"),
        Reason::Stop | Reason::Calls | Reason::Pause | Reason::Error => None,
    }
}

impl Answer {
    pub fn new(request: &Request, ids: &Ids) -> Answer {
        let mut echo = Vec::new();
        object(&mut echo, |o| self::echo(request, o));
        echo.pop();
        echo.drain(..1);
        Answer { id: ids.answer("resp_"), created: ids.created, model: ids.model.clone(), echo }
    }

    /// Writes the object.
    pub fn write(&self, state: State<'_>, output: Option<&Output>, usage: Option<&Usage>, o: &mut ObjectWriter<'_>) {
        o.set("id", &self.id);
        o.set("object", "response");
        o.set("created_at", self.created);
        o.set("status", state.status());
        match state {
            State::Failed(error) => o.object("error", |o| {
                o.set("code", code(error.class));
                o.set("message", &error.message);
            }),
            _ => o.set("error", None::<&str>),
        }
        match state {
            State::Ended(reason) if incomplete(reason).is_some() => {
                o.object("incomplete_details", |o| o.maybe("reason", incomplete(reason)));
            }
            _ => o.set("incomplete_details", None::<&str>),
        }
        o.set("model", &self.model);
        o.list("output", |l| output.iter().for_each(|output| output.items(l)));
        o.members(&self.echo);
        let tier = usage.and_then(|usage| usage.tier.as_deref()).filter(|tier| TIERS.contains(tier));
        o.set("service_tier", tier);
        match usage.filter(|usage| usage.has_counts()) {
            Some(usage) => o.object("usage", |o| self::usage(usage, o)),
            None => o.set("usage", None::<&str>),
        }
        if matches!(state, State::Ended(_)) {
            output.iter().filter(|output| !output.extras.is_empty()).for_each(|output| output.extras.write(o));
        }
    }
}

/// A code of the schema's closed list (line 45).
fn code(class: Class) -> &'static str {
    match class {
        Class::Limit | Class::ProviderLimit | Class::ProviderQuota => "rate_limit_exceeded",
        _ if class.is_callers() => "invalid_prompt",
        _ => "server_error",
    }
}

/// All counts must be there; what was not reported is 0.
fn usage(usage: &Usage, o: &mut ObjectWriter<'_>) {
    let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
    o.set("input_tokens", input);
    o.object("input_tokens_details", |o| {
        o.set("cached_tokens", usage.cache_read.unwrap_or(0));
        o.set("cache_write_tokens", usage.cache_write.unwrap_or(0));
    });
    o.set("output_tokens", output);
    o.object("output_tokens_details", |o| o.set("reasoning_tokens", usage.reasoning.unwrap_or(0)));
    o.set("total_tokens", input.saturating_add(output));
}

/// What the client asked for, or what holds where it said nothing; how tokens are drawn then is not known.
fn echo(request: &Request, o: &mut ObjectWriter<'_>) {
    let own = |key| native(request, key);
    let or_null = |o: &mut ObjectWriter<'_>, name: &str, raw: Option<&Raw>| match raw {
        Some(raw) => o.raw(name, raw),
        None => o.set(name, None::<&str>),
    };
    o.set("background", false);
    o.set("instructions", request.instructions.as_deref());
    o.set("max_output_tokens", request.max_tokens);
    or_null(o, "max_tool_calls", own("max_tool_calls"));
    o.object("metadata", |o| request.metadata.iter().for_each(|(key, value)| o.set(key, value)));
    o.set("parallel_tool_calls", request.parallel_tool_calls.unwrap_or(true));
    o.set("previous_response_id", None::<&str>);
    o.maybe("prompt_cache_key", request.cache_key.as_deref());
    o.object("reasoning", |o| {
        let asked = request.reasoning.as_ref();
        o.set("effort", asked.and_then(|asked| asked.effort.as_deref()));
        o.set("summary", asked.and_then(|asked| asked.summary.as_deref()));
    });
    if let Some(id) = shared(request, "safety_identifier") {
        o.raw("safety_identifier", id);
    }
    o.set("store", false);
    o.set("temperature", request.sampling.temperature);
    o.object("text", |o| {
        o.object("format", |o| format(&request.output, o));
        o.maybe_raw("verbosity", shared(request, "verbosity"));
    });
    if request.tool_choice.is_some() || own("tool_choice").is_some() {
        tools::choice(request, o);
    } else {
        o.set("tool_choice", "auto");
    }
    o.list("tools", |l| tools::list(&request.tools, &mut Dropped::default(), l));
    o.set("top_logprobs", request.logprobs.unwrap_or(0));
    o.set("top_p", request.sampling.top_p);
    match own("truncation") {
        Some(truncation) => o.raw("truncation", truncation),
        None => o.set("truncation", "disabled"),
    }
    o.maybe("user", request.user.as_deref());
}
