use super::*;
use crate::exchange::{Exchange, Verdict};
use crate::testing::{chat_ask, config, exchange_among, failure};
use serde_json::{Value, json};

const SECOND: u64 = 1_000_000_000;
const CHAT: &str = r#"{"model":"acme/chat"}"#;
const SOLO: &str = r#"{"model":"acme/solo"}"#;

/// One of several workers.
fn worker(cells: &Memory, vm: u128) -> Rc<Health> {
    Rc::new(Health::new(Box::new(cells.clone()), vm))
}

fn at(config: &Rc<Config>, body: &str, health: &Rc<Health>, now: u64) -> Exchange {
    exchange_among(config, chat_ask(body), health.clone(), now)
}

/// Lets the first attempt fail.
fn fail(exchange: &Exchange, class: Class, status: u16, wait: Option<u64>, now: u64) -> Verdict {
    let cluster = exchange.next_cluster().unwrap().to_owned();
    let index = exchange.begin(cluster.as_bytes(), now).unwrap().index;
    exchange.fail(index, failure(class, status, wait.map(Duration::from_secs)), now)
}

/// Lets the first attempt answer, to its end.
fn serve(exchange: &Exchange, now: u64) {
    let cluster = exchange.next_cluster().unwrap().to_owned();
    let index = exchange.begin(cluster.as_bytes(), now).unwrap().index;
    exchange.serve(index, 200, now);
    exchange.finish(index, None);
    exchange.close(now);
}

fn plan(exchange: &Exchange) -> String {
    exchange.plan.to_string()
}

const WELL: &str = "alpha:chat-a > beta:chat-b > gamma:chat-g";
const ALPHA_LAST: &str = "beta:chat-b > gamma:chat-g > alpha:chat-a";

#[test]
fn a_target_rests_after_failures_in_a_row_on_any_worker_and_is_probed_once() {
    let config = config(json!({"routing": {"cooldown": {"after": 3, "for": "30s"}}}));
    let cells = Memory::default();
    let (one, two) = (worker(&cells, 1), worker(&cells, 2));
    for health in [&one, &two] {
        fail(&at(&config, CHAT, health, 0), Class::ProviderFault, 500, None, 0);
        assert_eq!(plan(&at(&config, CHAT, &one, 0)), WELL);
    }
    fail(&at(&config, CHAT, &one, SECOND), Class::Timeout, 504, None, SECOND);
    assert_eq!(two.changes(), []);
    let rests = |rests| Change { provider: "alpha".into(), what: Rester::Target(Some("acme/chat".into())), rests };
    assert_eq!(one.changes(), [rests(true)]);
    for (health, now) in [(&one, SECOND), (&two, SECOND), (&two, 30 * SECOND)] {
        assert_eq!(plan(&at(&config, CHAT, health, now)), ALPHA_LAST, "{now}");
    }
    // The rest is over: one request is the probe.
    let back = 31 * SECOND;
    let probe = at(&config, CHAT, &two, back);
    assert_eq!(plan(&probe), WELL);
    for health in [&one, &two] {
        assert_eq!(plan(&at(&config, CHAT, health, back)), ALPHA_LAST);
    }
    fail(&probe, Class::ProviderFault, 500, None, back);
    assert_eq!(plan(&at(&config, CHAT, &one, back + 29 * SECOND)), ALPHA_LAST);
    let probe = at(&config, CHAT, &one, back + 30 * SECOND);
    assert_eq!(plan(&probe), WELL);
    serve(&probe, back + 30 * SECOND);
    assert_eq!(one.changes(), [rests(false)]);
    assert_eq!(plan(&at(&config, CHAT, &two, back + 30 * SECOND)), WELL);
}

#[test]
fn only_failures_in_a_row_count() {
    let config = config(json!({}));
    let health = alone();
    for _ in 0..5 {
        fail(&at(&config, CHAT, &health, 0), Class::ProviderFault, 500, None, 0);
        fail(&at(&config, CHAT, &health, 0), Class::ProviderFault, 500, None, 0);
        serve(&at(&config, CHAT, &health, 0), 0);
    }
    assert_eq!(plan(&at(&config, CHAT, &health, 0)), WELL);
}

#[test]
fn what_is_nobodys_failure_rests_nothing() {
    let config = config(json!({"routing": {"cooldown": {"after": 1}}}));
    for (class, status) in [(Class::BadRequest, 400), (Class::ProviderModel, 404), (Class::ContextTooLong, 400)] {
        let health = alone();
        fail(&at(&config, CHAT, &health, 0), class, status, None, 0);
        assert_eq!(plan(&at(&config, CHAT, &health, 0)), WELL, "{class:?}");
    }
}

#[test]
fn an_answer_that_breaks_off_is_a_failure_unless_the_client_left() {
    let config = config(json!({"routing": {"cooldown": {"after": 1}}}));
    for (broken, expected) in [(Some(Class::Cut), ALPHA_LAST), (None, WELL)] {
        let health = alone();
        let exchange = at(&config, CHAT, &health, 0);
        let index = exchange.begin(b"alpha", 0).unwrap().index;
        exchange.serve(index, 200, 0);
        broken.into_iter().for_each(|class| exchange.finish(index, Some(class)));
        exchange.close(0);
        assert_eq!(plan(&at(&config, CHAT, &health, 0)), expected, "{broken:?}");
    }
}

/// The secrets that a plan would try, in order.
fn secrets(exchange: &Exchange) -> Vec<String> {
    let of = |target: &Target| -> Vec<String> {
        let secret = |index: &usize| target.provider.secret(*index).map(|secret| secret.expose().to_owned());
        target.credentials.iter().filter_map(secret).collect()
    };
    exchange.plan.targets.first().map(of).unwrap_or_default()
}

#[test]
fn a_credential_rests_by_itself_for_all_models_or_for_one() {
    let models = json!([
        {"name": "acme/chat", "targets": [{"provider": "alpha", "model": "chat-a"}]},
        {"name": "acme/other", "targets": [{"provider": "alpha", "model": "other-a"}]}]);
    let config = config(json!({"models": models}));
    for (class, status, wait, rest, other_rests) in [
        (Class::ProviderKey, 401, None, 30, true),
        (Class::ProviderKey, 402, None, 30, true),
        (Class::ProviderQuota, 429, None, 30, true),
        (Class::ProviderKey, 403, None, 30, false),
        (Class::ProviderLimit, 429, None, 1, false),
        (Class::ProviderLimit, 429, Some(7), 7, false),
        (Class::ProviderLimit, 429, Some(86_400), 3_600, false),
    ] {
        let (health, other) = (alone(), r#"{"model":"acme/other"}"#);
        let first = at(&config, CHAT, &health, 0);
        let dead = secrets(&first).remove(0);
        fail(&first, class, status, wait, 0);
        let seen = |body, now| secrets(&at(&config, body, &health, now)).contains(&dead);
        let just_before = rest * SECOND - 1;
        assert!(!seen(CHAT, just_before), "{class:?} {wait:?}");
        assert_eq!(seen(other, just_before), !other_rests, "{class:?} {wait:?}");
        // Back: one probe, first in its turn.
        let probe = at(&config, CHAT, &health, rest * SECOND);
        assert_eq!(secrets(&probe).first(), Some(&dead), "{class:?} {wait:?}");
        assert_ne!(secrets(&at(&config, CHAT, &health, rest * SECOND)).first(), Some(&dead));
        serve(&probe, rest * SECOND);
        assert_eq!(secrets(&at(&config, CHAT, &health, rest * SECOND)).first(), Some(&dead));
    }
}

#[test]
fn a_target_whose_credentials_all_rest_comes_last() {
    let (config, health) = (config(json!({})), alone());
    let exchange = at(&config, CHAT, &health, 0);
    fail(&exchange, Class::ProviderKey, 401, None, 0);
    fail(&exchange, Class::ProviderKey, 401, None, 0);
    assert_eq!(plan(&at(&config, CHAT, &health, SECOND)), ALPHA_LAST);
    assert_eq!(plan(&at(&config, CHAT, &health, 30 * SECOND)), WELL, "the probe");
    assert_eq!(plan(&at(&config, CHAT, &health, 30 * SECOND)), WELL, "the other credential's probe");
    assert_eq!(plan(&at(&config, CHAT, &health, 30 * SECOND)), ALPHA_LAST);
}

#[test]
fn when_everything_rests_the_first_to_be_back_is_tried_once() {
    let (config, health) = (config(json!({"routing": {"cooldown": {"after": 1}}})), alone());
    let exchange = at(&config, CHAT, &health, 0);
    for now in [2, 0, 1] {
        fail(&exchange, Class::ProviderFault, 500, None, now * SECOND);
    }
    let cooling = at(&config, CHAT, &health, 3 * SECOND);
    assert_eq!((plan(&cooling), cooling.plan.max_attempts), ("beta:chat-b".to_owned(), 1));
    assert_eq!(fail(&cooling, Class::ProviderFault, 500, None, 3 * SECOND), Verdict::Final);
    // Another model at the same provider does not rest.
    assert_eq!(at(&config, SOLO, &health, 3 * SECOND).plan.max_attempts, 4);
}

fn with_places(most: Value) -> Rc<Config> {
    let provider = |name: &str, most: &Value| {
        let mut provider = json!({"name": name, "preset": "openai-compatible", "base_url": "http://x.test/v1",
            "credentials": "none"});
        if !most.is_null() {
            provider["max_in_flight"] = most.clone();
        }
        provider
    };
    config(json!({"providers": [provider("alpha", &most), provider("beta", &most), provider("gamma", &Value::Null)]}))
}

fn first(exchange: &Exchange) -> String {
    exchange.plan.targets.first().unwrap().provider.name.clone()
}

#[test]
fn full_providers_make_way_and_refuse_nobody() {
    let config = with_places(json!(2));
    let cells = Memory::default();
    let workers = [worker(&cells, 1), worker(&cells, 2)];
    let all: Vec<Exchange> = (0..6).map(|i| at(&config, CHAT, &workers[i % 2], SECOND)).collect();
    let names: Vec<String> = all.iter().map(first).collect();
    assert_eq!(names, ["alpha", "alpha", "beta", "beta", "gamma", "gamma"]);
    assert_eq!(plan(&all[4]), "gamma:chat-g > alpha:chat-a > beta:chat-b");
    drop(all);
    assert_eq!(first(&at(&config, CHAT, &workers[1], SECOND)), "alpha");
    let alone: Vec<Exchange> = (0..9).map(|_| at(&config, SOLO, &workers[0], SECOND)).collect();
    assert!(alone.iter().all(|exchange| first(exchange) == "beta"), "the only target takes more than it should");
}

#[test]
fn a_place_ends_with_its_attempt_and_fallback_looks_for_another() {
    let (config, health) = (with_places(json!(1)), alone());
    let one = at(&config, CHAT, &health, SECOND);
    fail(&one, Class::ProviderFault, 500, None, SECOND);
    assert_eq!(one.next_cluster(), Some("beta"));
    let two = at(&config, CHAT, &health, SECOND);
    assert_eq!(first(&two), "alpha", "its place is free again");
    fail(&two, Class::ProviderFault, 500, None, SECOND);
    assert_eq!(two.next_cluster(), Some("gamma"), "beta is full");
    fail(&two, Class::ProviderFault, 500, None, SECOND);
    assert_eq!(two.next_cluster(), Some("beta"), "last, not away");
}

#[test]
fn places_of_a_vm_that_died_are_free_after_a_while() {
    let config = with_places(json!(1));
    let cells = Memory::default();
    let (dead, alive) = (worker(&cells, 1), worker(&cells, 2));
    std::mem::forget(at(&config, CHAT, &dead, SECOND));
    assert_eq!(first(&at(&config, CHAT, &alive, 2 * SECOND)), "beta");
    dead.beat(5 * SECOND);
    assert_eq!(first(&at(&config, CHAT, &alive, 9 * SECOND)), "beta");
    assert_eq!(first(&at(&config, CHAT, &alive, 10 * SECOND)), "alpha");
}

#[test]
fn the_board_cannot_be_filled_by_clients() {
    let mut board = Board::default();
    let id = |i: u64| Id::of(Hash::default().with(&i.to_le_bytes()));
    for i in 0..5_000 {
        board.fail(id(i), 0, 1, Duration::from_secs(1));
    }
    assert!(board.write().len() <= 1024 * 20);
    assert!(board.fail(id(9_999), 2 * SECOND, 1, Duration::from_secs(1)), "what is over makes room");
    let again = Board::read(&board.write());
    assert_eq!(again.standing(id(9_999), 2 * SECOND), Standing::Resting { until: 3 * SECOND });
}
