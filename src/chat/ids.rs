//! What an answer needs from outside, so that the same input gives the same bytes (rules 1 to 3).

/// Ids and the clock of one exchange. Decoders make missing call ids from it, encoders everything that a client sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// The generation's id without its `gen_`.
    pub seed: String,
    /// Seconds since 1970: when the exchange began.
    pub created: u64,
    /// The model's name as sent; shown where the provider does not say who answers.
    pub model: String,
    /// The provider's configured name, for the seals that are bound to it.
    pub provider: String,
}

impl Ids {
    /// The answer's id with the prefix of the client's dialect: `chatcmpl-`, `resp_`, `msg_`.
    pub fn answer(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.seed)
    }

    /// The id of a call whose provider gave none: different for each call of an exchange, 29 characters of
    /// `[A-Za-z0-9_]`, which every dialect accepts.
    pub fn call(&self, choice: u32, part: u32) -> String {
        let place = format!("{}/{choice}/{part}", self.seed);
        format!("call_{:016x}{:08x}", fnv(place.as_bytes(), 0), fnv(place.as_bytes(), 1) >> 32)
    }

    /// The model that the client sees: the provider's word, or the one sent.
    pub fn model<'a>(&'a self, answered: &'a str) -> &'a str {
        if answered.is_empty() { &self.model } else { answered }
    }
}

/// FNV-1a, 64 bits; `salt` makes a second one.
fn fnv(bytes: &[u8], salt: u8) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().chain([&salt]).fold(0xcbf2_9ce4_8422_2325, step)
}

/// The same id for a call and for its result, in the letters that a target accepts (rule 3): kept where every byte
/// `fits` and it is no longer than `most`, otherwise `prefix` and a hash.
pub fn fit_id(id: &str, fits: impl Fn(u8) -> bool, most: usize, prefix: &str) -> String {
    if !id.is_empty() && id.len() <= most && id.bytes().all(fits) {
        return id.to_owned();
    }
    let hash = format!("{:016x}{:016x}", fnv(id.as_bytes(), 0), fnv(id.as_bytes(), 1));
    let room = most.saturating_sub(prefix.len()).min(24);
    format!("{prefix}{}", hash.get(..room).unwrap_or(&hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_3_calls_without_ids_get_different_ones_that_stay() {
        let ids = Ids { seed: "01J".into(), ..Ids::default() };
        let made = [ids.call(0, 0), ids.call(0, 1), ids.call(1, 0)];
        assert_eq!(made[0], ids.clone().call(0, 0));
        assert!(made[0] != made[1] && made[0] != made[2] && made[1] != made[2]);
        assert!(made.iter().all(|id| id.len() == 29 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')));
    }

    #[test]
    fn rule_3_ids_are_kept_where_they_are_accepted() {
        let mistral = |id| fit_id(id, |b| b.is_ascii_alphanumeric(), 9, "");
        assert_eq!(mistral("abcDEF123"), "abcDEF123");
        assert_eq!(mistral("call_1").len(), 9);
        assert_eq!(mistral("call_1"), mistral("call_1"));
        assert_ne!(mistral("call_1"), mistral("call_2"));
        let anthropic = |id| fit_id(id, |b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-', 64, "call_");
        assert_eq!(anthropic("functions.get:0").len(), 29);
    }
}
