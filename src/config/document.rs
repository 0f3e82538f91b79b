//! One description of the document: from it follow decoding, the messages, the JSON Schema and the reference.
//!
//! `document!` describes a mapping, `words!` a choice of words.

use super::decode::{Decode, Node};
use super::mistakes::{Mistakes, Path, did_you_mean};
use super::tree::Tree;

/// A mapping whose fields the code knows.
pub trait Document: Sized {
    /// Their names, in the order of the reference.
    const FIELDS: &'static [&'static str];
    /// Where it stands.
    fn path(&self) -> &Path;
    /// Where one of its fields stands.
    fn at(&self, field: &str) -> Path {
        let rank = Self::FIELDS.iter().position(|name| *name == field);
        debug_assert!(rank.is_some(), "{field} is no field");
        self.path().field(field, rank.unwrap_or(usize::MAX))
    }
}

/// The fields of a mapping while it is decoded.
pub struct Fields<'a, 'm> {
    node: &'a Node<'a>,
    names: &'static [&'static str],
    mistakes: &'m mut Mistakes,
}

impl<'a, 'm> Fields<'a, 'm> {
    /// Notes what is no mapping, unknown fields and fields given twice.
    pub fn of(node: &'a Node<'a>, names: &'static [&'static str], mistakes: &'m mut Mistakes) -> Option<Self> {
        let Tree::Map(entries) = node.tree else {
            mistakes.add(&node.path, format!("found {}, expected a mapping", node.tree.found()));
            return None;
        };
        let mut before = None;
        for (key, _) in entries {
            let known = names.iter().position(|name| name == key);
            let path = node.path.field(key, known.unwrap_or(names.len()));
            if before.replace(key) == Some(key) {
                mistakes.add(&path, "given twice, expected once");
            } else if known.is_none() {
                mistakes.add(&path, format!("unknown field{}", did_you_mean(key, names.iter().copied())));
            }
        }
        Some(Fields { node, names, mistakes })
    }

    fn child(&self, name: &str) -> (Option<&'a Tree>, Path) {
        let rank = self.names.iter().position(|known| *known == name).unwrap_or(usize::MAX);
        (self.node.tree.get(name), self.node.path.field(name, rank))
    }

    /// The field; a mistake and a placeholder without it.
    pub fn required<T: Decode + Default>(&mut self, name: &str) -> T {
        let (tree, path) = self.child(name);
        match tree {
            Some(tree) => T::decode(&Node { tree, path }, self.mistakes).unwrap_or_default(),
            None => {
                self.mistakes.add(&path, format!("missing, expected {}", T::expected()));
                T::default()
            }
        }
    }

    /// The field, where it is given and right.
    pub fn optional<T: Decode>(&mut self, name: &str) -> Option<T> {
        let (tree, path) = self.child(name);
        T::decode(&Node { tree: tree?, path }, self.mistakes)
    }

    /// The field, or what the description says.
    pub fn default<T: Decode + Default>(&mut self, name: &str, text: &str) -> T {
        let (tree, path) = self.child(name);
        let otherwise = plain(text);
        let tree = tree.unwrap_or(&otherwise);
        T::decode(&Node { tree, path }, self.mistakes).unwrap_or_default()
    }
}

/// A default as the description writes it: a scalar, `{}`, or `[a, b]`.
pub fn plain(text: &str) -> Tree {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some("") => Tree::List(Vec::new()),
        Some(items) => Tree::List(items.split(", ").map(|item| Tree::Text(item.to_owned())).collect()),
        None if text == "{}" => Tree::Map(Vec::new()),
        None => Tree::Text(text.to_owned()),
    }
}

/// The name of a field whose identifier may have to be raw (`r#for`).
pub const fn word(identifier: &'static str) -> &'static str {
    match identifier.as_bytes() {
        [b'r', b'#', ..] => identifier.split_at(2).1,
        _ => identifier,
    }
}

/// Describes a mapping: documentation, then `required`, `optional` or `default` fields.
macro_rules! document {
    (@type required $ty:ty) => { $ty };
    (@type optional $ty:ty) => { Option<$ty> };
    (@type default $ty:ty) => { $ty };
    (@take $fields:ident $need:ident $field:ident $($default:literal)?) => {
        $fields.$need($crate::config::document::word(stringify!($field)) $(, $default)?)
    };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
    ($(#[doc = $about:literal])+ $name:ident {
        $( $(#[doc = $doc:literal])+ $need:ident $field:ident : $ty:ty $(= $default:literal)? ,)*
    }) => {
        $(#[doc = $about])+
        #[derive(Default)]
        #[allow(dead_code, reason = "the role is checked, not kept")]
        pub struct $name {
            path: $crate::config::mistakes::Path,
            $( $(#[doc = $doc])+ pub $field: document!(@type $need $ty), )*
        }

        impl $crate::config::document::Document for $name {
            const FIELDS: &'static [&'static str] = &[$($crate::config::document::word(stringify!($field))),*];

            fn path(&self) -> &$crate::config::mistakes::Path {
                &self.path
            }
        }

        impl $crate::config::decode::Decode for $name {
            fn decode(
                node: &$crate::config::decode::Node<'_>,
                mistakes: &mut $crate::config::mistakes::Mistakes,
            ) -> Option<Self> {
                let names = <Self as $crate::config::document::Document>::FIELDS;
                #[allow(unused_mut, unused_variables, reason = "a document may have no fields")]
                let mut fields = $crate::config::document::Fields::of(node, names, mistakes)?;
                Some($name {
                    path: node.path.clone(),
                    $( $field: document!(@take fields $need $field $($default)?), )*
                })
            }

            fn expected() -> String {
                "a mapping".to_owned()
            }

            fn shape() -> $crate::config::shape::Shape {
                $crate::config::shape::Shape::Document {
                    about: concat!($($about, "\n"),+),
                    fields: vec![$( $crate::config::shape::Field {
                        name: $crate::config::document::word(stringify!($field)),
                        about: concat!($($doc, "\n"),+),
                        required: stringify!($need) == "required",
                        default: document!(@default $($default)?),
                        shape: <$ty as $crate::config::decode::Decode>::shape(),
                    } ),*],
                }
            }
        }
    };
}

/// Describes a choice of words for an enum.
macro_rules! words {
    ($name:ty { $($word:literal => $value:expr),+ $(,)? }) => {
        impl $crate::config::decode::Leaf for $name {
            fn parse(tree: &$crate::config::tree::Tree) -> Option<Self> {
                match tree {
                    $($crate::config::tree::Tree::Text(text) if text == $word => Some($value),)+
                    _ => None,
                }
            }

            fn expected() -> String {
                $crate::config::decode::one_of(&[$($word),+])
            }

            fn hint(tree: &$crate::config::tree::Tree) -> String {
                $crate::config::decode::nearest(tree, &[$($word),+])
            }

            fn json() -> serde_json::Value {
                serde_json::json!({ "enum": [$($word),+] })
            }
        }
    };
}

pub(super) use {document, words};
