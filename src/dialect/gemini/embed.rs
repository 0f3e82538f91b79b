//! Embeddings: `batchEmbedContents` of AI Studio; `predict` of Vertex, and `embedContent` for its newest models.
//!
//! Reference: <https://ai.google.dev/api/embeddings>,
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api>.

use super::error::told;
use super::model::{is_vertex, path};
use super::stream::first_object;
use super::usage::Counts;
use crate::chat::Owner;
use crate::chat::json::{Json, ObjectWriter, object};
use crate::dialect::embeddings::{Request, Response, response, vector};
use crate::dialect::{Dropped, Encoded, Facts, Failure, Unable};
use crate::meter::Usage;

/// Most texts of one request.
const MOST_OF_STUDIO: usize = 100;
const MOST_OF_VERTEX: usize = 250;

/// The three methods.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Batch,
    Predict,
    Single,
}

fn method(facts: &Facts<'_>) -> Method {
    match is_vertex(facts) {
        false => Method::Batch,
        true if facts.model.contains("gemini-embedding-2") => Method::Single,
        true => Method::Predict,
    }
}

/// Whether a target can take the request.
pub fn can_embed(request: &Request, facts: &Facts<'_>) -> Result<(), Unable> {
    request.refuses_tokens()?;
    let most = match method(facts) {
        Method::Batch => MOST_OF_STUDIO,
        Method::Single => 1,
        Method::Predict if facts.model.contains("gemini-embedding") => 1,
        Method::Predict => MOST_OF_VERTEX,
    };
    Unable::when(request.texts().is_some_and(|texts| texts.len() > most), "input")
}

/// Writes the request.
pub fn encode_embeddings(request: &Request, facts: &Facts<'_>) -> Encoded {
    let mut dropped = Dropped::default();
    let mut body = Vec::new();
    let texts = request.texts().unwrap_or_default();
    let method = method(facts);
    object(&mut body, |o| match method {
        Method::Batch => o.list("requests", |l| {
            let name = facts.model.strip_prefix("models/").unwrap_or(facts.model);
            for text in texts {
                l.object(|o| {
                    o.set("model", format!("models/{name}"));
                    content(text, o);
                    o.maybe("taskType", task(request));
                    o.maybe("outputDimensionality", request.dimensions);
                    extensions(request, &["title", "taskType", "outputDimensionality"], o);
                });
            }
        }),
        Method::Single => {
            content(texts.first().map_or("", String::as_str), o);
            o.object("embedContentConfig", |o| {
                o.maybe("taskType", task(request));
                o.maybe("outputDimensionality", request.dimensions);
                extensions(request, &["title", "taskType", "outputDimensionality", "autoTruncate"], o);
            });
        }
        Method::Predict => {
            o.list("instances", |l| {
                for text in texts {
                    l.object(|o| {
                        o.set("content", text);
                        o.maybe("task_type", task(request));
                        o.maybe_raw("title", ext(request, "title"));
                        if request.input_type.is_none() {
                            o.maybe_raw("task_type", ext(request, "taskType"));
                        }
                    });
                }
            });
            o.object("parameters", |o| {
                o.maybe("outputDimensionality", request.dimensions);
                extensions(request, &["outputDimensionality", "autoTruncate"], o);
            });
        }
    });
    dropped.when(request.user.is_some(), "user");
    dropped.when(request.input_type.is_some() && task(request).is_none(), "input_type");
    dropped.foreign(&request.ext, Owner::Google);
    let path = path(
        facts,
        match method {
            Method::Batch => "batchEmbedContents",
            Method::Single => "embedContent",
            Method::Predict => "predict",
        },
    );
    Encoded { path, headers: Vec::new(), body, dropped }
}

fn content(text: &str, o: &mut ObjectWriter<'_>) {
    o.object("content", |o| o.list("parts", |l| l.object(|o| o.set("text", text))));
}

/// What the vectors are for, in Google's words.
fn task(request: &Request) -> Option<&'static str> {
    match request.input_type.as_deref()? {
        "search_document" => Some("RETRIEVAL_DOCUMENT"),
        "search_query" => Some("RETRIEVAL_QUERY"),
        "classification" => Some("CLASSIFICATION"),
        "clustering" => Some("CLUSTERING"),
        _ => None,
    }
}

fn ext<'r>(request: &'r Request, key: &str) -> Option<&'r crate::chat::Raw> {
    request.ext.iter().find(|ext| ext.owner == Owner::Google && ext.key == key).map(|ext| &ext.value)
}

/// The client's own words for Google; what the request says otherwise is written already.
fn extensions(request: &Request, keys: &[&str], o: &mut ObjectWriter<'_>) {
    for key in keys {
        let is_written = match *key {
            "taskType" => task(request).is_some(),
            "outputDimensionality" => request.dimensions.is_some(),
            _ => false,
        };
        if !is_written {
            o.maybe_raw(key, ext(request, key));
        }
    }
}

/// Reads the body of a 200, of any of the methods.
pub fn decode_embeddings(body: &[u8]) -> Result<Response, Box<Failure>> {
    let object = first_object(body).unwrap_or_default();
    if let Some(error) = object.object("error") {
        return Err(Box::new(told(&error, None, None)));
    }
    let mut vectors = Vec::new();
    let values = |json: Json<'_>| vector(json.object().and_then(|embedding| embedding.get("values")));
    for embedding in object.items("embeddings").chain(object.get("embedding")) {
        vectors.push(values(embedding)?);
    }
    let mut tokens: Option<u64> = None;
    for prediction in object.items("predictions").filter_map(Json::object) {
        vectors.push(vector(prediction.object("embeddings").and_then(|embedding| embedding.get("values")))?);
        let statistics = prediction.object("embeddings").and_then(|embedding| embedding.object("statistics"));
        let count = statistics.and_then(|statistics| statistics.count("token_count"));
        tokens = count.map(|count| tokens.unwrap_or(0).saturating_add(count)).or(tokens);
    }
    let mut counts = Counts::default();
    if let Some(metadata) = object.object("usageMetadata") {
        counts.read(&metadata);
    }
    let usage = counts.usage();
    response(vectors, Usage { input: usage.input.or(tokens), ..usage })
}
