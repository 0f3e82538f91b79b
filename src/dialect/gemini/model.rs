//! What a model's name tells, and where it is served.

use std::fmt::Write;

use crate::dialect::Facts;

/// What is known of the model at hand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Model<'a>(pub &'a str);

impl Model<'_> {
    /// `gemini-2.5-flash` is 2.5; names without numbers, such as `gemini-flash-latest`, are `None`.
    pub fn version(self) -> Option<(u32, u32)> {
        let (_, rest) = self.0.split_once("gemini-")?;
        let mut numbers = rest.split(['-', '@']).next()?.split('.');
        let major = numbers.next()?.parse().ok()?;
        Some((major, numbers.next().and_then(|minor| minor.parse().ok()).unwrap_or(0)))
    }

    /// Gemini 3 and later: calls must come back with their signatures, results may hold media, schemas go with tools.
    /// The aliases name the latest.
    pub fn is_third(self) -> bool {
        let is_alias = self.0.contains("gemini") && self.0.ends_with("-latest");
        self.version().map_or(is_alias, |version| version >= (3, 0))
    }

    /// Whether the name has this word between its dashes.
    pub fn has(self, word: &str) -> bool {
        self.0.split('-').any(|part| part == word)
    }
}

/// Whether the target is Vertex AI.
pub(super) fn is_vertex(facts: &Facts<'_>) -> bool {
    facts.project.is_some() || facts.vendor == "vertex"
}

/// The path of a model's method.
pub(super) fn path(facts: &Facts<'_>, method: &str) -> String {
    let mut path = facts.base_path.to_owned();
    let model = facts.model.trim_start_matches('/');
    if !is_vertex(facts) {
        // `tunedModels/x` stands beside `models/x`.
        let (folder, name) = prefixed(model, &["models", "tunedModels"]).unwrap_or(("models", model));
        push(&mut path, &[folder, name]);
    } else {
        push(&mut path, &["projects", facts.project.unwrap_or_default()]);
        push(&mut path, &["locations", facts.location.unwrap_or("global")]);
        if let Some((folder, name)) = prefixed(model, &["endpoints"]) {
            push(&mut path, &[folder, name]);
        } else {
            let name = model.strip_prefix("publishers/google/models/").or_else(|| model.strip_prefix("models/"));
            push(&mut path, &["publishers", "google", "models", name.unwrap_or(model)]);
        }
    }
    path.push(':');
    path.push_str(method);
    path
}

/// A name that says itself where it stands.
fn prefixed<'a>(model: &'a str, folders: &[&str]) -> Option<(&'a str, &'a str)> {
    model.split_once('/').filter(|(folder, name)| folders.contains(folder) && !name.is_empty())
}

/// Adds segments; what could end one is escaped.
fn push(path: &mut String, segments: &[&str]) {
    for segment in segments {
        path.push('/');
        for byte in segment.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'@') {
                path.push(char::from(byte));
            } else {
                let _ = write!(path, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_generations() {
        for (name, version, is_third) in [
            ("gemini-2.5-flash", Some((2, 5)), false),
            ("gemini-2.0-flash-001", Some((2, 0)), false),
            ("gemini-3-flash-preview", Some((3, 0)), true),
            ("gemini-3.1-pro-preview", Some((3, 1)), true),
            ("models/gemini-3.5-flash@001", Some((3, 5)), true),
            ("gemini-flash-latest", None, true),
            ("gemma-3-27b-it", None, false),
            ("endpoints/123", None, false),
        ] {
            assert_eq!((Model(name).version(), Model(name).is_third()), (version, is_third), "{name}");
        }
    }

    #[test]
    fn paths_of_both_services() {
        let studio = |model| path(&Facts { vendor: "google", model, base_path: "/v1beta", ..Facts::default() }, "m");
        assert_eq!(studio("gemini-2.5-flash"), "/v1beta/models/gemini-2.5-flash:m");
        assert_eq!(studio("models/gemini-2.5-flash"), "/v1beta/models/gemini-2.5-flash:m");
        assert_eq!(studio("tunedModels/x"), "/v1beta/tunedModels/x:m");
        assert_eq!(studio("../x?y"), "/v1beta/models/..%2Fx%3Fy:m");
        let vertex = |model| {
            let (project, location) = (Some("p"), Some("europe-west4"));
            path(&Facts { vendor: "vertex", model, base_path: "/v1", project, location, ..Facts::default() }, "m")
        };
        let home = "/v1/projects/p/locations/europe-west4";
        assert_eq!(vertex("gemini-2.5-pro"), format!("{home}/publishers/google/models/gemini-2.5-pro:m"));
        assert_eq!(vertex("publishers/google/models/x"), format!("{home}/publishers/google/models/x:m"));
        assert_eq!(vertex("endpoints/123"), format!("{home}/endpoints/123:m"));
    }
}
