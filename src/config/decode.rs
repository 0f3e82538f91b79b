//! What can stand in the document: scalars, lists and mappings, each with its decoding, its words in messages and
//! its place in the JSON Schema.
//!
//! Decoding never stops at a mistake: it notes it and goes on with a placeholder, so that one load tells them all.

use super::mistakes::{Mistakes, Path, did_you_mean};
use super::shape::Shape;
use super::tree::Tree;

/// A value of the document and where it stands.
#[derive(Clone)]
pub struct Node<'a> {
    pub tree: &'a Tree,
    pub path: Path,
}

impl Node<'_> {
    fn wrong<T: Decode>(&self, mistakes: &mut Mistakes) {
        mistakes.add(&self.path, format!("found {}, expected {}", self.tree.found(), T::expected()));
    }
}

/// What can stand in the document.
pub trait Decode: Sized {
    /// The value, or `None` with a mistake noted.
    fn decode(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Self>;
    /// What a message says should stand there.
    fn expected() -> String;
    /// For the JSON Schema and the reference.
    fn shape() -> Shape;
}

/// A scalar.
pub trait Leaf: Sized {
    /// The value, unless it is not of this type.
    fn parse(tree: &Tree) -> Option<Self>;
    /// What a message says should stand there.
    fn expected() -> String;
    /// Whether a message must not quote the value.
    fn hides(_: &Tree) -> bool {
        false
    }
    /// Comes after what was expected, such as the nearest word.
    fn hint(_: &Tree) -> String {
        String::new()
    }
    /// How the reference names its type.
    fn kind() -> String {
        Self::expected()
    }
    /// Its JSON Schema.
    fn json() -> serde_json::Value {
        serde_json::json!({ "type": "string" })
    }
}

impl<T: Leaf> Decode for T {
    fn decode(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<T> {
        let parsed = T::parse(node.tree);
        if parsed.is_none() {
            let found = if T::hides(node.tree) { node.tree.kind().to_owned() } else { node.tree.found() };
            let text = format!("found {found}, expected {}{}", T::expected(), T::hint(node.tree));
            mistakes.add(&node.path, text);
        }
        parsed
    }

    fn expected() -> String {
        <T as Leaf>::expected()
    }

    fn shape() -> Shape {
        Shape::Leaf { json: T::json(), kind: T::kind() }
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Self> {
        let Tree::List(items) = node.tree else {
            node.wrong::<Self>(mistakes);
            return None;
        };
        let nodes = items.iter().enumerate().map(|(i, tree)| Node { tree, path: node.path.index(i) });
        Some(nodes.filter_map(|item| T::decode(&item, mistakes)).collect())
    }

    fn expected() -> String {
        "a list".to_owned()
    }

    fn shape() -> Shape {
        Shape::List { item: Box::new(T::shape()), least: 0 }
    }
}

/// A list with at least one element.
#[derive(Default)]
pub struct Filled<T>(pub Vec<T>);

impl<T: Decode> Decode for Filled<T> {
    fn decode(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Self> {
        if *node.tree == Tree::List(Vec::new()) {
            node.wrong::<Self>(mistakes);
            return None;
        }
        Vec::decode(node, mistakes).map(Filled)
    }

    fn expected() -> String {
        "a list with at least one element".to_owned()
    }

    fn shape() -> Shape {
        Shape::List { item: Box::new(T::shape()), least: 1 }
    }
}

/// One, or a list with at least one.
#[derive(Default)]
pub struct OneOrMore<T>(pub Vec<T>);

impl<T: Decode> Decode for OneOrMore<T> {
    fn decode(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Self> {
        match node.tree {
            Tree::List(_) => Filled::decode(node, mistakes).map(|Filled(items)| OneOrMore(items)),
            _ => T::decode(node, mistakes).map(|item| OneOrMore(vec![item])),
        }
    }

    fn expected() -> String {
        T::expected()
    }

    fn shape() -> Shape {
        Shape::Either(vec![T::shape(), Filled::<T>::shape()])
    }
}

/// Free keys with values, sorted by key: a map that Envoy hands over has no other order.
pub struct Mapping<K, V>(pub Vec<(K, V, Path)>);

impl<K, V> Default for Mapping<K, V> {
    fn default() -> Self {
        Mapping(Vec::new())
    }
}

impl<K: Leaf, V: Decode> Decode for Mapping<K, V> {
    fn decode(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Self> {
        let Tree::Map(entries) = node.tree else {
            node.wrong::<Self>(mistakes);
            return None;
        };
        let mut decoded = Vec::new();
        let mut before = None;
        for (i, (key, tree)) in entries.iter().enumerate() {
            let path = node.path.field(key, i);
            if before.replace(key) == Some(key) {
                mistakes.add(&path, "given twice, expected once");
            } else if *tree != Tree::Null {
                let name = Node { tree: &Tree::Text(key.clone()), path: path.clone() };
                let name = K::decode(&name, mistakes);
                let value = V::decode(&Node { tree, path: path.clone() }, mistakes);
                decoded.extend(name.zip(value).map(|(name, value)| (name, value, path)));
            }
        }
        Some(Mapping(decoded))
    }

    fn expected() -> String {
        "a mapping".to_owned()
    }

    fn shape() -> Shape {
        Shape::Mapping { key: Box::new(K::shape()), value: Box::new(V::shape()) }
    }
}

/// `a, b or c`
pub fn one_of(words: &[&str]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => words.concat(),
    }
}

/// The nearest of the words to a text, as a hint.
pub fn nearest(tree: &Tree, words: &[&str]) -> String {
    match tree {
        Tree::Text(text) => did_you_mean(text, words.iter().copied()),
        _ => String::new(),
    }
}
