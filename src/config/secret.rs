//! Secrets have a type that never prints itself.

use std::fmt;

/// A provider's credential. `Debug` and `Display` print `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value; white space around it (a newline at the end of a mounted file) is not part of it.
    pub fn new(value: &str) -> Secret {
        Secret(value.trim().to_owned())
    }

    /// The value itself, for the one header that carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_debug_print_shows_a_secret() {
        let secret = Secret::new(" key-1\n");
        assert_eq!((secret.expose(), format!("{secret} {secret:?}").as_str()), ("key-1", "*** ***"));
        let config = crate::testing::config(json!({}));
        let printed = format!("{config:#?}");
        assert!(printed.contains("***") && !printed.contains("key-a1"), "{printed}");
    }
}
