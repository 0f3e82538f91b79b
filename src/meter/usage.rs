//! The tokens of one exchange, as the provider reported them.

/// Tokens as billed. `None` is "not reported", which is not zero. Totals contain their parts: `input` includes
/// cached and cache-write tokens, `output` includes reasoning; nothing here is ever added to another field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All input tokens.
    pub input: Option<u64>,
    /// The part of `input` that was read from the provider's cache.
    pub cache_read: Option<u64>,
    /// The part of `input` that was written to the provider's cache.
    pub cache_write: Option<u64>,
    /// All output tokens.
    pub output: Option<u64>,
    /// The part of `output` that was reasoning.
    pub reasoning: Option<u64>,
}

impl Usage {
    /// Whether the provider reported nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Usage::default()
    }

    /// Takes over a later report: its fields replace ours, absent ones do not erase, nothing is summed.
    pub fn merge(&mut self, later: &Usage) {
        for (ours, theirs) in [
            (&mut self.input, later.input),
            (&mut self.cache_read, later.cache_read),
            (&mut self.cache_write, later.cache_write),
            (&mut self.output, later.output),
            (&mut self.reasoning, later.reasoning),
        ] {
            *ours = theirs.or(*ours);
        }
    }
}
