//! Puts what rests or is full at the end of a plan: last, not away.

use super::{Board, Health, Id, Place, Room, Standing, credentials};
use crate::config::{Config, Secret};
use crate::route::{Plan, Target};
use std::rc::Rc;

/// Orders a plan by what is known of its targets now, cuts it at its length, and takes the place of its first attempt.
///
/// Targets and credentials that rest come last, and after them those whose token has not come. The first whose rest is
/// over is tried where it stands, by one request at a time. If everything rests, one target is tried, once: its clients try
/// again by themselves.
pub fn arrange(plan: &mut Plan, config: &Config, health: &Rc<Health>, now: u64) -> Option<Place> {
    let lacks_token =
        plan.targets.iter().any(|target| target.needs_token() && health.lacks_token(&target.provider, now));
    let is_well = health.look().is_empty() && !lacks_token;
    let ready = if is_well { plan.targets.len() } else { rest_last(plan, config, health, now) };
    let place = full_last(plan, ready, health, now);
    plan.targets.truncate(plan.max_attempts);
    place
}

/// How a target stands with its credentials, and what a probe of it would be of.
struct Found {
    standing: Standing,
    probes: Option<Id>,
}

/// Gives how many targets do not rest.
fn rest_last(plan: &mut Plan, config: &Config, health: &Health, now: u64) -> usize {
    let rest = config.routing.cooldown.rest;
    let mut ready = Vec::with_capacity(plan.targets.len());
    let mut resting: Vec<(u64, Target)> = Vec::new();
    for mut target in plan.targets.drain(..) {
        let token = health.token(&target.provider, now);
        if token.is_none() && target.needs_token() {
            resting.push((u64::MAX, target));
            continue;
        }
        let found = look(&mut target, token.as_ref(), &health.seen(), now, ready.is_empty());
        let probe = found.probes.filter(|_| ready.is_empty());
        let is_probe = probe.is_some_and(|id| health.take_probe(id, now, rest));
        if probe.is_some() && !is_probe {
            // Another request is the probe: to this one the same thing rests.
            look(&mut target, token.as_ref(), &health.seen(), now, false);
        }
        match found.standing {
            _ if is_probe => ready.push(target),
            Standing::Well => ready.push(target),
            Standing::Due => resting.push((now, target)),
            Standing::Resting { until } => resting.push((until, target)),
        }
    }
    plan.targets = ready;
    let ready = plan.targets.len();
    if ready == 0 {
        resting.sort_by_key(|(until, _)| *until);
        resting.truncate(1);
        plan.max_attempts = 1;
    }
    plan.targets.extend(resting.into_iter().map(|(_, target)| target));
    ready.max(1)
}

/// Puts a target's credentials in order, and says how it stands. `first`: it may be tried next, so that a credential
/// whose rest is over may stay where it is.
fn look(target: &mut Target, token: Option<&Secret>, board: &Board, now: u64, first: bool) -> Found {
    let own = super::target(target);
    let standing = board.standing(own, now);
    let own_probe = (standing == Standing::Due).then_some(own);
    if target.credentials.is_empty() {
        return Found { standing, probes: own_probe };
    }
    let known: Vec<(usize, Standing, Option<Id>)> =
        target.credentials.iter().map(|index| credential(target, *index, token, board, now)).collect();
    let leads = |entry: &(usize, Standing, Option<Id>)| first && entry.1 == Standing::Due;
    let probe = known.first().filter(|entry| leads(entry));
    let mut ordered: Vec<&(usize, Standing, Option<Id>)> = known.iter().collect();
    ordered.sort_by_key(|entry| match entry.1 {
        _ if probe.is_some_and(|probe| probe.0 == entry.0) => 0,
        Standing::Well => 0,
        Standing::Due => 1,
        Standing::Resting { until } => until.max(2),
    });
    let able = ordered.iter().filter(|entry| !matches!(entry.1, Standing::Resting { .. })).count();
    target.credentials = ordered.iter().take(able.max(1)).map(|entry| entry.0).collect();
    let best = ordered.first().map_or(Standing::Well, |entry| entry.1);
    match (standing, best) {
        (Standing::Well, Standing::Due) => {
            let others = known.iter().any(|entry| entry.1 == Standing::Well);
            let id = ordered.first().and_then(|entry| entry.2);
            Found { standing: if others { Standing::Well } else { Standing::Due }, probes: id }
        }
        (Standing::Well, best) => Found { standing: best, probes: None },
        // The target's own standing decides; a credential that rests makes it no better.
        (standing, Standing::Resting { until }) => Found { standing: later(standing, until), probes: None },
        (standing, _) => Found { standing, probes: own_probe },
    }
}

fn later(standing: Standing, until: u64) -> Standing {
    match standing {
        Standing::Resting { until: own } => Standing::Resting { until: own.max(until) },
        _ => Standing::Resting { until },
    }
}

/// A credential rests as a whole, or for one model.
fn credential(
    target: &Target,
    index: usize,
    token: Option<&Secret>,
    board: &Board,
    now: u64,
) -> (usize, Standing, Option<Id>) {
    let ids = target.provider.secret(index).or(token).map(|secret| credentials(target, secret));
    let mut worst = (index, Standing::Well, None);
    for id in ids.into_iter().flatten() {
        let standing = board.standing(id, now);
        match (worst.1, standing) {
            (_, Standing::Well) | (Standing::Resting { .. }, Standing::Due) => {}
            (Standing::Resting { until: known }, Standing::Resting { until }) if known >= until => {}
            _ => worst = (index, standing, Some(id)),
        }
    }
    worst
}

/// Takes the place of the first attempt. Of the targets that do not rest, full ones come last.
fn full_last(plan: &mut Plan, ready: usize, health: &Rc<Health>, now: u64) -> Option<Place> {
    let mut full = 0;
    for target in plan.targets.iter().take(ready) {
        let Some(most) = target.provider.max_in_flight else { break };
        if let Some(place) = health.enter(Room::of(&target.provider.name), most, now) {
            bring_forward(plan, full, ready);
            return Some(place);
        }
        full += 1;
    }
    if full < ready {
        bring_forward(plan, full, ready);
        return None;
    }
    let first = plan.targets.first()?;
    Some(health.squeeze_in(Room::of(&first.provider.name), now))
}

fn bring_forward(plan: &mut Plan, full: usize, ready: usize) {
    if let Some(targets) = plan.targets.get_mut(..ready) {
        targets.rotate_left(full);
    }
}
