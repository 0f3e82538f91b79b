use super::*;
use crate::health::Memory;
use crate::testing::{config, headers};
use serde_json::json;

fn look(more: &[(&str, &str)], without_body: bool) -> Result<Admission, Box<Refused>> {
    let mut pairs = vec![(":method", "POST"), (":path", "/v1/chat/completions")];
    pairs.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    pairs.extend(more);
    admit(&config(json!({})), &headers(&pairs), without_body, &Memory::default(), 0)
}

#[test]
fn what_is_read_and_where_it_goes() {
    for (path, operation, below) in [
        ("/v1/chat/completions", Operation::ChatCompletions, "/chat/completions"),
        ("/v1/completions", Operation::Completions, "/completions"),
        ("/v1/responses?include=a&key=SECRET&b=", Operation::Responses, "/responses?include=a&b="),
        ("/v1/embeddings?", Operation::Embeddings, "/embeddings"),
        ("/v1/moderations?key=SECRET", Operation::Moderations, "/moderations"),
        ("/v1/images/edits?api-version=2024-01-01&x=1", Operation::Images, "/images/edits?x=1"),
        ("/v1/audio/transcriptions?api_key=SECRET&keys=2", Operation::Audio, "/audio/transcriptions?keys=2"),
        ("/v1/rerank", Operation::Rerank, "/rerank"),
    ] {
        let Ok(Admission::Read(admitted)) = look(&[(":path", path)], false) else { panic!("{path}") };
        assert_eq!((admitted.operation, admitted.path.as_str()), (operation, below), "{path}");
        assert_eq!(admitted.caller.id, "anonymous");
    }
}

#[test]
fn what_is_answered_at_once() {
    for (method, path) in [("HEAD", "/"), ("HEAD", "/?x"), ("OPTIONS", "/"), ("OPTIONS", "/v1/chat/completions")] {
        let Ok(Admission::Answer(body, _)) = look(&[(":method", method), (":path", path)], true) else {
            panic!("{path}")
        };
        assert!(body.is_empty());
    }
    for path in [
        "/v1/models/acme/chat",
        "/v1/models/acme%2Fchat",
        "/v1/models/acme%2fchat",
        "/v1/models/chat",
        "/v1/models/ch%61t",
    ] {
        let Ok(Admission::Answer(body, _)) = look(&[(":method", "GET"), (":path", path)], true) else {
            panic!("{path}")
        };
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            body,
            json!({"id": "acme/chat", "object": "model", "created": 0, "owned_by": "acme", "name": "acme/chat"}),
            "{path}"
        );
    }
    // A name that a POST would serve is there, though it is in no list: here the provider's own.
    for (path, id) in [("/v1/models/chat-b", Some("acme/chat")), ("/v1/models/acme/none", None)] {
        let found = match look(&[(":method", "GET"), (":path", path)], true) {
            Ok(Admission::Answer(body, _)) => serde_json::from_slice::<serde_json::Value>(&body).ok(),
            _ => None,
        };
        assert_eq!(found.as_ref().and_then(|body| body["id"].as_str()), id, "{path}");
    }
    let Ok(Admission::Answer(body, _)) = look(&[(":method", "GET"), (":path", "/v1/models?limit=1")], true) else {
        panic!()
    };
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let ids: Vec<_> = body["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["acme/chat", "acme/solo"]);
}

#[test]
fn what_is_refused_by_the_head_alone() {
    for (more, without_body, status, code) in [
        (&[(":method", "CONNECT")][..], false, 405, "unsupported_method"),
        (&[("upgrade", "websocket")], false, 426, "unsupported_method"),
        (&[(":method", "GET")], true, 404, "unknown_url"),
        (&[(":method", "PUT")], false, 404, "unknown_url"),
        (&[(":method", "POST"), (":path", "/v1/models")], false, 404, "unknown_url"),
        (&[(":path", "/chat/completions")], false, 404, "unknown_url"),
        (&[(":path", "/v1")], false, 404, "unknown_url"),
        (&[(":path", "/v1/chat/completions/")], false, 404, "unknown_url"),
        (&[(":path", "/v10/chat/completions")], false, 404, "unknown_url"),
        (&[(":path", "/v1/images/x")], false, 404, "unknown_url"),
        (&[(":method", "GET"), (":path", "/v1/models/")], true, 404, "model_not_found"),
        (&[(":method", "GET"), (":path", "/v1/models/%")], true, 404, "model_not_found"),
        (&[(":method", "GET"), (":path", "/v1/models/%ff%2")], true, 404, "model_not_found"),
        (&[], true, 400, "invalid_body"),
        (&[("content-encoding", "gzip")], false, 415, "unsupported_encoding"),
        (&[("content-encoding", "br, gzip")], false, 415, "unsupported_encoding"),
        (&[("content-type", "multipart/form-data")], false, 400, "invalid_body"),
        (&[("x-tollgate-key", "nobody's")], false, 401, "invalid_api_key"),
        (&[("x-tollgate-fallback", "OFF")], false, 400, "unsupported_option"),
        (&[("x-tollgate-fallback", "on"), ("x-tollgate-fallback", "off")], false, 400, "unsupported_option"),
        (&[("x-tollgate-explain", "true")], false, 400, "unsupported_option"),
        (&[("x-tollgate-strict", "")], false, 400, "unsupported_option"),
        (&[("x-tollgate-session", "")], false, 400, "unsupported_option"),
        (&[("x-tollgate-session", "a"), ("x-tollgate-session", "b")], false, 400, "unsupported_option"),
    ] {
        let refused = look(more, without_body).unwrap_err();
        assert_eq!((refused.error.status, refused.error.code.as_deref()), (status, Some(code)), "{more:?}");
    }
    for (name, value) in [
        ("content-encoding", "identity"),
        ("content-encoding", "Identity"),
        ("content-encoding", ""),
        ("x-tollgate-fallback", "on"),
        ("x-tollgate-explain", "0"),
        ("x-tollgate-strict", "1"),
        ("x-tollgate-session", "s"),
    ] {
        assert!(look(&[(name, value), (name, value)], false).is_ok(), "{name}: {value}");
    }
}

#[test]
fn attribution_by_headers() {
    let read = |pairs: &[(&str, &str)]| {
        let mut options = Options { tags: vec!["body".to_owned()], ..Options::default() };
        attribute(&mut options, &headers(pairs)).map(|()| (options.user, options.tags.join("|")))
    };
    let many = (0..10).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let long = "x".repeat(257);
    assert_eq!(read(&[]), Ok((None, "body".to_owned())));
    assert_eq!(read(&[("ai-reporting-user", "u")]), Ok((Some("u".to_owned()), "body".to_owned())));
    assert_eq!(read(&[("ai-reporting-tags", "a, b,body")]), Ok((None, "body|a|b".to_owned())));
    let twice = [("ai-reporting-tags", "a"), ("ai-reporting-tags", "b")];
    assert_eq!(read(&twice), Ok((None, "body|a|b".to_owned())));
    for (name, value, more) in [
        ("ai-reporting-user", long.as_str(), None),
        ("ai-reporting-user", "", None),
        ("ai-reporting-user", "u", Some(("ai-reporting-user", "v"))),
        ("ai-reporting-tags", "a,,b", None),
        ("ai-reporting-tags", "a", Some(("ai-reporting-tags", ""))),
        ("ai-reporting-tags", &long, None),
        ("ai-reporting-tags", &many, None),
    ] {
        let pairs: Vec<_> = [(name, value)].into_iter().chain(more).collect();
        let error = read(&pairs).unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some(name)));
    }
}
