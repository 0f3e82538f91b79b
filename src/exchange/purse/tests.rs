use super::*;
use crate::cells::Memory;
use crate::meter::Window;
use crate::testing::{chat_ask, config, plan_of};
use serde_json::{Value, json};
use std::rc::Rc;

/// 22 November 2026, 22:00 UTC.
const NOW: u64 = 1_795_384_800_000_000_000;
const USD: u64 = 1_000_000_000_000;

/// `acme/chat` is at alpha, beta and gamma, `acme/solo` at beta alone; `acme/free` has no price and is at gamma.
fn world(budgets: Value) -> Rc<Config> {
    let target = |provider: &str| json!({"provider": provider, "model": format!("m-{provider}")});
    let price = json!({"input": 1, "output": 2});
    let model = |name: &str, providers: &[&str], more: Value| {
        let targets: Vec<Value> = providers.iter().map(|one| target(one)).collect();
        let mut model = json!({"name": name, "targets": targets});
        model.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        model
    };
    config(json!({
        "models": [
            model("acme/chat", &["alpha", "beta", "gamma"], json!({"price": price})),
            model("acme/solo", &["beta"], json!({"price": price})),
            model("acme/free", &["gamma"], json!({})),
            model("acme/back", &["beta"], json!({"price": price, "fallbacks": ["acme/chat"]})),
        ],
        "groups": [
            {"name": "all", "models": ["*"]},
            {"name": "few", "models": ["acme/chat"]},
        ],
        "keys": [
            {"id": "a", "group": "all", "secret": {"value": "secret-a"}},
            {"id": "b", "group": "all", "secret": {"value": "secret-b"}},
            {"id": "c", "group": "few", "secret": {"value": "secret-c"}},
        ],
        "budgets": budgets,
    }))
}

/// Key 0 is `a`, 1 `b`, 2 `c` of the group that may use `acme/chat` alone; any other is nobody.
fn caller_of(config: &Config, key: usize) -> Caller {
    let found = config.access.keys.get(key);
    let id = found.map_or("anonymous", |key| &key.id).to_owned();
    Caller { id, key: found.map(|_| key), group: found.and_then(|key| key.group) }
}

fn ask(model: &str, gateway: Value) -> Ask {
    chat_ask(&json!({"model": model, "messages": [], "providerOptions": {"gateway": gateway}}).to_string())
}

/// A request of one key, and the memory that all requests share.
struct Request<'a> {
    config: &'a Config,
    memory: &'a Memory,
    key: usize,
    gateway: Value,
}

impl<'a> Request<'a> {
    fn new(config: &'a Config, memory: &'a Memory, key: usize) -> Request<'a> {
        Request { config, memory, key, gateway: json!({}) }
    }

    /// What becomes of it: the providers of its plan, another model and its providers, or the refusal.
    fn run(&self, model: &str) -> (Purse, String, Plan) {
        let caller = caller_of(self.config, self.key);
        let ask = ask(model, self.gateway.clone());
        let mut plan = plan_of(self.config, &ask).unwrap();
        let mut purse = Purse::of(self.config, &caller, &ask);
        purse.look(self.memory, NOW);
        let mut used = String::new();
        loop {
            match purse.decide(&mut plan, NOW) {
                Decision::Go => break,
                Decision::Refuse(error) => return (purse, error.message, plan),
                Decision::Use(model) => {
                    used = format!("{model}: ");
                    plan = plan_of(self.config, &self::ask(&model, json!({}))).unwrap();
                }
            }
        }
        let mut names: Vec<_> = plan.targets.iter().map(|target| target.provider.name.as_str()).collect();
        names.sort_unstable();
        let told = used + &names.join(" ");
        (purse, told, plan)
    }

    fn told(&self, model: &str) -> String {
        self.run(model).1
    }

    /// One whose first target has answered, at this price.
    fn spend(&self, model: &str, pico: u64, tokens: u64) -> Purse {
        let (mut purse, _, plan) = self.run(model);
        purse.charge(self.memory, plan.targets.first(), Some(pico), tokens, NOW);
        purse
    }
}

fn spent(purse: &Purse) -> Vec<u64> {
    purse.counters().map(|(_, standing)| standing.spent).collect()
}

#[test]
fn a_request_counts_on_every_budget_that_it_matches() {
    let config = world(json!([
        {"id": "every", "usd": 100, "per": "day"},
        {"id": "key", "match": {"key": "a"}, "usd": 100, "per": "day"},
        {"id": "group", "match": {"group": "few"}, "usd": 100, "per": "day"},
        {"id": "tag", "match": {"tag": "batch"}, "tokens": 100, "per": "day"},
        {"id": "user", "match": {"user": "u"}, "tokens": 100, "per": "day"},
        {"id": "both", "match": {"user": "u", "tag": "batch"}, "tokens": 100, "per": "day"},
        {"id": "beta", "match": {"provider": "beta"}, "usd": 100, "per": "day"},
        {"id": "solo", "match": {"model": "acme/solo"}, "usd": 100, "per": "day"},
    ]));
    let ids = |key, gateway| {
        let purse = Purse::of(&config, &caller_of(&config, key), &ask("acme/chat", gateway));
        purse.shares().iter().map(|share| share.budget.id.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ids(0, json!({})), "every key beta solo");
    assert_eq!(ids(2, json!({})), "every group beta solo");
    assert_eq!(ids(9, json!({"user": "u", "tags": ["x", "batch"]})), "every tag user both beta solo");
    assert_eq!(ids(9, json!({"user": "U", "tags": ["batc"]})), "every beta solo");
}

#[test]
fn only_what_served_counts_on_budgets_of_providers_and_models() {
    let config = world(json!([
        {"id": "beta", "match": {"provider": "beta"}, "usd": 100, "per": "day"},
        {"id": "solo", "match": {"model": "acme/solo"}, "tokens": 100, "per": "day"},
        {"id": "other", "match": {"provider": "beta", "model": "acme/chat"}, "usd": 100, "per": "day"},
    ]));
    let memory = Memory::default();
    let request = Request::new(&config, &memory, 0);
    assert_eq!(spent(&request.spend("acme/solo", 7, 11)), [7, 11, 0]);
    let (mut purse, _, plan) = request.run("acme/chat");
    let at = |name: &str| plan.targets.iter().find(|target| target.provider.name == name);
    purse.charge(&memory, at("alpha"), Some(5), 5, NOW);
    assert_eq!(spent(&purse), [7, 11, 0]);
    purse.charge(&memory, at("beta"), Some(5), 5, NOW);
    assert_eq!(spent(&purse), [12, 11, 5]);
}

#[test]
fn each_has_a_counter_of_its_own_and_those_without_a_name_share_one() {
    let config = world(json!([
        {"id": "keys", "each": "key", "usd": 100, "per": "day"},
        {"id": "groups", "each": "group", "usd": 100, "per": "day"},
        {"id": "users", "each": "user", "usd": 100, "per": "day"},
    ]));
    let memory = Memory::default();
    let by = |key, user: Option<&str>| {
        let gateway = user.map_or(json!({}), |user| json!({"user": user}));
        spent(&Request { gateway, ..Request::new(&config, &memory, key) }.spend("acme/chat", 1, 0))
    };
    assert_eq!(by(0, Some("u")), [1, 1, 1]);
    assert_eq!(by(1, Some("u")), [1, 2, 2]);
    assert_eq!(by(2, Some("v")), [1, 1, 1]);
    assert_eq!(by(2, None), [2, 2, 1]);
    assert_eq!(by(9, None), [1, 1, 2]);
    // Somebody whom another filter vouched for is not the key of that name.
    let identity = Caller { id: "a".to_owned(), key: None, group: None };
    let purse = Purse::of(&config, &identity, &ask("acme/chat", json!({})));
    assert_eq!(purse.shares()[0].of.as_deref(), Some("identity/a"));
}

#[test]
fn a_spent_budget_refuses_and_says_which() {
    let config = world(json!([
        {"id": "wide", "usd": 100, "per": "total"},
        {"id": "tight", "usd": "1.5", "per": "month"},
        {"id": "tokens", "tokens": 10, "per": "hour"},
    ]));
    let memory = Memory::default();
    let request = Request::new(&config, &memory, 0);
    assert_eq!(request.spend("acme/chat", USD + USD / 2, 4).left(), Some(0));
    let (mut purse, message, mut plan) = request.run("acme/chat");
    let told = "The budget `tight` is spent: 1.5 of 1.5 USD a month. It begins anew at 2026-12-01T00:00:00.000Z.";
    assert_eq!(message, told);
    let Decision::Refuse(error) = purse.decide(&mut plan, NOW) else { panic!("nothing is left") };
    assert_eq!(
        (error.status, error.kind, error.code.as_deref()),
        (402, "quota_for_entity_exceeded", Some("insufficient_quota"))
    );
    let headers = error.headers();
    for header in [
        ("x-tollgate-error", "policy_budget"),
        ("x-should-retry", "false"),
        ("x-tollgate-budget-reset", "2026-12-01T00:00:00.000Z"),
    ] {
        assert!(headers.contains(&(header.0, header.1.to_owned())), "{headers:?}");
    }
    // What costs us nothing known is served all the same, until its tokens are spent, too.
    assert_eq!(request.told("acme/free"), "gamma");
    request.spend("acme/free", 0, 6);
    let told = "The budget `tokens` is spent: 10 of 10 tokens an hour. It begins anew at 2026-11-22T23:00:00.000Z.";
    assert_eq!(request.told("acme/free"), told);
}

#[test]
fn the_refusal_names_the_budget_that_refuses() {
    let config = world(json!([
        {"id": "elsewhere", "match": {"model": "acme/solo"}, "tokens": 1, "per": "day"},
        {"id": "helped", "match": {"key": "a"}, "tokens": 1, "per": "day", "on_exceed": {"use": "acme/solo"}},
        {"id": "helpless", "match": {"group": "all"}, "tokens": 1, "per": "day"},
    ]));
    let memory = Memory::default();
    let request = Request::new(&config, &memory, 0);
    request.spend("acme/chat", 0, 5);
    assert!(request.told("acme/chat").starts_with("The budget `helpless` is spent: 5 of 1 tokens a day."));
}

#[test]
fn a_providers_or_models_budget_takes_its_targets_out() {
    let config = world(json!([
        {"id": "alpha", "match": {"provider": "alpha"}, "tokens": 1, "per": "day"},
        {"id": "beta", "match": {"provider": "beta"}, "tokens": 1, "per": "day"},
        {"id": "chat", "match": {"model": "acme/chat"}, "tokens": 100, "per": "day"},
    ]));
    let memory = Memory::default();
    let request = Request::new(&config, &memory, 0);
    assert_eq!(request.told("acme/chat"), "alpha beta gamma");
    request.spend("acme/solo", 0, 1);
    assert_eq!(request.told("acme/chat"), "alpha gamma");
    // The first of these is over, too, but has nothing to do with it.
    Ledger(&memory).charge(&request.run("acme/chat").0.shares()[0], 1, None, NOW);
    assert_eq!(request.told("acme/chat"), "gamma");
    assert!(request.told("acme/solo").starts_with("The budget `beta` is spent"));
    assert_eq!(request.spend("acme/chat", 0, 100).left(), None);
    assert!(request.told("acme/chat").starts_with("The budget `alpha` is spent"));
}

#[test]
fn a_cheaper_model_serves_once_nothing_is_left() {
    let config = world(json!([
        {"id": "soft", "each": "key", "tokens": 10, "per": "day", "on_exceed": {"use": "acme/solo"}},
        {"id": "hard", "each": "key", "tokens": 20, "per": "day"},
    ]));
    let memory = Memory::default();
    let request = Request::new(&config, &memory, 0);
    assert_eq!(request.spend("acme/chat", 0, 10).headers(NOW), []);
    let (purse, told, _) = request.run("acme/chat");
    assert_eq!(told, "acme/solo: beta");
    assert_eq!(purse.headers(NOW), [("x-tollgate-downgraded", "soft: acme/chat -> acme/solo".to_owned())]);
    // Who asks for it gets it as it is.
    let (purse, told, _) = request.run("acme/solo");
    assert_eq!((told.as_str(), purse.headers(NOW)), ("beta", Vec::new()));
    // Its fallback is the dear one.
    assert_eq!(request.told("acme/back"), "acme/solo: beta");
    assert_eq!(spent(&request.spend("acme/chat", 0, 10)), [20, 20]);
    assert!(request.told("acme/chat").starts_with("The budget `hard` is spent"));
    // A key that may not use the cheaper model is refused.
    let few = Request::new(&config, &memory, 2);
    few.spend("acme/chat", 0, 10);
    assert!(few.told("acme/chat").starts_with("The budget `soft` is spent"));
}

#[test]
fn several_budgets_may_each_ask_for_another_model() {
    let config = world(json!([
        {"id": "one", "tokens": 10, "per": "day", "on_exceed": {"use": "acme/solo"}},
        {"id": "two", "tokens": 5, "per": "day", "on_exceed": {"use": "acme/free"}},
        {"id": "same", "tokens": 5, "per": "day", "on_exceed": {"use": "acme/free"}},
    ]));
    let memory = Memory::default();
    let request = Request::new(&config, &memory, 0);
    request.spend("acme/chat", 0, 10);
    let (purse, told, _) = request.run("acme/chat");
    assert_eq!(told, "acme/free: gamma");
    assert_eq!(purse.headers(NOW), [("x-tollgate-downgraded", "one: acme/chat -> acme/free".to_owned())]);
}

#[test]
fn a_credential_of_the_callers_own_is_neither_counted_nor_refused() {
    let budgets = json!([{"id": "all", "tokens": 1, "per": "day"}]);
    let config = world(budgets);
    let memory = Memory::default();
    let request = Request::new(&config, &memory, 0);
    let (mut purse, _, mut plan) = request.run("acme/chat");
    let name = plan.targets[0].provider.name.clone();
    plan.targets[0].lent = lent();
    purse.charge(&memory, plan.targets.first(), Some(5), 5, NOW);
    assert_eq!(spent(&purse), [0]);
    request.spend("acme/chat", 0, 1);
    purse.look(&memory, NOW);
    assert!(matches!(purse.decide(&mut plan, NOW), Decision::Go));
    let left: Vec<_> = plan.targets.iter().map(|target| target.provider.name.clone()).collect();
    assert_eq!(left, [name]);
}

fn lent() -> Option<crate::route::byok::Lent> {
    let secret = crate::config::Secret::new("own");
    Some(crate::route::byok::Lent { secret, style: crate::config::AuthStyle::Bearer })
}

#[test]
fn what_a_request_may_take_is_held_until_it_ends() {
    let config = world(json!([
        {"id": "wide", "tokens": 100, "per": "day", "reserve": true},
        {"id": "tight", "tokens": 25, "per": "day", "reserve": true},
        {"id": "beta", "match": {"provider": "beta"}, "tokens": 1, "per": "day", "reserve": true},
    ]));
    let memory = Memory::default();
    let request = Request::new(&config, &memory, 0);
    let most = |_: &Target| Most { pico: None, tokens: 10 };
    let begin = |id| {
        let (mut purse, _, mut plan) = request.run("acme/chat");
        let mut held = purse.hold(&memory, &plan, &most, id, NOW);
        // There is no room at beta: the rest of the plan serves.
        if !held && matches!(purse.decide(&mut plan, NOW), Decision::Go) {
            held = purse.hold(&memory, &plan, &most, id, NOW);
        }
        (purse, plan, held)
    };
    let (mut first, plan, held) = begin(1);
    assert!(held);
    assert_eq!(plan.targets.len(), 2);
    let (mut second, _, held) = begin(2);
    assert!(held);
    let (third, mut plan, held) = begin(3);
    assert!(!held);
    let held = |purse: &Purse| purse.counters().map(|(_, standing)| standing.held).collect::<Vec<_>>();
    assert_eq!(held(&request.run("acme/chat").0), [20, 20, 0], "what was held of one is given back without the other");
    let mut third = third;
    let Decision::Refuse(error) = third.decide(&mut plan, NOW) else { panic!("there is no room") };
    let told = "This request may take 10 tokens, more than the budget `tight` has left: 0 of 25 tokens a day, \
                20 tokens held for requests under way. It begins anew at 2026-11-23T00:00:00.000Z.";
    assert_eq!(error.message, told);
    first.charge(&memory, plan.targets.first(), None, 8, NOW);
    second.charge(&memory, None, None, 0, NOW);
    second.charge(&memory, None, None, 0, NOW);
    let purse = request.run("acme/chat").0;
    assert_eq!((spent(&purse), held(&purse)), (vec![8, 8, 0], vec![0, 0, 0]));
}

#[test]
fn warnings_say_how_much_is_spent_of_what() {
    let config = world(json!([
        {"id": "month", "usd": 10, "per": "month", "warn_at": "80%"},
        {"id": "ever", "tokens": 10, "per": "total", "warn_at": "100%"},
        {"id": "other", "match": {"model": "acme/solo"}, "usd": 0, "per": "total", "warn_at": "1%"},
    ]));
    let memory = Memory::default();
    let request = Request::new(&config, &memory, 0);
    request.spend("acme/chat", 8 * USD - 1, 9);
    assert_eq!(request.run("acme/chat").0.headers(NOW), []);
    request.spend("acme/chat", 1, 0);
    let told = "month: 8 of 10 USD, until 2026-12-01T00:00:00.000Z";
    assert_eq!(request.run("acme/chat").0.headers(NOW), [("x-tollgate-budget-warning", told.to_owned())]);
    assert_eq!(request.run("acme/chat").0.left(), Some(2 * USD));
    assert_eq!(Window::Total.bounds(NOW).1, None);
}

#[test]
fn what_nobody_says_of_counters_is_told_nowhere_and_charged_all_the_same() {
    let config = world(json!([{"id": "month", "usd": 10, "per": "month", "warn_at": "1%"}]));
    let ask = ask("acme/chat", json!({}));
    let mut plan = plan_of(&config, &ask).unwrap();
    let mut purse = Purse::of(&config, &caller_of(&config, 0), &ask);
    purse.untold();
    assert!(matches!(purse.decide(&mut plan, NOW), Decision::Go));
    let amounts = purse.amounts(plan.targets.first(), Some(USD), 7);
    purse.spent(&amounts);
    assert_eq!(amounts, [USD]);
    assert_eq!((purse.left(), spent(&purse), purse.headers(NOW)), (None, vec![], vec![]));
}
