use super::*;
use crate::cells::Memory;
use proptest::prelude::*;

const MS: u64 = 1_000_000;
const START: u64 = 1_700_000_000_123 * MS;

fn rate(name: &str, requests: Option<u64>, tokens: Option<u64>) -> Rate {
    Rate { cell: name.to_owned(), id: 0, requests, tokens }
}

fn used(cells: &Memory, rate: &Rate, now: u64) -> Amount {
    Table::read(&cells.see(&rate.cell).0, millis(now)).with(rate.id, |minute| minute.used())
}

impl Memory {
    fn see(&self, name: &str) -> Seen {
        (self as &dyn Cells).see(name)
    }
}

fn requests(requests: u64) -> Amount {
    Amount { requests, tokens: 0 }
}

fn tokens(tokens: u64) -> Amount {
    Amount { requests: 0, tokens }
}

#[test]
fn three_times_the_limit_from_a_cold_start_gets_three_minutes_worth_in_three_minutes() {
    for (limit, phase) in [(60, 0), (120, 333), (600, 499)] {
        let (cells, rate) = (Memory::default(), [rate("a", Some(limit), None)]);
        let step = 60_000_000_000 / (3 * limit);
        let start = START + phase * MS;
        let served = (0..9 * limit).filter(|i| take(&cells, &rate, 0, start + i * step).is_ok()).count() as u64;
        assert_eq!(served, 3 * limit, "{limit}");
    }
}

#[test]
fn who_never_asks_for_more_than_the_limit_loses_less_than_a_hundredth() {
    let (cells, rate) = (Memory::default(), [rate("a", Some(600), None)]);
    let served = (0..6_000).filter(|i| take(&cells, &rate, 0, START + i * 100 * MS).is_ok()).count();
    assert!((5_940..=6_000).contains(&served), "{served}");
}

#[test]
fn all_of_the_limit_may_come_at_once_and_comes_back_after_a_minute() {
    let (cells, rate) = (Memory::default(), [rate("a", Some(3), None)]);
    for remaining in [2, 1, 0] {
        let taken = take(&cells, &rate, 0, START).unwrap();
        let whole = millis(START) + MINUTE;
        assert_eq!(taken[0].requests, Some(Left { limit: 3, remaining, whole }));
        assert_eq!(taken[0].tokens, None);
    }
    for (after, wait) in [(0, 60_000), (1, 60_000), (59_000, 1_001), (60_000, 1)] {
        let full = take(&cells, &rate, 0, START + after * MS).unwrap_err();
        assert_eq!((full.index, full.kind, full.left.remaining), (0, Kind::Requests, 0));
        assert_eq!(full.wait, Duration::from_millis(wait), "after {after} ms");
    }
    assert!(take(&cells, &rate, 0, START + 60_001 * MS).is_ok());
}

#[test]
fn tokens_are_held_as_thought_and_counted_as_they_were() {
    let (cells, rate) = (Memory::default(), [rate("a", None, Some(100))]);
    let take = |thought, after: u64| super::take(&cells, &rate, thought, START + after * MS);
    let first = take(60, 0).unwrap().remove(0);
    assert_eq!(first.tokens.map(|left| left.remaining), Some(40));
    let full = take(41, 1).unwrap_err();
    assert_eq!((full.kind, full.left.remaining), (Kind::Tokens, 40));
    let second = take(40, 1_000).unwrap().remove(0);
    assert_eq!(take(0, 2_000).unwrap_err().kind, Kind::Tokens, "nothing is left, however little is asked for");
    // Fewer than was thought: from the beginning.
    first.correct(&cells, 10, START + 3_000 * MS);
    assert_eq!(used(&cells, &rate[0], START + 3_000 * MS), tokens(50));
    // More: from now on, while the rest counts from when it came.
    second.correct(&cells, 95, START + 30_000 * MS);
    assert_eq!(used(&cells, &rate[0], START + 30_000 * MS), tokens(105));
    assert_eq!(used(&cells, &rate[0], START + 61_100 * MS), tokens(55));
    assert_eq!(used(&cells, &rate[0], START + 90_001 * MS), tokens(0));
    // What counts no more cannot be taken back from others.
    take(7, 95_000).unwrap();
    first.correct(&cells, 0, START + 95_000 * MS);
    assert_eq!(used(&cells, &rate[0], START + 95_000 * MS), tokens(7));
}

#[test]
fn a_request_larger_than_the_limit_waits_until_it_is_alone() {
    let (cells, rate) = (Memory::default(), [rate("a", None, Some(100))]);
    take(&cells, &rate, 1, START).unwrap();
    assert_eq!(take(&cells, &rate, 500, START).unwrap_err().wait, Duration::from_millis(60_000));
    assert!(take(&cells, &rate, 500, START + 60_001 * MS).is_ok());
}

#[test]
fn the_longest_wait_is_told_of_all_limits_without_room() {
    let (cells, rates) = (Memory::default(), [rate("a", Some(1), None), rate("b", Some(1), Some(5))]);
    take(&cells, &rates[..1], 0, START).unwrap();
    take(&cells, &rates[1..], 9, START + 10_000 * MS).unwrap();
    let full = take(&cells, &rates, 0, START + 20_000 * MS).unwrap_err();
    assert_eq!((full.index, full.wait), (1, Duration::from_millis(50_001)));
}

/// Another worker takes the last of the second limit after the first worker has looked.
struct Overtaken {
    cells: Memory,
    rate: Rate,
}

impl Cells for Overtaken {
    fn get(&self, name: &str) -> Option<Seen> {
        let seen = self.cells.get(name);
        if name == self.rate.cell && used(&self.cells, &self.rate, START).requests == 0 {
            take(&self.cells, std::slice::from_ref(&self.rate), 0, START).unwrap();
        }
        seen
    }

    fn set(&self, name: &str, value: &[u8], cas: u32) -> bool {
        self.cells.set(name, value, cas)
    }

    fn put(&self, name: &str, value: &[u8]) {
        self.cells.put(name, value);
    }
}

#[test]
fn a_request_that_another_worker_overtakes_gives_back_what_it_took() {
    let (first, second) = (rate("a", Some(5), Some(100)), rate("b", Some(1), None));
    let overtaken = Overtaken { cells: Memory::default(), rate: second.clone() };
    let full = take(&overtaken, &[first.clone(), second.clone()], 30, START).unwrap_err();
    assert_eq!(full.index, 1);
    assert_eq!(used(&overtaken.cells, &first, START), Amount::default());
    assert_eq!(used(&overtaken.cells, &second, START), requests(1), "the other worker's");
}

#[test]
fn a_clock_that_is_put_back_blocks_for_two_minutes_at_most() {
    for (back, blocked) in [(30_000, 60_000), (60_000, 60_000), (60_001, 0), (3_600_000, 0)] {
        let (cells, rate) = (Memory::default(), [rate("a", Some(1), None)]);
        take(&cells, &rate, 0, START).unwrap();
        let wait = take(&cells, &rate, 0, START - back * MS).map_or_else(|full| full.wait.as_millis(), |_| 0);
        assert_eq!(wait, blocked, "{back}");
    }
}

#[test]
fn users_without_end_share_what_one_cell_holds() {
    let cells = Memory::default();
    let user = |id| [Rate { cell: "users".to_owned(), id, requests: Some(3), tokens: None }];
    for id in 1..=32 {
        take(&cells, &user(id), 0, START).unwrap();
    }
    let later = (33..60).filter(|id| take(&cells, &user(*id), 0, START).is_ok()).count();
    assert_eq!(later, 3, "all who come later share one limit");
    assert!(take(&cells, &user(1), 0, START).is_ok(), "who is known keeps its own");
    assert!(take(&cells, &user(61), 0, START + 60_001 * MS).is_ok(), "who has gone makes room");
    assert!(cells.see("users").0.len() < 50, "and takes none");
}

#[test]
fn a_cell_has_a_largest_size() {
    let (mut table, mut largest) = (Table::default(), 0);
    for slot in 0..200 {
        let now = millis(START) + slot * 500;
        table = Table::read(&table.write(), now);
        for id in 1..=40 {
            table.with(id, |minute| minute.add(requests(1), now));
        }
        largest = largest.max(table.write().len());
    }
    assert!((33 * 1_200..=33 * (17 + 122 * 10)).contains(&largest), "{largest}");
}

proptest! {
    #[test]
    fn whatever_a_cell_holds_is_read(bytes in prop::collection::vec(any::<u8>(), 0..400), now in any::<u64>()) {
        let cells = Memory::default();
        cells.put("a", &bytes);
        let rate = [rate("a", Some(5), Some(5))];
        if let Ok(taken) = take(&cells, &rate, 3, now) {
            taken[0].correct(&cells, u64::MAX, now);
            taken[0].give_back(&cells, now);
        }
    }

    #[test]
    fn what_is_written_is_read(pieces in prop::collection::vec((0..10_000u64, 0..1000u64, 0..1000u64), 0..200)) {
        let (mut table, mut now) = (Table::default(), millis(START));
        for (step, requests, tokens) in pieces {
            now += step;
            table = Table::read(&table.write(), now);
            table.with(step % 3, |minute| minute.add(Amount { requests, tokens }, now));
            let again = Table::read(&table.write(), now).write();
            prop_assert_eq!(again, table.write());
        }
    }

    /// Three workers whose clocks differ a little, limits that are shared and limits that are not.
    #[test]
    fn never_more_than_the_limit_in_any_60_seconds(
        limits in [1..8u64, 1..12u64, 1..20u64],
        asks in prop::collection::vec((0..3usize, 0..9_000u64, 0..3u64, any::<bool>()), 1..400),
    ) {
        let cells = Memory::default();
        let all = [rate("key1", Some(limits[0]), None), rate("key2", Some(limits[1]), None), rate("group", Some(limits[2]), None)];
        let mut clock = START;
        let mut served: [Vec<u64>; 3] = Default::default();
        for (who, step, skew, is_busy) in asks {
            clock += if is_busy { step / 40 } else { step } * MS;
            let now = clock - skew * MS;
            let of: &[usize] = match who { 0 => &[0, 2], 1 => &[1, 2], _ => &[2] };
            let rates: Vec<Rate> = of.iter().map(|i| all[*i].clone()).collect();
            let before: Vec<Amount> = all.iter().map(|rate| used(&cells, rate, now)).collect();
            match take(&cells, &rates, 0, now) {
                Ok(_) => of.iter().for_each(|i| served[*i].push(clock)),
                Err(full) => {
                    let after: Vec<Amount> = all.iter().map(|rate| used(&cells, rate, now)).collect();
                    prop_assert_eq!(before, after, "refused, it took something");
                    prop_assert!(full.wait <= Duration::from_secs(60) && full.wait > Duration::ZERO);
                }
            }
        }
        for (times, limit) in served.iter().zip(limits) {
            let limit = usize::try_from(limit).unwrap();
            let crowded = times.windows(limit + 1).find(|some| some[limit] - some[0] < (60_000 - 2) * MS);
            prop_assert!(crowded.is_none(), "{:?} of {}", crowded, limit);
        }
    }

    /// Whoever comes again when told to is served, if nobody else comes.
    #[test]
    fn a_wait_is_long_enough(steps in prop::collection::vec(0..5_000u64, 1..200), limit in 1..10u64) {
        let (cells, rate) = (Memory::default(), [rate("a", Some(limit), None)]);
        let mut now = START;
        for step in steps {
            now += step * MS;
            if let Err(full) = take(&cells, &rate, 0, now) {
                now += u64::try_from(full.wait.as_nanos()).unwrap() + MS;
                prop_assert!(take(&cells, &rate, 0, now).is_ok());
            }
        }
    }
}
