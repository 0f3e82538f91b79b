//! Scalars made of text: names, models, secrets and their hashes.

use super::Secret;
use super::decode::Leaf;
use super::tree::Tree;
use serde_json::{Value, json};

/// The text, also of a number: `[2024]` is a list of one label.
pub fn text(tree: &Tree) -> Option<String> {
    match tree {
        Tree::Text(text) => Some(text.clone()),
        Tree::Number(number) if number.is_finite() => Some(number.to_string()),
        _ => None,
    }
}

/// Visible ASCII without quotes and backslashes, with no segment that a path would resolve.
pub fn is_safe(text: &str) -> bool {
    let visible = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\');
    !text.is_empty()
        && text.len() <= 200
        && text.bytes().all(visible)
        && !text.split('/').any(|s| s == "." || s == "..")
}

/// Declares a text type by its rule, what a message expects and a pattern.
macro_rules! text_leaf {
    ($(#[doc = $doc:literal])+ $name:ident, $expected:literal, $pattern:literal, $rule:expr) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name(String);

        impl $crate::config::decode::Leaf for $name {
            fn parse(tree: &$crate::config::tree::Tree) -> Option<Self> {
                let rule: fn(&str) -> bool = $rule;
                $crate::config::leaf::text(tree).filter(|text| rule(text)).map($name)
            }

            fn expected() -> String {
                $expected.to_owned()
            }

            fn json() -> serde_json::Value {
                serde_json::json!({ "type": "string", "pattern": $pattern })
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }
    };
}

pub(super) use text_leaf;

text_leaf!(
    /// What the configuration calls something; safe in headers, metrics and paths.
    Name,
    "a name of letters, digits, \"-\", \"_\" and \".\"",
    "^[A-Za-z0-9_.-]{1,100}$",
    |text| {
        let safe = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        (1..=100).contains(&text.len()) && text.bytes().all(safe)
    }
);

text_leaf!(
    /// The public name of a model.
    ModelName,
    "a model such as creator/model",
    "^[^/*?#%\"\\\\\\s]+(/[^/*?#%\"\\\\\\s]+)+$",
    |text| is_alias(text) && text.contains('/')
);

text_leaf!(
    /// Another name of a model; needs no creator.
    Alias,
    "a model name without spaces, \"*\", \"?\", \"#\", \"%\", quotes and empty parts",
    "^[^/*?#%\"\\\\\\s]+(/[^/*?#%\"\\\\\\s]+)*$",
    is_alias
);

fn is_alias(text: &str) -> bool {
    is_safe(text) && !text.contains(['*', '?', '#', '%']) && !text.split('/').any(str::is_empty)
}

text_leaf!(
    /// The key of a provider's `models`.
    ModelKey,
    "a model such as creator/model, or \"*\"",
    "^(\\*|[^/*?#%\"\\\\\\s]+(/[^/*?#%\"\\\\\\s]+)+)$",
    |text| text == "*" || (is_alias(text) && text.contains('/'))
);

text_leaf!(
    /// A model's name at a provider.
    NativeName,
    "the model's name at the provider, of visible ASCII",
    "^[!-~]{1,200}$",
    is_safe
);

text_leaf!(
    /// A pattern over public model names.
    Glob,
    "a pattern over model names such as \"openai/*\"",
    "^[!-~]{1,200}$",
    is_safe
);

text_leaf!(
    /// A free value that metrics and log may carry.
    Free,
    "text of 1 to 200 characters without control characters",
    "^[^\\x00-\\x1f\\x7f]{1,200}$",
    |text| (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control)
);

/// The variable that holds a secret. Not quoted where it is wrong: it may be the secret itself.
#[derive(Clone, Default)]
pub struct Variable(pub String);

impl Leaf for Variable {
    fn parse(tree: &Tree) -> Option<Self> {
        let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let rule = |text: &String| text.bytes().all(letter) && !text.starts_with(|c: char| c.is_ascii_digit());
        text(tree).filter(|text| (1..=100).contains(&text.len()) && rule(text)).map(Variable)
    }

    fn hides(_: &Tree) -> bool {
        true
    }

    fn expected() -> String {
        "the name of a variable such as OPENAI_API_KEY".to_owned()
    }

    fn json() -> Value {
        json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,99}$" })
    }
}

impl Leaf for Secret {
    fn parse(tree: &Tree) -> Option<Self> {
        text(tree).map(|text| Secret::new(&text)).filter(is_sendable)
    }

    fn hides(_: &Tree) -> bool {
        true
    }

    fn expected() -> String {
        "a secret of visible ASCII".to_owned()
    }
}

/// Whether a header can carry it.
pub fn is_sendable(secret: &Secret) -> bool {
    let value = secret.expose();
    !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
}

/// Bytes in hex. Not quoted where it is wrong: it may be the key that should have been hashed.
#[derive(Clone, Copy, Default)]
pub struct Sha256(pub [u8; 32]);

impl Leaf for Sha256 {
    fn parse(tree: &Tree) -> Option<Self> {
        let Tree::Text(text) = tree else { return None };
        let mut hash = [0; 32];
        let pairs = text.as_bytes().chunks_exact(2);
        if text.len() != 64 {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(pairs) {
            let mut digits = pair.iter().map(|digit| char::from(*digit).to_digit(16));
            let (high, low) = (digits.next()??, digits.next()??);
            *byte = u8::try_from(high * 16 + low).ok()?;
        }
        Some(Sha256(hash))
    }

    fn hides(_: &Tree) -> bool {
        true
    }

    fn expected() -> String {
        "the SHA-256 of the key: 64 hex digits".to_owned()
    }

    fn json() -> Value {
        json!({ "type": "string", "pattern": "^[0-9A-Fa-f]{64}$" })
    }
}
