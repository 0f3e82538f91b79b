//! Providers: the preset's row, what the document says instead, and the secrets.

use super::super::choice::{ProviderEntry, RawCredentials};
use super::super::decode::Leaf;
use super::super::document::Document;
use super::super::endpoint::{Url, base_url};
use super::super::leaf::{Name, is_sendable};
use super::super::mistakes::{Path, quoted};
use super::super::raw::{RawCredential, RawPool, RawProvider};
use super::super::vendors::UNKNOWN;
use super::super::{BaseUrl, Credentials, Dialect, Preset, Provider, Secret};
use super::Context;
use crate::operation::Operation;

/// One provider; its credentials are read from the variables.
pub fn compile(entry: &ProviderEntry, pools: &[RawPool], context: &mut Context<'_>) -> Provider {
    let raw = &entry.raw;
    let preset = preset(entry, context);
    let (mut models, mut any_model) = (Vec::new(), None);
    for (key, native, path) in &raw.models.0 {
        if &**key == "*" {
            any_model = Some(native.to_string());
        } else if native.contains('*') {
            let found = quoted(native);
            context
                .mistakes
                .add(path, format!("found {found}, expected a name without \"*\", which is for the key \"*\""));
        } else {
            models.push((key.to_string(), native.to_string()));
        }
    }
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value, path) in &raw.headers.0 {
        if headers.iter().any(|(taken, _)| *taken == name.lower()) {
            context.mistakes.add(path, "given twice, expected once: case does not matter");
        }
        headers.push((name.lower(), value.0.clone()));
    }
    only_with(raw, preset, context);
    let operations = operations(raw, preset, context);
    let (credentials, enabled) = credentials(entry, preset, context);
    let text = |name: &Option<Name>| name.as_ref().map(|name| name.to_string());
    let is_member = |pool: &&RawPool| pool.providers.0.iter().any(|name| **name == *raw.name);
    Provider {
        name: raw.name.to_string(),
        cluster: raw.cluster.as_ref().unwrap_or(&raw.name).to_string(),
        preset,
        base: base(raw, preset, context),
        models,
        any_model,
        credentials,
        api_version: text(&raw.api_version),
        headers,
        pools: pools.iter().filter(is_member).map(|pool| pool.name.to_string()).collect(),
        labels: raw.labels.iter().map(|label| label.to_string()).collect(),
        operations,
        max_in_flight: raw.max_in_flight.and_then(|most| u32::try_from(most.0).ok()),
        subscription: raw.subscription,
        project: text(&raw.project),
        location: text(&raw.location),
        region: text(&raw.region),
        enabled,
    }
}

/// The operations of the document, all of which its preset must have.
fn operations(raw: &RawProvider, preset: &'static Preset, context: &mut Context<'_>) -> Vec<Operation> {
    let Some(named) = &raw.operations else { return preset.operations.to_vec() };
    for operation in named.iter().filter(|operation| !preset.operations.contains(operation)) {
        let words: Vec<&str> = preset.operations.iter().map(|operation| operation.word()).collect();
        let text =
            format!("found {}, expected what preset {} has: {}", operation.word(), preset.name, words.join(", "));
        context.mistakes.add(&raw.at("operations"), text);
    }
    named.clone()
}

/// The preset named, or the one that the provider is named after.
fn preset(entry: &ProviderEntry, context: &mut Context<'_>) -> &'static Preset {
    let raw = &entry.raw;
    if let Some(named) = &raw.preset {
        return named.0;
    }
    if let Some(preset) = Preset::find(&raw.name) {
        return preset;
    }
    // A preset that was wrong is a mistake already, and so is a name that is missing.
    if !raw.name.is_empty() && !context.mistakes.has(&raw.at("preset")) {
        let expected = super::super::choice::PresetName::expected();
        let text = format!("missing, expected {expected}: the name {} is none of them", quoted(&raw.name));
        context.mistakes.add(&raw.at("preset"), text);
    }
    &UNKNOWN
}

/// Fields that mean something with some presets only, or that some need.
fn only_with(raw: &RawProvider, preset: &'static Preset, context: &mut Context<'_>) {
    let vertex = matches!(preset.dialect, Dialect::Vertex | Dialect::VertexAnthropic);
    let fields = [
        ("api_version", &raw.api_version, preset.name == "azure", "preset azure", false),
        ("project", &raw.project, vertex, "presets vertex and vertex-anthropic", true),
        ("location", &raw.location, vertex, "presets vertex and vertex-anthropic", true),
        ("region", &raw.region, preset.dialect == Dialect::Bedrock, "preset bedrock", raw.base_url.is_none()),
    ];
    for (field, value, fits, presets, needed) in fields {
        let path = raw.at(field);
        if value.is_some() && !fits && preset != &UNKNOWN {
            context.mistakes.add(&path, format!("found with preset {}, expected with {presets} only", preset.name));
        } else if value.is_none() && fits && needed && !context.mistakes.has(&path) {
            context
                .mistakes
                .add(&path, format!("missing, expected {}: preset {} needs it", Name::expected(), preset.name));
        }
    }
}

/// Where requests go.
fn base(raw: &RawProvider, preset: &'static Preset, context: &mut Context<'_>) -> BaseUrl {
    let place = |place: &Option<Name>| place.as_deref().unwrap_or("none").to_owned();
    let usual = match raw.location.as_deref() {
        Some("global") => preset.base_url.replace("{location}-", ""),
        _ => preset.base_url.replace("{location}", &place(&raw.location)),
    };
    let usual = base_url(&usual.replace("{region}", &place(&raw.region)));
    let given = raw.base_url.as_ref().map(|url| url.0.clone());
    let path = raw.at("base_url");
    if given.is_none() && usual.is_none() && preset != &UNKNOWN && !context.mistakes.has(&path) {
        let text = format!("missing, expected {}: preset {} has none of its own", Url::expected(), preset.name);
        context.mistakes.add(&path, text);
    }
    let nowhere = BaseUrl { scheme: String::new(), authority: String::new(), path: String::new() };
    let mut base = given.or(usual).unwrap_or(nowhere);
    if preset.name == "azure" {
        let root = base.path.strip_suffix("/v1").unwrap_or(&base.path);
        let root = root.strip_suffix("/openai").unwrap_or(root);
        base.path = if raw.api_version.is_some() { format!("{root}/openai") } else { format!("{root}/openai/v1") };
    }
    base
}

/// What authenticates us, and whether the provider can be used.
fn credentials(entry: &ProviderEntry, preset: &'static Preset, context: &mut Context<'_>) -> (Credentials, bool) {
    let raw = &entry.raw;
    let path = raw.at("credentials");
    match &raw.credentials {
        Some(RawCredentials::None) => (Credentials::None, true),
        Some(RawCredentials::Envoy) => (Credentials::Envoy, true),
        Some(RawCredentials::List(list)) => listed(raw, list, context),
        None if context.mistakes.has(&path) => (Credentials::None, true),
        None if !preset.env.is_empty() => {
            let path = if entry.is_bare { raw.path().clone() } else { path };
            let advice = format!("or give credentials: [{{env: {}, optional: true}}]", preset.env);
            let secret = variable(preset.env, &path, Some(&advice), context);
            (Credentials::Secrets(secret.into_iter().collect()), true)
        }
        None if preset.dialect == Dialect::OpenAi => (Credentials::None, true),
        None => {
            let text =
                format!("missing, expected a list of credentials, envoy or none: preset {} needs them", preset.name);
            context.mistakes.add(&path, text);
            (Credentials::None, true)
        }
    }
}

fn listed(raw: &RawProvider, list: &[RawCredential], context: &mut Context<'_>) -> (Credentials, bool) {
    let mut secrets = Vec::new();
    let mut unset = Vec::new();
    let mut metadata = None;
    for one in list {
        let given =
            [("env", one.env.is_some()), ("value", one.value.is_some()), ("gcp_metadata", one.gcp_metadata.is_some())];
        if !exactly_one(one, &given, context) {
            continue;
        }
        if one.optional && one.env.is_none() {
            context.mistakes.add(&one.at("optional"), "found true, expected it beside env only");
        }
        if let Some(name) = &one.env {
            let advice = (!one.optional).then_some("or mark it optional: true");
            let secret = variable(&name.0, &one.at("env"), advice, context);
            if secret.is_none() {
                unset.push(name.0.as_str());
            }
            secrets.extend(secret);
        } else if let Some(secret) = &one.value {
            context.exposed.push(one.at("value").to_string());
            secrets.push(secret.clone());
        } else if let Some(gcp) = &one.gcp_metadata {
            if list.len() > 1 {
                context.mistakes.add(&one.at("gcp_metadata"), "found beside other credentials, expected alone");
            }
            metadata = Some(gcp.cluster.to_string());
        }
    }
    if let Some(cluster) = metadata {
        return (Credentials::GcpMetadata { cluster }, true);
    }
    let enabled = !secrets.is_empty();
    if !enabled {
        let line = format!("{} ({})", raw.name.trim(), unset.join(", "));
        context.disabled.push(line);
    }
    (Credentials::Secrets(secrets), enabled)
}

/// A mistake unless one of the fields is given, and only one.
pub fn exactly_one(document: &impl Document, given: &[(&str, bool)], context: &mut Context<'_>) -> bool {
    let names = |present: Option<bool>| -> Vec<&str> {
        given.iter().filter(|(_, is)| present.is_none_or(|wanted| *is == wanted)).map(|(name, _)| *name).collect()
    };
    let found = names(Some(true));
    let is_told = given.iter().any(|(name, _)| context.mistakes.below(&document.at(name)));
    if found.len() != 1 && !is_told {
        let told = if found.is_empty() { "none".to_owned() } else { found.join(" and ") };
        context
            .mistakes
            .add(document.path(), format!("found {told}, expected exactly one of {}", names(None).join(", ")));
    }
    found.len() == 1
}

/// The secret in a variable. Without one: a mistake with the advice, or nothing where there is none to give.
pub fn variable(name: &str, path: &Path, advice: Option<&str>, context: &mut Context<'_>) -> Option<Secret> {
    let value = (context.env)(name);
    let was_set = value.is_some();
    let secret = value.map(|value| Secret::new(&value)).filter(|secret| !secret.expose().is_empty());
    match &secret {
        Some(secret) if !is_sendable(secret) => {
            context
                .mistakes
                .add(path, format!("variable {name} holds what no header can carry, expected visible ASCII"));
        }
        None if advice.is_some_and(|_| was_set) => {
            context.mistakes.add(path, format!("variable {name} is empty, expected a secret"));
        }
        None => {
            if let Some(advice) = advice {
                let text = format!(
                    "variable {name} is not set for this VM; list it in \
                     vm_config.environment_variables.host_env_keys of both roles (a new name means a new VM, so \
                     restart or use a new vm_id){}{advice}",
                    if advice.is_empty() { "" } else { ", " }
                );
                context.mistakes.add(path, text);
            }
        }
        Some(_) => {}
    }
    secret
}
