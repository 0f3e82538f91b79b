use proptest::prelude::*;

use super::*;

const FIELDS: &[Field] = &[Field { name: "model", cap: 20 }, Field { name: "stream", cap: 8 }];

type Found = Result<Vec<(Range<usize>, String)>, String>;

/// All models of a body, read in pieces.
fn read_pieces<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Found {
    let mut reader = Reader::new(b"XX", FIELDS);
    for piece in pieces {
        reader.feed(piece).map_err(|error| error.to_string())?;
        assert!(reader.held.len() <= MAX_HEADERS);
    }
    reader.finish().map_err(|error| error.to_string())?;
    let text = |value: &Value| (value.range.clone(), String::from_utf8_lossy(&value.bytes).into_owned());
    Ok(reader.all(0).iter().map(text).collect())
}

/// The same for every way of cutting.
fn read(body: &[u8]) -> Found {
    let whole = read_pieces(std::iter::once(body));
    assert_eq!(read_pieces(body.chunks(1)), whole);
    for cut in 0..body.len() {
        let (left, right) = body.split_at(cut);
        assert_eq!(read_pieces([left, right].into_iter()), whole, "cut at {cut}");
    }
    if let Ok(found) = &whole {
        for (range, text) in found {
            assert_eq!(&body[range.clone()], text.as_bytes());
        }
    }
    whole
}

fn part(name: &str, value: &str) -> String {
    format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

#[test]
fn the_model_is_found() {
    let file = part("file\"; filename=\"a.mp3", "\r\n--X\r\n\r\n--\0model");
    let model = part("model", "whisper-1");
    for (body, expected) in [
        (format!("{model}--XX--"), vec!["whisper-1"]),
        (format!("{model}{file}--XX--\r\n"), vec!["whisper-1"]),
        (format!("{file}{model}--XX--\r\nepilogue"), vec!["whisper-1"]),
        (format!("preamble\r\n{model}--XX--"), vec!["whisper-1"]),
        (format!("{model}{}--XX--", part("model", "b")), vec!["whisper-1", "b"]),
        (format!("{}--XX--", part("model", "")), vec![""]),
        (format!("{}--XX--", part("model", "a\r\n--X\r")), vec!["a\r\n--X\r"]),
        (format!("{}--XX--", part("model", "a").replace("XX", "XX \t")), vec!["a"]),
        (format!("{}--XX--", part("Model", "a")), vec![]),
        ("--XX--".to_owned(), vec![]),
    ] {
        let found = read(body.as_bytes()).map(|found| found.into_iter().map(|(_, text)| text).collect::<Vec<_>>());
        assert_eq!(found.as_deref(), Ok(&expected.iter().map(ToString::to_string).collect::<Vec<_>>()[..]), "{body}");
    }
}

#[test]
fn what_is_not_read_says_why() {
    let many = format!("{}--XX--", part("model", "a").repeat(65));
    let headers = format!("--XX\r\nA: {}\r\n\r\n", "x".repeat(9000));
    for (body, expected) in [
        ("", "the multipart body ends without its closing boundary"),
        ("{\"model\":\"a\"}", "the multipart body ends without its closing boundary"),
        (&part("model", "a"), "the multipart body ends without its closing boundary"),
        (&format!("{}--XX-", part("model", "a")), "the multipart body ends without its closing boundary"),
        ("--XXY\r\n", "the multipart body has something else behind a boundary"),
        ("--XX\r\n\r\nx\r\n--XX--", "a part of the multipart body names its field in no way or in several"),
        (&headers, "a part of the multipart body has more than 8 KiB of headers"),
        (&format!("{}--XX--", part("model", &"x".repeat(21))), "the multipart field 'model' is too long"),
        (&many, "the multipart field 'model' stands more than 64 times"),
    ] {
        let pieces = if body.len() > 1000 { read_pieces(body.as_bytes().chunks(7)) } else { read(body.as_bytes()) };
        assert_eq!(pieces, Err(expected.to_owned()), "{body}");
    }
}

#[test]
fn a_field_behind_a_large_file_is_found() {
    let file = "\r\n--X and more\r".repeat(1_400_000);
    let body = format!("{}{}--XX--", part("file", &file), part("model", "whisper-1"));
    let found = read_pieces(body.as_bytes().chunks(16 * 1024)).unwrap();
    assert!(body.len() > 20_000_000);
    assert_eq!(found.len(), 1);
    assert_eq!(&body.as_bytes()[found[0].0.clone()], b"whisper-1");
}

proptest! {
    #[test]
    fn cutting_changes_nothing(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "\r\n", "--XX", "--", "\r", "\n", "X", "-", "\r\n--XX\r\n", "\r\n\r\n", " ", "model", "Content-Disposition: form-data; name=model\r\n\r\n",
        ]), 0..30),
    ) {
        let _ = read(pieces.concat().as_bytes());
    }
}
