//! Random requests, and which targets may serve them.

use super::super::super::needs::Needs;
use super::super::*;
use super::world::{ABILITIES, LABELS, OPERATIONS, TargetSpec, World, model_name};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// A way in which providers are left out: what a refusal names, and whether it leaves one in.
type Filter<'a> = (Option<&'a str>, Box<dyn Fn(usize) -> bool + 'a>);

/// A request by what it says; numbers beyond what a world has are taken modulo.
#[derive(Clone, Debug)]
pub struct Asks {
    /// Number 6 is a model that nobody has.
    pub model: usize,
    pub group: Option<usize>,
    pub operation: Operation,
    pub options: Options,
    pub needs: Vec<usize>,
    pub conversation: u64,
    pub draw: u64,
    pub is_pinned: bool,
    pub first_only: bool,
}

pub fn requests() -> impl Strategy<Value = Asks> {
    let words = vec!["p0", "p1", "p2", "p3", "p4", "groq", "cerebras", "nobody"];
    let some = |most: usize| subsequence(words.clone(), 0..=most).prop_shuffle();
    let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let only = prop_oneof![4 => Just(None), 1 => some(5).prop_map(Some)];
    let ignore = prop_oneof![3 => Just(vec![]), 1 => some(4)];
    let labels = prop_oneof![4 => Just(vec![]), 1 => subsequence(LABELS.to_vec(), 1..3)];
    let models = prop_oneof![3 => Just(vec![]), 1 => subsequence(vec![0, 1, 2, 6], 1..3)];
    let options = (some(4), only, ignore, labels, models, prop::bool::weighted(0.1)).prop_map(
        move |(order, only, ignore, labels, models, no_fallback)| Options {
            order: owned(order),
            only: only.map(owned),
            ignore: owned(ignore),
            models: models.into_iter().map(model_name).collect(),
            no_fallback,
            labels: labels.into_iter().map(|label| (label.to_owned(), format!("option.{label}"))).collect(),
            ..Options::default()
        },
    );
    let what = (prop_oneof![20 => 0..6usize, 1 => Just(6)], prop::option::of(0..3usize), select(OPERATIONS.to_vec()));
    let needs = prop_oneof![2 => Just(vec![]), 1 => subsequence(vec![0, 1, 2], 1..3)];
    let flags = (prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    (what, options, needs, any::<u64>(), any::<u64>(), flags).prop_map(
        |((model, group, operation), options, needs, conversation, draw, (is_pinned, first_only))| Asks {
            model,
            group,
            operation,
            options,
            needs,
            conversation,
            draw,
            is_pinned,
            first_only,
        },
    )
}

/// A request fitted to a world, and its plan there.
impl Asks {
    pub fn within(mut self, world: &World) -> Asks {
        self.model = if self.model < 6 { self.model % world.models.len() } else { 6 };
        self.group = self.group.map(|group| group % world.groups.len());
        let needs = &mut self.options.needs;
        *needs = Needs::default();
        self.needs.iter().for_each(|need| needs.add(ABILITIES[*need].1, ABILITIES[*need].0));
        self
    }

    pub fn plan(&self, config: &Config) -> Result<Plan, Error> {
        let caller = Caller { id: "somebody".to_owned(), key: None, group: self.group };
        plan(&Request {
            config,
            caller: &caller,
            operation: self.operation,
            asked: &model_name(self.model),
            options: &self.options,
            conversation: self.conversation,
            draw: self.draw,
            pinned: self.is_pinned.then_some("previous_response_id"),
            subscription: None,
            first_only: self.first_only,
            refusal: &|_, _, _| None,
        })
    }

    pub fn is_alone(&self) -> bool {
        self.is_pinned || self.first_only || self.options.no_fallback
    }

    pub fn supported(&self, world: &World, model: usize) -> bool {
        let supports = world.models[model].supports.as_ref();
        supports.is_none_or(|supports| self.needs.iter().all(|need| supports.contains(need)))
    }

    /// Whether each of the ways in which a provider can be left out leaves it in; the reasons by name.
    pub fn filters<'a>(&'a self, world: &'a World) -> Vec<Filter<'a>> {
        let Options { order, only, ignore, labels, .. } = &self.options;
        let group = self.group.map_or(&[][..], |group| &world.groups[group].1);
        let mut filters: Vec<Filter<'a>> = vec![
            (None, Box::new(|p| world.is_able(p, self.operation))),
            (None, Box::new(|p| group.iter().all(|label| world.carries(p, label)))),
            (Some("ignore"), Box::new(|p| !ignore.iter().any(|word| world.is_called(p, word)))),
        ];
        if let Some(only) = only {
            let word = if !order.is_empty() && only == order { "order" } else { "only" };
            filters.push((Some(word), Box::new(|p| only.iter().any(|word| world.is_called(p, word)))));
        }
        for (label, option) in labels {
            filters.push((Some(option), Box::new(move |p| world.carries(p, label))));
        }
        filters
    }

    /// The targets that may serve a model.
    pub fn able<'a>(&self, world: &'a World, model: usize) -> Vec<&'a TargetSpec> {
        let filters = self.filters(world);
        let targets = world.models[model].targets.iter();
        targets.filter(|target| filters.iter().all(|(_, keeps)| keeps(target.provider))).collect()
    }

    /// The models of the plan, in order, each once; `Err`: the refusal before any target is looked for.
    pub fn models(&self, world: &World) -> Result<Vec<usize>, (u16, &'static str)> {
        let known = |model: usize| if model < world.models.len() { Ok(model) } else { Err((404, "model_not_found")) };
        let permitted =
            |model| if world.permits(self.group, model) { Ok(model) } else { Err((403, "model_not_allowed")) };
        let asked = known(self.model).and_then(permitted)?;
        let mut models = vec![asked];
        models.extend(world.models[asked].fallbacks.iter().filter(|model| world.permits(self.group, **model)));
        for name in &self.options.models {
            let wished = name.strip_prefix("m/").and_then(|number| number.parse().ok()).unwrap();
            models.push(known(wished).and_then(permitted)?);
        }
        if self.is_pinned {
            models.truncate(1);
        }
        Ok(models)
    }
}
