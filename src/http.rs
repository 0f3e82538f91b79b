//! Header maps in the form that crosses the host boundary: one block of bytes for all of them.
//!
//! Values are bytes, not text: anything a client or a provider sends is representable and harms nobody.

use std::ops::Range;

/// A header map read from the host in one call.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    block: Vec<u8>,
    pairs: Vec<(Range<usize>, Range<usize>)>,
}

impl Headers {
    /// Reads the host's block: a count, the lengths of all names and values, then the zero-ended bytes. A block that
    /// does not add up gives the pairs before the fault.
    pub fn parse(block: Vec<u8>) -> Headers {
        let count = word(&block, 0).unwrap_or(0);
        let mut at = count.saturating_mul(8).saturating_add(4);
        let count = count.min(block.len() / 8);
        let mut pairs = Vec::with_capacity(count);
        for i in 0..count {
            let lengths = 4 + i * 8;
            let (Some(name), Some(value)) = (word(&block, lengths), word(&block, lengths + 4)) else { break };
            let name = at..at.saturating_add(name);
            let value = name.end.saturating_add(1)..name.end.saturating_add(1).saturating_add(value);
            if value.end > block.len() {
                break;
            }
            at = value.end.saturating_add(1);
            pairs.push((name, value));
        }
        Headers { block, pairs }
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        self.pairs.iter().map(|(name, value)| (self.bytes(name), self.bytes(value)))
    }

    /// The first value of a name (names are lower case).
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(n, _)| *n == name.as_bytes()).map(|(_, value)| value)
    }

    /// The first value of a name, if it is UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    fn bytes(&self, range: &Range<usize>) -> &[u8] {
        self.block.get(range.clone()).unwrap_or_default()
    }
}

fn word(block: &[u8], at: usize) -> Option<usize> {
    let bytes = block.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
}

/// Writes a header map in the host's form.
pub fn encode<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone) -> Vec<u8> {
    let (mut count, mut size) = (0u32, 4usize);
    for (name, value) in pairs.clone() {
        count += 1;
        size += 10 + name.len() + value.len();
    }
    let mut block = Vec::with_capacity(size);
    block.extend_from_slice(&count.to_le_bytes());
    for (name, value) in pairs.clone() {
        block.extend_from_slice(&(name.len() as u32).to_le_bytes());
        block.extend_from_slice(&(value.len() as u32).to_le_bytes());
    }
    for (name, value) in pairs {
        block.extend_from_slice(name);
        block.push(0);
        block.extend_from_slice(value);
        block.push(0);
    }
    block
}

/// Whether bytes may stand in a header value: no control characters but the tab.
pub fn is_header_value(value: &[u8]) -> bool {
    value.iter().all(|&b| b == b'\t' || (b >= 0x20 && b != 0x7f))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs<'a>() -> Vec<(&'a [u8], &'a [u8])> {
        vec![(b":path", b"/v1"), (b"x-odd", b"\xff\x80"), (b"empty", b""), (b"x-odd", b"second")]
    }

    #[test]
    fn what_is_written_is_read() {
        let headers = Headers::parse(encode(pairs().into_iter()));
        assert_eq!(headers.iter().collect::<Vec<_>>(), pairs());
        assert_eq!(headers.get("x-odd"), Some(&b"\xff\x80"[..]));
        assert_eq!(headers.text("x-odd"), None);
        assert_eq!(headers.text("empty"), Some(""));
        assert_eq!(headers.get("none"), None);
    }

    #[test]
    fn a_block_cut_anywhere_gives_the_pairs_before_the_cut() {
        let whole = encode(pairs().into_iter());
        for cut in 0..whole.len() {
            let headers = Headers::parse(whole[..cut].to_vec());
            assert!(headers.iter().zip(pairs()).all(|(read, written)| read == written));
        }
        assert_eq!(Headers::parse(vec![0xff; 64]).iter().count(), 0);
    }
}
