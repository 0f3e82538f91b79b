//! Embeddings of both services, for clients of OpenAI's.

use serde_json::{Value, json};
use tollgate::dialect::embeddings::Request;
use tollgate::dialect::gemini::{can_embed, decode_embeddings, encode_embeddings};
use tollgate::dialect::openai::embeddings::{decode_request, encode_response};

use super::strict::{Schemas, studio, vertex};
use super::support::{exchange, folder, ids};

fn asked(body: Value) -> Request {
    decode_request(body.to_string().as_bytes()).unwrap()
}

#[test]
fn recorded_answers_become_openais() {
    let Some(folder) = folder() else { return };
    let fixture = std::fs::read(folder.join("vercel/google-vertex/google-vertex-embedding.json")).unwrap();
    let studio = exchange(
        "gemini/batchEmbedContents/rubyllm.embedding_multimodal_embeddings_gemini_gemini-embedding-2_embeds_text_with_custom_di.json",
    );
    let vertex = exchange(
        "vertex/predict/rubyllm.embedding_basic_functionality_vertexai_text-embedding-004_can_handle_a_single_text_w.2.json",
    );
    let schema = json!({"embedding": 768});
    for (body, place, count, length, tokens) in [
        (&studio.body, "/embeddings/0/values", 1, schema["embedding"].as_u64().unwrap(), 8),
        (&vertex.body, "/predictions/0/embeddings/values", 1, 768, 10),
        (&fixture, "/predictions/0/embeddings/values", 2, 5, 11),
    ] {
        let given: Value = serde_json::from_slice(body).unwrap();
        let response = decode_embeddings(body).unwrap();
        assert_eq!(response.usage.as_ref().and_then(|usage| usage.input), Some(tokens));
        let request = asked(json!({"model": "m", "input": "a"}));
        let written: Value = serde_json::from_slice(&encode_response(&response, &request, &ids(), None)).unwrap();
        assert_eq!(written["data"].as_array().unwrap().len(), count);
        assert_eq!(written["data"][0]["embedding"], *given.pointer(place).unwrap());
        assert_eq!(written["data"][0]["embedding"].as_array().unwrap().len() as u64, length);
        assert_eq!(written["usage"], json!({"prompt_tokens": tokens, "total_tokens": tokens}));
        let packed = asked(json!({"model": "m", "input": "a", "encoding_format": "base64"}));
        let written: Value = serde_json::from_slice(&encode_response(&response, &packed, &ids(), None)).unwrap();
        let text = written["data"][0]["embedding"].as_str().unwrap();
        assert_eq!(text.len() as u64, (length * 4).div_ceil(3) * 4);
    }
    println!("gemini embeddings: tried 3, passed 3, excluded 0");
}

#[test]
fn requests_fit_the_schemas() {
    let Some(schemas) = Schemas::read() else { return };
    let options =
        json!({"google": {"title": "t", "autoTruncate": false, "taskType": "FACT_VERIFICATION"}, "cohere": {"x": 1}});
    let all = asked(
        json!({"model": "m", "input": ["a", "b"], "dimensions": 8, "user": "u", "input_type": "search_query", "providerOptions": options}),
    );
    let encoded = encode_embeddings(&all, &studio("gemini-embedding-001"));
    let body: Value = serde_json::from_slice(&encoded.body).unwrap();
    assert_eq!(schemas.faults("BatchEmbedContentsRequest", &body, false), [""; 0]);
    let one = json!({"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "b"}]}, "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 8, "title": "t"});
    assert_eq!(body["requests"][1], one);
    assert_eq!(encoded.path, "/v1beta/models/gemini-embedding-001:batchEmbedContents");
    assert_eq!(encoded.dropped.fields(), ["user", "x"]);
    let encoded = encode_embeddings(&all, &vertex("text-embedding-005"));
    let body: Value = serde_json::from_slice(&encoded.body).unwrap();
    let expected = json!({"instances": [{"content": "a", "task_type": "RETRIEVAL_QUERY", "title": "t"}, {"content": "b", "task_type": "RETRIEVAL_QUERY", "title": "t"}],
        "parameters": {"outputDimensionality": 8, "autoTruncate": false}});
    assert_eq!(body, expected);
    assert_eq!(
        encoded.path,
        "/v1/projects/my-project/locations/europe-west4/publishers/google/models/text-embedding-005:predict"
    );
    let alone = asked(json!({"model": "m", "input": "a", "dimensions": 8, "providerOptions": options}));
    let encoded = encode_embeddings(&alone, &vertex("gemini-embedding-2"));
    let body: Value = serde_json::from_slice(&encoded.body).unwrap();
    assert_eq!(schemas.faults("EmbedContentRequest", &body, true), [""; 0]);
    assert!(encoded.path.ends_with(":embedContent"));
    let answer = json!({"embedding": {"values": [1.5]}, "usageMetadata": {"promptTokenCount": 2}});
    let response = decode_embeddings(answer.to_string().as_bytes()).unwrap();
    assert_eq!((response.vectors[0].get(), response.usage.unwrap().input), ("[1.5]", Some(2)));
}

#[test]
fn what_cannot_be_embedded_is_refused_by_its_field() {
    let field = |body: Value, facts| can_embed(&asked(body), &facts).err().map(|unable| unable.field.into_owned());
    let many = |count: usize| json!({"model": "m", "input": vec!["a"; count]});
    assert_eq!(field(json!({"model": "m", "input": [1, 2]}), studio("gemini-embedding-001")).as_deref(), Some("input"));
    assert_eq!(field(many(100), studio("gemini-embedding-001")), None);
    assert_eq!(field(many(101), studio("gemini-embedding-001")).as_deref(), Some("input"));
    assert_eq!(field(many(250), vertex("text-embedding-005")), None);
    assert_eq!(field(many(251), vertex("text-embedding-005")).as_deref(), Some("input"));
    assert_eq!(field(many(2), vertex("gemini-embedding-001")).as_deref(), Some("input"));
    for body in [
        &b"{}"[..],
        b"",
        b"{\"embeddings\":[{}]}",
        b"{\"embeddings\":[{\"values\":[\"a\"]}]}",
        b"{\"error\":{\"code\":429}}",
    ] {
        assert!(decode_embeddings(body).is_err());
    }
}
