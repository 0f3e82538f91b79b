//! What the configuration knows of a model that a caller may use. What it does not know is not said.

use super::Visit;
use crate::catalog::{self, Entry, Kind};
use crate::chat::json::{ListWriter, ObjectWriter};
use crate::config::{Ability, Model, ModelTarget, Provider};
use crate::dialect::ai_sdk::ModelType;
use crate::meter::{Price, Rates, usd};
use crate::operation::Operation;
use std::rc::Rc;

/// A model, and where this caller's requests for it may go.
pub struct Offer {
    /// The model.
    pub model: Rc<Model>,
    /// At least one.
    pub targets: Vec<(ModelTarget, Rc<Provider>)>,
}

impl Offer {
    /// `None` where the caller may not use the model, or nobody serves it.
    pub fn of(visit: Visit<'_>, model: &Rc<Model>) -> Option<Offer> {
        let Visit { config, caller, .. } = visit;
        let provider = |target: &ModelTarget| config.providers.get(target.provider).cloned();
        let named = model.targets.iter().filter_map(|target| Some((target.clone(), provider(target)?)));
        let may_serve = |provider: &Provider| provider.enabled && caller.may_go_to(&config.access, provider);
        let targets: Vec<_> = named.filter(|(_, provider)| may_serve(provider)).collect();
        let is_offered = !targets.is_empty() && caller.may_use(&config.access, &model.name);
        is_offered.then(|| Offer { model: model.clone(), targets })
    }

    /// What the model does: the catalog says it; what it is said to support makes it a language model, and else the one
    /// thing that all of its providers are for. Most vendors serve several kinds, and a name tells nothing.
    pub fn kind(&self) -> Option<ModelType> {
        if let Some(kind) = catalog::find(&self.model.name).and_then(Entry::kind) {
            return Some(catalogued(kind));
        }
        if !self.abilities().is_empty() {
            return Some(ModelType::Language);
        }
        let served = |(_, provider): &(_, Rc<Provider>)| kinds(&provider.operations);
        let mut all = self.targets.iter().map(served);
        let first = all.next()?;
        let common = all.fold(first, |mut common, kinds| {
            common.retain(|kind| kinds.contains(kind));
            common
        });
        if let [kind] = *common { kind } else { None }
    }

    /// What it is said to support.
    pub fn abilities(&self) -> &[Ability] {
        self.model.supports.as_deref().unwrap_or_default()
    }

    /// The words of `tags`, where it is known what the model supports.
    pub fn tags(&self, o: &mut ObjectWriter<'_>) {
        if self.model.supports.is_some() {
            o.list("tags", |l| self.abilities().iter().for_each(|ability| l.push(tag(*ability))));
        }
    }

    /// The words of `supported_parameters`.
    pub fn parameters(&self, l: &mut ListWriter<'_>) {
        for ability in self.abilities() {
            let words: &[&str] = match ability {
                Ability::Tools => &["tools", "tool_choice"],
                Ability::JsonSchema => &["response_format", "structured_outputs"],
                Ability::Reasoning => &["reasoning"],
                Ability::Vision | Ability::Audio | Ability::Pdf => &[],
            };
            words.iter().for_each(|word| l.push(word));
        }
    }

    /// What it costs at the first that has a price.
    pub fn price(&self) -> Option<Usd> {
        self.targets.iter().find_map(|(target, _)| target.price.as_deref()).map(Usd::of)
    }
}

fn catalogued(kind: Kind) -> ModelType {
    match kind {
        Kind::Language => ModelType::Language,
        Kind::Embedding => ModelType::Embedding,
        Kind::Image => ModelType::Image,
        Kind::Reranking => ModelType::Reranking,
        Kind::Speech => ModelType::Speech,
        Kind::Transcription => ModelType::Transcription,
    }
}

/// All kinds of models that a vendor serves; `None` is one that has no word.
fn kinds(operations: &[Operation]) -> Vec<Option<ModelType>> {
    let mut kinds: Vec<Option<ModelType>> = Vec::new();
    for operation in operations {
        let more: &[Option<ModelType>] = match operation {
            Operation::Embeddings | Operation::EmbeddingModel => &[Some(ModelType::Embedding)],
            Operation::Images => &[Some(ModelType::Image)],
            Operation::Audio => &[Some(ModelType::Speech), Some(ModelType::Transcription)],
            Operation::Rerank => &[Some(ModelType::Reranking)],
            Operation::Moderations => &[None],
            Operation::ChatCompletions
            | Operation::Completions
            | Operation::Responses
            | Operation::Messages
            | Operation::CountTokens
            | Operation::LanguageModel => &[Some(ModelType::Language)],
        };
        kinds.extend(more);
    }
    kinds.sort_by_key(|kind| kind.map(ModelType::word));
    kinds.dedup();
    kinds
}

fn tag(ability: Ability) -> &'static str {
    match ability {
        Ability::Tools => "tool-use",
        Ability::Vision => "vision",
        Ability::JsonSchema => "structured-output",
        Ability::Reasoning => "reasoning",
        Ability::Audio => "audio-input",
        Ability::Pdf => "file-input",
    }
}

/// A price in USD per token, as decimal numbers.
pub struct Usd {
    /// Input that was not cached.
    pub input: Option<String>,
    /// Output.
    pub output: Option<String>,
    /// Input read from the provider's cache.
    pub cache_read: Option<String>,
    /// Input written to the provider's cache, for the shortest time.
    pub cache_write: Option<String>,
}

impl Usd {
    /// The rates of a price that lists tell.
    pub fn of(price: &Price) -> Usd {
        let usd = |pico: Option<u64>| pico.map(usd);
        let Rates { input, output, cached_input, cache_write_5m, .. } = price.rates;
        Usd { input: usd(input), output: usd(output), cache_read: usd(cached_input), cache_write: usd(cache_write_5m) }
    }
}
