use super::*;
use crate::access::Caller;
use crate::cells::Memory;
use crate::testing::{chat_ask, config, plan_of};
use serde_json::{Value, json};

fn caller(id: &str, group: usize) -> Caller {
    Caller { id: id.to_owned(), key: None, group: Some(group) }
}

#[test]
fn credits_are_those_of_the_tightest_budget_of_money() {
    let config =
        config(json!({"groups": [{"name": "all", "models": ["*"]}, {"name": "eu", "models": ["*"]}], "budgets": [
            {"id": "month", "usd": "10", "per": "month"},
            {"id": "group", "match": {"group": "eu"}, "usd": "2", "per": "day"},
            {"id": "keys", "each": "key", "usd": "5.5", "per": "total"},
            {"id": "tokens", "tokens": 1, "per": "day"},
            {"id": "users", "each": "user", "usd": "1", "per": "day"},
            {"id": "tag", "match": {"tag": "batch"}, "usd": "1", "per": "day"},
            {"id": "provider", "match": {"provider": "alpha"}, "usd": "1", "per": "day"},
        ]}));
    let memory = Memory::default();
    let ask = |id: &str, group| {
        let caller = caller(id, group);
        let mut purse = Purse::of_account(&config, &caller);
        purse.look(&memory, 0);
        serde_json::from_slice::<Value>(&credits(&purse, 0)).unwrap()
    };
    let keys = |spent: (&str, &str)| {
        let budget = json!({"id": "keys", "limit": "5.5", "held": "0", "per": "total", "resets_at": null});
        json!({"balance": spent.0, "total_used": spent.1, "budget": budget})
    };
    assert_eq!(ask("a", 0), keys(("5.5", "0")));
    assert_eq!(ask("a", 1)["budget"]["id"], "group");
    let mut purse = crate::exchange::Purse::of_account(&config, &caller("a", 0));
    let target = plan_of(&config, &chat_ask(r#"{"model":"acme/chat","messages":[]}"#)).unwrap().targets.remove(0);
    purse.charge(&memory, Some(&target), Some(1_250_000_000_000), 0, 0);
    assert_eq!(ask("a", 0), keys(("4.25", "1.25")));
    assert_eq!(ask("b", 0), keys(("5.5", "0")));
    purse.charge(&memory, Some(&target), Some(7_000_000_000_000), 0, 0);
    assert_eq!(ask("a", 0), keys(("0", "8.25")));
    let month =
        json!({"id": "month", "limit": "10", "held": "0", "per": "month", "resets_at": "1970-02-01T00:00:00.000Z"});
    assert_eq!(ask("b", 0), json!({"balance": "1.75", "total_used": "8.25", "budget": month}));
}
