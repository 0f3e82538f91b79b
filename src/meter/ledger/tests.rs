use super::book::{MOST_COUNTERS, MOST_HOLDS};
use super::*;
use crate::cells::Memory;
use crate::meter::{Budget, Cap, Each, Matching, Window};
use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

const HOUR: u64 = 3600 * SECOND;
/// 22 November 2026, 22:00 UTC.
const NOW: u64 = 1_795_384_800 * SECOND;

fn budget(cap: Cap, per: Window, each: Option<Each>) -> Rc<Budget> {
    let id = "b".to_owned();
    let matching = Matching::default();
    Rc::new(Budget { id, matching, each, cap, per, warn_at: None, on_exceed: None, reserve: true })
}

/// The only counter of a budget of tokens.
fn share(cap: u64) -> Share {
    Share { budget: budget(Cap::Tokens(cap), Window::Hour, None), of: None }
}

/// One user's counter.
fn share_of(user: &str, per: Window) -> Share {
    Share { budget: budget(Cap::Tokens(u64::MAX), per, Some(Each::User)), of: Some(user.to_owned()) }
}

fn standing(spent: u64, held: u64) -> Standing {
    Standing { spent, held }
}

#[test]
fn what_is_spent_adds_up_until_the_window_is_over() {
    let memory = Memory::default();
    let (ledger, share) = (Ledger(&memory), share(100));
    assert_eq!(ledger.look(&share, NOW), standing(0, 0));
    assert_eq!(ledger.charge(&share, 60, None, NOW), standing(60, 0));
    assert_eq!(ledger.charge(&share, 70, None, NOW + HOUR - 1), standing(130, 0), "over the cap, and nothing is lost");
    assert_eq!(ledger.look(&share, NOW + HOUR), standing(0, 0));
    assert_eq!(ledger.charge(&share, 5, None, NOW + HOUR), standing(5, 0));
    // The clock of another worker is a moment behind: nothing of the new window is forgotten.
    assert_eq!(ledger.charge(&share, 1, None, NOW + HOUR - 1), standing(6, 0));
    assert_eq!(memory.count(), 1, "windows begin anew in place");
}

#[test]
fn a_clock_that_was_far_ahead_stops_no_counter() {
    let memory = Memory::default();
    let (ledger, share) = (Ledger(&memory), share(100));
    ledger.charge(&share, 5, None, NOW + 1000 * HOUR);
    assert_eq!(ledger.charge(&share, 1, None, NOW), standing(6, 0));
    assert_eq!(ledger.look(&share, NOW + HOUR), standing(0, 0));
}

#[test]
fn holds_end_with_the_charge_or_after_an_hour() {
    let memory = Memory::default();
    let (ledger, share) = (Ledger(&memory), share(100));
    let (first, _) = ledger.hold(&share, 60, 1, NOW).unwrap();
    assert_eq!(ledger.hold(&share, 41, 2, NOW), Err(standing(0, 60)));
    let (second, after) = ledger.hold(&share, 40, 2, NOW).unwrap();
    assert_eq!(after, standing(0, 100));
    assert_eq!(ledger.charge(&share, 25, Some(first), NOW), standing(25, 40));
    // A hold is over once: whatever comes again finds nothing of it.
    assert_eq!(ledger.charge(&share, 0, Some(first), NOW), standing(25, 40));
    // The window changes, the request goes on, and it will be charged in the new one.
    assert_eq!(ledger.look(&share, NOW + HOUR - 1), standing(25, 40));
    assert_eq!(ledger.hold(&share, 61, 3, NOW + HOUR - 1), Err(standing(25, 40)));
    assert_eq!(ledger.look(&share, NOW + HOUR), standing(0, 0), "nobody holds for longer than an hour");
    // Its request has lived on all the same.
    assert_eq!(ledger.charge(&share, 30, Some(second), NOW + HOUR), standing(30, 0));
}

#[test]
fn holds_pass_into_the_next_window() {
    let memory = Memory::default();
    let (ledger, share) = (Ledger(&memory), share(100));
    let late = NOW + HOUR - SECOND;
    ledger.charge(&share, 40, None, late);
    let (held, _) = ledger.hold(&share, 60, 1, late).unwrap();
    let next = NOW + HOUR;
    assert_eq!(ledger.look(&share, next), standing(0, 60));
    assert_eq!(ledger.hold(&share, 41, 2, next), Err(standing(0, 60)));
    assert_eq!(ledger.charge(&share, 60, Some(held), next), standing(60, 0));
}

#[test]
fn there_are_only_so_many_holds() {
    let mut counter = Counter::default();
    for id in 0..MOST_HOLDS as u64 {
        assert!(counter.hold(id, 1, 1));
    }
    assert!(!counter.hold(0, 1, 1));
}

#[test]
fn another_unit_window_or_kind_of_name_is_another_counter() {
    let memory = Memory::default();
    let ledger = Ledger(&memory);
    let all = [
        (Cap::Tokens(9), Window::Day, None),
        (Cap::Money(9), Window::Day, None),
        (Cap::Tokens(9), Window::Month, None),
        (Cap::Tokens(9), Window::Day, Some(Each::Key)),
        (Cap::Tokens(9), Window::Day, Some(Each::User)),
    ];
    let shares = all.map(|(cap, per, each)| Share { budget: budget(cap, per, each), of: each.map(|_| "a".to_owned()) });
    for (i, share) in (1u64..).zip(&shares) {
        ledger.charge(share, i, None, NOW);
    }
    let spent = shares.each_ref().map(|share| ledger.look(share, NOW).spent);
    assert_eq!(spent, [1, 2, 3, 4, 5]);
}

#[test]
fn names_without_a_place_share_one_counter_until_there_is_room() {
    let memory = Memory::default();
    let ledger = Ledger(&memory);
    let share = share_of("late", Window::Hour);
    let (cell, _) = counter(&share, Place::Own);
    let mut full = Book::default();
    for who in 0..MOST_COUNTERS as u128 {
        full.counter(who, time(&share, NOW)).unwrap().spend(1);
    }
    memory.put(&cell, &full.write());
    assert_eq!(ledger.look(&share, NOW), standing(0, 0));
    assert_eq!(ledger.charge(&share, 7, None, NOW), standing(7, 0));
    let (held, _) = ledger.hold(&share, 2, 1, NOW).unwrap();
    assert_eq!(ledger.look(&share, NOW), standing(7, 2));
    let sharing = share_of("later", Window::Hour);
    memory.put(&counter(&sharing, Place::Own).0, &full.write());
    assert_eq!(ledger.look(&sharing, NOW), standing(7, 2));
    // In the next window all of them make place; the hold ends where it is.
    let next = NOW + HOUR;
    assert_eq!(ledger.charge(&share, 3, None, next), standing(3, 0));
    assert_eq!(ledger.charge(&share, 4, Some(held), next), standing(4, 0));
    assert_eq!(ledger.look(&share, next), standing(3, 0));
}

#[test]
fn names_that_clients_choose_take_a_bounded_number_of_cells() {
    let memory = Memory::default();
    for user in 0..20_000 {
        Ledger(&memory).charge(&share_of(&format!("user-{user}"), Window::Day), user, None, NOW);
    }
    assert!(memory.count() <= 4096, "{} cells", memory.count());
    let spent = |user: u64| Ledger(&memory).look(&share_of(&format!("user-{user}"), Window::Day), NOW).spent;
    assert!((0..20_000).all(|user| spent(user) == user));
}

/// Cells in which others are faster, again and again.
struct Crowded {
    memory: Memory,
    others: Cell<u32>,
}

impl Cells for Crowded {
    fn get(&self, name: &str) -> Option<(Vec<u8>, u32)> {
        let seen = self.memory.get(name);
        if self.others.get() > 0 {
            self.others.set(self.others.get() - 1);
            Ledger(&self.memory).charge(&share(u64::MAX), 1, None, NOW);
        }
        seen
    }

    fn set(&self, name: &str, value: &[u8], cas: u32) -> bool {
        self.memory.set(name, value, cas)
    }

    fn put(&self, _: &str, _: &[u8]) {
        panic!("money is never written without looking");
    }
}

#[test]
fn a_charge_is_never_lost_however_many_others_are_faster() {
    let cells = Crowded { memory: Memory::default(), others: Cell::new(5_000) };
    assert_eq!(Ledger(&cells).charge(&share(u64::MAX), 1_000_000, None, NOW), standing(1_005_000, 0));
}

/// What a worker does.
#[derive(Clone, Debug)]
enum Deed {
    Charge(u64),
    /// Holds so much, and spends it when the request ends.
    Reserve(u64),
}

/// Cells in which the next deed, another worker's, may come between a look and a change.
struct Interleaved {
    memory: Memory,
    /// What is still to be done, the next one last, each with whether it waits for its turn.
    deeds: RefCell<Vec<(bool, Deed)>>,
    cap: u64,
    spent: Cell<u64>,
    ids: Cell<u64>,
}

impl Interleaved {
    fn perform(&self, deed: Deed) {
        let share = share(self.cap);
        let add = |amount: u64| self.spent.set(self.spent.get() + amount);
        match deed {
            Deed::Charge(amount) => {
                Ledger(self).charge(&share, amount, None, NOW);
                add(amount);
            }
            Deed::Reserve(amount) => {
                self.ids.set(self.ids.get() + 1);
                if let Ok((held, _)) = Ledger(self).hold(&share, amount, self.ids.get(), NOW) {
                    Ledger(self).charge(&share, amount, Some(held), NOW);
                    add(amount);
                }
            }
        }
    }

    fn run(&self) {
        while let Some((_, deed)) = { self.deeds.borrow_mut().pop() } {
            self.perform(deed);
        }
    }
}

impl Cells for Interleaved {
    fn get(&self, name: &str) -> Option<(Vec<u8>, u32)> {
        let seen = self.memory.get(name);
        let cuts_in = self.deeds.borrow().last().is_some_and(|(waits, _)| !waits);
        if let Some((_, deed)) = cuts_in.then(|| self.deeds.borrow_mut().pop()).flatten() {
            self.perform(deed);
        }
        seen
    }

    fn set(&self, name: &str, value: &[u8], cas: u32) -> bool {
        self.memory.set(name, value, cas)
    }

    fn put(&self, _: &str, _: &[u8]) {
        panic!("money is never written without looking");
    }
}

fn interleaved(cap: u64, deeds: Vec<(bool, Deed)>) -> Interleaved {
    let cells = Interleaved {
        memory: Memory::default(),
        deeds: RefCell::new(deeds),
        cap,
        spent: Cell::new(0),
        ids: Cell::new(0),
    };
    cells.run();
    cells
}

proptest! {
    #[test]
    fn spend_is_the_sum_however_workers_interleave(
        amounts in prop::collection::vec((any::<bool>(), 0u64..1 << 40), 0..60)
    ) {
        let deeds = amounts.iter().map(|(waits, amount)| (*waits, Deed::Charge(*amount))).collect();
        let cells = interleaved(u64::MAX, deeds);
        let sum = amounts.iter().map(|(_, amount)| amount).sum::<u64>();
        prop_assert_eq!(Ledger(&cells.memory).look(&share(u64::MAX), NOW), standing(sum, 0));
    }

    #[test]
    fn with_a_reserve_it_is_never_more_than_the_cap(
        amounts in prop::collection::vec((any::<bool>(), 1u64..100), 0..60), cap in 1u64..500
    ) {
        let deeds = amounts.iter().map(|(waits, amount)| (*waits, Deed::Reserve(*amount))).collect();
        let cells = interleaved(cap, deeds);
        prop_assert!(cells.spent.get() <= cap);
        prop_assert_eq!(Ledger(&cells.memory).look(&share(cap), NOW), standing(cells.spent.get(), 0));
    }

    #[test]
    fn counters_agree_with_a_plain_sum_per_window(
        deeds in prop::collection::vec((0u64..5, 0u64..1000, 0u64..HOUR), 1..200)
    ) {
        let memory = Memory::default();
        let mut sums: HashMap<(u64, u64), u64> = HashMap::new();
        let mut now = NOW;
        for (user, amount, passes) in deeds {
            now += passes;
            let share = share_of(&user.to_string(), Window::Day);
            let sum = sums.entry((user, Window::Day.bounds(now).0)).or_default();
            *sum += amount;
            prop_assert_eq!(Ledger(&memory).charge(&share, amount, None, now), standing(*sum, 0));
            prop_assert_eq!(Ledger(&memory).look(&share, now), standing(*sum, 0));
        }
    }

    #[test]
    fn books_are_read_as_they_were_written_and_any_bytes_are_a_book(bytes: Vec<u8>, spends in prop::collection::vec(any::<(u128, u64)>(), 0..20)) {
        let share = share(1);
        let time = time(&share, NOW);
        let mut book = Book::read(&bytes);
        for (i, (who, amount)) in (0u64..).zip(spends) {
            let counter = book.counter(who, time).unwrap();
            counter.spend(amount);
            counter.hold(i, amount, time.second + 1);
        }
        prop_assert_eq!(Book::read(&book.write()), book);
    }
}

/// Cells that threads share.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<HashMap<String, Numbered>>>);

/// Bytes, and the number that a change must name.
type Numbered = (Vec<u8>, u32);

impl Cells for Shared {
    fn get(&self, name: &str) -> Option<Numbered> {
        self.0.lock().unwrap().get(name).cloned()
    }

    fn set(&self, name: &str, value: &[u8], cas: u32) -> bool {
        let mut cells = self.0.lock().unwrap();
        let now = cells.get(name).map_or(u32::MAX, |(_, cas)| *cas);
        if cas == now {
            cells.insert(name.to_owned(), (value.to_vec(), if now == u32::MAX { 1 } else { now + 1 }));
        }
        cas == now
    }

    fn put(&self, _: &str, _: &[u8]) {
        panic!("money is never written without looking");
    }
}

#[test]
fn threads_lose_nothing_and_keep_to_the_cap() {
    const CAP: u64 = 10_000;
    let cells = Shared::default();
    let work = |worker: u64| {
        let (cells, share) = (cells.clone(), share(CAP));
        let mut served = 0;
        for i in 0..2_000 {
            // Each takes less than it may take, as requests do.
            if let Ok((held, _)) = Ledger(&cells).hold(&share, 10, worker * 2_000 + i, NOW) {
                Ledger(&cells).charge(&share, 7, Some(held), NOW);
                served += 1;
            }
        }
        served
    };
    let served: u64 = std::thread::scope(|scope| {
        let workers = [0, 1, 2, 3].map(|worker| scope.spawn(move || work(worker)));
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    let Standing { spent, held } = Ledger(&cells).look(&share(CAP), NOW);
    assert_eq!((spent, held), (served * 7, 0));
    assert!(spent <= CAP && spent > CAP - 17, "{spent}");
}
