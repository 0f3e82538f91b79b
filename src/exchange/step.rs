//! Which target and credential follow a failure, if any do.

use super::Exchange;
use super::attempt::{Attempt, Progress};
use crate::config::FallbackOn;
use crate::error::Class;
use crate::health::Room;
use crate::route::Target;

/// A target of the plan with one of its credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Index into the plan's targets.
    pub(super) target: usize,
    /// Index into the target's credentials.
    pub(super) credential: usize,
    /// Without seals and the ids that belong to them, because they were rejected.
    pub(super) is_unsealed: bool,
}

impl Step {
    /// A target with its first credential.
    pub(super) fn at(target: usize) -> Step {
        Step { target, credential: 0, is_unsealed: false }
    }
}

impl Exchange {
    /// The step of an attempt.
    pub(super) fn step_of(&self, attempt: &Attempt) -> Step {
        let credentials = self.plan.targets.get(attempt.target).map_or(&[][..], |target| &target.credentials);
        let place = credentials.iter().position(|credential| Some(*credential) == attempt.credential);
        Step { target: attempt.target, credential: place.unwrap_or(0), is_unsealed: attempt.is_unsealed }
    }

    /// The step after a failed one; `None` when the plan is over.
    pub(super) fn after(&self, progress: &Progress, step: Step, class: Class, now: u64) -> Option<Step> {
        let attempts = &progress.attempts;
        if class == Class::SealRejected && self.may_unseal(attempts) {
            return Some(Step { is_unsealed: true, ..step });
        }
        if attempts.len() >= self.plan.max_attempts || !self.leads_on(class) {
            return None;
        }
        let is_first = attempts.iter().all(|attempt| Some(attempt.target) == attempts.first().map(|a| a.target));
        if is_first && class.is_callers() {
            return self.after_refusal(progress, step, class, now);
        }
        let credentials = self.plan.targets.get(step.target).map_or(0, |target| target.credentials.len());
        if class.is_about_credential() && step.credential.saturating_add(1) < credentials {
            return Some(Step { credential: step.credential.saturating_add(1), ..step });
        }
        if let Some(target) = self.untried(progress, now).next() {
            return Some(Step::at(target));
        }
        let may_pass = !matches!(class, Class::ProviderKey | Class::ProviderModel | Class::ProviderQuota);
        let alone = self.plan.targets.len() == 1 && attempts.len() == 1;
        (alone && may_pass && !class.is_callers()).then_some(step)
    }

    /// Whether seals that were rejected can be left out: once, and only where the request can be written anew.
    fn may_unseal(&self, attempts: &[Attempt]) -> bool {
        self.ask.operation.is_chat() && !attempts.iter().any(|attempt| attempt.is_unsealed)
    }

    /// The first target found fault with the request itself. Another one helps only if it takes longer prompts, or
    /// where the configuration says so of filtered content.
    fn after_refusal(&self, progress: &Progress, step: Step, class: Class, now: u64) -> Option<Step> {
        let is_wished = FallbackOn::of(class).is_some_and(|kind| self.config.routing.fallback_on.contains(&kind));
        let window = |target: &Target| target.model.model.context_window;
        let known = self.plan.targets.get(step.target).and_then(window);
        let larger = |target: usize| {
            let other = self.plan.targets.get(target).and_then(window);
            known.zip(other).is_some_and(|(known, other)| other > known)
        };
        let mut untried = self.untried(progress, now);
        let target = match class {
            Class::ContextTooLong if is_wished => untried.find(|target| larger(*target))?,
            Class::ContentFiltered if is_wished => untried.next()?,
            _ => return None,
        };
        Some(Step::at(target))
    }

    /// Whether this kind of failure leads on at all. What the request is at fault for is decided by who said so.
    fn leads_on(&self, class: Class) -> bool {
        let kind = FallbackOn::of(class).filter(|_| !class.is_callers());
        let is_wished = kind.is_none_or(|kind| self.config.routing.fallback_on.contains(&kind));
        let is_unseen = matches!(class, Class::Timeout | Class::Cut);
        is_wished && (!is_unseen || self.ask.is_repeatable())
    }

    /// The targets that have not been tried, in the order in which they would be. One without a token now cannot be.
    fn untried<'a>(&'a self, progress: &'a Progress, now: u64) -> impl Iterator<Item = usize> + 'a {
        let tried = |target: &usize| progress.attempts.iter().any(|attempt| attempt.target == *target);
        let in_turn = (0..self.plan.targets.len()).filter(|target| !progress.full.contains(target));
        let lacks_token = move |target: &usize| {
            let target = self.plan.targets.get(*target).filter(|target| target.needs_token());
            target.is_some_and(|target| self.health.lacks_token(&target.provider, now))
        };
        let untried = in_turn.chain(progress.full.iter().copied()).filter(move |target| !tried(target));
        untried.filter(move |target| !lacks_token(target))
    }

    /// Takes a place for the next step. A target that is full makes way for those after it, and is tried last.
    pub(super) fn with_place(&self, progress: &mut Progress, next: Step, now: u64) -> Step {
        let most = |target: usize| {
            let provider = &self.plan.targets.get(target)?.provider;
            Some((provider.name.as_str(), provider.max_in_flight?))
        };
        if most(next.target).is_none() {
            return next;
        }
        let untried: Vec<usize> = self.untried(progress, now).collect();
        let mut candidates = vec![next];
        // Another credential of the same target, or the same once more, makes way for nobody.
        if untried.contains(&next.target) {
            let others = untried.into_iter().filter(|target| *target != next.target);
            candidates.extend(others.map(Step::at));
        }
        for step in candidates {
            let Some((provider, limit)) = most(step.target) else { return step };
            progress.place = self.health.enter(Room::of(provider), limit, now);
            if progress.place.is_some() {
                return step;
            }
            progress.full.push(step.target);
        }
        progress.place = most(next.target).map(|(provider, _)| self.health.squeeze_in(Room::of(provider), now));
        next
    }
}
