//! Embeddings: recorded answers and requests.

use serde_json::{Value, json};
use tollgate::dialect::cohere::{can_embed, decode_embeddings, encode_embeddings};
use tollgate::dialect::embeddings::Request;
use tollgate::dialect::openai::embeddings::{decode_request, encode_response};

use super::recorded::of_endpoint;
use super::strict::{FACTS, embed_faults};
use super::support::{folder, ids};

fn asked(body: &Value) -> Request {
    decode_request(&serde_json::to_vec(body).unwrap()).unwrap()
}

#[test]
fn recorded_vectors_are_the_same_on_the_other_side() {
    let Some(folder) = folder() else { return };
    let mut bodies: Vec<Vec<u8>> = of_endpoint("embed")
        .into_iter()
        .filter(|exchange| exchange.status == 200)
        .map(|exchange| exchange.body)
        .collect();
    bodies.push(std::fs::read(folder.join("vercel/cohere/cohere-embedding.json")).unwrap());
    for body in &bodies {
        let given: Value = serde_json::from_slice(body).unwrap();
        let response = decode_embeddings(body).unwrap();
        let request = asked(&json!({"model": "m", "input": "a"}));
        let written: Value = serde_json::from_slice(&encode_response(&response, &request, &ids(), None)).unwrap();
        let vectors: Vec<&Value> =
            written["data"].as_array().unwrap().iter().map(|entry| &entry["embedding"]).collect();
        assert_eq!(vectors, given["embeddings"]["float"].as_array().unwrap().iter().collect::<Vec<_>>());
        assert_eq!(written["usage"]["prompt_tokens"], given["meta"]["billed_units"]["input_tokens"]);
        assert_eq!(written["model"], "sent-model");
    }
    println!("cohere embeddings: tried {}, passed {}, excluded 0", bodies.len(), bodies.len());
    assert!(bodies.len() >= 3);
}

#[test]
fn requests_are_sent_or_refused() {
    let many = |count: usize| json!({"model": "m", "input": vec!["a"; count]});
    let input = |more: Value| {
        let mut body = json!({"model": "m", "input": ["a", "b"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (body, refused, members, dropped) in [
        (input(json!({})), None, json!({"texts": ["a", "b"], "input_type": "search_document"}), vec![]),
        (json!({"model": "m", "input": "a"}), None, json!({"texts": ["a"], "embedding_types": ["float"]}), vec![]),
        (input(json!({"dimensions": 512})), None, json!({"output_dimension": 512}), vec![]),
        (input(json!({"encoding_format": "base64"})), None, json!({"embedding_types": ["float"]}), vec![]),
        (input(json!({"input_type": "search_query"})), None, json!({"input_type": "search_query"}), vec![]),
        (input(json!({"user": "u", "truncate": "END"})), None, json!({}), vec!["user", "truncate"]),
        (
            input(json!({"providerOptions": {"cohere": {"truncate": "END", "inputType": "clustering"}}})),
            None,
            json!({"truncate": "END", "input_type": "clustering"}),
            vec![],
        ),
        (many(96), None, json!({}), vec![]),
        (many(97), Some("input"), json!({}), vec![]),
        (json!({"model": "m", "input": [1, 2]}), Some("input"), json!({}), vec![]),
    ] {
        let request = asked(&body);
        let unable = can_embed(&request, &FACTS).err().map(|unable| unable.field);
        assert_eq!(unable.as_deref(), refused, "{body}");
        if refused.is_some() {
            continue;
        }
        let encoded = encode_embeddings(&request, &FACTS);
        let sent: Value = serde_json::from_slice(&encoded.body).unwrap();
        assert_eq!(embed_faults(&sent), [""; 0], "{sent}");
        assert_eq!((encoded.path.as_str(), &sent["model"]), ("/v2/embed", &json!("command-a-03-2025")));
        for (name, value) in members.as_object().unwrap() {
            assert_eq!(sent[name], *value, "{body}: {name}");
        }
        assert_eq!(encoded.dropped.fields(), dropped, "{body}");
    }
}

#[test]
fn what_are_no_vectors_is_a_failure() {
    for (body, message) in [
        ("", "The provider's answer could not be read: no JSON object."),
        ("{}", "The provider's answer could not be read: no embeddings."),
        (r#"{"embeddings":{"float":[]}}"#, "The provider's answer could not be read: no vectors."),
        (r#"{"embeddings":{"float":["a"]}}"#, "The provider's answer could not be read: no vector."),
        (r#"{"message":"busy"}"#, "busy"),
    ] {
        assert_eq!(decode_embeddings(body.as_bytes()).unwrap_err().error.message, message, "{body}");
    }
}
