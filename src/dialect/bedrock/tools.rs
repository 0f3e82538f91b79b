//! `toolConfig`: tools, whether one of them must be called, and answers that have to be JSON.

use super::messages::Hints;
use super::model::{Caches, Model};
use super::{ANSWER, schema};
use crate::chat::json::{ListWriter, ObjectWriter};
use crate::chat::{Output, Owner, Raw, Request, Tool, ToolChoice, ToolKind};
use crate::dialect::Dropped;
use crate::dialect::claude::{Claude, MOST_STRICT};
use crate::dialect::turns::{Turn, What};
use std::collections::BTreeSet;

/// What is offered and what must be called.
#[derive(Debug)]
pub(super) struct Tools<'a> {
    tools: Vec<&'a Tool>,
    /// Tools of the history that nobody offers any more (rule 16).
    past: Vec<&'a str>,
    /// The schema of the tool that stands for an answer in JSON.
    answer: Option<Option<&'a Raw>>,
    choice: Choice<'a>,
    /// One call at a time.
    pub is_single: bool,
    model: Model,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice<'a> {
    Unsaid,
    Auto,
    Any,
    Tool(&'a str),
}

impl<'a> Tools<'a> {
    /// Of a request.
    pub fn of(request: &'a Request, turns: &[Turn<'a>], model: Model, dropped: &mut Dropped) -> Tools<'a> {
        let mut tools: Vec<&Tool> = request.tools.iter().collect();
        let mut choice = match &request.tool_choice {
            Some(ToolChoice::Auto) => Choice::Auto,
            Some(ToolChoice::Required) => Choice::Any,
            Some(ToolChoice::Named(name)) => Choice::Tool(name),
            Some(ToolChoice::Allowed { names, required }) => {
                let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
                tools.retain(|tool| name(tool).is_none_or(|name| names.contains(name)));
                if *required { Choice::Any } else { Choice::Auto }
            }
            None | Some(ToolChoice::None) => Choice::Unsaid,
        };
        let past = past(turns);
        if request.tool_choice == Some(ToolChoice::None) {
            // There is no such word: tools that are not there are not called. Those of the history must be there.
            dropped.when(!past.is_empty() && !tools.is_empty(), "tool_choice");
            if past.is_empty() {
                tools.clear();
            }
        }
        let has_none = tools.is_empty();
        let mut answer = match &request.output {
            Output::Text => None,
            Output::Json => Some(None),
            Output::Schema { schema, .. } => (!model.has_schemas()).then_some(Some(schema)),
        };
        if matches!(choice, Choice::Any | Choice::Tool(_)) && !has_none {
            // It is calls that are wanted.
            answer = None;
        } else if answer.is_some() {
            choice = if has_none && past.is_empty() { Choice::Tool(ANSWER) } else { Choice::Any };
            let cannot = model.claude().is_some_and(Claude::thinks_always) || !model.has_tool_choice();
            if cannot {
                // Nothing can be forced.
                dropped.add("response_format");
                choice = Choice::Unsaid;
            }
        }
        if has_none && answer.is_none() {
            choice = Choice::Unsaid;
        }
        if !model.has_tool_choice() {
            dropped.when(matches!(choice, Choice::Any | Choice::Tool(_)), "tool_choice");
            choice = Choice::Unsaid;
        }
        // A request with calls and no tools is refused.
        let past = if has_none && answer.is_none() { past } else { Vec::new() };
        let has_single = model.claude().is_some_and(Claude::has_single_calls);
        let wants_single = request.parallel_tool_calls == Some(false) && !has_none;
        dropped.when(wants_single && !has_single, "parallel_tool_calls");
        Tools { tools, past, answer, choice, is_single: wants_single && has_single, model }
    }

    fn is_empty(&self) -> bool {
        self.tools.is_empty() && self.past.is_empty() && self.answer.is_none()
    }

    /// Whether a call is forced.
    pub fn is_forced(&self) -> bool {
        !self.is_empty() && matches!(self.choice, Choice::Any | Choice::Tool(_))
    }

    /// How many cache hints there are that a point can stand for.
    pub fn count_hints(&self) -> usize {
        let count = self.tools.iter().filter(|tool| tool.cache.is_some()).count();
        if self.model.caches() == Caches::NotInTools { 0 } else { count }
    }

    /// `toolConfig`.
    pub fn write(&self, hints: &mut Hints, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
        if self.is_empty() {
            return;
        }
        let has_points = self.model.caches() != Caches::NotInTools;
        let mut strict = match self.model {
            model if !model.has_schemas() => 0,
            Model::Claude(_) => MOST_STRICT,
            _ => usize::MAX,
        };
        o.object("toolConfig", |o| {
            o.list("tools", |l| {
                for tool in &self.tools {
                    self::tool(tool, self.model, &mut strict, dropped, l);
                    dropped.when(tool.cache.is_some() && !has_points, "cache_control");
                    hints.write(tool.cache.as_ref().filter(|_| has_points), l);
                }
                self.past
                    .iter()
                    .for_each(|name| spec(name, None, &Raw::of(&serde_json::json!({"type": "object"})), false, l));
                if let Some(schema) = self.answer {
                    let any = Raw::of(&serde_json::json!({"type": "object"}));
                    let schema = schema.map_or(any, schema::input);
                    spec(ANSWER, Some(TOLD), &schema, false, l);
                }
            });
            match self.choice {
                // Said among the additional fields, with that there is one call.
                Choice::Unsaid => {}
                Choice::Auto if self.is_single => {}
                Choice::Auto => o.object("toolChoice", |o| o.object("auto", |_| {})),
                Choice::Any => o.object("toolChoice", |o| o.object("any", |_| {})),
                Choice::Tool(name) => o.object("toolChoice", |o| o.object("tool", |o| o.set("name", name))),
            }
        });
    }
}

const TOLD: &str = "Gives the answer to the user. Always answer by calling it, with the JSON that is asked for.";

/// The names of the calls in a history.
fn past<'a>(turns: &[Turn<'a>]) -> Vec<&'a str> {
    let (mut names, mut known) = (Vec::new(), BTreeSet::new());
    for item in turns.iter().flat_map(|turn| &turn.items) {
        if let What::Call(call, _) = &item.what
            && known.insert(call.name.as_str())
        {
            names.push(call.name.as_str());
        }
    }
    names
}

/// The name of a tool that the client runs.
pub(super) fn name(tool: &Tool) -> Option<&str> {
    match &tool.kind {
        ToolKind::Function { name, .. } | ToolKind::Custom { name, .. } => Some(name),
        ToolKind::Builtin { .. } => None,
    }
}

/// Whether Bedrock takes a name of a tool.
pub(super) fn is_legal(name: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(is_letter)
}

/// `left`: how many may still be strict.
fn tool(tool: &Tool, model: Model, left: &mut usize, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    match &tool.kind {
        ToolKind::Function { name, description, schema, strict } => {
            let wants_strict = *strict == Some(true);
            let is_strict = wants_strict && *left > 0;
            *left = left.saturating_sub(usize::from(is_strict));
            dropped.when(wants_strict && !is_strict, "tools.function.strict");
            let mut schema = schema::input(schema);
            if is_strict && model.claude().is_some() {
                let (closed, has_lost) = schema::strict(&schema);
                dropped.when(has_lost, "tools.function.parameters");
                schema = closed;
            }
            spec(name, description.as_deref(), &schema, is_strict, l);
        }
        ToolKind::Builtin { owner: Owner::Bedrock, definition } => l.raw(definition),
        ToolKind::Builtin { .. } | ToolKind::Custom { .. } => {}
    }
}

/// An empty description is refused.
fn spec(name: &str, description: Option<&str>, schema: &Raw, is_strict: bool, l: &mut ListWriter<'_>) {
    l.object(|o| {
        o.object("toolSpec", |o| {
            o.set("name", name);
            o.maybe("description", description.filter(|text| !text.trim().is_empty()));
            o.object("inputSchema", |o| o.raw("json", schema));
            o.maybe("strict", is_strict.then_some(true));
        });
    });
}

/// `outputConfig`, where the model can be held to a schema.
pub(super) fn output(output: &Output, model: Model, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    let Output::Schema { name, description, schema, .. } = output else { return };
    if !model.has_schemas() {
        return;
    }
    let (closed, has_lost) = if model.claude().is_some() { schema::strict(schema) } else { (schema.clone(), false) };
    dropped.when(has_lost, "response_format.json_schema.schema");
    o.object("outputConfig", |o| {
        o.object("textFormat", |o| {
            o.set("type", "json_schema");
            o.object("structure", |o| {
                o.object("jsonSchema", |o| {
                    o.set("schema", closed.get());
                    o.set("name", name);
                    o.maybe("description", description.as_deref().filter(|text| !text.is_empty()));
                });
            });
        });
    });
}
