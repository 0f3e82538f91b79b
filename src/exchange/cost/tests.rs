use super::*;
use crate::config::{AuthStyle, Secret};
use crate::dialect::passing::Learnt;
use crate::exchange::Report;
use crate::meter::Billed;
use crate::metric::{Kind, samples};
use crate::route::Lent;
use crate::testing::{chat_ask, config, exchange};
use serde_json::{Value, json};

fn priced() -> Rc<Config> {
    let target = |model: &str| json!([{"provider": "beta", "model": model}]);
    config(json!({"models": [
        {"name": "acme/solo", "targets": target("solo-b"), "price": {"input": "3", "cached_input": "0.3", "output": "15"}},
        {"name": "acme/aid", "targets": target("aid-b"), "price": {"input": 10, "output": 50}},
        {"name": "acme/elsewhere", "targets": [{"provider": "alpha", "model": "aid-a"}], "price": {"input": 1, "output": 1}},
        {"name": "acme/unpriced", "targets": target("unpriced-b")},
    ]}))
}

fn usage(input: u64, output: u64) -> Usage {
    Usage { input: Some(input), output: Some(output), ..Usage::default() }
}

/// An exchange whose first target has answered with this usage.
fn answered(model: &str, usage: Usage, is_byok: bool) -> Exchange {
    let body = format!(r#"{{"model":"{model}","providerOptions":{{}}}}"#);
    let mut exchange = exchange(&priced(), chat_ask(&body));
    if is_byok {
        exchange.plan.targets[0].lent = Some(Lent { secret: Secret::new("sk"), style: AuthStyle::Bearer });
    }
    let begun = exchange.begin(b"beta", 0).unwrap().index;
    exchange.serve(begun, 200, 1);
    exchange.learn(begun, &Learnt { usage, ..Learnt::default() });
    exchange.finish(begun, None);
    exchange
}

/// `[header, metadata's cost, marketCost and costSource, log, cost metric, unknown metric]` of one report.
fn told(exchange: &Exchange) -> Value {
    let headers = exchange.headers();
    let header = headers.iter().find(|(name, _)| *name == "x-tollgate-cost").map(|(_, value)| value.clone());
    let report = exchange.report(5, Some(200), None);
    let words = exchange.metadata(0, &report.usage, 5).unwrap().value();
    let line: Value = serde_json::from_slice(&report.line(&exchange.config)).unwrap();
    let sample = |name: &str| {
        let all = samples(&report, &exchange.config);
        let of_family = |sample: &&crate::metric::Sample| sample.series.family().name() == name;
        all.iter().filter(|sample| sample.series.family().kind() == Kind::Counter).find(of_family).map(|s| s.value)
    };
    json!([
        header,
        words["cost"],
        words["marketCost"],
        words["costSource"],
        line["cost_usd"],
        sample("tollgate_cost_nanousd_total"),
        sample("tollgate_cost_unknown_total"),
    ])
}

#[test]
fn every_view_tells_the_same_cost() {
    let cached = Usage { cache_read: Some(900), ..usage(1000, 10) };
    let reported = Usage { cost: Some(1_250_001), ..usage(1000, 10) };
    let none = Value::Null;
    // 100 * 3 USD + 900 * 0.3 USD + 10 * 15 USD per million.
    for (model, usage, is_byok, expected) in [
        (
            "acme/solo",
            cached.clone(),
            false,
            json!(["0.00072", "0.00072", none, "computed", 0.00072, 720_000_000, none]),
        ),
        ("acme/solo", cached, true, json!(["0", "0", "0.00072", "computed", 0, none, none])),
        (
            "acme/solo",
            reported.clone(),
            false,
            json!(["0.000001250001", "0.000001250001", none, "reported", 0.000001250001, 1_250_001, none]),
        ),
        (
            "acme/unpriced",
            reported,
            false,
            json!(["0.000001250001", "0.000001250001", none, "reported", 0.000001250001, 1_250_001, none]),
        ),
        ("acme/unpriced", self::usage(1, 1), false, json!([none, none, none, none, none, none, 1])),
        ("acme/unpriced", self::usage(1, 1), true, json!(["0", "0", none, none, 0, none, none])),
        // Nothing reported: three tokens of input by estimate, known when the head has gone.
        ("acme/solo", Usage::default(), false, json!([none, "0.000009", none, "computed", 0.000009, 9_000_000, none])),
        ("acme/solo", self::usage(0, 0), false, json!(["0", "0", none, "computed", 0, none, none])),
    ] {
        let exchange = answered(model, usage, is_byok);
        assert_eq!(told(&exchange), expected, "{model} {is_byok}");
    }
}

#[test]
fn other_models_of_the_same_provider_are_charged_by_their_own_prices() {
    let billed = |model: Option<&str>| Billed { model: model.map(str::to_owned), usage: usage(1, 1) };
    let pico = |model| {
        let usage = Usage { billed: vec![billed(None), billed(Some(model))], ..usage(1, 1) };
        let report: Report = answered("acme/solo", usage, false).report(5, Some(200), None);
        report.charge.spent()
    };
    assert_eq!(pico("solo-b"), Some(18_000_000 + 18_000_000));
    assert_eq!(pico("aid-b"), Some(18_000_000 + 60_000_000));
    assert_eq!((pico("aid-a"), pico("unpriced-b"), pico("unheard")), (None, None, None));
}

#[test]
fn a_stream_and_an_unfinished_answer_have_no_header() {
    let cost = |exchange: &Exchange| exchange.headers().iter().any(|(name, _)| *name == "x-tollgate-cost");
    let done = answered("acme/solo", usage(1, 1), false);
    assert!(cost(&done));
    let stream = Exchange { ask: chat_ask(r#"{"model":"acme/solo","stream":true}"#), ..done };
    assert!(!cost(&stream));
    let exchange = exchange(&priced(), chat_ask(r#"{"model":"acme/solo"}"#));
    let begun = exchange.begin(b"beta", 0).unwrap().index;
    exchange.serve(begun, 200, 1);
    exchange.learn(begun, &Learnt { usage: usage(1, 1), ..Learnt::default() });
    assert!(!cost(&exchange));
    assert_eq!(exchange.report(5, Some(200), None).charge.spent(), Some(18_000_000), "what was counted is charged");
}

#[test]
fn who_was_never_answered_pays_nothing() {
    let config = config(json!({"models": [
        {"name": "acme/solo", "targets": [{"provider": "beta"}], "price": {"request": 1}},
    ]}));
    let exchange = exchange(&config, chat_ask(r#"{"model":"acme/solo"}"#));
    assert_eq!(exchange.report(5, None, None).charge, Charge::default());
    let begun = exchange.begin(b"beta", 0).unwrap().index;
    assert_eq!(exchange.report(5, None, None).charge, Charge::default());
    exchange.serve(begun, 200, 1);
    assert_eq!(exchange.report(5, None, None).charge.spent(), Some(1_000_000_000_000));
}

#[test]
fn what_the_cache_saved_is_known_too() {
    let exchange = answered("acme/solo", Usage { cache_read: Some(900), ..usage(1000, 10) }, false);
    let report = exchange.report(5, Some(200), None);
    assert_eq!(report.uncached, Some(1000 * 3_000_000 + 10 * 15_000_000));
}

#[test]
fn other_models_have_the_catalogs_price_where_the_document_has_none() {
    let config = config(json!({
        "providers": [{"name": "beta", "preset": "anthropic", "credentials": [{"value": "key"}]}],
        "models": [{"name": "acme/solo", "targets": [{"provider": "beta", "model": "solo-b"}]}],
    }));
    let exchange = exchange(&config, chat_ask(r#"{"model":"acme/solo"}"#));
    let input = |name| price_at(&config, &exchange.plan.targets[0], name).and_then(|price| price.rates.input);
    assert_eq!((input("claude-haiku-4-5"), input("gpt-5")), (Some(1_000_000), None), "what Anthropic serves");
}
