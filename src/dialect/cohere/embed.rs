//! Embeddings (<https://docs.cohere.com/reference/embed>). Types and verbs: `dialect::embeddings`.

use super::error;
use crate::chat::Owner;
use crate::chat::json::{Object, object};
use crate::dialect::embeddings::{Request, Response, response, vector};
use crate::dialect::{Dropped, Encoded, Facts, Failure, Unable, unreadable};
use crate::meter::Usage;

/// Most texts of one request.
const MOST_TEXTS: usize = 96;
/// What the texts are for, where nobody says: newer models want to be told.
const USUAL: &str = "search_document";
/// Cohere's own members that a client may set.
const NATIVE: [&str; 3] = ["truncate", "max_tokens", "priority"];

/// Whether Cohere can take the request.
pub fn can_embed(request: &Request, _facts: &Facts<'_>) -> Result<(), Unable> {
    request.refuses_tokens()?;
    Unable::when(request.texts().is_some_and(|texts| texts.len() > MOST_TEXTS), "input")
}

/// Writes the request.
pub fn encode_embeddings(request: &Request, facts: &Facts<'_>) -> Encoded {
    let mut dropped = Dropped::default();
    let mut body = Vec::new();
    let native = |key: &str| request.ext.iter().rfind(|ext| ext.owner == Owner::Cohere && ext.key == key);
    object(&mut body, |o| {
        o.set("model", facts.model);
        o.set("texts", request.texts().unwrap_or_default());
        let said = ["input_type", "inputType"].iter().find_map(|key| native(key)?.value.json().string());
        o.set("input_type", request.input_type.as_deref().or(said.as_deref()).unwrap_or(USUAL));
        o.set("embedding_types", ["float"]);
        o.maybe("output_dimension", request.dimensions);
        for key in NATIVE {
            o.maybe_raw(key, native(key).map(|ext| &ext.value));
        }
    });
    dropped.when(request.user.is_some(), "user");
    dropped.foreign(&request.ext, Owner::Cohere);
    Encoded { path: format!("{}/embed", facts.base_path), headers: Vec::new(), body, dropped }
}

/// Reads the body of a 200.
pub fn decode_embeddings(body: &[u8]) -> Result<Response, Box<Failure>> {
    let object = Object::parse(body).ok_or_else(|| Box::new(unreadable("no JSON object")))?;
    let Some(embeddings) = object.object("embeddings") else {
        let says = object.get("message").is_some();
        return Err(Box::new(if says { error::inside("", &object) } else { unreadable("no embeddings") }));
    };
    let vectors = embeddings.items("float").map(|json| vector(Some(json))).collect::<Result<Vec<_>, _>>()?;
    let meta = object.object("meta").unwrap_or_default();
    let counts = ["billed_units", "tokens"].iter().find_map(|name| meta.object(name)?.count("input_tokens"));
    response(vectors, Usage { input: counts, ..Usage::default() })
}
