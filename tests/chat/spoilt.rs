//! Bytes that were changed on their way, for the tests of the dialects.

use proptest::prelude::*;

/// Where bytes are changed, what for, and where the rest is cut off.
pub fn changes() -> impl Strategy<Value = (usize, Vec<(usize, u8)>, usize, bool)> {
    (any::<usize>(), prop::collection::vec((any::<usize>(), any::<u8>()), 0..12), any::<usize>(), any::<bool>())
}

pub fn changed(body: &[u8], changes: &[(usize, u8)], cut: usize, cuts: bool) -> Vec<u8> {
    let mut body = body.to_vec();
    for (place, byte) in changes.iter().filter(|_| !body.is_empty()).copied().collect::<Vec<_>>() {
        let place = place % body.len();
        // Half of them stay JSON more often than not.
        body[place] = if byte & 1 == 0 { b"\"{}[],:0a\\n"[usize::from(byte >> 1) % 11] } else { byte };
    }
    if cuts && !body.is_empty() {
        body.truncate(cut % body.len());
    }
    body
}
