use super::*;
use crate::config::Listed;
use crate::error::{Class, Error};
use crate::exchange::Exchange;
use crate::meter::Usage;
use crate::testing::{chat_ask, config, exchange, failure};
use serde_json::{Value, json};

/// The samples of a report as `family{labels} value`, without histograms of time.
fn lines(report: &Report, config: &Config) -> Vec<String> {
    let mut lines: Vec<String> = samples(report, config)
        .iter()
        .filter(|sample| sample.series.family().kind() == Kind::Counter)
        .map(|sample| {
            format!("{} {}", sample.series.host_name(config).replace(";.;", " ").replace("=.=", "="), sample.value)
        })
        .collect();
    lines.sort();
    lines
}

fn served(exchange: &Exchange, index: usize, usage: Usage) -> Report {
    exchange.serve(index, 200, 1_000_000);
    let learnt = crate::dialect::passing::Learnt { usage, ..Default::default() };
    exchange.learn(index, &learnt);
    exchange.finish(index, None);
    exchange.report(5_000_000, Some(200), None)
}

#[test]
fn a_fallback_that_served() {
    let config = config(json!({}));
    let exchange = exchange(&config, chat_ask(r#"{"model":"chat"}"#));
    let first = exchange.begin(b"alpha", 0).unwrap().index;
    exchange.fail(first, failure(Class::Overloaded, 503, None), 0);
    let second = exchange.begin(b"beta", 0).unwrap().index;
    let usage = Usage { input: Some(10), cache_read: Some(4), output: Some(5), reasoning: Some(0), ..Usage::default() };
    assert_eq!(
        lines(&served(&exchange, second, usage), &config),
        [
            "tollgate_attempts_total model=acme/chat provider=alpha error_type=provider_overloaded 1",
            "tollgate_attempts_total model=acme/chat provider=beta error_type=none 1",
            "tollgate_cost_unknown_total model=acme/chat provider=beta 1",
            "tollgate_fallbacks_total model=acme/chat from_provider=alpha to_provider=beta 1",
            "tollgate_requests_total model=acme/chat provider=beta operation=chat_completions outcome=ok 1",
            "tollgate_token_details_total model=acme/chat provider=beta type=cache_read 4",
            "tollgate_token_details_total model=acme/chat provider=beta type=reasoning 0",
            "tollgate_tokens_total model=acme/chat provider=beta type=input 10",
            "tollgate_tokens_total model=acme/chat provider=beta type=output 5",
        ]
    );
}

#[test]
fn the_same_provider_twice_is_no_fallback() {
    let config = config(json!({}));
    let exchange = exchange(&config, chat_ask(r#"{"model":"acme/solo"}"#));
    let first = exchange.begin(b"beta", 0).unwrap().index;
    exchange.fail(first, failure(Class::ProviderFault, 500, None), 0);
    let second = exchange.begin(b"beta", 0).unwrap().index;
    let found = lines(&served(&exchange, second, Usage::default()), &config);
    assert!(!found.iter().any(|line| line.starts_with("tollgate_fallbacks")), "{found:?}");
    assert!(found.contains(&"tollgate_usage_missing_total model=acme/solo provider=beta 1".to_owned()));
}

#[test]
fn reasoning_that_got_lost_is_counted_where_it_did() {
    let config = config(json!({}));
    for (dropped, class, expected) in
        [(&["seed"][..], None, 0), (&["seed", "reasoning"], None, 1), (&[], Some(Class::SealRejected), 1)]
    {
        let exchange = exchange(&config, chat_ask(r#"{"model":"acme/solo"}"#));
        let mut index = exchange.begin(b"beta", 0).unwrap().index;
        if let Some(class) = class {
            exchange.fail(index, failure(class, 400, None), 0);
            index = exchange.begin(b"beta", 0).unwrap().index;
        }
        let dropped: Vec<std::borrow::Cow<'static, str>> = dropped.iter().map(|field| (*field).into()).collect();
        exchange.drop_fields(index, &dropped);
        let found = lines(&served(&exchange, index, Usage::default()), &config);
        let counted = found.iter().filter(|line| **line == "tollgate_reasoning_dropped_total 1").count();
        assert_eq!(counted, expected, "{dropped:?} {class:?}");
    }
}

#[test]
fn a_refusal_counts_once_and_names_nobody() {
    let config = config(json!({}));
    let refused = Report::refused(0, "gen_1".to_owned(), 0, Some(&Error::unknown_model("x".to_owned())));
    assert_eq!(
        lines(&refused, &config),
        [
            "tollgate_refusals_total reason=policy_model 1",
            "tollgate_requests_total model=other provider=other operation=other outcome=refused 1",
        ]
    );
}

#[test]
fn a_model_without_a_name_in_the_configuration_is_other() {
    let any = json!({"providers": [{"name": "any", "preset": "openai-compatible", "base_url": "http://a.test",
        "credentials": "none", "models": {"*": "*"}}], "models": []});
    let config = config(any);
    let exchange = exchange(&config, chat_ask(r#"{"model":"random-4711"}"#));
    let index = exchange.begin(b"any", 0).unwrap().index;
    let found = lines(&served(&exchange, index, Usage::default()), &config);
    assert!(found.iter().all(|line| line.contains("model=other") && !line.contains("4711")), "{found:?}");
}

/// Labels that the operator asked for: only listed values, everything else is `other`.
#[test]
fn wished_labels() {
    let keyed = |labels: Value| {
        config(json!({
            "keys": [{"id": "alice", "group": "eng", "secret": {"env": "ALICE"}}],
            "groups": [{"name": "eng", "models": ["*"]}],
            "metrics": labels,
        }))
    };
    let request_line =
        |config: &Config, report: &Report| lines(report, config).into_iter().find(|l| l.contains("requests_total"));
    let all = keyed(json!({"labels": ["group", "key", "tag", "user"], "tags": ["batch"], "users": ["u1"]}));
    let mut report = Report::refused(0, String::new(), 0, None);
    for (caller, tags, user, expected) in [
        (Some((Some(0), Some(0), "alice")), vec!["x", "batch"], Some("u1"), "group=eng key=alice tag=batch user=u1"),
        (Some((Some(0), None, "alice")), vec!["x"], Some("u2"), "group=other key=alice tag=other user=other"),
        (Some((None, None, "anonymous")), vec![], None, "group=other key=anonymous tag=other user=other"),
        (Some((None, None, "someone@jwt")), vec![], None, "group=other key=other tag=other user=other"),
        (None, vec![], None, "group=other key=other tag=other user=other"),
    ] {
        report.caller = caller.map(|(key, group, id)| crate::access::Caller { id: id.to_owned(), key, group });
        report.tags = tags.into_iter().map(str::to_owned).collect();
        report.user = user.map(str::to_owned);
        let line = request_line(&all, &report).unwrap();
        assert!(line.ends_with(&format!("outcome=ok {expected} 1")), "{line}");
    }
    let plain = request_line(&keyed(json!({})), &report).unwrap();
    assert!(plain.ends_with("outcome=ok 1"), "{plain}");
}

#[test]
fn too_many_series_become_other() {
    let config = config(json!({}));
    let series = Series::new(
        Family::Requests,
        &[
            Label::Model(Some(Listed::Configured(0))),
            Label::Provider(Some(1)),
            Label::Operation(None),
            Label::Outcome(Ended::Complete),
        ],
    );
    let name = series.collapsed().host_name(&config);
    assert_eq!(name, "tollgate_requests_total;.;model=.=other;.;provider=.=other;.;operation=.=other;.;outcome=.=ok");
}

#[test]
fn pace_needs_two_tokens_of_a_stream() {
    let mut report = Report::refused(0, String::new(), 0, None);
    for (stream, output, answering, expected) in [
        (Some(true), Some(5), Some(8), Some(2_000)),
        (Some(true), Some(1), Some(8), None),
        (Some(true), Some(0), Some(8), None),
        (Some(true), None, Some(8), None),
        (Some(true), Some(5), None, None),
        (Some(false), Some(5), Some(8), None),
    ] {
        (report.stream, report.usage.output, report.answering_ms) = (stream, output, answering);
        assert_eq!(time_per_output_token(&report), expected);
    }
}

#[test]
fn what_is_below_a_nano_usd_is_carried_on() {
    let mut left = 0;
    let told: Vec<u64> = [400, 400, 400, 0, 1_000_800, 999].map(|pico| nanos(&mut left, pico)).into();
    assert_eq!((told, left), (vec![0, 0, 1, 0, 1001, 0], 999));
    let pico = 720_000_123;
    let sum: u64 = (0..1000).map(|_| nanos(&mut left, pico)).sum();
    assert_eq!(sum * 1000 + left, 999 + 1000 * pico);
}

/// A gauge for each counter whose owner the configuration names; a client cannot make one.
#[test]
fn budgets_show_whose_they_are() {
    let config = config(json!({
        "keys": [{"id": "alice", "group": "eng", "secret": {"env": "ALICE"}}],
        "groups": [{"name": "eng", "models": ["*"]}],
        "metrics": {"labels": ["user"], "users": ["u1"]},
        "budgets": [
            {"id": "all", "usd": "2.5", "per": "day"},
            {"id": "keys", "each": "key", "tokens": 1000, "per": "day"},
            {"id": "groups", "each": "group", "tokens": 1000, "per": "day"},
            {"id": "users", "each": "user", "usd": "1", "per": "hour"},
        ],
    }));
    let caller = |id: &str, key, group| Caller { id: id.to_owned(), key, group };
    let told = |index: usize, of: &str, spent: u64, caller: &Caller| {
        let share = Share { budget: config.budgets[index].clone(), of: Some(of.to_owned()) };
        let name = |sample: &Sample| sample.series.host_name(&config).replace(";.;", " ").replace("=.=", "=");
        let told = |sample: &Sample| format!("{} {}", name(sample), sample.value);
        budget(&share, spent, caller, &config).map(|[limit, spent]| [told(&limit), told(&spent)])
    };
    let (alice, jwt) = (caller("alice", Some(0), Some(0)), caller("someone@jwt", None, None));
    let line = |index, of: &str, caller| told(index, of, 1_234_567, caller).map(|[_, spent]| spent);
    assert_eq!(
        told(0, "", 1_234_567, &jwt),
        Some([
            "tollgate_budget_limit_nanousd budget=all 2500000000".to_owned(),
            "tollgate_budget_spent_nanousd budget=all 1234".to_owned()
        ])
    );
    for (index, of, caller, expected) in [
        (1, "alice", &alice, Some("tokens budget=keys key=alice 1234567")),
        (1, "anonymous", &caller("anonymous", None, None), Some("tokens budget=keys key=anonymous 1234567")),
        (1, "someone@jwt", &jwt, None),
        (2, "eng", &alice, Some("tokens budget=groups group=eng 1234567")),
        (2, "", &jwt, None),
        (3, "u1", &alice, Some("nanousd budget=users user=u1 1234")),
        (3, "u2", &alice, None),
    ] {
        assert_eq!(
            line(index, of, caller),
            expected.map(|told| format!("tollgate_budget_spent_{told}")),
            "{index} {of}"
        );
    }
}
