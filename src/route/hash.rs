//! A small hash that is the same on every worker, every Envoy and every build: plans must agree everywhere.

/// A multiplicative hash over words of eight bytes, finished by a mixer so that every bit of the result is usable.
#[derive(Clone, Copy, Debug)]
pub struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Hash(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    /// Continues with a piece of input; pieces are told apart (`"ab", "c"` is not `"a", "bc"`).
    pub fn with(self, piece: &[u8]) -> Hash {
        let (words, rest) = piece.as_chunks::<8>();
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        let words = words.iter().copied().chain([last, (piece.len() as u64).to_le_bytes()]);
        Hash(words.fold(self.0, |hash, word| {
            let product = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            product ^ (product >> 32)
        }))
    }

    /// The hash.
    pub fn finish(self) -> u64 {
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// Weighted rendezvous: of several candidates the one with the highest score wins, and over many inputs each wins
    /// as often as its weight says. Taking a candidate away moves only what it had won.
    pub fn score(self, weight: f64) -> f64 {
        let unit = ((self.finish() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        -weight / unit.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn winner(key: u64, weights: &[f64]) -> usize {
        let score = |i: usize| Hash::default().with(&key.to_le_bytes()).with(&[i as u8]).score(weights[i]);
        (0..weights.len()).max_by(|&a, &b| score(a).total_cmp(&score(b))).unwrap()
    }

    #[test]
    fn weights_hold_over_many_keys() {
        let wins = (0..20_000).filter(|&key| winner(key, &[80.0, 20.0]) == 0).count();
        assert!((15_700..16_300).contains(&wins), "{wins} of 20000");
    }

    #[test]
    fn a_candidate_that_leaves_moves_only_its_own_keys() {
        for key in 0..2_000 {
            let (all, without_last) = (winner(key, &[5.0, 3.0, 2.0]), winner(key, &[5.0, 3.0]));
            assert!(all == 2 || all == without_last);
        }
    }

    #[test]
    fn the_hash_is_fixed_for_ever() {
        assert_eq!(Hash::default().with(b"tollgate").finish(), 0x4d0f_5db6_40fd_83e3);
        assert_ne!(Hash::default().with(b"ab").with(b"c").finish(), Hash::default().with(b"a").with(b"bc").finish());
    }
}
