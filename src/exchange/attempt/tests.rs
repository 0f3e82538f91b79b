use super::*;
use crate::config::Config;
use crate::dialect::passing::StreamError;
use crate::operation::Operation;
use crate::testing::{ask_of, chat_ask, config, exchange, failure};
use serde_json::json;
use std::rc::Rc;

/// What a provider does in a script: the class of its failure, its status, how long it says to wait.
type Fails = (Class, u16, Option<u64>);

const KEY: Fails = (Class::ProviderKey, 401, None);
const LIMIT: Fails = (Class::ProviderLimit, 429, None);
const FAULT: Fails = (Class::ProviderFault, 500, None);
const MISSING: Fails = (Class::ProviderModel, 404, None);
const BAD: Fails = (Class::BadRequest, 400, None);
const SEAL: Fails = (Class::SealRejected, 400, None);
const TIMEOUT: Fails = (Class::Timeout, 504, None);

/// Runs a script against an exchange: what each attempt was (`target/credential`, and `!` where it went without seals),
/// and the last verdict.
fn run(exchange: &Exchange, script: &[Fails]) -> (Vec<String>, Option<Verdict>) {
    let mut tried = Vec::new();
    let mut verdict = None;
    for (class, status, wait) in script {
        let Some(cluster) = exchange.next_cluster().map(str::to_owned) else { break };
        let begun = exchange.begin(cluster.as_bytes(), 0).unwrap();
        let unsealed = if begun.is_unsealed { "!" } else { "" };
        let credential = begun.secret.map_or("-", Secret::expose);
        tried.push(format!("{}/{credential}{unsealed}", begun.target.provider.name));
        verdict = Some(exchange.fail(begun.index, failure(*class, *status, wait.map(Duration::from_secs)), 0));
    }
    (tried, verdict)
}

/// Credentials of alpha in the order of this conversation's hash do not matter here: `key-a?`.
fn plain(tried: Vec<String>) -> String {
    tried.join(" ").replace("key-a1", "key-a?").replace("key-a2", "key-a?")
}

const CHAT: &str = r#"{"model":"acme/chat"}"#;
const SOLO: &str = r#"{"model":"acme/solo"}"#;
const AGAIN: Option<Verdict> = Some(Verdict::Retry(None));
const OVER: Option<Verdict> = Some(Verdict::Final);

#[test]
fn who_is_tried_after_what() {
    let config = config(json!({}));
    let (a, b, g) = ("alpha/key-a?", "beta/key-b", "gamma/-");
    let unsealed = |step: &str| format!("{step}!");
    for (body, script, tried, last) in [
        (CHAT, &[FAULT][..], vec![a], AGAIN),
        (CHAT, &[FAULT, FAULT, FAULT, FAULT], vec![a, b, g], OVER),
        // A bad or limited credential: the same target with its next one, then the next target.
        (CHAT, &[KEY, KEY, FAULT, FAULT], vec![a, a, b, g], OVER),
        (CHAT, &[LIMIT, FAULT, FAULT, FAULT], vec![a, a, b, g], OVER),
        (CHAT, &[FAULT, KEY, FAULT], vec![a, b, g], OVER),
        (CHAT, &[MISSING, MISSING, MISSING], vec![a, b, g], OVER),
        // The request is at fault when the first target says so; from a later one it is that target's failure.
        (CHAT, &[BAD, FAULT], vec![a], OVER),
        (CHAT, &[FAULT, BAD, FAULT], vec![a, b, g], OVER),
        (CHAT, &[LIMIT, BAD, FAULT], vec![a, a], OVER), // with the second credential, but still the first target
        // Rejected seals: the same target once more without them, then as if nothing had been.
        (CHAT, &[SEAL], vec![a], AGAIN),
        (CHAT, &[SEAL, FAULT, FAULT, FAULT], vec![a, &unsealed(a), b, g], OVER),
        (CHAT, &[SEAL, BAD], vec![a, &unsealed(a)], OVER),
        (CHAT, &[SEAL, SEAL, FAULT], vec![a, &unsealed(a)], OVER),
        (CHAT, &[FAULT, SEAL, FAULT, FAULT], vec![a, b, &unsealed(b), g], OVER),
        (CHAT, &[FAULT, FAULT, SEAL, SEAL], vec![a, b, g, &unsealed(g)], OVER),
        (SOLO, &[SEAL, FAULT], vec![b, &unsealed(b)], OVER),
        (CHAT, &[(Class::ContextTooLong, 400, None)], vec![a], OVER),
        (CHAT, &[(Class::Unprocessable, 422, None)], vec![a], OVER),
        (CHAT, &[(Class::TooLarge, 413, None)], vec![a], OVER),
        // One target is tried once more, where that can help.
        (SOLO, &[FAULT, FAULT, FAULT], vec![b, b], OVER),
        (SOLO, &[TIMEOUT, FAULT], vec![b, b], OVER),
        (SOLO, &[KEY, FAULT], vec![b], OVER),
        (SOLO, &[MISSING, FAULT], vec![b], OVER),
        (SOLO, &[BAD, FAULT], vec![b], OVER),
        (SOLO, &[(Class::ProviderQuota, 429, None), FAULT], vec![b], OVER),
    ] {
        let exchange = exchange(&config, chat_ask(body));
        let (found, verdict) = run(&exchange, script);
        assert_eq!(plain(found), tried.join(" "), "{body} {script:?}");
        assert_eq!(verdict, last, "{body} {script:?}");
        assert_eq!(exchange.next_cluster().is_none(), last == OVER);
    }
}

#[test]
fn both_keys_of_a_provider_are_different_ones() {
    let (tried, _) = run(&exchange(&config(json!({})), chat_ask(CHAT)), &[KEY, KEY]);
    assert_ne!(tried[0], tried[1]);
}

#[test]
fn a_short_wait_is_waited_only_before_the_same_target() {
    let config = config(json!({}));
    let limit = |seconds| (Class::ProviderLimit, 429, Some(seconds));
    for (body, script, verdict) in [
        (SOLO, limit(2), Verdict::Retry(Some(Duration::from_secs(2)))),
        (SOLO, limit(3), Verdict::Final),
        (CHAT, limit(300), Verdict::Retry(None)),
    ] {
        assert_eq!(run(&exchange(&config, chat_ask(body)), &[script]).1, Some(verdict), "{body} {script:?}");
    }
}

#[test]
fn what_a_provider_may_have_done_is_not_done_twice() {
    let config = config(json!({"models": [{"name": "acme/m", "aliases": ["m"], "targets": [
        {"provider": "alpha", "priority": 0}, {"provider": "gamma", "priority": 1}]}]}));
    let openai =
        |config: &Rc<Config>, operation, body: &str| exchange(config, ask_of(operation, body.as_bytes()).unwrap());
    for (operation, body, class, tries) in [
        (Operation::ChatCompletions, r#"{"model":"m","store":true}"#, Class::Timeout, 1),
        (Operation::ChatCompletions, r#"{"model":"m","store":true}"#, Class::Cut, 1),
        (Operation::ChatCompletions, r#"{"model":"m","store":true}"#, Class::Connect, 2),
        (Operation::ChatCompletions, r#"{"model":"m","store":true}"#, Class::ProviderFault, 2),
        (Operation::ChatCompletions, r#"{"model":"m"}"#, Class::Timeout, 2),
        (Operation::Images, r#"{"model":"m"}"#, Class::Timeout, 1),
        (Operation::Images, r#"{"model":"m"}"#, Class::Cut, 1),
        (Operation::Images, r#"{"model":"m"}"#, Class::Overloaded, 2),
    ] {
        let exchange = openai(&config, operation, body);
        assert_eq!(run(&exchange, &[(class, 500, None); 4]).0.len(), tries, "{operation:?} {body} {class:?}");
    }
}

/// Traps D3 and D5: Envoy goes on past the plan, or stays at another cluster.
#[test]
fn an_attempt_that_must_not_happen_gets_no_secret() {
    let config = config(json!({}));
    let over = exchange(&config, chat_ask(SOLO));
    run(&over, &[FAULT, FAULT]);
    assert_eq!(over.begin(b"beta", 0).unwrap_err(), Denied::PlanOver);
    assert_eq!(over.misconfigured(), None);

    let astray = exchange(&config, chat_ask(CHAT));
    let first = astray.begin(b"alpha", 0).unwrap().index;
    assert_eq!(astray.fail(first, failure(Class::ProviderFault, 500, None), 0), Verdict::Retry(None));
    assert_eq!(astray.next_cluster(), Some("beta"));
    assert_eq!(astray.begin(b"alpha", 0).unwrap_err(), Denied::WrongCluster);
    assert!(astray.misconfigured().is_some());
    assert_eq!(astray.begin(b"beta", 0).unwrap_err(), Denied::PlanOver, "nothing follows a wrong cluster");
    assert_eq!(astray.attempts_text(), "alpha:500");
}

/// Envoy retries a refused connection before we are told: the next step stands from the start.
#[test]
fn the_next_cluster_is_known_as_soon_as_an_attempt_begins() {
    let exchange = exchange(&config(json!({})), chat_ask(CHAT));
    exchange.begin(b"alpha", 0).unwrap();
    assert_eq!(exchange.next_cluster(), Some("beta"));
}

#[test]
fn a_served_attempt_ends_the_plan_and_its_first_end_stays() {
    let exchange = exchange(&config(json!({})), chat_ask(CHAT));
    let index = exchange.begin(b"alpha", 5).unwrap().index;
    assert!(exchange.is_running(index));
    exchange.serve(index, 200, 7);
    assert_eq!((exchange.status(), exchange.next_cluster()), (Some(200), None));
    assert_eq!(exchange.fail(index, failure(Class::Cut, 0, None), 0), Verdict::Final, "too late for another");
    exchange.finish(index, Some(Class::Cut));
    exchange.finish(index, None);
    exchange.serve(index, 200, 9);
    exchange.with_attempts(|attempts| {
        assert_eq!(attempts[0].end, End::Broken(Class::Cut));
        assert_eq!((attempts[0].started, attempts[0].first_byte), (5, Some(7)));
    });
    assert_eq!(exchange.attempts_text(), "alpha:cut");
}

#[test]
fn a_cut_after_the_terminal_event_takes_nothing_away() {
    for (ended, failed, expected) in
        [(true, false, End::Complete), (false, false, End::Broken(Class::Cut)), (true, true, End::Broken(Class::Cut))]
    {
        let exchange = exchange(&config(json!({})), chat_ask(CHAT));
        let index = exchange.begin(b"alpha", 0).unwrap().index;
        exchange.serve(index, 200, 1);
        let error = failed.then(StreamError::default);
        exchange.learn(index, &Learnt { ended, error, ..Learnt::default() });
        exchange.finish(index, Some(Class::Cut));
        exchange.with_attempts(|attempts| assert_eq!(attempts[0].end, expected));
    }
}

#[test]
fn later_usage_replaces_and_never_erases() {
    let exchange = exchange(&config(json!({})), chat_ask(CHAT));
    let index = exchange.begin(b"alpha", 0).unwrap().index;
    let learnt = |input, output, model: &str| Learnt {
        usage: Usage { input, output, ..Usage::default() },
        model: Some(model.to_owned()),
        ..Learnt::default()
    };
    exchange.learn(index, &learnt(Some(3), None, "first"));
    exchange.learn(index, &learnt(None, Some(2), "second"));
    exchange.learn(index, &learnt(Some(4), None, "second"));
    exchange.with_attempts(|attempts| {
        assert_eq!((attempts[0].usage.input, attempts[0].usage.output), (Some(4), Some(2)));
        assert_eq!(attempts[0].answered_model.as_deref(), Some("first"));
    });
}

/// The sent name is not the asked one, so the provider's own words would puzzle; `expose: minimal` names nobody.
#[test]
fn a_missing_model_names_its_target_where_providers_are_shown() {
    for (expose, expected) in [("full", "beta:solo-b: no"), ("minimal", "no")] {
        let exchange = exchange(&config(json!({ "expose": expose })), chat_ask(SOLO));
        run(&exchange, &[MISSING]);
        let error = exchange.final_error(503);
        assert_eq!((error.status, error.message.as_str()), (404, expected));
    }
}

#[test]
fn the_time_for_all_attempts_together() {
    let model = |total: &str| json!({"models": [{"name": "acme/solo", "targets": [{"provider": "beta"}], "timeouts": {"total": total}}]});
    let second = 1_000_000_000;
    for (total, until, expected) in [("2s", second / 2, false), ("2s", 2 * second, true), ("9s", 2 * second, false)] {
        let exchange = exchange(&config(model(total)), chat_ask(SOLO));
        assert!(!exchange.is_overdue(until), "nobody has been asked yet");
        exchange.begin(b"beta", 0).unwrap();
        assert_eq!(exchange.is_overdue(until), expected, "{total} {until}");
    }
}
