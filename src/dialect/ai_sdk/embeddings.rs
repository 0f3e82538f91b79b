//! Embeddings. Types and verbs: `dialect::embeddings`.

use super::ending;
use super::options::snake;
use super::warnings::Warnings;
use crate::chat::json::expect::{inner, items, small, text, wrong};
use crate::chat::json::{Json, Object, object};
use crate::chat::{Ext, Ids, Owner, Raw};
use crate::dialect::embeddings::{Input, Request, Response};
use crate::dialect::{Dropped, Spec};
use crate::error::Error;

/// Reads a request: `input` in spec 2, `values` later.
pub fn decode_embeddings(_spec: Spec, body: &[u8], model: &str) -> Result<Request, Error> {
    let object = Object::parse(body).ok_or_else(|| Error::bad_body("The body is not a JSON object."))?;
    let mut request = Request { model: model.to_owned(), ..Request::default() };
    let (key, values) = ["values", "input"]
        .into_iter()
        .find_map(|key| Some((key, object.get(key)?)))
        .ok_or_else(|| wrong("values", "a list of texts"))?;
    let texts: Vec<String> = match values.string() {
        Some(text) => vec![text],
        None => items(values, key)?.map(|value| text(value, key)).collect::<Result<_, _>>()?,
    };
    if texts.is_empty() {
        return Err(wrong(key, "a list that is not empty"));
    }
    request.input = Input::Texts(texts);
    if let Some(dimensions) = object.get("dimensions") {
        request.dimensions = Some(small(dimensions, "dimensions")?);
    }
    if let Some(namespaces) = object.get("providerOptions") {
        for (name, json) in inner(namespaces, "providerOptions")?.iter() {
            let options = json.object().unwrap_or_default();
            options.iter().for_each(|(key, json)| option(name, key, json, &mut request));
        }
    }
    if model.is_empty() {
        return Err(wrong("ai-model-id", "a text"));
    }
    Ok(request)
}

fn option(namespace: &str, key: &str, json: Json<'_>, request: &mut Request) {
    let Some(owner) = Owner::of_options(namespace) else { return };
    match key {
        "dimensions" | "outputDimensionality" | "outputDimension" => {
            request.dimensions = json.count().and_then(|count| u32::try_from(count).ok()).or(request.dimensions);
        }
        "user" => request.user = json.string(),
        _ => {
            let key = if owner == Owner::OpenAi { snake(key) } else { key.to_owned() };
            request.ext.push(Ext { owner, key, value: json.raw(), required: false });
        }
    }
}

/// Writes the body of a 200.
pub fn encode_embeddings(
    spec: Spec,
    response: &Response,
    _request: &Request,
    ids: &Ids,
    dropped: &Dropped,
    gateway: Option<&Raw>,
) -> Vec<u8> {
    let mut out = Vec::new();
    object(&mut out, |o| {
        o.list("embeddings", |l| response.vectors.iter().for_each(|vector| l.raw(vector)));
        if let Some(tokens) = response.usage.as_ref().and_then(|usage| usage.input) {
            o.object("usage", |o| o.set("tokens", tokens));
        }
        if spec != Spec::V2 {
            o.list("warnings", |l| Warnings::of(dropped).write(spec, l));
        }
        ending::metadata(gateway, &[], None, ids, o);
    });
    out
}
