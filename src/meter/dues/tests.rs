use super::*;
use crate::meter::fleet::FailureMode;
use crate::meter::rls::statuses;
use crate::meter::{Budget, Cap, Each, Matching, Share, Window};
use crate::stream::protobuf::{Carried, field};
use proptest::prelude::*;

const MS: u64 = 1_000_000;

fn dues() -> Dues {
    let (cluster, domain) = ("rls".to_owned(), "tollgate".to_owned());
    let fleet = Fleet { cluster, domain, failure_mode: FailureMode::Allow, timeout: Duration::from_millis(500) };
    Dues::new(Rc::new(fleet))
}

/// The counter of a user, in micro-USD.
fn counter(user: usize) -> Counter {
    let budget = Budget {
        id: "b".to_owned(),
        matching: Matching::default(),
        each: Some(Each::User),
        cap: Cap::Money(1_000_000_000_000),
        per: Window::Total,
        warn_at: None,
        on_exceed: None,
        reserve: false,
    };
    Counter::of(&Share { budget: Rc::new(budget), of: Some(user.to_string()) }, 0)
}

/// The hits of each user in a message.
fn told(message: &[u8]) -> Vec<(usize, u64)> {
    let mut rest = message;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let Some((2, Carried::Bytes(mut descriptor))) = field(&mut rest) else { continue };
        let (mut user, mut hits) = (None, None);
        while let Some((number, Carried::Bytes(mut inner))) = field(&mut descriptor) {
            if number == 1 {
                user = std::str::from_utf8(inner).unwrap().split("user:").nth(1).and_then(|user| user.parse().ok());
            } else {
                hits = Some(if let Some((1, Carried::Varint(hits))) = field(&mut inner) { hits } else { 0 });
            }
        }
        found.push((user.unwrap(), hits.unwrap()));
    }
    found.sort();
    found
}

/// Sends what is due, as call 7, and gives the message.
fn sent(dues: &mut Dues, now: u64) -> Option<Vec<(usize, u64)>> {
    let mut message = None;
    assert!(dues.send(now, |_, bytes| {
        message = Some(told(bytes));
        Some(7)
    }));
    message
}

#[test]
fn what_is_charged_while_a_message_is_under_way_goes_with_the_next_one() {
    let mut dues = dues();
    assert_eq!((dues.due(0), sent(&mut dues, 0)), (None, None));
    assert!(dues.add(counter(1), 1_500_000));
    assert!(dues.add(counter(2), 400_000));
    assert_eq!(dues.due(0), Some(0));
    // 1.5 micro-USD are one hit; 0.4 are none yet.
    assert_eq!(sent(&mut dues, 0), Some(vec![(1, 1)]));
    assert_eq!((dues.of(&counter(1)), dues.of(&counter(2))), (500_000, 400_000));
    dues.add(counter(1), 1_500_000);
    dues.add(counter(2), 600_000);
    dues.add(counter(2), 3_000_000);
    assert_eq!(sent(&mut dues, MS), None, "one at a time");
    assert_eq!(dues.answered(8, true, MS), Ended::Unknown);
    assert_eq!(dues.answered(7, true, MS), Ended::Taken);
    assert_eq!(sent(&mut dues, MS), Some(vec![(1, 2), (2, 4)]));
    assert_eq!(dues.answered(7, true, MS), Ended::Taken);
    assert_eq!((dues.due(MS), dues.of(&counter(1)), dues.of(&counter(2))), (None, 0, 0));
}

#[test]
fn a_failure_is_followed_by_pauses_and_by_a_question_before_money() {
    let mut dues = dues();
    dues.add(counter(1), 9_000_000);
    let mut now = 0;
    assert_eq!(sent(&mut dues, now), Some(vec![(1, 9)]));
    for pause in [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000] {
        assert_eq!(dues.answered(7, false, now), Ended::Failed);
        assert_eq!(dues.due(now), Some(pause * MS));
        assert_eq!(sent(&mut dues, now + pause * MS - 1), None);
        now += pause * MS;
        assert_eq!(sent(&mut dues, now), Some(vec![(1, 0)]), "after {pause} ms");
        assert_eq!(dues.of(&counter(1)), 9_000_000, "it is still here");
    }
    dues.add(counter(1), 1_000_000);
    assert_eq!(dues.answered(7, true, now), Ended::Taken);
    assert_eq!(sent(&mut dues, now), Some(vec![(1, 10)]));
    assert_eq!(dues.answered(7, true, now), Ended::Taken);
    assert_eq!(dues.due(now), None);
}

#[test]
fn a_call_that_cannot_begin_has_failed() {
    let mut dues = dues();
    dues.add(counter(1), 1_000_000);
    assert!(!dues.send(0, |_, _| None));
    assert_eq!((dues.due(0), dues.of(&counter(1))), (Some(100 * MS), 1_000_000));
}

#[test]
fn an_answer_that_never_comes_is_not_waited_for() {
    let mut dues = dues();
    dues.add(counter(1), 1_000_000);
    assert_eq!(sent(&mut dues, 0), Some(vec![(1, 1)]));
    dues.add(counter(1), 2_000_000);
    assert_eq!(dues.due(0), Some(GIVEN_UP));
    assert_eq!(sent(&mut dues, GIVEN_UP - 1), None);
    let mut message = None;
    let is_well = dues.send(GIVEN_UP, |_, bytes| {
        message = Some(told(bytes));
        Some(8)
    });
    assert_eq!((is_well, message), (false, Some(vec![(1, 2)])));
}

#[test]
fn a_message_is_not_too_long() {
    let mut dues = dues();
    (0..250).for_each(|user| assert!(dues.add(counter(user), 1_000_000)));
    let lengths = [100, 100, 50].map(|expected| {
        let length = sent(&mut dues, 0).unwrap().len();
        assert_eq!((length, dues.answered(7, true, 0)), (expected, Ended::Taken));
        length
    });
    assert_eq!((lengths.iter().sum::<usize>(), dues.due(0)), (250, None));
}

#[test]
fn counters_are_bounded_and_rests_make_room() {
    let mut dues = dues();
    (0..MOST_COUNTERS).for_each(|user| assert!(dues.add(counter(user), 400_000)));
    assert_eq!(dues.due(0), None, "none of them is a hit");
    assert!(!dues.add(counter(MOST_COUNTERS), 400_000), "there is no room, though they are hits now");
    assert_eq!(dues.of(&counter(0)), 1_000_000);
    assert!(dues.add(counter(0), 400_000), "one that waits anyway has its room");
    while sent(&mut dues, 0).is_some() {
        assert_eq!(dues.answered(7, true, 0), Ended::Taken);
    }
    assert!(dues.add(counter(MOST_COUNTERS), 400_000));
}

proptest! {
    /// Whatever fails, the service is told of everything, except for what is less than a unit; of what it was told and did
    /// not answer it may have been told twice, and no more often.
    #[test]
    fn nothing_is_lost(steps in prop::collection::vec((0usize..5, 0u64..5_000_000, 0u8..6), 1..200)) {
        let mut dues = dues();
        let mut added = [0u64; 5];
        let mut counted = [0u64; 5];
        let mut doubtful = [0u64; 5];
        let mut now = 0;
        let flush = |dues: &mut Dues, now: u64, end: u8, counted: &mut [u64; 5], doubtful: &mut [u64; 5]| {
            let mut message = Vec::new();
            dues.send(now, |_, bytes| {
                assert!(statuses(bytes).is_some());
                message = told(bytes);
                (end != 0).then_some(7)
            });
            if end == 0 {
                return;
            }
            for (user, hits) in message {
                match end {
                    1 => {}                                     // it was not counted
                    2 => (counted[user], doubtful[user]) = (counted[user] + hits, doubtful[user] + hits),
                    _ => counted[user] += hits,
                }
            }
            dues.answered(7, end > 2, now);
        };
        for (user, amount, end) in steps {
            added[user] += amount;
            prop_assert!(dues.add(counter(user), amount));
            now += 30 * MS;
            flush(&mut dues, now, end, &mut counted, &mut doubtful);
        }
        while let Some(pause) = dues.due(now) {
            now += pause;
            flush(&mut dues, now, 5, &mut counted, &mut doubtful);
        }
        for user in 0..5 {
            prop_assert_eq!(counted[user] - doubtful[user], added[user] / 1_000_000);
            prop_assert_eq!(dues.of(&counter(user)), added[user] % 1_000_000);
        }
    }
}
