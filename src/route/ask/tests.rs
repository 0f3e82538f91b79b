use super::paths::OPTION;
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

const MESSAGES: Operation = Operation::Messages;

#[test]
fn of_messages_models_and_provider_options_are_ours_and_nothing_else() {
    let body = r#"{"model":"m","models":["x"],"provider":{"only":["a"]},"route":"sort","preset":"p","stream":true,
        "providerOptions":{"gateway":{"order":["b"]}},"service_tier":"auto","a":1}"#;
    for operation in [MESSAGES, Operation::CountTokens] {
        let ask = ask_of(operation, body.as_bytes()).unwrap();
        assert_eq!((&*ask.model, ask.stream, ask.options.only), ("m", true, None));
        assert_eq!((ask.options.models, ask.options.order), (vec!["x".to_owned()], vec!["b".to_owned()]));
        let Body::Json { ours, own, .. } = ask.body else { panic!() };
        assert_eq!(ours.len(), 2);
        assert_eq!(own.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["service_tier"]);
    }
}

#[test]
fn what_messages_name_is_kept_at_anthropic_itself() {
    for (body, bound) in [
        (r#"{"model":"m"}"#, None),
        (r#"{"model":"m","container":"container_1"}"#, Some("container")),
        (r#"{"model":"m","container":{"id":"container_1","skills":[]}}"#, Some("container")),
        (r#"{"model":"m","container":{"skills":[{"skill_id":"pptx"}]}}"#, None),
        (r#"{"model":"m","container":{"id":null}}"#, None),
        (r#"{"model":"m","container":null}"#, None),
        (r#"{"model":"m","messages":[{"content":[{"source":{"type":"file","file_id":"f"}}]}]}"#, Some("file_id")),
        (r#"{"model":"m","mcp_servers":[{"url":"https://x.test"}],"previous_response_id":"r"}"#, None),
    ] {
        let ask = ask_of(MESSAGES, body.as_bytes()).unwrap();
        let expected = bound.map(|field| (field, &[crate::config::Dialect::Anthropic][..]));
        assert_eq!((ask.options.bound, ask.pinned), (expected, None), "{body}");
    }
}

#[test]
fn a_conversation_of_messages_is_its_users_or_its_opening() {
    let hash = |more: &str, text: &str| {
        let body = format!(r#"{{"model":"m","system":"s",{more}"messages":[{{"role":"user","content":"{text}"}}]}}"#);
        ask_of(MESSAGES, body.as_bytes()).unwrap().conversation
    };
    assert_eq!(hash(r#""metadata":{"user_id":"u"},"#, "a"), hash(r#""metadata":{"user_id":"u"},"#, "b"));
    assert_ne!(hash(r#""metadata":{"user_id":"u"},"#, "a"), hash(r#""metadata":{"user_id":"v"},"#, "a"));
    assert_ne!(hash("", "a"), hash("", "b"));
}

/// The AI SDK's: the model and the wish for a stream stand in the head.
fn sdk(operation: Operation, body: &str) -> Result<Ask, Error> {
    let mut reader = AskReader::new(Client::AiSdk(crate::dialect::Spec::V4), operation, b"application/json")?;
    reader.named(Named { model: "a/b".to_owned(), stream: true });
    reader.feed(body.as_bytes())?;
    reader.finish("/language-model".to_owned(), None)
}

#[test]
fn the_ai_sdk_says_the_model_in_the_head() {
    let body = r#"{"model":"x","stream":"y","models":["z"],"store":true,"provider":{"only":["a"]},
        "providerOptions":{"gateway":{"models":["c/d"]},"xai":{"a":1},"of-tomorrow":{"b":{}}}}"#;
    let ask = sdk(Operation::LanguageModel, body).unwrap();
    assert_eq!((&*ask.model, ask.stream, ask.options.only), ("a/b", true, None));
    assert_eq!(ask.options.models, ["c/d"]);
    let mut reader = AskReader::new(Client::AiSdk(crate::dialect::Spec::V2), Operation::LanguageModel, b"").unwrap();
    reader.named(Named { model: "a\nb".to_owned(), stream: false });
    reader.feed(b"{}").unwrap();
    assert_eq!(reader.finish(String::new(), None).unwrap_err().param.as_deref(), Some("model"));
}

#[test]
fn a_conversation_of_the_ai_sdk_is_its_prompts_opening() {
    let hash = |prompt: &str| sdk(Operation::LanguageModel, &format!(r#"{{"prompt":{prompt}}}"#)).unwrap().conversation;
    let turn = |text: &str, more: &str| {
        hash(&format!(
            r#"[{{"role":"system","content":"s"}},{{"role":"user","content":[{{"type":"text","text":"{text}"}}]}}{more}]"#
        ))
    };
    assert_eq!(turn("a", ""), turn("a", r#",{"role":"assistant","content":[]},{"role":"user","content":[]}"#));
    assert_ne!(turn("a", ""), turn("b", ""));
    let named = |key: &str, text: &str| {
        let options = format!(r#""providerOptions":{{"openai":{{"promptCacheKey":"{key}"}}}}"#);
        let body = format!(r#"{{{options},"prompt":[{{"role":"user","content":"{text}"}}]}}"#);
        sdk(Operation::LanguageModel, &body).unwrap().conversation
    };
    assert_eq!(named("k", "a"), named("k", "b"));
    let embedded = |body: &str| sdk(Operation::EmbeddingModel, body).unwrap().conversation;
    assert_ne!(embedded(r#"{"values":["a"]}"#), embedded(r#"{"values":["b"]}"#));
    assert_ne!(embedded(r#"{"input":"a"}"#), embedded(r#"{"input":"b"}"#));
    let completions = |body: &str| ask_of(Operation::Completions, body.as_bytes()).unwrap().conversation;
    assert_ne!(completions(r#"{"model":"m","prompt":["a"]}"#), completions(r#"{"model":"m","prompt":["b"]}"#));
}

#[test]
fn what_the_ai_sdk_names_pins() {
    let file = r#"{"prompt":[{"content":[{"data":{"type":"reference","reference":{"openai":"file-1"}}}]}]}"#;
    assert_eq!(sdk(Operation::LanguageModel, file).unwrap().pinned, Some("reference"));
    let bound = |options: &str| {
        let ask = sdk(Operation::LanguageModel, &format!(r#"{{"prompt":[],"providerOptions":{options}}}"#)).unwrap();
        assert_eq!(ask.pinned, None);
        ask.options.bound.map(|(field, _)| field)
    };
    assert_eq!(bound(r#"{"openai":{"previousResponseId":"r"}}"#), Some("previousResponseId"));
    assert_eq!(bound(r#"{"openai":{"previousResponseId":null}}"#), None);
    assert_eq!(bound(r#"{"anthropic":{"container":{"id":"c"}}}"#), Some("container"));
    assert_eq!(bound(r#"{"anthropic":{"container":{"skills":[]}}}"#), None);
}
