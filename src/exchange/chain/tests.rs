use crate::error::Class;
use crate::exchange::{Denied, Exchange, Verdict};
use crate::testing::{chat_ask, config, exchange, failure};
use serde_json::json;

const CHAT: &str = r#"{"model":"acme/chat"}"#;

/// Where Envoy is at each attempt -> who was tried (`=` and the verdict), or why nobody was.
fn run(exchange: &Exchange, chain: &[&str], class: Class) -> Vec<String> {
    let attempt = |provider: &&str| {
        let cluster = exchange.follow(provider, 0).unwrap_or("the-chain").to_owned();
        match exchange.begin(cluster.as_bytes(), 0) {
            Ok(begun) => {
                let name = format!("{}/{}", begun.target.provider.name, begun.target.sent);
                let last = exchange.fail(begun.index, failure(class, 503, None), 0) == Verdict::Final;
                format!("{name}{}", if last { " last" } else { "" })
            }
            Err(Denied::PlanOver) => "over".to_owned(),
            Err(Denied::WrongCluster) => "wrong".to_owned(),
            Err(Denied::NoToken) => "no token".to_owned(),
        }
    };
    chain.iter().map(attempt).collect()
}

#[test]
fn each_attempt_takes_the_plans_step_where_envoy_is() {
    let config = config(json!({}));
    let two = r#"{"model":"acme/chat","models":["acme/solo"]}"#; // beta twice: chat-b, then solo-b
    let (a, b, g) = ("alpha/chat-a", "beta/chat-b", "gamma/chat-g");
    let overloaded = Class::Overloaded;
    for (body, chain, class, expected) in [
        (CHAT, &["alpha", "beta", "gamma"][..], overloaded, &[a, b, "gamma/chat-g last"][..]),
        // The chain's order, not the plan's; nobody is left out and nobody comes twice.
        (CHAT, &["alpha", "gamma", "beta"], overloaded, &[a, g, "beta/chat-b last"]),
        (CHAT, &["gamma", "beta", "alpha", "alpha"], overloaded, &[g, b, "alpha/chat-a last", "over"]),
        // alpha has two keys: a chain may name it once for each.
        (CHAT, &["alpha", "alpha", "beta"], Class::ProviderKey, &[a, a, b]),
        (CHAT, &["alpha", "beta", "alpha"], Class::ProviderKey, &[a, b, a]),
        (CHAT, &["alpha", "alpha", "alpha"], overloaded, &[a, a, "over"]),
        (two, &["alpha", "beta", "beta"], overloaded, &[a, b, "beta/solo-b"]),
        // Past the plan: nothing is sent, and nothing after it either.
        (CHAT, &["alpha", "other", "beta"], overloaded, &[a, "over", "over"]),
        (r#"{"model":"acme/solo"}"#, &["beta", "alpha"], overloaded, &["beta/solo-b", "over"]),
        // A chain that does not even begin in the plan.
        (CHAT, &["other", "alpha"], overloaded, &["wrong", "over"]),
    ] {
        let exchange = exchange(&config, chat_ask(body));
        assert_eq!(run(&exchange, chain, class), expected, "{body} {chain:?} {class:?}");
    }
}

#[test]
fn a_chain_past_the_plan_is_no_mistake_and_one_outside_of_it_is() {
    let config = config(json!({}));
    for (chain, mistake) in [(["alpha", "other"], false), (["other", "alpha"], true)] {
        let exchange = exchange(&config, chat_ask(CHAT));
        run(&exchange, &chain, Class::Overloaded);
        assert_eq!(exchange.misconfigured().is_some(), mistake, "{chain:?}");
    }
}
