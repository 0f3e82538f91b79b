//! Messages and their parts, in requests and in answers.

use super::request::{Cache, Ext};
use super::seal::{Format, Seal};
use super::{Owner, Raw};

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub parts: Vec<Part>,
    /// A cache hint after it.
    pub cache: Option<Cache>,
    /// The participant's name.
    pub name: Option<String>,
    /// What only one dialect understands.
    pub ext: Vec<Ext>,
}

impl Message {
    /// A message without hints.
    pub fn new(role: Role, parts: Vec<Part>) -> Message {
        Message { role, parts, cache: None, name: None, ext: Vec::new() }
    }
}

/// Who speaks. Messages of `Tool` hold results only, one message for each as the client sent them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Role {
    System,
    Developer,
    User,
    Assistant,
    Tool,
}

/// One part of a message or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it says.
    pub body: Body,
    /// The proof beside it.
    pub seal: Option<Seal>,
    /// A cache hint after it.
    pub cache: Option<Cache>,
    /// What only one dialect understands.
    pub ext: Vec<Ext>,
}

impl Part {
    /// A part without seal or hints.
    pub fn new(body: Body) -> Part {
        Part { body, seal: None, cache: None, ext: Vec::new() }
    }

    /// Plain text.
    pub fn text(text: impl Into<String>) -> Part {
        Part::new(Body::Text { text: text.into(), citations: Vec::new() })
    }

    /// The same with a seal.
    pub fn sealed(self, seal: Option<Seal>) -> Part {
        Part { seal, ..self }
    }

    /// The text, where it is text.
    pub fn as_text(&self) -> Option<&str> {
        if let Body::Text { text, .. } = &self.body { Some(text) } else { None }
    }
}

/// What a part says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Body {
    Text {
        text: String,
        citations: Vec<Citation>,
    },
    Refusal(String),
    /// The text may be empty when only the seal matters.
    Reasoning {
        text: String,
        summary: bool,
    },
    /// In or out.
    Media(Box<Media>),
    /// A call that the client has to run. What the provider ran itself is `Native`.
    Call(ToolCall),
    /// In messages of `Role::Tool` only.
    Result(ToolResult),
    Native(Native),
}

/// A block that only its own format understands: carried whole, never read. Built-in tools' calls and results are such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Native {
    /// Who understands it.
    pub format: Format,
    /// All of it, as it stands in a message of that format.
    pub block: Raw,
    /// What it belongs to: call and result go or stay together.
    pub link: Link,
}

/// What a native block belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Link {
    /// A built-in tool's call.
    Call { id: String, name: String },
    /// A built-in tool's result.
    Result { call_id: String },
    /// Nothing.
    Alone,
}

/// An image, a sound, a film, a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Which of them.
    pub kind: MediaKind,
    /// `image/png`; `None` where the client does not say, as with URLs.
    pub mime: Option<String>,
    /// Where it is.
    pub source: Source,
    /// File name.
    pub name: Option<String>,
    /// Anthropic's `title` of a document.
    pub title: Option<String>,
    /// Anthropic's `context` of a document.
    pub context: Option<String>,
    /// Whether citations of it are wanted.
    pub citations: bool,
    /// OpenAI's `detail` of an image.
    pub detail: Option<String>,
}

impl Media {
    /// Media without names or wishes.
    pub fn new(kind: MediaKind, mime: Option<String>, source: Source) -> Media {
        Media { kind, mime, source, name: None, title: None, context: None, citations: false, detail: None }
    }

    /// Media at a URL, which may be a data URL.
    pub fn at_url(kind: MediaKind, url: &str) -> Media {
        match data_url(url) {
            Some((mime, data)) => Media::new(kind, mime, Source::Base64(data)),
            None => Media::new(kind, None, Source::Url(url.to_owned())),
        }
    }
}

/// The MIME type and the base64 of a data URL.
pub fn data_url(url: &str) -> Option<(Option<String>, String)> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let mime = head.strip_suffix(";base64")?;
    let mime = mime.split(';').next().filter(|mime| !mime.is_empty());
    Some((mime.map(str::to_ascii_lowercase), data.to_owned()))
}

/// What media is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MediaKind {
    Image,
    Audio,
    Video,
    Document,
}

impl MediaKind {
    /// By MIME type; whatever is no image, audio or video is a document.
    pub fn of_mime(mime: &str) -> MediaKind {
        match mime.split('/').next() {
            Some("image") => MediaKind::Image,
            Some("audio") => MediaKind::Audio,
            Some("video") => MediaKind::Video,
            _ => MediaKind::Document,
        }
    }
}

/// Where media is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Standard base64, without `data:`.
    Base64(String),
    /// An http(s), gs or s3 URL; never a data URL.
    Url(String),
    /// A text document.
    Text(String),
    /// An id at one account.
    FileId {
        /// Whose account.
        owner: Owner,
        /// The id.
        id: String,
    },
}

/// A call that the client has to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// Never empty: made when the provider sends none (`Ids::call`).
    pub id: String,
    /// The item's id at OpenAI Responses (`fc_...`), apart from `id`, which is its `call_id`.
    pub item_id: Option<String>,
    /// The tool.
    pub name: String,
    /// Its input.
    pub args: Args,
    /// Programmatic tool calling: who called.
    pub caller: Option<Raw>,
}

/// A call's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Args {
    /// JSON, an object unless the model erred. No arguments are `{}`.
    Json(Raw),
    /// Of a custom tool, or arguments that do not parse.
    Text(String),
}

impl Args {
    /// Reads the JSON that dialects carry as text. Empty is `{}`; what does not parse is kept as text.
    pub fn parse(text: &str) -> Args {
        if text.trim().is_empty() {
            return Args::Json(Raw::empty_object());
        }
        Raw::parse(text).map_or_else(|| Args::Text(text.to_owned()), Args::Json)
    }

    /// As text.
    pub fn as_text(&self) -> &str {
        match self {
            Args::Json(raw) => raw.get(),
            Args::Text(text) => text,
        }
    }

    /// As a JSON object, which some dialects insist on: anything else stands in `{"input": ...}`.
    pub fn to_object(&self) -> Raw {
        match self {
            Args::Json(raw) if raw.get().starts_with('{') => raw.clone(),
            Args::Json(raw) => Raw::of(&serde_json::json!({"input": raw.value()})),
            Args::Text(text) => Raw::of(&serde_json::json!({"input": text})),
        }
    }
}

/// What a call of the client's gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolResult {
    /// Which call; ids need not be unique in a history (rule 4).
    pub call_id: String,
    /// The tool, where the client says so; otherwise it stands at the call.
    pub name: Option<String>,
    /// Text and media.
    pub parts: Vec<Part>,
    /// Whether it failed.
    pub is_error: bool,
}

/// What a text is based on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Citation {
    /// A page.
    Url(Box<UrlCitation>),
    /// A document, a search result and the like: the provider's object unchanged.
    Native {
        /// Who understands it.
        format: Format,
        /// All of it.
        raw: Raw,
    },
}

/// A page that a text is based on. `start` and `end` count characters of the text part that holds the citation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct UrlCitation {
    pub url: String,
    pub title: Option<String>,
    pub start: Option<u32>,
    pub end: Option<u32>,
    pub quote: Option<String>,
    /// Who understands `raw`.
    pub format: Format,
    /// The provider's object unchanged.
    pub raw: Raw,
}
