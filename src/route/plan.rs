//! The plan: the ordered targets of one request.
//!
//! Targets of the asked model by priority, inside a priority by a weighted rendezvous hash of the conversation; then
//! the model's fallbacks, then the request's own `models`; only permitted and able ones, no target twice. A request
//! that names state kept at one account has one target: the asked model's first in the order of the configuration.

use super::byok::{self, Lent};
use super::dear;
use super::hash::Hash;
use super::options::Options;
use super::resolve::{Resolved, resolve};
use crate::access::Caller;
use crate::config::{Affinity, AuthStyle, Byok, Config, Credentials, Model, ModelTarget, Provider, ProviderId, Secret};
use crate::dialect::way;
use crate::error::Error;
use crate::meter::Price;
use crate::operation::Operation;
use std::cell::OnceCell;
use std::cmp::Reverse;
use std::fmt;
use std::rc::Rc;

/// Why a provider cannot be asked this under a name of a model; `None` when it can.
pub type Refusal<'a> = &'a dyn Fn(&Provider, &Model, &str) -> Option<Error>;

/// What a plan is made from.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Who asks.
    pub caller: &'a Caller,
    /// For what.
    pub operation: Operation,
    /// The model's name as asked.
    pub asked: &'a str,
    /// The request's own wishes.
    pub options: &'a Options,
    /// Hash of what makes the conversation recognisable.
    pub conversation: u64,
    /// A random number, for `affinity: none`.
    pub draw: u64,
    /// The field that names state kept at one account, if any.
    pub pinned: Option<&'static str>,
    /// `x-tollgate-fallback: off`.
    pub first_only: bool,
    /// The client's own `Authorization`, for providers that take subscriptions.
    pub subscription: Option<&'a Secret>,
    /// What providers cannot express.
    pub refusal: Refusal<'a>,
}

/// Targets as they are found, and why the first of those was left out whose dialect cannot say what is asked.
#[derive(Default)]
struct Draft {
    /// With the caller's own credentials: they are tried first.
    lent: Vec<Target>,
    targets: Vec<Target>,
    refusal: Option<Error>,
}

/// One provider, and the model's name there.
#[derive(Clone, Debug)]
pub struct Target {
    /// Index into `Config::providers`.
    pub provider_id: ProviderId,
    /// The provider.
    pub provider: Rc<Provider>,
    /// The public model that it serves.
    pub model: Resolved,
    /// The name sent.
    pub sent: String,
    /// What it charges, where that is known.
    pub price: Option<Rc<Price>>,
    /// Indexes of the provider's secrets, in the order in which they are tried; 0 for its token, empty where it needs
    /// none.
    pub credentials: Vec<usize>,
    /// The caller's own credential, which it is tried with instead of its provider's.
    pub lent: Option<Lent>,
    /// The token that it is tried with, where its provider goes by one. It is the newest when the attempt begins.
    pub token: OnceCell<Secret>,
}

impl Target {
    /// The caller's own credential, one of its provider's secrets by index, or the token that stands for it.
    pub fn secret(&self, credential: Option<usize>) -> Option<&Secret> {
        match &self.lent {
            Some(lent) => Some(&lent.secret),
            None => self.provider.secret(credential?).or(self.token.get()),
        }
    }

    /// Whether it goes by a token that has to be fetched.
    pub fn needs_token(&self) -> bool {
        self.lent.is_none() && self.provider.metadata_cluster().is_some()
    }

    /// Where its secret goes; `None` where Envoy sees to it, or nobody has to.
    pub fn auth_style(&self) -> Option<AuthStyle> {
        match (&self.lent, &self.provider.credentials) {
            (Some(lent), _) => Some(lent.style),
            (None, Credentials::Secrets(_)) => Some(self.provider.preset.auth),
            (None, Credentials::GcpMetadata { .. }) => Some(AuthStyle::Bearer),
            (None, Credentials::None | Credentials::Envoy) => None,
        }
    }
}

/// The ordered targets of one request; never empty.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The model that the client asked for.
    pub asked: Resolved,
    /// In the order in which they are tried; cut at its length once it is known which of them rest.
    pub targets: Vec<Target>,
    /// Most attempts, of all targets and credentials together.
    pub max_attempts: usize,
    /// What the order inside a priority was drawn by: the same for all turns of a conversation.
    pub affinity: u64,
}

impl fmt::Display for Plan {
    /// `openai:gpt-5 > azure-eastus:gpt5-prod`: the one text of a plan, in log and headers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, target) in self.targets.iter().enumerate() {
            let arrow = if i == 0 { "" } else { " > " };
            [arrow, &target.provider.name, ":", &target.sent].iter().try_for_each(|piece| f.write_str(piece))?;
        }
        Ok(())
    }
}

impl Plan {
    /// Attempts that the plan allows at most: every credential of every target, and one more for a plan of one.
    pub fn most_attempts(&self) -> usize {
        let all: usize = self.targets.iter().map(|target| target.credentials.len().max(1)).sum();
        all.max(2).min(self.max_attempts.max(1))
    }
}

/// Makes the plan of a request, or says why there is none.
pub fn plan(request: &Request<'_>) -> Result<Plan, Error> {
    let Request { config, caller, options, .. } = *request;
    let asked = resolve(config, caller, request.asked)?;
    if !caller.may_use(&config.access, &asked.model.name) {
        return Err(Error::model_forbidden(&asked.model.name));
    }
    byok::check(config, caller, &options.byok)?;
    let mut draft = Draft::default();
    let is_pinned = request.pinned.is_some() || options.bound.is_some();
    match is_pinned {
        true => draft.add_pinned(request, &asked),
        false => draft.add(request, &asked),
    }
    for name in &asked.model.fallbacks {
        if let Ok(fallback) = resolve(config, caller, name)
            && caller.may_use(&config.access, &fallback.model.name)
            && !is_pinned
        {
            draft.add(request, &fallback);
        }
    }
    for name in &options.models {
        let wished = resolve(config, caller, name)?;
        if !caller.may_use(&config.access, &wished.model.name) {
            return Err(Error::model_forbidden(&wished.model.name));
        }
        if !is_pinned {
            draft.add(request, &wished);
        }
    }
    let Draft { lent: mut targets, targets: ours, refusal } = draft;
    if byok::setting(config, caller) == Byok::Require {
        if targets.is_empty() && !ours.is_empty() {
            return Err(Error::byok_required());
        }
    } else {
        targets.extend(ours);
    }
    let mut max_attempts = config.routing.max_attempts as usize;
    if request.first_only || options.no_fallback || is_pinned {
        targets.truncate(1);
        max_attempts = max_attempts.min(2);
    }
    if targets.is_empty() {
        return Err(refusal.unwrap_or_else(|| no_target(request, &asked)));
    }
    Ok(Plan { asked, targets, max_attempts, affinity: affinity(request).finish() })
}

impl Draft {
    /// Where the state is that the request names: one account, whatever weights, wishes and affinity say.
    fn add_pinned(&mut self, request: &Request<'_>, asked: &Resolved) {
        let able = self.able(request, asked);
        let Some((target, provider)) = able.into_iter().min_by_key(|(target, _)| target.provider) else { return };
        let mut credentials = credentials(request, provider);
        credentials.sort_unstable();
        credentials.truncate(1);
        let ours = Target { credentials, ..self::target(request, asked, target, provider) };
        self.push(request, ours);
    }

    fn add(&mut self, request: &Request<'_>, resolved: &Resolved) {
        let mut able = self.able(request, resolved);
        if able.len() > 1 {
            able.sort_by_cached_key(|(target, provider)| {
                let hash = affinity(request).with(provider.name.as_bytes()).with(target.model.as_bytes());
                // Scores are above zero, where the bits of a float are in its order.
                let cost = if request.options.by_cost { dear::rank(target.price.as_deref()) } else { 0 };
                (place_in_order(request, provider), cost, target.priority, Reverse(hash.score(target.weight).to_bits()))
            });
        }
        for (target, provider) in able {
            let known = |have: &Target| have.provider_id == target.provider && have.sent == target.model;
            if !self.targets.iter().chain(&self.lent).any(known) {
                self.push(request, self::target(request, resolved, target, provider));
            }
        }
    }

    /// A target of ours, and before all of them one for each credential that the caller has for its provider.
    fn push(&mut self, request: &Request<'_>, ours: Target) {
        let lent = byok::lent(&request.options.byok, request.subscription, &ours.provider);
        let with = |lent| Target { credentials: Vec::new(), lent: Some(lent), ..ours.clone() };
        self.lent.extend(lent.into_iter().map(with));
        if ours.provider.enabled {
            self.targets.push(ours);
        }
    }

    /// The model's targets that may and can serve.
    fn able<'a>(&mut self, request: &Request<'a>, resolved: &'a Resolved) -> Vec<(&'a ModelTarget, &'a Rc<Provider>)> {
        let model = &resolved.model;
        if request.options.needs.beyond(model).is_some() {
            return Vec::new();
        }
        let providers = &request.config.providers;
        let named = model.targets.iter().filter_map(|target| Some((target, providers.get(target.provider)?)));
        let serving = named.filter(|(target, provider)| serves(request, provider) && is_affordable(request, target));
        serving
            .filter(|(target, provider)| {
                let refusal = (request.refusal)(provider, model, &target.model);
                let is_able = refusal.is_none();
                self.refusal = self.refusal.take().or(refusal);
                is_able
            })
            .collect()
    }
}

fn target(request: &Request<'_>, resolved: &Resolved, target: &ModelTarget, provider: &Rc<Provider>) -> Target {
    Target {
        provider_id: target.provider,
        provider: provider.clone(),
        model: resolved.clone(),
        sent: target.model.clone(),
        price: target.price.clone(),
        credentials: credentials(request, provider),
        lent: None,
        token: OnceCell::new(),
    }
}

/// What keeps its target: the conversation of a key, the key, or nothing.
fn affinity(request: &Request<'_>) -> Hash {
    let hash = Hash::default();
    match request.config.routing.affinity {
        Affinity::Conversation => hash.with(request.caller.id.as_bytes()).with(&request.conversation.to_le_bytes()),
        Affinity::Key => hash.with(request.caller.id.as_bytes()),
        Affinity::None => hash.with(&request.draw.to_le_bytes()),
    }
}

fn credentials(request: &Request<'_>, provider: &Provider) -> Vec<usize> {
    let secrets = match &provider.credentials {
        Credentials::Secrets(secrets) => secrets,
        Credentials::GcpMetadata { .. } => return vec![0],
        Credentials::None | Credentials::Envoy => return Vec::new(),
    };
    if secrets.len() < 2 {
        return (0..secrets.len()).collect();
    }
    let hash = affinity(request).with(provider.name.as_bytes());
    let mut order: Vec<usize> = (0..secrets.len()).collect();
    let score = |index: &usize| hash.with(&(*index as u64).to_le_bytes()).score(1.0);
    order.sort_by(|a, b| score(b).total_cmp(&score(a)));
    order
}

fn place_in_order(request: &Request<'_>, provider: &Provider) -> usize {
    request.options.order.iter().position(|word| is_called(provider, word)).unwrap_or(usize::MAX)
}

/// A provider goes by its configured name, by its pools' and by its vendor's; case does not matter.
pub(super) fn is_called(provider: &Provider, word: &str) -> bool {
    let mut names =
        [provider.name.as_str(), provider.preset.name].into_iter().chain(provider.pools.iter().map(|p| &**p));
    names.any(|name| name.eq_ignore_ascii_case(word))
}

fn serves(request: &Request<'_>, provider: &Provider) -> bool {
    let options = request.options;
    is_able(request, provider)
        && has_group_labels(request, provider)
        && is_wished(options, provider)
        && !is_ignored(options, provider)
        && options.labels.iter().all(|(label, _)| provider.labels.contains(label))
        && options.bound.is_none_or(|(_, dialects)| dialects.contains(&provider.preset.dialect))
}

fn is_able(request: &Request<'_>, provider: &Provider) -> bool {
    let is_lent = || !byok::lent(&request.options.byok, request.subscription, provider).is_empty();
    (provider.enabled || is_lent()) && way(request.operation, provider).is_some()
}

fn has_group_labels(request: &Request<'_>, provider: &Provider) -> bool {
    request.caller.may_go_to(&request.config.access, provider)
}

fn is_affordable(request: &Request<'_>, target: &ModelTarget) -> bool {
    request.options.max_price.is_none_or(|max| max.allows(target.price.as_deref()))
}

fn is_wished(options: &Options, provider: &Provider) -> bool {
    options.only.as_ref().is_none_or(|only| only.iter().any(|word| is_called(provider, word)))
}

fn is_ignored(options: &Options, provider: &Provider) -> bool {
    options.ignore.iter().any(|word| is_called(provider, word))
}

/// Why there is no target: whatever left out the last of the asked model's providers.
fn no_target(request: &Request<'_>, asked: &Resolved) -> Error {
    let options = request.options;
    let name = &asked.model.name;
    let providers = asked.model.targets.iter().filter_map(|target| request.config.providers.get(target.provider));
    let mut left: Vec<&Provider> = providers.map(|provider| &**provider).collect();
    let mut nobody_is_left = |keeps: &dyn Fn(&Provider) -> bool| {
        left.retain(|provider| keeps(provider));
        left.is_empty()
    };
    let by = |filter: &str| {
        Error::no_matching_provider(format!("No provider of `{name}` is left by `{filter}`.")).at(filter)
    };
    if nobody_is_left(&|provider| is_able(request, provider)) {
        if request.operation == Operation::CountTokens {
            return Error::no_counter(name);
        }
        let operation = request.operation.word();
        return Error::no_matching_provider(format!("No enabled provider of `{name}` serves {operation}."));
    }
    if nobody_is_left(&|provider| has_group_labels(request, provider)) {
        return Error::no_matching_provider(format!(
            "No provider of `{name}` carries the labels that this key's group asks for."
        ));
    }
    if nobody_is_left(&|provider| is_wished(options, provider)) {
        // `order` without fallbacks is an `only` that nobody wrote.
        let is_order = !options.order.is_empty() && options.only.as_ref() == Some(&options.order);
        return by(if is_order { "order" } else { "only" });
    }
    if nobody_is_left(&|provider| !is_ignored(options, provider)) {
        return by("ignore");
    }
    let affordable: Vec<_> = asked.model.targets.iter().filter(|target| is_affordable(request, target)).collect();
    let is_at = |provider: &Provider| {
        affordable.iter().any(|at| request.config.providers.get(at.provider).is_some_and(|at| at.name == provider.name))
    };
    if nobody_is_left(&is_at) {
        return by("max_price");
    }
    for (label, option) in &options.labels {
        if nobody_is_left(&|provider| provider.labels.contains(label)) {
            return by(option);
        }
    }
    if let Some((field, dialects)) = options.bound
        && nobody_is_left(&|provider| dialects.contains(&provider.preset.dialect))
    {
        let message = format!("No provider of `{name}` knows what `{field}` names.");
        return Error::unsupported_parameter(field, message);
    }
    let field = options.needs.beyond(&asked.model).unwrap_or_default();
    let message = format!("`{name}` does not support what `{field}` asks for, and no other model of the plan does.");
    Error::unsupported_parameter(field, message)
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
