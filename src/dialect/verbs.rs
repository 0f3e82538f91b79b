//! What the verbs of all dialects take and give.

use std::borrow::Cow;

use crate::chat::{Body, Ext, Link, Owner, Part, Request, Role, Source, ToolKind};
use crate::config::{Ability, Model, Provider};
use crate::error::{Again, Class, Error};

use super::{Failure, Said};

/// What is known of the target that a request is written for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// The preset's name: vendors of one dialect differ in details.
    pub vendor: &'a str,
    /// The provider's configured name: whose seals of Responses these are (rule 7).
    pub provider: &'a str,
    /// The model's name there.
    pub model: &'a str,
    /// Path of the base URL, without its last slash.
    pub base_path: &'a str,
    /// Azure's older deployments path.
    pub api_version: Option<&'a str>,
    /// Vertex: the project.
    pub project: Option<&'a str>,
    /// Vertex: the location.
    pub location: Option<&'a str>,
    /// Most output tokens of the model, where known.
    pub max_output: Option<u64>,
    /// `stream_options` is not sent: it is refused there, or usage comes without being asked for.
    pub no_stream_options: bool,
    /// The model is said not to reason: the wish is left out.
    pub no_reasoning: bool,
    /// No seal and no item id is sent: this attempt repeats one whose seals were rejected (rule 7a).
    pub without_seals: bool,
}

impl<'a> Facts<'a> {
    /// What the configuration says of a model at a provider.
    pub fn of(provider: &'a Provider, model: &Model, sent: &'a str) -> Facts<'a> {
        Facts {
            vendor: provider.preset.name,
            provider: &provider.name,
            model: sent,
            base_path: &provider.base.path,
            api_version: provider.api_version.as_deref(),
            project: provider.project.as_deref(),
            location: provider.location.as_deref(),
            max_output: model.max_output,
            no_stream_options: provider.preset.no_stream_options,
            no_reasoning: model.supports.as_ref().is_some_and(|known| !known.contains(&Ability::Reasoning)),
            without_seals: false,
        }
    }
}

/// A request as a provider wants it. Credentials and the head's other members are added by `Edits`' rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// Path and query at the provider, base included.
    pub path: String,
    /// Headers of the dialect, such as `anthropic-version`; names are lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Harmless losses, in the client's words; each once.
    pub dropped: Dropped,
}

/// Most fields that are named; a request can have any number of its own.
const MOST_DROPPED: usize = 64;

/// The list of `x-tollgate-dropped-params`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dropped(Vec<Cow<'static, str>>);

impl Dropped {
    /// A field was left out or changed.
    pub fn add(&mut self, field: &'static str) {
        self.push(Cow::Borrowed(field));
    }

    /// The same, when the client set it.
    pub fn when(&mut self, is_set: bool, field: &'static str) {
        if is_set {
            self.add(field);
        }
    }

    /// Extensions that are not this dialect's. Names that a header could not show are not shown, and `store: false` is
    /// no loss: whoever cannot keep an answer does not.
    pub fn foreign(&mut self, ext: &[Ext], owner: Owner) {
        let asks_nothing = |ext: &Ext| ext.key == "store" && ext.value.get() == "false";
        for ext in ext.iter().filter(|ext| ext.owner != owner && !asks_nothing(ext)) {
            self.word(&ext.key);
        }
    }

    /// A word of the client's own, if a header can show it.
    pub fn word(&mut self, word: &str) {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
        if (1..=64).contains(&word.len()) && word.bytes().all(is_plain) {
            self.push(Cow::Owned(word.to_owned()));
        }
    }

    /// The same fields under other names.
    pub fn renamed(self, name: impl Fn(Cow<'static, str>) -> Cow<'static, str>) -> Dropped {
        let mut renamed = Dropped::default();
        self.0.into_iter().for_each(|field| renamed.push(name(field)));
        renamed
    }

    fn push(&mut self, field: Cow<'static, str>) {
        if self.0.len() < MOST_DROPPED && !self.0.contains(&field) {
            self.0.push(field);
        }
    }

    /// The fields in the order in which they were lost.
    pub fn fields(&self) -> &[Cow<'static, str>] {
        &self.0
    }
}

/// Why a target cannot take a request: the field, in the client's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unable {
    /// `n`, `messages.content.input_audio`.
    pub field: Cow<'static, str>,
}

impl Unable {
    /// Because of this field.
    pub fn field(field: &'static str) -> Unable {
        Unable { field: Cow::Borrowed(field) }
    }

    /// Refuses when the client set what the target does not have.
    pub fn when(is_set: bool, field: &'static str) -> Result<(), Unable> {
        if is_set { Err(Unable::field(field)) } else { Ok(()) }
    }

    /// What the client is told when no target is left.
    pub fn error(&self) -> Error {
        let message = format!("No provider of this model can serve a request with `{}`.", self.field);
        Error::new(Class::Unsupported, 400, "invalid_request_error", "unsupported_parameter", message)
            .at(self.field.clone())
    }
}

/// The half of `can_express` that is the same for every dialect: ids of another account, extensions that others must
/// not ignore, another's built-in tools, and parts of messages that only another format understands.
pub fn refuses_foreign(request: &Request, owner: Owner) -> Result<(), Unable> {
    if let Some(pin) = request.pins.iter().find(|pin| pin.owner != owner) {
        return Err(Unable::field(pin.field));
    }
    if let Some(ext) = request.ext.iter().find(|ext| ext.required && ext.owner != owner) {
        return Err(Unable { field: Cow::Owned(ext.key.clone()) });
    }
    let is_foreign = |kind: &ToolKind| matches!(kind, ToolKind::Builtin { owner: whose, .. } if *whose != owner);
    Unable::when(request.tools.iter().any(|tool| is_foreign(&tool.kind)), "tools")?;
    for message in &request.messages {
        for part in parts(&message.parts) {
            match &part.body {
                Body::Media(media) if matches!(&media.source, Source::FileId { owner: whose, .. } if *whose != owner) =>
                {
                    return Err(Unable::field("messages.content.file_id"));
                }
                // Blocks of an assistant are history, and go; what the user says must not.
                Body::Native(native)
                    if message.role != Role::Assistant
                        && native.format.owner() != Some(owner)
                        && native.link == Link::Alone =>
                {
                    return Err(Unable::field("messages.content"));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// The parts of a message, with those inside of results.
pub fn parts(parts: &[Part]) -> impl Iterator<Item = &Part> {
    parts.iter().flat_map(|part| {
        let inside = if let Body::Result(result) = &part.body { &result.parts[..] } else { &[] };
        std::iter::once(part).chain(inside)
    })
}

/// A stream that ended without its terminal event (rule 2).
pub fn cut() -> Error {
    let message = "The provider's stream ended before its answer was complete.";
    let mut error = Error::new(Class::Cut, 502, "server_error", "stream_cut", message);
    error.again = Again::MayHelp;
    error
}

/// A stream with an event larger than what is held (rule 8).
pub fn too_large() -> Error {
    let message = "The provider sent an event that is larger than what is held.";
    let mut error = Error::new(Class::ProviderFault, 502, "server_error", "", message);
    error.again = Again::MayHelp;
    error
}

/// An answer that is not what the dialect knows; `what` says what is wrong with it: `no choices`.
pub fn unreadable(what: &str) -> Failure {
    let message = format!("The provider's answer could not be read: {what}.");
    Failure::told(Class::ProviderFault, 200, Said { message, ..Said::default() }, None)
}

/// Takes a secret out of an error's words, should a provider repeat it.
pub fn redact(error: &mut Error, secret: Option<&str>) {
    let Some(secret) = secret.filter(|secret| !secret.is_empty()) else { return };
    let code = error.code.as_mut().map(Cow::to_mut);
    for text in [Some(&mut error.message), code, error.param.as_mut()].into_iter().flatten() {
        if text.contains(secret) {
            *text = text.replace(secret, "***");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Format, Media, MediaKind, Message, Native, Pin, Raw, Tool, ToolResult};

    fn said(role: Role, body: Body) -> Request {
        Request { messages: vec![Message::new(role, vec![Part::new(body)])], ..Request::default() }
    }

    #[test]
    fn what_belongs_to_another_dialect_is_refused_by_its_field() {
        let file = |owner| {
            let source = Source::FileId { owner, id: "file-1".into() };
            Body::Media(Box::new(Media::new(MediaKind::Document, None, source)))
        };
        let native = |link| Body::Native(Native { format: Format::Anthropic, block: Raw::empty_object(), link });
        let result = |parts| Body::Result(ToolResult { call_id: "a".into(), name: None, parts, is_error: false });
        let builtin = Tool::new(ToolKind::Builtin { owner: Owner::Anthropic, definition: Raw::empty_object() });
        let ext = |required| {
            vec![Ext { owner: Owner::Responses, key: "background".into(), value: Raw::empty_object(), required }]
        };
        let pin = Pin { owner: Owner::Responses, field: "previous_response_id", id: "resp_1".into() };
        let call = Link::Call { id: "a".into(), name: "web_search".into() };
        for (request, field) in [
            (Request { pins: vec![pin], ..Request::default() }, Some("previous_response_id")),
            (Request { ext: ext(true), ..Request::default() }, Some("background")),
            (Request { ext: ext(false), ..Request::default() }, None),
            (Request { tools: vec![builtin], ..Request::default() }, Some("tools")),
            (said(Role::User, file(Owner::Anthropic)), Some("messages.content.file_id")),
            (said(Role::Tool, result(vec![Part::new(file(Owner::Anthropic))])), Some("messages.content.file_id")),
            (said(Role::User, file(Owner::OpenAi)), None),
            (said(Role::User, native(Link::Alone)), Some("messages.content")),
            (said(Role::Assistant, native(Link::Alone)), None),
            (said(Role::Assistant, native(call)), None),
        ] {
            let refused = refuses_foreign(&request, Owner::OpenAi).err().map(|unable| unable.field);
            assert_eq!(refused.as_deref(), field, "{request:?}");
        }
    }

    #[test]
    fn an_inability_names_its_field() {
        let error = Unable::field("n").error();
        assert_eq!(
            (error.status, error.code.as_deref(), error.param.as_deref()),
            (400, Some("unsupported_parameter"), Some("n"))
        );
        assert_eq!(error.message, "No provider of this model can serve a request with `n`.");
    }

    #[test]
    fn losses_are_told_once_and_fit_in_a_header() {
        let mut dropped = Dropped::default();
        let ext = |key: &str, owner| Ext { owner, key: key.into(), value: Raw::empty_object(), required: false };
        dropped.when(true, "seed");
        dropped.when(false, "user");
        dropped.add("seed");
        let some = [ext("store", Owner::OpenAi), ext("a\r\nb: c", Owner::OpenAi), ext("safetySettings", Owner::Google)];
        dropped.foreign(&some, Owner::Google);
        assert_eq!(dropped.fields(), ["seed", "store"]);
        let many: Vec<Ext> = (0..20_000).map(|i| ext(&format!("x{i}"), Owner::OpenAi)).collect();
        dropped.foreign(&many, Owner::Google);
        assert_eq!((dropped.fields().len(), &*dropped.fields()[63]), (64, "x61"));
        let mut nothing = Dropped::default();
        nothing.foreign(&[Ext { value: Raw::parse("false").unwrap(), ..some[0].clone() }], Owner::Google);
        assert_eq!(nothing, Dropped::default());
    }

    #[test]
    fn secrets_go_out_of_every_word() {
        let mut error = Error::new(Class::BadRequest, 400, "x", "", "key sk-1 is bad").at("sk-1");
        error.code = Some(Cow::Owned("sk-1".to_owned()));
        redact(&mut error, Some("sk-1"));
        assert_eq!(
            (&*error.message, error.code.as_deref(), error.param.as_deref()),
            ("key *** is bad", Some("***"), Some("***"))
        );
    }
}
