//! Embeddings through `InvokeModel`: Amazon Titan and Cohere, each in its own format.
//!
//! Reference: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html> (seen 2026-11-22).

use super::request::escaped;
use crate::chat::Owner;
use crate::chat::json::{Json, Object, ObjectWriter, object};
use crate::dialect::embeddings::{Request, Response, response, vector};
use crate::dialect::{Dropped, Encoded, Facts, Failure, Unable, unreadable};
use crate::meter::Usage;

/// Most texts of one request to Cohere.
const MOST_TEXTS: usize = 96;

/// Whose format a model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    /// One text at a time; dimensions since the second version.
    Titan { has_dimensions: bool },
    /// Titan for images, which takes a text too.
    TitanImage,
    /// Dimensions since the fourth version.
    Cohere { has_dimensions: bool },
}

impl Maker {
    fn of(model: &str) -> Option<Maker> {
        if model.contains("titan-embed-image") {
            return Some(Maker::TitanImage);
        }
        if model.contains("titan-embed") {
            return Some(Maker::Titan { has_dimensions: model.contains("embed-text-v2") });
        }
        let is_cohere = model.contains("cohere.embed");
        is_cohere.then(|| Maker::Cohere { has_dimensions: model.contains("embed-v4") })
    }
}

/// Whether Bedrock can take the request. What Titan takes is one text, and no answer has two.
pub fn can_embed(request: &Request, facts: &Facts<'_>) -> Result<(), Unable> {
    request.refuses_tokens()?;
    let maker = Maker::of(facts.model).ok_or_else(|| Unable::field("model"))?;
    let most = if matches!(maker, Maker::Cohere { .. }) { MOST_TEXTS } else { 1 };
    Unable::when(request.texts().is_some_and(|texts| texts.len() > most), "input")?;
    let has_none = matches!(maker, Maker::Titan { has_dimensions: false } | Maker::Cohere { has_dimensions: false });
    Unable::when(has_none && request.dimensions.is_some(), "dimensions")
}

/// Writes the request.
pub fn encode_embeddings(request: &Request, facts: &Facts<'_>) -> Encoded {
    let mut dropped = Dropped::default();
    let maker = Maker::of(facts.model);
    let texts = request.texts().unwrap_or_default();
    let mut body = Vec::new();
    object(&mut body, |o| {
        if let Some(Maker::Cohere { has_dimensions }) = maker {
            o.set("texts", texts);
            // It must be said.
            o.set("input_type", request.input_type.as_deref().unwrap_or("search_document"));
            if has_dimensions {
                o.set("embedding_types", ["float"]);
                o.maybe("output_dimension", request.dimensions);
            }
        } else {
            o.maybe("inputText", texts.first());
            match maker {
                Some(Maker::TitanImage) => {
                    let length = |length, o: &mut ObjectWriter<'_>| o.set("outputEmbeddingLength", length);
                    if let Some(asked) = request.dimensions {
                        o.object("embeddingConfig", |o| length(asked, o));
                    }
                }
                _ => o.maybe("dimensions", request.dimensions),
            }
            dropped.when(request.input_type.is_some(), "input_type");
        }
        for ext in request.ext.iter().filter(|ext| ext.owner == Owner::Bedrock) {
            if ["normalize", "truncate"].contains(&&*ext.key) {
                o.raw(&ext.key, &ext.value);
            }
        }
    });
    dropped.when(request.user.is_some(), "user");
    dropped.foreign(&request.ext, Owner::Bedrock);
    let path = format!("{}/model/{}/invoke", facts.base_path, escaped(facts.model));
    Encoded { path, headers: vec![("accept", "application/json".to_owned())], body, dropped }
}

/// Reads the body of a 200. Titan says how many tokens there were; with Cohere that stands in a header.
pub fn decode_embeddings(body: &[u8]) -> Result<Response, Box<Failure>> {
    let object = Object::parse(body).ok_or_else(|| Box::new(unreadable("no JSON object")))?;
    let usage = Usage { input: object.count("inputTextTokenCount"), ..Usage::default() };
    if object.get("embedding").is_some() {
        return response(vec![vector(object.get("embedding"))?], usage);
    }
    let all = object.get("embeddings");
    let floats = all.and_then(Json::object).and_then(|kinds| kinds.get("float"));
    let list = floats.or(all).and_then(Json::items).into_iter().flatten();
    response(list.map(|json| vector(Some(json))).collect::<Result<_, _>>()?, usage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Ext, Raw};
    use crate::dialect::embeddings::Input;
    use serde_json::{Value, json};

    fn asking(texts: &[&str]) -> Request {
        Request { input: Input::Texts(texts.iter().map(|text| (*text).to_owned()).collect()), ..Request::default() }
    }

    fn facts(model: &str) -> Facts<'_> {
        Facts { model, ..Facts::default() }
    }

    fn body(request: &Request, model: &str) -> (String, Value) {
        let encoded = encode_embeddings(request, &facts(model));
        (encoded.path, serde_json::from_slice(&encoded.body).unwrap())
    }

    #[test]
    fn each_maker_has_its_own_format() {
        let ext =
            vec![Ext { owner: Owner::Bedrock, key: "normalize".into(), value: Raw::of(&json!(true)), required: false }];
        let one = Request { dimensions: Some(256), ext, ..asking(&["a"]) };
        let (path, titan) = body(&one, "amazon.titan-embed-text-v2:0");
        assert_eq!(path, "/model/amazon.titan-embed-text-v2%3A0/invoke");
        assert_eq!(titan, json!({"inputText": "a", "dimensions": 256, "normalize": true}));
        let image = body(&Request { ext: Vec::new(), ..one.clone() }, "amazon.titan-embed-image-v1").1;
        assert_eq!(image, json!({"inputText": "a", "embeddingConfig": {"outputEmbeddingLength": 256}}));
        let two = Request { input_type: Some("search_query".into()), ..asking(&["a", "b"]) };
        assert_eq!(body(&two, "cohere.embed-english-v3").1, json!({"texts": ["a", "b"], "input_type": "search_query"}));
        let fourth = Request { dimensions: Some(512), ..asking(&["a"]) };
        let asked = json!({"texts": ["a"], "input_type": "search_document", "embedding_types": ["float"], "output_dimension": 512});
        assert_eq!(body(&fourth, "us.cohere.embed-v4:0").1, asked);
    }

    #[test]
    fn what_a_model_cannot_do_is_refused_by_its_field() {
        let sized = Request { dimensions: Some(256), ..asking(&["a"]) };
        let many: Vec<&str> = vec!["a"; 97];
        for (request, model, field) in [
            (asking(&["a", "b"]), "amazon.titan-embed-text-v2:0", Some("input")),
            (asking(&many), "cohere.embed-v4:0", Some("input")),
            (
                Request { input: Input::Tokens(Raw::empty_object()), ..Request::default() },
                "cohere.embed-v4:0",
                Some("input"),
            ),
            (sized.clone(), "amazon.titan-embed-text-v1", Some("dimensions")),
            (sized.clone(), "cohere.embed-english-v3", Some("dimensions")),
            (asking(&["a"]), "amazon.nova-micro-v1:0", Some("model")),
            (sized, "amazon.titan-embed-text-v2:0", None),
        ] {
            let refused = can_embed(&request, &facts(model)).err().map(|unable| unable.field);
            assert_eq!(refused.as_deref(), field, "{model}");
        }
    }

    #[test]
    fn answers_of_each_are_read() {
        for (answer, vectors, input) in [
            (r#"{"embedding":[0.10,1],"inputTextTokenCount":4}"#, 1, Some(4)),
            (r#"{"embeddings":[[1],[2]],"id":"x","response_type":"embeddings_floats","texts":["a","b"]}"#, 2, None),
            (r#"{"embeddings":{"float":[[1],[2]]},"response_type":"embeddings_by_type"}"#, 2, None),
        ] {
            let response = decode_embeddings(answer.as_bytes()).unwrap();
            assert_eq!(
                (response.vectors.len(), response.usage.and_then(|usage| usage.input)),
                (vectors, input),
                "{answer}"
            );
        }
        for wrong in ["", "{}", r#"{"embedding":"x"}"#, r#"{"embeddings":{"int8":[[1]]}}"#, r#"{"embeddings":[["a"]]}"#]
        {
            assert!(decode_embeddings(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
