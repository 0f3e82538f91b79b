//! Tools, whether one of them must be called, and answers that have to be JSON.

use std::collections::BTreeSet;

use super::messages::Hints;
use super::{ANSWER, schema};
use crate::chat::json::{ListWriter, ObjectWriter};
use crate::chat::{Output, Owner, Raw, Request, Tool, ToolChoice, ToolKind};
use crate::dialect::Dropped;
use crate::dialect::claude::{Claude, MOST_STRICT};

/// What is offered and what must be called.
#[derive(Debug)]
pub(super) struct Tools<'a> {
    tools: Vec<&'a Tool>,
    /// The schema of the tool that stands for an answer in JSON.
    answer: Option<Option<&'a Raw>>,
    choice: Choice<'a>,
    is_single: bool,
    has_strict: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice<'a> {
    Unsaid,
    Auto,
    Any,
    Tool(&'a str),
    None,
}

impl<'a> Tools<'a> {
    /// Of a request.
    pub fn of(request: &'a Request, model: Claude, dropped: &mut Dropped) -> Tools<'a> {
        let mut tools: Vec<&Tool> = request.tools.iter().collect();
        let mut choice = match &request.tool_choice {
            None => Choice::Unsaid,
            Some(ToolChoice::Auto) => Choice::Auto,
            Some(ToolChoice::Required) => Choice::Any,
            Some(ToolChoice::None) => Choice::None,
            Some(ToolChoice::Named(name)) => Choice::Tool(name),
            Some(ToolChoice::Allowed { names, required }) => {
                let names: BTreeSet<&String> = names.iter().collect();
                tools.retain(|tool| match &tool.kind {
                    ToolKind::Function { name, .. } | ToolKind::Custom { name, .. } => names.contains(name),
                    ToolKind::Builtin { .. } => true,
                });
                if *required { Choice::Any } else { Choice::Auto }
            }
        };
        let mut answer = match &request.output {
            Output::Text => None,
            Output::Json => Some(None),
            Output::Schema { schema, .. } => (!model.has_schemas()).then_some(Some(schema)),
        };
        if matches!(choice, Choice::Any | Choice::Tool(_)) && !tools.is_empty() {
            // It is calls that are wanted.
            answer = None;
        } else if answer.is_some() {
            let is_alone = tools.is_empty() || choice == Choice::None;
            choice = match is_alone {
                // Nothing can be forced of a model that always thinks.
                _ if model.thinks_always() => Choice::Auto,
                true => Choice::Tool(ANSWER),
                false => Choice::Any,
            };
            dropped.when(model.thinks_always(), "response_format");
        }
        let is_single = request.parallel_tool_calls == Some(false);
        Tools { tools, answer, choice, is_single, has_strict: model.has_schemas() }
    }

    fn is_empty(&self) -> bool {
        self.tools.is_empty() && self.answer.is_none()
    }

    /// Whether a call is forced.
    pub fn is_forced(&self) -> bool {
        !self.is_empty() && matches!(self.choice, Choice::Any | Choice::Tool(_))
    }

    /// How many cache hints there are.
    pub fn count_hints(&self) -> usize {
        self.tools.iter().filter(|tool| tool.cache.is_some() && !matches!(tool.kind, ToolKind::Builtin { .. })).count()
    }

    /// The built-in ones' definitions.
    pub fn builtins(&self) -> impl Iterator<Item = &'a Raw> {
        self.tools.iter().filter_map(|tool| match &tool.kind {
            ToolKind::Builtin { owner: Owner::Anthropic, definition } => Some(definition),
            _ => None,
        })
    }

    /// `tools` and `tool_choice`.
    pub fn write(&self, hints: &mut Hints, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
        if self.is_empty() {
            return;
        }
        let mut strict = if self.has_strict { MOST_STRICT } else { 0 };
        o.list("tools", |l| {
            self.tools.iter().for_each(|tool| self::tool(tool, &mut strict, hints, dropped, l));
            if let Some(schema) = self.answer {
                answer(schema, l);
            }
        });
        let (kind, name) = match self.choice {
            Choice::Unsaid if !self.is_single => return,
            Choice::Unsaid | Choice::Auto => ("auto", None),
            Choice::Any => ("any", None),
            Choice::Tool(name) => ("tool", Some(name)),
            Choice::None => ("none", None),
        };
        o.object("tool_choice", |o| {
            o.set("type", kind);
            o.maybe("name", name);
            o.maybe("disable_parallel_tool_use", (self.is_single && self.choice != Choice::None).then_some(true));
        });
    }
}

fn tool(tool: &Tool, strict: &mut usize, hints: &mut Hints, dropped: &mut Dropped, l: &mut ListWriter<'_>) {
    match &tool.kind {
        ToolKind::Function { name, description, schema, strict: is_strict } => l.object(|o| {
            o.set("name", name);
            o.maybe("description", description.as_deref());
            let wants_strict = *is_strict == Some(true);
            if wants_strict && *strict > 0 {
                *strict -= 1;
                let has_lost = schema::strict("input_schema", schema, o);
                dropped.when(has_lost, "tools.function.parameters");
                o.set("strict", true);
            } else {
                dropped.when(wants_strict, "tools.function.strict");
                schema::input(schema, o);
            }
            for ext in tool.ext.iter().filter(|ext| ext.owner == Owner::Anthropic) {
                o.raw(&ext.key, &ext.value);
            }
            hints.write(tool.cache.as_ref(), o);
        }),
        ToolKind::Builtin { owner: Owner::Anthropic, definition } => l.raw(definition),
        ToolKind::Builtin { .. } | ToolKind::Custom { .. } => {}
    }
}

fn answer(schema: Option<&Raw>, l: &mut ListWriter<'_>) {
    l.object(|o| {
        o.set("name", ANSWER);
        o.set(
            "description",
            "Gives the answer to the user. Always answer by calling it, with the JSON that is asked for.",
        );
        match schema {
            Some(schema) => schema::input(schema, o),
            None => o.object("input_schema", |o| o.set("type", "object")),
        }
    });
}

/// `output_config.format`, where the model has it.
pub(super) fn format(output: &Output, model: Claude, dropped: &mut Dropped, o: &mut ObjectWriter<'_>) {
    if let Output::Schema { schema, .. } = output
        && model.has_schemas()
    {
        o.object("format", |o| {
            o.set("type", "json_schema");
            let has_lost = schema::strict("schema", schema, o);
            dropped.when(has_lost, "response_format.json_schema.schema");
        });
    }
}
