//! The inside of JSON strings: finding their end at the speed of memory, and checking that they are UTF-8.

/// How many bytes are looked at in one step; the compiler turns a step into a few vector instructions.
const BLOCK: usize = 32;

/// The bytes of a string up to the first that needs a decision: a quote, a backslash or a control character.
pub(super) struct Run {
    /// How many bytes precede that byte; all of them when there is none.
    pub length: usize,
    /// Whether all of them are ASCII, so that nobody needs to check their UTF-8.
    pub ascii: bool,
}

/// Looks for the first quote, backslash or control character.
pub(super) fn run(bytes: &[u8]) -> Run {
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let plain = blocks
        .iter()
        .take_while(|block| !block.iter().fold(false, |stop, &b| stop | is_stop(b)))
        .count();
    let skipped = plain.saturating_mul(BLOCK);
    let rest = bytes.get(skipped..).unwrap_or_default();
    let tail = rest.iter().position(|&b| is_stop(b)).unwrap_or(rest.len());
    let length = skipped.saturating_add(tail);
    Run {
        length,
        ascii: bytes.get(..length).unwrap_or_default().is_ascii(),
    }
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
                self.held
                    .get_mut(..cut.len())
                    .ok_or(NotUtf8)?
                    .copy_from_slice(cut);
                self.length = cut.len();
                Ok(())
            }
        }
    }

    /// Checks that the text does not end inside a sequence.
    pub(super) fn end(&self) -> Result<(), NotUtf8> {
        if self.length == 0 {
            Ok(())
        } else {
            Err(NotUtf8)
        }
    }
}
