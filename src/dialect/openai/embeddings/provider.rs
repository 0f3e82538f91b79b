//! Embeddings of an OpenAI-compatible provider, for clients that speak another dialect.

use crate::chat::Owner;
use crate::chat::json::{Object, object};
use crate::dialect::embeddings::{Input, Request, Response, response, vector};
use crate::dialect::openai::path::path;
use crate::dialect::openai::{StreamError, stream_failure};
use crate::dialect::{Dropped, Encoded, Facts, Failure, Unable, unreadable};
use crate::meter::Usage;

/// Whether a provider of this dialect can take the request: it is the one that takes tokens too.
pub fn can_embed(_request: &Request, _facts: &Facts<'_>) -> Result<(), Unable> {
    Ok(())
}

/// Writes the request. Vectors come as numbers, which is what everybody gives who is not asked for anything else.
pub fn encode_embeddings(request: &Request, facts: &Facts<'_>) -> Encoded {
    let mut dropped = Dropped::default();
    let mut body = Vec::new();
    object(&mut body, |o| {
        o.set("model", facts.model);
        match &request.input {
            Input::Texts(texts) => o.set("input", texts),
            Input::Tokens(tokens) => o.raw("input", tokens),
        }
        o.maybe("dimensions", request.dimensions);
        o.maybe("user", request.user.as_deref());
        // OpenAI's own models are the same for questions and for documents.
        let is_openai = matches!(facts.vendor, "openai" | "azure");
        dropped.when(is_openai && request.input_type.is_some(), "input_type");
        o.maybe("input_type", request.input_type.as_deref().filter(|_| !is_openai));
        for ext in request.ext.iter().filter(|ext| ext.owner == Owner::OpenAi) {
            o.raw(&ext.key, &ext.value);
        }
    });
    dropped.foreign(&request.ext, Owner::OpenAi);
    Encoded { path: path(facts, "embeddings"), headers: Vec::new(), body, dropped }
}

/// Reads the body of a 200.
pub fn decode_embeddings(body: &[u8]) -> Result<Response, Box<Failure>> {
    let object = Object::parse(body).ok_or_else(|| Box::new(unreadable("no JSON object")))?;
    if let Some(error) = object.get("error").and_then(|error| StreamError::of_value(error.get())) {
        return Err(Box::new(stream_failure(&error, None)));
    }
    let mut vectors = Vec::new();
    for (place, json) in object.items("data").enumerate() {
        let entry = json.object().unwrap_or_default();
        vectors.push((entry.count("index").unwrap_or(place as u64), vector(entry.get("embedding"))?));
    }
    vectors.sort_by_key(|(index, _)| *index);
    let usage = object.object("usage").unwrap_or_default();
    let input = usage.count("prompt_tokens").or_else(|| usage.count("total_tokens"));
    let vectors = vectors.into_iter().map(|(_, vector)| vector).collect();
    let model = object.string("model").unwrap_or_default();
    Ok(Response { model, ..response(vectors, Usage { input, ..Usage::default() })? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Ext, Raw};

    #[test]
    fn requests_are_written_in_the_providers_own_terms() {
        let ext = |owner, key: &str| Ext { owner, key: key.into(), value: Raw::empty_object(), required: false };
        let request = Request {
            model: "acme/e".into(),
            input: Input::Texts(vec!["a".into(), "b".into()]),
            dimensions: Some(8),
            user: Some("u".into()),
            input_type: Some("search_query".into()),
            ext: vec![ext(Owner::OpenAi, "x"), ext(Owner::Google, "taskType")],
            ..Request::default()
        };
        let facts = Facts { vendor: "openai", model: "e", base_path: "/v1", ..Facts::default() };
        let encoded = encode_embeddings(&request, &facts);
        assert_eq!(encoded.path, "/v1/embeddings");
        let body = r#"{"model":"e","input":["a","b"],"dimensions":8,"user":"u","x":{}}"#;
        assert_eq!(String::from_utf8(encoded.body).unwrap(), body);
        assert_eq!(encoded.dropped.fields(), ["input_type", "taskType"]);
        let azure =
            Facts { vendor: "azure", model: "e/1", base_path: "/openai", api_version: Some("2024-10-21"), ..facts };
        assert_eq!(
            encode_embeddings(&request, &azure).path,
            "/openai/deployments/e%2F1/embeddings?api-version=2024-10-21"
        );
        let other = encode_embeddings(&request, &Facts { vendor: "openai-compatible", ..facts });
        assert!(String::from_utf8(other.body).unwrap().contains(r#""input_type":"search_query""#));
        let tokens = Request { input: Input::Tokens(Raw::parse("[[1,2]]").unwrap()), ..Request::default() };
        assert_eq!(can_embed(&tokens, &facts), Ok(()));
        assert_eq!(encode_embeddings(&tokens, &facts).body, br#"{"model":"e","input":[[1,2]]}"#);
    }

    #[test]
    fn answers_are_in_the_order_of_the_request() {
        let body =
            br#"{"object":"list","model":"e-1","data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[0.10]}],
            "usage":{"prompt_tokens":3,"total_tokens":3}}"#;
        let response = decode_embeddings(body).unwrap();
        let vectors: Vec<_> = response.vectors.iter().map(Raw::get).collect();
        assert_eq!((response.model.as_str(), vectors), ("e-1", vec!["[0.10]", "[2]"]));
        assert_eq!(response.usage.unwrap().input, Some(3));
        for bad in [&b"[]"[..], b"{}", br#"{"data":[]}"#, br#"{"data":[{"embedding":"AAAA"}]}"#] {
            assert!(decode_embeddings(bad).is_err());
        }
        let failure = decode_embeddings(br#"{"error":{"message":"no","type":"invalid_request_error"}}"#).unwrap_err();
        assert_eq!(failure.error.message, "no");
    }
}
