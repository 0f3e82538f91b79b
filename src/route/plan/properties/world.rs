//! Random configurations and requests, and what must come of them, worked out from the description alone.

use crate::config::{Ability, Config};
use crate::operation::Operation;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};
use std::rc::Rc;

pub const LABELS: [&str; 3] = ["eu", "zdr", "us"];
pub const ABILITIES: [(&str, Ability); 3] =
    [("tools", Ability::Tools), ("vision", Ability::Vision), ("reasoning", Ability::Reasoning)];
/// Presets of one dialect that differ in what they serve, as it comes or translated.
const PRESETS: [(&str, &[Operation]); 3] = [
    ("openai-compatible", &[Operation::ChatCompletions, Operation::Responses, Operation::Embeddings]),
    ("groq", &[Operation::ChatCompletions, Operation::Responses]),
    ("cerebras", &[Operation::ChatCompletions, Operation::Responses]),
];
pub const OPERATIONS: [Operation; 3] = [Operation::ChatCompletions, Operation::Responses, Operation::Embeddings];
const GLOBS: [&[&str]; 4] = [&["*"], &["m/*"], &["m/0", "m/1"], &["m/2"]];

#[derive(Clone, Debug)]
pub struct ProviderSpec {
    pub preset: usize,
    pub labels: Vec<&'static str>,
    /// `None`: it needs none. 0: the variable of its only one is not set, so it is disabled.
    pub secrets: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct TargetSpec {
    pub provider: usize,
    pub sent: &'static str,
    pub priority: u32,
    pub weight: u32,
}

#[derive(Clone, Debug)]
pub struct ModelSpec {
    pub targets: Vec<TargetSpec>,
    pub fallbacks: Vec<usize>,
    pub supports: Option<Vec<usize>>,
}

#[derive(Clone, Debug)]
pub struct World {
    pub providers: Vec<ProviderSpec>,
    pub models: Vec<ModelSpec>,
    /// Globs, and labels that every target must carry.
    pub groups: Vec<(usize, Vec<&'static str>)>,
    pub affinity: &'static str,
    pub max_attempts: u32,
}

/// In which order the document lists providers, models and targets: it must not matter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Listed {
    Forwards,
    Backwards,
}

/// At most so many of each; an index beyond what a world has is taken modulo.
const MOST: usize = 6;

pub fn worlds() -> impl Strategy<Value = World> {
    let labels = || subsequence(LABELS.to_vec(), 0..=3);
    let secrets = prop_oneof![1 => Just(Some(0)), 3 => Just(None), 3 => (1usize..4).prop_map(Some)];
    let provider = (0..PRESETS.len(), labels(), secrets).prop_map(|(preset, labels, secrets)| ProviderSpec {
        preset,
        labels,
        secrets,
    });
    let target = (0..MOST, select(vec!["x", "y"]), 0..3u32, 1..100u32)
        .prop_map(|(provider, sent, priority, weight)| TargetSpec { provider, sent, priority, weight });
    let supports = prop_oneof![2 => Just(None), 1 => subsequence(vec![0, 1, 2], 0..=3).prop_map(Some)];
    let model = (prop::collection::vec(target, 1..7), subsequence((0..MOST).collect::<Vec<_>>(), 0..4), supports)
        .prop_map(|(targets, fallbacks, supports)| ModelSpec { targets, fallbacks, supports });
    let group = (0..GLOBS.len(), subsequence(LABELS.to_vec(), 0..=1));
    let affinity = select(vec!["conversation", "key", "none"]);
    let lists = (
        prop::collection::vec(provider, 1..=MOST),
        prop::collection::vec(model, 1..=MOST),
        prop::collection::vec(group, 1..4),
    );
    (lists, affinity, 1..6u32).prop_map(|((providers, mut models, groups), affinity, max_attempts)| {
        let (count, of) = (providers.len(), models.len());
        for (i, model) in models.iter_mut().enumerate() {
            model.targets.iter_mut().for_each(|target| target.provider %= count);
            model.fallbacks.retain(|fallback| *fallback < of && *fallback != i);
        }
        World { providers, models, groups, affinity, max_attempts }
    })
}

pub fn provider_name(index: usize) -> String {
    format!("p{index}")
}

pub fn model_name(index: usize) -> String {
    format!("m/{index}")
}

impl World {
    pub fn load(&self, listed: Listed) -> Rc<Config> {
        let mut providers: Vec<Value> = self.providers.iter().enumerate().map(|(i, p)| provider(i, p)).collect();
        let mut models: Vec<Value> = self.models.iter().enumerate().map(|(i, m)| model(i, m, listed)).collect();
        if listed == Listed::Backwards {
            providers.reverse();
            models.reverse();
        }
        let group = |(i, (globs, labels)): (usize, &(usize, Vec<&str>))| json!({"name": format!("g{i}"), "models": GLOBS[*globs], "labels": labels});
        let document = json!({
            "role": "gateway", "providers": providers, "models": models,
            "groups": self.groups.iter().enumerate().map(group).collect::<Vec<_>>(),
            "routing": {"affinity": self.affinity, "max_attempts": self.max_attempts},
            "access": {"allow_unauthenticated": true},
        });
        Rc::new(Config::load(document.to_string().as_bytes(), &|_| None).unwrap())
    }

    /// Whether a group's callers may use a model; callers without a group may use any.
    pub fn permits(&self, group: Option<usize>, model: usize) -> bool {
        let name = model_name(model);
        group.is_none_or(|group| match GLOBS[self.groups[group].0] {
            [one] if one.ends_with('*') => true,
            names => names.contains(&name.as_str()),
        })
    }

    /// Whether a provider is there at all for an operation.
    pub fn is_able(&self, provider: usize, operation: Operation) -> bool {
        let spec = &self.providers[provider];
        spec.secrets != Some(0) && PRESETS[spec.preset].1.contains(&operation)
    }

    pub fn is_called(&self, provider: usize, word: &str) -> bool {
        word == provider_name(provider) || word == PRESETS[self.providers[provider].preset].0
    }

    pub fn carries(&self, provider: usize, label: &str) -> bool {
        self.providers[provider].labels.contains(&label)
    }
}

fn provider(index: usize, spec: &ProviderSpec) -> Value {
    let name = provider_name(index);
    let secret = |n: usize| json!({"value": format!("key-{index}-{n}")});
    let credentials = match spec.secrets {
        None => json!("none"),
        Some(0) => json!([{"env": "UNSET", "optional": true}]),
        Some(count) => (0..count).map(secret).collect(),
    };
    json!({"name": name, "preset": PRESETS[spec.preset].0, "base_url": format!("http://{name}.test/v1"),
        "credentials": credentials, "labels": spec.labels})
}

fn model(index: usize, spec: &ModelSpec, listed: Listed) -> Value {
    let target = |target: &TargetSpec| {
        json!({"provider": provider_name(target.provider), "model": target.sent, "priority": target.priority,
            "weight": target.weight})
    };
    let mut targets: Vec<Value> = spec.targets.iter().map(target).collect();
    if listed == Listed::Backwards {
        targets.reverse();
    }
    let mut model = json!({"name": model_name(index), "targets": targets,
        "fallbacks": spec.fallbacks.iter().copied().map(model_name).collect::<Vec<_>>()});
    if let Some(supports) = &spec.supports {
        model["supports"] = supports.iter().map(|i| ABILITIES[*i].0).collect();
    }
    model
}
