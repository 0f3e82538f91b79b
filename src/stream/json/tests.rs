use super::*;

const PATHS: &[Path] = &[
    Path { keys: &["model"], keep: Keep::Whole(32) },
    Path { keys: &["providerOptions", "gateway"], keep: Keep::Whole(64) },
    Path { keys: &["stream"], keep: Keep::Place },
    Path { keys: &["system"], keep: Keep::Prefix(8) },
    Path { keys: &["messages"], keep: Keep::Opening(48) },
    Path { keys: &["providerOptions"], keep: Keep::Place },
];
const MODEL: usize = 0;
const GATEWAY: usize = 1;
const SYSTEM: usize = 3;
const MESSAGES: usize = 4;

/// Reads a document in one piece and in all ways of cutting it in two, and byte by byte: all must agree.
fn read(document: &[u8]) -> Result<Reader, Error> {
    let feed = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut reader = Reader::new(PATHS);
        for piece in pieces {
            reader.feed(piece)?;
        }
        reader.finish().map(|()| reader)
    };
    let whole = feed(&mut std::iter::once(document));
    let seen = format!("{:?}", whole.as_ref().map(|reader| &reader.paths));
    let same = |other: Result<Reader, Error>| {
        assert_eq!(format!("{:?}", other.as_ref().map(|reader| &reader.paths)), seen);
    };
    same(feed(&mut document.chunks(1)));
    for cut in 0..document.len().min(300) {
        let (left, right) = document.split_at(cut);
        same(feed(&mut [left, right].into_iter()));
    }
    whole
}

fn raw(document: &str, path: usize) -> Option<String> {
    let reader = read(document.as_bytes()).unwrap();
    let raw = reader.get(path)?.raw.clone()?;
    Some(String::from_utf8(raw).unwrap())
}

#[test]
fn a_value_is_found_at_its_exact_path_only() {
    for (document, expected) in [
        (r#"{"model":"gpt-5"}"#, Some(r#""gpt-5""#)),
        (r#" { "stream" : true , "model" : "a\"b" } "#, Some(r#""a\"b""#)),
        (r#"{"mod\u0065l":"x"}"#, Some(r#""x""#)),
        (r#"{"model":17}"#, Some("17")),
        (r#"{"model":{"model":[1, 2]}}"#, Some(r#"{"model":[1, 2]}"#)),
        (r#"{"model":"first","model":"last"}"#, Some(r#""last""#)),
        (r#"{"model":"0123456789012345678901234567890123456789"}"#, None),
        (r#"{"model":"x","model":"0123456789012345678901234567890123456789"}"#, None),
        (r#"{"a":{"model":"x"}}"#, None),
        (r#"{"a":"\"model\":\"x\""}"#, None),
        (r#"[{"model":"x"}]"#, None),
        (r#"{"messages":[{"model":"x"}]}"#, None),
        (r#"{"Model":"x"}"#, None),
        (r#"{"model ":"x","mode":"y","models":"z"}"#, None),
    ] {
        assert_eq!(raw(document, MODEL).as_deref(), expected, "{document}");
    }
}

#[test]
fn the_last_outer_object_counts() {
    for (document, expected) in [
        (r#"{"providerOptions":{"gateway":{"only":["a"]}}}"#, Some(r#"{"only":["a"]}"#)),
        (r#"{"providerOptions":{"gateway":1},"providerOptions":{"gateway":2}}"#, Some("2")),
        (r#"{"providerOptions":{"gateway":1},"providerOptions":{}}"#, None),
        (r#"{"providerOptions":{"gateway":1},"providerOptions":null}"#, None),
        (r#"{"providerOptions":[{"gateway":1}]}"#, None),
        (r#"{"gateway":1,"x":{"gateway":2},"providerOptions":{"x":{"gateway":3}}}"#, None),
    ] {
        assert_eq!(raw(document, GATEWAY).as_deref(), expected, "{document}");
    }
    let reader = read(br#"{"providerOptions":{"gateway":1},"providerOptions":{"gateway":2}}"#).unwrap();
    assert_eq!(reader.members(GATEWAY).len(), 2);
}

#[test]
fn a_prefix_is_kept_of_a_long_value() {
    assert_eq!(raw(r#"{"system":"0123456789"}"#, SYSTEM).as_deref(), Some("\"0123456"));
    assert_eq!(raw(r#"{"system":[1]}"#, SYSTEM).as_deref(), Some("[1]"));
}

#[test]
fn the_opening_of_a_conversation_is_the_same_in_every_turn() {
    for (messages, expected) in [
        (r#"[{"role":"user","n":1}]"#, r#"{"role":"user","n":1}"#),
        (r#"[{"role":"user","n":1},{"role":"user","n":2}]"#, r#"{"role":"user","n":1}"#),
        (r#"[{"n":1,"role":"user"},{"role":"system"}]"#, r#"{"n":1,"role":"user"}"#),
        (r#"[{"role":"system"},{"role":"assistant"},{"role":"user"}]"#, r#"{"role":"system"}{"role":"user"}"#),
        (r#"[{"role":"developer"},7,"x",{"role":"user"}]"#, r#"{"role":"developer"}{"role":"user"}"#),
        (r#"[{"x":{"role":"user"}},{"role":"user"}]"#, r#"{"role":"user"}"#),
        (
            r#"[{"role":"user","n":"0123456789012345678901234567890123456789"}]"#,
            r#"{"role":"user","n":"0123456789012345678901234567"#,
        ),
        (r#"[{"role":"assistant"}]"#, ""),
        ("[]", ""),
        (r#""a text""#, r#""a text""#),
        (r#"{"role":"user"}"#, r#"{"role":"user"}"#),
    ] {
        let document = format!(r#"{{"messages":{messages},"model":"m"}}"#);
        assert_eq!(raw(&document, MESSAGES).as_deref(), Some(expected), "{document}");
        assert_eq!(raw(&document, MODEL).as_deref(), Some(r#""m""#), "{document}");
    }
}

#[test]
fn members_know_their_commas() {
    let reader = read(br#"{ "a":1, "model" : "x" ,"model":2}"#).unwrap();
    let first = Member { object: 0, ordinal: 1, comma_before: Some(7), start: 9, value: 19..22, comma_after: Some(23) };
    let last = Member { object: 0, ordinal: 2, comma_before: Some(23), start: 24, value: 32..33, comma_after: None };
    assert_eq!(reader.members(MODEL), [first, last]);
    assert_eq!(reader.object(), Some(Object { open: 0, members: 3 }));
    assert_eq!(reader.root(), Some(Kind::Object));
    assert_eq!(read(b" []").unwrap().object(), None);
    assert_eq!(read(b" {}").unwrap().object(), Some(Object { open: 1, members: 0 }));
}

#[test]
fn what_is_not_json_is_an_error_that_says_where() {
    let deep = "[".repeat(257);
    let repeats = format!("{{{}\"model\":1}}", "\"model\":1,".repeat(64));
    for (document, expected) in [
        ("", "the document ends too early at byte 0"),
        (r#"{"model""#, "the document ends too early at byte 8"),
        ("12.", "the document ends too early at byte 3"),
        ("{model:1}", "expected a key in double quotes at byte 1"),
        (r#"{"a":1,}"#, "expected a key in double quotes at byte 7"),
        (r#"{"a" 1}"#, "expected ':' at byte 5"),
        (r#"{"a":}"#, "expected a value at byte 5"),
        (r#"{"a":1 "b"}"#, "expected ',' or '}' at byte 7"),
        ("[1 2]", "expected ',' or ']' at byte 3"),
        ("[1}", "expected ',' or ']' at byte 2"),
        ("[1,]", "expected a value at byte 3"),
        ("nul1", "expected true, false or null at byte 3"),
        ("[01]", "expected ',' or ']' at byte 2"),
        ("[-]", "not a number at byte 2"),
        ("[1.e5]", "not a number at byte 3"),
        (r#""a\x""#, "not an escape sequence at byte 3"),
        (r#""\u12g4""#, "not an escape sequence at byte 5"),
        ("\"a\nb\"", "control character in a string at byte 2"),
        ("{} x", "more after the end of the document at byte 3"),
        ("\u{feff}{}", "expected a value at byte 0"),
        (deep.as_str(), "nested deeper than 256 levels at byte 256"),
        (repeats.as_str(), "the same key more than 64 times at byte 647"),
    ] {
        let error = read(document.as_bytes()).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{document}");
        assert_eq!(error.is_limit(), document.len() > 100, "{document}");
    }
    let error = read(b"{\"a\":\"x\xff\"}").map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "not UTF-8 in the string at byte 5");
}

#[test]
fn a_bad_byte_is_found_wherever_it_stands() {
    for place in 0..200 {
        for (byte, expected) in
            [(0xff, "not UTF-8 in the string at byte 0"), (0x01, "control character in a string at byte ")]
        {
            let mut document = format!("\"{}\"", "x".repeat(200)).into_bytes();
            document[place + 1] = byte;
            let error = read(&document).map(|_| ()).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{place}: {error}");
        }
    }
}

#[test]
fn an_error_stays() {
    let mut reader = Reader::new(PATHS);
    let error = reader.feed(b"{x").unwrap_err();
    assert_eq!(reader.feed(b"}"), Err(error));
    assert_eq!(reader.finish(), Err(error));
}

#[test]
fn captured_text_is_unescaped() {
    let reader = read(br#"{"model":"a\u00e9\"b"}"#).unwrap();
    assert_eq!(reader.get(MODEL).unwrap().text().as_deref(), Some("a\u{e9}\"b"));
    assert_eq!(read(br#"{"model":7}"#).unwrap().get(MODEL).unwrap().text(), None);
}

mod same_as_serde {
    use proptest::prelude::*;

    use super::*;

    fn document() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            any::<f64>().prop_filter_map("finite", |n| serde_json::to_string(&n).ok()),
            any::<i64>().prop_map(|n| n.to_string()),
            prop::sample::select(vec!["-0", "1e5", "1E+09", "0.10", "-2.5e-3"]).prop_map(str::to_owned),
            ".{0,40}".prop_map(|text| serde_json::to_string(&text).unwrap()),
            prop::sample::select(vec![r#""\ud800""#, r#""\u0041\/\b""#, "\"h\u{e9}\u{4e16}\u{1f600}\""])
                .prop_map(str::to_owned),
        ];
        leaf.prop_recursive(6, 64, 6, |inner| {
            let key = prop::sample::select(vec![
                "model",
                "a",
                "mod\\u0065l",
                "providerOptions",
                "gateway",
                "messages",
                "role",
            ]);
            let space = prop::sample::select(vec!["", " ", "\n\t"]);
            let member = (key, space.clone(), inner.clone()).prop_map(|(k, s, v)| format!("{s}\"{k}\"{s}:{s}{v}"));
            prop_oneof![
                (prop::collection::vec(inner, 0..6), space)
                    .prop_map(|(items, s)| format!("[{s}{}{s}]", items.join(&format!("{s},{s}")))),
                prop::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(","))),
            ]
        })
    }

    fn is_accepted(document: &[u8]) -> bool {
        let mut reader = Reader::new(PATHS);
        reader.feed(document).and_then(|()| reader.finish()).is_ok()
    }

    fn serde_accepts(document: &[u8]) -> bool {
        std::str::from_utf8(document).is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn documents_and_their_mutations(document in document(), at in any::<prop::sample::Index>(), to in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let document = document.into_bytes();
            prop_assert!(is_accepted(&document));
            let mut changed = document.clone();
            let place = at.index(changed.len());
            changed[place] = to;
            prop_assert_eq!(is_accepted(&changed), serde_accepts(&changed));
            changed[place] = b"{}[]\",:\\0e.-"[usize::from(to) % 12];
            prop_assert_eq!(is_accepted(&changed), serde_accepts(&changed));
            let cut = &document[..cut.index(document.len())];
            prop_assert_eq!(is_accepted(cut), serde_accepts(cut));
            let _ = read(&changed);
        }

        #[test]
        fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(is_accepted(&bytes), serde_accepts(&bytes));
            let _ = read(&bytes);
        }

        #[test]
        fn random_strings(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let text = [b"\"", bytes.as_slice(), b"\""].concat();
            prop_assert_eq!(is_accepted(&text), serde_accepts(&text));
            let _ = read(&text);
        }
    }
}
