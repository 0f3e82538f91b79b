//! Fallback in an order that Envoy has: before 1.39 it cannot choose a cluster anew for a retry, and follows a chain of
//! providers that stands in its own configuration. Each attempt then takes the plan's step at the provider it is at.

use super::Exchange;
use super::attempt::Attempt;
use super::step::Step;
use crate::health::Room;

impl Exchange {
    /// Makes the plan's next step the one at this provider, and gives its target's cluster for `begin`. A chain serves
    /// many plans: one that goes on to a provider that this plan has no step for is at the plan's end. One that begins
    /// there is a mistake, and stays the wrong cluster that it is.
    pub fn follow(&self, provider: &str, now: u64) -> Option<&str> {
        let mut progress = self.progress.borrow_mut();
        let next = progress.next?;
        let step = Some(next).filter(|step| self.is_at(*step, provider)).or_else(|| {
            let mut steps = (0..self.plan.targets.len()).flat_map(|target| self.steps_of(target));
            steps.find(|step| self.is_at(*step, provider) && !self.is_tried(&progress.attempts, *step))
        });
        if step.is_some() || !progress.attempts.is_empty() {
            progress.next = step;
        }
        let provider = &self.plan.targets.get(step?.target)?.provider;
        if step != Some(next) {
            // The place that was taken is at the provider that the plan would have asked. A full one cannot be passed by.
            progress.place = provider.max_in_flight.map(|_| self.health.squeeze_in(Room::of(&provider.name), now));
        }
        Some(&provider.cluster)
    }

    fn steps_of(&self, target: usize) -> impl Iterator<Item = Step> {
        let credentials = self.plan.targets.get(target).map_or(0, |target| target.credentials.len());
        (0..credentials.max(1)).map(move |credential| Step { credential, ..Step::at(target) })
    }

    fn is_at(&self, step: Step, provider: &str) -> bool {
        self.plan.targets.get(step.target).is_some_and(|target| target.provider.name == provider)
    }

    fn is_tried(&self, attempts: &[Attempt], step: Step) -> bool {
        let credentials = self.plan.targets.get(step.target).map(|target| &target.credentials);
        let credential = credentials.and_then(|known| known.get(step.credential).copied());
        attempts.iter().any(|attempt| attempt.target == step.target && attempt.credential == credential)
    }
}

#[cfg(test)]
mod tests;
