use super::*;
use crate::meter::{Budget, Each, Matching};
use std::rc::Rc;

/// 2026-11-22T15:16:17Z, a Sunday.
const NOW: u64 = 1_795_360_577_000_000_000;
const USD: u64 = 1_000_000_000_000;

fn share(cap: Cap, per: Window, each: Option<Each>, of: Option<&str>) -> Share {
    let budget = Budget {
        id: "search".to_owned(),
        matching: Matching::default(),
        each,
        cap,
        per,
        warn_at: None,
        on_exceed: None,
        reserve: false,
    };
    Share { budget: Rc::new(budget), of: of.map(str::to_owned) }
}

fn told(share: &Share) -> String {
    Counter::of(share, NOW).to_string()
}

#[test]
fn a_counter_is_four_entries_and_its_window_is_the_calendars() {
    for (per, expected) in [
        (Window::Hour, "hour=2026-11-22T15"),
        (Window::Day, "day=2026-11-22"),
        (Window::Week, "week=2026-11-16"),
        (Window::Month, "month=2026-11"),
        (Window::Total, "total=all"),
    ] {
        let expected = format!("{expected} budget=search unit=micro-usd of=all");
        assert_eq!(told(&share(Cap::Money(USD), per, None, None)), expected);
    }
}

#[test]
fn one_for_each_is_named_and_odd_names_are_hashed() {
    let of = |each, value: &str| {
        let told = told(&share(Cap::Tokens(5), Window::Day, Some(each), Some(value)));
        told.split("of=").nth(1).unwrap().to_owned()
    };
    assert_eq!(of(Each::Key, "alice"), "key:alice");
    assert_eq!(of(Each::Group, "a_b-c.d"), "group:a_b-c.d");
    assert_eq!(of(Each::User, "eve+1@example.com"), "user:eve+1@example.com");
    assert_eq!(of(Each::User, ""), "user:");
    let hash = of(Each::User, "two words");
    // The first 16 bytes of what `printf 'two words' | sha256sum` says.
    assert_eq!(hash, "user:sha256:a03f1d611645eb53ad16c1af546ca079");
    for odd in ["a:b", "a/b", "ä", "a\nb", &"x".repeat(65)] {
        let hash = of(Each::User, odd);
        assert!(hash.starts_with("user:sha256:") && hash.len() == "user:sha256:".len() + 32, "{hash}");
    }
    assert_eq!(of(Each::User, &"x".repeat(64)), format!("user:{}", "x".repeat(64)));
}

#[test]
fn a_budget_counts_in_the_smallest_unit_in_which_it_fits() {
    for (cap, unit, name) in [
        (Cap::Money(1), 1_000_000, "micro-usd"),
        (Cap::Money(4_000 * USD), 1_000_000, "micro-usd"),
        (Cap::Money(4_001 * USD), 10_000_000, "10-micro-usd"),
        (Cap::Money(40_000 * USD), 10_000_000, "10-micro-usd"),
        (Cap::Money(9_000_000 * USD), 10_000_000_000, "10000-micro-usd"),
        (Cap::Money(u64::MAX), 10_000_000_000, "10000-micro-usd"),
        (Cap::Tokens(1), 1, "token"),
        (Cap::Tokens(4_000_000_000), 1, "token"),
        (Cap::Tokens(4_000_000_001), 10, "10-token"),
        (Cap::Tokens(u64::MAX), 10_000_000_000, "10000000000-token"),
    ] {
        let counter = Counter::of(&share(cap, Window::Total, None, None), NOW);
        assert_eq!((counter.unit, &*counter.entries[2].1), (unit, name), "{cap:?}");
        assert!(cap.amount() / unit <= LARGEST_CAP);
    }
}

#[test]
fn a_status_tells_what_is_spent() {
    let share = share(Cap::Money(2 * USD), Window::Day, None, None);
    let counter = Counter::of(&share, NOW);
    let spent = |is_over, limit, remaining| {
        counter.standing(share.budget.cap, Status { is_over, limit, remaining }).map(|standing| standing.spent)
    };
    assert_eq!(spent(false, Some(u32::MAX), u32::MAX), Some(0));
    assert_eq!(spent(false, Some(u32::MAX), u32::MAX - 1_234_567), Some(1_234_567_000_000));
    assert_eq!(spent(false, Some(u32::MAX), u32::MAX - 3_000_000), Some(3 * USD), "more than the budget");
    assert_eq!(spent(true, Some(u32::MAX), 0), Some(4_294_967_295_000_000));
    assert_eq!(spent(true, Some(1_000), 0), Some(2 * USD), "a limit of the service's own is the end of the budget");
    assert_eq!(spent(false, Some(5), 9), Some(0), "nonsense is no reason to panic");
    assert_eq!(spent(false, None, 0), None, "no rule");
}
