//! What holds however attempts of several workers fail, answer and are given up, over random runs.

use super::*;
use crate::exchange::{Exchange, Verdict};
use crate::testing::{chat_ask, config, exchange_among, failure, plan_of};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use std::collections::HashMap;

const MS: u64 = 1_000_000;
const REST: u64 = 5_000 * MS;
const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];
const MODELS: [&str; 2] = ["acme/chat", "acme/solo"];

#[derive(Clone, Debug)]
enum Event {
    /// A request for a model comes to a worker.
    Comes(usize, &'static str),
    /// One of those under way answers, fails, or its client leaves.
    Answers(usize),
    Fails(usize, Class),
    Leaves(usize),
    /// Milliseconds pass; workers say each second that they live.
    Passes(u64),
}

fn events() -> impl Strategy<Value = Event> {
    let class = select(vec![Class::ProviderFault, Class::Timeout, Class::Overloaded, Class::BadRequest]);
    prop_oneof![
        4 => (0..3usize, select(MODELS.to_vec())).prop_map(|(worker, model)| Event::Comes(worker, model)),
        2 => any::<usize>().prop_map(Event::Answers),
        4 => (any::<usize>(), class).prop_map(|(which, class)| Event::Fails(which, class)),
        1 => any::<usize>().prop_map(Event::Leaves),
        2 => (1..6_000u64).prop_map(Event::Passes),
    ]
}

struct Run {
    config: Rc<Config>,
    cells: Memory,
    workers: Vec<Rc<Health>>,
    under_way: Vec<Exchange>,
    /// When a target was last probed.
    probes: HashMap<String, u64>,
    now: u64,
}

impl Run {
    fn new(most: &[Option<u32>; 3], after: u32, max_attempts: u32) -> Run {
        let provider = |(name, most): (&&str, &Option<u32>)| {
            let mut provider = json!({"name": name, "preset": "openai-compatible",
                "base_url": format!("http://{name}.test/v1"), "credentials": "none"});
            most.iter().for_each(|most| provider["max_in_flight"] = json!(most));
            provider
        };
        let providers: Vec<Value> = NAMES.iter().zip(most).map(provider).collect();
        let routing = json!({"max_attempts": max_attempts, "cooldown": {"after": after, "for": "5s"}});
        let cells = Memory::default();
        let worker = |vm| Rc::new(Health::new(Box::new(cells.clone()), vm));
        Run {
            config: config(json!({"providers": providers, "routing": routing})),
            workers: (1..=3).map(worker).collect(),
            cells,
            under_way: Vec::new(),
            probes: HashMap::new(),
            now: 1_000 * MS,
        }
    }

    fn standing(&self, target: &Target) -> Standing {
        self.workers[0].look().standing(super::target(target), self.now)
    }

    /// How many places all workers together say are taken.
    fn taken(&self, provider: &str) -> u32 {
        let bytes = self.cells.get(&format!("tollgate.places.{provider}")).map(|(bytes, _)| bytes).unwrap_or_default();
        let (said, _) = bytes.as_chunks::<36>();
        said.iter().map(|said| u32::from_le_bytes(said[16..20].try_into().unwrap())).sum()
    }

    fn is_full(&self, target: &Target) -> bool {
        target.provider.max_in_flight.is_some_and(|most| self.taken(&target.provider.name) >= most)
    }

    fn comes(&mut self, worker: usize, model: &str) -> Result<(), TestCaseError> {
        let body = json!({ "model": model }).to_string();
        let planned = plan_of(&self.config, &chat_ask(&body)).unwrap();
        let before: HashMap<String, (Standing, bool)> =
            planned.targets.iter().map(|t| (t.sent.clone(), (self.standing(t), self.is_full(t)))).collect();
        let exchange = exchange_among(&self.config, chat_ask(&body), self.workers[worker].clone(), self.now);
        let found = &exchange.plan.targets;
        let (rested, until) = (|t: &Target| before[&t.sent].0, self.now + REST);
        let is_probe = |t: &&Target| rested(t) == Standing::Due && self.standing(t) == Standing::Resting { until };
        let probes: Vec<&str> = planned.targets.iter().filter(is_probe).map(|t| t.sent.as_str()).collect();
        prop_assert!(probes.len() <= 1, "{} probes at once", probes.len());
        for probe in &probes {
            let last = self.probes.insert((*probe).to_owned(), self.now);
            prop_assert!(last.is_none_or(|last| self.now >= last + REST), "a second probe of {}", probe);
        }
        let is_ready = |t: &Target| rested(t) == Standing::Well || probes.contains(&t.sent.as_str());
        let ready = planned.targets.iter().filter(|t| is_ready(t)).count();
        if ready == 0 {
            prop_assert_eq!((found.len(), exchange.plan.max_attempts), (1, 1), "all of it rests");
        } else {
            prop_assert_eq!(found.len(), planned.targets.len().min(planned.max_attempts), "something is dropped");
            prop_assert!(found.iter().map(|t| !is_ready(t)).is_sorted(), "{} rests, yet comes first", exchange.plan);
            let first = &found[0];
            let others_are_full = planned.targets.iter().filter(|t| is_ready(t)).all(|t| before[&t.sent].1);
            prop_assert!(!before[&first.sent].1 || others_are_full, "{} begins with a full one", exchange.plan);
        }
        prop_assert!(found.iter().enumerate().all(|(i, t)| found[..i].iter().all(|have| have.sent != t.sent)));
        prop_assert!(found.iter().all(|t| before.contains_key(&t.sent)));
        self.under_way.push(exchange);
        Ok(())
    }

    /// Its next attempt answers, or fails in this way; true if it is over.
    fn attempt(&self, exchange: &Exchange, fails: Option<Class>) -> bool {
        let Some(cluster) = exchange.next_cluster().map(str::to_owned) else { return true };
        let index = exchange.begin(cluster.as_bytes(), self.now).unwrap().index;
        match fails {
            Some(class) => exchange.fail(index, failure(class, 500, None), self.now) == Verdict::Final,
            None => {
                exchange.serve(index, 200, self.now);
                exchange.finish(index, None);
                exchange.close(self.now);
                true
            }
        }
    }

    fn happens(&mut self, event: Event) -> Result<(), TestCaseError> {
        match event {
            Event::Comes(worker, model) => self.comes(worker, model)?,
            Event::Passes(ms) => {
                let end = self.now + ms * MS;
                while self.now < end {
                    self.now = end.min(self.now + BEAT_MS * MS);
                    self.workers.iter().for_each(|worker| worker.beat(self.now));
                }
            }
            Event::Answers(which) | Event::Fails(which, _) | Event::Leaves(which) => {
                let Some(at) = which.checked_rem(self.under_way.len()) else { return Ok(()) };
                let exchange = self.under_way.swap_remove(at);
                let is_over = match event {
                    Event::Answers(_) => self.attempt(&exchange, None),
                    Event::Fails(_, class) => self.attempt(&exchange, Some(class)),
                    _ => true,
                };
                if !is_over {
                    self.under_way.push(exchange);
                }
            }
        }
        for provider in self.config.providers.iter().filter(|provider| provider.max_in_flight.is_some()) {
            let here = |exchange: &&Exchange| exchange.next_cluster() == Some(&provider.name);
            let counted = self.under_way.iter().filter(here).count();
            prop_assert_eq!(self.taken(&provider.name) as usize, counted, "places at {}", &provider.name);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_happens(
        most in [prop::option::of(1..4u32), prop::option::of(1..4u32), prop::option::of(1..4u32)],
        after in 1..4u32, max_attempts in 1..5u32, events in prop::collection::vec(events(), 1..120),
    ) {
        let mut run = Run::new(&most, after, max_attempts);
        for event in events {
            run.happens(event)?;
        }
        run.under_way.clear();
        prop_assert!(NAMES.iter().all(|name| run.taken(name) == 0), "places are left over");
        prop_assert!(run.workers.iter().all(|worker| !worker.holds_places()));
    }
}
