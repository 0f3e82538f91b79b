use super::*;

const S: u64 = 1_000_000_000;
const START: u64 = 1_700_000_000 * S;

fn fresh(token: &str, seconds: u64) -> Fresh {
    Fresh { token: Secret::new(token), lifetime: Duration::from_secs(seconds) }
}

fn kept(token: &str, seconds: u64) -> Cell {
    let mut cell = Cell::default();
    cell.lease(START);
    cell.keep(fresh(token, seconds), START);
    cell
}

fn shown(cell: &Cell, now: u64) -> Option<&str> {
    cell.token(now).map(Secret::expose)
}

#[test]
fn a_token_is_replaced_before_its_end() {
    for (lifetime, due) in [(3_599, 3_374), (3_600, 3_375), (300, 270), (2_250, 2_025), (86_400, 86_175)] {
        let cell = kept("t", lifetime);
        let end = START + lifetime * S;
        assert_eq!(cell.turn(START), Turn::At(START + due * S), "{lifetime}");
        assert_eq!(cell.turn(START + due * S), Turn::Now);
        assert_eq!((shown(&cell, end - 1), shown(&cell, end)), (Some("t"), None));
    }
    assert_eq!(kept("t", 2).turn(START), Turn::At(START + 18 * S / 10));
}

#[test]
fn one_fetches_and_if_it_dies_another_one_does() {
    let mut cell = Cell::default();
    assert_eq!(cell.turn(START), Turn::Now);
    cell.lease(START);
    assert_eq!(cell.turn(START + S), Turn::At(START + 6 * S));
    assert_eq!(cell.turn(START + 6 * S), Turn::Now);
    // Another worker read the clock before this one did, and the cell after it.
    assert_eq!(cell.turn(START - S / 1_000), Turn::At(START + 6 * S));
    cell.fail(START);
    assert_eq!(cell.turn(START - S / 1_000), Turn::At(START + S / 2));
}

#[test]
fn waits_after_failures_grow_and_a_good_token_stays() {
    let mut cell = kept("t", 3_600);
    let mut now = START + 3_400 * S;
    let waits: Vec<u128> = (0..9).map(|_| cell.fail(now).as_millis()).collect();
    assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    assert_eq!((shown(&cell, now), cell.turn(now)), (Some("t"), Turn::At(now + 30 * S)));
    now += 31 * S;
    cell.lease(now);
    cell.keep(fresh("u", 3_600), now);
    assert_eq!((shown(&cell, now), cell.failures()), (Some("u"), 0));
    assert_eq!(cell.fail(now).as_millis(), 500);
}

#[test]
fn a_refused_token_is_forgotten_once() {
    let mut cell = kept("t", 3_600);
    assert!(!cell.refuse(&Secret::new("older"), START + 5 * S));
    assert_eq!(shown(&cell, START + 5 * S), Some("t"));
    assert!(cell.refuse(&Secret::new("t"), START + 5 * S));
    assert_eq!((shown(&cell, START + 5 * S), cell.turn(START + 5 * S)), (None, Turn::Now));
    assert!(!cell.refuse(&Secret::new("t"), START + 5 * S), "the second worker that hears of it changes nothing");
    // The server gives the same one again: others may be served with it, so it stays.
    cell.keep(fresh("t", 3_595), START + 5 * S);
    assert!(cell.refuse(&Secret::new("t"), START + 9 * S));
    assert_eq!((shown(&cell, START + 9 * S), cell.turn(START + 9 * S)), (Some("t"), Turn::At(START + 35 * S)));
    assert!(!cell.refuse(&Secret::new("t"), START + 9 * S), "all of that is known");
    // Another one is as good as any.
    cell.keep(fresh("u", 3_595), START + 10 * S);
    assert!(cell.refuse(&Secret::new("u"), START + 20 * S));
}

#[test]
fn a_provider_that_refuses_everything_does_not_make_us_ask_all_the_time() {
    let mut cell = kept("t", 3_600);
    assert!(cell.refuse(&Secret::new("t"), START + S / 10));
    assert_eq!(cell.turn(START + S / 10), Turn::At(START + S));
}

#[test]
fn a_clock_that_is_set_back_blocks_nobody() {
    let mut cell = Cell::default();
    cell.lease(START);
    assert_eq!(cell.turn(START - 3_600 * S), Turn::Now, "a lease");
    cell.fail(START);
    assert_eq!(cell.turn(START - 3_600 * S), Turn::Now, "a wait");
}

#[test]
fn what_is_written_is_read_and_nothing_else() {
    let mut cell = kept("ya29.c.x", 3_600);
    cell.fail(START + 7);
    cell.lease(START + 9);
    cell.is_doubted = true;
    let bytes = cell.write();
    assert_eq!(Cell::read(&bytes), cell);
    for cut in 0..bytes.len() {
        let token = Cell::read(&bytes[..cut]).token(START).map(|token| token.expose().to_owned());
        assert!(token.is_none_or(|token| "ya29.c.x".starts_with(&token)), "{cut}");
    }
    assert_eq!(Cell::read(&[2; 100]), Cell::default());
    assert!(!format!("{cell:?}").contains("ya29"), "{cell:?}");
}
