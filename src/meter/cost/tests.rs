use super::super::price::Tier;
use super::*;

/// Prices are in pico-USD a token: 3_000_000 is 3 USD per million tokens.
fn base() -> Price {
    Price {
        rates: Rates {
            input: Some(3_000_000),
            cached_input: Some(300_000),
            cache_write_5m: Some(3_750_000),
            cache_write_1h: Some(6_000_000),
            output: Some(15_000_000),
            ..Rates::default()
        },
        ..Price::default()
    }
}

fn with(change: impl FnOnce(&mut Price)) -> Price {
    let mut price = base();
    change(&mut price);
    price
}

fn usage(input: u64, output: u64) -> Usage {
    Usage { input: Some(input), output: Some(output), ..Usage::default() }
}

fn tool(name: &str, runs: u64) -> Vec<(String, u64)> {
    vec![(name.to_owned(), runs)]
}

/// Each rule of the documentation, with its arithmetic: the name stands there in bold.
#[test]
fn each_rule_as_documented() {
    let thousand = usage(1000, 100);
    let rows: Vec<(&str, Usage, Price, Option<u64>)> = vec![
        ("totals", thousand.clone(), base(), Some(1000 * 3_000_000 + 100 * 15_000_000)),
        (
            "cache read",
            Usage { cache_read: Some(800), ..thousand.clone() },
            base(),
            Some((1000 - 800) * 3_000_000 + 800 * 300_000 + 100 * 15_000_000),
        ),
        (
            "cache read",
            Usage { cache_read: Some(800), ..thousand.clone() },
            with(|price| price.rates.cached_input = None),
            Some(1000 * 3_000_000 + 100 * 15_000_000),
        ),
        (
            "cache write",
            Usage { cache_read: Some(500), cache_write: Some(300), ..thousand.clone() },
            base(),
            Some((1000 - 500 - 300) * 3_000_000 + 500 * 300_000 + 300 * 3_750_000 + 100 * 15_000_000),
        ),
        (
            "cache write",
            Usage { cache_write: Some(300), cache_write_5m: Some(100), cache_write_1h: Some(200), ..thousand.clone() },
            base(),
            Some((1000 - 300) * 3_000_000 + 100 * 3_750_000 + 200 * 6_000_000 + 100 * 15_000_000),
        ),
        (
            "cache write",
            Usage { cache_write_5m: Some(100), cache_write_1h: Some(200), ..thousand.clone() },
            with(|price| (price.rates.cache_write_5m, price.rates.cache_write_1h) = (None, None)),
            Some(1000 * 3_000_000 + 100 * 15_000_000),
        ),
        (
            "cache write",
            Usage { cache_write: Some(200), cache_write_1h: Some(200), ..thousand.clone() },
            with(|price| price.rates.cache_write_1h = None),
            None,
        ),
        (
            "reasoning",
            Usage { reasoning: Some(60), ..thousand.clone() },
            base(),
            Some(1000 * 3_000_000 + 100 * 15_000_000),
        ),
        (
            "reasoning",
            Usage { reasoning: Some(60), ..thousand.clone() },
            with(|price| price.rates.reasoning = Some(20_000_000)),
            Some(1000 * 3_000_000 + (100 - 60) * 15_000_000 + 60 * 20_000_000),
        ),
        (
            "sound and images",
            Usage { audio_in: Some(400), audio_out: Some(30), ..thousand.clone() },
            with(|price| {
                (price.rates.audio_input, price.rates.audio_output) = (Some(40_000_000), Some(80_000_000));
            }),
            Some((1000 - 400) * 3_000_000 + 400 * 40_000_000 + (100 - 30) * 15_000_000 + 30 * 80_000_000),
        ),
        (
            "sound and images",
            Usage { audio_in: Some(400), cache_read: Some(500), cached_audio: Some(150), ..thousand.clone() },
            with(|price| {
                (price.rates.audio_input, price.rates.cached_audio_input) = (Some(40_000_000), Some(4_000_000));
            }),
            Some(
                (1000 - 500 - (400 - 150)) * 3_000_000
                    + (500 - 150) * 300_000
                    + 150 * 4_000_000
                    + (400 - 150) * 40_000_000
                    + 100 * 15_000_000,
            ),
        ),
        (
            "sound and images",
            Usage { audio_in: Some(400), cache_read: Some(500), cached_audio: Some(150), ..thousand.clone() },
            with(|price| price.rates.audio_input = Some(40_000_000)),
            Some((1000 - 500 - (400 - 150)) * 3_000_000 + 500 * 300_000 + (400 - 150) * 40_000_000 + 100 * 15_000_000),
        ),
        (
            "sound and images",
            Usage { audio_in: Some(400), audio_out: Some(30), image_in: Some(9), ..thousand.clone() },
            base(),
            Some(1000 * 3_000_000 + 100 * 15_000_000),
        ),
        (
            "sound and images",
            Usage { image_in: Some(300), image_out: Some(90), ..thousand.clone() },
            with(|price| {
                (price.rates.image_input, price.rates.image_output) = (Some(10_000_000), Some(40_000_000));
            }),
            Some((1000 - 300) * 3_000_000 + 300 * 10_000_000 + (100 - 90) * 15_000_000 + 90 * 40_000_000),
        ),
        ("request", thousand.clone(), with(|price| price.request = Some(5_000_000_000)), {
            Some(5_000_000_000 + 1000 * 3_000_000 + 100 * 15_000_000)
        }),
        ("request", Usage::default(), Price { request: Some(5_000_000_000), ..Price::default() }, Some(5_000_000_000)),
        ("request", Usage::default(), with(|price| price.request = Some(5_000_000_000)), None),
        ("request", thousand.clone(), Price { request: Some(5), ..Price::default() }, Some(5)),
        (
            "tools",
            Usage { server_tools: tool("search_units", 3), ..Usage::default() },
            Price { tools: tool("search_units", 2_000_000_000), ..Price::default() },
            Some(3 * 2_000_000_000),
        ),
        ("unknown", thousand.clone(), Price::default(), None),
        (
            "tools",
            Usage { server_tools: tool("web_search", 2), ..thousand.clone() },
            with(|price| price.tools = tool("web_search", 10_000_000_000)),
            Some(2 * 10_000_000_000 + 1000 * 3_000_000 + 100 * 15_000_000),
        ),
        ("tools", Usage { server_tools: tool("web_search", 1), ..thousand.clone() }, base(), None),
        ("tools", Usage { server_tools: tool("web_search", 0), ..thousand.clone() }, base(), {
            Some(1000 * 3_000_000 + 100 * 15_000_000)
        }),
        ("tools", Usage { server_tools: tool("web_fetch", 3), ..thousand.clone() }, base(), {
            Some(1000 * 3_000_000 + 100 * 15_000_000)
        }),
        ("unknown", Usage { output: None, ..thousand.clone() }, base(), None),
        ("unknown", Usage { input: None, ..thousand.clone() }, base(), None),
        ("unknown", thousand.clone(), with(|price| price.rates.output = None), None),
        ("unknown", Usage { cache_read: Some(1001), ..thousand.clone() }, base(), None),
        ("unknown", Usage { cache_write: Some(1), cache_write_1h: Some(2), ..thousand.clone() }, base(), None),
        ("unknown", usage(u64::MAX, u64::MAX), base(), None),
        ("unknown", usage(1 << 43, 0), base(), None),
        ("no output", Usage { output: None, ..thousand.clone() }, with(|price| price.rates.output = None), {
            Some(1000 * 3_000_000)
        }),
        ("no output", Usage { output: None, ..thousand.clone() }, with(|price| price.rates.output = Some(0)), {
            Some(1000 * 3_000_000)
        }),
    ];
    let page = include_str!("../../../docs/costs.md");
    for (rule, usage, price, expected) in rows {
        assert!(page.contains(&format!("**{rule}**")), "docs/costs.md does not name {rule}");
        let computed = expected.map(|pico| Cost { pico, source: Source::Computed });
        assert_eq!(cost(&usage, Some(&price)), computed, "{rule}: {usage:?}");
        assert_eq!(cost(&usage, None), None);
    }
}

#[test]
fn a_long_prompt_is_charged_as_a_whole_once_it_is_above() {
    let dearer = Rates { input: Some(6_000_000), output: Some(22_500_000), ..base().rates };
    let longest = Rates { input: Some(9_000_000), ..dearer };
    let price = with(|price| {
        price.tiers = vec![Tier { above: 200_000, rates: dearer }, Tier { above: 400_000, rates: longest }];
    });
    let cached = |input| Usage { cache_read: Some(150_000), ..usage(input, 10) };
    for (usage, expected) in [
        (usage(200_000, 10), 200_000 * 3_000_000 + 10 * 15_000_000),
        (usage(200_001, 10), 200_001 * 6_000_000 + 10 * 22_500_000),
        (usage(400_001, 10), 400_001 * 9_000_000 + 10 * 22_500_000),
        // Cached tokens are input too.
        (cached(200_001), 50_001 * 6_000_000 + 150_000 * 300_000 + 10 * 22_500_000),
    ] {
        assert_eq!(cost(&usage, Some(&price)).map(|cost| cost.pico), Some(expected), "{usage:?}");
    }
}

#[test]
fn a_tier_of_service_is_charged_by_its_own_price_or_unknown() {
    let half = Rates { input: Some(1_500_000), output: Some(7_500_000), ..base().rates };
    let price = with(|price| {
        price.service_tiers = vec![("flex".to_owned(), half), ("us".to_owned(), half)];
        price.tiers = vec![Tier { above: 5000, rates: base().rates }];
    });
    let (usual, flex) = (1000 * 3_000_000 + 100 * 15_000_000, 1000 * 1_500_000 + 100 * 7_500_000);
    for (tier, terms, expected) in [
        (None, &[][..], Some(usual)),
        (Some("standard"), &[], Some(usual)),
        (Some("default"), &[], Some(usual)),
        (Some("auto"), &[], Some(usual)),
        (Some("on_demand"), &[], Some(usual)),
        (Some("ON_DEMAND"), &[], Some(usual)),
        (Some("flex"), &[], Some(flex)),
        (Some("FLEX"), &[], Some(flex)),
        (Some("ON_DEMAND_FLEX"), &[], Some(flex)),
        (Some("priority"), &[], None),
        (Some("PROVISIONED_THROUGHPUT"), &[], None),
        (Some("standard"), &["us"], Some(flex)),
        (None, &["fast"], None),
        (Some("flex"), &["us"], None),
    ] {
        let terms: Vec<String> = terms.iter().map(|term: &&str| (*term).to_owned()).collect();
        let usage = Usage { tier: tier.map(str::to_owned), terms, ..usage(1000, 100) };
        assert_eq!(cost(&usage, Some(&price)).map(|cost| cost.pico), expected, "{usage:?}");
    }
    // Neither price says what a long prompt costs there.
    let long = Usage { tier: Some("flex".to_owned()), ..usage(5001, 1) };
    assert_eq!(cost(&long, Some(&price)), None);
}

#[test]
fn what_is_billed_instead_is_charged_by_each_models_own_price() {
    let advisor = Rc::new(Price {
        rates: Rates { input: Some(10_000_000), output: Some(50_000_000), ..Rates::default() },
        ..Price::default()
    });
    let other = |name: &str| (name == "claude-fable-5").then(|| advisor.clone());
    let iteration =
        |model: Option<&str>, input, output| Billed { model: model.map(str::to_owned), usage: usage(input, output) };
    let price = with(|price| price.tools = tool("web_search", 10_000_000_000));
    let prices = Prices { served: Some(&price), other: &other };
    // The totals of an advised answer leave the advisor out.
    let mut advised = Usage {
        billed: vec![
            iteration(None, 1128, 155),
            iteration(Some("claude-fable-5"), 2564, 99),
            iteration(None, 1354, 11),
        ],
        server_tools: tool("web_search", 1),
        ..usage(2482, 166)
    };
    let ours = (1128 + 1354) * 3_000_000 + (155 + 11) * 15_000_000;
    let theirs = 2564 * 10_000_000 + 99 * 50_000_000;
    let cost = cost_at(&advised, prices).unwrap();
    assert_eq!(cost, Cost { pico: 10_000_000_000 + ours + theirs, source: Source::Computed });
    assert_eq!(without_cache(&advised, prices), Some(cost.pico));
    // A price that nobody knows is nobody's.
    assert_eq!(super::cost(&advised, Some(&price)), None);
    advised.billed.push(iteration(Some("claude-unheard-of"), 1, 1));
    assert_eq!(cost_at(&advised, prices), None);
}

#[test]
fn what_the_provider_says_wins() {
    let reported = Usage { cost: Some(7), server_tools: tool("web_search", 1), ..usage(1000, 100) };
    for price in [None, Some(&base())] {
        assert_eq!(cost(&reported, price), Some(Cost { pico: 7, source: Source::Reported }));
    }
    assert_eq!((Source::Reported.word(), Source::Computed.word()), ("reported", "computed"));
}

#[test]
fn without_the_cache_all_input_is_charged_as_such() {
    let price = with(|price| {
        (price.rates.audio_input, price.rates.cached_audio_input) = (Some(40_000_000), Some(4_000_000));
    });
    let prices = Prices { served: Some(&price), other: &|_| None };
    let cached = Usage {
        cache_read: Some(500),
        cache_write: Some(300),
        audio_in: Some(100),
        cached_audio: Some(40),
        cost: Some(7),
        ..usage(1000, 100)
    };
    let expected = (1000 - 100) * 3_000_000 + 100 * 40_000_000 + 100 * 15_000_000;
    assert_eq!(without_cache(&cached, prices), Some(expected));
    assert_eq!(without_cache(&cached, Prices { served: None, other: &|_| None }), None);
}

/// Any counts at any price: known or not, and no panic.
#[test]
fn any_counts_at_any_price() {
    let mut seed = 1_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match seed >> 60 {
            0 => None,
            1 => Some(u64::MAX),
            2 => Some(0),
            _ => Some((seed >> 20) % 1000),
        }
    };
    let mut known = 0;
    for _ in 0..20_000 {
        let rates = Rates {
            input: next(),
            cached_input: next(),
            cache_write_5m: next(),
            cache_write_1h: next(),
            output: next(),
            reasoning: next(),
            audio_input: next(),
            cached_audio_input: next(),
            audio_output: next(),
            image_output: next(),
            image_input: next(),
        };
        let usage = Usage {
            input: next().map(|count| count.saturating_mul(4)),
            cache_read: next(),
            cache_write: next(),
            output: next().map(|count| count.saturating_mul(4)),
            reasoning: next(),
            audio_in: next(),
            cached_audio: next(),
            audio_out: next(),
            ..Usage::default()
        };
        let price = Price { rates, request: next(), ..Price::default() };
        known += u32::from(cost(&usage, Some(&price)).is_some());
    }
    assert!(known > 500, "{known}");
}
