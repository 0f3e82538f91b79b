use super::*;
use crate::health::Memory;
use crate::testing::config;
use serde_json::json;
use std::collections::HashSet;

const SECOND: u64 = 1_000_000_000;
const NOW: u64 = 1_700_000_000 * SECOND;

fn limited_config(key: serde_json::Value, group: serde_json::Value, user: serde_json::Value) -> Rc<Config> {
    let hash = |digit: &str| digit.repeat(64);
    config(json!({
        "groups": [
            {"name": "team", "models": ["*"], "limits": group, "user_limits": user},
            {"name": "free", "models": ["*"]}],
        "keys": [
            {"id": "alice", "group": "team", "sha256": hash("a"), "limits": key},
            {"id": "bob", "group": "team", "sha256": hash("b")},
            {"id": "carol", "group": "free", "sha256": hash("c")}],
        "models": [
            {"name": "acme/chat", "targets": [{"provider": "alpha", "model": "chat-a"}]},
            {"name": "acme/solo", "targets": [{"provider": "beta", "model": "solo-b"}],
             "limits": {"requests_per_minute": 4}}],
    }))
}

/// Callers of one configuration, on two workers in turn.
struct Door {
    config: Rc<Config>,
    workers: [Rc<Health>; 2],
    turn: std::cell::Cell<usize>,
}

impl Door {
    fn new(config: Rc<Config>) -> Door {
        let cells = Memory::default();
        let worker = |vm| Rc::new(Health::new(Box::new(cells.clone()), vm));
        Door { config, workers: [worker(1), worker(2)], turn: Default::default() }
    }

    fn enter(&self, key: usize, user: Option<&str>, model: usize, tokens: u64, now: u64) -> Result<Entered, Error> {
        let access = &self.config.access;
        let caller = Caller { id: access.keys[key].id.clone(), key: Some(key), group: access.keys[key].group };
        let worker = &self.workers[self.turn.replace(self.turn.get() + 1) % 2];
        let (config, model) = (&*self.config, &*self.config.models[model]);
        enter(&Entering { config, client: Client::OpenAi, caller: &caller, user, model, tokens, now }, worker)
    }

    fn ask(&self, key: usize, user: Option<&str>, model: usize) -> Result<Entered, String> {
        self.enter(key, user, model, 0, NOW).map_err(|error| error.message)
    }
}

#[test]
fn each_limit_refuses_in_its_own_name_and_a_refusal_takes_nothing() {
    let limits =
        (json!({"requests_per_minute": 2}), json!({"requests_per_minute": 7}), json!({"requests_per_minute": 3}));
    let door = Door::new(limited_config(limits.0, limits.1, limits.2));
    let refused = |whose: &str, count: u64| {
        format!(
            "Rate limit reached for {whose}: {count} requests in any 60 seconds (`requests_per_minute`). Try again in 60.0 seconds."
        )
    };
    assert!(door.ask(0, Some("u"), 0).is_ok() && door.ask(0, Some("u"), 0).is_ok());
    for _ in 0..5 {
        assert_eq!(door.ask(0, Some("u"), 0).unwrap_err(), refused("key `alice`", 2));
    }
    assert!(door.ask(1, Some("u"), 0).is_ok(), "the group and the user have lost nothing");
    assert_eq!(door.ask(1, Some("u"), 0).unwrap_err(), refused("user `u` of group `team`", 3));
    assert!((0..4).all(|_| door.ask(1, None, 1).is_ok()), "who names no user has no user's limit");
    assert_eq!(door.ask(2, Some("u"), 1).unwrap_err(), refused("model `acme/solo`", 4));
    assert_eq!(door.ask(1, Some("v"), 0).unwrap_err(), refused("group `team`", 7));
    assert!(door.ask(2, Some("u"), 0).is_ok(), "another group");
}

#[test]
fn places_are_shared_and_free_again_however_a_request_ends() {
    let limits =
        (json!({"concurrent": 2}), json!({"concurrent": 3, "requests_per_minute": 100}), json!({"concurrent": 1}));
    let door = Door::new(limited_config(limits.0, limits.1, limits.2));
    let full = |whose: &str, count: u64| {
        format!("Rate limit reached for {whose}: {count} requests at one time (`concurrent`). Try again in 1 second.")
    };
    let (one, two) = (door.ask(0, None, 0).unwrap(), door.ask(0, Some("u"), 0).unwrap());
    let error = door.enter(0, None, 0, 0, NOW).unwrap_err();
    assert_eq!((error.message, error.retry_after, error.kind), (full("key `alice`", 2), Some(NO_PLACE), "requests"));
    assert_eq!(door.ask(1, Some("u"), 0).unwrap_err(), full("user `u` of group `team`", 1));
    let three = door.ask(1, Some("v"), 0).unwrap();
    assert_eq!(door.ask(1, None, 0).unwrap_err(), full("group `team`", 3));
    drop(one);
    two.settle(None, NOW);
    three.undo(NOW);
    let left = |entered: Entered| entered.headers(Client::OpenAi, NOW)[1].1.clone();
    assert_eq!(left(door.ask(0, Some("u"), 0).unwrap()), "97", "two have been counted, no refusal and nothing undone");
    assert!(door.workers.iter().all(|worker| !worker.holds_places()));
}

#[test]
fn tokens_are_corrected_when_the_request_is_over() {
    let door = Door::new(limited_config(json!({"tokens_per_minute": 100}), json!({}), json!({})));
    let remaining = |tokens| {
        let entered = door.enter(0, None, 0, tokens, NOW).unwrap();
        (entered.headers(Client::OpenAi, NOW).remove(1), entered)
    };
    let (header, entered) = remaining(50);
    assert_eq!(header, ("x-ratelimit-remaining-tokens", "50".to_owned()));
    entered.settle(Some(20), NOW);
    let (header, entered) = remaining(30);
    assert_eq!(header.1, "50");
    entered.settle(None, NOW);
    let (header, entered) = remaining(0);
    assert_eq!(header.1, "50", "nobody knows: what was thought stays");
    entered.settle(Some(60), NOW);
    let error = door.enter(0, None, 0, 0, NOW).unwrap_err();
    assert_eq!((error.status, error.kind, error.code.as_deref()), (429, "tokens", Some("rate_limit_exceeded")));
    let expected = "Rate limit reached for key `alice`: 100 tokens in any 60 seconds (`tokens_per_minute`). Try again in 60.0 seconds.";
    assert_eq!(error.message, expected);
}

#[test]
fn headers_tell_the_tightest_limit_and_refusals_the_full_one() {
    let limits = (json!({"requests_per_minute": 3, "tokens_per_minute": 1000}), json!({"requests_per_minute": 10}));
    let door = Door::new(limited_config(limits.0, limits.1, json!({})));
    let entered = door.enter(0, None, 0, 12, NOW).unwrap();
    let headers = entered.headers(Client::OpenAi, NOW + SECOND / 2);
    let text = |headers: &[(&str, String)]| {
        let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        lines.join("\n")
    };
    let requests = "x-ratelimit-limit-requests: 3\nx-ratelimit-remaining-requests: 2\nx-ratelimit-reset-requests: 1m0s";
    let tokens = "x-ratelimit-limit-tokens: 1000\nx-ratelimit-remaining-tokens: 988\nx-ratelimit-reset-tokens: 1m0s";
    assert_eq!(text(&headers), format!("{requests}\n{tokens}"));
    let anthropic = entered.headers(Client::Anthropic, NOW);
    assert_eq!(anthropic.len(), 12);
    assert!(anthropic.contains(&("anthropic-ratelimit-requests-reset", "2023-11-14T22:14:20.000Z".to_owned())));
    assert!(headers.iter().chain(&anthropic).all(|(name, _)| is_providers_limit(name.as_bytes())));
    for _ in 0..2 {
        door.enter(0, None, 0, 0, NOW).unwrap();
    }
    let error = door.enter(0, None, 0, 0, NOW + 48 * SECOND).unwrap_err();
    let told = "x-tollgate-error: policy_limit\nretry-after: 13\nretry-after-ms: 12001\nx-ratelimit-limit-requests: 3\n\
                x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: 12s";
    assert_eq!(text(&error.headers()), told);
}

#[test]
fn lengths_are_written_as_openai_writes_them() {
    for (millis, expected) in [(0, "0ms"), (20, "20ms"), (999, "999ms"), (1_000, "1s"), (1_001, "2s"), (59_999, "1m0s")]
    {
        assert_eq!(duration(Duration::from_millis(millis)), expected);
    }
    assert_eq!(duration(Duration::from_secs(372)), "6m12s");
}

#[test]
fn users_have_a_fixed_number_of_cells() {
    let config = limited_config(json!({}), json!({}), json!({"requests_per_minute": 1, "concurrent": 1}));
    let (model, access) = (&config.models[0], &config.access);
    let caller = Caller { id: "bob".to_owned(), key: Some(1), group: access.keys[1].group };
    let cells: HashSet<String> = (0..20_000)
        .map(|i| {
            let user = format!("user-{i}");
            let (client, user) = (Client::OpenAi, Some(user.as_str()));
            let entering = Entering { config: &config, client, caller: &caller, user, model, tokens: 0, now: NOW };
            holders(&entering).remove(0).name
        })
        .collect();
    assert_eq!(cells.len(), 1024);
    assert!(cells.iter().all(|cell| cell.starts_with("user/")));
}
