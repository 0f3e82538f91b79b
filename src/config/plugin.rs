//! What Envoy hands over becomes a plugin: bytes -> tree -> document -> configuration.

use super::Config;
use super::compile::{Env, compile};
use super::decode::{Decode, Node};
use super::document::Document;
use super::mistakes::{Mistakes, Path};
use super::raw::RawGateway;
use super::tree::Tree;

/// A plugin, as its `role` says.
#[derive(Debug)]
pub enum Plugin {
    /// In the listener's filter chain, with all of the configuration.
    Gateway(Box<Config>),
    /// In a provider cluster's own filter chain; takes everything from the exchange.
    Upstream,
    /// Every callback continues: measures what Envoy and the VM cost by themselves.
    Noop,
}

impl Plugin {
    /// Reads a configuration, JSON text or a serialized `google.protobuf.Struct`; `env` gives the variables of the VM.
    pub fn load(bytes: &[u8], env: Env<'_>) -> Result<Plugin, Mistakes> {
        let mut mistakes = Mistakes::default();
        let path = Path::default();
        let tree = Tree::read(bytes).unwrap_or_else(|why| {
            mistakes.add(&path, why);
            Tree::Null
        });
        let role = match tree.get("role") {
            Some(Tree::Text(role)) => role.as_str(),
            _ => "",
        };
        let plugin = match (&tree, role) {
            (Tree::Null, _) => None,
            (Tree::Map(entries), "upstream" | "noop") => {
                for (key, _) in entries.iter().filter(|(key, _)| key != "role") {
                    let rank = RawGateway::FIELDS.iter().position(|name| name == key);
                    let path = path.field(key, rank.unwrap_or(usize::MAX));
                    mistakes
                        .add(&path, format!("found beside role: {role}, expected in the gateway role's configuration"));
                }
                Some(if role == "noop" { Plugin::Noop } else { Plugin::Upstream })
            }
            _ => {
                let raw = RawGateway::decode(&Node { tree: &tree, path }, &mut mistakes);
                raw.map(|raw| Plugin::Gateway(Box::new(compile(&raw, &tree, env, &mut mistakes))))
            }
        };
        mistakes.into_result()?;
        // Without a plugin there was a mistake.
        plugin.ok_or_else(Mistakes::default)
    }
}

impl Config {
    /// Reads the configuration of the gateway role; see [`Plugin::load`].
    pub fn load(bytes: &[u8], env: Env<'_>) -> Result<Config, Mistakes> {
        let found = match Plugin::load(bytes, env)? {
            Plugin::Gateway(config) => return Ok(*config),
            Plugin::Upstream => "upstream",
            Plugin::Noop => "noop",
        };
        let mut mistakes = Mistakes::default();
        mistakes.add(&Path::default().field("role", 0), format!("found {found:?}, expected gateway"));
        Err(mistakes)
    }
}
