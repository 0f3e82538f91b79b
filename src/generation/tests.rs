use super::*;
use crate::exchange::Mint;
use crate::health::Memory;
use crate::meter::{Cost, Source};
use proptest::prelude::*;

fn record(id: &str, input: Option<u64>) -> Record {
    Record {
        id: id.to_owned(),
        owner: Owner { id: "alice".to_owned(), has_key: true },
        started: 1_700_000_000_000_000_000,
        model: "acme/chat".to_owned(),
        provider: "alpha".to_owned(),
        is_byok: false,
        streamed: true,
        finish: "stop".to_owned(),
        latency_ms: Some(12),
        duration_ms: 345,
        input,
        cache_read: None,
        cache_write: Some(0),
        output: Some(7),
        reasoning: None,
        estimated: true,
        web_searches: Some(2),
        cost: Some(Cost { pico: 1_250_000, source: Source::Reported }),
        uncached: None,
    }
}

/// A worker that names generations, and keeps a record of each.
struct Worker {
    cells: Memory,
    mint: Mint,
}

impl Worker {
    fn new(cells: &Memory, nonce: u128) -> Worker {
        Worker { cells: cells.clone(), mint: Mint::new(nonce, take_lane(cells)) }
    }

    fn generate(&mut self, n: u64) -> String {
        let ticket = self.mint.ticket();
        let id = self.mint.generation(ticket, 1_700_000_000_000_000_000 + n);
        keep(&self.cells, &record(&id, Some(n)));
        id
    }
}

#[test]
fn every_worker_finds_the_last_of_all_workers_and_memory_is_bounded() {
    let cells = Memory::default();
    let mut workers: Vec<Worker> = (0..4).map(|n| Worker::new(&cells, n)).collect();
    let mut ids = Vec::new();
    for n in 0..3 * PLACES {
        ids.extend(workers.iter_mut().map(|worker| (n, worker.generate(n))));
    }
    let found: Vec<bool> = ids.iter().map(|(n, id)| find(&cells, id) == Some(record(id, Some(*n)))).collect();
    let kept = 4 * usize::try_from(PLACES).unwrap();
    let (gone, last) = found.split_at(ids.len() - kept);
    assert!(last.iter().all(|found| *found), "one of the last is missing");
    assert!(!gone.iter().any(|found| *found), "one is there that made way");
    assert_eq!(cells.count(), kept + 1);
}

#[test]
fn more_workers_than_lanes_share_them() {
    let cells = Memory::default();
    let mut workers: Vec<Worker> = (0..=u128::from(LANES)).map(|n| Worker::new(&cells, n)).collect();
    let (first, last) = (workers[0].generate(0), workers[LANES as usize].generate(1));
    assert_eq!(first.get(27..), last.get(27..), "the same lane and place");
    assert_eq!((find(&cells, &first), find(&cells, &last)), (None, Some(record(&last, Some(1)))));
}

#[test]
fn what_is_no_id_is_not_looked_for() {
    let cells = Memory::default();
    let id = Worker::new(&cells, 1).generate(0);
    assert!(find(&cells, &id).is_some());
    let (begin, end) = (id.get(..20).unwrap(), id.get(21..).unwrap());
    let [one, other] = ["0", "1"].map(|digit| format!("{begin}{digit}{end}"));
    let longer = format!("{id}0");
    for bad in [
        "",
        "gen_",
        id.get(4..).unwrap(),
        id.get(..29).unwrap(),
        &longer,
        &id.to_lowercase(),
        "gen_€€€€€€€€8€",
        &one,
        &other,
    ] {
        assert!(bad == id || find(&cells, bad).is_none(), "{bad}");
    }
}

#[test]
fn a_record_that_is_too_long_is_not_kept() {
    let cells = Memory::default();
    let id = Worker::new(&cells, 1).generate(0);
    for (length, is_kept) in [(LONGEST / 2, true), (LONGEST, false), (100_000, false)] {
        let record = Record { model: "m".repeat(length), ..record(&id, None) };
        keep(&cells, &record);
        assert_eq!(find(&cells, &id) == Some(record), is_kept, "{length}");
    }
}

fn count() -> impl Strategy<Value = Option<u64>> {
    proptest::option::of(0..u64::MAX)
}

prop_compose! {
    fn records()(
        texts in proptest::array::uniform5(".{0,300}"),
        flags in any::<(bool, bool, bool, bool, bool)>(),
        known in any::<(u64, u64)>(),
        told in proptest::array::uniform9(count()),
    ) -> Record {
        let [id, owner, model, provider, finish] = texts;
        let [latency_ms, input, cache_read, cache_write, output, reasoning, web_searches, pico, uncached] = told;
        let source = if flags.3 { Source::Reported } else { Source::Computed };
        let cost = pico.map(|pico| Cost { pico, source });
        let (started, duration_ms) = known;
        let owner = Owner { id: owner, has_key: flags.0 };
        Record {
            id, owner, started, model, provider, streamed: flags.1, is_byok: flags.2, finish, latency_ms, duration_ms,
            input, cache_read, cache_write, output, reasoning, estimated: flags.4, web_searches, cost, uncached,
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(record in records()) {
        prop_assert_eq!(Record::read(&record.write()), Some(record));
    }

    #[test]
    fn a_record_that_is_cut_or_longer_is_none(record in records(), cut in any::<prop::sample::Index>()) {
        let mut bytes = record.write();
        prop_assert_eq!(Record::read(&bytes[..cut.index(bytes.len())]), None);
        bytes.push(0);
        prop_assert_eq!(Record::read(&bytes), None);
    }

    #[test]
    fn any_bytes_are_a_record_or_none(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Record::read(&bytes);
        if let Some(version) = bytes.first_mut() {
            *version = 3;
        }
        if let Some(record) = Record::read(&bytes) {
            prop_assert_eq!(Record::read(&record.write()), Some(record));
        }
    }
}
