use super::*;
use crate::testing::{ask_of, chat_ask};

const CHAT: Operation = Operation::ChatCompletions;

fn error(operation: Operation, body: &str) -> (Option<String>, Option<String>, String) {
    let error = ask_of(operation, body.as_bytes()).unwrap_err();
    (error.code.map(|code| code.into_owned()), error.param, error.message)
}

#[test]
fn the_model_is_the_last_top_level_member_of_that_name() {
    for (body, model, places) in [
        (r#"{"model":"m"}"#, "m", 1),
        (r#" { "model" : "m" } "#, "m", 1),
        (r#"{"messages":[{"role":"user","content":"\"model\":\"x\""}],"model":"m"}"#, "m", 1),
        (r#"{"a":{"model":"x"},"b":[{"model":"y"}],"model":"m"}"#, "m", 1),
        (r#"{"m\u006fdel":"m"}"#, "m", 1),
        (r#"{"model":"m\u002fn"}"#, "m/n", 1),
        (r#"{"model":"first","model":"last"}"#, "last", 2),
        (r#"{"model":1,"model":"last"}"#, "last", 2),
    ] {
        let ask = chat_ask(body);
        assert_eq!(ask.model, model, "{body}");
        let Body::Json { models, .. } = ask.body else { panic!("{body}") };
        assert_eq!(models.len(), places, "{body}");
    }
}

#[test]
fn every_cut_of_a_body_gives_the_same() {
    let body =
        r#"{"stream":true,"messages":[{"content":"é\n\"model\""}],"m\u006fdel":"a\/b","models":["c"],"store":true}"#;
    for cut in 0..=body.len() {
        let mut reader = AskReader::new(Client::OpenAi, CHAT, b"").unwrap();
        reader.feed(&body.as_bytes()[..cut]).unwrap();
        reader.feed(&body.as_bytes()[cut..]).unwrap();
        let ask = reader.finish(String::new(), None).unwrap();
        assert_eq!((ask.model.as_str(), ask.stream, ask.store, ask.length), ("a/b", true, true, body.len()));
        assert_eq!(ask.options.models, ["c"]);
    }
}

#[test]
fn what_is_no_request_says_why() {
    let long = format!(r#"{{"model":"{}"}}"#, "m".repeat(257));
    let longer = format!(r#"{{"model":"{}"}}"#, "m".repeat(2000));
    for (body, param, message) in [
        ("", None, "The request has no body."),
        ("[]", None, "The body must be a JSON object."),
        ("\"model\"", None, "The body must be a JSON object."),
        ("{}", Some("model"), "The request names no model: the field `model` is missing."),
        (r#"{"model":""}"#, Some("model"), "The request names no model: the field `model` is missing."),
        (r#"{"model":null}"#, Some("model"), "`model` must be a string."),
        (r#"{"model":["m"]}"#, Some("model"), "`model` must be a string."),
        (r#"{"model":"m","model":7}"#, Some("model"), "`model` must be a string."),
        (r#"{"model":"a\nb"}"#, Some("model"), "`ab` is no model name: at most 256 characters, no control characters."),
        (&longer, Some("model"), "`model` is too long."),
        (r#"{"model":"m","stream":"yes"}"#, Some("stream"), "`stream` must be true or false."),
    ] {
        let found = error(CHAT, body);
        assert_eq!(found, (Some("invalid_body".to_owned()), param.map(str::to_owned), message.to_owned()), "{body}");
    }
    assert!(error(CHAT, &long).2.contains("is no model name"));
    for body in ["{", "{\"model\":\"m\"", "{\"model\":\"m\"}x", "nonsense", "{\"model\":\"m\",}", "\u{feff}{}"] {
        let (code, param, message) = error(CHAT, body);
        assert_eq!((code.as_deref(), param), (Some("invalid_body"), None), "{body}");
        assert!(message.starts_with("The body is not JSON: "), "{body}: {message}");
    }
}

#[test]
fn options_of_chat_completions_are_not_options_elsewhere() {
    let body =
        r#"{"model":"m","models":["x"],"provider":{"only":["a"]},"providerOptions":{"gateway":{"order":["b"]}}}"#;
    let chat = chat_ask(body);
    assert_eq!((chat.options.models, chat.options.only), (vec!["x".to_owned()], Some(vec!["a".to_owned()])));
    let Body::Json { ours, .. } = chat.body else { panic!() };
    assert_eq!(ours.len(), 3);

    let other = ask_of(Operation::Embeddings, body.as_bytes()).unwrap();
    assert_eq!((other.options.models, other.options.only), (vec![], None));
    assert_eq!(other.options.order, ["b"]);
    let Body::Json { ours, .. } = other.body else { panic!() };
    assert_eq!(ours.len(), 1, "what is not ours stays in the body");
}

#[test]
fn an_option_too_long_to_read_is_refused_not_ignored() {
    let body = format!(r#"{{"model":"m","provider":{{"only":["{}"]}}}}"#, "x".repeat(OPTION));
    let (code, param, _) = error(CHAT, &body);
    assert_eq!((code.as_deref(), param.as_deref()), (Some("unsupported_option"), Some("provider")));
}

#[test]
fn routing_options_of_others_are_refused_where_they_are_theirs() {
    for (operation, more, refused) in [
        (CHAT, r#""route":"fallback""#, None),
        (CHAT, r#""route":null,"preset":null"#, None),
        (CHAT, r#""route":"sort""#, Some("route")),
        (CHAT, r#""preset":"mine""#, Some("preset")),
        (CHAT, r#""caching":"auto""#, None),
        (Operation::Responses, r#""caching":"auto""#, Some("caching")),
        (Operation::Responses, r#""caching":{"type":"enabled"}"#, None),
        (Operation::Responses, r#""cache_anchor_items":2"#, Some("cache_anchor_items")),
        (Operation::Responses, r#""cache_ttl":"1h""#, Some("cache_ttl")),
        (Operation::Responses, r#""route":"sort","preset":"mine""#, None),
    ] {
        let body = format!(r#"{{"model":"m",{more}}}"#);
        let param = ask_of(operation, body.as_bytes()).map_or_else(|error| error.param, |_| None);
        assert_eq!(param.as_deref(), refused, "{operation:?} {more}");
    }
}

/// `null` and `""` are no names: else everybody who sends them would be one conversation.
#[test]
fn a_conversation_without_a_name_is_recognised_by_its_opening() {
    let hash = |more: &str, text: &str| {
        chat_ask(&format!(r#"{{"model":"m",{more}"messages":[{{"role":"user","content":"{text}"}}]}}"#)).conversation
    };
    for nameless in [r#""session_id":null,"#, r#""session_id":"","#, r#""prompt_cache_key":null,"#] {
        assert_eq!(hash(nameless, "a"), hash("", "a"), "{nameless}");
    }
    let named = r#""prompt_cache_key":"k","session_id":"s","#;
    assert_eq!(hash(named, "a"), hash(r#""session_id":"s","#, "b"));
}

#[test]
fn state_kept_at_one_account_pins() {
    for (body, pinned) in [
        (r#"{"model":"m"}"#, None),
        (r#"{"model":"m","previous_response_id":"resp_1"}"#, Some("previous_response_id")),
        (r#"{"model":"m","previous_response_id":null}"#, None),
        (r#"{"model":"m","conversation":{"id":"c"}}"#, Some("conversation")),
        (r#"{"model":"m","background":true}"#, Some("background")),
        (r#"{"model":"m","background":false}"#, None),
        (r#"{"model":"m","prompt":{"id":"pmpt_1"}}"#, Some("prompt")),
        (r#"{"model":"m","input":[{"type":"item_reference","id":"x"}]}"#, Some("item_reference")),
        (r#"{"model":"m","previous_response_id":"r","tools":[{"container":"c"}]}"#, Some("previous_response_id")),
    ] {
        assert_eq!(ask_of(Operation::Responses, body.as_bytes()).unwrap().pinned, pinned, "{body}");
    }
}

#[test]
fn usage_and_repeatability() {
    assert!(chat_ask(r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#).include_usage);
    assert!(!chat_ask(r#"{"model":"m","stream":true,"stream_options":{"include_usage":false}}"#).include_usage);
    assert!(!chat_ask(r#"{"model":"m","stream_options":null}"#).include_usage);
    for (operation, body, repeatable) in [
        (CHAT, r#"{"model":"m"}"#, true),
        (CHAT, r#"{"model":"m","store":true}"#, false),
        (CHAT, r#"{"model":"m","store":false}"#, true),
        (Operation::Images, r#"{"model":"m"}"#, false),
        (Operation::Audio, r#"{"model":"m"}"#, false),
        (Operation::Embeddings, r#"{"model":"m"}"#, true),
    ] {
        assert_eq!(ask_of(operation, body.as_bytes()).unwrap().is_repeatable(), repeatable, "{operation:?} {body}");
    }
}

/// The turns of one conversation begin alike; what names the conversation itself is stronger than how it begins.
#[test]
fn the_conversation_is_recognised_by_its_opening() {
    let turn = |opening: &str, more: &str| {
        format!(
            r#"{{"model":"m","messages":[{{"role":"system","content":"s"}},{{"role":"user","content":"{opening}"}}{more}]}}"#
        )
    };
    let hash = |body: &str| chat_ask(body).conversation;
    let later = r#",{"role":"assistant","content":"b"},{"role":"user","content":"c"}"#;
    assert_eq!(hash(&turn("a", "")), hash(&turn("a", later)));
    assert_ne!(hash(&turn("a", "")), hash(&turn("b", "")));
    let named =
        |key: &str, opening: &str| turn(opening, "").replacen('{', &format!(r#"{{"prompt_cache_key":"{key}","#), 1);
    assert_eq!(hash(&named("k", "a")), hash(&named("k", "b")));
    assert_ne!(hash(&named("k", "a")), hash(&named("l", "a")));

    let with_session = |session: &[u8], opening: &str| {
        let mut reader = AskReader::new(Client::OpenAi, CHAT, b"").unwrap();
        reader.feed(named("k", opening).as_bytes()).unwrap();
        reader.finish(String::new(), Some(session)).unwrap().conversation
    };
    assert_eq!(with_session(b"s", "a"), with_session(b"s", "b"));
    assert_ne!(with_session(b"s", "a"), with_session(b"t", "a"));
}

const FORM: &[u8] = b"multipart/form-data; boundary=XX";

fn form(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut body = String::new();
    for (name, value) in parts {
        body.push_str(&format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    (body + "--XX--\r\n").into_bytes()
}

#[test]
fn a_form_names_its_model_in_a_field() {
    let read = |body: &[u8]| {
        let mut reader = AskReader::new(Client::OpenAi, Operation::Audio, FORM)?;
        reader.feed(body)?;
        reader.finish(String::new(), None)
    };
    for parts in [&[("file", "RIFF"), ("model", "w-1")][..], &[("model", "w-1"), ("file", "model")]] {
        let ask = read(&form(parts)).unwrap();
        assert_eq!((ask.model.as_str(), ask.stream), ("w-1", false));
        let Body::Multipart { models } = ask.body else { panic!() };
        assert_eq!(&form(parts)[models[0].clone()], b"w-1");
    }
    assert!(read(&form(&[("model", "w"), ("stream", "true")])).unwrap().stream);
    for (body, part) in [
        (form(&[("file", "x")]), "names no model"),
        (form(&[("model", "")]), "names no model"),
        (form(&[("model", "w")])[..30].to_vec(), "The body cannot be read"),
        (Vec::new(), "The request has no body."),
    ] {
        let error = read(&body).unwrap_err();
        assert_eq!((error.status, error.code.as_deref()), (400, Some("invalid_body")));
        assert!(error.message.contains(part), "{}", error.message);
    }
    let error = AskReader::new(Client::OpenAi, Operation::Audio, b"multipart/form-data").unwrap_err();
    assert_eq!((error.status, error.code.as_deref()), (400, Some("invalid_body")));
}
