//! One metadata server, several workers, and the plans that go by what it has given.

use super::*;
use crate::config::Config;
use crate::error::Class;
use crate::exchange::{Denied, Verdict};
use crate::health::Memory;
use crate::testing::{chat_ask, config, exchange_among, failure};
use serde_json::json;
use std::rc::Rc;

const S: u64 = 1_000_000_000;
const NOW: u64 = 1_700_000_000 * S;
const CLUSTER: &str = "gcp_metadata";

/// `acme/chat` at alpha (a token), then at beta (a key), then at gamma (another server's token).
fn tokens() -> Rc<Config> {
    let by = |cluster: &str| json!([{"gcp_metadata": {"cluster": cluster}}]);
    let provider = |name: &str, credentials| {
        json!({"name": name, "preset": "openai-compatible", "base_url": format!("http://{name}.test/v1"),
            "credentials": credentials})
    };
    let providers =
        [provider("alpha", by(CLUSTER)), provider("beta", json!([{"value": "key"}])), provider("gamma", by("other"))];
    let target = |name: &str, priority| json!({"provider": name, "model": "m", "priority": priority});
    let all = [target("alpha", 0), target("beta", 1), target("gamma", 2)];
    let models = json!([
        {"name": "acme/chat", "targets": all},
        {"name": "acme/tokens", "targets": [target("alpha", 0), target("gamma", 1)]},
    ]);
    config(json!({"providers": providers, "models": models}))
}

fn workers<const N: usize>() -> [Rc<Health>; N] {
    let memory = Memory::default();
    std::array::from_fn(|vm| Rc::new(Health::new(Box::new(memory.clone()), vm as u128 + 1)))
}

fn fresh(token: &str) -> Result<Fresh, Fault> {
    Ok(Fresh { token: Secret::new(token), lifetime: Duration::from_secs(3_600) })
}

fn give(health: &Health, cluster: &str, token: &str, now: u64) {
    health.turn(cluster, now);
    health.fetched(cluster, fresh(token), now, now).unwrap();
}

fn planned(config: &Rc<Config>, health: &Rc<Health>, model: &str, now: u64) -> (String, crate::exchange::Exchange) {
    let ask = chat_ask(&json!({"model": model, "messages": []}).to_string());
    let exchange = exchange_among(config, ask, health.clone(), now);
    (exchange.plan.to_string(), exchange)
}

#[test]
fn one_of_all_workers_fetches_and_all_have_the_token() {
    let (config, all) = (tokens(), workers::<4>());
    let turns: Vec<Turn> = all.iter().map(|one| one.turn(CLUSTER, NOW)).collect();
    assert_eq!(turns.iter().filter(|turn| **turn == Turn::Now).count(), 1);
    assert_eq!(all[3].turn("other", NOW), Turn::Now, "each server is asked for itself");
    assert!(all.iter().all(|one| one.lacks_token(&config.providers[0], NOW)));
    assert_eq!(all[0].fetched(CLUSTER, fresh("t"), NOW, NOW + S), Ok(0));
    for one in &all {
        let token = |provider: usize| one.token(&config.providers[provider], NOW + 2 * S);
        assert_eq!([token(0), token(1), token(2)], [Some(Secret::new("t")), None, None]);
        assert!(!one.lacks_token(&config.providers[1], NOW), "a key is no token");
    }
    // Everybody looks when it is due, one asks, and the old one serves meanwhile.
    let due = NOW + 3_375 * S;
    assert_eq!(all[2].turn(CLUSTER, due - 1), Turn::At(due));
    let turns: Vec<Turn> = all.iter().map(|one| one.turn(CLUSTER, due)).collect();
    assert_eq!(turns.iter().filter(|turn| **turn == Turn::Now).count(), 1);
    assert!(!all[1].lacks_token(&config.providers[0], due));
    let failed = all[1].fetched(CLUSTER, Err(Fault::Status(503)), due, due);
    assert_eq!(failed, Err((Fault::Status(503), Duration::from_millis(500))));
    assert_eq!(all[1].turn(CLUSTER, due + S), Turn::Now);
    assert_eq!(all[1].fetched(CLUSTER, fresh("u"), due + S, due + S), Ok(1), "this is worth a line");
}

#[test]
fn without_a_token_a_target_comes_last() {
    let (config, [health]) = (tokens(), workers());
    let plan = |model, now| planned(&config, &health, model, now).0;
    assert_eq!(plan("acme/chat", NOW), "beta:m > alpha:m > gamma:m");
    assert_eq!(plan("acme/tokens", NOW), "alpha:m", "nobody has one: one is tried, and says so");
    give(&health, "other", "o", NOW);
    assert_eq!(plan("acme/chat", NOW), "beta:m > gamma:m > alpha:m");
    assert_eq!(plan("acme/tokens", NOW), "gamma:m > alpha:m");
    give(&health, CLUSTER, "t", NOW);
    assert_eq!(plan("acme/chat", NOW), "alpha:m > beta:m > gamma:m");
    assert_eq!(plan("acme/chat", NOW + 3_600 * S), "beta:m > alpha:m > gamma:m", "both are over");
}

#[test]
fn nothing_is_sent_without_a_token() {
    let (config, [health]) = (tokens(), workers());
    let (_, exchange) = planned(&config, &health, "acme/tokens", NOW);
    assert_eq!(exchange.begin(b"alpha", NOW).unwrap_err(), Denied::NoToken);
    let error = exchange.final_error(503);
    assert_eq!((error.status, error.class, error.code.as_deref()), (503, Class::ProviderKey, Some("no_provider")));
    assert_eq!(exchange.begin(b"gamma", NOW).unwrap_err(), Denied::PlanOver);
    let tried = exchange.with_attempts(|attempts| attempts.len());
    assert_eq!(tried, 1);
}

#[test]
fn a_plan_that_has_come_to_those_without_a_token_is_over_unless_one_has_come() {
    for (comes, expected) in [(false, Verdict::Final), (true, Verdict::Retry(None))] {
        let (config, [health]) = (tokens(), workers());
        let (_, exchange) = planned(&config, &health, "acme/chat", NOW);
        let begun = exchange.begin(b"beta", NOW).unwrap();
        assert_eq!(begun.secret.unwrap().expose(), "key");
        if comes {
            give(&health, CLUSTER, "t", NOW + S);
        }
        let verdict = exchange.fail(0, failure(Class::Overloaded, 503, None), NOW + 2 * S);
        assert_eq!((verdict, exchange.next_cluster()), (expected, comes.then_some("alpha")));
        let status = exchange.final_error(503).status;
        assert_eq!(status, 503, "what beta said is the last word");
        if comes {
            assert_eq!(exchange.begin(b"alpha", NOW + 2 * S).unwrap().secret.unwrap().expose(), "t");
        }
    }
}

#[test]
fn an_attempt_goes_with_the_newest_token_not_with_the_plans() {
    let (config, [health]) = (tokens(), workers());
    give(&health, CLUSTER, "old", NOW);
    let (plan, exchange) = planned(&config, &health, "acme/chat", NOW);
    assert_eq!(plan, "alpha:m > beta:m > gamma:m", "gamma has none");
    give(&health, CLUSTER, "new", NOW + S);
    assert_eq!(exchange.begin(b"alpha", NOW + 2 * S).unwrap().secret.unwrap().expose(), "new");
    assert_eq!(exchange.credential_of(0).unwrap().expose(), "new");
}

#[test]
fn a_401_has_the_next_one_fetched_and_403_does_not() {
    for (status, refuses) in [(401, true), (403, false)] {
        let (config, [health, other]) = (tokens(), workers());
        give(&health, CLUSTER, "t", NOW);
        let (_, exchange) = planned(&config, &health, "acme/chat", NOW);
        exchange.begin(b"alpha", NOW).unwrap();
        let verdict = exchange.fail(0, failure(Class::ProviderKey, status, None), NOW + 9 * S);
        assert_eq!((verdict, exchange.next_cluster()), (Verdict::Retry(None), Some("beta")), "{status}");
        assert_eq!(other.turn(CLUSTER, NOW + 9 * S) == Turn::Now, refuses, "{status}");
        if refuses {
            assert_eq!(planned(&config, &other, "acme/chat", NOW + 9 * S).0, "beta:m > alpha:m > gamma:m");
            other.fetched(CLUSTER, fresh("u"), NOW + 9 * S, NOW + 10 * S).unwrap();
            assert_eq!(planned(&config, &other, "acme/chat", NOW + 10 * S).0, "alpha:m > beta:m > gamma:m");
            // The same one again rests here as any dead credential does, and is tried when its rest is over.
            other.fetched(CLUSTER, fresh("t"), NOW + 9 * S, NOW + 11 * S).unwrap();
            assert_eq!(planned(&config, &other, "acme/chat", NOW + 11 * S).0, "beta:m > alpha:m > gamma:m");
        }
    }
}
