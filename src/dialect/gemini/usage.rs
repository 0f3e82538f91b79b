//! `usageMetadata`: counts that grow from chunk to chunk.

use crate::chat::json::{Json, Object};
use crate::meter::Usage;

/// The last count of each kind (rule 17).
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    prompt: Option<u64>,
    /// What the provider's own tools put in.
    tools: Option<u64>,
    cached: Option<u64>,
    candidates: Option<u64>,
    thoughts: Option<u64>,
    audio_prompt: Option<u64>,
    audio_tools: Option<u64>,
    audio_out: Option<u64>,
    image_out: Option<u64>,
    tier: Option<String>,
}

impl Counts {
    /// Takes over a report; whether there is a count in it (a traffic type alone is no report).
    pub fn read(&mut self, metadata: &Object<'_>) -> bool {
        let mut has_counts = false;
        let mut keep = |ours: &mut Option<u64>, theirs: Option<u64>| {
            has_counts |= theirs.is_some();
            *ours = theirs.or(*ours);
        };
        keep(&mut self.prompt, metadata.count("promptTokenCount"));
        keep(&mut self.tools, metadata.count("toolUsePromptTokenCount"));
        keep(&mut self.cached, metadata.count("cachedContentTokenCount"));
        keep(&mut self.candidates, metadata.count("candidatesTokenCount"));
        keep(&mut self.thoughts, metadata.count("thoughtsTokenCount"));
        let of = |list: &str, words: [&str; 2]| {
            let counts = metadata.items(list).filter_map(Json::object).filter_map(|entry| {
                let modality = entry.get("modality")?;
                let is_it = modality.text().map_or(modality.get() == words[1], |word| word == words[0]);
                if is_it { entry.count("tokenCount") } else { None }
            });
            counts.reduce(u64::saturating_add)
        };
        // Clients that want numbers for words get them: TEXT, IMAGE, VIDEO, AUDIO, DOCUMENT.
        keep(&mut self.audio_prompt, of("promptTokensDetails", ["AUDIO", "4"]));
        keep(&mut self.audio_tools, of("toolUsePromptTokensDetails", ["AUDIO", "4"]));
        keep(&mut self.audio_out, of("candidatesTokensDetails", ["AUDIO", "4"]));
        keep(&mut self.image_out, of("candidatesTokensDetails", ["IMAGE", "2"]));
        let tier = metadata.string("serviceTier").or_else(|| metadata.string("trafficType"));
        self.tier = tier.or(self.tier.take());
        has_counts
    }

    /// In the words of no provider: input has what tools put in, output has the thoughts (rule 18).
    pub fn usage(&self) -> Usage {
        let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        Usage {
            input: sum(self.prompt, self.tools),
            cache_read: self.cached,
            audio_in: sum(self.audio_prompt, self.audio_tools),
            output: sum(self.candidates, self.thoughts),
            reasoning: self.thoughts,
            audio_out: self.audio_out,
            image_out: self.image_out,
            tier: self.tier.clone(),
            ..Usage::default()
        }
    }
}
