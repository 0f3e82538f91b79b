//! What native tests share: a configuration of three providers, requests, plans, exchanges.

use crate::access::Caller;
use crate::config::Config;
use crate::dialect::Client;
use crate::dialect::{Failure, Said};
use crate::error::{Class, Error};
use crate::exchange::Exchange;
use crate::health::Health;
use crate::http::{Headers, encode};
use crate::operation::Operation;
use crate::route::{Ask, AskReader, Options, Plan, Request, plan};
use serde_json::{Value, json};
use std::rc::Rc;
use std::time::Duration;

/// Three providers and two models: `acme/chat` is `chat-a` at alpha (two keys), then `chat-b` at beta, then `chat-g` at
/// gamma (no key); `acme/solo` is `solo-b` at beta alone. `more` replaces or adds top-level members.
pub fn config(more: Value) -> Rc<Config> {
    let provider = |name: &str, keys: Value, labels: Value| {
        json!({"name": name, "preset": "openai-compatible", "base_url": format!("http://{name}.test/v1"),
            "credentials": keys, "labels": labels})
    };
    let mut document = json!({
        "role": "gateway",
        "providers": [
            provider("alpha", json!([{"value": "key-a1"}, {"value": "key-a2"}]), json!(["eu"])),
            provider("beta", json!([{"value": "key-b"}]), json!(["eu", "zdr"])),
            provider("gamma", json!("none"), json!([])),
        ],
        "models": [
            {"name": "acme/chat", "aliases": ["chat"], "targets": [
                {"provider": "alpha", "model": "chat-a", "priority": 0},
                {"provider": "beta", "model": "chat-b", "priority": 1},
                {"provider": "gamma", "model": "chat-g", "priority": 2},
            ]},
            {"name": "acme/solo", "targets": [{"provider": "beta", "model": "solo-b"}]},
        ],
        "access": {"allow_unauthenticated": true},
    });
    for (key, value) in more.as_object().unwrap() {
        document[key] = value.clone();
    }
    let variables = |name: &str| Some(format!("secret of {name}"));
    Rc::new(Config::load(document.to_string().as_bytes(), &variables).unwrap())
}

/// A caller of no group.
pub fn caller() -> Caller {
    Caller { id: "anonymous".to_owned(), key: None, group: None }
}

/// A header map.
pub fn headers(pairs: &[(&str, &str)]) -> Headers {
    Headers::parse(encode(pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()))))
}

/// What a JSON body asks for, at the operation's usual path.
pub fn ask_of(operation: Operation, body: &[u8]) -> Result<Ask, Error> {
    let client = if matches!(operation, Operation::Messages | Operation::CountTokens) {
        Client::Anthropic
    } else {
        Client::OpenAi
    };
    let mut reader = AskReader::new(client, operation, b"application/json")?;
    reader.feed(body)?;
    let path = match operation {
        Operation::ChatCompletions => "/chat/completions",
        Operation::Responses => "/responses",
        Operation::Images => "/images/generations",
        _ => "/other",
    };
    reader.finish(path.to_owned(), None)
}

/// What a chat completion asks for.
pub fn chat_ask(body: &str) -> Ask {
    ask_of(Operation::ChatCompletions, body.as_bytes()).unwrap()
}

/// The plan of a request.
pub fn plan_of(config: &Config, ask: &Ask) -> Result<Plan, Error> {
    let caller = caller();
    plan(&Request {
        operation: ask.operation,
        conversation: ask.conversation,
        pinned: ask.pinned,
        ..request(config, &caller, &ask.model, &ask.options)
    })
}

/// A chat completion of which nothing else is known; every provider can be asked it.
pub fn request<'a>(config: &'a Config, caller: &'a Caller, asked: &'a str, options: &'a Options) -> Request<'a> {
    Request {
        config,
        caller,
        operation: Operation::ChatCompletions,
        asked,
        options,
        conversation: 0,
        draw: 0,
        pinned: None,
        subscription: None,
        first_only: false,
        refusal: &|_, _, _| None,
    }
}

/// An exchange that has just been planned.
pub fn exchange(config: &Rc<Config>, ask: Ask) -> Exchange {
    exchange_among(config, ask, crate::health::alone(), 0)
}

/// An exchange that is planned at a time, among others that share what they learn.
pub fn exchange_among(config: &Rc<Config>, ask: Ask, health: Rc<Health>, now: u64) -> Exchange {
    let plan = plan_of(config, &ask).unwrap();
    Exchange::new(("gen_test".to_owned(), now), config.clone(), caller(), ask, plan, Headers::default(), health)
}

/// What a provider said when it failed in this way.
pub fn failure(class: Class, status: u16, retry_after: Option<Duration>) -> Failure {
    Failure::told(class, status, Said { message: "no".to_owned(), ..Said::default() }, retry_after)
}
