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
    /// The part of `cache_write` that is kept for five minutes.
    pub cache_write_5m: Option<u64>,
    /// The part of `cache_write` that is kept for an hour.
    pub cache_write_1h: Option<u64>,
    /// The part of `input` that was sound.
    pub audio_in: Option<u64>,
    /// The part of both `cache_read` and `audio_in`.
    pub cached_audio: Option<u64>,
    /// The part of `input` that was images.
    pub image_in: Option<u64>,
    /// All output tokens.
    pub output: Option<u64>,
    /// The part of `output` that was reasoning.
    pub reasoning: Option<u64>,
    /// The part of `output` that was sound.
    pub audio_out: Option<u64>,
    /// The part of `output` that was images.
    pub image_out: Option<u64>,
    /// Runs of the provider's own tools, such as `web_search`; in the order in which they were reported.
    pub server_tools: Vec<(String, u64)>,
    /// The service tier that answered, in the provider's word.
    pub tier: Option<String>,
    /// What else changes the price, in the provider's words: Anthropic's `fast` (speed) and `us` (where it ran).
    pub terms: Vec<String>,
    /// What is billed instead of the counts above, where that is something else.
    pub billed: Vec<Billed>,
    /// The price that the provider itself reports, in pico-USD.
    pub cost: Option<u64>,
    /// Whether any of the counts is our own estimate, made when nobody reports anything more.
    pub estimated: bool,
}

/// What one model is billed for: several may have worked on one answer, or not all of what one saw is charged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Billed {
    /// The model's name at the provider; `None` for the model that was asked.
    pub model: Option<String>,
    /// Its tokens.
    pub usage: Usage,
}

impl Usage {
    /// Whether the provider reported nothing at all.
    pub fn is_empty(&self) -> bool {
        Usage { estimated: false, ..self.clone() } == Usage::default()
    }

    /// Whether there is a count in it. Words alone are no report (rule 17).
    pub fn has_counts(&self) -> bool {
        let without_words = Usage { tier: None, terms: Vec::new(), ..self.clone() };
        !without_words.is_empty()
    }

    /// Takes over a later report: its fields replace ours, absent ones do not erase, nothing is summed.
    pub fn merge(&mut self, later: &Usage) {
        for (ours, theirs) in [
            (&mut self.input, later.input),
            (&mut self.cache_read, later.cache_read),
            (&mut self.cache_write, later.cache_write),
            (&mut self.cache_write_5m, later.cache_write_5m),
            (&mut self.cache_write_1h, later.cache_write_1h),
            (&mut self.audio_in, later.audio_in),
            (&mut self.cached_audio, later.cached_audio),
            (&mut self.image_in, later.image_in),
            (&mut self.output, later.output),
            (&mut self.reasoning, later.reasoning),
            (&mut self.audio_out, later.audio_out),
            (&mut self.image_out, later.image_out),
            (&mut self.cost, later.cost),
        ] {
            *ours = theirs.or(*ours);
        }
        for (tool, runs) in &later.server_tools {
            match self.server_tools.iter_mut().find(|(known, _)| known == tool) {
                Some((_, known)) => *known = *runs,
                None => self.server_tools.push((tool.clone(), *runs)),
            }
        }
        if later.tier.is_some() {
            self.tier.clone_from(&later.tier);
        }
        if !later.terms.is_empty() {
            self.terms.clone_from(&later.terms);
        }
        if !later.billed.is_empty() {
            self.billed.clone_from(&later.billed);
        }
        self.estimated |= later.estimated;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_17_later_fields_replace_absent_ones_erase_nothing_and_nothing_is_summed() {
        let tools = |name: &str, runs| vec![(name.to_owned(), runs)];
        let mut usage = Usage { input: Some(3), cache_write: Some(9), tier: Some("a".into()), ..Usage::default() };
        usage.server_tools = tools("web_search", 1);
        usage.terms = vec!["us".to_owned()];
        usage.billed = vec![Billed::default()];
        usage.merge(&Usage {
            input: Some(5),
            output: Some(0),
            server_tools: tools("web_search", 2),
            ..Usage::default()
        });
        let expected = Usage {
            input: Some(5),
            cache_write: Some(9),
            output: Some(0),
            server_tools: tools("web_search", 2),
            tier: Some("a".into()),
            terms: vec!["us".to_owned()],
            billed: vec![Billed::default()],
            ..Usage::default()
        };
        assert_eq!(usage, expected);
        usage.merge(&Usage { billed: vec![Billed::default(), Billed::default()], ..Usage::default() });
        assert_eq!(usage.billed.len(), 2);
        let words = Usage { tier: Some("ON_DEMAND".into()), terms: vec!["us".into()], ..Usage::default() };
        assert!(!words.has_counts());
        assert!(Usage { input: Some(0), ..Usage::default() }.has_counts());
    }
}
