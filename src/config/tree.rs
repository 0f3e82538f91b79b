//! The document as a tree, from JSON text or from a serialized `google.protobuf.Struct`.
//!
//! Envoy hands a Struct over as protobuf, whatever its documentation says: maps in random order, small integers
//! as doubles, other numbers as strings. So maps are sorted here, and leaves take numbers as numbers or strings.

use super::mistakes::quoted;
use super::protobuf;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Deepest nesting of either form; the document itself needs eight.
pub const DEEPEST: usize = 32;

/// A value of the document.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// The same as absent.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number that a double holds exactly.
    Number(f64),
    /// Text, or a number that Envoy wrote as text.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// Sorted by key; a key given twice stands here twice.
    Map(Vec<(String, Tree)>),
}

impl Tree {
    /// Reads either form; the error says what was found and expected.
    pub fn read(bytes: &[u8]) -> Result<Tree, String> {
        let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
        // A Struct starts with 0x0a, which is a newline too: what reads as a Struct to its last byte is one.
        let as_struct = protobuf::read(bytes);
        match (as_struct, first) {
            (Ok(tree), _) => Ok(tree),
            (Err(_), Some(b'{')) => read_json(bytes),
            (Err(why), _) if bytes.first() == Some(&0x0a) => Err(why),
            _ => {
                Err("found neither JSON nor a google.protobuf.Struct, expected a mapping such as {role: gateway, ...}"
                    .into())
            }
        }
    }

    /// A map without duplicates has each key once; the sort is stable, so the first given comes first.
    pub fn map(mut entries: Vec<(String, Tree)>) -> Tree {
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Tree::Map(entries)
    }

    /// The member of a mapping, unless it is absent or null.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        match self {
            Tree::Map(entries) => entries.iter().find(|(k, v)| k == key && *v != Tree::Null).map(|(_, v)| v),
            _ => None,
        }
    }

    /// How a message names it.
    pub fn found(&self) -> String {
        match self {
            Tree::Text(text) => quoted(text),
            Tree::Number(number) => number.to_string(),
            Tree::Bool(flag) => flag.to_string(),
            _ => self.kind().to_owned(),
        }
    }

    /// How a message names it where the value may be a secret.
    pub fn kind(&self) -> &'static str {
        match self {
            Tree::Null => "null",
            Tree::Bool(_) => "true or false",
            Tree::Number(_) => "a number",
            Tree::Text(text) if text.is_empty() => "empty text",
            Tree::Text(_) => "text",
            Tree::List(list) if list.is_empty() => "an empty list",
            Tree::List(_) => "a list",
            Tree::Map(_) => "a mapping",
        }
    }

    /// FNV-1a of the document, the same for both forms; secrets take no part.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        self.write(&mut hash, false);
        hash.0
    }

    fn write(&self, hash: &mut Fnv, secret: bool) {
        match self {
            Tree::Null => hash.add(b"~"),
            Tree::Bool(flag) => hash.add(if *flag { b"true" } else { b"false" }),
            Tree::Number(number) => hash.scalar(&number.to_string()),
            // A number that one form has as text must count like the other form's number.
            Tree::Text(text) => match super::number::parse(text) {
                Some(number) => hash.scalar(&number.to_string()),
                None => hash.scalar(text),
            },
            Tree::List(list) => {
                hash.add(b"[");
                list.iter().for_each(|item| item.write(hash, secret));
                hash.add(b"]");
            }
            Tree::Map(entries) => {
                hash.add(b"{");
                let told = entries.iter().filter(|(key, value)| *value != Tree::Null && !(secret && key == "value"));
                for (key, value) in told {
                    hash.scalar(key);
                    value.write(hash, secret || key == "credentials" || key == "secret");
                }
                hash.add(b"}");
            }
        }
    }
}

struct Fnv(u64);

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn scalar(&mut self, text: &str) {
        self.add(text.as_bytes());
        self.add(&[0]);
    }
}

fn read_json(bytes: &[u8]) -> Result<Tree, String> {
    let wrong = |error: serde_json::Error| format!("found JSON with a mistake: {error}");
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let tree = Json { depth: 0 }.deserialize(&mut json).map_err(wrong)?;
    json.end().map_err(wrong)?;
    Ok(tree)
}

/// Reads JSON into a tree that keeps duplicate keys, which `serde_json::Value` would drop in silence.
#[derive(Clone, Copy)]
struct Json {
    depth: usize,
}

impl Json {
    fn deeper<E: Error>(self) -> Result<Json, E> {
        match self.depth {
            DEEPEST.. => Err(E::custom(format_args!("nested deeper than {DEEPEST} levels"))),
            depth => Ok(Json { depth: depth + 1 }),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Json {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Json {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        // Above 2^53 a double is not exact: text, as Envoy does.
        let exact = u32::try_from(number).map(|n| Tree::Number(f64::from(n)));
        Ok(exact.unwrap_or_else(|_| Tree::Text(number.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        let exact = i32::try_from(number).map(|n| Tree::Number(f64::from(n)));
        Ok(exact.unwrap_or_else(|_| Tree::Text(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
        Ok(Tree::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let below = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(below)? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let below = self.deeper()?;
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            entries.push((key, map.next_value_seed(below)?));
        }
        Ok(Tree::map(entries))
    }
}
