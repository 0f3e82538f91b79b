use super::*;
use proptest::prelude::*;

fn frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let length = |n: usize| u32::try_from(n).unwrap().to_be_bytes();
    out.extend(length(PRELUDE + headers.len() + payload.len() + TRAILER));
    out.extend(length(headers.len()));
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out.extend(headers);
    out.extend(payload);
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out
}

fn text(name: &str, value: &str) -> Vec<u8> {
    let mut out = vec![u8::try_from(name.len()).unwrap()];
    out.extend(name.as_bytes());
    out.push(7);
    out.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
    out.extend(value.as_bytes());
    out
}

/// The payloads, and the fault if there is one.
fn split(splitter: &mut Splitter, pieces: &[&[u8]]) -> (Vec<Vec<u8>>, Option<Fault>) {
    let (mut frames, mut fault) = (Vec::new(), None);
    for piece in pieces {
        let mut rest = *piece;
        while let Some(next) = splitter.next(&mut rest) {
            match next {
                Ok(frame) => frames.push(frame.payload.to_vec()),
                Err(found) => assert_eq!(fault.replace(found), None, "told once"),
            }
        }
    }
    (frames, fault)
}

#[test]
fn headers_of_every_kind_are_passed_over() {
    let mut headers = Vec::new();
    for (kind, value) in [
        (0, &b""[..]),
        (1, b""),
        (2, b"a"),
        (3, b"ab"),
        (4, b"abcd"),
        (5, b"abcdefgh"),
        (6, b"\0\x03abc"),
        (8, b"abcdefgh"),
        (9, b"abcdefghabcdefgh"),
    ] {
        headers.extend([1, b'x', kind]);
        headers.extend(value);
    }
    headers.extend(text(":event-type", "metadata"));
    headers.extend([1, b'y', 77]);
    let bytes = frame(&headers, b"{}");
    let mut splitter = Splitter::default();
    let mut rest = &bytes[..];
    let frame = splitter.next(&mut rest).unwrap().unwrap();
    assert_eq!((frame.header(":event-type"), frame.header("x"), frame.header("z")), (Some("metadata"), None, None));
    assert_eq!(frame.payload, b"{}");
}

#[test]
fn a_wrong_sum_or_length_ends_it() {
    let good = frame(&text("a", "b"), b"payload");
    for (place, is_first) in [(0, true), (5, true), (9, true), (13, false), (20, false), (good.len() - 1, false)] {
        let mut bad = good.clone();
        bad[place] ^= 1;
        // A broken prelude is seen before the rest of what it promises.
        let there = if is_first { &bad[..PRELUDE] } else { &bad[..] };
        let (frames, fault) = split(&mut Splitter::default(), &[&good, there, &good]);
        assert_eq!((frames.len(), fault), (1, Some(Fault::Damaged)), "byte {place}");
    }
    // Headers longer than the frame, with good sums.
    let mut odd = vec![0, 0, 0, 16, 0, 0, 0, 1];
    odd.extend(crc32fast::hash(&odd).to_be_bytes());
    odd.extend(crc32fast::hash(&odd).to_be_bytes());
    assert_eq!(split(&mut Splitter::default(), &[&odd]).1, Some(Fault::Damaged));
}

#[test]
fn what_is_held_is_bounded() {
    let large = frame(b"", &[b'x'; 100]);
    for pieces in [vec![&large[..]], large.chunks(1).collect()] {
        let (frames, fault) = split(&mut Splitter::with_cap(115), &pieces);
        assert_eq!((frames.len(), fault), (0, Some(Fault::TooLarge)));
        assert_eq!(split(&mut Splitter::with_cap(116), &pieces).0.len(), 1);
    }
}

proptest! {
    #[test]
    fn any_cut_gives_the_same(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let bytes: Vec<u8> = payloads.iter().flat_map(|payload| frame(&text("n", "v"), payload)).collect();
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        places.sort_unstable();
        places.push(bytes.len());
        let mut from = 0;
        let pieces: Vec<&[u8]> = places.into_iter().map(|to| &bytes[std::mem::replace(&mut from, to)..to]).collect();
        prop_assert_eq!(split(&mut Splitter::default(), &pieces), (payloads.clone(), None));
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(split(&mut Splitter::default(), &single), (payloads, None));
    }

    #[test]
    fn any_bytes_are_harmless(bytes in prop::collection::vec(any::<u8>(), 0..200), flip in any::<prop::sample::Index>()) {
        let _ = split(&mut Splitter::default(), &[&bytes]);
        let mut bad = frame(&bytes, &bytes);
        let place = flip.index(bad.len());
        bad[place] ^= 0x10;
        prop_assert_eq!(split(&mut Splitter::default(), &[&bad]).1, Some(Fault::Damaged));
        let whole = frame(&bytes, b"");
        let mut splitter = Splitter::default();
        if let Some(Ok(frame)) = splitter.next(&mut &whole[..]) {
            let _ = frame.header(":event-type");
        };
    }
}
