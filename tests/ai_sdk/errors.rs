//! Errors, embeddings and the list of models.

use serde_json::{Value, json};
use tollgate::chat::{Ids, Raw};
use tollgate::dialect::ai_sdk::{
    ModelEntry, ModelType, Pricing, config, decode_embeddings, encode_embeddings, encode_error, status,
};
use tollgate::dialect::embeddings::{Input, Request, Response};
use tollgate::dialect::{Dropped, Spec, openai};
use tollgate::error::{Class, Error};
use tollgate::meter::Usage;

use super::recorded::{SPECS, gateway};
use super::support::{Exchange, folder, recorded};

fn error(class: Class, status: u16) -> Error {
    Error::new(class, status, "x", "", "no")
}

/// Section 5's column of the AI SDK.
#[test]
fn errors_have_the_types_that_the_sdk_knows() {
    for (error, kind) in [
        (Error::bad_key("no"), "authentication_error"),
        (Error::model_forbidden("m"), "forbidden"),
        (Error::byok_denied(), "forbidden"),
        (Error::unknown_model("no".into()), "model_not_found"),
        (error(Class::ProviderModel, 404), "model_not_found"),
        (Error::unknown_url("GET", "/v1/ai/x"), "not_found"),
        (error(Class::Budget, 402), "quota_for_entity_exceeded"),
        (error(Class::Limit, 429), "rate_limit_exceeded"),
        (error(Class::ProviderLimit, 429), "rate_limit_exceeded"),
        (error(Class::ProviderQuota, 429), "rate_limit_exceeded"),
        (Error::unsupported_option("x", "no"), "invalid_request_error"),
        (error(Class::ContextTooLong, 400), "invalid_request_error"),
        (error(Class::ContentFiltered, 400), "invalid_request_error"),
        (error(Class::Unprocessable, 422), "invalid_request_error"),
        (Error::too_large(7), "invalid_request_error"),
        (Error::compressed("br"), "invalid_request_error"),
        (error(Class::ProviderKey, 424), "failed_dependency"),
        // The caller's own credential.
        (error(Class::ProviderKey, 401), "authentication_error"),
        (error(Class::ProviderKey, 402), "quota_for_entity_exceeded"),
        (error(Class::ProviderKey, 403), "forbidden"),
        (Error::no_token(), "internal_server_error"),
        (error(Class::ProviderFault, 500), "internal_server_error"),
        (error(Class::ProviderFault, 502), "internal_server_error"),
        (error(Class::Overloaded, 503), "internal_server_error"),
        (error(Class::Timeout, 504), "internal_server_error"),
        (error(Class::BadRequest, 408), "internal_server_error"),
        (Error::no_provider("no"), "internal_server_error"),
        (Error::misconfigured("no"), "internal_server_error"),
    ] {
        let body: Value = serde_json::from_slice(&encode_error(&error, "gen_1", "a/b")).unwrap();
        assert_eq!(body["error"]["type"], kind, "{error:?}");
        assert_eq!((status(&error), &body["generationId"]), (error.status, &json!("gen_1")));
        assert!(body["error"]["message"].is_string() && body["error"].as_object().unwrap().len() == 4);
        let is_missing = kind == "model_not_found";
        assert_eq!(body["error"]["param"] == json!({"modelId": "a/b"}), is_missing, "{body}");
    }
    let body = encode_error(&Error::bad_body("no").at("prompt"), "", "a/b");
    let expected =
        r#"{"error":{"message":"no","type":"invalid_request_error","param":"prompt","code":"invalid_body"}}"#;
    assert_eq!(String::from_utf8(body).unwrap(), expected);
}

#[test]
fn embeddings_are_asked_for_in_the_words_of_each_spec() {
    let read = |spec, body: &str| decode_embeddings(spec, body.as_bytes(), "a/e");
    let texts = |texts: &[&str]| Input::Texts(texts.iter().map(|text| (*text).to_owned()).collect());
    assert_eq!(read(Spec::V2, r#"{"input":"x"}"#).unwrap().input, texts(&["x"]));
    assert_eq!(read(Spec::V2, r#"{"input":["x","y"]}"#).unwrap().input, texts(&["x", "y"]));
    let request = read(
        Spec::V4,
        r#"{"values":["x"],"dimensions":8,"providerOptions":{"openai":{"user":"u","someThing":1},
            "google":{"taskType":"T","outputDimensionality":16},"gateway":{"order":["a"]}}}"#,
    )
    .unwrap();
    assert_eq!((&request.input, request.dimensions), (&texts(&["x"]), Some(16)));
    assert_eq!((&*request.model, request.user.as_deref()), ("a/e", Some("u")));
    let mut ext: Vec<&str> = request.ext.iter().map(|ext| &*ext.key).collect();
    ext.sort_unstable();
    assert_eq!(ext, ["some_thing", "taskType"]);
    for (body, param) in [
        (r#"{}"#, Some("values")),
        (r#"{"values":[]}"#, Some("values")),
        (r#"{"values":[1]}"#, Some("values")),
        (r#"{"input":{}}"#, Some("input")),
        (r#"{"values":["x"],"dimensions":"y"}"#, Some("dimensions")),
        ("[]", None),
    ] {
        assert_eq!(read(Spec::V3, body).unwrap_err().param.as_deref(), param, "{body}");
    }
}

#[test]
fn vectors_are_answered_as_they_came() {
    let vectors = ["[0.10,2]", "[3]"].map(|vector| Raw::parse(vector).unwrap()).to_vec();
    let usage = Some(Usage { input: Some(7), ..Usage::default() });
    let response = Response { model: "e-1".into(), vectors, usage };
    let mut dropped = Dropped::default();
    dropped.add("user");
    let ids = Ids { seed: "1".into(), ..Ids::default() };
    for spec in SPECS {
        let out = encode_embeddings(spec, &response, &Request::default(), &ids, &dropped, Some(&gateway()));
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(r#""embeddings":[[0.10,2],[3]],"usage":{"tokens":7}"#), "{text}");
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["providerMetadata"]["gateway"], gateway().value());
        let warnings = json!([{"type": "unsupported", "feature": "user"}]);
        assert_eq!(answer.get("warnings"), (spec != Spec::V2).then_some(&warnings));
    }
    let uncounted = Response { usage: None, ..response };
    let out = encode_embeddings(Spec::V4, &uncounted, &Request::default(), &ids, &Dropped::default(), None);
    let answer: Value = serde_json::from_slice(&out).unwrap();
    assert!(answer.get("usage").is_none());
    assert_eq!(answer["providerMetadata"], json!({"gateway": {"generationId": "gen_1"}}));
}

/// Of providers that speak OpenAI's dialect, where no client asked for packed vectors.
#[test]
fn recorded_vectors_are_read() {
    let mut seen = 0;
    for Exchange { body, .. } in recorded(|entry| entry["endpoint"] == "embeddings" && entry["status"] == 200) {
        let given: Value = serde_json::from_slice(&body).unwrap();
        let data = given["data"].as_array().unwrap();
        if !data[0]["embedding"].is_array() {
            assert!(openai::embeddings::decode_embeddings(&body).is_err());
            continue;
        }
        let response = openai::embeddings::decode_embeddings(&body).unwrap();
        let vectors: Vec<Value> = response.vectors.iter().map(Raw::value).collect();
        let expected: Vec<Value> = data.iter().map(|entry| entry["embedding"].clone()).collect();
        assert_eq!(vectors, expected);
        assert_eq!(response.usage.unwrap().input, given["usage"]["prompt_tokens"].as_u64());
        assert_eq!(response.model, given["model"].as_str().unwrap());
        seen += 1;
    }
    assert!(seen > 2 || folder().is_none(), "{seen}");
}

#[test]
fn the_list_of_models_says_its_version_and_what_the_version_knows() {
    let pricing = Pricing {
        input: "0.000003".into(),
        output: "0.000015".into(),
        cache_read: Some("0.0000003".into()),
        cache_write: None,
    };
    let entry = |id, kind, pricing| ModelEntry { id, name: id, description: None, pricing, kind };
    let models = [
        ModelEntry { description: Some("d"), ..entry("a/b", Some(ModelType::Language), Some(pricing)) },
        entry("a/e", Some(ModelType::Embedding), None),
        entry("a/s", Some(ModelType::Speech), None),
    ];
    for (spec, word, count) in [(Spec::V2, "v2", 2), (Spec::V3, "v3", 3), (Spec::V4, "v4", 3)] {
        let body: Value = serde_json::from_slice(&config(spec, models.iter().cloned())).unwrap();
        assert_eq!(body["models"].as_array().unwrap().len(), count);
        let expected = json!({"id": "a/b", "name": "a/b", "description": "d", "modelType": "language",
            "pricing": {"input": "0.000003", "output": "0.000015", "input_cache_read": "0.0000003"},
            "specification": {"specificationVersion": word, "provider": "gateway", "modelId": "a/b"}});
        assert_eq!(body["models"][0], expected);
        assert!(body["models"][1].get("pricing").is_none());
    }
}
