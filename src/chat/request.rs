//! What a client asks for.

use std::collections::BTreeSet;

use super::json::{Json, Object};
use super::{Message, Raw, Reasoning};

/// A chat request. `None` is "the client said nothing", which is not a default.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The model as asked for; the name that is sent is the target's.
    pub model: String,
    /// System and developer messages stay where the client put them.
    pub messages: Vec<Message>,
    /// What the model may call.
    pub tools: Vec<Tool>,
    /// Whether it must.
    pub tool_choice: Option<ToolChoice>,
    /// Whether one turn may hold several calls.
    pub parallel_tool_calls: Option<bool>,
    /// The form of the answer.
    pub output: Output,
    /// How much the model thinks.
    pub reasoning: Option<Reasoning>,
    /// The same, said to one dialect alone.
    pub own_reasoning: Vec<(Owner, Reasoning)>,
    /// Most tokens of output, reasoning included.
    pub max_tokens: Option<u32>,
    /// Texts at which the model stops.
    pub stop: Vec<String>,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// Answers wanted, `n`; 1 unless the client says otherwise.
    pub choices: u32,
    /// Alternatives told per token; `Some(0)` is the chosen token alone.
    pub logprobs: Option<u8>,
    /// Output besides text; empty when the client said nothing.
    pub modalities: Vec<Modality>,
    /// Whether the answer is a stream.
    pub stream: bool,
    /// Whether a client of chat completions wants to see the usage chunk.
    pub usage_wanted: bool,
    /// Whether a client of chat completions used `functions`, and wants `function_call` back.
    pub legacy_functions: bool,
    /// `instructions` of a client of Responses, which its answer repeats; its first message says the same.
    pub instructions: Option<String>,
    /// Whether a client of Responses asked for `reasoning.encrypted_content`.
    pub seals_wanted: bool,
    /// `cache_control` of the request as a whole.
    pub cache: Option<Cache>,
    /// `prompt_cache_key`.
    pub cache_key: Option<String>,
    /// `service_tier`, in the client's word.
    pub service_tier: Option<String>,
    /// The client's own user.
    pub user: Option<String>,
    /// Free words.
    pub metadata: Vec<(String, String)>,
    /// Ids that exist at one account only.
    pub pins: Vec<Pin>,
    /// What only one dialect understands.
    pub ext: Vec<Ext>,
    /// Harmless wishes that nobody can fulfil, whoever answers; told beside what the target dropped.
    pub unmet: Vec<&'static str>,
}

impl Request {
    /// The names of the tools that take free text.
    pub fn custom_tools(&self) -> BTreeSet<&str> {
        let names = self.tools.iter().filter_map(|tool| match &tool.kind {
            ToolKind::Custom { name, .. } => Some(name.as_str()),
            ToolKind::Function { .. } | ToolKind::Builtin { .. } => None,
        });
        names.collect()
    }

    /// Whether anything is said of how much the model thinks, to whomever, other than that it shall not.
    pub fn wants_reasoning(&self) -> bool {
        let said = self.reasoning.iter().chain(self.own_reasoning.iter().map(|(_, own)| own));
        said.into_iter().any(|reasoning| !reasoning.is_off())
    }

    /// How much a model thinks whose provider speaks this dialect.
    pub fn reasoning_for(&self, owner: Owner) -> Option<&Reasoning> {
        let own = self.own_reasoning.iter().find(|(whose, _)| *whose == owner);
        own.map(|(_, reasoning)| reasoning).or(self.reasoning.as_ref())
    }

    /// Of several extensions with one name the last counts.
    pub fn keep_last_ext(&mut self) {
        let mut seen = BTreeSet::new();
        let is_last: Vec<bool> = self.ext.iter().rev().map(|ext| seen.insert((ext.owner, &ext.key))).collect();
        let mut is_last = is_last.into_iter().rev();
        self.ext.retain(|_| is_last.next().unwrap_or(true));
    }
}

impl Default for Request {
    fn default() -> Request {
        Request {
            model: String::new(),
            messages: Vec::new(),
            tools: Vec::new(),
            tool_choice: None,
            parallel_tool_calls: None,
            output: Output::Text,
            reasoning: None,
            own_reasoning: Vec::new(),
            max_tokens: None,
            stop: Vec::new(),
            sampling: Sampling::default(),
            choices: 1,
            logprobs: None,
            modalities: Vec::new(),
            stream: false,
            usage_wanted: false,
            legacy_functions: false,
            instructions: None,
            seals_wanted: false,
            cache: None,
            cache_key: None,
            service_tier: None,
            user: None,
            metadata: Vec::new(),
            pins: Vec::new(),
            ext: Vec::new(),
            unmet: Vec::new(),
        }
    }
}

/// Whose dialect understands an extension, a built-in tool or an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// OpenAI chat completions and the vendors that speak it.
    OpenAi,
    /// OpenAI Responses.
    Responses,
    /// Anthropic Messages, also on Vertex.
    Anthropic,
    /// Gemini, AI Studio and Vertex.
    Google,
    /// Bedrock Converse.
    Bedrock,
    /// Cohere v2.
    Cohere,
}

impl Owner {
    /// The word of `providerOptions` and `providerMetadata`.
    pub fn of_options(word: &str) -> Option<Owner> {
        Some(match word {
            "openai" | "azure" => Owner::OpenAi,
            "anthropic" => Owner::Anthropic,
            "google" | "vertex" => Owner::Google,
            "bedrock" => Owner::Bedrock,
            "cohere" => Owner::Cohere,
            _ => return None,
        })
    }
}

/// A member that one dialect applies and no other looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ext {
    /// Who applies it.
    pub owner: Owner,
    /// The member's name there.
    pub key: String,
    /// Its value.
    pub value: Raw,
    /// Whether an answer without it would not be what the client asked for, so that others refuse instead of dropping.
    pub required: bool,
}

impl Ext {
    /// The members that are not in the list, for the dialect that they were said in.
    pub fn rest(object: &Object<'_>, owner: Owner, known: &[&str]) -> Vec<Ext> {
        let unknown = object.iter().filter(|(key, _)| !known.contains(key));
        let ext =
            |(key, json): (&str, Json<'_>)| Ext { owner, key: key.to_owned(), value: json.raw(), required: false };
        unknown.map(ext).collect()
    }

    /// `providerOptions.<name>.<key>`: each for one dialect alone. `gateway` is read elsewhere.
    pub fn of_options(namespaces: &Object<'_>) -> Vec<Ext> {
        let mut ext = Vec::new();
        for (name, json) in namespaces.iter() {
            let (Some(owner), Some(members)) = (Owner::of_options(name), json.object()) else { continue };
            let member =
                |(key, json): (&str, Json<'_>)| Ext { owner, key: key.to_owned(), value: json.raw(), required: false };
            ext.extend(members.iter().map(member));
        }
        ext
    }
}

/// State that one account keeps and the request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Whose account.
    pub owner: Owner,
    /// The field that names it.
    pub field: &'static str,
    /// The id.
    pub id: String,
}

/// The form of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// Free text.
    #[default]
    Text,
    /// Any JSON.
    Json,
    /// JSON of this schema.
    Schema {
        /// Its name.
        name: String,
        /// What it is for.
        description: Option<String>,
        /// JSON Schema.
        schema: Raw,
        /// Whether the answer is held to it.
        strict: Option<bool>,
    },
}

/// How tokens are drawn.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Sampling {
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<u32>,
    pub frequency_penalty: Option<f64>,
    pub presence_penalty: Option<f64>,
    pub seed: Option<i64>,
    /// An object that is not empty.
    pub logit_bias: Option<Raw>,
}

/// A kind of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Modality {
    Text,
    Image,
    Audio,
}

/// A cache hint, `cache_control`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cache {
    /// `5m`, `1h`; `None` is the provider's default.
    pub ttl: Option<String>,
}

impl Cache {
    /// The hint of an object.
    pub fn of(object: &Object<'_>) -> Option<Cache> {
        Some(Cache { ttl: object.object("cache_control")?.string("ttl") })
    }
}

/// One thing that the model may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// What it is.
    pub kind: ToolKind,
    /// A cache hint after it.
    pub cache: Option<Cache>,
    /// What only one dialect understands.
    pub ext: Vec<Ext>,
}

/// What a tool is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ToolKind {
    /// Called with JSON. A tool without parameters has the schema `{"type":"object","properties":{}}`.
    Function { name: String, description: Option<String>, schema: Raw, strict: Option<bool> },
    /// Called with free text; `format` is OpenAI's grammar object.
    Custom { name: String, description: Option<String>, format: Option<Raw> },
    /// Run by the provider; the whole definition in its owner's shape.
    Builtin { owner: Owner, definition: Raw },
}

impl Tool {
    /// A tool without hints.
    pub fn new(kind: ToolKind) -> Tool {
        Tool { kind, cache: None, ext: Vec::new() }
    }
}

/// Whether and what the model must call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ToolChoice {
    Auto,
    Required,
    None,
    Named(String),
    Allowed { names: Vec<String>, required: bool },
}
