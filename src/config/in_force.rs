//! What the document may say already and this version does not do yet.

use super::tree::Tree;

/// Paths that are checked and then left alone, with the one value that asks for nothing. Shrinks with each version.
const NOT_YET: &[(&str, &str)] = &[];

/// For the reference: the value of a path that asks for nothing, where the path is not in force.
pub fn not_yet(path: &str) -> Option<&'static str> {
    NOT_YET.iter().find(|(pattern, _)| *pattern == path).map(|(_, nothing)| *nothing)
}

/// The paths of the document that are not in force, in the order of the table.
pub fn not_in_force(document: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (pattern, nothing) in NOT_YET {
        find(document, pattern, String::new(), nothing, &mut found);
    }
    found
}

fn find(tree: &Tree, pattern: &str, at: String, nothing: &str, found: &mut Vec<String>) {
    let (step, rest) = pattern.split_once('.').unwrap_or((pattern, ""));
    let name = step.trim_end_matches("[]");
    let Some(value) = tree.get(name) else { return };
    let at = if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    match value {
        Tree::List(items) if step.ends_with("[]") => {
            for (i, item) in items.iter().enumerate() {
                find(item, rest, format!("{at}[{i}]"), nothing, found);
            }
        }
        _ if !rest.is_empty() => find(value, rest, at, nothing, found),
        _ if is_nothing(value, nothing) => {}
        _ => found.push(at),
    }
}

fn is_nothing(value: &Tree, nothing: &str) -> bool {
    match value {
        Tree::Text(text) => text == nothing,
        Tree::Bool(flag) => flag.to_string() == nothing,
        Tree::List(items) => items.is_empty(),
        Tree::Map(entries) => entries.is_empty(),
        _ => false,
    }
}
