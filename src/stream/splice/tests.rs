use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;
use crate::stream::json::{Keep, Path, Reader};

const KEYS: [&str; 5] = ["a", "b", "c", "d", "e"];
const PATHS: &[Path] = &[
    Path { keys: &["a"], keep: Keep::Place },
    Path { keys: &["b"], keep: Keep::Place },
    Path { keys: &["c"], keep: Keep::Place },
    Path { keys: &["d"], keep: Keep::Place },
    Path { keys: &["e"], keep: Keep::Place },
];

fn read(document: &str) -> Reader {
    let mut reader = Reader::new(PATHS);
    reader.feed(document.as_bytes()).unwrap();
    reader.finish().unwrap();
    reader
}

fn members(reader: &Reader, keys: &str) -> Vec<Member> {
    let wanted = |key: &&str| keys.contains(*key);
    let paths = KEYS.iter().enumerate().filter(|(_, key)| wanted(key));
    paths.flat_map(|(path, _)| reader.members(path).to_vec()).collect()
}

fn applied(document: &str, edits: Vec<Edit>) -> String {
    let splice = Splice::new(edits);
    let (head, tail) = document.as_bytes().split_at(splice.end());
    let out = [splice.apply(head), tail.to_vec()].concat();
    assert_eq!(out, splice.apply(document.as_bytes()));
    assert_eq!(out.len(), document.len().saturating_add_signed(splice.delta()));
    String::from_utf8(out).unwrap()
}

#[test]
fn members_go_with_their_commas() {
    for (document, keys, expected) in [
        (r#"{"a":1,"b":2,"c":3}"#, "a", r#"{"b":2,"c":3}"#),
        (r#"{"a":1,"b":2,"c":3}"#, "b", r#"{"a":1,"c":3}"#),
        (r#"{"a":1,"b":2,"c":3}"#, "c", r#"{"a":1,"b":2}"#),
        (r#"{"a":1,"b":2,"c":3}"#, "ab", r#"{"c":3}"#),
        (r#"{"a":1,"b":2,"c":3}"#, "ac", r#"{"b":2}"#),
        (r#"{"a":1,"b":2,"c":3}"#, "bc", r#"{"a":1}"#),
        (r#"{"a":1,"b":2,"c":3}"#, "abc", "{}"),
        (r#"{"a":1,"x":2,"a":3}"#, "a", r#"{"x":2}"#),
        ("{ \"a\" : 1 ,\n \"x\" : 2 }", "a", "{ \n \"x\" : 2 }"),
        (r#"{"x":1}"#, "a", r#"{"x":1}"#),
    ] {
        let reader = read(document);
        assert_eq!(applied(document, remove_members(&members(&reader, keys))), expected, "{document} - {keys}");
    }
}

#[test]
fn members_of_several_objects_go() {
    const INNER: &[Path] = &[Path { keys: &["o", "a"], keep: Keep::Place }];
    let document = r#"{"o":{"a":1},"o":{"a":2,"b":3},"o":{"b":3,"a":2}}"#;
    let mut reader = Reader::new(INNER);
    reader.feed(document.as_bytes()).unwrap();
    assert_eq!(applied(document, remove_members(reader.members(0))), r#"{"o":{},"o":{"b":3},"o":{"b":3}}"#);
}

#[test]
fn new_members_come_first() {
    for (document, keys, expected) in [
        (r#"{"a":1}"#, "", r#"{"n":0,"a":1}"#),
        ("{}", "", r#"{"n":0}"#),
        (r#"{"a":1}"#, "a", r#"{"n":0}"#),
        (r#"{"a":1,"a":2}"#, "a", r#"{"n":0}"#),
        (r#"{"a":1,"x":2}"#, "a", r#"{"n":0,"x":2}"#),
    ] {
        let reader = read(document);
        let edits = edit_object(reader.object().unwrap(), &members(&reader, keys), br#""n":0"#);
        assert_eq!(applied(document, edits), expected, "{document} - {keys}");
    }
}

#[test]
fn overlapping_edits_are_done_once() {
    let edit = |range, with: &str| Edit { range, with: with.as_bytes().to_vec() };
    for (edits, expected) in [
        (vec![], "0123456789"),
        (vec![edit(2..6, ""), edit(3..4, "x")], "016789"),
        (vec![edit(3..4, "x"), edit(2..6, "")], "016789"),
        (vec![edit(2..2, "a"), edit(2..3, "b"), edit(2..2, "c")], "01acb3456789"),
        (vec![edit(2..4, "a"), edit(4..6, "b")], "01ab6789"),
        (vec![edit(2..5, "a"), edit(4..6, "b")], "01a56789"),
        (vec![edit(2..5, "a"), edit(2..5, "a")], "01a56789"),
        (vec![edit(5..5, "")], "0123456789"),
    ] {
        assert_eq!(applied("0123456789", edits.clone()), expected, "{edits:?}");
    }
    assert!(Splice::new(vec![edit(5..5, "")]).is_empty());
}

proptest! {
    #[test]
    fn removing_changing_and_inserting(
        members in prop::collection::vec((0..7usize, prop::sample::select(vec!["1", "\"x\"", "{\"a\":1}", "[1, 2]"]), 0..3u8), 0..7),
        space in prop::sample::select(vec!["", " ", "\n  "]),
        insert in any::<bool>(),
    ) {
        // What happens to a key is decided by its last member's number: 0 stays, 1 goes, 2 is changed.
        let keys = ["a", "b", "c", "d", "e", "x", "y"];
        let text: Vec<String> = members.iter().map(|(key, value, _)| format!("{space}\"{}\"{space}:{value}{space}", keys[*key])).collect();
        let document = format!("{space}{{{}}}{space}", text.join(","));
        let mut expected: Map<String, Value> = serde_json::from_str(&document).unwrap();
        let reader = read(&document);
        let (mut gone, mut edits) = (Vec::new(), Vec::new());
        for (key, _, what) in &members {
            let all = reader.members(*key);
            match what {
                1 if *key < 5 => {
                    gone.extend(all.iter().cloned());
                    expected.remove(keys[*key]);
                }
                2 if *key < 5 => {
                    edits.extend(all.iter().map(|member| Edit { range: member.value.clone(), with: b"\"new\"".to_vec() }));
                    if let Some(value) = expected.get_mut(keys[*key]) {
                        *value = "new".into();
                    }
                }
                _ => {}
            }
        }
        let new: &[u8] = if insert { b"\"n\":0" } else { b"" };
        if insert {
            expected.insert("n".to_owned(), 0.into());
        }
        edits.extend(edit_object(reader.object().unwrap(), &gone, new));
        let out = applied(&document, edits);
        let found: Map<String, Value> = serde_json::from_str(&out).map_err(|e| TestCaseError::fail(format!("{e}: {document} -> {out}")))?;
        prop_assert_eq!(found, expected);
        // What is left is left as it was: members that nobody touched are there with their white space.
        for (key, (text, ..)) in members.iter().zip(&text).map(|((key, ..), text)| (*key, (text, ()))) {
            prop_assert!(key < 5 || out.contains(text.trim()));
        }
    }
}
