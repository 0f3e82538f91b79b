//! The inside of JSON strings: finding their end at the speed of memory, and checking that they are UTF-8.

/// How many bytes are looked at in one step of a long string; the compiler makes vector instructions of it.
const BLOCK: usize = 32;

/// The bytes of a string up to the first that needs a decision: a quote, a backslash or a control character.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// How many bytes precede that byte; all of them when there is none.
    pub length: usize,
    /// Whether all of them are ASCII, so that nobody needs to check their UTF-8.
    pub ascii: bool,
}

/// Looks for the first quote, backslash or control character.
pub(super) fn run(bytes: &[u8]) -> Run {
    // Most strings end within a few words; only a long one is worth the wide steps.
    let (head, rest) = bytes.split_at(bytes.len().min(BLOCK));
    let first = short_run(head);
    if first.length < head.len() || rest.is_empty() {
        return first;
    }
    let (blocks, _) = rest.as_chunks::<BLOCK>();
    let mut ascii = first.ascii;
    let mut skipped = head.len();
    for block in blocks {
        let look = |(stop, high), &b: &u8| (stop | is_stop(b), high | !b.is_ascii());
        let (stop, high) = block.iter().fold((false, false), look);
        if stop {
            break;
        }
        ascii &= !high;
        skipped = skipped.saturating_add(BLOCK);
    }
    let last = short_run(bytes.get(skipped..).unwrap_or_default());
    Run { length: skipped.saturating_add(last.length), ascii: ascii && last.ascii }
}

/// The same, eight bytes at a time.
fn short_run(bytes: &[u8]) -> Run {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // The high bit of every byte that is zero, and perhaps of bytes above the first such: the lowest bit is right.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (words, tail) = bytes.as_chunks::<8>();
    let mut length: usize = 0;
    let mut ascii = true;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let stops = zeros(word ^ (ONES * 0x22)) | zeros(word ^ (ONES * 0x5c)) | controls;
        if stops != 0 {
            let before = (stops & stops.wrapping_neg()).wrapping_sub(1);
            let place = usize::try_from(stops.trailing_zeros() / 8).unwrap_or_default();
            return Run { length: length.saturating_add(place), ascii: ascii && word & before & HIGH == 0 };
        }
        ascii &= word & HIGH == 0;
        length = length.saturating_add(8);
    }
    for byte in tail {
        if is_stop(*byte) {
            break;
        }
        ascii &= byte.is_ascii();
        length = length.saturating_add(1);
    }
    Run { length, ascii }
}

fn is_stop(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20)
}

/// Checks UTF-8 over pieces; a sequence may be cut anywhere between them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Utf8 {
    held: [u8; 4],
    length: usize,
}

/// The bytes are not UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotUtf8;

impl Utf8 {
    /// Checks the next piece of a text.
    pub(super) fn feed(&mut self, mut piece: &[u8]) -> Result<(), NotUtf8> {
        while self.length > 0 {
            let Some((&byte, rest)) = piece.split_first() else {
                return Ok(());
            };
            piece = rest;
            *self.held.get_mut(self.length).ok_or(NotUtf8)? = byte;
            self.length = self.length.saturating_add(1);
            match std::str::from_utf8(self.held.get(..self.length).unwrap_or_default()) {
                Ok(_) => self.length = 0,
                Err(error) if error.error_len().is_some() => return Err(NotUtf8),
                Err(_) => {}
            }
        }
        match std::str::from_utf8(piece) {
            Ok(_) => Ok(()),
            Err(error) if error.error_len().is_some() => Err(NotUtf8),
            Err(error) => {
                let cut = piece.get(error.valid_up_to()..).unwrap_or_default();
                self.held.get_mut(..cut.len()).ok_or(NotUtf8)?.copy_from_slice(cut);
                self.length = cut.len();
                Ok(())
            }
        }
    }

    /// Checks that the text does not end inside a sequence.
    pub(super) fn end(&self) -> Result<(), NotUtf8> {
        if self.length == 0 { Ok(()) } else { Err(NotUtf8) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_run_ends_where_the_plain_bytes_end(
            mut bytes in prop::collection::vec(prop_oneof![199 => 0x20..=0x7fu8, 1 => 0x80..=0xffu8], 0..200),
            stop in prop::sample::select(vec![b'"', b'\\', 0, 0x1f]),
            at in 0..220usize,
        ) {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = stop;
            }
            let length = bytes.iter().position(|&b| is_stop(b)).unwrap_or(bytes.len());
            prop_assert_eq!(run(&bytes), Run { length, ascii: bytes[..length].is_ascii() });
        }
    }
}
