//! `GET /config`: the models that the SDK's `getAvailableModels` lists.

use crate::chat::json::object;
use crate::dialect::Spec;

/// One model, as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelEntry<'a> {
    /// `creator/model`.
    pub id: &'a str,
    /// For people; the id where there is no other.
    pub name: &'a str,
    /// For people.
    pub description: Option<&'a str>,
    /// What it costs; the SDK wants both prices or none.
    pub pricing: Option<Pricing>,
    /// What it does, where that is known.
    pub kind: Option<ModelType>,
}

/// USD per token, as decimal numbers: `0.000003`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pricing {
    /// Input that was not cached.
    pub input: String,
    /// Output.
    pub output: String,
    /// Input read from the provider's cache.
    pub cache_read: Option<String>,
    /// Input written to the provider's cache.
    pub cache_write: Option<String>,
}

/// What a model does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ModelType {
    Language,
    Embedding,
    Image,
    Reranking,
    Speech,
    Transcription,
    Video,
}

impl ModelType {
    /// The SDK's word.
    pub fn word(self) -> &'static str {
        match self {
            ModelType::Language => "language",
            ModelType::Embedding => "embedding",
            ModelType::Image => "image",
            ModelType::Reranking => "reranking",
            ModelType::Speech => "speech",
            ModelType::Transcription => "transcription",
            ModelType::Video => "video",
        }
    }

    /// Whether a version of the SDK knows it.
    fn is_known(self, spec: Spec) -> bool {
        spec != Spec::V2 || matches!(self, ModelType::Language | ModelType::Embedding | ModelType::Image)
    }
}

/// Writes the body. One wrong version in it, and the SDK refuses the whole list.
pub fn config<'a>(spec: Spec, models: impl Iterator<Item = ModelEntry<'a>>) -> Vec<u8> {
    let version = match spec {
        Spec::V2 => "v2",
        Spec::V3 => "v3",
        Spec::V4 => "v4",
    };
    let mut out = Vec::new();
    object(&mut out, |o| {
        o.list("models", |l| {
            for model in models.filter(|model| model.kind.is_none_or(|kind| kind.is_known(spec))) {
                l.object(|o| {
                    o.set("id", model.id);
                    o.set("name", model.name);
                    o.maybe("description", model.description);
                    if let Some(pricing) = &model.pricing {
                        o.object("pricing", |o| {
                            o.set("input", &pricing.input);
                            o.set("output", &pricing.output);
                            o.maybe("input_cache_read", pricing.cache_read.as_deref());
                            o.maybe("input_cache_write", pricing.cache_write.as_deref());
                        });
                    }
                    o.object("specification", |o| {
                        o.set("specificationVersion", version);
                        o.set("provider", "gateway");
                        o.set("modelId", model.id);
                    });
                    o.maybe("modelType", model.kind.map(ModelType::word));
                });
            }
        });
    });
    out
}
