use super::*;

fn read(body: &str) -> Result<Options, Error> {
    let mut options = Options::default();
    options.read_provider_options(body.as_bytes(), Operation::ChatCompletions).map(|()| options)
}

fn read_provider(body: &str) -> Result<Options, Error> {
    let mut options = Options::default();
    options.read_provider(body.as_bytes()).map(|()| options)
}

fn label(label: &str, option: &str) -> Options {
    Options { labels: vec![(label.to_owned(), option.to_owned())], ..Options::default() }
}

fn list(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn what_the_gateways_options_mean() {
    let zone = "providerOptions.gateway.inferenceRegion";
    for (body, expected) in [
        (r#"{}"#, Options::default()),
        (r#"{"gateway":null}"#, Options::default()),
        (r#"{"gateway":{}}"#, Options::default()),
        (r#"{"openai":{"anything":null},"anthropic":{},"gateway":{"order":null}}"#, Options::default()),
        (r#"{"gateway":{"order":["a","b"]}}"#, Options { order: list(&["a", "b"]), ..Options::default() }),
        (r#"{"gateway":{"only":[]}}"#, Options { only: Some(vec![]), ..Options::default() }),
        (r#"{"gateway":{"only":["a"]}}"#, Options { only: Some(list(&["a"])), ..Options::default() }),
        (r#"{"gateway":{"models":["m/1","m/2"]}}"#, Options { models: list(&["m/1", "m/2"]), ..Options::default() }),
        (r#"{"gateway":{"user":"u\u00e9"}}"#, Options { user: Some("ué".to_owned()), ..Options::default() }),
        (r#"{"gateway":{"tags":["x","y"]}}"#, Options { tags: list(&["x", "y"]), ..Options::default() }),
        (r#"{"gateway":{"zeroDataRetention":true}}"#, label("zdr", "providerOptions.gateway.zeroDataRetention")),
        (r#"{"gateway":{"zeroDataRetention":false}}"#, Options::default()),
        (
            r#"{"gateway":{"disallowPromptTraining":true}}"#,
            label("no-training", "providerOptions.gateway.disallowPromptTraining"),
        ),
        (r#"{"gateway":{"has":["vision"]}}"#, label("vision", "providerOptions.gateway.has")),
        (r#"{"gateway":{"has":["quantization:fp8"]}}"#, label("quantization-fp8", "providerOptions.gateway.has")),
        (r#"{"gateway":{"inferenceRegion":{"scope":"zone","geoRegion":"eu"}}}"#, label("eu", zone)),
        (r#"{"gateway":{"inferenceRegion":{"scope":"global"}}}"#, Options::default()),
        (r#"{"gateway":{"headquarters":["US"]}}"#, label("hq-us", "providerOptions.gateway.headquarters")),
        (r#"{"gateway":{"headquarters":[]}}"#, Options::default()),
    ] {
        assert_eq!(read(body), Ok(Options { are_given: true, ..expected }), "{body}");
    }
}

#[test]
fn what_the_provider_object_means() {
    for (body, expected) in [
        (r#"{"order":["a"]}"#, Options { order: list(&["a"]), ..Options::default() }),
        (r#"{"only":["a"]}"#, Options { only: Some(list(&["a"])), ..Options::default() }),
        (r#"{"ignore":["a"]}"#, Options { ignore: list(&["a"]), ..Options::default() }),
        (r#"{"allow_fallbacks":false}"#, Options { no_fallback: true, ..Options::default() }),
        (r#"{"allow_fallbacks":true,"data_collection":"allow","zdr":false}"#, Options::default()),
        (r#"{"sort":null,"max_price":null}"#, Options::default()),
        (r#"{"require_parameters":false,"enforce_distillable_text":false,"quantizations":[]}"#, Options::default()),
        (r#"{"quantizations":["fp8"]}"#, label("quantization-fp8", "provider.quantizations")),
        (r#"{"zdr":true}"#, label("zdr", "provider.zdr")),
        (r#"{"data_collection":"deny"}"#, label("no-training", "provider.data_collection")),
    ] {
        assert_eq!(read_provider(body), Ok(expected), "{body}");
    }
}

/// No routing option is ever ignored: an unknown one, or one of a wrong type, is named.
#[test]
fn what_is_not_honoured_is_named() {
    let long = format!(r#"{{"gateway":{{"order":[{}"a"]}}}}"#, r#""a","#.repeat(64));
    let tags = |tag: &str, count: usize| {
        format!(r#"{{"gateway":{{"tags":[{}]}}}}"#, vec![format!("{tag:?}"); count].join(","))
    };
    for (body, param) in [
        (r#"[]"#, "providerOptions"),
        (r#"{"openai":{"serviceTier":"flex"}}"#, "providerOptions.openai.serviceTier"),
        (r#"{"google":{"safetySettings":[]},"groq":{"x":1}}"#, "providerOptions.groq.x"),
        (r#"{"openai":"x"}"#, "providerOptions.openai"),
        (r#"1"#, "providerOptions"),
        (r#"{"gateway":1}"#, "providerOptions.gateway"),
        (r#"{"gateway":{"order":"a"}}"#, "providerOptions.gateway.order"),
        (r#"{"gateway":{"order":[1]}}"#, "providerOptions.gateway.order"),
        (&long, "providerOptions.gateway.order"),
        (r#"{"gateway":{"sort":"tps"}}"#, "providerOptions.gateway.sort"),
        (r#"{"gateway":{"caching":"never"}}"#, "providerOptions.gateway.caching"),
        (r#"{"gateway":{"serviceTier":"flex"}}"#, "providerOptions.gateway.serviceTier"),
        (r#"{"gateway":{"speed":"fast"}}"#, "providerOptions.gateway.speed"),
        (r#"{"gateway":{"quotaEntityId":"x"}}"#, "providerOptions.gateway.quotaEntityId"),
        (r#"{"gateway":{"safetyIdentifier":"x"}}"#, "providerOptions.gateway.safetyIdentifier"),
        (r#"{"gateway":{"providerTimeouts":{}}}"#, "providerOptions.gateway.providerTimeouts"),
        (r#"{"gateway":{"nonsense":false}}"#, "providerOptions.gateway.nonsense"),
        (r#"{"gateway":{"zeroDataRetention":"yes"}}"#, "providerOptions.gateway.zeroDataRetention"),
        (r#"{"gateway":{"inferenceRegion":{"scope":"zone"}}}"#, "providerOptions.gateway.inferenceRegion"),
        (
            r#"{"gateway":{"inferenceRegion":{"scope":"global","providers":{}}}}"#,
            "providerOptions.gateway.inferenceRegion",
        ),
        (r#"{"gateway":{"headquarters":["!US"]}}"#, "providerOptions.gateway.headquarters"),
        (r#"{"gateway":{"headquarters":["US","DE"]}}"#, "providerOptions.gateway.headquarters"),
        (r#"{"gateway":{"has":["!quantization:fp8"]}}"#, "providerOptions.gateway.has"),
        (r#"{"gateway":{"user":7}}"#, "providerOptions.gateway.user"),
        (r#"{"gateway":{"user":""}}"#, "providerOptions.gateway.user"),
        (&tags("t", 11), "providerOptions.gateway.tags"),
        (&tags("", 1), "providerOptions.gateway.tags"),
        (&tags(&"x".repeat(65), 1), "providerOptions.gateway.tags"),
    ] {
        let error = read(body).unwrap_err();
        assert_eq!((error.status, error.code.as_deref()), (400, Some("unsupported_option")), "{body}");
        assert_eq!(error.param.as_deref(), Some(param), "{body}");
        assert!(error.message.contains(&format!("`{param}`")), "{}", error.message);
    }
    for (body, param) in [
        (r#"{"sort":"latency"}"#, "provider.sort"),
        (r#"{"max_price":{"request":1}}"#, "provider.max_price"),
        (r#"{"require_parameters":true}"#, "provider.require_parameters"),
        (r#"{"require_parameters":0}"#, "provider.require_parameters"),
        (r#"{"enforce_distillable_text":true}"#, "provider.enforce_distillable_text"),
        (r#"{"quantizations":["fp8","bf16"]}"#, "provider.quantizations"),
        (r#"{"allow_fallbacks":"no"}"#, "provider.allow_fallbacks"),
        (r#"{"data_collection":"maybe"}"#, "provider.data_collection"),
        (r#"{"data_collection":false}"#, "provider.data_collection"),
        (r#"{"ignore":{}}"#, "provider.ignore"),
        (r#""openai""#, "provider"),
    ] {
        let error = read_provider(body).unwrap_err();
        assert_eq!(
            (error.code.as_deref(), error.param.as_deref()),
            (Some("unsupported_option"), Some(param)),
            "{body}"
        );
    }
}

#[test]
fn the_two_ways_to_name_models_add_up() {
    let mut options = read(r#"{"gateway":{"models":["m/1"]}}"#).unwrap();
    options.read_models(br#"["m/2","m/3"]"#).unwrap();
    assert_eq!(options.models, list(&["m/1", "m/2", "m/3"]));
    assert_eq!(options.read_models(br#""m/2""#).unwrap_err().param.as_deref(), Some("models"));
}

/// With an order the ordered ones are the plan, whichever of the two members stands first.
#[test]
fn no_fallbacks_means_the_chosen_providers_and_no_other() {
    for (body, only, no_fallback) in [
        (r#"{"allow_fallbacks":false}"#, None, true),
        (r#"{"order":[],"allow_fallbacks":false}"#, None, true),
        (r#"{"only":["a","b"],"allow_fallbacks":false}"#, Some(&["a", "b"][..]), true),
        (r#"{"order":["a","b"],"allow_fallbacks":false}"#, Some(&["a", "b"]), false),
        (r#"{"allow_fallbacks":false,"order":["a"]}"#, Some(&["a"]), false),
        (r#"{"allow_fallbacks":false,"order":["a","b"],"only":["b","c"]}"#, Some(&["b"]), false),
        (r#"{"allow_fallbacks":true,"order":["a"]}"#, None, false),
    ] {
        let options = read_provider(body).unwrap();
        assert_eq!((options.only, options.no_fallback), (only.map(list), no_fallback), "{body}");
    }
}

#[test]
fn two_places_may_say_the_same_but_not_two_things() {
    let mut options = read(r#"{"gateway":{"order":["a"],"only":["a","b"]}}"#).unwrap();
    assert_eq!(options.read_provider(br#"{"order":["a"],"only":["a","b"]}"#), Ok(()));
    for (body, param) in [(r#"{"order":["b"]}"#, "provider.order"), (r#"{"only":["a"]}"#, "provider.only")] {
        let error = options.clone().read_provider(body.as_bytes()).unwrap_err();
        assert_eq!(error.message, format!("`{param}` differs from the same option in `providerOptions.gateway`."));
    }
}

#[test]
fn route_says_what_models_are() {
    assert_eq!(Options::read_route(br#""fallback""#), Ok(()));
    for body in [r#""sort""#, "1"] {
        assert_eq!(Options::read_route(body.as_bytes()).unwrap_err().message, "`route` must be `fallback`.");
    }
}

#[test]
fn a_dialects_own_options_count_where_requests_are_written_in_it() {
    let body = br#"{"google":{"safetySettings":[]},"bedrock":{"guardrailConfig":{}},"anthropic":{"betas":["a"]}}"#;
    for (operation, ok) in [
        (Operation::ChatCompletions, true),
        (Operation::Embeddings, true),
        (Operation::Responses, true),
        (Operation::Moderations, false),
        (Operation::Rerank, false),
    ] {
        assert_eq!(Options::default().read_provider_options(body, operation).is_ok(), ok, "{operation:?}");
    }
}

/// Names of others: taken where somebody who serves the operation can take what stands there.
#[test]
fn options_of_providers_are_taken_where_anybody_can_take_them() {
    use Operation::{ChatCompletions, CountTokens, EmbeddingModel, Embeddings, Images, LanguageModel, Messages};
    for (owner, takers) in [
        ("anthropic", &[ChatCompletions, Embeddings, LanguageModel, EmbeddingModel][..]),
        ("google", &[ChatCompletions, Messages, CountTokens, Embeddings, LanguageModel, EmbeddingModel]),
        ("bedrock", &[ChatCompletions, Messages, CountTokens, Embeddings, LanguageModel, EmbeddingModel]),
        ("openai", &[Messages, CountTokens, LanguageModel, EmbeddingModel]),
        ("azure", &[Messages, CountTokens, LanguageModel, EmbeddingModel]),
        ("groq", &[LanguageModel, EmbeddingModel]),
        ("of-tomorrow", &[LanguageModel, EmbeddingModel]),
    ] {
        for operation in [ChatCompletions, Messages, CountTokens, Embeddings, Images, LanguageModel, EmbeddingModel] {
            let body = format!(r#"{{"{owner}":{{"x":1}}}}"#);
            let read = Options::default().read_provider_options(body.as_bytes(), operation);
            assert_eq!(read.is_ok(), takers.contains(&operation), "{owner} {operation:?}");
        }
    }
}
