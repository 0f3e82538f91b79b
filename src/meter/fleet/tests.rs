use super::*;
use crate::meter::{Budget, Cap, Matching, Window};
use std::rc::Rc;

/// 2026-11-22T15:16:17Z, a Sunday.
const NOW: u64 = 1_795_360_577_000_000_000;
const USD: u64 = 1_000_000_000_000;

fn share(cap: Cap) -> Share {
    let budget = Budget {
        id: "search".to_owned(),
        matching: Matching::default(),
        each: None,
        cap,
        per: Window::Day,
        warn_at: None,
        on_exceed: None,
        reserve: false,
    };
    Share { budget: Rc::new(budget), of: None }
}

#[test]
fn an_answer_needs_a_status_with_a_limit_for_each_counter() {
    let shares = [share(Cap::Money(USD)), share(Cap::Tokens(9))];
    let counters: Vec<Counter> = shares.iter().map(|share| Counter::of(share, NOW)).collect();
    let status = |hex: &[u8]| [&[0x12, hex.len() as u8][..], hex].concat();
    let (ten, three) = (status(b"\x08\x01\x12\x02\x08\x0a\x18\x07"), status(b"\x08\x01\x12\x02\x08\x0a\x18\x0a"));
    let spent = |spent| Standing { spent, held: 0 };
    let standings = |answer: &[&[u8]]| standings(&shares, &counters, &answer.concat());
    assert_eq!(standings(&[&ten, &three]), Ok(vec![spent(3_000_000), spent(0)]));
    assert_eq!(standings(&[&ten]), Err(Useless::Unreadable));
    assert_eq!(standings(&[b"\x08\x01"]), Err(Useless::Unreadable), "an overall code and nothing else");
    assert_eq!(standings(&[b"\xff"]), Err(Useless::Unreadable));
    let uncounted = standings(&[&ten, &status(b"\x08\x01")]).unwrap_err();
    assert_eq!(uncounted.to_string(), "it has no rule for day=2026-11-22 budget=search unit=token of=all");
}

#[test]
fn hits_come_in_parts_that_a_service_takes() {
    for (hits, expected) in [
        (0, vec![]),
        (1, vec![1]),
        (1_000_000_000, vec![1_000_000_000]),
        (2_500_000_000, vec![1_000_000_000, 1_000_000_000, 500_000_000]),
        (u64::MAX, vec![1_000_000_000, 1_000_000_000, 1_000_000_000, 1_000_000_000, 294_967_295]),
    ] {
        assert_eq!(parts(hits).collect::<Vec<u64>>(), expected, "{hits}");
    }
}
