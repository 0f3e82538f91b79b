//! Choices of words, and the two places where the document takes either of two forms.

use super::Preset;
use super::decode::{Decode, Filled, Leaf, Node, nearest, one_of};
use super::document::words;
use super::mistakes::Mistakes;
use super::raw::{RawCredential, RawProvider};
use super::shape::Shape;
use super::tree::Tree;
use super::vendors::PRESETS;
use super::{Ability, Affinity, Byok, Expose, FallbackOn};
use crate::meter::fleet::FailureMode;
use crate::meter::{Each, Window};
use crate::operation::Operation;
use serde_json::{Value, json};

/// What the plugin is, where it is the gateway.
#[derive(Default)]
pub struct GatewayRole;

impl Leaf for GatewayRole {
    fn parse(tree: &Tree) -> Option<Self> {
        matches!(tree, Tree::Text(role) if role == "gateway").then_some(GatewayRole)
    }

    fn expected() -> String {
        one_of(&["gateway", "upstream"])
    }

    fn hint(tree: &Tree) -> String {
        nearest(tree, &["gateway", "upstream"])
    }

    fn json() -> Value {
        json!({ "const": "gateway" })
    }
}

/// What the plugin is, where it is the upstream filter.
#[derive(Default)]
pub struct UpstreamRole;

words!(UpstreamRole { "upstream" => UpstreamRole });

words!(Operation {
    "chat_completions" => Operation::ChatCompletions,
    "completions" => Operation::Completions,
    "responses" => Operation::Responses,
    "embeddings" => Operation::Embeddings,
    "moderations" => Operation::Moderations,
    "images" => Operation::Images,
    "audio" => Operation::Audio,
    "rerank" => Operation::Rerank,
});

words!(Affinity {
    "conversation" => Affinity::Conversation,
    "key" => Affinity::Key,
    "none" => Affinity::None,
});

words!(FallbackOn {
    "rate_limit" => FallbackOn::RateLimit,
    "server_error" => FallbackOn::ServerError,
    "timeout" => FallbackOn::Timeout,
    "credential" => FallbackOn::Credential,
    "model_missing" => FallbackOn::ModelMissing,
    "context_window" => FallbackOn::ContextWindow,
    "content_filter" => FallbackOn::ContentFilter,
});

words!(Ability {
    "tools" => Ability::Tools,
    "vision" => Ability::Vision,
    "json_schema" => Ability::JsonSchema,
    "reasoning" => Ability::Reasoning,
    "audio" => Ability::Audio,
    "pdf" => Ability::Pdf,
});

words!(Byok { "deny" => Byok::Deny, "allow" => Byok::Allow, "require" => Byok::Require });

words!(Expose { "full" => Expose::Full, "minimal" => Expose::Minimal });

/// A label that metrics may carry besides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Label {
    Key,
    Group,
    Tag,
    User,
}

words!(Label { "key" => Label::Key, "group" => Label::Group, "tag" => Label::Tag, "user" => Label::User });

words!(Each { "key" => Each::Key, "group" => Each::Group, "user" => Each::User });

words!(Window {
    "hour" => Window::Hour,
    "day" => Window::Day,
    "week" => Window::Week,
    "month" => Window::Month,
    "total" => Window::Total,
});

words!(FailureMode { "allow" => FailureMode::Allow, "deny" => FailureMode::Deny });

/// A vendor.
pub struct PresetName(pub &'static Preset);

impl Leaf for PresetName {
    fn parse(tree: &Tree) -> Option<Self> {
        match tree {
            Tree::Text(name) => Preset::find(name).map(PresetName),
            _ => None,
        }
    }

    fn expected() -> String {
        format!("one of {}", preset_names().join(", "))
    }

    fn hint(tree: &Tree) -> String {
        nearest(tree, &preset_names())
    }

    fn kind() -> String {
        "a preset of the table below".to_owned()
    }

    fn json() -> Value {
        json!({ "enum": preset_names() })
    }
}

fn preset_names() -> Vec<&'static str> {
    PRESETS.iter().map(|preset| preset.name).collect()
}

/// A provider: a mapping, or the bare name of a preset.
#[derive(Default)]
pub struct ProviderEntry {
    pub raw: RawProvider,
    /// Where a mistake about the preset stands.
    pub is_bare: bool,
}

impl Decode for ProviderEntry {
    fn decode(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Self> {
        let Tree::Text(name) = node.tree else {
            return RawProvider::decode(node, mistakes).map(|raw| ProviderEntry { raw, is_bare: false });
        };
        PresetName::decode(node, mistakes)?;
        let tree = Tree::Map(vec![("name".to_owned(), Tree::Text(name.clone()))]);
        let raw = RawProvider::decode(&Node { tree: &tree, path: node.path.clone() }, mistakes)?;
        Some(ProviderEntry { raw, is_bare: true })
    }

    fn expected() -> String {
        "the name of a preset or a mapping".to_owned()
    }

    fn shape() -> Shape {
        Shape::Either(vec![PresetName::shape(), RawProvider::shape()])
    }
}

/// What authenticates us at a provider. Nothing that stands here is quoted: it may be the secret itself.
pub enum RawCredentials {
    None,
    Envoy,
    List(Vec<RawCredential>),
}

impl Decode for RawCredentials {
    fn decode(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Self> {
        match node.tree {
            Tree::Text(word) if word == "none" => Some(RawCredentials::None),
            Tree::Text(word) if word == "envoy" => Some(RawCredentials::Envoy),
            Tree::List(items) if !items.is_empty() => {
                let mut list = Vec::new();
                for (i, tree) in items.iter().enumerate() {
                    let path = node.path.index(i);
                    if let Tree::Map(_) = tree {
                        list.extend(RawCredential::decode(&Node { tree, path }, mistakes));
                    } else {
                        let text = format!("found {}, expected a mapping such as {{env: OPENAI_API_KEY}}", tree.kind());
                        mistakes.add(&path, text);
                    }
                }
                Some(RawCredentials::List(list))
            }
            tree => {
                mistakes.add(&node.path, format!("found {}, expected {}", tree.kind(), Self::expected()));
                None
            }
        }
    }

    fn expected() -> String {
        "a list of credentials, envoy or none".to_owned()
    }

    fn shape() -> Shape {
        let words = json!({ "enum": ["envoy", "none"] });
        let leaf = Shape::Leaf { json: words, kind: "envoy or none".to_owned() };
        Shape::Either(vec![Filled::<RawCredential>::shape(), leaf])
    }
}
