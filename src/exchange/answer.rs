//! The one answer when every attempt failed, or when Envoy answered by itself.

use super::Exchange;
use super::attempt::{Attempt, End};
use crate::dialect::Failure;
use crate::error::{Again, Class, Error};

impl Exchange {
    /// The error that the client gets when no attempt served it. `status` is what Envoy was about to send.
    pub fn final_error(&self, status: u16) -> Error {
        if let Some(message) = self.misconfigured() {
            return Error::misconfigured(message);
        }
        self.with_attempts(|attempts| {
            let failures: Vec<Told<'_>> = attempts.iter().filter_map(|a| self.told(a)).collect();
            last_word(&failures, self.plan.targets.len()).unwrap_or_else(|| from_envoy(status))
        })
    }

    fn told<'a>(&self, attempt: &'a Attempt) -> Option<Told<'a>> {
        let End::Failed(failure) = &attempt.end else { return None };
        let target = self.plan.targets.get(attempt.target)?;
        let is_asked = target.model.model.name == self.plan.asked.model.name;
        Some(Told { failure, target: attempt.target, is_asked })
    }
}

/// One attempt's failure, as the last word sees it.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What was said.
    pub failure: &'a Failure,
    /// By which target of the plan.
    pub target: usize,
    /// Whether it serves the model that the client asked for.
    pub is_asked: bool,
}

/// The first rule that holds for the attempts on the asked model (if there were none: for all of them) gives the
/// answer; `targets` is the length of the plan. `None` without any failure.
pub fn last_word(told: &[Told<'_>], targets: usize) -> Option<Error> {
    let is_any_asked = told.iter().any(|one| one.is_asked);
    let told: Vec<&Told<'_>> = told.iter().filter(|one| one.is_asked || !is_any_asked).collect();
    let first_target = told.first()?.target;
    let of_first = told.iter().filter(|one| one.target == first_target).map(|one| one.failure);
    // The first target may have been asked with several credentials before it said so.
    if let Some(refusal) = of_first.into_iter().find(|failure| failure.error.class.is_callers()) {
        return Some(refusal.error.clone());
    }
    let counted: Vec<&Failure> = told.iter().map(|one| one.failure).collect();
    let last = counted.last()?;
    let every = |classes: &[Class]| counted.iter().all(|failure| classes.contains(&failure.error.class));
    if every(&[Class::ProviderLimit, Class::ProviderQuota]) {
        return Some(limited(&counted, &last.error));
    }
    let telling = every(&[Class::ProviderKey]) || every(&[Class::ProviderModel]) || last.error.class == Class::Timeout;
    if telling || targets == 1 {
        return Some(last.error.clone());
    }
    Some(Error::no_provider(last.error.message.clone()))
}

/// All attempts were limited: the client may come back when the first of them is free again.
fn limited(failures: &[&Failure], last: &Error) -> Error {
    let waiting = failures.iter().filter(|failure| failure.error.again == Again::MayHelp);
    let soonest = waiting.min_by_key(|failure| failure.error.retry_after);
    let mut error = soonest.map_or(last, |failure| &failure.error).clone();
    error.message.clone_from(&last.message);
    error
}

/// What Envoy itself was about to answer, in our words.
pub fn from_envoy(status: u16) -> Error {
    const INVALID: &str = "invalid_request_error";
    const SERVER: &str = "server_error";
    let again = |mut error: Error| {
        error.again = Again::MayHelp;
        error
    };
    match status {
        408 => Error::new(Class::BadRequest, 408, INVALID, "request_timeout", "The request was uploaded too slowly."),
        413 => Error::new(Class::TooLarge, 413, INVALID, "request_too_large", "The request body is too large."),
        504 => again(Error::new(Class::Timeout, 504, SERVER, "timeout", "No provider answered in time.")),
        400..=499 => Error::new(Class::BadRequest, status, INVALID, "", "Envoy refused the request."),
        _ => Error::no_provider("No provider could be reached."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Said;
    use std::time::Duration;

    fn told(status: u16, class: Class) -> Failure {
        Failure::told(class, status, Said { message: status.to_string(), ..Said::default() }, None)
    }

    /// Each failure is of the next target; of a plan of one they are all the same target's.
    fn told_all(failures: &[Failure], targets: usize) -> Vec<Told<'_>> {
        let of = |(at, failure)| Told { failure, target: usize::min(at, targets - 1), is_asked: true };
        failures.iter().enumerate().map(of).collect()
    }

    fn answer(failures: &[Failure], targets: usize) -> (u16, Option<String>, String) {
        let error = last_word(&told_all(failures, targets), targets).unwrap();
        (error.status, error.code.map(Into::into), error.message)
    }

    #[test]
    fn the_rules_of_the_final_answer() {
        let bad = || told(400, Class::BadRequest);
        let limit = || told(429, Class::ProviderLimit);
        let key = || told(401, Class::ProviderKey);
        let missing = || told(404, Class::ProviderModel);
        let fault = || told(500, Class::ProviderFault);
        let seal = || told(400, Class::SealRejected);
        let timeout = || Failure::silent(Class::Timeout, "timeout");
        let refused = || Failure::silent(Class::Connect, "connect");
        for (failures, targets, status, code) in [
            (vec![bad()], 3, 400, None),
            (vec![bad(), fault()], 3, 400, None),
            (vec![seal(), fault()], 3, 400, None),
            (vec![fault(), bad()], 1, 400, None),
            (vec![fault(), bad()], 2, 503, Some("no_provider")),
            (vec![limit(), limit()], 2, 429, Some("rate_limit_exceeded")),
            (vec![limit(), fault()], 2, 503, Some("no_provider")),
            (vec![key(), key()], 2, 424, Some("provider_credential_rejected")),
            (vec![missing(), missing()], 2, 404, Some("model_not_found")),
            (vec![missing(), key()], 2, 503, Some("no_provider")),
            (vec![fault(), timeout()], 2, 504, Some("timeout")),
            (vec![timeout(), fault()], 2, 503, Some("no_provider")),
            (vec![fault(), fault()], 1, 500, None),
            (vec![refused(), refused()], 1, 503, Some("no_provider")),
            (vec![refused(), refused(), refused()], 3, 503, Some("no_provider")),
        ] {
            let got = answer(&failures, targets);
            assert_eq!((got.0, got.1.as_deref()), (status, code), "{failures:?}");
        }
    }

    #[test]
    fn a_fallback_models_own_failure_hides_nothing() {
        let (first, fallback) = (told(429, Class::ProviderLimit), told(400, Class::BadRequest));
        let first = Told { failure: &first, target: 0, is_asked: true };
        let fallback = Told { failure: &fallback, target: 1, is_asked: false };
        assert_eq!(last_word(&[first, fallback], 2).unwrap().status, 429);
        assert_eq!(last_word(&[fallback], 2).unwrap().status, 400);
    }

    #[test]
    fn the_first_targets_400_counts_whichever_of_its_credentials_got_it() {
        let (limit, bad) = (told(429, Class::ProviderLimit), told(400, Class::BadRequest));
        let of = |target, failure| Told { failure, target, is_asked: true };
        assert_eq!(last_word(&[of(0, &limit), of(0, &bad)], 2).unwrap().status, 400);
        assert_eq!(last_word(&[of(0, &limit), of(1, &bad)], 2).unwrap().status, 503);
    }

    #[test]
    fn silence_names_no_provider() {
        let message = |class, word| Failure::silent(class, word).error.message;
        assert_eq!(message(Class::Timeout, "timeout"), "The provider did not answer in time.");
        assert_eq!(message(Class::Connect, "connect"), "The provider could not be reached (connect).");
    }

    #[test]
    fn the_smallest_wait_of_all_limits_is_told() {
        let mut waits = [5, 2, 9].map(|_| told(429, Class::ProviderLimit));
        for (failure, seconds) in waits.iter_mut().zip([5, 2, 9]) {
            failure.error.retry_after = Some(Duration::from_secs(seconds));
        }
        assert_eq!(last_word(&told_all(&waits, 3), 3).unwrap().retry_after, Some(Duration::from_secs(2)));
    }

    #[test]
    fn envoys_own_answers_keep_their_meaning() {
        for (status, expected) in [(413, 413), (408, 408), (504, 504), (503, 503), (500, 503), (404, 404)] {
            assert_eq!(from_envoy(status).status, expected);
        }
    }
}
