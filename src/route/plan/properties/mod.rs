//! What holds for every plan, over random configurations and requests.

mod asks;
mod world;

use super::*;
use crate::testing::{caller, chat_ask, config, plan_of};
use asks::{Asks, requests};
use proptest::prelude::*;
use serde_json::json;
use world::{Listed, World, provider_name, worlds};

fn pair(target: &Target) -> (String, String) {
    (target.provider.name.clone(), target.sent.clone())
}

/// Targets of one class stand in the order of the hash: by model, place in the wished order, priority.
type Class = (usize, usize, u32);

fn check(world: &World, config: &Config, asks: &Asks) -> Result<(), TestCaseError> {
    let planned = asks.plan(config);
    let models = match (asks.models(world), planned.as_ref()) {
        (Ok(models), _) => models,
        (Err(expected), Err(error)) => {
            prop_assert_eq!((error.status, error.code.as_deref().unwrap_or_default()), expected);
            return Ok(());
        }
        (Err(expected), Ok(plan)) => return Err(TestCaseError::fail(format!("{plan}, not {expected:?}"))),
    };
    // What must come.
    let mut expected: Vec<(Class, (String, String))> = Vec::new();
    for (place, model) in models.iter().enumerate().filter(|(_, model)| asks.supported(world, **model)) {
        let order = |p: usize| asks.options.order.iter().position(|word| world.is_called(p, word));
        let mut able = asks.able(world, *model);
        able.sort_by_key(|target| (order(target.provider).unwrap_or(usize::MAX), target.priority));
        for target in able {
            let pair = (provider_name(target.provider), target.sent.to_owned());
            if !expected.iter().any(|(_, have)| *have == pair) {
                let class = (place, order(target.provider).unwrap_or(usize::MAX), target.priority);
                expected.push((class, pair));
            }
        }
    }
    let plan = match planned {
        Ok(plan) => plan,
        Err(error) => {
            prop_assert!(expected.is_empty(), "refused, but {:?} could serve: {:?}", expected, error);
            return check_refusal(world, asks, &error);
        }
    };
    let found: Vec<_> = plan.targets.iter().map(pair).collect();
    prop_assert!(!found.is_empty(), "an empty plan");
    let class = |pair: &(String, String)| expected.iter().find(|(_, have)| have == pair).map(|(class, _)| *class);
    let classes: Vec<_> = found.iter().map(class).collect();
    prop_assert!(classes.iter().all(Option::is_some), "{:?} is not among {:?}", found, expected);
    prop_assert!(asks.is_pinned || classes.is_sorted(), "{:?} is not in the order of {:?}", found, expected);
    let most = if asks.is_alone() { 1 } else { expected.len() };
    prop_assert_eq!(found.len(), most, "{:?}, but {:?} can serve", &found, &expected);
    prop_assert!((0..most).all(|i| !found[..i].contains(&found[i])), "{:?} has one twice", found);
    prop_assert!(asks.is_pinned || classes.first() == Some(&expected.first().map(|(class, _)| *class)));
    for target in &plan.targets {
        let all = match &target.provider.credentials {
            Credentials::Secrets(secrets) => secrets.len(),
            _ => 0,
        };
        let mut credentials = target.credentials.clone();
        credentials.sort_unstable();
        let expected = if asks.is_pinned { all.min(1) } else { all };
        prop_assert_eq!(credentials, (0..expected).collect::<Vec<_>>());
    }
    if asks.is_pinned {
        let first = asks.able(world, models[0]).into_iter().map(|target| target.provider).min();
        prop_assert_eq!(Some(found[0].0.clone()), first.map(provider_name));
    }
    let most = if asks.is_alone() { 2 } else { world.max_attempts as usize };
    prop_assert!(plan.max_attempts <= most);
    prop_assert!((1..=plan.max_attempts).contains(&plan.most_attempts()));
    Ok(())
}

/// The reason that is named has left out targets of the asked model that could serve otherwise.
fn check_refusal(world: &World, asks: &Asks, error: &Error) -> Result<(), TestCaseError> {
    let (code, param) = (error.code.as_deref().unwrap_or_default(), error.param.as_deref());
    prop_assert_eq!(error.status, 400);
    if code == "unsupported_parameter" {
        prop_assert!(!asks.able(world, asks.model).is_empty() && !asks.supported(world, asks.model));
        return Ok(());
    }
    prop_assert_eq!(code, "no_matching_provider");
    let all = world.models[asks.model].targets.iter().map(|target| target.provider);
    let filters = asks.filters(world);
    let able: Vec<usize> = all.filter(|provider| filters[0].1(*provider)).collect();
    let is_real = match param {
        Some(named) => filters.iter().any(|(name, keeps)| *name == Some(named) && able.iter().any(|p| !keeps(*p))),
        None if error.message.contains("group") => able.iter().any(|p| !filters[1].1(*p)),
        None => able.is_empty(),
    };
    prop_assert!(is_real, "no reason: {:?}", error);
    Ok(())
}

/// Targets with their credentials.
fn whole(plan: Result<Plan, Error>) -> Result<(String, Vec<Vec<usize>>), Error> {
    plan.map(|plan| (plan.to_string(), plan.targets.iter().map(|target| target.credentials.clone()).collect()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_plan_has_whom_it_may_have_in_their_order(
        world in worlds(), requests in prop::collection::vec(requests(), 100),
    ) {
        let config = world.load(Listed::Forwards);
        for asks in requests {
            let asks = asks.within(&world);
            check(&world, &config, &asks).map_err(|error| TestCaseError::fail(format!("{error}: {asks:?}")))?;
        }
    }

    /// On every worker, every Envoy, and however the document lists the same things.
    #[test]
    fn every_envoy_makes_the_same_plan(world in worlds(), requests in prop::collection::vec(requests(), 20)) {
        let [config, again] = [(); 2].map(|()| world.load(Listed::Forwards));
        let reordered = world.load(Listed::Backwards);
        for asks in requests {
            let asks = asks.within(&world);
            let first = whole(asks.plan(&config));
            prop_assert_eq!(&whole(asks.plan(&config)), &first);
            prop_assert_eq!(&whole(asks.plan(&again)), &first);
            if !asks.is_pinned {
                prop_assert_eq!(&whole(asks.plan(&reordered)), &first, "{:?}", asks);
            }
        }
    }

    #[test]
    fn a_provider_that_goes_takes_only_its_own_targets_with_it(
        world in worlds(), requests in prop::collection::vec(requests(), 20), gone in 0..6usize,
    ) {
        let gone = gone % world.providers.len();
        let mut without = world.clone();
        without.providers[gone].secrets = Some(0);
        let (before, after) = (world.load(Listed::Forwards), without.load(Listed::Forwards));
        for asks in requests {
            let asks = Asks { is_pinned: false, first_only: false, ..asks.within(&world) };
            let asks = Asks { options: Options { no_fallback: false, ..asks.options.clone() }, ..asks };
            let Ok(plan) = asks.plan(&before) else { continue };
            let stay: Vec<_> = plan.targets.iter().map(pair).filter(|(p, _)| *p != provider_name(gone)).collect();
            let left: Vec<_> = asks.plan(&after).map(|plan| plan.targets.iter().map(pair).collect()).unwrap_or_default();
            prop_assert_eq!(stay, left);
        }
    }

    #[test]
    fn later_turns_go_where_the_first_went(
        world in worlds(), opening in ".{0,30}", turns in prop::collection::vec(".{0,30}", 1..5),
    ) {
        let config = world.load(Listed::Forwards);
        let mut messages = vec![json!({"role": "user", "content": opening})];
        let mut plans = Vec::new();
        for turn in turns {
            let ask = chat_ask(&json!({"model": "m/0", "messages": messages}).to_string());
            plans.push(plan_of(&config, &ask).map(|plan| plan.to_string()));
            messages.push(json!({"role": "assistant", "content": turn}));
            messages.push(json!({"role": "user", "content": turn}));
        }
        prop_assert!(plans.windows(2).all(|two| two[0] == two[1]), "{:?}", plans);
    }

    /// Over conversations, each target is the first as often as its weight says: within five and a half sigma.
    #[test]
    fn weights_hold(weights in prop::collection::vec(1..100u32, 2..5), salt in any::<u64>()) {
        const TALKS: u32 = 2_000;
        let targets = |(i, weight): (usize, &u32)| json!({"provider": "gamma", "model": format!("n{i}"), "weight": weight});
        let targets: Vec<_> = weights.iter().enumerate().map(targets).collect();
        let config = config(json!({"models": [{"name": "m/0", "targets": targets}]}));
        let mut counts = vec![0u32; weights.len()];
        for talk in 0..TALKS {
            let (caller, options) = (caller(), Options::default());
            let conversation = salt.wrapping_add(u64::from(talk));
            let plan = plan(&Request {
                config: &config, caller: &caller, operation: Operation::ChatCompletions, asked: "m/0",
                options: &options, conversation, draw: 0, pinned: None, subscription: None, first_only: false,
                refusal: &|_, _, _| None,
            }).unwrap();
            counts[plan.targets[0].sent.trim_start_matches('n').parse::<usize>().unwrap()] += 1;
        }
        let total: u32 = weights.iter().sum();
        for (count, weight) in counts.iter().zip(&weights) {
            let share = f64::from(*weight) / f64::from(total);
            let (mean, sigma) = (f64::from(TALKS) * share, (f64::from(TALKS) * share * (1.0 - share)).sqrt());
            prop_assert!((f64::from(*count) - mean).abs() < 5.5 * sigma + 1.0, "{:?} for {:?}", counts, weights);
        }
    }
}
