use proptest::prelude::*;

use super::*;

/// Everything a splitter says about a stream cut into pieces, one line per event.
fn split<'a>(cap: usize, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    fn show(event: Result<Event<'_>, EventTooLarge>) -> String {
        event.map_or_else(
            |error| error.to_string(),
            |Event { start, raw, name, data }| {
                format!("{start} {} {:?} {:?}", raw.len(), String::from_utf8_lossy(name), String::from_utf8_lossy(data))
            },
        )
    }
    let mut splitter = Splitter::with_cap(cap);
    let mut seen = Vec::new();
    for mut rest in pieces {
        while let Some(event) = splitter.next(&mut rest) {
            seen.push(show(event));
        }
        assert!(splitter.held.len() <= cap);
    }
    seen.extend(splitter.finish().map(|event| show(Ok(event))));
    assert_eq!(splitter.finish(), None);
    seen
}

/// The same for every way of cutting: whole, byte by byte, in two at every place.
fn events(cap: usize, stream: &[u8]) -> Vec<String> {
    let whole = split(cap, std::iter::once(stream));
    assert_eq!(split(cap, stream.chunks(1)), whole);
    for cut in 0..stream.len() {
        let (left, right) = stream.split_at(cut);
        assert_eq!(split(cap, [left, right].into_iter()), whole, "cut at {cut}");
    }
    whole
}

#[test]
fn events_are_cut_at_blank_lines() {
    for (stream, expected) in [
        ("data: a\n\ndata: b\n\n", &[r#"0 9 "" "a""#, r#"9 9 "" "b""#][..]),
        ("data: a\r\n\r\ndata: b\r\n\r\n", &[r#"0 11 "" "a""#, r#"11 11 "" "b""#]),
        ("data: a\r\rdata: b\r\r", &[r#"0 9 "" "a""#, r#"9 9 "" "b""#]),
        ("data: a\n\r\ndata: b\r\r\n", &[r#"0 10 "" "a""#, r#"10 10 "" "b""#]),
        ("data: a\r\n\ndata: b\n\r", &[r#"0 10 "" "a""#, r#"10 9 "" "b""#]),
        ("event: x\ndata:a\n\n", &[r#"0 17 "x" "a""#]),
        ("event: x\nevent: y\ndata:  a \n\n", &[r#"0 29 "y" " a ""#]),
        ("data: a\ndata: b\ndata\ndata:c\n\n", &[r#"0 29 "" "a\nb\n\nc""#]),
        (": comment\n\ndata: a\n\n", &[r#"11 9 "" "a""#]),
        (": comment\ndata: a\nid: 7\nretry: 1\nwhat\n\n", &[r#"0 39 "" "a""#]),
        ("\n\n\r\n\rdata: a\n\n", &[r#"5 9 "" "a""#]),
        ("event: x\n\ndata: a\n\n", &[r#"10 9 "" "a""#]),
        ("\u{feff}data: a\n\n\u{feff}data: b\n\n", &[r#"0 12 "" "a""#]),
        ("data: a", &[r#"0 7 "" "a""#]),
        ("data: a\r", &[r#"0 8 "" "a""#]),
        ("data: a\n\ndat", &[r#"0 9 "" "a""#]),
        ("data\n\n", &[r#"0 6 "" """#]),
        ("database: 1\n\n", &[]),
        ("", &[]),
    ] {
        let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        assert_eq!(events(64, stream.as_bytes()), expected, "{stream:?}");
    }
}

#[test]
fn an_event_that_is_too_large_is_skipped() {
    let error = "a server-sent event is larger than what is held";
    let stream = format!("data: a\n\ndata: {}\n\ndata: b\n\n", "x".repeat(30));
    assert_eq!(events(20, stream.as_bytes()), [r#"0 9 "" "a""#, error, r#"47 9 "" "b""#]);
    assert_eq!(events(38, stream.as_bytes()).len(), 3);
    assert!(!events(38, stream.as_bytes()).contains(&error.to_owned()));
    assert!(events(37, stream.as_bytes()).contains(&error.to_owned()));
    assert_eq!(events(20, "data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx".as_bytes()), [error]);
}

#[test]
fn what_is_undecided_is_the_event_at_hand() {
    let mut splitter = Splitter::with_cap(20);
    for (chunk, expected) in [
        ("data: a\n\nda", 9),
        ("ta: b\n\n", 18),
        (": c\n", 18),
        ("\n", 23),
        ("data: xxxxxxxxxxxxxxxx", 45),
        ("x", 46),
        ("\n\ndata", 48),
    ] {
        let mut rest = chunk.as_bytes();
        while splitter.next(&mut rest).is_some() {}
        assert_eq!(splitter.decided(), expected, "{chunk:?}");
    }
}

proptest! {
    #[test]
    fn cutting_changes_nothing(
        pieces in prop::collection::vec(prop::sample::select(vec!["data: ", "event: ", "\n", "\r", "\r\n", "\n\n", "x", ":", "data", "\u{feff}", "é"]), 0..30),
        cap in 5..40usize,
    ) {
        events(cap, pieces.concat().as_bytes());
    }

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        events(16, &bytes);
    }
}
