//! Whatever the bytes are: an answer, no panic, no secret.

use super::encode::{encode, field};
use super::{EXAMPLE, all_set};
use proptest::prelude::*;
use serde_json::{Value, json};
use tollgate::config::Plugin;

/// What the load says, whether it went well or not.
fn said(bytes: &[u8]) -> String {
    match Plugin::load(bytes, &all_set) {
        Ok(plugin) => format!("{plugin:?}"),
        Err(mistakes) => {
            assert!(mistakes.messages().count() > 0, "refused without a reason");
            format!("{mistakes} {mistakes:?}")
        }
    }
}

fn example() -> Value {
    serde_json::from_str(EXAMPLE).unwrap()
}

/// Every place of a document, as a path for `Value::pointer`.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            places(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), out);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| places(item, &format!("{at}/{i}"), out)),
        _ => {}
    }
}

fn odd() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".{0,80}".prop_map(Value::from),
        prop::sample::select(vec!["", "*", "/", "..", "1e999", "99999999999999999999h", "-1", "0x1", "\u{0}", "é"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,8}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        said(&bytes);
        said(&[b"\x0a".as_slice(), &bytes].concat());
        said(&[b"{".as_slice(), &bytes].concat());
    }

    #[test]
    fn one_place_is_something_else(place in any::<prop::sample::Index>(), value in odd()) {
        let mut document = example();
        let mut all = Vec::new();
        places(&document, "", &mut all);
        *document.pointer_mut(place.get::<String>(&all)).unwrap() = value;
        let json = said(document.to_string().as_bytes());
        prop_assert!(!json.contains("hunter2"));
        // The same mistakes in the same order, whatever order Envoy's maps have.
        if document.is_object() && !document.to_string().contains("e+") {
            said(&encode(&document, 1));
        }
    }

    #[test]
    fn cut_and_damaged(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        for mut bytes in [example().to_string().into_bytes(), encode(&example(), 5)] {
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            said(&bytes);
        }
    }
}

#[test]
fn mistakes_do_not_depend_on_the_order_of_maps() {
    let mut document = example();
    document["zzz"] = json!(1);
    document["aaa"] = json!(1);
    document["providers"][2]["models"]["bad"] = json!("x y");
    document["expose"] = json!("all");
    document["role"] = json!("x");
    let first = said(document.to_string().as_bytes());
    assert_eq!(first.lines().count(), 6, "{first}");
    (0..20).for_each(|seed| assert_eq!(said(&encode(&document, seed)), first));
}

#[test]
fn depth_bombs() {
    let deep = |open: &str, close: &str, n: usize| format!("{{\"a\":{}{}}}", open.repeat(n), close.repeat(n));
    for text in [deep("[", "]", 100_000), deep("{\"a\":", "}", 100_000), "[".repeat(100_000), deep("[", "]", 40)] {
        assert!(said(text.as_bytes()).starts_with("configuration: found "));
    }
    let mut list = Vec::new();
    let mut map = Vec::new();
    for _ in 0..2_000 {
        list = field(6, &field(1, &list));
        map = field(5, &field(1, &[field(1, b"a"), field(2, &map)].concat()));
    }
    for value in [list, map] {
        let bytes = field(1, &[field(1, b"role"), field(2, &value)].concat());
        assert!(said(&bytes).starts_with("configuration: found a Struct nested deeper than 32 levels, expected less"));
    }
}

#[test]
fn damaged_structs() {
    let entry = |value: &[u8]| field(1, &[field(1, b"role"), field(2, value)].concat());
    let damaged = [
        vec![0x0a, 0xff],                                                             // longer than there is
        vec![0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], // a length without end
        field(2, b"x"),                                                               // no such field of a Struct
        entry(&[0x11, 0, 0]),                                                         // half a double
        entry(&field(3, &[0xff])),                                                    // text that is none
        entry(&[0x0b]),                                                               // a group
        entry(&[0x38, 0]),                                                            // no such kind of value
    ];
    for (i, bytes) in damaged.into_iter().enumerate() {
        let expected = "configuration: found a damaged google.protobuf.Struct, expected one as Envoy serializes it";
        let found = said(&bytes);
        assert!(found.starts_with(expected) || i == 2, "{i}: {found}");
    }
}
