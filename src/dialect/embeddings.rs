//! Embeddings between dialects: what a request asks for and what an answer holds.
//!
//! The client's side is `openai::embeddings`; a provider dialect has these verbs beside those of chat:
//!
//! ```text
//! can_embed(&embeddings::Request, &Facts) -> Result<(), Unable>
//! encode_embeddings(&embeddings::Request, &Facts) -> Encoded
//! decode_embeddings(&[u8]) -> Result<embeddings::Response, Box<Failure>>
//! ```

use super::{Failure, Unable, unreadable};
use crate::chat::json::Json;
use crate::chat::{Ext, Raw};
use crate::meter::Usage;

/// A request for embeddings. `None` is "the client said nothing".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The model as asked for; the name that is sent is the target's.
    pub model: String,
    /// What to embed; one vector for each.
    pub input: Input,
    /// Length of each vector.
    pub dimensions: Option<u32>,
    /// How the client wants the vectors.
    pub encoding: Encoding,
    /// What they are for, in Cohere's words: `search_document`, `search_query`, `classification`, `clustering`.
    pub input_type: Option<String>,
    /// The client's own user.
    pub user: Option<String>,
    /// What only one dialect understands.
    pub ext: Vec<Ext>,
}

/// What to embed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Texts; at least one.
    Texts(Vec<String>),
    /// Tokens of OpenAI's models, which nobody else understands: a list of numbers, or a list of such lists.
    Tokens(Raw),
}

impl Default for Input {
    fn default() -> Input {
        Input::Texts(Vec::new())
    }
}

/// How a client wants its vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// A list of numbers.
    #[default]
    Float,
    /// Base64 of 32-bit floats, least byte first.
    Base64,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    /// The model in the provider's words; empty where it does not say.
    pub model: String,
    /// One for each input, in their order: lists of numbers as they came.
    pub vectors: Vec<Raw>,
    /// `None` where the provider reports no count.
    pub usage: Option<Usage>,
}

impl Request {
    /// The texts; `None` when they are tokens.
    pub fn texts(&self) -> Option<&[String]> {
        if let Input::Texts(texts) = &self.input { Some(texts) } else { None }
    }

    /// Refuses what no dialect but OpenAI's can take: tokens.
    pub fn refuses_tokens(&self) -> Result<(), Unable> {
        Unable::when(self.texts().is_none(), "input")
    }
}

/// A vector; a failure when it is not a list of numbers.
pub fn vector(json: Option<Json<'_>>) -> Result<Raw, Box<Failure>> {
    let is_vector = |json: &Json<'_>| serde_json::from_str::<Vec<f32>>(json.get()).is_ok();
    json.filter(is_vector).map(Json::raw).ok_or_else(|| Box::new(unreadable("no vector")))
}

/// The answer of a provider that gave so many vectors; a failure when it gave none.
pub fn response(vectors: Vec<Raw>, usage: Usage) -> Result<Response, Box<Failure>> {
    if vectors.is_empty() {
        return Err(Box::new(unreadable("no vectors")));
    }
    Ok(Response { model: String::new(), vectors, usage: usage.has_counts().then_some(usage) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_a_list_of_numbers_as_it_came() {
        let read = |text: &str| vector(Json::parse(text.as_bytes())).ok().map(|raw| raw.get().to_owned());
        assert_eq!(read("[0.10, -1e-3,2]").as_deref(), Some("[0.10, -1e-3,2]"));
        assert_eq!((read(r#"["a"]"#), read("{}"), read(r#""AAAA""#)), (None, None, None));
        assert!(vector(None).is_err() && response(Vec::new(), Usage::default()).is_err());
        let tokens = Request { input: Input::Tokens(Raw::empty_object()), ..Request::default() };
        assert_eq!(tokens.refuses_tokens(), Err(Unable::field("input")));
    }
}
