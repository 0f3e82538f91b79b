//! The document becomes the configuration: names become indexes, and what stands in one place is checked
//! against what stands in another.

mod access;
mod budgets;
mod ledger;
mod models;
mod names;
mod price;
mod providers;

use super::choice::Label;
use super::mistakes::Mistakes;
use super::raw::{RawGateway, RawLimits, RawMetrics, RawRouting};
use super::tree::Tree;
use super::{Config, Cooldown, Limits, MetricLabels, Routing};
use names::Names;
use std::rc::Rc;

/// Gives the variables of the VM.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What the parts of the compilation share: the variables, what is wrong and what the operator should know.
struct Context<'a> {
    env: Env<'a>,
    mistakes: &'a mut Mistakes,
    /// Paths of secrets that stand in the document.
    exposed: Vec<String>,
    /// Providers without a credential, and their variables.
    disabled: Vec<String>,
    /// Paths of budgets for ever whose ledger does not last that long.
    forgotten: Vec<String>,
}

/// The configuration; without meaning where there are mistakes.
pub fn compile(raw: &RawGateway, tree: &Tree, env: Env<'_>, mistakes: &mut Mistakes) -> Config {
    let mut context = Context { env, mistakes, exposed: Vec::new(), disabled: Vec::new(), forgotten: Vec::new() };
    let names = Names::of(raw, &mut context);
    let providers: Vec<_> =
        raw.providers.0.iter().map(|entry| Rc::new(providers::compile(entry, &raw.pools, &mut context))).collect();
    let models = models::compile(raw, &names, &providers, &mut context);
    let access = access::compile(raw, &names, &mut context);
    let known = budgets::Known { raw, names: &names, providers: &providers, models: &models, access: &access };
    let budgets = known.budgets(&mut context);
    let ledger = ledger::compile(raw, &mut context);
    Config {
        tells_abilities: models::tell_abilities(&models, &providers),
        native_names: models::native_names(&models),
        model_names: models::names(&models),
        models,
        routing: routing(&raw.routing),
        access,
        budgets,
        ledger,
        metrics: metrics(&raw.metrics),
        request_body_limit: raw.limits.request_body.0,
        expose: raw.expose,
        hash: format!("{:016x}", tree.fingerprint()),
        warnings: warnings(&context),
        providers,
    }
}

fn warnings(context: &Context<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    if !context.disabled.is_empty() {
        let told = context.disabled.join(", ");
        warnings.push(format!("disabled providers, because none of their variables is set: {told}"));
    }
    if !context.exposed.is_empty() {
        let verb = if context.exposed.len() == 1 { "stands" } else { "stand" };
        warnings.push(format!("{} {verb} in Envoy's /config_dump; prefer {{env: ...}}", context.exposed.join(", ")));
    }
    if !context.forgotten.is_empty() {
        let told = context.forgotten.join(", ");
        warnings.push(format!(
            "a restart of Envoy forgets what was spent of {told}, per: total; a ledger.rate_limit_service does not"
        ));
    }
    warnings
}

fn routing(raw: &RawRouting) -> Routing {
    Routing {
        affinity: raw.affinity,
        max_attempts: u32::try_from(raw.max_attempts.0).unwrap_or(u32::MAX),
        fallback_on: raw.fallback_on.clone(),
        cooldown: Cooldown {
            after: u32::try_from(raw.cooldown.after.0).unwrap_or(u32::MAX),
            rest: raw.cooldown.r#for.0,
        },
        probe_bytes: usize::try_from(raw.first_event_probe.bytes.0).unwrap_or(usize::MAX),
    }
}

fn metrics(raw: &RawMetrics) -> MetricLabels {
    let has = |label| raw.labels.contains(&label);
    let words = |words: &[super::leaf::Free]| words.iter().map(|word| word.to_string()).collect();
    MetricLabels {
        group: has(Label::Group),
        key: has(Label::Key),
        tag: has(Label::Tag).then(|| words(&raw.tags)),
        user: has(Label::User).then(|| words(&raw.users)),
    }
}

fn limits(raw: &RawLimits) -> Limits {
    Limits {
        requests_per_minute: raw.requests_per_minute.map(|count| count.0),
        tokens_per_minute: raw.tokens_per_minute.map(|count| count.0),
        concurrent: raw.concurrent.map(|count| count.0),
    }
}
