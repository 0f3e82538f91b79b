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
            let failures: Vec<(&Failure, bool)> = attempts.iter().filter_map(|a| self.failure(a)).collect();
            last_word(&failures, self.plan.targets.len()).unwrap_or_else(|| from_envoy(status))
        })
    }

    /// An attempt's failure, and whether it was on the model that the client asked for.
    fn failure<'a>(&self, attempt: &'a Attempt) -> Option<(&'a Failure, bool)> {
        let End::Failed(failure) = &attempt.end else { return None };
        let target = self.plan.targets.get(attempt.target)?;
        Some((failure, target.model.model.name == self.plan.asked.model.name))
    }
}

/// The first rule that holds for the attempts on the asked model (if there were none: for all of them) gives the
/// answer; `targets` is the length of the plan. `None` without any failure.
pub fn last_word(failures: &[(&Failure, bool)], targets: usize) -> Option<Error> {
    let on_asked: Vec<&Failure> = failures.iter().filter(|(_, asked)| *asked).map(|(failure, _)| *failure).collect();
    let all: Vec<&Failure> = failures.iter().map(|(failure, _)| *failure).collect();
    let counted = if on_asked.is_empty() { all } else { on_asked };
    let (first, last) = (counted.first()?, counted.last()?);
    let every = |classes: &[Class]| counted.iter().all(|failure| classes.contains(&failure.error.class));
    if first.error.class.is_callers() {
        return Some(first.error.clone());
    }
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

    fn answer(failures: &[Failure], targets: usize) -> (u16, Option<String>, String) {
        let failures: Vec<(&Failure, bool)> = failures.iter().map(|failure| (failure, true)).collect();
        let error = last_word(&failures, targets).unwrap();
        (error.status, error.code.map(Into::into), error.message)
    }

    #[test]
    fn the_rules_of_the_final_answer() {
        let bad = || told(400, Class::BadRequest);
        let limit = || told(429, Class::ProviderLimit);
        let key = || told(401, Class::ProviderKey);
        let missing = || told(404, Class::ProviderModel);
        let fault = || told(500, Class::ProviderFault);
        let timeout = || Failure::silent(Class::Timeout, "timeout", "b");
        let refused = || Failure::silent(Class::Connect, "connect", "b");
        for (failures, targets, status, code) in [
            (vec![bad()], 3, 400, None),
            (vec![bad(), fault()], 3, 400, None),
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
        let error = last_word(&[(&first, true), (&fallback, false)], 2).unwrap();
        assert_eq!(error.status, 429);
        assert_eq!(last_word(&[(&fallback, false)], 2).unwrap().status, 400);
    }

    #[test]
    fn the_smallest_wait_of_all_limits_is_told() {
        let mut waits = [5, 2, 9].map(|_| told(429, Class::ProviderLimit));
        for (failure, seconds) in waits.iter_mut().zip([5, 2, 9]) {
            failure.error.retry_after = Some(Duration::from_secs(seconds));
        }
        let failures: Vec<(&Failure, bool)> = waits.iter().map(|failure| (failure, true)).collect();
        assert_eq!(last_word(&failures, 3).unwrap().retry_after, Some(Duration::from_secs(2)));
    }

    #[test]
    fn envoys_own_answers_keep_their_meaning() {
        for (status, expected) in [(413, 413), (408, 408), (504, 504), (503, 503), (500, 503), (404, 404)] {
            assert_eq!(from_envoy(status).status, expected);
        }
    }
}
