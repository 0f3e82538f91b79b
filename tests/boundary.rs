//! What holds for the sources as a whole: where the host may be named, where `unsafe` may stand, how long a file is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::path::{Path, PathBuf};

/// Files longer than this are two things in one.
const MOST_LINES: usize = 400;

/// Every Rust file below a folder, as its path from there and its text.
fn files(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("node_modules") {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    let named = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        (name, std::fs::read_to_string(path).unwrap())
    };
    paths.into_iter().map(named).collect()
}

/// Those of the module.
fn sources() -> Vec<(String, String)> {
    let sources = files("src");
    assert!(sources.iter().any(|(name, _)| name == "filter/host.rs"), "the sources were not found");
    sources
}

/// The lines of a file that are code: no comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.split("//").next().unwrap_or_default())
}

/// Files in which a word stands as code.
fn files_with(word: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let says = |line: &str| line.split(|c| !is_word(c)).any(|found| found == word);
    let found = sources().into_iter().filter(|(_, text)| code(text).any(says));
    found.map(|(name, _)| name).collect()
}

#[test]
fn only_the_shell_names_the_host() {
    let outside: Vec<_> =
        files_with("proxy_wasm").into_iter().filter(|name| name != "lib.rs" && !name.starts_with("filter/")).collect();
    assert_eq!(outside, [""; 0], "`proxy_wasm` outside of src/filter and lib.rs");
    assert!(files_with("proxy_wasm").contains(&"filter/gateway.rs".to_owned()), "this test looks for the wrong word");
}

/// `main!` of the SDK expands to unsafe code: that module is allowed to, and says nothing of its own.
#[test]
fn unsafe_stands_in_the_host_layer_only() {
    assert_eq!(files_with("unsafe"), ["filter/host.rs"]);
    let mut allowed = files_with("unsafe_code");
    allowed.sort();
    assert_eq!(allowed, ["filter/host.rs", "filter/mod.rs"]);
    let (_, shell) = sources().into_iter().find(|(name, _)| name == "filter/mod.rs").unwrap();
    let module = shell.split_once("#[allow(unsafe_code, missing_docs)]\nmod start {").unwrap().1;
    let module = module.split_once("\n}\n").unwrap().0;
    assert!(module.trim_start().starts_with("proxy_wasm::main!"), "only `main!` may stand there");
    assert_eq!(shell.matches("unsafe_code").count(), 1);
}

#[test]
fn files_are_short() {
    let long = sources().into_iter().filter(|(_, text)| text.lines().count() > MOST_LINES);
    let long: Vec<String> = long.map(|(name, text)| format!("{name}: {} lines", text.lines().count())).collect();
    assert_eq!(long, [""; 0]);
}

/// The numbers that names of tests carry, such as `rule_7a` of `rules_7a_and_8_without_seals`.
fn numbers(name: &str) -> Vec<(&'static str, String)> {
    let (mut kind, mut found) = (None, Vec::new());
    for word in name.split('_') {
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        kind = match word {
            "rule" | "rules" | "line" | "lines" => Some("rule"),
            "case" | "cases" => Some("case"),
            "trap" | "traps" | "pitfall" => Some("trap"),
            "and" => kind,
            _ if is_number => kind,
            _ => None,
        };
        found.extend(kind.filter(|_| is_number).map(|kind| (kind, word.to_owned())));
    }
    found
}

#[test]
fn what_tests_name_by_number_stands_in_the_document() {
    assert_eq!(
        numbers("rules_7a_and_8_of_2_case_5"),
        [("rule", "7a".into()), ("rule", "8".into()), ("case", "5".into())]
    );
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/dialects.md")).unwrap();
    let (rules, rest) = text.split_once("## 6. Cases").unwrap();
    let (cases, traps) = rest.split_once("**Traps**").unwrap();
    let has = |text: &str, start: &str| text.lines().any(|line| line.trim_start().starts_with(start));
    let stands = |kind: &str, number: &str| match kind {
        "rule" => has(rules, &format!("{number}. ")) || has(rules, &format!("**{number}.** ")),
        "case" => has(cases, &format!("| {number} | ")),
        _ => has(traps, &format!("| {number} | ")),
    };
    let mut names: Vec<String> = Vec::new();
    for (_, text) in files("src").into_iter().chain(files("tests")) {
        names.extend(
            text.lines().filter_map(|line| Some(line.trim().strip_prefix("fn ")?.split('(').next()?.to_owned())),
        );
    }
    let mut missing: Vec<String> = Vec::new();
    for name in &names {
        missing.extend(numbers(name).iter().filter(|(kind, number)| !stands(kind, number)).map(|_| name.clone()));
    }
    assert!(names.iter().any(|name| name.starts_with("case_5_")), "the tests were not found");
    assert_eq!(missing, [""; 0], "numbers that docs/dialects.md does not have");
}
