use super::*;
use crate::error::Class;
use crate::operation::Operation;
use crate::testing::{ask_of, chat_ask, config, exchange_among, failure};
use serde_json::{Value, json};

const NOW: u64 = 1_700_000_000_000_000_000;

fn said(exchange: &Exchange, index: usize, usage: &Usage) -> Option<Value> {
    exchange.metadata(index, usage, NOW + 900_000_000).map(|raw| raw.value())
}

/// A chat completion with an option, of which the first provider failed twice, and the second answers.
fn tried(more: Value, body: &str) -> Exchange {
    let exchange = exchange_among(&config(more), chat_ask(body), crate::health::alone(), NOW);
    for (class, status, at) in [(Class::ProviderLimit, 429, 100), (Class::Overloaded, 503, 300)] {
        let begun = exchange.begin(exchange.next_cluster().unwrap().as_bytes(), NOW + at * 1_000_000).unwrap().index;
        exchange.heard(begun, status, (status == 429).then(|| "req_a".to_owned()));
        exchange.fail(begun, failure(class, status, None), NOW + (at + 50) * 1_000_000);
    }
    let begun = exchange.begin(exchange.next_cluster().unwrap().as_bytes(), NOW + 500_000_000).unwrap().index;
    exchange.heard(begun, 200, None);
    exchange
}

const ASKING: &str = r#"{"model":"chat","providerOptions":{"gateway":{"models":["acme/solo"]}}}"#;

#[test]
fn an_answer_says_how_it_came_about() {
    let exchange = tried(json!({}), ASKING);
    let usage = Usage { cost: Some(38_000_000), ..Usage::default() };
    let start = NOW / 1_000_000;
    let attempt = |provider: &str, sent: &str, from: u64, to: u64, status: u16| {
        json!({"provider": provider, "credentialType": "system", "success": status == 200, "startTime": start + from,
            "endTime": start + to, "statusCode": status, "providerApiModelId": sent})
    };
    let mut attempts = [
        attempt("alpha", "chat-a", 100, 150, 429),
        attempt("alpha", "chat-a", 300, 350, 503),
        attempt("beta", "chat-b", 500, 900, 200),
    ];
    attempts[0]["error"] = json!("provider_limit");
    attempts[0]["providerRequestId"] = json!("req_a");
    attempts[1]["error"] = json!("provider_overloaded");
    let expected = json!({
        "routing": {
            "originalModelId": "chat",
            "resolvedProvider": "alpha",
            "resolvedProviderApiModelId": "chat-a",
            "fallbacksAvailable": ["beta", "gamma"],
            "planningReasoning": "alpha:chat-a > beta:chat-b > gamma:chat-g > beta:solo-b",
            "canonicalSlug": "acme/chat",
            "finalProvider": "beta",
            "modelAttemptCount": 1,
            "modelAttempts": [
                {"canonicalSlug": "acme/chat", "success": true, "providerAttemptCount": 3, "providerAttempts": attempts}
            ],
            "totalProviderAttemptCount": 3,
        },
        "generationId": "gen_test",
        "cost": "0.000038",
        "costSource": "reported",
    });
    assert_eq!(said(&exchange, 2, &usage), Some(expected));
}

#[test]
fn attempts_are_grouped_by_the_model_they_served() {
    let exchange = exchange_among(&config(json!({})), chat_ask(ASKING), crate::health::alone(), NOW);
    while let Some(cluster) = exchange.next_cluster().map(str::to_owned) {
        let begun = exchange.begin(cluster.as_bytes(), NOW).unwrap();
        match begun.target.sent.as_str() {
            "solo-b" => exchange.serve(begun.index, 200, NOW),
            _ => drop(exchange.fail(begun.index, failure(Class::ProviderFault, 500, None), NOW)),
        }
    }
    let routing = &said(&exchange, 3, &Usage::default()).unwrap()["routing"];
    let models: Vec<_> = routing["modelAttempts"].as_array().unwrap().iter().collect();
    let told: Vec<_> =
        models.iter().map(|one| json!([one["canonicalSlug"], one["success"], one["providerAttemptCount"]])).collect();
    assert_eq!(json!(told), json!([["acme/chat", false, 3], ["acme/solo", true, 1]]));
    let counts = (&routing["modelAttemptCount"], &routing["totalProviderAttemptCount"], &routing["finalProvider"]);
    assert_eq!(counts, (&json!(2), &json!(4), &json!("beta")));
}

#[test]
fn who_served_is_not_told_where_little_is_exposed() {
    let exchange = tried(json!({"expose": "minimal"}), ASKING);
    let usage = Usage { cost: Some(1), ..Usage::default() };
    let expected = json!({"generationId": "gen_test", "cost": "0.000000000001", "costSource": "reported"});
    assert_eq!(said(&exchange, 2, &usage), Some(expected));
}

#[test]
fn it_is_told_to_those_who_sent_options() {
    let told = |operation, body: &str| {
        let ask = ask_of(operation, body.as_bytes()).unwrap();
        let exchange = exchange_among(&config(json!({})), ask, crate::health::alone(), NOW);
        said(&exchange, 0, &Usage::default()).is_some()
    };
    for operation in [Operation::ChatCompletions, Operation::Responses, Operation::Embeddings] {
        assert!(
            !told(operation, r#"{"model":"chat"}"#) && !told(operation, r#"{"model":"chat","providerOptions":null}"#)
        );
        assert!(told(operation, r#"{"model":"chat","providerOptions":{}}"#));
    }
}
